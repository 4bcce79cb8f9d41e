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
//! Before a passphrase is tried, the attempt is charged: written to both header copies, each
//! followed by a flush to the medium. Only the code that has done so can build the token
//! (`attempt::Charged`) on which a slot can be tried, so a path that forgets to count is a
//! type error. An interruption anywhere after the charge leaves it charged; a limit that was
//! reached is acted upon by the next open, before anything else. What this cannot do: whoever
//! copies the whole medium can put the copy back.
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
