//! Calls that make no sense are errors, and nothing worse.

use super::*;

const NULL: tenlock_code = TENLOCK_ERROR_NULL_POINTER;

fn none<T>() -> *mut T {
    null_mut()
}

#[test]
#[rustfmt::skip]
fn null_everywhere_is_an_error_and_freeing_it_is_none() {
    unsafe {
        for code in [
            tenlock_storage_open(none(), 0, none(), none()),
            tenlock_storage_in_memory(none(), 0, none(), none()),
            tenlock_storage_from_callbacks(none(), none(), none()),
            tenlock_storage_length(none(), none(), none()),
            tenlock_storage_read(none(), 0, none(), none(), 1),
            tenlock_storage_read(none(), 0, none(), none(), 0),
            tenlock_credential_new(none(), none()),
            tenlock_credential_add_passphrase(none(), none(), 1, none()),
            tenlock_credential_add_key_file(none(), none(), none()),
            tenlock_credential_add_key_file_content(none(), none(), 1, none()),
            tenlock_credential_add_recovery_key(none(), none(), 1, none()),
            tenlock_credential_add_private_key(none(), none(), 1, none()),
            tenlock_credential_add_public_key(none(), none(), 1, none()),
            tenlock_credential_add_external(none(), none(), none(), 0, none()),
            tenlock_memory_forget(none(), none(), none(), none()),
            tenlock_workers_new(0, none(), none()),
            tenlock_create(none(), none(), none(), none(), none()),
            tenlock_create_with_slots(none(), none(), none(), 0, none(), none(), none()),
            tenlock_open(none(), none(), none()),
            tenlock_inspect(none(), none(), none()),
            tenlock_locked_state(none(), none(), none()),
            tenlock_locked_info(none(), none(), none()),
            tenlock_locked_report(none(), none(), none()),
            tenlock_unlock(none(), none(), none(), none(), none()),
            tenlock_unlock_and_change(none(), none(), none(), none(), none(), none()),
            tenlock_recover(none(), none(), 0, none(), none(), none(), none()),
            tenlock_try(none(), none(), none(), none(), none(), none()),
            tenlock_erase(none(), none()),
            tenlock_repair(none(), none(), none()),
            tenlock_volume_backup_header(none(), none(), 0, none(), none()),
            tenlock_volume_backup_header_plain_outlives_erase(none(), none(), none()),
            tenlock_backup_read(none(), 0, none(), none()),
            tenlock_backup_describe(none(), none(), none()),
            tenlock_restore_header(none(), none(), none(), 0, none(), none(), none()),
            tenlock_check_header(none(), none(), none()),
            tenlock_volume_describe(none(), none(), none()),
            tenlock_volume_read(none(), 0, none(), none(), 0),
            tenlock_volume_write(none(), 0, none(), 0, none()),
            tenlock_volume_read_vectored(none(), 0, none(), none(), 0),
            tenlock_volume_write_vectored(none(), 0, none(), 1, none()),
            tenlock_volume_flush(none(), none()),
            tenlock_volume_discard(none(), 0, 0, none()),
            tenlock_volume_info(none(), none(), none()),
            tenlock_volume_take_notices(none(), none(), none()),
            tenlock_volume_idle(none(), none(), none(), none()),
            tenlock_volume_export_key(none(), none(), none(), 64),
            tenlock_volume_lock(none(), none(), none()),
            tenlock_volume_add_slot(none(), none(), none(), none(), none(), none()),
            tenlock_volume_remove_slot(none(), 0, 0, none()),
            tenlock_volume_change_credential(none(), none(), none(), none(), none()),
            tenlock_volume_reset_slot(none(), 0, none(), none(), none(), none()),
            tenlock_volume_set_lockout(none(), 0, 1, 1, none()),
            tenlock_volume_allow_last_attempt(none(), 0, none()),
            tenlock_volume_reserve_last_attempt(none(), 0, none()),
            tenlock_volume_reset_attempts(none(), 0, none()),
            tenlock_volume_policy(none(), none(), none()),
            tenlock_volume_set_policy(none(), none(), none()),
            tenlock_volume_set_label(none(), none(), none()),
            tenlock_info_describe(none(), none(), none()),
            tenlock_info_slot(none(), 0, none(), none()),
            tenlock_info_policy(none(), none(), none()),
            tenlock_info_label(none(), 0, none(), none()),
            tenlock_info_json(none(), none(), none()),
            tenlock_report_describe(none(), none(), none()),
            tenlock_report_region(none(), 0, none(), none()),
            tenlock_report_json(none(), none(), none()),
            tenlock_volume_event_log(none(), none(), none()),
            tenlock_event_log_count(none(), none(), none(), none()),
            tenlock_event_log_entry(none(), 0, none(), none()),
            tenlock_event_log_json(none(), none(), none()),
            tenlock_recovery_key_generate(none(), none(), none()),
            tenlock_private_key_generate(none(), none(), none()),
            tenlock_calibrate(0, 0, none(), none()),
            tenlock_passphrase_strength(none(), 1, none(), none()),
            tenlock_text_get(none(), none(), none(), none()),
        ] {
            assert_eq!(code, NULL);
        }
        for code in [
            tenlock_storage_free(none()),
            tenlock_credential_free(none()),
            tenlock_workers_free(none()),
            tenlock_locked_free(none()),
            tenlock_volume_free(none()),
            tenlock_info_free(none()),
            tenlock_report_free(none()),
            tenlock_event_log_free(none()),
            tenlock_backup_free(none()),
            tenlock_text_free(none()),
        ] {
            assert_eq!(code, TENLOCK_OK);
        }
    }
}

#[test]
fn output_handle_is_null_after_a_failure() {
    let mut out = std::ptr::without_provenance_mut(77);
    let code = unsafe { tenlock_open(none(), none(), &raw mut out) };
    assert_eq!((code, out), (NULL, none()));
}

#[test]
fn handle_that_is_gone_or_of_another_kind_is_refused_and_its_second_free_too() {
    let (storage, right) = (memory(), passphrase("right"));
    let locked = lock(create(storage, &cheap(), right));
    let volume = unlock(locked, right);
    // Closed by the unlock.
    refused(TENLOCK_ERROR_HANDLE, |error| unsafe {
        tenlock_erase(locked, error)
    });
    assert_eq!(unsafe { tenlock_locked_free(locked) }, TENLOCK_ERROR_HANDLE);
    // Of another kind.
    refused(TENLOCK_ERROR_HANDLE, |error| unsafe {
        tenlock_volume_flush(storage.cast(), error)
    });
    assert_eq!(
        unsafe { tenlock_volume_free(right.cast()) },
        TENLOCK_ERROR_HANDLE
    );
    // Closed by the lock.
    unsafe { tenlock_locked_free(lock(volume)) };
    let mut byte = 0u8;
    refused(TENLOCK_ERROR_HANDLE, |error| unsafe {
        tenlock_volume_read(volume, 0, error, at(&mut byte), 1)
    });
    assert_eq!(unsafe { tenlock_volume_free(volume) }, TENLOCK_ERROR_HANDLE);
    for _ in 0..2 {
        unsafe { tenlock_credential_free(right) };
    }
    assert_eq!(
        unsafe { tenlock_credential_free(right) },
        TENLOCK_ERROR_HANDLE
    );
    let mut out = null_mut();
    let locked = open(storage);
    refused(TENLOCK_ERROR_HANDLE, |error| unsafe {
        tenlock_unlock(locked, right, null(), error, &raw mut out)
    });
    // Nothing was lost by it.
    let right = passphrase("right");
    unlock(locked, right);
}

#[test]
fn second_volume_on_one_storage_is_busy() {
    let (storage, right) = (memory(), passphrase("right"));
    let volume = create(storage, &cheap(), right);
    let mut out = null_mut();
    refused(TENLOCK_ERROR_BUSY, |error| unsafe {
        tenlock_open(storage, error, &raw mut out)
    });
    unsafe { tenlock_volume_free(volume) };
    open(storage);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let (storage, right) = (memory(), passphrase("right"));
    let mut options = cheap();
    options.sector_size = 1024;
    let mut out = null_mut();
    refused(TENLOCK_ERROR_ARGUMENT, |error| unsafe {
        tenlock_create(storage, right, &raw const options, error, &raw mut out)
    });
    (options.sector_size, options.attempt_limit) = (0, 300);
    refused(TENLOCK_ERROR_ATTEMPT_LIMIT, |error| unsafe {
        tenlock_create(storage, right, &raw const options, error, &raw mut out)
    });
    (options.attempt_limit, options.kdf_lanes) = (0, 0);
    refused(TENLOCK_ERROR_COST, |error| unsafe {
        tenlock_create(storage, right, &raw const options, error, &raw mut out)
    });
    let volume = create(storage, &cheap(), right);
    let mut short = [0u8; 63];
    refused(TENLOCK_ERROR_BUFFER_SIZE, |error| unsafe {
        tenlock_volume_export_key(volume, error, at(&mut short), 63)
    });
    for (slot, limit, action, code) in [
        (0, 0, 1, TENLOCK_ERROR_ATTEMPT_LIMIT),
        (0, 256, 1, TENLOCK_ERROR_ATTEMPT_LIMIT),
        (0, 5, 0, TENLOCK_ERROR_ARGUMENT),
        (32, 5, 1, TENLOCK_ERROR_NO_SUCH_SLOT),
        (u32::MAX, 5, 1, TENLOCK_ERROR_NO_SUCH_SLOT),
    ] {
        refused(code, |error| unsafe {
            tenlock_volume_set_lockout(volume, slot, limit, action, error)
        });
    }
    for slot in [1, 32, u32::MAX] {
        refused(TENLOCK_ERROR_NO_SUCH_SLOT, |error| unsafe {
            tenlock_volume_reset_attempts(volume, slot, error)
        });
        refused(TENLOCK_ERROR_NO_SUCH_SLOT, |error| unsafe {
            tenlock_volume_remove_slot(volume, slot, 1, error)
        });
        refused(TENLOCK_ERROR_NO_SUCH_SLOT, |error| unsafe {
            tenlock_volume_reset_slot(volume, slot, right, null(), null(), error)
        });
        refused(TENLOCK_ERROR_NO_SUCH_SLOT, |error| unsafe {
            tenlock_volume_allow_last_attempt(volume, slot, error)
        });
    }
    let locked = lock(volume);
    let mut unlocking = init::<tenlock_unlock_options>();
    for (choice, slot, role, code) in [
        (4, 0, 0, TENLOCK_ERROR_ARGUMENT),
        (TENLOCK_CHOOSE_ROLE, 0, 0, TENLOCK_ERROR_ARGUMENT),
        (
            TENLOCK_CHOOSE_ROLE,
            0,
            TENLOCK_ROLE_USER,
            TENLOCK_ERROR_NO_MATCHING_SLOT,
        ),
        (TENLOCK_CHOOSE_SLOT, 32, 0, TENLOCK_ERROR_NO_MATCHING_SLOT),
        (
            TENLOCK_CHOOSE_SLOT,
            u32::MAX,
            0,
            TENLOCK_ERROR_NO_MATCHING_SLOT,
        ),
    ] {
        (unlocking.choice, unlocking.slot, unlocking.role) = (choice, slot, role);
        let mut out = null_mut();
        refused(code, |error| unsafe {
            tenlock_unlock(locked, right, &raw const unlocking, error, &raw mut out)
        });
    }
    refused(TENLOCK_ERROR_CREDENTIAL, |error| unsafe {
        let empty = made(|error, out| tenlock_credential_new(error, out));
        let mut out = null_mut();
        tenlock_unlock(locked, empty, null(), error, &raw mut out)
    });
}

#[test]
fn text_that_is_not_what_it_should_be_is_refused_by_its_own_code() {
    let credential = made(|error, out| unsafe { tenlock_credential_new(error, out) });
    let bad = b"\xff\xfe";
    let add = |code, call: unsafe extern "C" fn(_, _, _, _) -> _, text: &[u8]| {
        refused(code, |error| unsafe {
            call(credential, text.as_ptr().cast(), text.len(), error)
        });
    };
    add(
        TENLOCK_ERROR_PASSPHRASE,
        tenlock_credential_add_passphrase,
        bad,
    );
    add(
        TENLOCK_ERROR_PASSPHRASE,
        tenlock_credential_add_passphrase,
        b"",
    );
    add(
        TENLOCK_ERROR_NOT_UTF8,
        tenlock_credential_add_recovery_key,
        bad,
    );
    add(
        TENLOCK_ERROR_RECOVERY_KEY,
        tenlock_credential_add_recovery_key,
        b"ABCD",
    );
    add(
        TENLOCK_ERROR_KEY_TEXT,
        tenlock_credential_add_private_key,
        b"tenlock1",
    );
    add(
        TENLOCK_ERROR_KEY_TEXT,
        tenlock_credential_add_public_key,
        b"x",
    );
    add(
        TENLOCK_ERROR_KEY_FILE,
        tenlock_credential_add_key_file_content,
        b"",
    );
    let missing = c("/nowhere/to/be/found");
    let detail = refused(TENLOCK_ERROR_IO, |error| unsafe {
        tenlock_credential_add_key_file(credential, missing.as_ptr(), error)
    });
    assert_ne!(detail.os_error, 0);
}
