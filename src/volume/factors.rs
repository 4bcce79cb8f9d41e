//! From the factors of a slot to the input of its key (format page §4.2).

use super::credential::{Credential, Part};
use super::error::Error;
use super::external::{ExternalError, ExternalRequest, MIN_SECRET_LEN};
use crate::crypto::{
    self, Argon2Cost, Argon2Options, HPKE_SUITE, Passphrase, RecipientPublicKey, Secret,
    WorkMemory, argon2id_in,
};
use crate::format::{Factor, PassphraseFactor, Slot, VolumeId};

const OUTPUT_LEN: usize = 32;
const HEAD_LEN: usize = 4;

/// Where 32 bytes for a slot come from: the system's generator, or the test vector.
pub(super) type Randomness<'a> = &'a dyn Fn(&mut [u8]) -> Result<(), crypto::CryptoError>;

/// Answers the factors of slots out of one credential. A derivation that several slots share is run
/// once.
pub(super) struct Answers<'a> {
    id: VolumeId,
    credential: &'a Credential<'a>,
    options: &'a Argon2Options<'a>,
    memory: Option<WorkMemory>,
    derived: Vec<(PassphraseFactor, Secret)>,
    /// What was sealed to a public key by [`new_factors`](Self::new_factors).
    sealed: Option<Secret>,
}

impl<'a> Answers<'a> {
    /// `memory` is for derivations; without, each takes its own.
    pub(super) fn new(
        id: VolumeId,
        credential: &'a Credential<'a>,
        options: &'a Argon2Options<'a>,
        memory: Option<WorkMemory>,
    ) -> Self {
        Self {
            id,
            credential,
            options,
            memory,
            derived: Vec::new(),
            sealed: None,
        }
    }

    /// The factors of a slot that this credential is to open. Nonce and grant id of `slot` are set.
    pub(super) fn new_factors(
        &mut self,
        slot: &Slot,
        index: u16,
        passphrase: &PassphraseFactor,
        random: Randomness<'_>,
    ) -> Result<Vec<Factor>, Error> {
        let mut factors = Vec::new();
        for part in self.credential.parts() {
            let mut salt = [0; 32];
            factors.push(match part {
                Part::Passphrase(_) => Factor::Passphrase(*passphrase),
                Part::KeyFile(_) => {
                    random(&mut salt)?;
                    Factor::KeyFile { salt }
                }
                Part::RecoveryKey(_) => {
                    random(&mut salt)?;
                    Factor::RecoveryKey { salt }
                }
                Part::PrivateKey(key) => self.seal(&key.public_key(), slot, index)?,
                Part::PublicKey(key) => self.seal(key, slot, index)?,
                Part::External(provider, params) => Factor::External {
                    provider: provider.provider().to_owned(),
                    params: params.unwrap_or_default().to_vec(),
                },
            });
        }
        Ok(factors)
    }

    /// The input of the key of `slot`: kind, length and output of each factor in order. `None` if
    /// a private key does not fit what is sealed in the slot.
    pub(super) fn ikm(&mut self, slot: &Slot, index: u16) -> Result<Option<Secret>, Error> {
        let each = HEAD_LEN + OUTPUT_LEN;
        let mut ikm = Secret::zeroed(each * slot.factors.len())?;
        for (place, factor) in slot.factors.iter().enumerate() {
            let Some(output) = self.output(factor, slot, index)? else {
                return Ok(None);
            };
            let (head, body) =
                ikm.expose_mut()[each * place..each * (place + 1)].split_at_mut(HEAD_LEN);
            head[..2].copy_from_slice(&factor.kind().to_le_bytes());
            head[2..].copy_from_slice(&OUTPUT_LEN.to_le_bytes()[..2]);
            body.copy_from_slice(output.expose());
        }
        Ok(Some(ikm))
    }

    fn output(
        &mut self,
        factor: &Factor,
        slot: &Slot,
        index: u16,
    ) -> Result<Option<Secret>, Error> {
        if let (Factor::PublicKey { .. }, Some(sealed)) = (factor, &self.sealed) {
            return Ok(Some(Secret::copy_of(sealed.expose())?));
        }
        match (self.credential.part_for(factor), factor) {
            (Some(Part::Passphrase(passphrase)), Factor::Passphrase(factor)) => {
                self.derive(passphrase, factor).map(Some)
            }
            (Some(Part::KeyFile(file)), Factor::KeyFile { salt }) => Ok(Some(file.output(salt)?)),
            (Some(Part::RecoveryKey(key)), Factor::RecoveryKey { salt }) => {
                Ok(Some(key.output(salt)?))
            }
            (Some(Part::PrivateKey(key)), Factor::PublicKey { encapsulated, .. }) => {
                let info = seal_info(self.id, slot, index);
                Ok(crypto::hpke_export_from(
                    key,
                    encapsulated,
                    &info,
                    b"factor",
                )?)
            }
            (Some(Part::External(provider, _)), Factor::External { params, .. }) => {
                let challenge = challenge(self.id, slot, index);
                let secret = provider.respond(&ExternalRequest {
                    volume: self.id,
                    params,
                    challenge,
                })?;
                if secret.len() < MIN_SECRET_LEN {
                    return Err(ExternalError::TooShort.into());
                }
                let parts: [&[u8]; 2] = [b"tenlock v1 external", &challenge];
                // HMAC by its other name, straight into a secret.
                Ok(Some(crypto::hkdf_extract_sha256(secret.expose(), &parts)?))
            }
            _ => Err(Error::NoMatchingSlot),
        }
    }

    fn derive(
        &mut self,
        passphrase: &Passphrase,
        factor: &PassphraseFactor,
    ) -> Result<Secret, Error> {
        if let Some((_, known)) = self.derived.iter().find(|(known, _)| known == factor) {
            return Ok(Secret::copy_of(known.expose())?);
        }
        let cost = cost(factor)?;
        let memory = match &mut self.memory {
            Some(memory) => memory,
            none => none.insert(WorkMemory::for_cost(cost)?),
        };
        let output = argon2id_in(memory, passphrase, &factor.salt, cost, self.options)?;
        self.derived
            .push((*factor, Secret::copy_of(output.expose())?));
        Ok(output)
    }

    fn seal(&mut self, to: &RecipientPublicKey, slot: &Slot, index: u16) -> Result<Factor, Error> {
        let info = seal_info(self.id, slot, index);
        let (encapsulated, output) = crypto::hpke_export_to(to, &info, b"factor")?;
        self.sealed = Some(output);
        Ok(Factor::PublicKey {
            suite: HPKE_SUITE,
            public_key: to.0,
            encapsulated,
        })
    }
}

/// The cost that `factor` prescribes.
pub(super) fn cost(factor: &PassphraseFactor) -> Result<Argon2Cost, Error> {
    Ok(Argon2Cost::new(
        factor.memory_kib,
        factor.passes,
        factor.lanes,
    )?)
}

/// To what a key that is encapsulated in a slot is bound. The prefix cannot be: it holds that key.
fn seal_info(id: VolumeId, slot: &Slot, index: u16) -> Vec<u8> {
    [
        b"tenlock v1 public key".as_slice(),
        id.as_bytes(),
        &index.to_le_bytes(),
        &slot.grant_id,
        &slot.nonce,
    ]
    .concat()
}

fn challenge(id: VolumeId, slot: &Slot, index: u16) -> [u8; 32] {
    crypto::sha256(&[b"tenlock v1 challenge", &slot.prefix(id, index)])
}
