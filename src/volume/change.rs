//! Changing the header of an open volume: one generation to the next (format page §6.2).

use std::sync::MutexGuard;

use super::draft::Draft;
use super::erase::now;
use super::error::Error;
use super::event::{Event, EventKind};
use super::log;
use super::unlocked::Volume;
use crate::crypto::fill_random;
use crate::format::{Header, Role};

/// Who has to sign a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// The authority: the change is one of policy, label or the list of slots.
    ByAuthority,
    /// The holder of the slot alone.
    ByHolder,
}

impl Volume {
    /// Makes a change and records it in the event log; returns the slot that it was about.
    ///
    /// It begins with the header as it stands on the medium, and on error nothing but the medium
    /// knows what has come of it: the next change begins by reading that.
    pub(super) fn change(
        &self,
        signed: Signed,
        event: EventKind,
        edit: impl FnOnce(&mut Draft<'_>) -> Result<usize, Error>,
    ) -> Result<usize, Error> {
        self.make_change(signed, event, edit).map(|(slot, _)| slot)
    }

    /// As [`change`](Self::change); returns the header as it stands on the medium then.
    pub(super) fn change_header(
        &self,
        signed: Signed,
        event: EventKind,
        edit: impl FnOnce(&mut Draft<'_>) -> Result<usize, Error>,
    ) -> Result<Box<Header>, Error> {
        // Copied under the lock: the next change may follow at once.
        self.make_change(signed, event, edit)
            .map(|(_, header)| header.clone())
    }

    fn make_change(
        &self,
        signed: Signed,
        event: EventKind,
        edit: impl FnOnce(&mut Draft<'_>) -> Result<usize, Error>,
    ) -> Result<(usize, MutexGuard<'_, Box<Header>>), Error> {
        let mut header = self.current_header()?;
        let mut draft = Draft::new(header.clone(), self.keys(), &fill_random, now());
        let slot = edit(&mut draft)?;
        if signed == Signed::ByAuthority {
            draft.sign()?;
        }
        let mut next = draft.finish()?;
        let event = self.event(event, slot);
        log::with_record(&mut next, &event, |next, record| {
            self.medium().write_generation(next, record)
        })?;
        *header = next;
        self.remember(&header);
        Ok((slot, header))
    }

    /// An admin signs whatever he changes, so that nothing earlier can be put back; others cannot.
    pub(super) fn own_signature(&self) -> Signed {
        if self.keys().authority().is_some() {
            Signed::ByAuthority
        } else {
            Signed::ByHolder
        }
    }

    /// Adds an event to the log that has no other trace in the header.
    pub(super) fn record(&self, kind: EventKind) -> Result<(), Error> {
        if self.medium().check_writable().is_ok() {
            let mut header = self.current_header()?;
            let event = self.event(kind, self.slot());
            log::record(self.medium(), &mut header, &event);
            self.remember(&header);
        }
        Ok(())
    }

    /// An event that happens now to a slot, at the hands of whoever opened the volume.
    pub(super) fn event(&self, kind: EventKind, slot: usize) -> Event {
        self.origin()
            .event(kind)
            .with_slots([slot])
            .with_role(self.role())
    }

    /// Refuses what the role of the opened slot does not permit.
    pub(super) fn check_role(
        &self,
        operation: &'static str,
        permitted: &[Role],
    ) -> Result<(), Error> {
        let role = self.role();
        if permitted.contains(&role) {
            Ok(())
        } else {
            Err(Error::NotPermitted { role, operation })
        }
    }
}
