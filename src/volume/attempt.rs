//! One attempt: charged before it is made, refunded when it was right.

use super::credential::{Credential, is_guessable};
use super::error::Error;
use super::event::EventKind;
use super::factors::{Answers, cost};
use super::keys::{Keys, SlotContext};
use super::log;
use super::medium::Medium;
use super::options::Origin;
use crate::crypto::{Argon2Options, Secret, WorkMemory};
use crate::format::{Action, Counters, Factor, Header, PassphraseFactor, SLOT_COUNT, SlotState};

/// Proof that an attempt on these slots stands on the medium, or that none of them has a counter.
/// Trying a slot takes it, and only [`charge`](Self::charge) makes one.
pub(super) struct Charged {
    before: Counters,
    counted: bool,
    memory: Option<WorkMemory>,
    candidates: Vec<usize>,
}

impl Charged {
    /// Charges one attempt to every candidate, and records it in the event log: both copies, each
    /// flushed, before this returns. A credential that cannot be guessed is not charged.
    ///
    /// On error nothing has been tried, so the charge is taken back as far as that can be written:
    /// failing storage must not add up to an erase.
    pub(super) fn charge(
        medium: &Medium,
        header: &mut Header,
        credential: &Credential<'_>,
        candidates: Vec<usize>,
        origin: &Origin,
    ) -> Result<Self, Error> {
        let counted = credential.is_guessable();
        if counted {
            medium.check_writable()?;
        }
        // Before the charge: whoever has too little memory must not lose attempts by it.
        let memory = work_memory(header, &candidates)?;
        let charged = Self {
            before: header.counters,
            counted,
            memory,
            candidates,
        };
        if !counted {
            return Ok(charged);
        }
        for slot in &charged.candidates {
            set_failed(header, *slot, failed(header, *slot).saturating_add(1));
        }
        let event = origin
            .event(EventKind::Attempt)
            .with_slots(charged.candidates.iter().copied());
        let written = log::with_record(header, &event, |header, record| {
            medium.write_counters(header, record)
        });
        match written {
            Ok(()) => Ok(charged),
            Err(error) => {
                charged.take_back(medium, header);
                Err(error)
            }
        }
    }

    /// Works out what the factors of the charged slots need: one derivation for each different cost
    /// and salt, of which there is one as a rule.
    ///
    /// All of it before the first comparison, so that an error (want of memory, an external factor
    /// that does not answer) says nothing of the credential and the charge may be taken back.
    pub(super) fn derive(
        mut self,
        medium: &Medium,
        header: &mut Header,
        credential: &Credential<'_>,
        options: &Argon2Options<'_>,
    ) -> Result<Derived, Error> {
        let memory = self.memory.take();
        let mut answers = Answers::new(header.root.id, credential, options, memory);
        let mut outputs = Vec::new();
        for slot in &self.candidates {
            let Some(contents) = header.slots[*slot].slot() else {
                continue;
            };
            match answers.ikm(contents, slot_index(*slot)) {
                Ok(Some(ikm)) => outputs.push((*slot, ikm)),
                Ok(None) => {}
                Err(error) => {
                    self.take_back(medium, header);
                    return Err(error);
                }
            }
        }
        Ok(Derived {
            before: self.before,
            counted: self.counted,
            candidates: self.candidates,
            outputs,
        })
    }

    /// The attempt was not made: all counters go back to what they were, on the medium as far as it
    /// can be written.
    ///
    /// In memory they do so in any case: nothing was tried, and what stands on the medium is read
    /// again before the next attempt.
    fn take_back(self, medium: &Medium, header: &mut Header) {
        if self.counted {
            header.counters = self.before;
            let _ = medium.write_counters(header, None);
        }
    }
}

/// A charged attempt with the outputs of its factors. From here on no error takes the charge back.
pub(super) struct Derived {
    before: Counters,
    counted: bool,
    candidates: Vec<usize>,
    outputs: Vec<(usize, Secret)>,
}

impl Derived {
    /// Tries the outputs on the charged slots.
    ///
    /// # Errors
    /// Out of memory; the attempt stays charged, since slots may have been compared.
    pub(super) fn open(&self, header: &Header) -> Result<Option<(usize, Keys)>, Error> {
        let context = SlotContext::of(header).ok_or(Error::NoMatchingSlot)?;
        for (slot, ikm) in &self.outputs {
            if let Some(contents) = header.slots[*slot].slot()
                && let Some(keys) = context.unwrap(contents, slot_index(*slot), ikm)?
            {
                return Ok(Some((*slot, keys)));
            }
        }
        Ok(None)
    }

    /// The attempt was right for `slot`: its counter goes to zero, the others back to what they
    /// were.
    ///
    /// On error the charge stands in at least one copy, and is what the next attempt reads there. For
    /// a credential that is not counted there is nothing to refund, and storage that cannot be written
    /// is no error.
    pub(super) fn refund(
        self,
        medium: &Medium,
        header: &mut Header,
        slot: usize,
        origin: &Origin,
    ) -> Result<(), Error> {
        let event = origin.slot_event(EventKind::Unlocked, header, slot);
        if !self.counted {
            if medium.check_writable().is_ok() {
                log::record(medium, header, &event);
            }
            return Ok(());
        }
        header.counters = self.before;
        set_failed(header, slot, 0);
        // In memory the attempt is refunded in any case: were it not, right credentials would add up to
        // an erase where one copy cannot be written.
        log::with_record(header, &event, |header, record| {
            medium.write_counters_everywhere(header, record)
        })
    }

    /// Whether the limit of the charged slot with the fewest attempts left is that of the volume.
    pub(super) fn erases_volume(&self, header: &Header) -> bool {
        let fewest = self.remaining(header);
        self.counted
            && self.candidates.iter().any(|slot| {
                remaining(header, *slot) == fewest
                    && action(header, *slot) == Some(Action::EraseVolume)
            })
    }

    /// Attempts left on the charged slot with the fewest; 0 if a limit is reached, `None` if
    /// nothing was charged.
    pub(super) fn remaining(&self, header: &Header) -> Option<u8> {
        let left = |slot: &usize| remaining(header, *slot);
        if self.counted {
            Some(self.candidates.iter().filter_map(left).min().unwrap_or(0))
        } else {
            None
        }
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
///
/// A slot that is to be erased by itself takes the volume with it if no other slot is left: data that
/// nobody can read is as good as erased, and the seal is the safer place to destroy it.
pub(super) fn due(header: &Header) -> Option<Due> {
    let exhausted: Vec<(usize, Action)> = (0..SLOT_COUNT)
        .filter(|slot| is_in_use(header, *slot))
        .filter_map(|slot| Some((slot, lockout(header, slot)?)))
        .filter(|(slot, (limit, _))| failed(header, *slot) >= *limit)
        .map(|(slot, (_, action))| (slot, action))
        .collect();
    let survives =
        |slot: &usize| is_in_use(header, *slot) && exhausted.iter().all(|(gone, _)| gone != slot);
    let none_survives = !(0..SLOT_COUNT).any(|slot| survives(&slot));
    if let Some((slot, _)) = exhausted
        .iter()
        .find(|(_, action)| *action == Action::EraseVolume || none_survives)
    {
        return Some(Due::EraseVolume(*slot));
    }
    let interrupted =
        (0..SLOT_COUNT).filter(|slot| slot_state(header, *slot) == SlotState::Erasing);
    let slots: Vec<usize> = exhausted
        .iter()
        .map(|(slot, _)| *slot)
        .chain(interrupted)
        .collect();
    if slots.is_empty() {
        None
    } else {
        Some(Due::EraseSlots(slots))
    }
}

/// Attempts left on a slot; `None` if it has no counter.
pub(super) fn remaining(header: &Header, slot: usize) -> Option<u8> {
    limit(header, slot).map(|limit| limit.saturating_sub(failed(header, slot)))
}

/// The attempt limit of a slot; `None` if it has no counter.
pub(super) fn limit(header: &Header, slot: usize) -> Option<u8> {
    lockout(header, slot).map(|(limit, _)| limit)
}

/// What happens at the limit of a slot: the last slot takes the volume with it.
pub(super) fn action(header: &Header, slot: usize) -> Option<Action> {
    let alone = !(0..SLOT_COUNT).any(|other| other != slot && is_in_use(header, other));
    lockout(header, slot).map(|(_, action)| if alone { Action::EraseVolume } else { action })
}

/// Consecutive failed attempts on a slot.
pub(super) fn failed(header: &Header, slot: usize) -> u8 {
    header
        .counters
        .of_slot(slot, header.root.slot_versions[slot])
}

/// Sets the failed attempts on a slot.
pub(super) fn set_failed(header: &mut Header, slot: usize, failed: u8) {
    let version = header.root.slot_versions[slot];
    header.counters.set_slot(slot, version, failed);
}

/// Where a slot stands.
pub(super) fn slot_state(header: &Header, slot: usize) -> SlotState {
    header.state.of_slot(slot, header.root.slot_versions[slot])
}

/// Whether somebody can open a slot.
pub(super) fn is_in_use(header: &Header, slot: usize) -> bool {
    slot_state(header, slot) == SlotState::InForce && header.slots[slot].slot().is_some()
}

/// The index of a slot as the format stores it.
pub(super) fn slot_index(slot: usize) -> u16 {
    u16::try_from(slot).unwrap_or(u16::MAX)
}

/// The limit and action of a slot that can be guessed at.
///
/// The grant cannot be verified while the volume is locked, but the parser admits no limit above
/// ten.
fn lockout(header: &Header, slot: usize) -> Option<(u8, Action)> {
    header.policy.grants[slot]
        .as_ref()
        .and_then(|grant| grant.lockout)
        .filter(|_| header.slots[slot].slot().is_none_or(is_guessable))
}

/// Memory for the largest derivation of the candidates.
fn work_memory(header: &Header, candidates: &[usize]) -> Result<Option<WorkMemory>, Error> {
    let factors = candidates
        .iter()
        .filter_map(|slot| header.slots[*slot].slot())
        .flat_map(|contents| &contents.factors);
    let largest = factors
        .filter_map(passphrase_factor)
        .max_by_key(|factor| factor.memory_kib);
    largest
        .map(|factor| Ok(WorkMemory::for_cost(cost(&factor)?)?))
        .transpose()
}

/// The derivation of a passphrase, if the factor is one.
pub(super) fn passphrase_factor(factor: &Factor) -> Option<PassphraseFactor> {
    if let Factor::Passphrase(passphrase) = factor {
        Some(*passphrase)
    } else {
        None
    }
}
