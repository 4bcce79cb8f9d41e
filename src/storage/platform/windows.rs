//! Windows. Developed against Microsoft's documentation and run under Wine, which neither enforces
//! byte locks on reads nor has raw devices worth the name.

// File identity, locks, device control and uncached handles have no safe bindings.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_FUNCTION, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION,
    ERROR_NOT_SUPPORTED, ERROR_SHARING_VIOLATION, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_NO_BUFFERING, FILE_GENERIC_READ, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_DISK, GetFileInformationByHandle, GetFileType,
    LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, ReOpenFile,
    SECURITY_IDENTIFICATION, UnlockFileEx,
};
use windows_sys::Win32::System::IO::{DeviceIoControl, OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0};
use windows_sys::Win32::System::Ioctl::{
    DISK_GEOMETRY, FILE_ZERO_DATA_INFORMATION, FSCTL_ALLOW_EXTENDED_DASD_IO, FSCTL_LOCK_VOLUME,
    FSCTL_SET_SPARSE, FSCTL_SET_ZERO_DATA, FSCTL_UNLOCK_VOLUME, GET_LENGTH_INFORMATION,
    IOCTL_DISK_GET_DRIVE_GEOMETRY, IOCTL_DISK_GET_LENGTH_INFO, IOCTL_STORAGE_GET_DEVICE_NUMBER,
    STORAGE_DEVICE_NUMBER,
};

use super::{Backing, is_a_directory, special_file};
use crate::storage::Discard;
use crate::storage::lock_registry::Identity;

pub(in crate::storage) fn open(path: &Path, writable: bool) -> io::Result<(File, Backing)> {
    let file = OpenOptions::new()
        .read(true)
        .write(writable)
        // Should the path lead to a named pipe, its server must not act in this process's name.
        .security_qos_flags(SECURITY_IDENTIFICATION)
        .open(path)
        .map_err(|error| explain_open_error(path, error))?;
    // SAFETY: the handle is open for as long as `file` lives.
    if unsafe { GetFileType(file.as_raw_handle()) } != FILE_TYPE_DISK {
        return Err(special_file());
    }
    // File systems refuse this on a file, and only on a file.
    let backing = match query(&file, IOCTL_DISK_GET_LENGTH_INFO) {
        Ok(length) => device_geometry(&file, length)?,
        Err(_) => Backing::File,
    };
    Ok((file, backing))
}

pub(in crate::storage) fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    // FAT and exFAT have no sparse files. Nothing but time and space is lost there.
    let _ = mark_sparse(&file);
    // The directory needs no flush of its own: flushing the file writes the journal records of its
    // name as well, and handles on directories cannot be flushed without further privileges.
    Ok(file)
}

pub(in crate::storage) fn identity(file: &File, backing: Backing) -> io::Result<Identity> {
    match backing {
        Backing::File => file_identity(file),
        Backing::Device { .. } => {
            let number: STORAGE_DEVICE_NUMBER = query(file, IOCTL_STORAGE_GET_DEVICE_NUMBER)?;
            Ok(Identity::Device(join(
                number.DeviceNumber,
                number.PartitionNumber,
            )))
        }
    }
}

pub(in crate::storage) fn read_at(file: &File, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    file.seek_read(buf, offset)
}

pub(in crate::storage) fn write_at(file: &File, offset: u64, data: &[u8]) -> io::Result<usize> {
    file.seek_write(data, offset)
}

/// Not `File::try_lock`: that locks all of the file, and byte locks bind reads and writes through
/// other handles here (`LockFileEx`).
pub(in crate::storage) fn try_lock(file: &File, backing: Backing) -> Result<(), TryLockError> {
    let result = match backing {
        Backing::File => lock_byte(file),
        Backing::Device { .. } => control(file, FSCTL_LOCK_VOLUME, None::<&()>),
    };
    let busy = [
        ERROR_LOCK_VIOLATION,
        ERROR_IO_PENDING,
        ERROR_ACCESS_DENIED,
        ERROR_SHARING_VIOLATION,
    ];
    result.map_err(|error| match error {
        error if is_one_of(&error, &busy) => TryLockError::WouldBlock,
        error => TryLockError::Error(error),
    })
}

pub(in crate::storage) fn unlock(file: &File, backing: Backing) -> io::Result<()> {
    match backing {
        Backing::File => unlock_byte(file),
        Backing::Device { .. } => control(file, FSCTL_UNLOCK_VOLUME, None::<&()>),
    }
}

pub(in crate::storage) fn discard(
    file: &File,
    backing: Backing,
    offset: u64,
    len: u64,
) -> io::Result<Discard> {
    if let Backing::Device { .. } = backing {
        return Ok(Discard::Unsupported);
    }
    let range = FILE_ZERO_DATA_INFORMATION {
        FileOffset: offset.cast_signed(),
        BeyondFinalZero: (offset + len).cast_signed(),
    };
    // In a file that is not sparse the zeros would be written out.
    match mark_sparse(file).and_then(|()| control(file, FSCTL_SET_ZERO_DATA, Some(&range))) {
        Ok(()) => Ok(Discard::Done),
        Err(error) if is_one_of(&error, &[ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED]) => {
            Ok(Discard::Unsupported)
        }
        Err(error) => Err(error),
    }
}

/// The same file once more, without the cache. The path is not opened again, as it may lead
/// elsewhere by now.
pub(in crate::storage) fn open_uncached(file: &File) -> Option<File> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the handle is open for as long as `file` lives.
    let handle = unsafe {
        ReOpenFile(
            file.as_raw_handle(),
            FILE_GENERIC_READ,
            share,
            FILE_FLAG_NO_BUFFERING,
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return None;
    }
    // SAFETY: the call succeeded, so the handle is open, and nobody else has it.
    Some(unsafe { File::from_raw_handle(handle) })
}

/// There is no call for this.
pub(in crate::storage) fn drop_cached(_: &File) {}

fn explain_open_error(path: &Path, error: io::Error) -> io::Error {
    if is_one_of(&error, &[ERROR_SHARING_VIOLATION]) {
        return io::Error::new(io::ErrorKind::ResourceBusy, error);
    }
    if error.kind() == io::ErrorKind::PermissionDenied
        && fs::metadata(path).is_ok_and(|found| found.is_dir())
    {
        return is_a_directory();
    }
    error
}

fn device_geometry(file: &File, length: GET_LENGTH_INFORMATION) -> io::Result<Backing> {
    let geometry: DISK_GEOMETRY = query(file, IOCTL_DISK_GET_DRIVE_GEOMETRY)?;
    // Without it the sectors behind the end of a volume's file system are out of reach. Whole disks
    // do not know the request.
    let _ = control(file, FSCTL_ALLOW_EXTENDED_DASD_IO, None::<&()>);
    let len = u64::try_from(length.Length).map_err(io::Error::other)?;
    Ok(Backing::Device {
        len,
        block_size: geometry.BytesPerSector,
    })
}

fn file_identity(file: &File) -> io::Result<Identity> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open for as long as `file` lives, and the pointer leads to a structure
    // of the type asked for.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut information) })?;
    Ok(Identity::File {
        file_system: u64::from(information.dwVolumeSerialNumber),
        file: join(information.nFileIndexHigh, information.nFileIndexLow),
    })
}

fn mark_sparse(file: &File) -> io::Result<()> {
    control(file, FSCTL_SET_SPARSE, None::<&()>)
}

fn lock_byte(file: &File) -> io::Result<()> {
    let mut position = locked_byte();
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open for as long as `file` lives. `position` outlives the operation,
    // because std opens synchronous handles, on which the call returns only when the operation is
    // over.
    check(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut position) })
}

fn unlock_byte(file: &File) -> io::Result<()> {
    let mut position = locked_byte();
    // SAFETY: as in `lock_byte`.
    check(unsafe { UnlockFileEx(file.as_raw_handle(), 0, 1, 0, &raw mut position) })
}

/// Offset 2^62: past any file, so that the lock meets no read or write, and well inside what file
/// servers accept.
fn locked_byte() -> OVERLAPPED {
    let offset = OVERLAPPED_0_0 {
        Offset: 0,
        OffsetHigh: 1 << 30,
    };
    OVERLAPPED {
        Anonymous: OVERLAPPED_0 { Anonymous: offset },
        ..OVERLAPPED::default()
    }
}

/// Types that device control requests fill: plain integers, for which any bytes are a value.
trait Reply: Default {}
impl Reply for DISK_GEOMETRY {}
impl Reply for GET_LENGTH_INFORMATION {}
impl Reply for STORAGE_DEVICE_NUMBER {}

/// A device control request with nothing going in and one structure coming out.
fn query<T: Reply>(file: &File, code: u32) -> io::Result<T> {
    let mut reply = T::default();
    let capacity = u32::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let mut returned = 0;
    // SAFETY: the handle is open for as long as `file` lives. The driver writes at most `capacity`
    // bytes, which `reply` has, and any bytes are a valid `T`. The handle is synchronous, so
    // nothing is written after the call.
    check(unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            code,
            ptr::null(),
            0,
            (&raw mut reply).cast::<c_void>(),
            capacity,
            &raw mut returned,
            ptr::null_mut(),
        )
    })?;
    if returned < capacity {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "short reply of a device",
        ));
    }
    Ok(reply)
}

/// A device control request with at most one structure going in and nothing coming out.
fn control<T>(file: &File, code: u32, input: Option<&T>) -> io::Result<()> {
    let len = input.map_or(0, size_of_val);
    let len = u32::try_from(len).map_err(io::Error::other)?;
    let input = input.map_or(ptr::null(), |input| ptr::from_ref(input).cast::<c_void>());
    let mut returned = 0;
    // SAFETY: the handle is open for as long as `file` lives. The driver reads at most `len` bytes,
    // which `input` has, and the handle is synchronous, so nothing is read or written after the
    // call.
    check(unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            code,
            input,
            len,
            ptr::null_mut(),
            0,
            &raw mut returned,
            ptr::null_mut(),
        )
    })
}

fn check(result: windows_sys::core::BOOL) -> io::Result<()> {
    if result == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn is_one_of(error: &io::Error, codes: &[u32]) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code.cast_unsigned()))
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
