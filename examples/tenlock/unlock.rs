//! Unlocking: what opens the volume is read, tried, and its notices are passed on.

use std::path::Path;
use std::sync::Arc;

use tenlock::format::VolumeState;
use tenlock::storage::Storage;
use tenlock::volume::{
    Error, LockedVolume, UnlockFailure, UnlockOptions, Volume, Workers, inspect,
};

use crate::credential::{Access, CredentialArgs, Secrets};
use crate::failure::Failure;
use crate::image::open;
use crate::output::Output;
use crate::ways_in::{attempts_left, is_exhausted};

/// A locked volume, and what is to open it.
pub(crate) struct Attempt {
    pub(crate) volume: LockedVolume,
    pub(crate) secrets: Secrets,
    pub(crate) options: UnlockOptions<'static>,
}

/// Unlocks the volume at `path`.
pub(crate) fn unlock(
    path: &Path,
    credential: &CredentialArgs,
    out: &mut Output,
) -> Result<Volume, Failure> {
    unlock_by(path, credential.access(), out)
}

/// Unlocks the volume at `path` for what a user may not do.
pub(crate) fn unlock_as_admin(
    path: &Path,
    credential: &CredentialArgs,
    out: &mut Output,
) -> Result<Volume, Failure> {
    unlock_by(path, credential.admin_access(), out)
}

fn unlock_by(path: &Path, access: Access<'_>, out: &mut Output) -> Result<Volume, Failure> {
    let attempt = prepare(path, access, out)?;
    let volume = attempt.make()?.map_err(Error::from)?;
    pass_on_notices(&volume, out);
    with_all_cores(volume)
}

/// Opens the volume at `path` and reads what is to unlock it.
///
/// Whatever a credential cannot change is told before one is asked for, and while a person types, nobody else is kept out.
pub(crate) fn prepare(
    path: &Path,
    access: Access<'_>,
    out: &mut Output,
) -> Result<Attempt, Failure> {
    let storage: Arc<dyn Storage> = Arc::new(open(path)?);
    let info = inspect(&*storage)?;
    if info.state != VolumeState::Locked || is_exhausted(&info) {
        // Finishes what was interrupted, if it can.
        drop(LockedVolume::open_shared(Arc::clone(&storage))?.locked()?);
    }
    let sources = access.sources(&info)?;
    if sources.is_guessable() && !storage.is_writable() {
        return Err(Error::CannotWrite(None).into());
    }
    if sources.is_typed()
        && !out.is_json()
        && let Some((remaining, action)) = attempts_left(&info, access.choice)
    {
        out.warn_of_few_attempts(remaining, action);
    }
    let secrets = sources.read()?;
    let volume = LockedVolume::open_shared(storage)?.locked()?;
    Ok(Attempt {
        volume,
        secrets,
        options: access.options(),
    })
}

impl Attempt {
    /// Makes the attempt.
    pub(crate) fn make(self) -> Result<Result<Volume, UnlockFailure>, Failure> {
        let credential = self.secrets.credential()?;
        Ok(self.volume.unlock_with(credential, &self.options))
    }
}

/// Tells what was found out of order.
pub(crate) fn pass_on_notices(volume: &Volume, out: &mut Output) {
    for notice in volume.take_notices() {
        out.notice(notice.to_string());
    }
}

/// Flushes and locks.
pub(crate) fn close(volume: Volume, out: &mut Output) -> Result<(), Failure> {
    pass_on_notices(&volume, out);
    volume.lock().map_err(Error::from)?;
    Ok(())
}

/// The volume with a thread for each core.
pub(crate) fn with_all_cores(volume: Volume) -> Result<Volume, Failure> {
    Ok(volume.with_workers(Workers::for_this_machine()?))
}
