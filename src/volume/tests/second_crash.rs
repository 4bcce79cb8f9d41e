//! A power cut damaged a block of one copy, or a bad sector did, and the power is cut again: what
//! only one copy still holds is not overwritten there first.

use super::super::attempt::failed;
use super::super::genuine;
use super::recording::{Recording, report};
use super::team::*;
use super::*;
use crate::crypto::RecoveryKey;
use crate::format::{LOG_FIRST_BLOCK, STATE_BLOCK};

/// `image` with wrong bytes in a block of one copy.
fn damaged(mut image: Vec<u8>, copy: usize, block: usize) -> Vec<u8> {
    image[copy + block * BLOCK_LEN + 40..][..1000].fill(0xee);
    image
}

/// Tries a credential on `start`, and calls `check` with every state that a power cut leaves.
fn cut_attempt(name: &str, start: Vec<u8>, way: &Way, mut check: impl FnMut(&[u8])) {
    let recording = Recording::new(start);
    let volume = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    drop(volume.unlock_with(&way.1, &on_slot(way.0)));
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        genuine::check(&header).unwrap();
        genuine::check_log(&header).unwrap();
        check(&state.image);
    });
    report(name, count);
}

/// The volume after an admin has signed everything, and with it the newest record of the log.
fn signed() -> Vec<u8> {
    let storage = MemoryStorage::from_vec(team().image.clone());
    let keeper = storage.second_handle();
    let volume = open_as(storage, &(ADMIN, text("admin")));
    volume.set_policy(&PolicyRules::default()).unwrap();
    keeper.contents()
}

#[test]
fn the_newest_signed_record_of_the_log_survives_a_cut_of_an_attempt_where_one_copy_has_lost_it() {
    for copy in [0, COPY_B] {
        let start = damaged(signed(), copy, LOG_FIRST_BLOCK);
        cut_attempt("wrong attempt", start, &(USER, text("wrong")), |_| {});
    }
    for copy in [0, COPY_B] {
        let key = RecoveryKey::generate().unwrap();
        let wrong = (RECOVERY, Credential::from(&*Box::leak(Box::new(key))));
        let right = (RECOVERY, (&team().recovery).into());
        for way in [wrong, right] {
            let start = damaged(signed(), copy, LOG_FIRST_BLOCK);
            cut_attempt("recovery key", start, &way, |_| {});
        }
    }
}

#[test]
fn an_erased_slot_stays_erased_and_loses_nobody_else_the_volume_where_one_copy_lost_the_state() {
    for copy in [0, COPY_B] {
        let erased = failed_on(exhausted(&team().image, USER), OTHER, 2);
        let start = damaged(erased, copy, STATE_BLOCK);
        cut_attempt("second erase", start, &(OTHER, text("wrong")), |image| {
            assert!(!can_open(image, &(USER, text("user"))));
            assert!(can_open(image, &(ADMIN, text("admin"))));
        });
    }
}

#[test]
fn failures_are_neither_forgotten_nor_added_where_one_copy_lost_the_counters() {
    for copy in [0, COPY_B] {
        let start = failed_on(failed_on(team().image.clone(), USER, 4), OTHER, 1);
        let start = damaged(start, copy, COUNTERS_BLOCK);
        cut_attempt("wrong attempt", start, &(USER, text("wrong")), |image| {
            let header = header_of(image);
            assert!((4..=5).contains(&failed(&header, USER)));
            assert_eq!(failed(&header, OTHER), 1);
        });
    }
}
