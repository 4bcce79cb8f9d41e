//! The C interface, called as C calls it.

#![allow(unsafe_code, reason = "these are calls of C functions")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "each test is a C program: what it passes is right or is refused"
)]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod backups;
mod callbacks;
mod life;
mod listeners;
mod misuse;
mod roles;
mod sizes;

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

use tenlock::ffi::tenlock_code::*;
use tenlock::ffi::*;

/// A struct of zeros but for its size, as `TENLOCK_INIT` makes it.
fn init<T>() -> T {
    let mut value = std::mem::MaybeUninit::<T>::zeroed();
    unsafe {
        value.as_mut_ptr().cast::<usize>().write(size_of::<T>());
        value.assume_init()
    }
}

/// What a call gives where it may not fail.
fn made<T>(call: impl FnOnce(*mut tenlock_error, *mut *mut T) -> tenlock_code) -> *mut T {
    let (mut error, mut out) = (init::<tenlock_error>(), null_mut());
    let code = call(&raw mut error, &raw mut out);
    assert_eq!(code, TENLOCK_OK, "{}", text_of(&error));
    assert!(!out.is_null());
    out
}

/// A call that may not fail.
fn done(call: impl FnOnce(*mut tenlock_error) -> tenlock_code) {
    let mut error = init::<tenlock_error>();
    let code = call(&raw mut error);
    assert_eq!(code, TENLOCK_OK, "{}", text_of(&error));
    assert_eq!((error.code, text_of(&error)), (0, ""));
}

/// The detail of a call that fails with this code.
fn refused(
    wanted: tenlock_code,
    call: impl FnOnce(*mut tenlock_error) -> tenlock_code,
) -> tenlock_error {
    let mut error = init::<tenlock_error>();
    let code = call(&raw mut error);
    assert_eq!(code, wanted, "{}", text_of(&error));
    assert_eq!(error.code, wanted as i32);
    assert!(!text_of(&error).is_empty());
    error
}

fn text_of(error: &tenlock_error) -> &str {
    unsafe { CStr::from_ptr(error.text.as_ptr()) }
        .to_str()
        .unwrap()
}

/// A text handle's text; frees it.
fn taken(text: *mut tenlock_text) -> String {
    let (mut data, mut length) = (null::<c_char>(), 0);
    done(|error| unsafe { tenlock_text_get(text, error, &raw mut data, &raw mut length) });
    let found = unsafe { CStr::from_ptr(data) }.to_str().unwrap().to_owned();
    assert_eq!(found.len(), length);
    assert_eq!(unsafe { tenlock_text_free(text) }, TENLOCK_OK);
    found
}

fn memory() -> *mut tenlock_storage {
    made(|error, out| unsafe { tenlock_storage_in_memory(null(), 0, error, out) })
}

fn passphrase(text: &str) -> *mut tenlock_credential {
    let credential = made(|error, out| unsafe { tenlock_credential_new(error, out) });
    done(|error| unsafe {
        tenlock_credential_add_passphrase(credential, text.as_ptr().cast(), text.len(), error)
    });
    credential
}

/// The cheapest volume there is.
fn cheap() -> tenlock_create_options {
    let mut options = init::<tenlock_create_options>();
    options.payload_length = 1 << 20;
    (
        options.kdf_memory_kib,
        options.kdf_passes,
        options.kdf_lanes,
    ) = (19_456, 2, 1);
    options
}

fn create(
    storage: *const tenlock_storage,
    options: &tenlock_create_options,
    with: *const tenlock_credential,
) -> *mut tenlock_volume {
    made(|error, out| unsafe { tenlock_create(storage, with, options, error, out) })
}

fn open(storage: *const tenlock_storage) -> *mut tenlock_locked {
    made(|error, out| unsafe { tenlock_open(storage, error, out) })
}

fn lock(volume: *mut tenlock_volume) -> *mut tenlock_locked {
    made(|error, out| unsafe { tenlock_volume_lock(volume, error, out) })
}

fn unlock(locked: *mut tenlock_locked, with: *const tenlock_credential) -> *mut tenlock_volume {
    made(|error, out| unsafe { tenlock_unlock(locked, with, null(), error, out) })
}

fn read(volume: *const tenlock_volume, offset: u64, length: usize) -> Vec<u8> {
    let mut buffer = vec![0xaa; length];
    done(|error| unsafe {
        tenlock_volume_read(volume, offset, error, buffer.as_mut_ptr().cast(), length)
    });
    buffer
}

fn write(volume: *const tenlock_volume, offset: u64, data: &[u8]) {
    done(|error| unsafe {
        tenlock_volume_write(volume, offset, data.as_ptr().cast(), data.len(), error)
    });
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

fn at<T>(value: &mut T) -> *mut c_void {
    std::ptr::from_mut(value).cast()
}
