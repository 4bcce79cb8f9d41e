//! Backups of the header, its check and its repair.

use super::*;

fn json(text: *mut tenlock_text) -> serde_json::Value {
    serde_json::from_str(&taken(text)).unwrap()
}

/// The bytes of a text handle; frees it.
fn bytes(text: *mut tenlock_text) -> Vec<u8> {
    let (mut data, mut length) = (null::<c_char>(), 0);
    done(|error| unsafe { tenlock_text_get(text, error, &raw mut data, &raw mut length) });
    let found = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec();
    assert_eq!(unsafe { tenlock_text_free(text) }, TENLOCK_OK);
    found
}

fn backup_of(file: &[u8]) -> *mut tenlock_backup {
    made(|error, out| unsafe { tenlock_backup_read(file.as_ptr().cast(), file.len(), error, out) })
}

#[test]
fn sealed_backup_puts_back_the_header_for_its_key_alone() {
    let mut texts = [null_mut(); 4];
    let [private, public, other, other_public] = &mut texts;
    done(|error| unsafe { tenlock_private_key_generate(error, private, public) });
    done(|error| unsafe { tenlock_private_key_generate(error, other, other_public) });
    let [private, public, other, _] = texts.map(taken);
    let (storage, right) = (memory(), passphrase("right"));
    let volume = create(storage, &cheap(), right);
    let file = bytes(made(|error, out| unsafe {
        tenlock_volume_backup_header(volume, public.as_ptr().cast(), public.len(), error, out)
    }));
    let backup = backup_of(&file);
    let mut facts = init::<tenlock_backup_facts>();
    done(|error| unsafe { tenlock_backup_describe(backup, error, &raw mut facts) });
    assert_eq!(
        (facts.number, facts.sealed, facts.volume_length),
        (1, 1, 3 << 20)
    );
    let recipient = unsafe { CStr::from_ptr(facts.recipient.as_ptr()) };
    assert_eq!(recipient.to_str().unwrap(), public);

    let restore = |key: &str, error| unsafe {
        let (text, length) = (key.as_ptr().cast(), key.len());
        tenlock_restore_header(storage, backup, text, length, null(), error, null_mut())
    };
    refused(TENLOCK_ERROR_BUSY, |error| restore(&private, error));
    unsafe { tenlock_locked_free(lock(volume)) };
    refused(TENLOCK_ERROR_BACKUP_WRONG_KEY, |error| {
        restore(&other, error)
    });
    refused(TENLOCK_ERROR_KEY_TEXT, |error| restore("", error));
    done(|error| restore(&private, error));
    unlock(open(storage), right);
    let mut out = null_mut();
    refused(TENLOCK_ERROR_NOT_A_BACKUP, |error| unsafe {
        tenlock_backup_read(b"x".as_ptr().cast(), 1, error, &raw mut out)
    });
}

#[test]
fn older_backup_is_restored_only_if_that_is_allowed_and_never_over_an_erase() {
    let (storage, right, new) = (memory(), passphrase("right"), passphrase("new"));
    let volume = create(storage, &cheap(), right);
    let file = bytes(made(|error, out| unsafe {
        tenlock_volume_backup_header_plain_outlives_erase(volume, error, out)
    }));
    let backup = backup_of(&file);
    done(|error| unsafe { tenlock_volume_change_credential(volume, new, null(), null(), error) });
    unsafe { tenlock_locked_free(lock(volume)) };
    let mut options = init::<tenlock_restore_options>();
    let restore = |options: &tenlock_restore_options, error, report| unsafe {
        tenlock_restore_header(storage, backup, null(), 0, options, error, report)
    };
    refused(TENLOCK_ERROR_RESTORE_OLDER, |error| {
        restore(&options, error, null_mut())
    });
    options.allow_older = 1;
    let report = json(made(|error, out| restore(&options, error, out)));
    assert_eq!(report["number"], 1);
    assert_eq!(report["counters_lost"], false);
    let locked = lock(unlock(open(storage), right));
    done(|error| unsafe { tenlock_erase(locked, error) });
    unsafe { tenlock_locked_free(locked) };
    refused(TENLOCK_ERROR_RESTORE_ERASED, |error| {
        restore(&options, error, null_mut())
    });
}

#[test]
fn overwritten_copy_is_found_by_the_check_and_written_anew_by_the_repair() {
    let (whole, right) = (memory(), passphrase("right"));
    unsafe { tenlock_locked_free(lock(create(whole, &cheap(), right))) };
    let mut image = vec![0u8; 3 << 20];
    done(|error| unsafe {
        tenlock_storage_read(whole, 0, error, image.as_mut_ptr().cast(), image.len())
    });
    image[..1 << 20].fill(0x55);
    let storage = made(|error, out| unsafe {
        tenlock_storage_in_memory(image.as_ptr().cast(), image.len(), error, out)
    });
    let check = || {
        json(made(|error, out| unsafe {
            tenlock_check_header(storage, error, out)
        }))
    };
    let found = check();
    assert_eq!(
        (&found["whole"], &found["copies"][0]["found"]),
        (&false.into(), &false.into())
    );
    let locked = open(storage);
    let report = json(made(|error, out| unsafe {
        tenlock_repair(locked, error, out)
    }));
    assert!(!report["repaired"].as_array().unwrap().is_empty());
    assert_eq!(report["failed"].as_array().unwrap().len(), 0);
    assert_eq!(check()["whole"], true);
    done(|error| unsafe { tenlock_repair(locked, error, null_mut()) });
    unlock(locked, right);
}
