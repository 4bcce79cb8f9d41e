//! One attempt: charged before it is made, refunded when it was right.

use super::error::Error;
use super::keys::{Keys, SlotContext, derive};
use super::medium::Medium;
use crate::crypto::Passphrase;
use crate::format::{Action, Counters, Factor, Header, PassphraseFactor, SLOT_COUNT, SlotBlock, SlotState};

/// Proof that an attempt on these slots stands on the medium. Trying a slot takes it, and only [`charge`](Self::charge) makes one.
pub(super) struct Charged {
    before: Counters,
    candidates: Vec<Candidate>,
}

/// A slot that a passphrase might open.
#[derive(Clone, Copy)]
struct Candidate {
    slot: usize,
    factor: PassphraseFactor,
}

impl Charged {
    /// Charges one attempt to every slot that a passphrase alone opens: both copies, each flushed, before this returns.
    ///
    /// On error nothing has been tried, so the charge is taken back as far as that can be written: failing storage must not add up to an
    /// erase.
    pub(super) fn charge(medium: &Medium, header: &mut Header) -> Result<Self, Error> {
        medium.check_writable()?;
        let candidates = passphrase_slots(header);
        if candidates.is_empty() {
            return Err(Error::NoMatchingSlot);
        }
        let charged = Self { before: header.counters, candidates };
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

    /// Tries the passphrase on the charged slots: one derivation for each different cost and salt, of which there is one as a rule.
    ///
    /// An error means that there is no verdict, for want of memory; nothing has been learnt of the passphrase.
    pub(super) fn try_passphrase(&self, header: &Header, passphrase: &Passphrase) -> Result<Option<(usize, Keys)>, Error> {
        let context = SlotContext::of(header).ok_or(Error::NoMatchingSlot)?;
        for (position, Candidate { factor, .. }) in self.candidates.iter().enumerate() {
            if self.candidates[..position].iter().any(|earlier| earlier.factor == *factor) {
                continue;
            }
            let output = derive(passphrase, factor)?;
            for Candidate { slot, .. } in self.candidates.iter().filter(|candidate| candidate.factor == *factor) {
                if let Some(contents) = header.slots[*slot].slot()
                    && let Some(keys) = context.unwrap(contents, slot_index(*slot), &output)?
                {
                    return Ok(Some((*slot, keys)));
                }
            }
        }
        Ok(None)
    }

    /// The attempt was right for `slot`: its counter goes to zero, the others back to what they were.
    ///
    /// On error the charge stands.
    pub(super) fn refund(self, medium: &Medium, header: &mut Header, slot: usize) -> Result<(), Error> {
        let charged = header.counters;
        header.counters = self.before;
        header.counters.failed[slot] = 0;
        medium.write_counters(header).inspect_err(|_| header.counters = charged)
    }

    /// The attempt was not made: all counters go back to what they were, as far as that can be written.
    pub(super) fn take_back(self, medium: &Medium, header: &mut Header) {
        header.counters = self.before;
        // If this fails, what the medium holds of the charge stands: the next attempt reads it first. What never reached the medium does
        // not count, or a write-protected one would seem to be erased after ten refusals.
        let _ = medium.write_counters(header);
    }

    /// Attempts left on the charged slot with the fewest; 0 if a limit is reached.
    pub(super) fn remaining(&self, header: &Header) -> u8 {
        let left = |candidate: &Candidate| remaining(header, candidate.slot);
        self.candidates.iter().filter_map(left).min().unwrap_or(u8::MAX)
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
    if let Some((slot, _)) = exhausted.iter().find(|(_, action)| *action == Action::EraseVolume) {
        return Some(Due::EraseVolume(*slot));
    }
    let interrupted = (0..SLOT_COUNT).filter(|slot| header.state.slots[*slot] == SlotState::Erasing);
    let mut slots: Vec<usize> = exhausted.iter().map(|(slot, _)| *slot).chain(interrupted).collect();
    slots.sort_unstable();
    slots.dedup();
    if slots.is_empty() { None } else { Some(Due::EraseSlots(slots)) }
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
/// The grant cannot be verified while the volume is locked, but the parser admits no limit above ten.
fn lockout(header: &Header, slot: usize) -> Option<(u8, Action)> {
    header.policy.grants[slot].as_ref().and_then(|grant| grant.lockout)
}

fn passphrase_slots(header: &Header) -> Vec<Candidate> {
    let candidate = |(slot, block): (usize, &SlotBlock)| match block.slot()?.factors.as_slice() {
        [Factor::Passphrase(factor)] => Some(Candidate { slot, factor: *factor }),
        _ => None,
    };
    header.slots.iter().enumerate().filter_map(candidate).collect()
}
