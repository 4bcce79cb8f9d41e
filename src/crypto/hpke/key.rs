//! X25519 keys (RFC 7748) of those to whom something is encrypted.

use std::fmt;
use std::str::FromStr;

use ::hpke::kem::X25519HkdfSha256;
use ::hpke::{Deserializable, Kem, Serializable};

use super::text::{self, Kind};
use super::{CryptoError, KeyTextError, Secret};
use crate::crypto::hkdf_expand_sha256;

/// An X25519 private key: of the holder of a public-key slot, of escrow, of the event log. Wiped on
/// drop.
#[derive(Debug)]
pub struct PrivateKey {
    secret: Secret,
    public: RecipientPublicKey,
}

impl PrivateKey {
    /// A new key from the operating system's random generator.
    pub fn generate() -> Result<Self, CryptoError> {
        Self::from_secret(Secret::random(KEY_LEN)?)
    }

    /// The key of these 32 bytes, of which X25519 uses 251 bits; [`CryptoError::Length`] for
    /// another length.
    pub fn from_secret(secret: Secret) -> Result<Self, CryptoError> {
        let public = X25519HkdfSha256::sk_to_pk(&scalar(&secret)?);
        Ok(Self {
            secret,
            public: RecipientPublicKey(public.to_bytes().into()),
        })
    }

    /// The key `HKDF-Expand(seed, info, 32)`, so that whoever keeps `seed` need not keep the key.
    ///
    /// [`CryptoError::Length`] for a seed of less than 32 bytes.
    pub fn derive(seed: &Secret, info: &[u8]) -> Result<Self, CryptoError> {
        Self::from_secret(hkdf_expand_sha256(seed, &[info], KEY_LEN)?)
    }

    /// Reads what [`to_text`](Self::to_text) gave, in capitals or small letters, with white space
    /// around it. The caller should wipe `text`.
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let decoded = text::decode(Kind::Private, text)?;
        let mut secret = Secret::zeroed(KEY_LEN)?;
        text::copy_key(&decoded, secret.expose_mut());
        Ok(Self::from_secret(secret)?)
    }

    /// The key as a line of ASCII that starts with `TENLOCK-SECRET-KEY-1`: bech32m (BIP 350).
    pub fn to_text(&self) -> Result<Secret, CryptoError> {
        let mut text = Secret::zeroed(Kind::Private.text_len())?;
        let characters = text::encode(Kind::Private, self.secret.expose_array()?);
        for (place, character) in text.expose_mut().iter_mut().zip(characters) {
            *place = character.to_ascii_uppercase();
        }
        Ok(text)
    }

    /// The key that others encrypt to.
    #[must_use]
    pub fn public_key(&self) -> RecipientPublicKey {
        self.public
    }

    /// The 32 bytes, to be wrapped.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The key as the `hpke` crate takes it, which wipes it on drop. Made for each operation so
    /// that it is kept in locked memory only.
    pub(super) fn scalar(&self) -> Result<Scalar, CryptoError> {
        scalar(&self.secret)
    }
}

/// An X25519 public key to encrypt to; whether it is a valid one shows when it is used.
///
/// As text it is bech32m (BIP 350) that starts with `tenlock1`, and is read in capitals or small
/// letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct RecipientPublicKey(pub [u8; 32]);

impl RecipientPublicKey {
    /// Whether these bytes are the one encoding of their point that computing it gives: less than
    /// 2^255 - 19 (RFC 7748 section 5).
    pub(super) fn is_canonical(&self) -> bool {
        let [low, middle @ .., high] = self.0;
        high < 0x7f || high == 0x7f && (middle.iter().any(|byte| *byte != 0xff) || low < 0xed)
    }
}

impl fmt::Display for RecipientPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = text::encode(Kind::Public, &self.0);
        characters.try_for_each(|character| write!(f, "{}", char::from(character)))
    }
}

impl FromStr for RecipientPublicKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let decoded = text::decode(Kind::Public, text)?;
        let mut key = [0; KEY_LEN];
        text::copy_key(&decoded, &mut key);
        Ok(Self(key))
    }
}

type Scalar = <X25519HkdfSha256 as Kem>::PrivateKey;

const KEY_LEN: usize = 32;

fn scalar(secret: &Secret) -> Result<Scalar, CryptoError> {
    Scalar::from_bytes(secret.expose()).map_err(|_| CryptoError::Length)
}
