//! Putting headers back: what is kept, what is refused, and what an interruption leaves.

use super::backup::{backed_up, edited, plain};
use super::faulty::Faulty;
use super::recording::{Recording, report};
use super::refusals::overwrite;
use super::restore_refusals::refused;
use super::*;
use crate::format::{POLICY_BLOCK, ROOT_BLOCK};
use crate::volume::attempt::failed as failed_on;

pub(super) const OLDER: IfOlder = IfOlder::Allow;

pub(super) fn with(if_older: IfOlder) -> RestoreOptions {
    RestoreOptions {
        if_older,
        ..RestoreOptions::default()
    }
}

/// Restores the backup of [`backed_up`] over `image`.
pub(super) fn restored(image: &[u8], if_older: IfOlder) -> (Result<RestoreReport, Error>, Vec<u8>) {
    restored_from(&backed_up().backup(), image, if_older)
}

fn restored_from(
    backup: &HeaderBackup,
    image: &[u8],
    if_older: IfOlder,
) -> (Result<RestoreReport, Error>, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let outcome = restore_header(storage, backup, &with(if_older));
    (outcome, keeper.contents())
}

pub(super) fn without_a(mut image: Vec<u8>) -> Vec<u8> {
    image[..COPY].fill(0x11);
    image
}

pub(super) fn without_b(mut image: Vec<u8>) -> Vec<u8> {
    image[COPY_B..].fill(0);
    image
}

pub(super) fn without_header(image: &[u8]) -> Vec<u8> {
    without_a(without_b(image.to_vec()))
}

/// Copies that need each other.
fn complementary(mut image: Vec<u8>) -> Vec<u8> {
    for block in [POLICY_BLOCK, SLOT_FIRST_BLOCK, SEAL_FIRST_BLOCK + 3] {
        overwrite(&mut image, 0, block, &[0; 64]);
    }
    for block in [ROOT_BLOCK, COUNTERS_BLOCK, SEAL_FIRST_BLOCK + 4] {
        overwrite(&mut image, COPY_B, block, &[0; 64]);
    }
    image
}

/// The volume before the backup was taken, and one that was changed after it.
fn before() -> Vec<u8> {
    image()
}

fn after() -> &'static [u8] {
    static AFTER: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let changed = edited(&backed_up().image, |volume| {
            volume.change_credential(&passphrase("new"), None).unwrap();
        });
        changed.0
    });
    &AFTER
}

/// `image` with so many failed attempts on a slot in both copies.
fn with_failures_on(mut image: Vec<u8>, slot: usize, failed: u8) -> Vec<u8> {
    let mut header = header_of(&image);
    set_failed(&mut header, slot, failed);
    let block = header.counters.encode(header.root.id);
    put_blocks(&mut image, &header, &[(COUNTERS_BLOCK, block)]);
    image
}

#[test]
fn a_lost_or_damaged_header_opens_again_after_a_restore() {
    let whole = &backed_up().image;
    for damaged in [
        without_header(whole),
        without_a(whole.clone()),
        without_b(whole.clone()),
        complementary(whole.clone()),
        whole.clone(),
        before(),
    ] {
        let (outcome, left) = restored(&damaged, IfOlder::Refuse);
        assert_eq!(
            outcome.unwrap().copies,
            [CopyStatus::Whole, CopyStatus::Whole]
        );
        let volume = unlock(&left, "right").0.unwrap();
        assert!(volume.take_notices().is_empty());
        assert_eq!(volume.info().backups, 1);
        assert!(
            check_header(&MemoryStorage::from_vec(left))
                .unwrap()
                .is_whole()
        );
    }
}

#[test]
fn the_payload_is_not_touched_by_a_restore() {
    let mut changed = without_header(&backed_up().image);
    changed[COPY..COPY_B].fill(0x5a);
    let (_, left) = restored(&changed, IfOlder::Refuse);
    assert!(left[COPY..COPY_B].iter().all(|byte| *byte == 0x5a));
}

#[test]
fn an_older_header_comes_back_only_when_that_is_meant() {
    assert!(matches!(
        refused(after(), IfOlder::Refuse),
        RestoreRefusal::Older { found, backup } if found > backup
    ));
    let (outcome, left) = restored(after(), OLDER);
    assert!(outcome.unwrap().replaced.is_some());
    assert!(opens(&left, "right") && !opens(&left, "new"));
}

#[test]
fn a_header_that_only_a_user_has_changed_is_newer_as_well() {
    let storage = MemoryStorage::from_vec(backed_up().image.clone());
    let keeper = storage.second_handle();
    let locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    let volume = locked
        .unlock_with(&passphrase("user"), &any_slot())
        .unwrap();
    volume.change_credential(&passphrase("own"), None).unwrap();
    drop(volume);
    assert!(matches!(
        refused(&keeper.contents(), IfOlder::Refuse),
        RestoreRefusal::Older { .. }
    ));
}

#[test]
fn an_interrupted_restore_leaves_the_old_header_or_the_new_one() {
    let whole = &backed_up().image;
    for (name, start) in [
        ("an earlier header", before()),
        ("an earlier header without A", without_a(before())),
        ("an earlier header without B", without_b(before())),
        ("an earlier header in pieces", complementary(before())),
        ("a later header", after().to_vec()),
        ("a later header without A", without_a(after().to_vec())),
        ("a later header without B", without_b(after().to_vec())),
        ("a later header in pieces", complementary(after().to_vec())),
        ("the same header without A", without_a(whole.clone())),
    ] {
        let old = header_of(&start).root;
        let recording = Recording::new(start);
        restore_header(recording.clone(), &backed_up().backup(), &with(OLDER)).unwrap();
        let new = header_of(&recording.contents()).root;
        let mut number = 0;
        let count = recording.crash_states(|state| {
            let found = header_of(&state.image);
            assert!(found.root == new || (found.root == old && !state.returned));
            number += 1;
            if number % 9 == 0 || state.returned {
                let text = if found.root.generation > new.generation {
                    "new"
                } else {
                    "right"
                };
                assert!(opens(&state.image, text), "{name}");
            }
        });
        report(name, count);
    }
}

#[test]
fn an_interrupted_restore_of_a_lost_header_can_be_repeated() {
    let recording = Recording::new(without_header(&backed_up().image));
    restore_header(
        recording.clone(),
        &backed_up().backup(),
        &with(IfOlder::Refuse),
    )
    .unwrap();
    let mut number = 0;
    let count = recording.crash_states(|state| {
        let (outcome, left) = restored(&state.image, IfOlder::Refuse);
        outcome.unwrap();
        assert!(failed(&left) <= 9);
        number += 1;
        if number % 9 == 0 || state.returned {
            assert!(opens(&left, "right"));
        }
    });
    report("a lost header", count);
}

#[test]
fn a_restore_never_lowers_a_counter() {
    for (start, if_older) in [
        (backed_up().image.clone(), IfOlder::Refuse),
        (after().to_vec(), OLDER),
    ] {
        for broken in [0, 1, 2] {
            let counted = with_failures(start.clone(), 7);
            let damaged = match broken {
                0 => counted,
                1 => without_a(counted),
                _ => without_b(counted),
            };
            let (outcome, left) = restored(&damaged, if_older);
            outcome.unwrap();
            assert_eq!(failed(&left), 7);
        }
    }
}

#[test]
fn counters_that_are_left_in_a_broken_header_count() {
    let mut damaged = with_failures(backed_up().image.clone(), 7);
    for copy in [0, COPY_B] {
        overwrite(&mut damaged, copy, ROOT_BLOCK, &[0; 64]);
    }
    let (outcome, left) = restored(&damaged, IfOlder::Refuse);
    assert!(!outcome.unwrap().counters_lost);
    assert_eq!(failed(&left), 7);
}

#[test]
fn lost_counters_leave_one_attempt_and_the_report_says_so() {
    let (outcome, left) = restored(&without_header(&backed_up().image), IfOlder::Refuse);
    let report = outcome.unwrap();
    assert!(report.counters_lost && report.to_string().contains("one attempt is left"));
    assert_eq!(failed(&left), 9);
    assert!(opens(&left, "right"));
}

#[test]
fn attempts_that_the_backup_had_used_stay_used() {
    let counted = with_failures_on(backed_up().image.clone(), 1, 6);
    let (image, file) = edited(&counted, |volume| {
        volume.backup_header_plain_outlives_erase().unwrap()
    });
    let (image, ()) = edited(&image, |volume| volume.reset_attempts(1).unwrap());
    assert_eq!(failed_on(&header_of(&image), 1), 0);
    let (outcome, left) = restored_from(&plain(&file), &image, OLDER);
    outcome.unwrap();
    assert_eq!(failed_on(&header_of(&left), 1), 6);
}

#[test]
fn an_older_policy_with_a_higher_limit_gives_no_attempts_back() {
    let (image, ()) = edited(&backed_up().image, |volume| {
        volume.set_lockout(1, 3, Action::EraseSlot).unwrap();
    });
    let (outcome, left) = restored(&with_failures_on(image, 1, 2), OLDER);
    outcome.unwrap();
    let slots = open_locked(&left).info().slots;
    assert_eq!(slots[1].attempts.unwrap().remaining, 1);
}

#[test]
fn a_slot_that_was_erased_or_used_up_stays_closed() {
    let used_up = with_failures_on(backed_up().image.clone(), 1, 10);
    drop(open_locked(&used_up));
    let (_, erased) = unlock(&used_up, "right");
    for image in [&used_up, &erased] {
        for damaged in [image.clone(), without_a(image.clone())] {
            let (outcome, left) = restored(&damaged, IfOlder::Refuse);
            assert_eq!(outcome.unwrap().erased_slots, [1]);
            assert!(!opens(&left, "user"));
            assert!(opens(&left, "right"));
        }
    }
}

#[test]
fn a_slot_that_was_granted_anew_after_it_was_used_up_opens_from_a_later_backup() {
    let used_up = with_failures_on(backed_up().image.clone(), 1, 10);
    let (_, erased) = unlock(&used_up, "right");
    let (_, file) = edited(&erased, |volume| {
        volume
            .reset_slot(1, &passphrase("again"), false, None)
            .unwrap();
        volume.backup_header_plain_outlives_erase().unwrap()
    });
    let (outcome, left) = restored_from(&plain(&file), &erased, IfOlder::Refuse);
    assert!(outcome.unwrap().erased_slots.is_empty());
    assert!(opens(&left, "again"));
}

#[test]
fn a_bad_sector_does_not_stop_a_restore_and_is_named() {
    for start in [
        without_header(&backed_up().image),
        before(),
        after().to_vec(),
    ] {
        for block in [
            ROOT_BLOCK,
            POLICY_BLOCK,
            SLOT_FIRST_BLOCK,
            SEAL_FIRST_BLOCK + 7,
        ] {
            for (copy, place) in [0, COPY_B].into_iter().enumerate() {
                let offset = (place + block * BLOCK_LEN) as u64;
                let bad = offset..offset + 512;
                let mut damaged = start.clone();
                overwrite(&mut damaged, place, block, &[0xee; 64]);
                let storage = Faulty {
                    unreadable: vec![bad.clone()],
                    unwritable: vec![bad],
                    ..Faulty::new(&damaged)
                };
                let keeper = storage.memory.second_handle();
                let done = restore_header(storage, &backed_up().backup(), &with(OLDER)).unwrap();
                let named: Vec<_> = done
                    .unwritten
                    .iter()
                    .map(|(copy, block, _)| (*copy, *block))
                    .collect();
                assert_eq!(named, [(copy, block)]);
                assert!(opens(&keeper.contents(), "right"));
            }
        }
    }
}

#[test]
fn storage_that_forgets_what_was_written_is_told_and_the_old_header_stays() {
    let start = without_b(before());
    let copy_b = COPY_B as u64..(COPY_B + COPY) as u64;
    let storage = Faulty {
        forgetful: vec![copy_b],
        ..Faulty::new(&start)
    };
    let keeper = storage.memory.second_handle();
    let outcome = restore_header(storage, &backed_up().backup(), &with(OLDER));
    assert!(matches!(
        outcome,
        Err(Error::Io {
            doing: "reading back",
            ..
        })
    ));
    assert!(keeper.contents() == start);
}

#[test]
fn the_log_of_the_medium_is_kept_and_the_restore_is_recorded() {
    let later = edited(&backed_up().image, |volume| {
        volume.set_label(&Label::default()).unwrap();
    });
    let (outcome, left) = restored(&later.0, OLDER);
    outcome.unwrap();
    let (_, log) = edited(&left, |volume| volume.event_log().unwrap());
    assert!(log.faults.is_empty(), "{:?}", log.faults);
    let kinds: Vec<_> = log
        .entries
        .iter()
        .map(|entry| entry.event.as_ref().unwrap().kind())
        .collect();
    assert_eq!(
        kinds,
        [
            EventKind::Created,
            EventKind::Attempt,
            EventKind::Unlocked,
            EventKind::SlotAdded,
            EventKind::Attempt,
            EventKind::Unlocked,
            EventKind::HeaderBackup,
            EventKind::Attempt,
            EventKind::Unlocked,
            EventKind::LabelChanged,
            EventKind::HeaderRestored,
            EventKind::Attempt,
            EventKind::Unlocked,
        ]
    );
}
