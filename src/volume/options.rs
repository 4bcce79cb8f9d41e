//! How a volume is to be unlocked, and who does it.

use std::sync::Arc;

use super::choice::SlotChoice;
use super::erase::now;
use super::event::{Event, EventKind};
use super::memory::RollbackMemory;
use crate::crypto::Argon2Options;
use crate::format::Header;

/// How a volume is to be unlocked. The default is what a program without wishes needs.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct UnlockOptions<'a> {
    /// On which slots the credential is tried.
    pub choice: SlotChoice,
    /// Threads of the key derivation, and who is told of its progress and may cancel it. A
    /// cancelled attempt gives [`Error::Cancelled`](super::Error::Cancelled) and is taken back,
    /// for nothing was learnt.
    pub derivation: Argon2Options<'a>,
    /// Who asks, for the event log.
    pub origin: Origin,
    /// What this host remembers of volumes. Asked before an attempt is charged, told after each.
    pub memory: Option<Arc<dyn RollbackMemory>>,
    /// Go on although the header is older than this host remembers, because the owner has put it back
    /// himself. Once the volume has opened, the host remembers it as it is now.
    pub accept_rollback: bool,
    /// Go on although records of the event log are lost that an admin has seen.
    pub accept_lost_log: bool,
}

/// Who does something, for the event log: only an admin can read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// Name of the host, the first 64 bytes of which are kept.
    pub host: String,
    /// The embedding program and whom it works for, the first 128 bytes of which are kept.
    pub agent: String,
}

impl Origin {
    /// An origin of these names.
    #[must_use]
    pub fn new(host: impl Into<String>, agent: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            agent: agent.into(),
        }
    }

    /// An event that happens now.
    pub(super) fn event(&self, kind: EventKind) -> Event {
        Event::new(kind, now(), &self.host, &self.agent)
    }

    /// An event that happens now to a slot, at the hands of its holder.
    pub(super) fn slot_event(&self, kind: EventKind, header: &Header, slot: usize) -> Event {
        let event = self.event(kind).with_slots([slot]);
        let role = header.policy.grants[slot].as_ref().map(|grant| grant.role);
        match role {
            Some(role) => event.with_role(role),
            None => event,
        }
    }
}
