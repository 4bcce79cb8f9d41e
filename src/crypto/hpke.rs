//! Hybrid public-key encryption: base mode of HPKE (RFC 9180) over the `hpke` crate.
//!
//! | part | algorithm |
//! |---|---|
//! | key encapsulation | DHKEM(X25519, HKDF-SHA256), 0x0020 |
//! | key derivation | HKDF-SHA256, 0x0001 |
//! | encryption | AES-256-GCM, 0x0002 |
//!
//! [`hpke_export_to`] agrees on a secret with the holder of a key, which then wraps something else;
//! [`hpke_seal`] encrypts a message to him. Base mode does not say who the sender is: anybody who
//! has the public key can make either.
//!
//! One encapsulation encrypts one message, as the first of its context, so that there is no
//! sequence number to keep.

mod entropy;
mod key;
mod text;

use ::hpke::aead::AesGcm256;
use ::hpke::kdf::HkdfSha256;
use ::hpke::kem::X25519HkdfSha256;
use ::hpke::{Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable};

use super::{CryptoError, Secret};
use entropy::Entropy;
pub use key::{PrivateKey, RecipientPublicKey};
pub use text::KeyTextError;

/// Identifiers of KEM, KDF and AEAD in the registries of RFC 9180.
pub const HPKE_SUITE: [u16; 3] = [0x0020, 0x0001, 0x0002];

/// Bytes by which a ciphertext is longer than its plaintext.
pub const HPKE_TAG_LEN: usize = 16;

/// An encrypted message. Public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The ephemeral public key of the sender.
    pub encapsulated: [u8; 32],
    /// The encrypted message, and its tag in the last [`HPKE_TAG_LEN`] bytes.
    pub ciphertext: Vec<u8>,
}

/// Agrees on a fresh secret of 32 bytes with the holder of `to`: the encapsulated key that he
/// needs, and the secret (`SendExportBase`, RFC 9180 section 6.2).
///
/// [`CryptoError::PublicKey`] for a key that no private key belongs to.
pub fn hpke_export_to(
    to: &RecipientPublicKey,
    info: &[u8],
    context: &[u8],
) -> Result<([u8; 32], Secret), CryptoError> {
    let (encapsulated, sender) = set_up_sender(to, info, &Secret::random(ENTROPY_LEN)?)?;
    let mut exported = Secret::zeroed(EXPORT_LEN)?;
    sender
        .export(context, exported.expose_mut())
        .map_err(|_| CryptoError::Length)?;
    Ok((encapsulated, exported))
}

/// The secret that the sender of `encapsulated` agreed on with `info` and `context`
/// (`ReceiveExportBase`). `None` if `encapsulated` cannot come from an honest sender.
///
/// Another `encapsulated`, `info` or `context` gives another secret, not an error.
pub fn hpke_export_from(
    key: &PrivateKey,
    encapsulated: &[u8; 32],
    info: &[u8],
    context: &[u8],
) -> Result<Option<Secret>, CryptoError> {
    let Some(receiver) = set_up_receiver(key, encapsulated, info)? else {
        return Ok(None);
    };
    let mut exported = Secret::zeroed(EXPORT_LEN)?;
    receiver
        .export(context, exported.expose_mut())
        .map_err(|_| CryptoError::Length)?;
    Ok(Some(exported))
}

/// Encrypts `plaintext` to the holder of `to`, bound to `info` and `aad` (`SealBase`, RFC 9180
/// section 6.1).
///
/// [`CryptoError::PublicKey`] for a key that no private key belongs to.
pub fn hpke_seal(
    to: &RecipientPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Sealed, CryptoError> {
    seal_with(to, info, aad, plaintext, &Secret::random(ENTROPY_LEN)?)
}

/// The plaintext of a message to the holder of `key` (`OpenBase`). `None` if it is for another key,
/// has another `info` or `aad`, or was changed.
pub fn hpke_open(
    key: &PrivateKey,
    encapsulated: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Option<Vec<u8>>, CryptoError> {
    let Some(mut receiver) = set_up_receiver(key, encapsulated, info)? else {
        return Ok(None);
    };
    Ok(receiver.open(ciphertext, aad).ok())
}

type Sender = ::hpke::aead::AeadCtxS<AesGcm256, HkdfSha256, X25519HkdfSha256>;
type Receiver = ::hpke::aead::AeadCtxR<AesGcm256, HkdfSha256, X25519HkdfSha256>;

/// What the ephemeral key pair is derived from (`DeriveKeyPair`, RFC 9180 section 7.1.3).
const ENTROPY_LEN: usize = 32;

const EXPORT_LEN: usize = 32;

fn seal_with(
    to: &RecipientPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    entropy: &Secret,
) -> Result<Sealed, CryptoError> {
    let (encapsulated, mut sender) = set_up_sender(to, info, entropy)?;
    let ciphertext = sender
        .seal(plaintext, aad)
        .map_err(|_| CryptoError::Length)?;
    Ok(Sealed {
        encapsulated,
        ciphertext,
    })
}

fn set_up_sender(
    to: &RecipientPublicKey,
    info: &[u8],
    entropy: &Secret,
) -> Result<([u8; 32], Sender), CryptoError> {
    // The recipient's side hashes the canonical form of his key: to another form of the same point
    // one could encrypt, but nobody could decrypt.
    if !to.is_canonical() {
        return Err(CryptoError::PublicKey);
    }
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&to.0)
        .map_err(|_| CryptoError::PublicKey)?;
    let mut entropy = Entropy::new(entropy);
    let set_up: Result<(_, Sender), _> =
        ::hpke::setup_sender_with_rng(&OpModeS::Base, &to, info, &mut entropy);
    if entropy.was_exceeded() {
        return Err(CryptoError::Random);
    }
    let (encapsulated, sender) = set_up.map_err(|_| CryptoError::PublicKey)?;
    Ok((encapsulated.to_bytes().into(), sender))
}

fn set_up_receiver(
    key: &PrivateKey,
    encapsulated: &[u8; 32],
    info: &[u8],
) -> Result<Option<Receiver>, CryptoError> {
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)
        .map_err(|_| CryptoError::Length)?;
    match ::hpke::setup_receiver(&OpModeR::Base, &key.scalar()?, &encapsulated, info) {
        Ok(receiver) => Ok(Some(receiver)),
        Err(HpkeError::DecapError) => Ok(None),
        Err(_) => Err(CryptoError::Length),
    }
}

#[cfg(test)]
mod tests;
