//! Which slots a credential is tried on.

use super::attempt::{limit, remaining};
use super::credential::Credential;
use super::error::Error;
use crate::format::{Header, Role, SLOT_COUNT, SlotState};

/// Which of the slots that ask for a credential of this kind it is tried on.
///
/// A wrong credential is charged to every slot it was tried on, so trying it on as few as possible
/// keeps typing errors of one person from using up another one's attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotChoice {
    /// Where it is clear which is meant: all slots whose kind of credential is not counted; else the
    /// only slot that fits; else the only user's slot that fits; else
    /// [`Error::AmbiguousSlot`], and nothing is charged. Typing errors of a user are
    /// never charged to an admin's slot.
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
        SlotChoice::Obvious => obvious(header, fitting)?,
        _ => fitting,
    };
    let (reserved, usable): (Vec<usize>, Vec<usize>) = fitting
        .into_iter()
        .partition(|slot| is_reserved(header, *slot));
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

fn obvious(header: &Header, fitting: Vec<usize>) -> Result<Vec<usize>, Error> {
    if fitting.len() == 1 {
        return Ok(fitting);
    }
    let is_user = |slot: &usize| role_of(header, *slot) == Some(Role::User);
    let users: Vec<usize> = fitting.iter().copied().filter(is_user).collect();
    if users.len() == 1 {
        Ok(users)
    } else {
        Err(Error::AmbiguousSlot { slots: fitting })
    }
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
