//! Making a volume.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::credential::{Parts, tenlock_credential};
use super::fault::{Fault, tenlock_error};
use super::memory::{self, OutHandle, Versioned};
use super::options::{self, Log, Progress, tenlock_log_callback, tenlock_progress};
use super::rules::{self, tenlock_label, tenlock_policy};
use super::slots::{self, tenlock_slot_options};
use super::storage::{SharedStorage, tenlock_storage};
use super::table::{Shared, shared};
use super::volume::{OpenVolume, tenlock_volume};
use super::workers::{self, tenlock_workers};
use crate::format::{Role, SectorSize};
use crate::volume::{CreateOptions, Grantee, NewSlot, create_with};

/// What a new volume is to be like. Zero is the default of every member. All texts and tables are copied.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_create_options {
    /// Size of this struct.
    pub size: usize,
    /// Texts that anybody can read.
    pub label: *const tenlock_label,
    /// Rules, which bind the first credentials too.
    pub policy: *const tenlock_policy,
    /// Progress of the key derivations, and cancelling: then nothing is written.
    pub progress: *const tenlock_progress,
    /// Told of notices, as long as the volume is open.
    pub log: *const tenlock_log_callback,
    /// Threads for large requests to the volume.
    pub workers: *const tenlock_workers,
    /// Name of this host for the event log.
    pub host: *const c_char,
    /// Name of the program for the event log.
    pub agent: *const c_char,
    /// Room for data in bytes, a multiple of 4096; 0 for all the room of the storage. The storage is 2 MiB
    /// larger.
    pub payload_length: u64,
    /// 512 or 4096; 0 for 4096.
    pub sector_size: u32,
    /// Cost of the key derivation: memory in KiB. The three of it are 0 for 64 MiB, 3 passes, 4 lanes.
    pub kdf_memory_kib: u32,
    /// Cost of the key derivation: passes.
    pub kdf_passes: u32,
    /// Cost of the key derivation: lanes.
    pub kdf_lanes: u32,
    /// Consecutive failed attempts of the admin after which the key is erased, 1 to 10; 0 for 10. For
    /// `tenlock_create` only.
    pub attempt_limit: u32,
    /// 1: data that is found where the volume is made may be overwritten.
    pub overwrite: u32,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_create_options {}

/// Makes a volume with `credential`, a passphrase as a rule, as an admin's in slot 0, and opens it.
/// `options` may be NULL.
///
/// The payload is not written: it reads as noise at first. An interruption leaves a whole volume or something
/// that no open takes for one.
///
/// TENLOCK_ERROR_LOOKS_LIKE_DATA, _SIZE, _ATTEMPT_LIMIT, _RULE, _BUSY, _CANNOT_WRITE, _CANCELLED and others
/// that speak of the options: nothing was written. _IO: what is there is not a volume, or a whole one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_create(
    storage: *const tenlock_storage,
    credential: *const tenlock_credential,
    options: *const tenlock_create_options,
    error: *mut tenlock_error,
    volume: *mut *mut tenlock_volume,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (volume, create) = unsafe { (OutHandle::at(volume)?, Create::read(options)?) };
        let mut slot = NewSlot::new(Role::Admin);
        slot.attempt_limit = create.options.attempt_limit;
        let credential = shared(credential)?;
        volume.put(create.run(storage, &[slot], &[credential])?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// As `tenlock_create`, with `count` slots at once, each with options and a credential. The first must be an
/// admin's, and is the one that is open then. Everything is checked before anything is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_create_with_slots(
    storage: *const tenlock_storage,
    slots: *const *const tenlock_slot_options,
    credentials: *const *const tenlock_credential,
    count: usize,
    options: *const tenlock_create_options,
    error: *mut tenlock_error,
    volume: *mut *mut tenlock_volume,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (volume, create) = unsafe { (OutHandle::at(volume)?, Create::read(options)?) };
        // SAFETY: as above.
        let (slots, credentials) = unsafe {
            (
                memory::array(slots, count)?,
                memory::array(credentials, count)?,
            )
        };
        // SAFETY: as above.
        let slots = slots
            .into_iter()
            .map(|slot| unsafe { slots::new_slot(slot) });
        let slots: Vec<NewSlot> = slots.collect::<Result<_, _>>()?;
        let credentials = credentials.into_iter().map(shared);
        let credentials: Vec<_> = credentials.collect::<Result<_, _>>()?;
        volume.put(create.run(storage, &slots, &credentials)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Options of a creation, copied.
struct Create {
    options: CreateOptions,
    progress: Progress,
    log: Log,
    workers: crate::volume::Workers,
}

impl Create {
    /// # Safety
    /// As [`memory::read_or_default`], the same for what the options point to.
    unsafe fn read(from: *const tenlock_create_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises, here and below.
        let table = unsafe { memory::read_or_default(from) }?;
        let cost = options::cost(table.kdf_memory_kib, table.kdf_passes, table.kdf_lanes)?;
        // SAFETY: as the caller promises.
        unsafe {
            Ok(Self {
                options: CreateOptions {
                    payload_length: (table.payload_length != 0).then_some(table.payload_length),
                    sector_size: sector_size(table.sector_size)?,
                    cost: cost.unwrap_or_default(),
                    attempt_limit: slots::attempt_limit(table.attempt_limit),
                    label: rules::label(table.label)?,
                    policy: rules::policy(table.policy)?,
                    origin: options::origin(table.host, table.agent)?,
                    overwrite: table.overwrite != 0,
                },
                progress: Progress::read(table.progress)?,
                log: Log::read(table.log)?,
                workers: workers::of(table.workers)?,
            })
        }
    }

    fn run(
        self,
        storage: *const tenlock_storage,
        slots: &[NewSlot],
        credentials: &[Shared<tenlock_credential>],
    ) -> Result<OpenVolume, Fault> {
        let storage = SharedStorage::of(storage)?;
        let grantees = slots.iter().zip(credentials).map(|(slot, parts)| {
            let parts: &Parts = parts;
            Ok(Grantee {
                slot: slot.clone(),
                credential: parts.credential()?,
            })
        });
        let grantees: Vec<_> = grantees.collect::<Result<_, Fault>>()?;
        let volume = self.progress.with(0, |derivation| {
            create_with(storage, &self.options, &grantees, &derivation)
        })?;
        Ok(OpenVolume::new(volume.with_workers(self.workers), self.log))
    }
}

fn sector_size(bytes: u32) -> Result<SectorSize, Fault> {
    match bytes {
        0 | 4096 => Ok(SectorSize::B4096),
        512 => Ok(SectorSize::B512),
        _ => Err(Fault::new(
            TENLOCK_ERROR_ARGUMENT,
            "the sector size is neither 512 nor 4096",
        )),
    }
}
