//! What an admin does to slots, and a holder to his own.

use super::attempt::{failed, is_in_use, passphrase_factor, set_failed};
use super::change::Signed;
use super::credential::Credential;
use super::draft::{Draft, Filling};
use super::error::Error;
use super::event::EventKind;
use super::factors;
use super::keys::Keys;
use super::log;
use super::new_slot::NewSlot;
use super::unlocked::Volume;
use crate::crypto::{Argon2Cost, Argon2Options};
use crate::format::{Action, Grant, Header, MAX_ATTEMPTS, Role, SLOT_COUNT};

/// Whether a slot is removed although that can lock people out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Refuse to remove the slot that was opened, the last one of a role that the policy demands, the
    /// last admin, and the last one that opens the volume at all.
    IfSafe,
    /// Remove it. An admin's own slot may go, and the volume may have no way in any more.
    Forced,
}

impl Volume {
    /// Grants a new slot to whoever presents `credential`; returns its index. For a public key
    /// nothing of the holder's secret is needed. Admins only.
    ///
    /// Takes as long as an attempt if a passphrase is part of it.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::SlotOptions`], [`Error::AttemptLimit`],
    /// [`Error::Credential`], [`Error::Rule`], [`Error::CostTooLow`], [`Error::SlotInUse`],
    /// [`Error::SlotsFull`], [`Error::External`], [`Error::HeaderCopyMissing`]: nothing was changed.
    /// [`Error::Io`]: the slot is there or not.
    pub fn add_slot<'a>(
        &self,
        new: &NewSlot,
        credential: impl Into<Credential<'a>>,
    ) -> Result<usize, Error> {
        self.add_slot_with(new, credential, &Argon2Options::default())
    }

    /// As [`add_slot`](Self::add_slot), with a say in how the key derivation is done.
    ///
    /// # Errors
    /// Also [`Error::Cancelled`]: nothing was changed.
    pub fn add_slot_with<'a>(
        &self,
        new: &NewSlot,
        credential: impl Into<Credential<'a>>,
        derivation: &Argon2Options<'_>,
    ) -> Result<usize, Error> {
        self.check_role("add a slot", &[Role::Admin])?;
        let credential = credential.into();
        let event = EventKind::SlotAdded;
        self.change(Signed::ByAuthority, event, |draft| {
            draft.add(new, &credential, derivation)
        })
    }

    /// Removes a slot: its credential opens nothing any more. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoSuchSlot`], and unless it is forced [`Error::OwnSlot`],
    /// [`Error::RequiredRole`], [`Error::LastWayIn`]: nothing was changed. [`Error::Io`]: the slot
    /// is there or not.
    pub fn remove_slot(&self, slot: usize, removal: Removal) -> Result<(), Error> {
        self.check_role("remove a slot", &[Role::Admin])?;
        if removal == Removal::IfSafe && slot == self.slot() {
            return Err(Error::OwnSlot);
        }
        self.change(Signed::ByAuthority, EventKind::SlotRemoved, |draft| {
            let role = granted_role(&draft.header, slot)?;
            draft.remove(slot)?;
            if removal == Removal::IfSafe {
                check_ways_in(&draft.header, role)?;
            }
            Ok(slot)
        })
        .map(drop)
    }

    /// Replaces the credential of the slot that was opened. The old one opens nothing any more when
    /// this returns. For admins, users and escrow.
    ///
    /// Whoever is no admin can add kinds of factors, and not take any away. `cost` of a passphrase
    /// stays as it is if `None`. An interruption leaves either the old or
    /// the new credential in force.
    ///
    /// # Errors
    /// As [`add_slot`](Self::add_slot), and [`Error::SlotOptions`] for a kind of factor that is
    /// missing. [`Error::Io`]: either credential is in force.
    pub fn change_credential<'a>(
        &self,
        new: impl Into<Credential<'a>>,
        cost: Option<Argon2Cost>,
    ) -> Result<(), Error> {
        self.change_credential_with(new, cost, &Argon2Options::default())
    }

    /// As [`change_credential`](Self::change_credential), with a say in how the key derivation is
    /// done.
    ///
    /// # Errors
    /// Also [`Error::Cancelled`]: nothing was changed.
    pub fn change_credential_with<'a>(
        &self,
        new: impl Into<Credential<'a>>,
        cost: Option<Argon2Cost>,
        derivation: &Argon2Options<'_>,
    ) -> Result<(), Error> {
        self.check_role(
            "change its credential",
            &[Role::Admin, Role::User, Role::Escrow],
        )?;
        let (new, slot) = (new.into(), self.slot());
        self.change(self.own_signature(), EventKind::SlotChanged, |draft| {
            let filling = Filling {
                credential: &new,
                cost,
                must_change: false,
                derivation,
            };
            change_own(draft, self.keys(), slot, &filling)
        })
        .map(drop)
    }

    /// Replaces the credential of another slot without knowing the old one, and gives the slot all
    /// its attempts, also if it was erased because they were used up. Admins only.
    ///
    /// With `must_change` the holder has to replace it at the next unlock.
    ///
    /// # Errors
    /// As [`add_slot`](Self::add_slot), and [`Error::NoSuchSlot`].
    pub fn reset_slot<'a>(
        &self,
        slot: usize,
        new: impl Into<Credential<'a>>,
        must_change: bool,
        cost: Option<Argon2Cost>,
    ) -> Result<(), Error> {
        self.reset_slot_with(slot, new, must_change, cost, &Argon2Options::default())
    }

    /// As [`reset_slot`](Self::reset_slot), with a say in how the key derivation is done.
    ///
    /// # Errors
    /// Also [`Error::Cancelled`]: nothing was changed.
    pub fn reset_slot_with<'a>(
        &self,
        slot: usize,
        new: impl Into<Credential<'a>>,
        must_change: bool,
        cost: Option<Argon2Cost>,
        derivation: &Argon2Options<'_>,
    ) -> Result<(), Error> {
        self.check_role("reset a slot", &[Role::Admin])?;
        let new = new.into();
        self.change(Signed::ByAuthority, EventKind::SlotReset, |draft| {
            let options = as_granted(&draft.header, slot, must_change)?;
            options.check(&new)?;
            let filling = Filling {
                credential: &new,
                cost,
                must_change,
                derivation,
            };
            draft.refill(slot, &filling)?;
            Ok(slot)
        })
        .map(drop)
    }

    /// Changes how many attempts a slot has, and what happens at the limit. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoSuchSlot`], [`Error::AttemptLimit`],
    /// [`Error::SlotOptions`] for a role without counter, for a limit that the failed attempts have
    /// reached already, and for a single attempt that would be reserved: nothing was changed.
    pub fn set_lockout(&self, slot: usize, limit: u8, action: Action) -> Result<(), Error> {
        self.check_role("change limits of attempts", &[Role::Admin])?;
        if !(1..=MAX_ATTEMPTS).contains(&limit) {
            return Err(Error::AttemptLimit { limit });
        }
        self.change(Signed::ByAuthority, EventKind::PolicyChanged, |draft| {
            granted_role(&draft.header, slot)?;
            // The next open would erase what the limit was to protect.
            let reached = is_in_use(&draft.header, slot) && failed(&draft.header, slot) >= limit;
            let grant = granted_mut(&mut draft.header, slot)?;
            let problem = if grant.lockout.is_none() {
                "slots of this role have no counter"
            } else if reached {
                "as many attempts have failed already: reset the attempts first"
            } else if limit == 1 && grant.flags.last_attempt_reserved {
                "a single attempt cannot be reserved: allow it first"
            } else {
                grant.lockout = Some((limit, action));
                return Ok(slot);
            };
            Err(Error::SlotOptions(problem))
        })
        .map(drop)
    }

    /// Allows the last attempt of a slot on which it is reserved. Admins only.
    ///
    /// The reservation is gone with it; grant it anew with the next [`reset_slot`](Self::reset_slot)
    /// or [`reserve_last_attempt`](Self::reserve_last_attempt).
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoSuchSlot`]: nothing was changed.
    pub fn allow_last_attempt(&self, slot: usize) -> Result<(), Error> {
        self.set_reserved(slot, false, EventKind::AttemptsAllowed)
    }

    /// Reserves the last attempt of a user's slot until an admin allows it. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoSuchSlot`], [`Error::SlotOptions`] for other roles and
    /// where there is one attempt only: nothing was changed.
    pub fn reserve_last_attempt(&self, slot: usize) -> Result<(), Error> {
        self.set_reserved(slot, true, EventKind::PolicyChanged)
    }

    /// Sets the counter of a slot back: its holder has all attempts again. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoSuchSlot`]: nothing was changed. [`Error::Io`]: the old
    /// or the new count is in force.
    pub fn reset_attempts(&self, slot: usize) -> Result<(), Error> {
        self.check_role("reset attempts", &[Role::Admin])?;
        let mut header = self.current_header()?;
        granted_role(&header, slot)?;
        let event = self.event(EventKind::AttemptsAllowed, slot);
        set_failed(&mut header, slot, 0);
        log::with_record(&mut header, &event, |header, record| {
            self.medium().write_counters_everywhere(header, record)
        })?;
        self.remember(&header);
        Ok(())
    }

    fn set_reserved(&self, slot: usize, reserved: bool, event: EventKind) -> Result<(), Error> {
        self.check_role("reserve or allow attempts", &[Role::Admin])?;
        self.change(Signed::ByAuthority, event, |draft| {
            let grant = granted_mut(&mut draft.header, slot)?;
            let single = grant.lockout.is_none_or(|(limit, _)| limit == 1);
            if reserved && (grant.role != Role::User || single) {
                return Err(Error::SlotOptions(
                    "the last of at least two attempts of a user's slot can be reserved, no other",
                ));
            }
            grant.flags.last_attempt_reserved = reserved;
            Ok(slot)
        })
        .map(drop)
    }
}

/// Fills a slot anew for its holder.
pub(super) fn change_own(
    draft: &mut Draft<'_>,
    keys: &Keys,
    slot: usize,
    filling: &Filling<'_>,
) -> Result<usize, Error> {
    as_granted(&draft.header, slot, false)?.check(filling.credential)?;
    let contents = draft.header.slots[slot].slot();
    let contents = contents.ok_or(Error::NoSuchSlot { slot })?;
    if keys.authority().is_none() && !filling.credential.covers(contents) {
        return Err(Error::SlotOptions(
            "only an admin can take a kind of factor away from it: present one of each kind that it has now",
        ));
    }
    let present = contents.factors.clone();
    let own = present.iter().find_map(passphrase_factor);
    let same = own.and_then(|own| factors::cost(&own).ok());
    let new = filling.credential.with_params_of(&present);
    let filling = Filling {
        credential: &new,
        cost: filling.cost.or(same.filter(|same| {
            let policy = &draft.header.policy;
            same.memory_kib() >= policy.min_kdf_memory_kib && same.passes() >= policy.min_kdf_passes
        })),
        ..*filling
    };
    if keys.authority().is_some() {
        // Who may name holders need not have been the last one: he may have reset his own slot.
        draft.refill(slot, &filling)?;
    } else {
        let endorsement = contents.endorsement;
        draft.fill(slot, &filling, keys.holder(), endorsement)?;
    }
    Ok(slot)
}

/// The role that is granted to a slot.
pub(super) fn granted_role(header: &Header, slot: usize) -> Result<Role, Error> {
    let grant = header.policy.grants.get(slot).and_then(Option::as_ref);
    grant
        .map(|grant| grant.role)
        .ok_or(Error::NoSuchSlot { slot })
}

/// The grant of a slot, to be changed.
fn granted_mut(header: &mut Header, slot: usize) -> Result<&mut Grant, Error> {
    let grant = header.policy.grants.get_mut(slot).and_then(Option::as_mut);
    grant.ok_or(Error::NoSuchSlot { slot })
}

/// What a slot was granted as, to hold a new credential against.
pub(super) fn as_granted(
    header: &Header,
    slot: usize,
    must_change: bool,
) -> Result<NewSlot, Error> {
    let mut options = NewSlot::new(granted_role(header, slot)?);
    options.must_change = must_change;
    Ok(options)
}

/// Refuses a header without an admin, without a slot of the `removed` role if the policy demands
/// one, or that nobody can open.
fn check_ways_in(header: &Header, removed: Role) -> Result<(), Error> {
    let count = |role: Role| {
        (0..SLOT_COUNT)
            .filter(|slot| {
                is_in_use(header, *slot) && granted_role(header, *slot).ok() == Some(role)
            })
            .count()
    };
    let roles = [Role::Admin, Role::User, Role::Recovery, Role::Escrow];
    if roles.into_iter().map(count).sum::<usize>() == 0 {
        return Err(Error::LastWayIn);
    }
    let demanded = removed == Role::Admin || header.policy.requires(removed);
    if demanded && count(removed) == 0 {
        return Err(Error::RequiredRole { role: removed });
    }
    Ok(())
}
