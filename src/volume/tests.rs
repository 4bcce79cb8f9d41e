//! Tests of the volume layer.

use super::*;
use crate::crypto::{Argon2Cost, Passphrase};
use crate::storage::MemoryStorage;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn options() -> CreateOptions {
    CreateOptions {
        payload_length: Some(64 << 10),
        cost: Argon2Cost::new(19_456, 2, 1).unwrap(),
        ..CreateOptions::default()
    }
}

#[test]
fn what_was_written_is_read_back_after_locking_and_unlocking() {
    let volume = create(
        MemoryStorage::from_vec(Vec::new()),
        &options(),
        &passphrase("right"),
    )
    .unwrap();
    volume.write_at(1000, b"hello").unwrap();
    let volume = volume.lock().unwrap().unlock(&passphrase("right")).unwrap();
    let mut found = [0; 5];
    volume.read_at(1000, &mut found).unwrap();
    assert_eq!(&found, b"hello");
    assert!(volume.notices().is_empty(), "{:?}", volume.notices());
}

#[test]
fn tenth_failure_erases_the_key() {
    let mut locked = create(
        MemoryStorage::from_vec(Vec::new()),
        &options(),
        &passphrase("right"),
    )
    .unwrap()
    .lock()
    .unwrap();
    for left in (1..10).rev() {
        locked = match locked.unlock(&passphrase("wrong")) {
            Err(UnlockFailure::Wrong { volume, remaining }) if remaining == left => volume,
            other => panic!("{left} attempts should be left: {other:?}"),
        };
    }
    match locked.unlock(&passphrase("wrong")) {
        Err(UnlockFailure::Erased(volume)) => assert!(volume.report().is_verified()),
        other => panic!("the key should be erased: {other:?}"),
    }
}
