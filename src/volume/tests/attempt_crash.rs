//! Attempts on slots of several roles, and creations of such volumes, cut off at every instant.

use super::super::attempt::failed;
use super::super::genuine;
use super::recording::{Recording, report};
use super::team::*;
use super::*;
use crate::format::{CopyStatus, SlotState};

#[test]
fn an_interrupted_creation_with_slots_leaves_all_of_them_or_no_volume() {
    let recording = Recording::new(Vec::new());
    create_with_slots(recording.clone(), &options(), &team().grantees()).unwrap();
    let mut whole = 0;
    let count = recording.crash_states(|state| {
        if open(&state.image).is_err() {
            assert!(!state.returned);
            return;
        }
        let ways = team().ways();
        assert!(can_open(&state.image, &ways[whole % ways.len()]));
        whole += 1;
    });
    assert!(whole > 0);
    report("create with slots", count);
}

#[test]
fn an_interrupted_last_attempt_of_a_user_is_made_up_for_and_loses_nobody_else_the_volume() {
    let before = failed_on(failed_on(team().image.clone(), USER, 9), OTHER, 2);
    let recording = Recording::new(before);
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    let outcome = derives(1, || locked.unlock_with(text("wrong"), &on_slot(USER)));
    assert!(matches!(
        outcome,
        Err(UnlockFailure::Wrong {
            remaining: Some(0),
            erases_volume: false,
            ..
        })
    ));
    let mut number = 0;
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        genuine::check(&header).unwrap();
        genuine::check_log(&header).unwrap();
        assert_eq!(failed(&header, OTHER), 2);
        let erased = slot_stands(&header) || failed(&header, USER) == 10;
        assert!(erased || state.derived == 0);
        assert!(erased || !state.returned);
        if erased {
            // Not one more derivation for this slot.
            let (outcome, left) = derives(0, || try_way(&state.image, &(USER, text("user"))));
            assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
            assert!(slot_stands(&header_of(&left)));
        } else {
            assert!(can_open(&state.image, &(USER, text("user"))));
        }
        let others = team().ways_without(&[USER]);
        number += 1;
        assert!(can_open(&state.image, &others[number % others.len()]));
    });
    report("last attempt of a user", count);
}

/// Whether the user's slot is erased, or being erased.
fn slot_stands(header: &Header) -> bool {
    super::super::attempt::slot_state(header, USER) != SlotState::InForce
}

#[test]
fn an_attempt_on_several_slots_is_charged_to_each_before_the_derivation_at_whatever_instant() {
    let start = failed_on(team().image.clone(), OTHER, 1);
    let recording = Recording::new(start);
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    derives(1, || locked.unlock_with(text("wrong"), &any_slot())).unwrap_err();
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        let found = [ADMIN, USER, OTHER].map(|slot| failed(&header, slot));
        assert!(found == [1, 1, 2] || found == [0, 0, 1] && state.derived == 0);
    });
    report("wrong attempt on several slots", count);
}

#[test]
fn an_interrupted_right_attempt_sets_its_own_counter_back_and_no_other_one() {
    let start = failed_on(failed_on(team().image.clone(), USER, 5), OTHER, 1);
    let recording = Recording::new(start);
    let volume = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap()
        .unlock_with(text("user"), &any_slot())
        .unwrap();
    assert_eq!(volume.slot(), USER);
    drop(volume);
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        let found = [ADMIN, USER, OTHER].map(|slot| failed(&header, slot));
        let charged = [1, 6, 2];
        let verdict = [0, 0, 1];
        assert!(
            found == charged
                || found == verdict && state.derived == 1
                || found == [0, 5, 1] && state.derived == 0
        );
        assert!(!state.returned || found == verdict);
        assert!(can_open(&state.image, &(USER, text("user"))));
    });
    report("right attempt on several slots", count);
}

#[test]
fn an_interrupted_use_of_a_key_that_is_not_counted_changes_the_event_log_only() {
    for way in [
        (RECOVERY, (&team().recovery).into()),
        (ONCE, (&team().once).into()),
        (ESCROW, (&team().escrow).into()),
    ] {
        let recording = Recording::new(team().image.clone());
        let locked = LockedVolume::open(recording.clone())
            .and_then(Opened::locked)
            .unwrap();
        drop(locked.try_credential(&way.1, &on_slot(way.0)).unwrap());
        assert_only_the_log_changed("key that is not counted", &recording, &way);
    }
}

#[test]
fn an_interrupted_export_of_the_key_changes_the_event_log_only() {
    for way in [(ADMIN, text("admin")), (ESCROW, (&team().escrow).into())] {
        let recording = Recording::new(team().image.clone());
        let volume = open_as(recording.clone(), &way);
        recording.restart();
        assert_eq!(volume.export_key().unwrap().len(), 64);
        drop(volume);
        assert_only_the_log_changed("export of the key", &recording, &way);
    }
}

fn assert_only_the_log_changed(name: &str, recording: &Recording, way: &Way) {
    let after = header_of(&recording.contents());
    let newest = after.log.head(after.root.id).sequence;
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        genuine::check_log(&header).unwrap();
        assert!(header.root == after.root && header.counters == after.counters);
        assert!(header.log.check_chain(header.root.id).is_empty());
        let found = header.log.head(header.root.id).sequence;
        assert!(found == newest || found + 1 == newest && !state.returned);
        assert!(can_open(&state.image, way));
    });
    report(name, count);
    let whole = [CopyStatus::Whole, CopyStatus::Whole];
    assert_eq!(after.copies, whole);
}
