//! What a new slot is to be like.

use super::credential::{Credential, CredentialError};
use super::error::Error;
use crate::crypto::Argon2Cost;
use crate::format::{Action, GrantFlags, MAX_ATTEMPTS, Role};

/// Bytes of a slot's name at most.
const MAX_NAME_LEN: usize = 32;

/// What a new slot is to be like; its credential is given apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, and most are left alone"
)]
pub struct NewSlot {
    /// Role of its holder.
    pub role: Role,
    /// Name for people, at most 32 bytes; anybody can read it.
    pub name: String,
    /// Its index, 0 to 31; `None` takes the first that is free.
    pub index: Option<usize>,
    /// Consecutive failed attempts that are allowed, 1 to 10. Without meaning for recovery and
    /// escrow.
    pub attempt_limit: u8,
    /// What happens then. Without meaning for recovery and escrow.
    pub action: Action,
    /// Whether the credential has to be replaced at the next unlock.
    pub must_change: bool,
    /// Whether it may only read. A rule that this software keeps; whoever has a key can read and
    /// write with other software.
    pub read_only: bool,
    /// Whether its first use spends it; recovery only.
    pub one_time: bool,
    /// Whether an admin has to allow the last attempt.
    pub last_attempt_reserved: bool,
    /// Cost of the derivation of its passphrase; `None` takes that of the other slots.
    pub cost: Option<Argon2Cost>,
}

impl NewSlot {
    /// A slot of this role with ten attempts. At the limit an admin's erases the volume, a user's
    /// itself: nobody is locked out for ever by a prank on a user's slot.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            role,
            name: String::new(),
            index: None,
            attempt_limit: MAX_ATTEMPTS,
            action: match role {
                Role::User => Action::EraseSlot,
                _ => Action::EraseVolume,
            },
            must_change: false,
            read_only: false,
            one_time: false,
            last_attempt_reserved: false,
            cost: None,
        }
    }

    /// Attempt limit and action; `None` for roles that have no counter.
    pub(super) fn lockout(&self) -> Option<(u8, Action)> {
        matches!(self.role, Role::Admin | Role::User).then_some((self.attempt_limit, self.action))
    }

    pub(super) fn flags(&self) -> GrantFlags {
        GrantFlags {
            one_time: self.one_time,
            read_only: self.read_only,
            last_attempt_reserved: self.last_attempt_reserved,
        }
    }

    /// Refuses what makes no sense, before anything is done.
    pub(super) fn check(&self, credential: &Credential<'_>) -> Result<(), Error> {
        credential.check_new()?;
        let counted = self.lockout().is_some();
        if !counted && credential.is_guessable() {
            return Err(CredentialError::Guessable.into());
        }
        if counted && !(1..=MAX_ATTEMPTS).contains(&self.attempt_limit) {
            return Err(Error::AttemptLimit {
                limit: self.attempt_limit,
            });
        }
        let problem = if self.name.len() > MAX_NAME_LEN {
            "its name is longer than 32 bytes"
        } else if self.name.chars().any(char::is_control) {
            "its name has a control character"
        } else if self.one_time && self.role != Role::Recovery {
            "only a recovery slot can open once only"
        } else if self.must_change && !matches!(self.role, Role::Admin | Role::User) {
            "only the credential of an admin or a user can be one that must be changed"
        } else if self.last_attempt_reserved && self.role != Role::User {
            "only the last attempt of a user's slot can be reserved"
        } else if self.last_attempt_reserved && self.attempt_limit == 1 {
            "a single attempt cannot be reserved"
        } else if self.read_only && self.role == Role::Admin {
            "an admin's slot cannot be read-only"
        } else {
            return Ok(());
        };
        Err(Error::SlotOptions(problem))
    }
}
