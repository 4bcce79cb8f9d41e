//! Which slots a credential is tried on.

use std::cmp::Reverse;

use super::attempt::{limit, remaining, slot_state};
use super::credential::Credential;
use super::error::Error;
use super::slots::granted_role;
use crate::format::{Header, Role, SLOT_COUNT, SlotState};

/// Which of the slots that ask for a credential of this kind it is tried on.
///
/// A wrong credential is charged to every slot it was tried on, so trying it on as few as possible
/// keeps typing errors of one person from using up another one's attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotChoice {
    /// Where it is clear which is meant: all slots whose kind of credential is not counted; else the
    /// only user's slot that fits; else, on a volume without users, the only slot that fits; else
    /// [`Error::AmbiguousSlot`], and nothing is charged. A slot that was erased because its attempts
    /// were used up counts as one that could be meant: its holder may not know. Typing errors of a
    /// user are never charged to an admin's slot.
    #[default]
    Obvious,
    /// The slot with this index.
    Slot(usize),
    /// All slots of this role that fit.
    Role(Role),
    /// All slots that fit.
    Any,
}

/// The slots on which `credential` is to be tried.
pub(super) fn candidates(
    header: &Header,
    credential: &Credential<'_>,
    choice: SlotChoice,
) -> Result<Vec<usize>, Error> {
    let chosen = |slot: &usize| match choice {
        SlotChoice::Slot(index) => *slot == index,
        SlotChoice::Role(role) => role_of(header, *slot) == Some(role),
        SlotChoice::Obvious | SlotChoice::Any => true,
    };
    let fitting: Vec<usize> = (0..SLOT_COUNT)
        .filter(|slot| fits(header, credential, *slot))
        .filter(chosen)
        .collect();
    if fitting.is_empty() {
        return Err(Error::NoMatchingSlot);
    }
    if !credential.is_guessable() {
        return Ok(fitting);
    }
    let fitting = match choice {
        SlotChoice::Obvious => obvious(header, &fitting)?,
        _ => fitting,
    };
    let (reserved, mut usable): (Vec<usize>, Vec<usize>) = fitting
        .into_iter()
        .partition(|slot| is_reserved(header, *slot));
    // Whoever changes his own credential to a guess at somebody else's must not hear of that one for
    // nothing: his own, the newest, is compared first, and what follows a match is not compared.
    usable.sort_by_key(|slot| {
        let is_admin = role_of(header, *slot) == Some(Role::Admin);
        (is_admin, Reverse(header.root.slot_versions[*slot]))
    });
    match reserved.first() {
        Some(slot) if usable.is_empty() => Err(Error::AttemptReserved { slot: *slot }),
        _ => Ok(usable),
    }
}

/// Whether only the reserved last attempt is left on a slot.
pub(super) fn is_reserved(header: &Header, slot: usize) -> bool {
    header.policy.grants[slot]
        .as_ref()
        .is_some_and(|grant| grant.flags.last_attempt_reserved)
        && remaining(header, slot) == Some(1)
        && limit(header, slot) > Some(1)
}

fn obvious(header: &Header, fitting: &[usize]) -> Result<Vec<usize>, Error> {
    let could_be_meant = |slot: &usize| fitting.contains(slot) || is_exhausted(header, *slot);
    let meant: Vec<usize> = (0..SLOT_COUNT).filter(could_be_meant).collect();
    let is_user = |slot: &usize| granted_role(header, *slot).ok() == Some(Role::User);
    let candidates: Vec<usize> = if (0..SLOT_COUNT).any(|slot| is_user(&slot)) {
        meant.iter().copied().filter(is_user).collect()
    } else {
        meant.clone()
    };
    match candidates.as_slice() {
        [one] if fitting.contains(one) => Ok(candidates),
        _ => Err(Error::AmbiguousSlot { slots: meant }),
    }
}

/// Whether a slot was erased because its attempts were used up. What it asked for is not known any
/// more.
fn is_exhausted(header: &Header, slot: usize) -> bool {
    let grant = header.policy.grants[slot].as_ref();
    grant.is_some_and(|grant| grant.lockout.is_some())
        && slot_state(header, slot) != SlotState::InForce
}

fn fits(header: &Header, credential: &Credential<'_>, slot: usize) -> bool {
    let version = header.root.slot_versions[slot];
    header.state.of_slot(slot, version) == SlotState::InForce
        && header.slots[slot]
            .slot()
            .is_some_and(|contents| credential.fits(contents))
}

fn role_of(header: &Header, slot: usize) -> Option<Role> {
    header.slots[slot].slot().map(|contents| contents.role)
}
