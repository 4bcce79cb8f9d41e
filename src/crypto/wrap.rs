//! Key-committing wrapping of 128 bytes of key material under a key-encryption key (KEK).
//!
//! ```text
//! wrap key   = HKDF-Expand(KEK, "tenlock v1 wrap key", 32)
//! commitment = HKDF-Expand(KEK, "tenlock v1 commitment", 32)
//! ciphertext || tag = AES-256-GCM-SIV(wrap key, nonce = 0, aad, plaintext)
//! ```
//!
//! Why the commitment: AES-GCM-SIV alone, as all of its kind, lets somebody build one ciphertext that
//! opens under many keys of his choice. With keys that come from passphrases each try of such a slot
//! would then test many passphrases at once (Len, Grubbs, Ristenpart 2021, "Partitioning Oracle
//! Attacks"), and one slot could open to different volume keys for different people. Publishing a
//! collision-resistant function of the KEK next to the ciphertext ties it to one KEK (Albertini,
//! Duong, Gueron, Kölbl, Luykx, Schmieg 2022, "How to Abuse and Fix Authenticated Encryption Without
//! Key Commitment"; Bellare, Hoang 2022, "Efficient Schemes for Committing Authenticated
//! Encryption"). The wrap key and the commitment are independent outputs of HKDF, so that the
//! commitment tells nothing of the wrap key.
//!
//! Why nonce 0: **a KEK must wrap once.** The caller derives it with a fresh random slot nonce in
//! HKDF's info. AES-GCM-SIV (RFC 8452) is taken so that breaking this rule shows only whether
//! two plaintexts are equal.

use aes_gcm_siv::{AeadInOut, Aes256GcmSiv, KeyInit, Nonce, Tag};

use super::{CryptoError, Secret, ct_eq, hkdf_expand_sha256};

/// Length in bytes of what is wrapped, and of its ciphertext.
pub const WRAPPED_LEN: usize = 128;

/// Wrapped key material as stored. Public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrapped {
    /// Ties the rest to one KEK.
    pub commitment: [u8; 32],
    /// The encrypted key material.
    pub ciphertext: [u8; WRAPPED_LEN],
    /// Authenticates ciphertext and associated data.
    pub tag: [u8; 16],
}

/// Wraps the 128 bytes of `plaintext` under the 32 bytes of `kek`, bound to `aad`.
///
/// `kek` must not have wrapped anything else, see above. [`CryptoError::Length`] for other lengths.
pub fn wrap(kek: &Secret, aad: &[u8], plaintext: &Secret) -> Result<Wrapped, CryptoError> {
    let keys = Keys::derive(kek)?;
    let mut buffer = Secret::copy_of(plaintext.expose_array::<WRAPPED_LEN>()?)?;
    let tag = keys
        .cipher()?
        .encrypt_inout_detached(&Nonce::default(), aad, buffer.expose_mut().into())
        .map_err(|_| CryptoError::Length)?;
    Ok(Wrapped {
        commitment: *keys.commitment.expose_array()?,
        ciphertext: *buffer.expose_array()?,
        tag: tag.into(),
    })
}

/// Unwraps with the 32 bytes of `kek`. `None` if `kek` or `aad` is another one or `wrapped` was
/// changed.
///
/// Compares the commitment first, in constant time, and decrypts nothing if it differs.
pub fn unwrap(kek: &Secret, aad: &[u8], wrapped: &Wrapped) -> Result<Option<Secret>, CryptoError> {
    let keys = Keys::derive(kek)?;
    if !ct_eq(keys.commitment.expose(), &wrapped.commitment) {
        return Ok(None);
    }
    let mut buffer = Secret::copy_of(&wrapped.ciphertext)?;
    let opened = keys.cipher()?.decrypt_inout_detached(
        &Nonce::default(),
        aad,
        buffer.expose_mut().into(),
        &Tag::from(wrapped.tag),
    );
    Ok(opened.is_ok().then_some(buffer))
}

struct Keys {
    wrap_key: Secret,
    commitment: Secret,
}

impl Keys {
    fn derive(kek: &Secret) -> Result<Self, CryptoError> {
        let _: &[u8; 32] = kek.expose_array()?;
        Ok(Self {
            wrap_key: hkdf_expand_sha256(kek, &[b"tenlock v1 wrap key"], 32)?,
            commitment: hkdf_expand_sha256(kek, &[b"tenlock v1 commitment"], 32)?,
        })
    }

    fn cipher(&self) -> Result<Aes256GcmSiv, CryptoError> {
        Ok(Aes256GcmSiv::new(
            self.wrap_key.expose_array::<32>()?.into(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::hex;
    use super::*;

    fn counting(from: u8, len: u8) -> Secret {
        Secret::copy_of(&(from..from + len).collect::<Vec<_>>()).unwrap()
    }

    fn example() -> (Secret, Wrapped) {
        let kek = counting(0, 32);
        let wrapped = wrap(&kek, b"slot 3", &counting(100, 128)).unwrap();
        (kek, wrapped)
    }

    #[test]
    fn wrapping_gives_the_known_answer() {
        // Python's cryptography 50: HKDFExpand and AESGCMSIV.
        let (_, wrapped) = example();
        assert_eq!(
            wrapped.commitment[..],
            hex("d4ae8176b3e972bba8a273268a37769eab2f5fc5bd0fe6803d7bf307b795177f")
        );
        assert_eq!(
            wrapped.ciphertext[..],
            hex(
                "f677aa1166946f9fc2eb9ca9547155aa6a5ac9aea89da1b64b7dfecbbce794fa3b896e014a8707621c7b7b347ed29fb49bda4d6875df6b2a64d6d7d3bf5348b6ce95c757b048fce7ac1e08972867bc5ca74a2c5f213dd97aac0acfcd6621cd6fbfdca4d23220e6440507d8c808fcca5c6f94a273c554811aec2fcbbeeb2e9f91"
            )
        );
        assert_eq!(wrapped.tag[..], hex("0bf4a7651c04aa4827697e2f4da707e0"));
    }

    #[test]
    fn right_key_and_data_open() {
        let (kek, wrapped) = example();
        let opened = unwrap(&kek, b"slot 3", &wrapped).unwrap().unwrap();
        assert!(opened.ct_eq(counting(100, 128).expose()));
    }

    #[test]
    fn other_key_or_data_does_not_open() {
        let (kek, wrapped) = example();
        assert!(
            unwrap(&counting(1, 32), b"slot 3", &wrapped)
                .unwrap()
                .is_none()
        );
        assert!(unwrap(&kek, b"slot 4", &wrapped).unwrap().is_none());
    }

    #[test]
    fn each_changed_bit_is_refused() {
        let (kek, wrapped) = example();
        let refused = |changed: &Wrapped| unwrap(&kek, b"slot 3", changed).unwrap().is_none();
        for bit in 0..8 * 32 {
            let mut changed = wrapped;
            changed.commitment[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed));
        }
        for bit in 0..8 * WRAPPED_LEN {
            let mut changed = wrapped;
            changed.ciphertext[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed));
        }
        for bit in 0..8 * 16 {
            let mut changed = wrapped;
            changed.tag[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed));
        }
    }

    #[test]
    fn other_lengths_are_errors() {
        let (kek, wrapped) = example();
        let length = |len| Secret::zeroed(len).unwrap();
        assert_eq!(
            wrap(&length(33), b"", &length(128)).unwrap_err(),
            CryptoError::Length
        );
        assert_eq!(
            wrap(&kek, b"", &length(127)).unwrap_err(),
            CryptoError::Length
        );
        assert_eq!(
            unwrap(&length(31), b"", &wrapped).unwrap_err(),
            CryptoError::Length
        );
    }
}
