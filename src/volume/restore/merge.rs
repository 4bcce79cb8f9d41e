//! The header that is to be written: that of the backup, with what the medium has to say.

use super::{RestoreRefusal, Target, exhausted, has_way_in};
use crate::format::{Counters, Header, LOG_BLOCKS, Log, SLOT_COUNT, SlotBlock, SlotState, State};
use crate::volume::attempt;
use crate::volume::error::Error;
use crate::volume::event::EventKind;
use crate::volume::log;
use crate::volume::options::Origin;

impl Target {
    /// Puts the header together that is to be written, which every reader accepts.
    pub(super) fn merge(&self, backup: &Header, origin: &Origin) -> Result<Box<Header>, Error> {
        let mut next = Box::new(backup.clone());
        next.state = self.state(backup);
        let charged = self.charged(backup);
        let mut due = State::locked();
        for slot in self.used_up(&next, &charged)? {
            let root = self
                .header
                .as_ref()
                .map_or(&next.root, |header| &header.root);
            due.set_slot(slot, root.slot_versions[slot], SlotState::Erasing);
        }
        next.state = next.state.furthest(due);
        for slot in 0..SLOT_COUNT {
            if attempt::slot_state(&next, slot) != SlotState::InForce {
                next.slots[slot] = SlotBlock::Empty;
            }
        }
        next.counters = self.counters(&next, &charged)?;
        next.log = self.log(backup);
        let event = origin.event(EventKind::HeaderRestored);
        // Without a record if none can be made; the log is written as a whole in any case.
        let _ = log::append(&mut next, &event);
        if !has_way_in(&next) {
            return Err(RestoreRefusal::NoWayIn.into());
        }
        // The restore itself must not be what erases the volume.
        exhausted(&next)?;
        next.check().map_err(Error::Unreadable)?;
        Ok(next)
    }

    /// What is furthest on. Both are locked: whatever is not was refused.
    fn state(&self, backup: &Header) -> State {
        let on_the_medium = self.remains.state.clone().unwrap_or_else(State::locked);
        on_the_medium.furthest(backup.state.clone())
    }

    /// The counters of the medium; if there are none, one attempt is left.
    fn charged(&self, backup: &Header) -> Counters {
        let none = || Counters::one_attempt_left(&backup.root, &backup.policy);
        self.remains.counters.unwrap_or_else(none)
    }

    /// The slots whose attempts are used up on the medium, by its own policy if that can be read.
    fn used_up(&self, next: &Header, charged: &Counters) -> Result<Vec<usize>, RestoreRefusal> {
        if let Some(header) = &self.header {
            return exhausted(header);
        }
        let mut judged = next.clone();
        judged.counters = *charged;
        exhausted(&judged)
    }

    /// For each slot the fewest attempts that the medium, its counters or the backup leave. Those that
    /// are used up on the medium have been dealt with; where only the backup says so, it is refused,
    /// for a count that was lowered in one copy would still stand in the other.
    fn counters(&self, next: &Header, charged: &Counters) -> Result<Counters, RestoreRefusal> {
        let mut counters = *charged;
        for slot in 0..SLOT_COUNT {
            let version = next.root.slot_versions[slot];
            let counted = charged
                .of_slot(slot, version)
                .max(next.counters.of_slot(slot, version));
            let failed = match attempt::limit(next, slot) {
                Some(limit) if attempt::is_in_use(next, slot) => {
                    if counted >= limit {
                        return Err(RestoreRefusal::LimitReached { slot });
                    }
                    let spent = self
                        .remaining(slot, version)
                        .map_or(0, |left| limit.saturating_sub(left));
                    counted.max(spent).min(limit - 1)
                }
                _ => counted,
            };
            counters.set_slot(slot, version.max(charged.versions[slot]), failed);
        }
        Ok(counters)
    }

    /// Attempts that the header on the medium leaves on this or a later version of a slot: an older
    /// policy may have allowed more.
    fn remaining(&self, slot: usize, version: u64) -> Option<u8> {
        let header = self.header.as_ref()?;
        let is_meant =
            attempt::is_in_use(header, slot) && version <= header.root.slot_versions[slot];
        attempt::remaining(header, slot).filter(|_| is_meant)
    }

    /// The log of the medium, with what the backup has of it; that of the backup alone if they do not
    /// go together.
    fn log(&self, backup: &Header) -> Log {
        let id = backup.root.id;
        let blocks = |log: &Log| {
            let blocks: Vec<_> = (0..LOG_BLOCKS).map(|number| log.block(number)).collect();
            blocks
        };
        let all = [self.remains.log.clone(), blocks(&backup.log)].concat();
        let merged = Log::merge(id, &backup.policy.log_head, &all);
        if merged.follows(id, &backup.policy.log_head) {
            merged
        } else {
            backup.log.clone()
        }
    }
}
