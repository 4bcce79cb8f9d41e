//! The next header in the making: slots are granted, filled and vacated here, and nowhere else.
//!
//! A [`Draft`] begins with a header that is genuine, or with that of a new volume, and ends with one
//! that is signed, authenticated and one generation later. Nothing is written in between: a change
//! that fails leaves no trace.

use super::attempt::{passphrase_factor, slot_index};
use super::credential::{Credential, Part};
use super::error::{Damage, Error};
use super::factors::{Answers, Randomness};
use super::genuine;
use super::keys::{Keys, SlotContext, policy_message};
use super::new_slot::NewSlot;
use super::rules;
use crate::crypto::{Argon2Cost, Argon2Options, CryptoError, Secret, SigningKey};
use crate::format::{
    Defect, Endorsement, Grant, Header, PassphraseFactor, SLOT_COUNT, Slot, SlotBlock, WRAPPED_LEN,
    WrappedKeys,
};

/// A header in the making.
pub(super) struct Draft<'a> {
    pub(super) header: Box<Header>,
    keys: &'a Keys,
    random: Randomness<'a>,
    now: u64,
    /// The holders made here, by slot.
    holders: Vec<(usize, SigningKey)>,
}

/// With what a slot is to be filled.
pub(super) struct Filling<'a> {
    pub(super) credential: &'a Credential<'a>,
    /// `None` takes the cost of the other slots.
    pub(super) cost: Option<Argon2Cost>,
    pub(super) must_change: bool,
    pub(super) derivation: &'a Argon2Options<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        header: Box<Header>,
        keys: &'a Keys,
        random: Randomness<'a>,
        now: u64,
    ) -> Self {
        Self {
            header,
            keys,
            random,
            now,
            holders: Vec::new(),
        }
    }

    /// Grants a slot and fills it; returns its index. Needs [`sign`](Self::sign).
    pub(super) fn add(
        &mut self,
        new: &NewSlot,
        credential: &Credential<'_>,
        derivation: &Argon2Options<'_>,
    ) -> Result<usize, Error> {
        new.check(credential)?;
        let index = self.free_slot(new.index)?;
        self.header.policy.grants[index] = Some(Grant {
            role: new.role,
            lockout: new.lockout(),
            flags: new.flags(),
            id: self.array()?,
            created: self.now,
            name: new.name.clone(),
        });
        let filling = Filling {
            credential,
            cost: new.cost,
            must_change: new.must_change,
            derivation,
        };
        self.refill(index, &filling)?;
        Ok(index)
    }

    /// Fills a granted slot for a new holder. Needs [`sign`](Self::sign).
    pub(super) fn refill(&mut self, index: usize, filling: &Filling<'_>) -> Result<(), Error> {
        let holder = self.new_holder()?;
        self.fill(index, filling, &holder, None)?;
        self.header.policy.holders[index] = holder.public_key().0;
        self.holders.push((index, holder));
        Ok(())
    }

    /// The holder that was made for a slot here.
    pub(super) fn take_holder(&mut self, index: usize) -> Option<SigningKey> {
        let place = self.holders.iter().position(|(slot, _)| *slot == index)?;
        Some(self.holders.swap_remove(place).1)
    }

    /// Fills a granted slot, which `holder` signs.
    pub(super) fn fill(
        &mut self,
        index: usize,
        filling: &Filling<'_>,
        holder: &SigningKey,
        endorsement: Option<Endorsement>,
    ) -> Result<(), Error> {
        let grant = self.header.policy.grants[index]
            .as_ref()
            .ok_or(Error::NoSuchSlot { slot: index })?;
        let (role, grant_id) = (grant.role, grant.id);
        let factor = self.check_credential(filling)?;
        let number = slot_index(index);
        let mut slot = Slot {
            role,
            must_change: filling.must_change,
            changed: self.now,
            grant_id,
            nonce: self.array()?,
            factors: Vec::new(),
            version: self.next_version(index)?,
            wrapped: WrappedKeys {
                commitment: [0; 32],
                ciphertext: [0; WRAPPED_LEN],
                tag: [0; 16],
            },
            signature: [0; 64],
            endorsement,
        };
        let id = self.header.root.id;
        let mut answers = Answers::new(id, filling.credential, filling.derivation, None);
        slot.factors = answers.new_factors(&slot, number, &factor, self.random)?;
        let ikm = answers.ikm(&slot, number)?.ok_or(Error::NoMatchingSlot)?;
        let context = SlotContext::of(&self.header).ok_or(Error::NoMatchingSlot)?;
        context.wrap(&mut slot, number, &ikm, self.keys, holder)?;
        self.header.root.slot_versions[index] = slot.version;
        self.header.slots[index] = SlotBlock::Used(slot);
        Ok(())
    }

    /// Empties a slot; the grant stays, as that of a recovery key which is spent.
    pub(super) fn vacate(&mut self, index: usize) -> Result<(), Error> {
        self.header.root.slot_versions[index] = self.next_version(index)?;
        self.header.slots[index] = SlotBlock::Empty;
        Ok(())
    }

    /// Empties a slot and takes its grant away. Needs [`sign`](Self::sign).
    pub(super) fn remove(&mut self, index: usize) -> Result<(), Error> {
        self.vacate(index)?;
        self.header.policy.grants[index] = None;
        self.header.policy.holders[index] = [0; 32];
        Ok(())
    }

    /// Signs policy, label, holders and versions of the slots, and the log as it stands.
    ///
    /// # Errors
    /// [`Damage::Authority`]: the slot that was opened does not hold the authority.
    pub(super) fn sign(&mut self) -> Result<(), Error> {
        let authority = self.keys.authority().ok_or(Damage::Authority)?;
        let header = &mut self.header;
        for (index, block) in header.slots.iter_mut().enumerate() {
            match block {
                // Spent, or erased: who held it endorses nobody any more.
                SlotBlock::Empty => header.policy.holders[index] = [0; 32],
                SlotBlock::Used(slot) => {
                    if let Some(endorsement) = slot.endorsement.take() {
                        header.policy.holders[index] = endorsement.holder;
                    }
                }
            }
        }
        let policy = &mut header.policy;
        policy.number = policy
            .number
            .checked_add(1)
            .ok_or(Error::Unreadable(Defect::PolicyRules))?;
        policy.slot_floors = header.root.slot_versions;
        policy.log_head = header.log.head(header.root.id);
        header.renew_sums();
        header.policy.static_sum = genuine::static_sum(header);
        header.policy.label_sum = header.root.label_sum;
        header.policy.signature = authority.sign(&policy_message(header));
        Ok(())
    }

    /// The header of the next generation, which every reader accepts.
    pub(super) fn finish(mut self) -> Result<Box<Header>, Error> {
        let root = &mut self.header.root;
        root.generation = root
            .generation
            .checked_add(1)
            .ok_or(Error::Unreadable(Defect::Generation))?;
        self.header.renew_sums();
        self.header.root.mac = self.keys.root_mac(&self.header)?;
        genuine::check(&self.header)?;
        Ok(self.header)
    }

    /// A new signing key for the holder of a slot.
    pub(super) fn new_holder(&self) -> Result<SigningKey, Error> {
        let mut seed = Secret::zeroed(32)?;
        (self.random)(seed.expose_mut())?;
        Ok(SigningKey::from_seed(seed)?)
    }

    fn free_slot(&self, wanted: Option<usize>) -> Result<usize, Error> {
        let is_free = |slot: &usize| self.header.policy.grants[*slot].is_none();
        match wanted {
            Some(slot) if slot >= SLOT_COUNT => {
                Err(Error::SlotOptions("the slots have the numbers 0 to 31"))
            }
            Some(slot) if !is_free(&slot) => Err(Error::SlotInUse { slot }),
            Some(slot) => Ok(slot),
            None => (0..SLOT_COUNT).find(is_free).ok_or(Error::SlotsFull),
        }
    }

    /// The version of the next contents of a slot: above all that were, and above those that other
    /// slots had in earlier generations, so that the newest contents have the highest.
    pub(super) fn next_version(&self, index: usize) -> Result<u64, Error> {
        let header = &self.header;
        let known = header.root.slot_versions[index]
            .max(header.root.generation)
            .max(header.policy.slot_floors[index])
            .max(header.state.erased_versions[index])
            .max(header.counters.versions[index]);
        known
            .checked_add(1)
            .ok_or(Error::Unreadable(Defect::SlotVersion))
    }

    /// Holds a new credential against the policy; returns how a passphrase of it is derived.
    fn check_credential(&self, filling: &Filling<'_>) -> Result<PassphraseFactor, Error> {
        filling.credential.check_new()?;
        let policy = &self.header.policy;
        let factor = match self.derivation_for(filling.cost)? {
            factor if filling.cost.is_none() => self.raised(factor)?,
            factor => factor,
        };
        for part in filling.credential.parts() {
            if let Part::Passphrase(passphrase) = part {
                rules::check_passphrase(policy.passphrases, passphrase, &self.header.label)?;
                if factor.memory_kib < policy.min_kdf_memory_kib
                    || factor.passes < policy.min_kdf_passes
                {
                    return Err(Error::CostTooLow {
                        memory_kib: policy.min_kdf_memory_kib,
                        passes: policy.min_kdf_passes,
                    });
                }
            }
        }
        Ok(factor)
    }

    /// The same cost and salt as the slots that already have this cost: an attempt stays at one
    /// derivation.
    fn derivation_for(&self, cost: Option<Argon2Cost>) -> Result<PassphraseFactor, Error> {
        let known: Vec<PassphraseFactor> = self
            .header
            .slots
            .iter()
            .filter_map(SlotBlock::slot)
            .flat_map(|slot| &slot.factors)
            .filter_map(passphrase_factor)
            .collect();
        let same_cost = |factor: &&PassphraseFactor| {
            cost.is_none_or(|cost| {
                (factor.memory_kib, factor.passes, factor.lanes)
                    == (cost.memory_kib(), cost.passes(), cost.lanes())
            })
        };
        // Without a wish, the dearest: a new slot is not to be the weakest.
        let shared = known
            .iter()
            .filter(same_cost)
            .max_by_key(|factor| u64::from(factor.memory_kib) * u64::from(factor.passes));
        match shared {
            Some(factor) => Ok(*factor),
            None => self.new_derivation(cost.unwrap_or_default()),
        }
    }

    /// The derivation, or a dearer one if the policy demands it.
    fn raised(&self, factor: PassphraseFactor) -> Result<PassphraseFactor, Error> {
        let policy = &self.header.policy;
        let memory_kib = factor.memory_kib.max(policy.min_kdf_memory_kib);
        let passes = factor.passes.max(policy.min_kdf_passes);
        if (memory_kib, passes) == (factor.memory_kib, factor.passes) {
            return Ok(factor);
        }
        // The dearer of both may be more than is accepted; the policy's own demand is not.
        let cost = Argon2Cost::new(memory_kib, passes, factor.lanes).or_else(|_| {
            let memory_kib = policy.min_kdf_memory_kib.max(Argon2Cost::MIN_MEMORY_KIB);
            let passes = policy.min_kdf_passes.max(Argon2Cost::MIN_PASSES);
            Argon2Cost::new(memory_kib, passes, factor.lanes)
        })?;
        self.derivation_for(Some(cost))
    }

    fn new_derivation(&self, cost: Argon2Cost) -> Result<PassphraseFactor, Error> {
        Ok(PassphraseFactor {
            memory_kib: cost.memory_kib(),
            passes: cost.passes(),
            lanes: cost.lanes(),
            salt: self.array()?,
        })
    }

    fn array<const N: usize>(&self) -> Result<[u8; N], CryptoError> {
        let mut bytes = [0; N];
        (self.random)(&mut bytes)?;
        Ok(bytes)
    }
}
