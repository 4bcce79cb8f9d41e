//! Ten attempts in all, each charged before it is made.

use std::sync::Arc;

use super::faulty::Faulty;
use super::forge::Forge;
use super::recording::Recording;
use super::*;

fn counters_of_a() -> std::ops::Range<u64> {
    let start = (COUNTERS_BLOCK * BLOCK_LEN) as u64;
    start..start + BLOCK_LEN as u64
}

fn counters_of_b() -> std::ops::Range<u64> {
    let start = (COPY_B + COUNTERS_BLOCK * BLOCK_LEN) as u64;
    start..start + BLOCK_LEN as u64
}

fn locked(storage: Faulty) -> LockedVolume {
    LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
}

fn remaining(image: &[u8]) -> u8 {
    inspect(&MemoryStorage::from_vec(image.to_vec()))
        .unwrap()
        .slots[0]
        .attempts
        .unwrap()
        .remaining
}

/// `image` after so many wrong attempts, each by an open of its own.
fn after_wrong_attempts(mut image: Vec<u8>, count: u8) -> Vec<u8> {
    for _ in 0..count {
        image = derives(1, || unlock(&image, "wrong").1);
    }
    image
}

#[test]
fn after_ten_wrong_attempts_the_right_one_is_refused_without_a_derivation() {
    let mut image = image();
    for left in (1..10).rev() {
        let (outcome, after) = derives(1, || unlock(&image, "wrong"));
        assert!(
            matches!(outcome, Err(Error::WrongCredential { remaining, .. }) if remaining == Some(left))
        );
        image = after;
    }
    let (outcome, image) = derives(1, || unlock(&image, "wrong"));
    assert!(matches!(outcome, Err(Error::Erased(report)) if report.is_verified()));
    for text in ["right", "wrong"] {
        assert!(matches!(
            derives(0, || unlock(&image, text)).0,
            Err(Error::Erased(_))
        ));
    }
}

#[test]
fn the_right_passphrase_after_nine_wrong_ones_opens_and_resets() {
    let nine = after_wrong_attempts(image(), 9);
    assert_eq!(remaining(&nine), 1);
    let (outcome, after) = derives(1, || unlock(&nine, "right"));
    assert!(outcome.unwrap().take_notices().is_empty());
    assert_eq!(remaining(&after), 10);
    assert_eq!(remaining(&after_wrong_attempts(after, 9)), 1);
}

#[test]
fn ten_right_passphrases_each_killed_before_the_verdict_use_up_the_attempts() {
    let mut killed = image();
    for attempt in 1..=10 {
        let recording = Recording::new(killed);
        let volume = LockedVolume::open(recording.clone())
            .and_then(Opened::locked)
            .unwrap();
        derives(1, || volume.unlock(&passphrase("right"))).unwrap();
        // The charge is two flushes; the refund comes after them.
        killed = recording.after_flush(2);
        assert_eq!(failed(&killed), attempt);
    }
    let (outcome, after) = derives(0, || unlock(&killed, "right"));
    assert!(matches!(outcome, Err(Error::Erased(report)) if report.is_verified()));
    assert_destroyed(&image(), &after);
}

#[test]
fn times_in_the_header_decide_nothing() {
    for time in [0, 1, u64::MAX] {
        let mut forge = Forge::new();
        forge.header.root.created = time;
        forge.header.policy.grants[0].as_mut().unwrap().created = time;
        let image = after_wrong_attempts(forge.signed().image(), 9);
        assert_eq!(remaining(&image), 1);
        assert!(matches!(unlock(&image, "wrong").0, Err(Error::Erased(_))));
    }
}

#[test]
fn second_handle_in_the_same_process_is_busy_and_costs_nothing() {
    let storage = MemoryStorage::from_vec(image());
    let second = Arc::new(storage.second_handle());
    let first = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    let before = second.contents();
    assert!(matches!(
        derives(0, || LockedVolume::open_shared(second.clone())),
        Err(Error::Busy)
    ));
    assert!(matches!(
        create(second.second_handle(), &options(), &passphrase("x")),
        Err(Error::Busy)
    ));
    let volume = first.unlock(&passphrase("right")).unwrap();
    assert!(matches!(
        LockedVolume::open_shared(second.clone()),
        Err(Error::Busy)
    ));
    drop(volume);
    assert_eq!(failed(&second.contents()), 0);
    assert_eq!(
        header_of(&second.contents()).root,
        header_of(&before).root,
        "only the event log tells of it"
    );
    assert!(LockedVolume::open_shared(second).is_ok());
}

#[test]
fn on_storage_that_cannot_be_written_nothing_is_derived_or_erased() {
    for failures in [0, 9, 10] {
        let image = with_failures(image(), failures);
        let storage = Faulty {
            read_only: true,
            ..Faulty::new(&image)
        };
        let error = derives(0, || locked(storage).unlock(&passphrase("right"))).unwrap_err();
        assert!(matches!(Error::from(error), Error::CannotWrite(_)));
        let storage = Faulty {
            read_only: true,
            ..Faulty::new(&image)
        };
        assert!(matches!(
            locked(storage).erase(),
            Err(UnlockFailure::Failed {
                error: Error::CannotWrite(_),
                ..
            })
        ));
    }
}

#[test]
fn with_the_counters_of_both_copies_destroyed_one_attempt_is_left() {
    let mut image = image();
    for range in [counters_of_a(), counters_of_b()] {
        image[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].fill(0);
    }
    assert_eq!(remaining(&image), 1);
    let (outcome, after) = unlock(&image, "right");
    assert_eq!((outcome.is_ok(), remaining(&after)), (true, 10));
    assert!(matches!(unlock(&image, "wrong").0, Err(Error::Erased(_))));
}

#[test]
fn the_stricter_of_two_counters_counts_and_both_have_the_next() {
    let stale = image();
    let charged = with_failures(image(), 4);
    for range in [counters_of_a(), counters_of_b()] {
        let mut mixed = stale.clone();
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        mixed[range.clone()].copy_from_slice(&charged[range]);
        assert_eq!(failed(&mixed), 4);
        let (_, after) = unlock(&mixed, "wrong");
        let each_alone = [0, COPY_B].map(|other| {
            let mut alone = after.clone();
            alone[other + COUNTERS_BLOCK * BLOCK_LEN..][..BLOCK_LEN].fill(0);
            failed(&alone)
        });
        assert_eq!(each_alone, [5, 5]);
    }
}

#[test]
fn an_attempt_that_cannot_be_charged_is_not_made() {
    let storage = Faulty {
        unwritable: vec![counters_of_a(), counters_of_b()],
        ..Faulty::new(&image())
    };
    let failure = derives(0, || locked(storage).unlock(&passphrase("right"))).unwrap_err();
    match failure {
        UnlockFailure::Failed {
            volume,
            error: Error::Io { .. },
        } => {
            assert_eq!(
                volume.info().slots[0].attempts.unwrap().failed,
                0,
                "nothing was tried; what the medium holds is read before the next attempt"
            );
        }
        other => panic!("the charge should fail: {other:?}"),
    }
}

#[test]
fn an_attempt_that_is_charged_in_one_copy_only_counts() {
    for range in [counters_of_a(), counters_of_b()] {
        let storage = Faulty {
            unwritable: vec![range.clone()],
            ..Faulty::new(&image())
        };
        let mut volume = locked(storage);
        for left in (1..10).rev() {
            volume = match volume.unlock(&passphrase("wrong")) {
                Err(UnlockFailure::Wrong {
                    volume, remaining, ..
                }) if remaining == Some(left) => volume,
                other => panic!("{left} attempts should be left: {other:?}"),
            };
        }
        assert!(matches!(
            volume.unlock(&passphrase("wrong")),
            Err(UnlockFailure::Erased(_))
        ));
    }
}

#[test]
fn a_charge_that_one_copy_keeps_although_the_passphrase_was_right_is_told() {
    for range in [counters_of_a(), counters_of_b()] {
        let before = with_failures(image(), 3);
        let storage = Faulty {
            unwritable: vec![range],
            ..Faulty::new(&before)
        };
        let keeper = storage.memory.second_handle();
        let volume = locked(storage).unlock(&passphrase("right")).unwrap();
        assert!(
            matches!(
                volume.take_notices().as_slice(),
                [Notice::CounterNotReset(_)]
            ),
            "the charge should be told"
        );
        assert_eq!(failed(&keeper.contents()), 3);
    }
}

#[test]
fn an_attempt_costs_one_derivation_however_many_slots_there_are() {
    let mut forge = Forge::new();
    for slot in 1..32 {
        forge.add_user(slot, &format!("user {slot}"), 10);
    }
    let image = forge.signed().image();
    for text in ["right", "user 1", "user 31"] {
        derives(1, || unlock(&image, text)).0.unwrap();
    }
    assert!(matches!(
        derives(1, || unlock(&image, "wrong")).0,
        Err(Error::WrongCredential {
            remaining: Some(9),
            ..
        })
    ));
}

#[test]
fn a_right_attempt_resets_its_own_slot_and_leaves_the_others_as_they_were() {
    let mut forge = Forge::new();
    forge.add_user(1, "user", 5);
    let image = after_wrong_attempts(forge.signed().image(), 2);
    let (_, after) = unlock(&image, "user");
    assert_eq!(header_of(&after).counters.failed[..3], [2, 0, 0]);
}

#[test]
fn a_slot_that_reaches_its_limit_is_erased_and_the_others_still_open() {
    let mut forge = Forge::new();
    forge.add_user(1, "user", 2);
    let image = forge.signed().image();
    let once = after_wrong_attempts(image.clone(), 1);
    let (outcome, twice) = unlock(&once, "wrong");
    assert!(outcome.is_err());
    let wrapped = header_of(&image).slots[1]
        .slot()
        .unwrap()
        .wrapped
        .ciphertext;
    assert!(!twice.windows(128).step_by(16).any(|bytes| bytes == wrapped));
    assert!(!opens(&twice, "user"));
    let (volume, after) = unlock(&twice, "right");
    volume
        .unwrap()
        .change_credential(&passphrase("new"), None)
        .unwrap();
    assert!(unlock(&after, "right").0.unwrap().take_notices().is_empty());
}

#[test]
fn a_cancelled_attempt_is_taken_back_and_the_right_passphrase_opens() {
    let cancel = |_, _| std::ops::ControlFlow::Break(());
    let options = UnlockOptions {
        derivation: crate::crypto::Argon2Options {
            progress: Some(&cancel),
            ..Default::default()
        },
        ..UnlockOptions::default()
    };
    let storage = Faulty::new(&image());
    let keeper = storage.memory.second_handle();
    let mut volume = locked(storage);
    for _ in 0..12 {
        volume = match volume.unlock_with(&passphrase("wrong"), &options) {
            Err(UnlockFailure::Failed {
                volume,
                error: Error::Cancelled,
            }) => volume,
            other => panic!("the attempt should be cancelled: {other:?}"),
        };
        assert_eq!(failed(&keeper.contents()), 0);
    }
    assert!(volume.unlock(&passphrase("right")).is_ok());
}

#[test]
fn a_limit_that_was_reached_already_is_refused_and_erases_nothing() {
    use super::team::{ADMIN, OTHER, USER, can_open, failed_on, open_as, team, text};
    let image = failed_on(team().image.clone(), USER, 5);
    let storage = MemoryStorage::from_vec(image);
    let keeper = storage.second_handle();
    let admin = open_as(storage, &(ADMIN, text("admin")));
    for limit in [1, 5] {
        assert!(matches!(
            admin.set_lockout(USER, limit, Action::EraseVolume),
            Err(Error::SlotOptions(_))
        ));
    }
    admin.set_lockout(USER, 6, Action::EraseVolume).unwrap();
    admin.set_lockout(OTHER, 1, Action::EraseVolume).unwrap();
    drop(admin);
    assert!(can_open(&keeper.contents(), &(USER, text("user"))));
}
