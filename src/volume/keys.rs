//! The keys of a volume, and how a slot holds them (format page §4).

use super::error::{Damage, Error};
use crate::crypto::{
    self, CryptoError, PrivateKey, PublicKey, RecipientPublicKey, Secret, SigningKey, Wrapped, Xts,
};
use crate::format::{Header, Role, Slot, VolumeId, WrappedKeys};

const KEY_LEN: usize = 32;

/// The keys that a slot holds.
pub(super) struct Keys {
    volume_key: Secret,
    /// What an admin signs with.
    authority: Option<SigningKey>,
    /// Whose signature everything has to carry.
    authority_public: PublicKey,
    /// What the holder of the slot signs it with.
    holder: SigningKey,
}

impl Keys {
    /// Keys of a new volume. The holder is that of no slot.
    pub(super) fn new(volume_key: Secret, authority: SigningKey) -> Result<Self, CryptoError> {
        Ok(Self {
            volume_key,
            authority_public: authority.public_key(),
            authority: Some(authority),
            holder: SigningKey::from_seed(Secret::random(KEY_LEN)?)?,
        })
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

    /// F-80, F-83: refuses a header that was changed by somebody without the keys, or in which
    /// somebody else has made himself the authority.
    pub(super) fn authenticate(&self, header: &Header) -> Result<(), Error> {
        if self.authority_public.0 != header.root.authority {
            return Err(Error::Damaged(Damage::Authority));
        }
        if !crypto::ct_eq(&self.root_mac(header)?, &header.root.mac) {
            return Err(Error::Damaged(Damage::Tampered));
        }
        Ok(())
    }

    /// What an admin signs with; `None` for everybody else.
    pub(super) fn authority(&self) -> Option<&SigningKey> {
        self.authority.as_ref()
    }

    /// What the holder of the opened slot signs with.
    pub(super) fn holder(&self) -> &SigningKey {
        &self.holder
    }

    /// Goes on as the holder of another slot.
    pub(super) fn set_holder(&mut self, holder: SigningKey) {
        self.holder = holder;
    }

    /// Opens the records of the event log; `None` for everybody but an admin.
    pub(super) fn log_key(&self) -> Result<Option<PrivateKey>, CryptoError> {
        self.authority.as_ref().map(log_key).transpose()
    }

    /// What a slot of this role and holder is to hold: nobody but an admin gets the authority.
    fn plaintext(&self, role: Role, holder: &SigningKey) -> Result<Secret, CryptoError> {
        let mut all = Secret::zeroed(crypto::WRAPPED_LEN)?;
        let (volume_key, rest) = all.expose_mut().split_at_mut(KEY_LEN);
        let (authority_seed, rest) = rest.split_at_mut(KEY_LEN);
        let (holder_seed, authority_public) = rest.split_at_mut(KEY_LEN);
        volume_key.copy_from_slice(self.volume_key.expose());
        if let Some(authority) = self.authority.as_ref().filter(|_| role == Role::Admin) {
            authority_seed.copy_from_slice(authority.seed().expose());
        }
        holder_seed.copy_from_slice(holder.seed().expose());
        authority_public.copy_from_slice(&self.authority_public.0);
        Ok(all)
    }

    fn from_plaintext(role: Role, all: &Secret) -> Result<Self, CryptoError> {
        let part = |index: usize| &all.expose()[KEY_LEN * index..KEY_LEN * (index + 1)];
        let mut authority_public = PublicKey([0; KEY_LEN]);
        authority_public.0.copy_from_slice(part(3));
        let authority = if role == Role::Admin {
            Some(SigningKey::from_seed(Secret::copy_of(part(1))?)?)
                .filter(|key| key.public_key() == authority_public)
        } else {
            None
        };
        Ok(Self {
            volume_key: Secret::copy_of(part(0))?,
            authority,
            authority_public,
            holder: SigningKey::from_seed(Secret::copy_of(part(2))?)?,
        })
    }
}

/// The public key to which the event log is sealed.
pub(super) fn log_public_key(authority: &SigningKey) -> Result<RecipientPublicKey, CryptoError> {
    Ok(log_key(authority)?.public_key())
}

fn log_key(authority: &SigningKey) -> Result<PrivateKey, CryptoError> {
    PrivateKey::derive(authority.seed(), b"tenlock v1 log key")
}

/// What the key of every slot of a volume depends on besides the factors.
pub(super) struct SlotContext {
    id: VolumeId,
    seal_hash: [u8; 32],
}

impl SlotContext {
    /// The context of a volume that has not been erased.
    pub(super) fn of(header: &Header) -> Option<Self> {
        let seal = header.seal.as_ref()?;
        Some(Self {
            id: header.root.id,
            seal_hash: seal.hash(header.root.id),
        })
    }

    /// Wraps `keys` for `holder` into `slot`, whose nonce must be fresh, and signs it.
    pub(super) fn wrap(
        &self,
        slot: &mut Slot,
        index: u16,
        ikm: &Secret,
        keys: &Keys,
        holder: &SigningKey,
    ) -> Result<(), CryptoError> {
        let prefix = slot.prefix(self.id, index);
        let kek = self.kek(&prefix, ikm)?;
        let Wrapped {
            commitment,
            ciphertext,
            tag,
        } = crypto::wrap(&kek, &prefix, &keys.plaintext(slot.role, holder)?)?;
        slot.wrapped = WrappedKeys {
            commitment,
            ciphertext,
            tag,
        };
        slot.signature = holder.sign(&slot_message(slot, self.id, index));
        Ok(())
    }

    /// The keys in `slot`, if the factors' outputs are the right ones. Constant time up to the
    /// verdict.
    pub(super) fn unwrap(
        &self,
        slot: &Slot,
        index: u16,
        ikm: &Secret,
    ) -> Result<Option<Keys>, CryptoError> {
        let prefix = slot.prefix(self.id, index);
        let kek = self.kek(&prefix, ikm)?;
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
            .map(|all| Keys::from_plaintext(slot.role, &all))
            .transpose()
    }

    fn kek(&self, prefix: &[u8], ikm: &Secret) -> Result<Secret, CryptoError> {
        let info: [&[u8]; 2] = [b"tenlock v1 kek", &crypto::sha256(&[prefix])];
        crypto::hkdf_sha256(&self.seal_hash, ikm, &info, KEY_LEN)
    }
}

/// What the authority signs (format page §4.5).
pub(super) fn policy_message(header: &Header) -> Vec<u8> {
    [
        b"tenlock v1 policy".as_slice(),
        &header.policy.signed_bytes(header.root.id),
    ]
    .concat()
}

/// What the holder of a slot signs (format page §4.5).
pub(super) fn slot_message(slot: &Slot, id: VolumeId, index: u16) -> Vec<u8> {
    [b"tenlock v1 slot".as_slice(), &slot.signed_bytes(id, index)].concat()
}

/// What a recovery slot's holder signs to make a new holder of a user's slot (format page §4.5).
pub(super) fn endorsement_message(
    id: VolumeId,
    index: u16,
    grant_id: &[u8; 16],
    since: u64,
    holder: &[u8; 32],
) -> Vec<u8> {
    [
        b"tenlock v1 endorsement".as_slice(),
        id.as_bytes(),
        &index.to_le_bytes(),
        grant_id,
        &since.to_le_bytes(),
        holder,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_an_admin_is_given_the_authority() {
        let secret = || Secret::random(KEY_LEN).unwrap();
        let authority = SigningKey::from_seed(secret()).unwrap();
        let seed = Secret::copy_of(authority.seed().expose()).unwrap();
        let keys = Keys::new(secret(), authority).unwrap();
        for role in Role::ALL {
            let all = keys.plaintext(role, keys.holder()).unwrap();
            let given = all
                .expose()
                .windows(KEY_LEN)
                .any(|bytes| bytes == seed.expose());
            assert_eq!(given, role == Role::Admin, "{role:?}");
            let read = Keys::from_plaintext(role, &all).unwrap();
            assert_eq!(read.authority().is_some(), role == Role::Admin);
        }
    }
}
