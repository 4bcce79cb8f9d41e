//! Encrypted volumes for portable media that limit guesses.
//!
//! A *volume* is a header and an encrypted payload in a file, on a block device, or on storage that
//! the embedding program supplies. A passphrase opens it; after ten failed attempts the key is
//! destroyed. No driver and no administrator is needed.
//!
//! | it is | it is not |
//! |---|---|
//! | XTS-AES-256, bit for bit dm-crypt's `aes-xts-plain64`: other tools can read the payload once they have the key | authenticated storage: XTS turns changed ciphertext into noise and does not notice |
//! | ten attempts for whoever has the medium and this software, whatever is killed, unplugged or run at once | ten attempts for whoever copies the medium first: a counter that can be copied is policy, not cryptography, and Argon2id is what he pays for each guess |
//! | erasure of the key with a report of what was read back | a promise about what flash keeps of overwritten pages, or about copies and header backups made before |
//! | roles that are held by signatures: a user cannot sign a policy or a slot of somebody else | a way to take the key back from who has opened the volume once; read-only is a rule that this software keeps |
//! | an event log that only admins read | proof against whoever holds the medium: he can add records, and cut off the latest |
//!
//! # First use
//!
//! ```
//! use tenlock::crypto::Passphrase;
//! use tenlock::storage::FileStorage;
//! use tenlock::volume::{CreateOptions, LockedVolume, create};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("customer.tenlock");
//! let passphrase = Passphrase::new("correct horse battery staple")?;
//! let mut options = CreateOptions::default();
//! options.payload_length = Some(16 << 20);
//!
//! // Make an image with room for 16 MiB, write to it, and lock it.
//! let volume = create(FileStorage::create_new(&path)?, &options, &passphrase)?;
//! volume.write_at(0, b"minutes of the meeting")?;
//! volume.lock()?;
//!
//! // Open it again.
//! let locked = LockedVolume::open(FileStorage::open(&path)?)?.locked()?;
//! let volume = locked.unlock(&passphrase)?;
//! let mut found = [0; 22];
//! volume.read_at(0, &mut found)?;
//! assert_eq!(&found, b"minutes of the meeting");
//! # Ok(())
//! # }
//! ```
//!
//! # Wrong passphrases
//!
//! ```
//! use tenlock::crypto::{Argon2Cost, Passphrase};
//! use tenlock::storage::MemoryStorage;
//! use tenlock::volume::{CreateOptions, UnlockFailure, create};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = CreateOptions::default();
//! options.payload_length = Some(1 << 20);
//! options.attempt_limit = 2;
//! options.cost = Argon2Cost::new(19_456, 2, 1)?; // the least that is accepted
//!
//! let storage = MemoryStorage::from_vec(Vec::new());
//! let mut locked = create(storage, &options, &Passphrase::new("right")?)?.lock()?;
//! let report = loop {
//!     locked = match locked.unlock(&Passphrase::new("wrong")?) {
//!         Ok(_) => unreachable!("a wrong passphrase opens nothing"),
//!         // Charged on the medium before it was tried; `volume` is for the next attempt.
//!         Err(UnlockFailure::Wrong { volume, remaining, .. }) => {
//!             assert_eq!(remaining, Some(1));
//!             volume
//!         }
//!         // The limit: the key is destroyed before this returns.
//!         Err(UnlockFailure::Erased(volume)) => break volume.into_report(),
//!         Err(UnlockFailure::Failed { error, .. }) => return Err(error.into()),
//!     };
//! };
//! assert!(report.is_verified());
//! # Ok(())
//! # }
//! ```
//!
//! # What else there is
//!
//! | for | see |
//! |---|---|
//! | several people: slots, roles, credentials of several factors | [`volume::NewSlot`], [`volume::Role`], [`volume::Credential`], [`volume::ExternalFactor`] |
//! | whoever forgets a passphrase, or leaves | [`volume::LockedVolume::recover`], [`volume::Volume::reset_slot`], [`volume::Volume::remove_slot`] |
//! | provisioning by a program, all slots at once | [`volume::create_with_slots`] |
//! | rules and texts that an admin signs | [`volume::PolicyRules`], [`volume::Label`] |
//! | who opened it, and who tried | [`volume::EventLog`] |
//! | an older copy that was put back | [`volume::RollbackMemory`], [`volume::FileMemory`] |
//! | locking after a time without use | [`volume::AutoLock`] |
//! | a header that was overwritten | [`volume::check_header`], [`volume::LockedVolume::repair`], [`volume::Volume::backup_header`], [`volume::restore_header`] |
//!
//! The documentation of [`volume`] has an example of each.
//!
//! # Where to look
//!
//! - [`volume`]: the states of a volume and what can be done in each. Start here.
//! - [`storage`]: files, block devices, memory, and the trait for storage of your own.
//! - [`crypto`]: passphrases, key derivation costs, the one secret type, XTS.
//! - [`format`](mod@format): the bytes; [`format::page`] is their normative description.
//!
//! The manual in `docs/` has the threat model and the lockout protocol. Dependencies point one way:
//! `volume` uses `format`, `crypto` and `storage`, which do not know each other.
//!
//! # What it leaves to you
//!
//! No global state but the registry of locks, no threads unless you give it [`volume::Workers`], no
//! signals, no printing, no exit.
//! Passphrases come in as UTF-8 and are normalised (NFC); wipe your own copy. Flush when data has
//! to survive a power failure.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod crypto;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod format;
pub mod storage;
pub mod volume;
