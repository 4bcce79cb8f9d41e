//! Signatures: Ed25519 (RFC 8032).

use std::fmt;

use ed25519_dalek::{Signature, Signer, VerifyingKey};

use super::{CryptoError, Secret};

/// An Ed25519 private key. Wiped on drop.
#[derive(Debug)]
pub struct SigningKey {
    seed: Secret,
    public: PublicKey,
}

impl SigningKey {
    /// The key of a 32-byte `seed` (RFC 8032: private key); [`CryptoError::Length`] otherwise.
    pub fn from_seed(seed: Secret) -> Result<Self, CryptoError> {
        let public = expanded(seed.expose_array()?).verifying_key().to_bytes();
        Ok(Self {
            seed,
            public: PublicKey(public),
        })
    }

    /// The seed, to be wrapped.
    #[must_use]
    pub fn seed(&self) -> &Secret {
        &self.seed
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Signs `message`. Deterministic: the same message always gives the same signature.
    ///
    /// # Panics
    /// As [`Secret::expose`].
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let seed = self
            .seed
            .expose_array()
            .expect("from_seed takes 32 bytes only");
        // Expanded for each signature, some ten microseconds, so that the key is kept in locked
        // memory only.
        expanded(seed).sign(message).to_bytes()
    }
}

/// An Ed25519 public key as stored; whether it is a valid point shows when it verifies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether `signature` over `message` is by the owner of this key.
    ///
    /// Strict: refuses keys and commitments of small order, under which one signature fits many
    /// messages, and values that are not canonical, so that a signature cannot be altered
    /// (Chalkias, Garillot, Nikolaenko 2020, "Taming the many `EdDSA`s").
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)))
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

fn expanded(seed: &[u8; 32]) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(seed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::hex;
    use super::*;

    /// RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555\
             fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    fn key(seed: &str) -> SigningKey {
        SigningKey::from_seed(Secret::copy_of(&hex(seed)).unwrap()).unwrap()
    }

    #[test]
    fn keys_and_signatures_are_those_of_rfc_8032() {
        for [seed, public, message, signature] in RFC_8032 {
            let (key, message) = (key(seed), hex(message));
            assert_eq!(key.public_key().0[..], hex(public));
            assert_eq!(key.sign(&message)[..], hex(signature));
            assert!(key.public_key().verify(&message, &key.sign(&message)));
        }
    }

    #[test]
    fn changed_message_signature_or_key_is_refused() {
        let key = key(RFC_8032[0][0]);
        let (public, signature) = (key.public_key(), key.sign(b"policy"));
        assert!(public.verify(b"policy", &signature));
        assert!(!public.verify(b"Policy", &signature));
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(!public.verify(b"policy", &changed));
        }
        assert!(
            !self::key(RFC_8032[1][0])
                .public_key()
                .verify(b"policy", &signature)
        );
    }

    #[test]
    fn key_of_small_order_is_refused_although_the_equation_holds() {
        // A = R = neutral element, S = 0: lax verification accepts this for each message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let lax = VerifyingKey::from_bytes(&neutral).unwrap();
        let forged = Signature::from_bytes(&signature);
        assert!(ed25519_dalek::Verifier::verify(&lax, b"any", &forged).is_ok());
        assert!(!PublicKey(neutral).verify(b"any", &signature));
    }

    #[test]
    fn bytes_that_are_no_point_verify_nothing() {
        assert!(!PublicKey([0x7f; 32]).verify(b"", &[0; 64]));
        assert!(!PublicKey([0xff; 32]).verify(b"", &[0; 64]));
    }

    #[test]
    fn seed_of_another_length_is_an_error() {
        let seed = Secret::zeroed(33).unwrap();
        assert_eq!(
            SigningKey::from_seed(seed).unwrap_err(),
            CryptoError::Length
        );
    }

    #[test]
    fn debug_shows_the_public_key_only() {
        let shown = format!("{:?}", key(RFC_8032[1][0]));
        assert!(
            shown.contains(RFC_8032[1][1]) && shown.contains("Secret(..)"),
            "{shown}"
        );
    }
}
