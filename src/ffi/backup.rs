//! Backups of the header: taking, reading and restoring them, and looking at a header.

use std::ffi::{c_char, c_void};

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::credential::utf8;
use super::fault::{Fault, tenlock_error};
use super::json_header;
use super::memory::{self, OutHandle, OutStruct, Versioned};
use super::options::{host_memory, origin};
use super::rollback::tenlock_memory_callbacks;
use super::storage::{SharedStorage, tenlock_storage};
use super::table::{self, Handle, shared};
use super::text::{Text, tenlock_text};
use super::volume::{put_json, tenlock_volume, with};
use crate::crypto::PrivateKey;
use crate::volume::{
    BackupFile, BackupInfo, HeaderBackup, IfOlder, RestoreOptions, check_header, restore_header,
};

/// A header backup, from its file. Can be used by many threads at once.
pub struct tenlock_backup {
    _private: [u8; 0],
}

impl Handle for tenlock_backup {
    type Content = BackupFile;
}

/// What a backup says of itself; of a sealed one these are a stranger's words.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_backup_facts {
    /// Size of this struct.
    pub size: usize,
    /// The volume.
    pub volume_id: [u8; 16],
    /// Generation of the header in it.
    pub generation: u64,
    /// When it was taken, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Length of the volume in bytes, with its headers.
    pub volume_length: u64,
    /// Counts the backups of the volume, from 1.
    pub number: u32,
    /// 1: it is sealed, and needs a private key.
    pub sealed: u32,
    /// The public key that it is sealed to, as text with a zero byte at the end; empty if it is not.
    pub recipient: [c_char; 72],
}

/// How a header is to be restored. Zero is the default of every member. All is copied.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_restore_options {
    /// Size of this struct.
    pub size: usize,
    /// Name of this host for the event log.
    pub host: *const c_char,
    /// Name of the program for the event log.
    pub agent: *const c_char,
    /// File in which this host remembers volumes.
    pub memory_path: *const c_char,
    /// Callbacks for the same; not both.
    pub memory: *const tenlock_memory_callbacks,
    /// 1: an older header may replace a newer one; credentials, rules and label are then those of the backup.
    pub allow_older: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_backup_facts {}
// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_restore_options {}

/// Takes a backup of the header, sealed to the public key in `text`, whose private key is kept away from the
/// medium: `backup` has the bytes of its file. It is counted in the header first, and **outlives an erase**:
/// who has that private key and a credential that is valid now reads the payload. Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_backup_header(
    volume: *const tenlock_volume,
    text: *const c_void,
    length: usize,
    error: *mut tenlock_error,
    backup: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (backup, text) =
            unsafe { (OutHandle::<tenlock_text>::at(backup)?, utf8(text, length)?) };
        let to = text.trim().parse()?;
        backup.put(Text::new(&with(volume, |volume| {
            volume.backup_header(&to)
        })?)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// As `tenlock_volume_backup_header`, not sealed: whoever finds the file guesses passphrases without any limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_backup_header_plain_outlives_erase(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    backup: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let backup = unsafe { OutHandle::<tenlock_text>::at(backup) }?;
        let bytes = with(
            volume,
            crate::volume::Volume::backup_header_plain_outlives_erase,
        )?;
        backup.put(Text::new(&bytes)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Reads the bytes of a backup's file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_backup_read(
    bytes: *const c_void,
    length: usize,
    error: *mut tenlock_error,
    backup: *mut *mut tenlock_backup,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (backup, bytes) = unsafe {
            (
                OutHandle::<tenlock_backup>::at(backup)?,
                memory::bytes(bytes, length)?,
            )
        };
        backup.put(BackupFile::parse(bytes)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `facts`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_backup_describe(
    backup: *const tenlock_backup,
    error: *mut tenlock_error,
    facts: *mut tenlock_backup_facts,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let facts = unsafe { OutStruct::at(facts) }?;
        facts.put(facts_of(&shared(backup)?.info()))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Puts the header of a backup on both copies of the volume on `storage`, which no volume may be open on. A sealed
/// backup needs the private key in `text`, a plain one NULL and 0. `options` may be NULL. What was erased stays
/// erased, and attempts that were used stay used. Gives a JSON object of what was done to `report`, unless that
/// is NULL.
///
/// TENLOCK_ERROR_RESTORE_* and other refusals: nothing was written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_restore_header(
    storage: *const tenlock_storage,
    backup: *const tenlock_backup,
    text: *const c_void,
    length: usize,
    options: *const tenlock_restore_options,
    error: *mut tenlock_error,
    report: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (out, key, options) = unsafe {
            (
                OutHandle::<tenlock_text>::at_unless_null(report)?,
                utf8(text, length)?,
                restore_options(options)?,
            )
        };
        let storage = SharedStorage::of(storage)?;
        let file = shared(backup)?;
        let opened = unsealed(&file, key)?;
        let report = restore_header(storage, opened.of(&file)?, &options)?;
        match out {
            Some(out) => put_json(out, &json_header::restore(&report)),
            None => Ok(()),
        }
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Looks at both header copies on `storage` block by block: a JSON object. Takes no lock, costs no attempt and
/// writes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_check_header(
    storage: *const tenlock_storage,
    error: *mut tenlock_error,
    check: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let out = unsafe { OutHandle::<tenlock_text>::at(check) }?;
        put_json(
            out,
            &json_header::check(&check_header(&SharedStorage::of(storage)?)?),
        )
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_backup_free(backup: *mut tenlock_backup) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(backup)) }
}

/// A sealed backup that was opened; `None` for a plain one.
struct Unsealed(Option<HeaderBackup>);

impl Unsealed {
    fn of<'a>(&'a self, file: &'a BackupFile) -> Result<&'a HeaderBackup, Fault> {
        match (file, &self.0) {
            (BackupFile::Plain(backup), _) | (BackupFile::Sealed(_), Some(backup)) => Ok(backup),
            (BackupFile::Sealed(_), None) => Err(TENLOCK_ERROR_BACKUP_WRONG_KEY.into()),
        }
    }
}

fn unsealed(file: &BackupFile, key: &str) -> Result<Unsealed, Fault> {
    Ok(Unsealed(match file {
        BackupFile::Plain(_) => None,
        BackupFile::Sealed(sealed) => Some(sealed.open(&PrivateKey::from_text(key)?)?),
    }))
}

/// # Safety
/// As [`memory::read_or_default`], the same for what the options point to.
unsafe fn restore_options(from: *const tenlock_restore_options) -> Result<RestoreOptions, Fault> {
    // SAFETY: as the caller promises, here and below.
    let table = unsafe { memory::read_or_default(from) }?;
    let if_older = match (table.allow_older, table.reserved) {
        (0, 0) => IfOlder::Refuse,
        (1, 0) => IfOlder::Allow,
        _ => return Err(TENLOCK_ERROR_ARGUMENT.into()),
    };
    // SAFETY: as the caller promises.
    unsafe {
        Ok(RestoreOptions {
            if_older,
            origin: origin(table.host, table.agent)?,
            memory: host_memory(table.memory_path, table.memory)?,
        })
    }
}

fn facts_of(info: &BackupInfo) -> tenlock_backup_facts {
    let mut facts = tenlock_backup_facts {
        size: 0,
        volume_id: *info.volume.as_bytes(),
        generation: info.generation,
        created: info.created,
        volume_length: info.volume_length,
        number: info.number,
        sealed: info.recipient.is_some().into(),
        recipient: [0; 72],
    };
    if let Some(recipient) = info.recipient {
        memory::put_text(&mut facts.recipient, &recipient.to_string());
    }
    facts
}
