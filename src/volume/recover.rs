//! Getting back in: a recovery key makes a new holder of a user's slot.
//!
//! The recovery slot's holder endorses the new one's signing key, so that everybody's next unlock
//! accepts a slot that the authority has not seen yet. A recovery key that opens only once is spent in
//! the same generation, on the medium, before the volume is handed out.

use super::attempt::slot_index;
use super::change::Signed;
use super::credential::Credential;
use super::draft::{Draft, Filling};
use super::error::Error;
use super::event::EventKind;
use super::keys::endorsement_message;
use super::locked::{LockedVolume, UnlockFailure};
use super::options::UnlockOptions;
use super::slots::{as_granted, granted_role};
use super::unlocked::Volume;
use crate::crypto::{Argon2Options, SigningKey};
use crate::format::{Endorsement, Header, Role, SLOT_COUNT};

impl LockedVolume {
    /// Gives a user's slot a new credential with the key of a recovery slot, and opens the volume as
    /// that user. The old credential opens nothing any more; the slot has all its attempts, also if
    /// it was erased because they were used up. `slot` may be left out if there is only one user.
    ///
    /// A recovery key that opens only once is spent durably before the volume is handed out. An
    /// interruption leaves either everything as it was, or all of it done.
    ///
    /// # Errors
    /// As [`unlock_with`](Self::unlock_with); [`Error::NotPermitted`] for a slot that is not of the
    /// role recovery, [`Error::NoSuchSlot`] for one that is not a user's, [`Error::AmbiguousSlot`],
    /// and those of [`Volume::change_credential`]: nothing was changed or spent. [`Error::Io`]: all
    /// was done, or nothing.
    pub fn recover<'a, 'b>(
        self,
        key: impl Into<Credential<'a>>,
        slot: Option<usize>,
        new: impl Into<Credential<'b>>,
        options: &UnlockOptions<'_>,
    ) -> Result<Volume, UnlockFailure> {
        let opened = self.open_slot(&key.into(), options)?;
        let one_time = opened.is_one_time();
        let mut volume = Volume::new(opened, options)?;
        match recover_slot(&volume, slot, &new.into(), one_time, &options.derivation) {
            Ok((slot, holder)) => {
                volume.become_holder(slot, Role::User, holder);
                Ok(volume)
            }
            Err(error) => Err((volume.into_locked(), error).into()),
        }
    }
}

fn recover_slot(
    volume: &Volume,
    slot: Option<usize>,
    new: &Credential<'_>,
    one_time: bool,
    derivation: &Argon2Options<'_>,
) -> Result<(usize, SigningKey), Error> {
    volume.check_role("recover a user's slot", &[Role::Recovery])?;
    let mut made = None;
    let slot = volume.change(Signed::ByHolder, EventKind::Recovered, |draft| {
        let slot = user_slot(&draft.header, slot)?;
        as_granted(&draft.header, slot, false)?.check(new)?;
        let holder = draft.new_holder()?;
        let endorsement = endorse(draft, volume, slot, &holder)?;
        let filling = Filling {
            credential: new,
            cost: None,
            must_change: false,
            derivation,
        };
        draft.fill(slot, &filling, &holder, Some(endorsement))?;
        if one_time {
            draft.vacate(volume.slot())?;
        }
        made = Some(holder);
        Ok(slot)
    })?;
    made.map(|holder| (slot, holder))
        .ok_or(Error::NoSuchSlot { slot })
}

/// The user's slot that is meant.
fn user_slot(header: &Header, slot: Option<usize>) -> Result<usize, Error> {
    let is_user = |slot: &usize| granted_role(header, *slot).ok() == Some(Role::User);
    if let Some(slot) = slot {
        return if is_user(&slot) {
            Ok(slot)
        } else {
            Err(Error::NoSuchSlot { slot })
        };
    }
    let users: Vec<usize> = (0..SLOT_COUNT).filter(is_user).collect();
    match users.as_slice() {
        [] => Err(Error::SlotOptions(
            "there is no user's slot to recover; an admin can add one",
        )),
        [only] => Ok(*only),
        _ => Err(Error::AmbiguousSlot { slots: users }),
    }
}

fn endorse(
    draft: &Draft<'_>,
    volume: &Volume,
    slot: usize,
    holder: &SigningKey,
) -> Result<Endorsement, Error> {
    let header = &draft.header;
    let grant = header.policy.grants[slot].as_ref();
    let grant_id = grant.ok_or(Error::NoSuchSlot { slot })?.id;
    let since = draft.next_version(slot)?;
    let holder = holder.public_key().0;
    let message = endorsement_message(header.root.id, slot_index(slot), &grant_id, since, &holder);
    Ok(Endorsement {
        by: u8::try_from(volume.slot()).unwrap_or(u8::MAX),
        since,
        holder,
        signature: volume.keys().holder().sign(&message),
    })
}
