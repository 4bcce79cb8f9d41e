//! From factors to the keys of a volume (format page §4).

use super::error::{Damage, Error};
use crate::crypto::{
    self, Argon2Cost, CryptoError, Passphrase, PublicKey, Secret, SigningKey, Wrapped, Xts,
};
use crate::format::{Header, PassphraseFactor, Role, Slot, VolumeId, WrappedKeys};

const KEY_LEN: usize = 32;
/// Number of the passphrase factor in the key derivation of a slot.
const PASSPHRASE: u16 = 1;

/// The keys that a slot holds.
pub(super) struct Keys {
    volume_key: Secret,
    /// What an admin signs with.
    pub(super) authority: Option<SigningKey>,
}

impl Keys {
    /// Keys of a new volume.
    pub(super) fn new(volume_key: Secret, authority: SigningKey) -> Self {
        Self {
            volume_key,
            authority: Some(authority),
        }
    }

    /// The 64-byte XTS key of the payload.
    pub(super) fn payload_key(&self, id: VolumeId) -> Result<Secret, CryptoError> {
        crypto::hkdf_expand_sha256(
            &self.volume_key,
            &[b"tenlock v1 payload xts", id.as_bytes()],
            64,
        )
    }

    /// The cipher of the payload.
    pub(super) fn payload_cipher(&self, id: VolumeId) -> Result<Xts, CryptoError> {
        Xts::new(&self.payload_key(id)?)
    }

    /// The MAC that the root of `header` should carry.
    pub(super) fn root_mac(&self, header: &Header) -> Result<[u8; 32], CryptoError> {
        let id = header.root.id;
        let key = crypto::hkdf_expand_sha256(
            &self.volume_key,
            &[b"tenlock v1 header mac", id.as_bytes()],
            KEY_LEN,
        )?;
        Ok(crypto::hmac_sha256(
            &key,
            &[&header.root.authenticated_bytes()],
        ))
    }

    /// F-80, F-81, F-83: refuses a header that was changed by somebody without the keys.
    pub(super) fn authenticate(&self, header: &Header) -> Result<(), Error> {
        if !crypto::ct_eq(&self.root_mac(header)?, &header.root.mac) {
            return Err(Error::Damaged(Damage::Tampered));
        }
        let signed = PublicKey(header.root.authority)
            .verify(&signed_message(header), &header.policy.signature);
        let own = self.authority.as_ref().map(SigningKey::public_key);
        if !signed || own.is_some_and(|key| key.0 != header.root.authority) {
            return Err(Error::Damaged(Damage::Unsigned));
        }
        Ok(())
    }

    fn plaintext(&self) -> Result<Secret, CryptoError> {
        let mut both = Secret::zeroed(2 * KEY_LEN)?;
        let (volume_key, seed) = both.expose_mut().split_at_mut(KEY_LEN);
        volume_key.copy_from_slice(self.volume_key.expose());
        if let Some(authority) = &self.authority {
            seed.copy_from_slice(authority.seed().expose());
        }
        Ok(both)
    }

    fn from_plaintext(role: Role, both: &Secret) -> Result<Self, CryptoError> {
        let (volume_key, seed) = both.expose().split_at(KEY_LEN);
        let authority = if role == Role::Admin {
            Some(SigningKey::from_seed(Secret::copy_of(seed)?)?)
        } else {
            None
        };
        Ok(Self {
            volume_key: Secret::copy_of(volume_key)?,
            authority,
        })
    }
}

/// What the key of every slot of a volume depends on besides the factors.
pub(super) struct SlotContext {
    id: VolumeId,
    authority: [u8; 32],
    seal_hash: [u8; 32],
}

impl SlotContext {
    /// The context of a volume that has not been erased.
    pub(super) fn of(header: &Header) -> Option<Self> {
        let seal = header.seal.as_ref()?;
        Some(Self {
            id: header.root.id,
            authority: header.root.authority,
            seal_hash: seal.hash(header.root.id),
        })
    }

    /// Wraps `keys` into `slot`, whose nonce must be fresh.
    pub(super) fn wrap(
        &self,
        slot: &mut Slot,
        index: u16,
        passphrase_output: &Secret,
        keys: &Keys,
    ) -> Result<(), CryptoError> {
        let prefix = slot.prefix(self.id, index);
        let kek = self.kek(&prefix, passphrase_output)?;
        let Wrapped {
            commitment,
            ciphertext,
            tag,
        } = crypto::wrap(&kek, &prefix, &keys.plaintext()?)?;
        slot.wrapped = WrappedKeys {
            commitment,
            ciphertext,
            tag,
        };
        Ok(())
    }

    /// The keys in `slot`, if the factor's output is the right one. Constant time up to the
    /// verdict.
    pub(super) fn unwrap(
        &self,
        slot: &Slot,
        index: u16,
        passphrase_output: &Secret,
    ) -> Result<Option<Keys>, CryptoError> {
        let prefix = slot.prefix(self.id, index);
        let kek = self.kek(&prefix, passphrase_output)?;
        let WrappedKeys {
            commitment,
            ciphertext,
            tag,
        } = slot.wrapped;
        let plaintext = crypto::unwrap(
            &kek,
            &prefix,
            &Wrapped {
                commitment,
                ciphertext,
                tag,
            },
        )?;
        plaintext
            .map(|both| Keys::from_plaintext(slot.role, &both))
            .transpose()
    }

    fn kek(&self, prefix: &[u8], passphrase_output: &Secret) -> Result<Secret, CryptoError> {
        let mut ikm = Secret::zeroed(4 + KEY_LEN)?;
        let (head, output) = ikm.expose_mut().split_at_mut(4);
        head[..2].copy_from_slice(&PASSPHRASE.to_le_bytes());
        head[2..].copy_from_slice(&KEY_LEN.to_le_bytes()[..2]);
        output.copy_from_slice(passphrase_output.expose());
        let info: [&[u8]; 3] = [
            b"tenlock v1 kek",
            &self.authority,
            &crypto::sha256(&[prefix]),
        ];
        crypto::hkdf_sha256(&self.seal_hash, &ikm, &info, KEY_LEN)
    }
}

/// Runs the derivation that `factor` prescribes.
///
/// # Errors
/// Out of memory. The cost was checked when the slot was parsed.
pub(super) fn derive(passphrase: &Passphrase, factor: &PassphraseFactor) -> Result<Secret, Error> {
    Ok(crypto::argon2id(passphrase, &factor.salt, cost(factor)?)?)
}

/// The cost that `factor` prescribes.
pub(super) fn cost(factor: &PassphraseFactor) -> Result<Argon2Cost, Error> {
    Ok(Argon2Cost::new(
        factor.memory_kib,
        factor.passes,
        factor.lanes,
    )?)
}

/// What the authority signs (format page §4.5).
pub(super) fn signed_message(header: &Header) -> Vec<u8> {
    let id = header.root.id;
    [
        b"tenlock v1 policy".as_slice(),
        &header.root.static_bytes(),
        &header.policy.signed_bytes(id),
        &header.label.signed_bytes(id),
    ]
    .concat()
}
