//! A recovery that is cut off has happened as a whole or not at all.

use super::recording::{Recording, report};
use super::slot_crash::Change;
use super::team::*;
use super::*;

/// The user's new passphrase.
const NEW: &str = "new";

/// Recovers the user's slot, cut off at every instant; returns the states in which it is done.
fn cut_recovery(name: &str, start: &[u8], by: &Way, user_opens: bool) -> Vec<Vec<u8>> {
    let recording = Recording::new(start.to_vec());
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    recording.restart();
    let before = recording.contents();
    let volume = locked
        .recover(&by.1, Some(USER), text(NEW), &on_slot(by.0))
        .unwrap();
    assert_eq!((volume.slot(), volume.role()), (USER, Role::User));
    drop(volume);
    let mut ways = vec![by.clone()];
    if user_opens {
        ways.push((USER, text("user")));
    }
    let is_spent = by.0 == ONCE;
    Change {
        start: Vec::new(),
        by: by.clone(),
        always: team().ways_without(if is_spent { &[USER, ONCE] } else { &[USER] }),
        before: ways.split_off(usize::from(!is_spent)),
        after: vec![(USER, text(NEW))],
        ..Change::by_admin(name, &|_| {})
    }
    .judge(&recording, &before)
}

fn once() -> Way {
    (ONCE, (&team().once).into())
}

#[test]
fn an_interrupted_recovery_leaves_the_old_credential_in_force_or_the_new_one() {
    let key = (RECOVERY, (&team().recovery).into());
    cut_recovery("recovery", &team().image, &key, true);
    let erased = exhausted(&team().image, USER);
    cut_recovery("recovery of an erased slot", &erased, &key, false);
}

#[test]
fn an_interrupted_recovery_spends_a_key_that_opens_once_exactly_if_the_user_is_back_in() {
    cut_recovery("recovery, once", &team().image, &once(), true);
    let erased = exhausted(&team().image, USER);
    cut_recovery("recovery of an erased slot, once", &erased, &once(), false);
}

#[test]
fn a_key_that_opens_once_stays_spent_when_the_next_unlock_is_interrupted_too() {
    let done = cut_recovery("recovery, once", &team().image, &once(), true);
    let mut count = 0;
    for state in done.iter().step_by(23) {
        let recording = Recording::new(state.clone());
        drop(open_as(recording.clone(), &(USER, text(NEW))));
        count += recording.crash_states(|state| {
            assert!(!can_open(&state.image, &once()));
            assert!(!can_open(&state.image, &(USER, text("user"))));
            assert!(can_open(&state.image, &(USER, text(NEW))));
        });
    }
    report("unlock after a recovery", count);
}

#[test]
fn a_recovery_that_storage_fails_half_way_hands_out_no_volume_and_spends_nothing_by_itself() {
    use super::faulty::Faulty;
    for copy in [0, COPY_B] {
        let slot = (copy + (SLOT_FIRST_BLOCK + ONCE) * BLOCK_LEN) as u64;
        let bad = slot..slot + 4096;
        let storage = Faulty {
            unwritable: vec![bad],
            ..Faulty::new(&team().image)
        };
        let keeper = storage.memory.second_handle();
        let locked = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap();
        let key = &team().once;
        let outcome = locked.recover(key, Some(USER), text(NEW), &on_slot(ONCE));
        assert!(matches!(
            outcome,
            Err(UnlockFailure::Failed {
                error: Error::Io { .. },
                ..
            })
        ));
        let left = keeper.contents();
        let is_back = can_open(&left, &(USER, text(NEW)));
        assert_ne!(is_back, can_open(&left, &once()));
        assert_ne!(is_back, can_open(&left, &(USER, text("user"))));
    }
}

#[test]
fn an_interrupted_forced_change_leaves_the_initial_credential_still_to_be_changed_or_the_new_one() {
    let storage = MemoryStorage::from_vec(team().image.clone());
    let keeper = storage.second_handle();
    let admin = open_as(storage, &(ADMIN, text("admin")));
    let initial = text("initial");
    admin.reset_slot(USER, &initial, true, None).unwrap();
    drop(admin);
    let recording = Recording::new(keeper.contents());
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    let volume = locked
        .unlock_and_change(&initial, text(NEW), &on_slot(USER))
        .unwrap();
    drop(volume);
    let (mut done, mut number) = (0, 0);
    let count = recording.crash_states(|state| {
        let is_new = can_open(&state.image, &(USER, text(NEW)));
        assert!(is_new || !state.returned);
        let unchanged = open_locked(&state.image).unlock_with(&initial, &on_slot(USER));
        match unchanged {
            Err(UnlockFailure::Wrong { .. }) => assert!(is_new),
            Err(UnlockFailure::Failed {
                error: Error::MustChange { slot: USER },
                ..
            }) => assert!(!is_new),
            other => panic!("the initial credential must not open by itself: {other:?}"),
        }
        let others = team().ways_without(&[USER]);
        assert!(can_open(&state.image, &others[number % others.len()]));
        number += 1;
        done += usize::from(is_new);
    });
    assert!(done > 0);
    report("forced change", count);
}
