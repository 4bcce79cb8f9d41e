//! Volumes: create, open, unlock, use, lock out, erase.
//!
//! # States are types
//!
//! ```text
//! create ──────────────────────────────► Volume ──lock──► LockedVolume
//! LockedVolume::open ──► LockedVolume ──unlock──► Volume (reads and writes)
//!                    │         │ ├─ wrong credential: the LockedVolume back, with the attempts left
//!                    │         │ └─ last attempt: ErasedVolume
//!                    │         └─erase──► ErasedVolume
//!                    └─► ErasedVolume (only its report)
//! ```
//!
//! A [`LockedVolume`] cannot be read, an [`ErasedVolume`] cannot be unlocked, and there is no
//! [`Volume`] without keys: calls in the wrong order do not compile.
//!
//! # Ten attempts
//!
//! Each slot of an admin or a user has a counter, 1 to 10, ten by default. Before a passphrase is tried, the attempt is charged: written to both header copies, each
//! followed by a flush to the medium. Only the code that has done so can build the token
//! (`attempt::Charged`) on which a slot can be tried, so a path that forgets to count is a
//! type error. An interruption anywhere after the charge leaves it charged; a limit that was
//! reached is acted upon by the next open, before anything else. What this cannot do: whoever
//! copies the whole medium can put the copy back.
//!
//! # Credentials, slots and roles
//!
//! A volume has up to 32 *slots*. Each is opened by one *credential* of one to four factors (a passphrase, a key
//! file, a recovery key, a private key, an [external factor](ExternalFactor)) and is granted to one [`Role`]: admin,
//! user, recovery or escrow. An admin adds, [resets](Volume::reset_slot) and [removes](Volume::remove_slot) slots; what
//! he decides is signed. `docs/roles.md` has the table of who can do what; what is refused is
//! [`Error::NotPermitted`]. A passphrase is tried on one slot only, unless [`SlotChoice`] says otherwise: on a volume
//! with users an admin has to ask for his.
//!
//! ```
//! # use tenlock::crypto::{Argon2Cost, Passphrase};
//! # use tenlock::storage::MemoryStorage;
//! # use tenlock::volume::{CreateOptions, create};
//! use tenlock::volume::{Error, NewSlot, Role, SlotChoice, UnlockOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut options = CreateOptions::default();
//! # options.payload_length = Some(1 << 20);
//! # options.cost = Argon2Cost::new(19_456, 2, 1)?;
//! let (office, technician) = (Passphrase::new("of the office")?, Passphrase::new("of the technician")?);
//! let volume = create(MemoryStorage::default(), &options, &office)?;
//! let mut slot = NewSlot::new(Role::User);
//! slot.name = "Technician".to_owned();
//! slot.attempt_limit = 5;
//! let index = volume.add_slot(&slot, &technician)?;
//!
//! // His passphrase needs no choice, and does not let him decide anything.
//! let volume = volume.lock()?.unlock(&technician)?;
//! assert_eq!((volume.slot(), volume.role()), (index, Role::User));
//! assert!(matches!(volume.add_slot(&slot, &technician), Err(Error::NotPermitted { .. })));
//!
//! // The admin says that he is one, and reads the event log.
//! let mut as_admin = UnlockOptions::default();
//! as_admin.choice = SlotChoice::Role(Role::Admin);
//! let volume = volume.lock()?.unlock_with(&office, &as_admin)?;
//! let log = volume.event_log()?;
//! let kinds = log.entries.iter().filter_map(|entry| entry.event.as_ref().map(|event| event.kind()));
//! assert_eq!(kinds.map(|kind| kind.name()).take(2).collect::<Vec<_>>(), ["created", "slot_added"]);
//! assert!(log.faults.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Recovery
//!
//! A recovery key gives a user's slot a new credential when the old one is forgotten or its attempts are used up, and
//! nothing else ([`LockedVolume::recover`]). A slot of the role escrow opens the volume with a private key that is kept
//! elsewhere; [`Volume::add_slot`] takes its public key.
//!
//! ```
//! # use tenlock::crypto::{Argon2Cost, Passphrase};
//! # use tenlock::storage::MemoryStorage;
//! # use tenlock::volume::{CreateOptions, NewSlot, Role, UnlockOptions, create};
//! use tenlock::crypto::RecoveryKey;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut options = CreateOptions::default();
//! # options.payload_length = Some(1 << 20);
//! # options.cost = Argon2Cost::new(19_456, 2, 1)?;
//! # let (office, technician) = (Passphrase::new("of the office")?, Passphrase::new("of the technician")?);
//! let volume = create(MemoryStorage::default(), &options, &office)?;
//! let user = volume.add_slot(&NewSlot::new(Role::User), &technician)?;
//! let printed = RecoveryKey::generate()?;
//! let mut once = NewSlot::new(Role::Recovery);
//! once.one_time = true;
//! volume.add_slot(&once, &printed)?;
//!
//! // `None`: there is one user only. The key is spent before this returns.
//! let new = Passphrase::new("another of the technician")?;
//! let volume = volume.lock()?.recover(&printed, None, &new, &UnlockOptions::default())?;
//! assert_eq!((volume.slot(), volume.role()), (user, Role::User));
//! assert!(volume.lock()?.unlock(&printed).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # Policy, label, event log
//!
//! [`Volume::set_policy`] sets rules that bind new credentials ([`PolicyRules`]): length and
//! strength of passphrases, cost of the key derivation, roles of which a slot must exist, and the time after which an
//! embedding program is to lock ([`AutoLock`]; the library has no timer and locks nothing of its own accord).
//! [`Volume::set_label`] sets texts that anybody reads without a key.
//! The *event log* holds the last 168 events, sealed to the admins ([`Volume::event_log`], above). Writing a record takes no
//! secret: whoever has the medium can add records, and can cut off those after the last change of an admin.
//!
//! # Older copies of a volume
//!
//! A medium cannot tell that an earlier copy of it was put back, to have its attempts again. A host can, if it
//! remembers: [`RollbackMemory`] is where, [`FileMemory`] keeps it in a file. It finds nothing that this host has not
//! seen.
//!
//! ```
//! # use tenlock::crypto::{Argon2Cost, Passphrase};
//! # use tenlock::volume::{CreateOptions, create};
//! use std::sync::Arc;
//! use tenlock::storage::MemoryStorage;
//! use tenlock::volume::{Error, FileMemory, LockedVolume, UnlockOptions, Volume};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut options = CreateOptions::default();
//! # options.payload_length = Some(1 << 20);
//! # options.cost = Argon2Cost::new(19_456, 2, 1)?;
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("volumes");
//! # let passphrase = Passphrase::new("right")?;
//! let medium = MemoryStorage::default();
//! drop(create(medium.second_handle(), &options, &passphrase)?);
//! let earlier = medium.contents();
//!
//! let mut remembering = UnlockOptions::default();
//! remembering.memory = Some(Arc::new(FileMemory::new(path)));
//! let unlock = |storage| -> Result<Volume, Error> {
//!     let locked = LockedVolume::open(storage)?.locked()?;
//!     Ok(locked.unlock_with(&passphrase, &remembering)?)
//! };
//! drop(unlock(medium.second_handle())?);
//!
//! // Refused before an attempt is charged. `accept_rollback` is for who has restored it himself.
//! let refused = unlock(MemoryStorage::from_vec(earlier));
//! assert!(matches!(refused, Err(Error::Rollback(_))));
//! # Ok(())
//! # }
//! ```
//!
//! # Header backups
//!
//! The header has two copies, which an unlock repairs from each other; [`check_header`] looks at them,
//! [`LockedVolume::repair`] writes a copy anew that something else has overwritten. Against the loss of both there is
//! [`Volume::backup_header`], sealed to a public key, and [`restore_header`]. A backup **outlives an erase** and knows nothing
//! of attempts: with it and a credential of its time the payload can be read for as long as it is there. The header counts them.
//!
//! ```
//! # use tenlock::crypto::{Argon2Cost, Passphrase};
//! # use tenlock::volume::{CreateOptions, create};
//! use tenlock::crypto::PrivateKey;
//! use tenlock::storage::{MemoryStorage, Storage};
//! use tenlock::volume::{BackupFile, LockedVolume, RestoreOptions, restore_header};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut options = CreateOptions::default();
//! # options.payload_length = Some(1 << 20);
//! # options.cost = Argon2Cost::new(19_456, 2, 1)?;
//! # let passphrase = Passphrase::new("right")?;
//! let office = PrivateKey::generate()?;
//! let medium = MemoryStorage::default();
//! let volume = create(medium.second_handle(), &options, &passphrase)?;
//! let file = volume.backup_header(&office.public_key())?;
//! volume.lock()?;
//!
//! // Both copies are lost: the first and the last MiB.
//! medium.write_at(0, &[0; 1 << 20])?;
//! medium.write_at(2 << 20, &[0; 1 << 20])?;
//! assert!(LockedVolume::open(medium.second_handle()).is_err());
//!
//! let BackupFile::Sealed(sealed) = BackupFile::parse(&file)? else {
//!     return Err("not the one that was taken".into());
//! };
//! let report = restore_header(medium.second_handle(), &sealed.open(&office)?, &RestoreOptions::default())?;
//! assert!(report.unwritten.is_empty());
//! // The counters were lost too, so one attempt is left on each slot until one succeeds.
//! assert!(report.counters_lost);
//! LockedVolume::open(medium.second_handle())?.locked()?.unlock(&passphrase)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Concurrency
//!
//! [`LockedVolume::open`] on storage that can be written takes the exclusive lock of the storage,
//! and it is held until the last state is dropped: [`Error::Busy`] for everybody else. [`inspect`]
//! reads without the lock. A [`Volume`] can be used by many threads at once through `&self`.

mod attempt;
mod auto_lock;
mod backup;
mod blocks;
mod change;
mod check;
mod choice;
mod create;
mod credential;
mod cursor;
mod data;
mod draft;
mod erase;
mod error;
mod event;
mod external;
mod factors;
mod genuine;
mod info;
mod keys;
mod locked;
mod log;
mod medium;
mod memory;
mod new_slot;
mod options;
mod policy;
#[cfg(feature = "parallel")]
mod pool;
mod recover;
mod repair;
mod restore;
mod rules;
mod slots;
mod staging;
mod unlocked;
mod workers;

pub use crate::format::{
    Action, BlockKind, Cause, CopyStatus, Label, LabelField, LogFault, PassphraseRules, Region,
    RegionKind, RegionResult, Role, SectorSize, VolumeId, VolumeState,
};
pub use auto_lock::{AutoLock, Check, Clock, OnIdle, SystemClock};
pub use backup::{BackupError, BackupFile, BackupInfo, HeaderBackup, SealedBackup};
pub use blocks::BlockFault;
pub use check::{CopyCheck, HeaderCheck, Prospect, SealCheck, check_header};
pub use choice::SlotChoice;
pub use create::{CreateOptions, Grantee, create, create_with, create_with_slots};
pub use credential::{Credential, CredentialError};
pub use cursor::Cursor;
pub use erase::{EraseReport, ErasedVolume};
pub use error::{Code, Damage, Error};
pub use event::{Event, EventKind};
pub use external::{ExternalError, ExternalFactor, ExternalRequest};
pub use info::{Attempts, Info, SlotInfo, SlotStatus, inspect};
pub use locked::{LockedVolume, Opened, Repaired, Tried, UnlockFailure};
pub use log::{EventLog, LogEntry};
pub use memory::{FileMemory, Remembered, Rollback, RollbackMemory};
pub use new_slot::NewSlot;
pub use options::{Origin, UnlockOptions};
pub use policy::PolicyRules;
pub use repair::{Notice, RepairReport};
pub use restore::{
    IfOlder, Replaced, RestoreOptions, RestoreRefusal, RestoreReport, restore_header,
};
#[cfg(feature = "strength")]
pub use rules::strength_bits;
pub use rules::{MAX_STRENGTH_BITS, RuleViolation, RulesError, check_rules};
pub use slots::Removal;
pub use unlocked::Volume;
pub use workers::Workers;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector;
