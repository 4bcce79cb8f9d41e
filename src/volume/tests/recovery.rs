//! Credentials that must be changed, and getting back in with a recovery key.

use super::cast::{
    ADMIN, ALL, ESCROW, NEWCOMER, ONE_TIME, READER, RECOVERY, Stick, TWO_FACTORS, USER,
    assert_no_trace, cast, choosing,
};
use super::*;
use crate::crypto::RecoveryKey;
use crate::format::Role;

/// Recovers the slot `of` with the key of the slot `with`; the new passphrase is `text`.
fn recover(stick: &Stick, with: usize, of: Option<usize>, text: &str) -> Result<Volume, Error> {
    let locked = stick.open().and_then(Opened::locked)?;
    let options = choosing(SlotChoice::Slot(with));
    Ok(locked.recover(cast().credential(with), of, &passphrase(text), &options)?)
}

fn opener(stick: &Stick, text: &str) -> Result<usize, Error> {
    stick.opened_by(&passphrase(text))
}

fn change(stick: &Stick, slot: usize, old: &str, new: &str) {
    let volume = stick
        .unlock_with(&passphrase(old), SlotChoice::Slot(slot))
        .unwrap();
    volume.change_credential(&passphrase(new), None).unwrap();
}

#[test]
fn a_credential_that_must_be_changed_opens_only_together_with_a_new_one() {
    let stick = cast().stick();
    let before = stick.header();
    let refused = stick.unlock(NEWCOMER);
    assert!(matches!(refused, Err(Error::MustChange { slot: NEWCOMER })));
    assert_eq!(stick.failed()[NEWCOMER], 0);
    let options = choosing(SlotChoice::Slot(NEWCOMER));
    let volume = stick
        .locked()
        .unlock_and_change(cast().credential(NEWCOMER), &passphrase("mine"), &options)
        .unwrap();
    assert_eq!(volume.slot(), NEWCOMER);
    drop(volume);
    assert_no_trace(&before, NEWCOMER, &stick.image());
    assert!(stick.opened_by(cast().credential(NEWCOMER)).is_err());
    let again = stick.unlock_with(&passphrase("mine"), SlotChoice::Slot(NEWCOMER));
    assert!(again.is_ok());
}

#[test]
fn a_new_credential_that_is_refused_leaves_the_old_one_in_force() {
    let stick = cast().stick();
    with_min_chars(&stick, 8);
    let options = choosing(SlotChoice::Slot(NEWCOMER));
    let before = stick.header();
    let outcome = stick.locked().unlock_and_change(
        cast().credential(NEWCOMER),
        &passphrase("short"),
        &options,
    );
    assert!(matches!(
        outcome.map_err(Error::from),
        Err(Error::Rule(RuleViolation::TooShort { .. }))
    ));
    assert_eq!(stick.header().root, before.root);
    assert!(matches!(
        stick.unlock(NEWCOMER),
        Err(Error::MustChange { .. })
    ));
}

#[test]
fn unlock_and_change_works_for_those_who_need_not_and_not_for_recovery() {
    let stick = cast().stick();
    let new = passphrase("new");
    for (slot, allowed) in [(USER, true), (RECOVERY, false), (ONE_TIME, false)] {
        let options = choosing(SlotChoice::Slot(slot));
        let before = stick.header();
        let outcome = stick
            .locked()
            .unlock_and_change(cast().credential(slot), &new, &options)
            .map_err(Error::from);
        match outcome {
            Ok(volume) => assert!(allowed && volume.slot() == slot),
            Err(Error::OneTime { .. }) => assert_eq!(slot, ONE_TIME),
            Err(error) => assert!(matches!(error, Error::NotPermitted { .. }), "{error}"),
        }
        assert!(allowed || stick.header().root == before.root);
    }
}

fn with_min_chars(stick: &Stick, min_chars: u16) {
    let admin = stick.admin();
    let mut rules = admin.policy();
    rules.passphrases.min_chars = min_chars;
    admin.set_policy(&rules).unwrap();
}

#[test]
fn a_recovery_key_gives_a_user_a_new_passphrase_and_the_old_one_opens_nothing() {
    for (with, of) in [
        (RECOVERY, USER),
        (RECOVERY, TWO_FACTORS),
        (ONE_TIME, USER),
        (ONE_TIME, READER),
    ] {
        let stick = cast().stick();
        let before = stick.header();
        let volume = recover(&stick, with, Some(of), "recovered").unwrap();
        assert_eq!((volume.slot(), volume.role()), (of, Role::User));
        assert_eq!(volume.is_read_only(), of == READER);
        drop(volume);
        assert_no_trace(&before, of, &stick.image());
        assert!(stick.opened_by(cast().credential(of)).is_err());
        assert_eq!(opener(&stick, "recovered").unwrap(), of);
        for slot in ALL
            .into_iter()
            .filter(|slot| ![of, ONE_TIME].contains(slot))
        {
            assert_eq!(stick.opened_by(cast().credential(slot)).unwrap(), slot);
        }
    }
}

#[test]
fn a_one_time_recovery_key_opens_nothing_but_a_recovery_which_spends_it() {
    let stick = cast().stick();
    let before = stick.header();
    assert!(matches!(
        stick.unlock(ONE_TIME),
        Err(Error::OneTime { slot: ONE_TIME })
    ));
    recover(&stick, ONE_TIME, Some(USER), "recovered").unwrap();
    assert_no_trace(&before, ONE_TIME, &stick.image());
    assert_eq!(stick.slot(ONE_TIME).status, SlotStatus::Spent);
    let again = recover(&stick, ONE_TIME, Some(USER), "again");
    assert!(matches!(again, Err(Error::NoMatchingSlot)));
    assert_eq!(opener(&stick, "recovered").unwrap(), USER);
}

#[test]
fn a_recovery_that_is_refused_spends_and_changes_nothing() {
    type Expected = fn(&Error) -> bool;
    let stick = cast().stick();
    with_min_chars(&stick, 8);
    let before = stick.header();
    let refusals: [(Option<usize>, &str, Expected); 6] = [
        (Some(USER), "short", |error| matches!(error, Error::Rule(_))),
        (
            None,
            "long enough",
            |error| matches!(error, Error::AmbiguousSlot { slots } if *slots == [1, 5, 6, 7]),
        ),
        (Some(ADMIN), "long enough", |error| {
            matches!(error, Error::NoSuchSlot { slot: ADMIN })
        }),
        (Some(ESCROW), "long enough", |error| {
            matches!(error, Error::NoSuchSlot { slot: ESCROW })
        }),
        (Some(31), "long enough", |error| {
            matches!(error, Error::NoSuchSlot { slot: 31 })
        }),
        (Some(32), "long enough", |error| {
            matches!(error, Error::NoSuchSlot { slot: 32 })
        }),
    ];
    for (of, text, expected) in refusals {
        let error = recover(&stick, ONE_TIME, of, text).unwrap_err();
        assert!(expected(&error), "{error}");
        assert_eq!(stick.header().root, before.root);
    }
    recover(&stick, ONE_TIME, Some(USER), "long enough").unwrap();
}

#[test]
fn nobody_but_a_recovery_slot_recovers() {
    for with in [ADMIN, USER, READER, ESCROW] {
        let stick = cast().stick();
        let before = stick.header();
        let outcome = recover(&stick, with, Some(READER), "recovered");
        assert!(matches!(outcome, Err(Error::NotPermitted { .. })));
        assert_eq!(stick.header().root, before.root);
    }
}

#[test]
fn the_only_user_need_not_be_named() {
    let stick = cast().stick();
    let admin = stick.admin();
    for slot in [TWO_FACTORS, READER, NEWCOMER] {
        admin.remove_slot(slot, Removal::IfSafe).unwrap();
    }
    drop(admin);
    assert_eq!(
        recover(&stick, RECOVERY, None, "recovered").unwrap().slot(),
        USER
    );
    stick.admin().remove_slot(USER, Removal::IfSafe).unwrap();
    assert!(matches!(
        recover(&stick, RECOVERY, None, "recovered"),
        Err(Error::SlotOptions(_))
    ));
}

#[test]
fn a_reusable_recovery_key_recovers_again_and_others_too() {
    let stick = cast().stick();
    for (text, of) in [("first", USER), ("second", USER), ("third", READER)] {
        recover(&stick, RECOVERY, Some(of), text).unwrap();
        assert_eq!(opener(&stick, text).unwrap(), of);
    }
    assert!(opener(&stick, "first").is_err());
    assert!(stick.unlock(RECOVERY).is_ok());
}

#[test]
fn a_slot_that_was_erased_comes_back_by_recovery_with_all_its_attempts() {
    let stick = cast().stick();
    for _ in 0..10 {
        let _ = stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(USER));
    }
    assert_eq!(stick.slot(USER).status, SlotStatus::Erased);
    recover(&stick, ONE_TIME, Some(USER), "recovered").unwrap();
    let slot = stick.slot(USER);
    assert_eq!(slot.status, SlotStatus::InForce);
    assert_eq!(slot.attempts.unwrap().remaining, 10);
    assert_eq!(opener(&stick, "recovered").unwrap(), USER);
}

#[test]
fn who_was_recovered_goes_on_as_if_an_admin_had_named_him() {
    let stick = cast().stick();
    let volume = recover(&stick, RECOVERY, Some(USER), "recovered").unwrap();
    volume.change_credential(&passphrase("a"), None).unwrap();
    drop(volume);
    change(&stick, USER, "a", "b");
    stick.admin().set_label(&Label::default()).unwrap();
    assert!(
        stick.header().slots[USER]
            .slot()
            .unwrap()
            .endorsement
            .is_none()
    );
    change(&stick, USER, "b", "c");
    stick
        .admin()
        .remove_slot(RECOVERY, Removal::IfSafe)
        .unwrap();
    change(&stick, USER, "c", "d");
    assert_eq!(opener(&stick, "d").unwrap(), USER);
}

#[test]
fn who_was_recovered_stays_in_when_the_recovery_slot_goes_or_changes_at_once() {
    for gone in [true, false] {
        let stick = cast().stick();
        recover(&stick, RECOVERY, Some(USER), "recovered").unwrap();
        let admin = stick.admin();
        if gone {
            admin.remove_slot(RECOVERY, Removal::IfSafe).unwrap();
        } else {
            let key = RecoveryKey::generate().unwrap();
            admin.reset_slot(RECOVERY, &key, false, None).unwrap();
        }
        drop(admin);
        assert_eq!(opener(&stick, "recovered").unwrap(), USER);
        change(&stick, USER, "recovered", "changed");
        assert_eq!(opener(&stick, "changed").unwrap(), USER);
    }
}

#[test]
fn an_admin_resets_or_removes_who_was_recovered() {
    let stick = cast().stick();
    recover(&stick, RECOVERY, Some(USER), "recovered").unwrap();
    let given = passphrase("given");
    stick.admin().reset_slot(USER, &given, false, None).unwrap();
    assert!(opener(&stick, "recovered").is_err());
    assert_eq!(opener(&stick, "given").unwrap(), USER);
    recover(&stick, RECOVERY, Some(USER), "again").unwrap();
    stick.admin().remove_slot(USER, Removal::IfSafe).unwrap();
    assert!(opener(&stick, "again").is_err());
}
