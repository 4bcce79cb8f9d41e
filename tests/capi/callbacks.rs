//! Storage of the program's own.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use super::*;

/// A program's storage: a vector, and what its callbacks are to do instead.
#[derive(Default)]
struct Own {
    bytes: Mutex<Vec<u8>>,
    /// What `write` returns if it is not 0; [`PANIC`] panics.
    write: AtomicI32,
    read: AtomicI32,
    lock: AtomicI32,
    released: AtomicU32,
    discarded: AtomicU32,
}

const PANIC: i32 = i32::MIN;

fn own<'a>(context: *mut c_void) -> &'a Own {
    unsafe { &*context.cast::<Own>() }
}

fn planned(number: &AtomicI32) -> i32 {
    let number = number.load(SeqCst);
    assert_ne!(number, PANIC, "planned");
    number
}

unsafe extern "C-unwind" fn length(context: *mut c_void, length: *mut u64) -> i32 {
    let bytes = own(context)
        .bytes
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    unsafe { *length = bytes.len() as u64 };
    0
}

unsafe extern "C-unwind" fn set_length(context: *mut c_void, length: u64) -> i32 {
    own(context)
        .bytes
        .lock()
        .unwrap()
        .resize(usize::try_from(length).unwrap(), 0);
    0
}

unsafe extern "C-unwind" fn read_at(
    context: *mut c_void,
    offset: u64,
    to: *mut c_void,
    size: usize,
) -> i32 {
    let planned = planned(&own(context).read);
    if planned == 0 {
        let bytes = own(context)
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let from = &bytes[usize::try_from(offset).unwrap()..][..size];
        unsafe { std::slice::from_raw_parts_mut(to.cast(), size) }.copy_from_slice(from);
    }
    planned
}

unsafe extern "C-unwind" fn write_at(
    context: *mut c_void,
    offset: u64,
    data: *const c_void,
    size: usize,
) -> i32 {
    let planned = planned(&own(context).write);
    if planned == 0 {
        let mut bytes = own(context)
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let data = unsafe { std::slice::from_raw_parts(data.cast(), size) };
        bytes[usize::try_from(offset).unwrap()..][..size].copy_from_slice(data);
    }
    planned
}

unsafe extern "C-unwind" fn flush(context: *mut c_void) -> i32 {
    planned(&own(context).write)
}

unsafe extern "C-unwind" fn discard(context: *mut c_void, _: u64, _: u64) -> i32 {
    own(context).discarded.fetch_add(1, SeqCst);
    TENLOCK_ERROR_UNSUPPORTED as i32
}

unsafe extern "C-unwind" fn take_lock(context: *mut c_void) -> i32 {
    planned(&own(context).lock)
}

unsafe extern "C-unwind" fn give_back(_: *mut c_void) -> i32 {
    0
}

unsafe extern "C-unwind" fn release(context: *mut c_void) {
    own(context).released.fetch_add(1, SeqCst);
}

fn table(own: &Own) -> tenlock_storage_callbacks {
    let mut table = init::<tenlock_storage_callbacks>();
    table.context = std::ptr::from_ref(own).cast_mut().cast();
    table.length = Some(length);
    table.set_length = Some(set_length);
    table.read = Some(read_at);
    table.write = Some(write_at);
    table.flush = Some(flush);
    table.discard = Some(discard);
    table.lock = Some(take_lock);
    table.unlock = Some(give_back);
    table.release = Some(release);
    table
}

fn storage(table: &tenlock_storage_callbacks) -> *mut tenlock_storage {
    made(|error, out| unsafe { tenlock_storage_from_callbacks(table, error, out) })
}

#[test]
fn volume_lives_on_the_program_s_storage_and_gives_its_context_back_once() {
    let (own, right) = (Own::default(), passphrase("right"));
    let storage = storage(&table(&own));
    let volume = create(storage, &cheap(), right);
    write(volume, 5, b"hello");
    done(|error| unsafe { tenlock_volume_discard(volume, 8192, 8192, error) });
    assert_eq!(own.discarded.load(SeqCst), 1);
    assert_eq!(unsafe { tenlock_storage_free(storage) }, TENLOCK_OK);
    let locked = lock(volume);
    let volume = unlock(locked, right);
    assert_eq!(read(volume, 5, 5), b"hello");
    assert_eq!(own.released.load(SeqCst), 0);
    assert_eq!(unsafe { tenlock_volume_free(volume) }, TENLOCK_OK);
    assert_eq!(own.released.load(SeqCst), 1);
    assert!(
        !own.bytes
            .lock()
            .unwrap()
            .windows(5)
            .any(|bytes| bytes == b"hello")
    );
}

#[test]
fn what_a_callback_returns_is_what_the_call_returns() {
    let (own, right) = (Own::default(), passphrase("right"));
    let storage = storage(&table(&own));
    let volume = create(storage, &cheap(), right);
    // Numbers that mean no lack of a right on any system.
    for (number, code, os_error) in [
        (-23, TENLOCK_ERROR_IO, 23),
        (-28, TENLOCK_ERROR_IO, 28),
        (TENLOCK_ERROR_CANCELLED as i32, TENLOCK_ERROR_CANCELLED, 0),
        (
            TENLOCK_ERROR_CANNOT_WRITE as i32,
            TENLOCK_ERROR_CANNOT_WRITE,
            0,
        ),
        (TENLOCK_ERROR_IO as i32, TENLOCK_ERROR_IO, 0),
        // Not what storage can say.
        (TENLOCK_ERROR_WRONG_CREDENTIAL as i32, TENLOCK_ERROR_IO, 0),
        (4711, TENLOCK_ERROR_IO, 0),
        (i32::MAX, TENLOCK_ERROR_IO, 0),
    ] {
        own.write.store(number, SeqCst);
        let data = [1u8; 4096];
        let detail = refused(code, |error| unsafe {
            tenlock_volume_write(volume, 4096, data.as_ptr().cast(), 4096, error)
        });
        assert_eq!(
            (detail.os_error, detail.offset),
            (os_error, (1 << 20) + 4096)
        );
        refused(code, |error| unsafe { tenlock_volume_flush(volume, error) });
        own.read.store(number, SeqCst);
        let mut byte = 0u8;
        let detail = refused(code, |error| unsafe {
            tenlock_volume_read(volume, 0, error, at(&mut byte), 1)
        });
        assert_eq!(detail.os_error, os_error);
        // Also where the header is read, which tries every block.
        let mut info = null_mut();
        let detail = refused(code, |error| unsafe {
            tenlock_inspect(storage, error, &raw mut info)
        });
        assert_eq!(detail.os_error, os_error);
        own.write.store(0, SeqCst);
        own.read.store(0, SeqCst);
    }
    own.lock.store(TENLOCK_ERROR_BUSY as i32, SeqCst);
    done(|error| unsafe { tenlock_volume_lock(volume, error, null_mut()) });
    let mut locked = null_mut();
    refused(TENLOCK_ERROR_BUSY, |error| unsafe {
        tenlock_open(storage, error, &raw mut locked)
    });
    own.lock.store(-13, SeqCst);
    let detail = refused(TENLOCK_ERROR_IO, |error| unsafe {
        tenlock_open(storage, error, &raw mut locked)
    });
    assert_eq!(detail.os_error, 13);
    own.lock.store(0, SeqCst);
    unlock(open(storage), right);
}

#[test]
fn attempt_that_the_storage_cannot_record_is_not_made() {
    let (own, right) = (Own::default(), passphrase("right"));
    let locked = lock(create(storage(&table(&own)), &cheap(), right));
    own.write.store(-23, SeqCst);
    let mut volume = null_mut();
    for _ in 0..12 {
        refused(TENLOCK_ERROR_IO, |error| unsafe {
            tenlock_unlock(locked, right, null(), error, &raw mut volume)
        });
    }
    own.write.store(0, SeqCst);
    unlock(locked, right);
}

#[test]
fn panic_in_a_callback_is_a_code_and_the_handle_can_be_freed() {
    let (own, right) = (Own::default(), passphrase("right"));
    let storage = storage(&table(&own));
    let volume = create(storage, &cheap(), right);
    own.read.store(PANIC, SeqCst);
    let mut byte = 0u8;
    refused(TENLOCK_ERROR_PANIC, |error| unsafe {
        tenlock_volume_read(volume, 0, error, at(&mut byte), 1)
    });
    own.read.store(0, SeqCst);
    // A panic of a read costs nothing.
    read(volume, 0, 1);
    let locked = lock(volume);
    own.write.store(PANIC, SeqCst);
    let mut out = null_mut();
    refused(TENLOCK_ERROR_PANIC, |error| unsafe {
        tenlock_unlock(locked, right, null(), error, &raw mut out)
    });
    assert!(out.is_null());
    own.write.store(0, SeqCst);
    refused(TENLOCK_ERROR_HANDLE, |error| unsafe {
        tenlock_erase(locked, error)
    });
    assert_eq!(unsafe { tenlock_locked_free(locked) }, TENLOCK_OK);
    assert_eq!(unsafe { tenlock_locked_free(locked) }, TENLOCK_ERROR_HANDLE);
    // The lock went with it, and the volume is whole.
    unlock(open(storage), right);
}

#[test]
fn table_that_lacks_a_callback_is_refused_and_its_context_is_not_given_back() {
    let own = Own::default();
    let whole = table(&own);
    for lacking in [
        tenlock_storage_callbacks {
            length: None,
            ..whole
        },
        tenlock_storage_callbacks {
            read: None,
            ..whole
        },
        tenlock_storage_callbacks {
            flush: None,
            ..whole
        },
        tenlock_storage_callbacks {
            unlock: None,
            ..whole
        },
    ] {
        let mut out = null_mut();
        refused(TENLOCK_ERROR_NULL_POINTER, |error| unsafe {
            tenlock_storage_from_callbacks(&raw const lacking, error, &raw mut out)
        });
    }
    assert_eq!(own.released.load(SeqCst), 0);
    // Without write it is read-only: no attempt can be counted.
    let right = passphrase("right");
    unsafe { tenlock_volume_free(create(storage(&whole), &cheap(), right)) };
    let read_only = tenlock_storage_callbacks {
        write: None,
        flush: None,
        ..whole
    };
    let locked = open(storage(&read_only));
    let mut out = null_mut();
    refused(TENLOCK_ERROR_CANNOT_WRITE, |error| unsafe {
        tenlock_unlock(locked, right, null(), error, &raw mut out)
    });
}
