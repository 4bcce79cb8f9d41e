//! One attempt: charged before it is made, refunded when it was right.

use super::error::Error;
use super::keys::{Keys, SlotContext, cost};
use super::medium::Medium;
use crate::crypto::{Argon2Options, Passphrase, Secret, WorkMemory, argon2id_in};
use crate::format::{
    Action, Counters, Factor, Header, PassphraseFactor, SLOT_COUNT, SlotBlock, SlotState,
};

/// Proof that an attempt on these slots stands on the medium. Trying a slot takes it, and only
/// [`charge`](Self::charge) makes one.
pub(super) struct Charged {
    before: Counters,
    memory: WorkMemory,
    candidates: Vec<Candidate>,
}

/// A slot that a passphrase might open.
#[derive(Clone, Copy)]
struct Candidate {
    slot: usize,
    factor: PassphraseFactor,
}

impl Charged {
    /// Charges one attempt to every slot that a passphrase alone opens: both copies, each flushed,
    /// before this returns.
    ///
    /// On error nothing has been tried, so the charge is taken back as far as that can be written:
    /// failing storage must not add up to an erase.
    pub(super) fn charge(medium: &Medium, header: &mut Header) -> Result<Self, Error> {
        medium.check_writable()?;
        let candidates = passphrase_slots(header);
        if candidates.is_empty() {
            return Err(Error::NoMatchingSlot);
        }
        // Before the charge: whoever has too little memory must not lose attempts by it.
        let largest = candidates
            .iter()
            .max_by_key(|candidate| candidate.factor.memory_kib);
        let largest = largest.ok_or(Error::NoMatchingSlot)?;
        let charged = Self {
            before: header.counters,
            memory: WorkMemory::for_cost(cost(&largest.factor)?)?,
            candidates,
        };
        for Candidate { slot, .. } in &charged.candidates {
            header.counters.failed[*slot] = header.counters.failed[*slot].saturating_add(1);
        }
        match medium.write_counters(header) {
            Ok(()) => Ok(charged),
            Err(error) => {
                charged.take_back(medium, header);
                Err(error)
            }
        }
    }

    /// Runs the derivations that the charged slots prescribe: one for each different cost and salt,
    /// of which there is one as a rule.
    ///
    /// All of them before the first comparison, so that an error (want of memory) says nothing of
    /// the passphrase and the charge may be taken back.
    pub(super) fn derive(
        mut self,
        medium: &Medium,
        header: &mut Header,
        passphrase: &Passphrase,
        options: &Argon2Options<'_>,
    ) -> Result<Derived, Error> {
        let mut outputs: Vec<(PassphraseFactor, Secret)> = Vec::new();
        for Candidate { factor, .. } in &self.candidates {
            if outputs.iter().any(|(known, _)| known == factor) {
                continue;
            }
            let derived = cost(factor).and_then(|cost| {
                let memory = &mut self.memory;
                Ok(argon2id_in(
                    memory,
                    passphrase,
                    &factor.salt,
                    cost,
                    options,
                )?)
            });
            match derived {
                Ok(output) => outputs.push((*factor, output)),
                Err(error) => {
                    self.take_back(medium, header);
                    return Err(error);
                }
            }
        }
        let Self {
            before, candidates, ..
        } = self;
        Ok(Derived {
            before,
            candidates,
            outputs,
        })
    }

    /// The attempt was not made: all counters go back to what they were, on the medium as far as it
    /// can be written.
    ///
    /// In memory they do so in any case: nothing was tried, and what stands on the medium is read
    /// again before the next attempt.
    fn take_back(self, medium: &Medium, header: &mut Header) {
        header.counters = self.before;
        let _ = medium.write_counters(header);
    }
}

/// A charged attempt with the outputs of its derivations. From here on no error takes the charge
/// back.
pub(super) struct Derived {
    before: Counters,
    candidates: Vec<Candidate>,
    outputs: Vec<(PassphraseFactor, Secret)>,
}

impl Derived {
    /// Tries the outputs on the charged slots.
    ///
    /// # Errors
    /// Out of memory; the attempt stays charged, since slots may have been compared.
    pub(super) fn open(&self, header: &Header) -> Result<Option<(usize, Keys)>, Error> {
        let context = SlotContext::of(header).ok_or(Error::NoMatchingSlot)?;
        for Candidate { slot, factor } in &self.candidates {
            let output = self.outputs.iter().find(|(known, _)| known == factor);
            if let (Some((_, output)), Some(contents)) = (output, header.slots[*slot].slot())
                && let Some(keys) = context.unwrap(contents, slot_index(*slot), output)?
            {
                return Ok(Some((*slot, keys)));
            }
        }
        Ok(None)
    }

    /// The attempt was right for `slot`: its counter goes to zero, the others back to what they
    /// were.
    ///
    /// On error the charge stands in at least one copy.
    pub(super) fn refund(
        self,
        medium: &Medium,
        header: &mut Header,
        slot: usize,
    ) -> Result<(), Error> {
        let charged = header.counters;
        header.counters = self.before;
        header.counters.failed[slot] = 0;
        medium
            .write_counters_everywhere(header)
            .inspect_err(|_| header.counters = charged)
    }

    /// Attempts left on the charged slot with the fewest; 0 if a limit is reached.
    pub(super) fn remaining(&self, header: &Header) -> u8 {
        let left = |candidate: &Candidate| remaining(header, candidate.slot);
        self.candidates.iter().filter_map(left).min().unwrap_or(0)
    }
}

/// What is due because slots are exhausted.
pub(super) enum Due {
    /// Destroy the key of the volume; this slot reached its limit.
    EraseVolume(usize),
    /// Overwrite these slots.
    EraseSlots(Vec<usize>),
}

/// What the counters demand, if anything.
pub(super) fn due(header: &Header) -> Option<Due> {
    let exhausted: Vec<(usize, Action)> = (0..SLOT_COUNT)
        .filter(|slot| header.state.slots[*slot] != SlotState::Erased)
        .filter_map(|slot| Some((slot, lockout(header, slot)?)))
        .filter(|(slot, (limit, _))| header.counters.failed[*slot] >= *limit)
        .map(|(slot, (_, action))| (slot, action))
        .collect();
    if let Some((slot, _)) = exhausted
        .iter()
        .find(|(_, action)| *action == Action::EraseVolume)
    {
        return Some(Due::EraseVolume(*slot));
    }
    let interrupted =
        (0..SLOT_COUNT).filter(|slot| header.state.slots[*slot] == SlotState::Erasing);
    let mut slots: Vec<usize> = exhausted
        .iter()
        .map(|(slot, _)| *slot)
        .chain(interrupted)
        .collect();
    slots.sort_unstable();
    slots.dedup();
    if slots.is_empty() {
        None
    } else {
        Some(Due::EraseSlots(slots))
    }
}

/// Attempts left on a slot; `None` if it has no counter.
pub(super) fn remaining(header: &Header, slot: usize) -> Option<u8> {
    limit(header, slot).map(|limit| limit.saturating_sub(header.counters.failed[slot]))
}

/// The attempt limit of a slot; `None` if it has no counter.
pub(super) fn limit(header: &Header, slot: usize) -> Option<u8> {
    lockout(header, slot).map(|(limit, _)| limit)
}

/// The index of a slot as the format stores it.
pub(super) fn slot_index(slot: usize) -> u16 {
    u16::try_from(slot).unwrap_or(u16::MAX)
}

/// The limit and action of a slot in use.
///
/// The grant cannot be verified while the volume is locked, but the parser admits no limit above
/// ten.
fn lockout(header: &Header, slot: usize) -> Option<(u8, Action)> {
    header.policy.grants[slot]
        .as_ref()
        .and_then(|grant| grant.lockout)
}

/// The slots that a passphrase alone opens. Those with flags that this version does not act upon
/// are left out.
fn passphrase_slots(header: &Header) -> Vec<Candidate> {
    let candidate = |(slot, block): (usize, &SlotBlock)| {
        let contents = block.slot()?;
        let plain = !contents.must_change && header.policy.grants[slot].as_ref()?.flags == 0;
        match contents.factors.as_slice() {
            [Factor::Passphrase(factor)] if plain => Some(Candidate {
                slot,
                factor: *factor,
            }),
            _ => None,
        }
    };
    header
        .slots
        .iter()
        .enumerate()
        .filter_map(candidate)
        .collect()
}
