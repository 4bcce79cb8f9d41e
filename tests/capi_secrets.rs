//! Secrets that were given by pointer and length are not kept: after the credential is freed no readable memory
//! of the process holds a part of them.
//!
//! A child of its own does and searches it, through proc(5). The secrets are random, so that they are in no file;
//! the searcher has them masked only, and masks what it reads, so that it does not find itself. The estimate of
//! a strength is left out: it makes copies of its own, and its documentation says so.

#![allow(unsafe_code, reason = "these are calls of C functions")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the test is a C program: what it passes is right"
)]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/needles.rs"]
mod needles;

use std::ffi::{c_char, c_void};
use std::process::Command;
use std::ptr::{null, null_mut};

use needles::Needle;
use tenlock::ffi::tenlock_code::*;
use tenlock::ffi::*;
use zeroize::Zeroize;

const CHILD: &str = "TENLOCK_TEST_SECRETS";

#[test]
#[allow(clippy::print_stdout, reason = "who runs the tests wants to know")]
fn no_secret_is_left_in_memory_after_its_credential_is_freed() {
    if !cfg!(target_os = "linux") {
        println!("left out: memory is searched through /proc/self/mem, which is of Linux");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(CHILD, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("searched"), "{said}");
}

#[test]
#[allow(clippy::print_stdout, reason = "tells the parent that it was done")]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let secrets = secrets();
    let credentials = secrets.each_ref().map(|(needle, add)| given(needle, *add));
    let held = secrets[0].0.found();
    assert!(!held.is_empty(), "a credential holds its passphrase");
    use_them(credentials);
    for credential in credentials {
        assert_eq!(unsafe { tenlock_credential_free(credential) }, TENLOCK_OK);
    }
    assert_eq!(tenlock_handle_count(), 0);
    for (which, (needle, _)) in secrets.iter().enumerate() {
        let found = needle.found();
        assert!(found.is_empty(), "secret {which} is left in {found:#?}");
    }
    println!("searched");
}

type Add = unsafe extern "C" fn(
    *mut tenlock_credential,
    *const c_void,
    usize,
    *mut tenlock_error,
) -> tenlock_code;

/// A passphrase, the content of a key file, a recovery key and a private key.
fn secrets() -> [(Needle, Add); 4] {
    let (mut recovery, mut words) = (null_mut(), null_mut());
    let (mut private, mut public) = (null_mut(), null_mut());
    done(unsafe { tenlock_recovery_key_generate(null_mut(), &raw mut recovery, &raw mut words) });
    done(unsafe { tenlock_private_key_generate(null_mut(), &raw mut private, &raw mut public) });
    let keys = [recovery, private].map(masked);
    for text in [recovery, words, private, public] {
        done(unsafe { tenlock_text_free(text) });
    }
    let [recovery, private] = keys;
    [
        (Needle::random(40), tenlock_credential_add_passphrase),
        (Needle::random(200), tenlock_credential_add_key_file_content),
        (recovery, tenlock_credential_add_recovery_key),
        (private, tenlock_credential_add_private_key),
    ]
}

fn masked(text: *mut tenlock_text) -> Needle {
    let (mut data, mut length) = (null::<c_char>(), 0);
    done(unsafe { tenlock_text_get(text, null_mut(), &raw mut data, &raw mut length) });
    // The start of a key's text is the same for all.
    let skipped = 24;
    Needle::masking(
        unsafe { std::slice::from_raw_parts(data.cast(), length) },
        skipped,
    )
}

/// A credential of the secret, whose plain copy is found as long as it is there, and then wiped.
fn given(secret: &Needle, add: Add) -> *mut tenlock_credential {
    let mut credential = null_mut();
    let mut plain = secret.plain();
    done(unsafe { tenlock_credential_new(null_mut(), &raw mut credential) });
    done(unsafe { add(credential, plain.as_ptr().cast(), plain.len(), null_mut()) });
    assert!(!secret.found().is_empty(), "the search finds what is there");
    plain.zeroize();
    credential
}

/// Makes, locks and opens a volume with each of them.
fn use_them(credentials: [*mut tenlock_credential; 4]) {
    let [passphrase, key_file, recovery, private] = credentials;
    let mut options = init::<tenlock_create_options>();
    options.payload_length = 1 << 16;
    options.kdf_memory_kib = 19_456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    let (mut storage, mut volume, mut locked) = (null_mut(), null_mut(), null_mut());
    done(unsafe { tenlock_storage_in_memory(null(), 0, null_mut(), &raw mut storage) });
    done(unsafe {
        tenlock_create(
            storage,
            passphrase,
            &raw const options,
            null_mut(),
            &raw mut volume,
        )
    });
    let roles = [
        TENLOCK_ROLE_ADMIN,
        TENLOCK_ROLE_RECOVERY,
        TENLOCK_ROLE_ESCROW,
    ];
    for (role, credential) in roles.into_iter().zip([key_file, recovery, private]) {
        let mut slot = init::<tenlock_slot_options>();
        (slot.role, slot.attempt_limit) = (role, 0);
        let (mut index, none) = (0, null());
        done(unsafe {
            tenlock_volume_add_slot(
                volume,
                &raw const slot,
                credential,
                none,
                null_mut(),
                &raw mut index,
            )
        });
    }
    done(unsafe { tenlock_volume_lock(volume, null_mut(), &raw mut locked) });
    for credential in [passphrase, key_file, private, passphrase] {
        let mut choice = init::<tenlock_unlock_options>();
        choice.choice = TENLOCK_CHOOSE_ANY;
        let out = &raw mut volume;
        done(unsafe { tenlock_unlock(locked, credential, &raw const choice, null_mut(), out) });
        done(unsafe { tenlock_volume_lock(volume, null_mut(), &raw mut locked) });
    }
    done(unsafe { tenlock_locked_free(locked) });
    done(unsafe { tenlock_storage_free(storage) });
}

fn init<T>() -> T {
    let mut value = std::mem::MaybeUninit::<T>::zeroed();
    unsafe {
        value.as_mut_ptr().cast::<usize>().write(size_of::<T>());
        value.assume_init()
    }
}

#[track_caller]
fn done(code: tenlock_code) {
    assert_eq!(code, TENLOCK_OK);
}
