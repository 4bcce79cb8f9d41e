//! What an admin does to slots, and a holder to his own.

use super::cast::{
    ADMIN, ALL, ESCROW, NEWCOMER, ONE_TIME, READER, RECOVERY, Stick, TWO_FACTORS, USER,
    assert_no_trace, cast, choosing, key_file,
};
use super::*;
use crate::crypto::{PrivateKey, RecoveryKey};
use crate::format::Role;

/// Asserts that all of the cast but these still open their slots.
fn assert_others_open(stick: &Stick, but: &[usize]) {
    for slot in ALL.into_iter().filter(|slot| !but.contains(slot)) {
        assert_eq!(stick.opened_by(cast().credential(slot)).unwrap(), slot);
    }
}

fn wrong_attempts(stick: &Stick, slot: usize, count: usize) -> Result<Volume, Error> {
    let attempt = || stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(slot));
    for _ in 1..count {
        let _ = attempt();
    }
    attempt()
}

#[test]
fn a_slot_that_is_added_opens_with_its_credential_whatever_its_kind() {
    let stick = cast().stick();
    let (text, file) = (passphrase("added"), key_file("a new file"));
    let (recovery, private) = (
        RecoveryKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
    );
    let kinds: [(Role, Credential); 6] = [
        (Role::Admin, (&text).into()),
        (Role::User, (&file).into()),
        (Role::User, Credential::from(&text).and(&file)),
        (Role::User, Credential::from(&text).and(&recovery)),
        (Role::Recovery, (&recovery).into()),
        (Role::Escrow, (&private).into()),
    ];
    for (expected, (role, credential)) in (8..).zip(&kinds) {
        let slot = stick.admin().add_slot(&NewSlot::new(*role), credential);
        assert_eq!(slot.unwrap(), expected);
        let volume = stick.unlock_with(credential, SlotChoice::Slot(expected));
        assert_eq!(volume.unwrap().role(), *role);
    }
    assert_others_open(&stick, &[]);
}

#[test]
fn slots_take_the_first_free_number_or_the_one_that_is_asked_for() {
    let admin = cast().stick().admin();
    let at = |index| {
        let mut user = NewSlot::new(Role::User);
        user.index = index;
        admin.add_slot(&user, &passphrase("added"))
    };
    assert_eq!(at(Some(31)).unwrap(), 31);
    assert!(matches!(at(Some(31)), Err(Error::SlotInUse { slot: 31 })));
    assert!(matches!(
        at(Some(USER)),
        Err(Error::SlotInUse { slot: USER })
    ));
    assert!(matches!(at(Some(32)), Err(Error::SlotOptions(_))));
    admin.remove_slot(READER, Removal::IfSafe).unwrap();
    assert_eq!(at(None).unwrap(), READER);
    assert_eq!(at(None).unwrap(), 8);
}

#[test]
fn thirty_two_slots_can_be_filled_and_then_no_more() {
    let stick = cast().stick();
    let added = passphrase("added");
    let admin = stick.admin();
    for slot in ALL.len()..32 {
        let user = NewSlot::new(Role::User);
        assert_eq!(admin.add_slot(&user, &added).unwrap(), slot);
    }
    let outcome = admin.add_slot(&NewSlot::new(Role::User), &added);
    assert!(matches!(outcome, Err(Error::SlotsFull)));
    drop(admin);
    for slot in [8, 31] {
        let choice = SlotChoice::Slot(slot);
        assert_eq!(stick.unlock_with(&added, choice).unwrap().slot(), slot);
    }
    assert_eq!(stick.info().slots.len(), 32);
    assert_others_open(&stick, &[]);
}

#[test]
fn a_slot_that_is_removed_opens_with_nothing_and_leaves_no_trace() {
    for slot in [USER, RECOVERY, ONE_TIME, ESCROW, TWO_FACTORS, READER] {
        let stick = cast().stick();
        let before = stick.header();
        stick.admin().remove_slot(slot, Removal::IfSafe).unwrap();
        assert_no_trace(&before, slot, &stick.image());
        assert!(stick.opened_by(cast().credential(slot)).is_err());
        assert!(stick.info().slots.iter().all(|info| info.index != slot));
        assert_others_open(&stick, &[slot]);
    }
}

#[test]
fn the_credential_that_was_changed_opens_nothing_and_leaves_no_trace() {
    let (text, private) = (passphrase("changed"), PrivateKey::generate().unwrap());
    let file = super::cast::key_file("changed");
    for slot in [ADMIN, USER, READER, TWO_FACTORS, ESCROW] {
        let new: Credential = match slot {
            ESCROW => (&private).into(),
            TWO_FACTORS => Credential::from(&text).and(&file),
            _ => (&text).into(),
        };
        let stick = cast().stick();
        let before = stick.header();
        let volume = stick.unlock(slot).unwrap();
        volume.change_credential(&new, None).unwrap();
        drop(volume);
        assert_no_trace(&before, slot, &stick.image());
        assert!(stick.opened_by(cast().credential(slot)).is_err());
        assert_eq!(stick.opened_by(&new).unwrap(), slot);
        assert_others_open(&stick, &[slot]);
    }
}

#[test]
fn a_credential_can_be_changed_again_and_again_in_one_session_and_back() {
    for slot in [ADMIN, USER] {
        let stick = cast().stick();
        let volume = stick.unlock(slot).unwrap();
        for text in ["first", "second"] {
            volume.change_credential(&passphrase(text), None).unwrap();
        }
        volume
            .change_credential(cast().credential(slot), None)
            .unwrap();
        drop(volume);
        assert_others_open(&stick, &[]);
    }
}

#[test]
fn a_reset_slot_opens_with_the_new_credential_alone_which_may_have_to_be_changed() {
    for (slot, must_change) in [(USER, false), (USER, true), (NEWCOMER, false)] {
        let stick = cast().stick();
        let before = stick.header();
        let given = passphrase("given");
        stick
            .admin()
            .reset_slot(slot, &given, must_change, None)
            .unwrap();
        assert_no_trace(&before, slot, &stick.image());
        assert_eq!(stick.slot(slot).must_change, must_change);
        let outcome = stick.unlock_with(&given, SlotChoice::Slot(slot));
        match outcome {
            Ok(_) => assert!(!must_change),
            Err(error) => assert!(matches!(error, Error::MustChange { .. }) && must_change),
        }
        assert!(stick.opened_by(cast().credential(slot)).is_err());
    }
}

#[test]
fn recovery_and_escrow_slots_are_reset_to_credentials_that_nobody_can_guess() {
    let stick = cast().stick();
    let (recovery, private) = (
        RecoveryKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
    );
    let admin = stick.admin();
    for slot in [RECOVERY, ESCROW] {
        let outcome = admin.reset_slot(slot, &passphrase("guess"), false, None);
        assert!(matches!(
            outcome,
            Err(Error::Credential(CredentialError::Guessable))
        ));
    }
    admin.reset_slot(RECOVERY, &recovery, false, None).unwrap();
    admin
        .reset_slot(ESCROW, private.public_key(), false, None)
        .unwrap();
    drop(admin);
    assert_eq!(stick.opened_by(&recovery).unwrap(), RECOVERY);
    assert_eq!(stick.opened_by(&private).unwrap(), ESCROW);
}

#[test]
fn an_admin_who_resets_his_own_slot_can_go_on() {
    let stick = cast().stick();
    let admin = stick.admin();
    admin
        .reset_slot(ADMIN, &passphrase("given"), false, None)
        .unwrap();
    admin
        .change_credential(&passphrase("changed"), None)
        .unwrap();
    drop(admin);
    assert_eq!(stick.opened_by(&passphrase("changed")).unwrap(), ADMIN);
}

#[test]
fn a_users_slot_whose_attempts_are_used_up_is_erased_alone() {
    let stick = cast().stick();
    let before = stick.header();
    assert!(matches!(
        wrong_attempts(&stick, USER, 9),
        Err(Error::WrongCredential {
            remaining: Some(1),
            erases_volume: false
        })
    ));
    assert!(matches!(
        wrong_attempts(&stick, USER, 1),
        Err(Error::SlotErased)
    ));
    assert_no_trace(&before, USER, &stick.image());
    assert_eq!(stick.slot(USER).status, SlotStatus::Erased);
    assert_others_open(&stick, &[USER]);
}

#[test]
fn a_slot_that_was_erased_comes_back_by_a_reset_with_all_its_attempts() {
    let stick = cast().stick();
    let given = passphrase("given");
    for _ in 0..2 {
        let _ = wrong_attempts(&stick, USER, 10);
        assert_eq!(stick.slot(USER).status, SlotStatus::Erased);
        stick.admin().reset_slot(USER, &given, false, None).unwrap();
        let slot = stick.slot(USER);
        assert_eq!(slot.status, SlotStatus::InForce);
        assert_eq!(slot.attempts.unwrap().remaining, 10);
        for _ in 0..2 {
            let outcome = wrong_attempts(&stick, USER, 9);
            assert!(matches!(outcome, Err(Error::WrongCredential { .. })));
            assert_eq!(stick.opened_by(&given).unwrap(), USER);
        }
    }
    assert_others_open(&stick, &[USER]);
}

#[test]
fn the_attempts_of_an_admin_erase_the_volume() {
    let stick = cast().stick();
    assert!(matches!(
        wrong_attempts(&stick, ADMIN, 9),
        Err(Error::WrongCredential {
            remaining: Some(1),
            erases_volume: true
        })
    ));
    assert!(matches!(
        wrong_attempts(&stick, ADMIN, 1),
        Err(Error::Erased(report)) if report.is_verified()
    ));
    for slot in ALL {
        assert!(matches!(stick.unlock(slot), Err(Error::Erased(_))));
    }
}

#[test]
fn the_only_slot_takes_the_volume_with_it_although_it_says_slot() {
    let mut only = NewSlot::new(Role::Admin);
    (only.action, only.attempt_limit) = (Action::EraseSlot, 2);
    let storage = MemoryStorage::default();
    let keeper = storage.second_handle();
    let grantee = Grantee {
        slot: only,
        credential: cast().credential(ADMIN),
    };
    create_with_slots(storage, &options(), &[grantee]).unwrap();
    let stick = Stick::new(&keeper.contents());
    assert!(matches!(
        wrong_attempts(&stick, ADMIN, 1),
        Err(Error::WrongCredential {
            remaining: Some(1),
            erases_volume: true
        })
    ));
    assert!(matches!(
        wrong_attempts(&stick, ADMIN, 1),
        Err(Error::Erased(_))
    ));
    assert_destroyed(&keeper.contents(), &stick.image());
}

#[test]
fn the_limit_and_the_action_of_a_slot_are_those_that_an_admin_sets() {
    let stick = cast().stick();
    stick
        .admin()
        .set_lockout(USER, 2, Action::EraseVolume)
        .unwrap();
    let attempts = stick.slot(USER).attempts.unwrap();
    assert_eq!((attempts.limit, attempts.action), (2, Action::EraseVolume));
    let _ = wrong_attempts(&stick, USER, 1);
    assert!(matches!(
        wrong_attempts(&stick, USER, 1),
        Err(Error::Erased(_))
    ));
}

#[test]
fn a_limit_that_has_been_reached_already_is_not_set() {
    let stick = cast().stick();
    let _ = wrong_attempts(&stick, USER, 3);
    let admin = stick.admin();
    for limit in [1, 3] {
        let outcome = admin.set_lockout(USER, limit, Action::EraseVolume);
        assert!(matches!(outcome, Err(Error::SlotOptions(_))));
    }
    admin.set_lockout(USER, 4, Action::EraseVolume).unwrap();
    admin.reset_attempts(USER).unwrap();
    admin.set_lockout(USER, 1, Action::EraseVolume).unwrap();
    drop(admin);
    assert!(stick.unlock(USER).is_ok());
}

#[test]
fn limits_that_make_no_sense_are_not_set() {
    let admin = cast().stick().admin();
    for limit in [0, 11] {
        let outcome = admin.set_lockout(USER, limit, Action::EraseSlot);
        assert!(matches!(outcome, Err(Error::AttemptLimit { .. })));
    }
    for slot in [RECOVERY, ESCROW] {
        let outcome = admin.set_lockout(slot, 3, Action::EraseSlot);
        assert!(matches!(outcome, Err(Error::SlotOptions(_))));
    }
    for slot in [8, 31, 32, usize::MAX] {
        let outcome = admin.set_lockout(slot, 3, Action::EraseSlot);
        assert!(matches!(outcome, Err(Error::NoSuchSlot { .. })));
    }
}

#[test]
fn an_admin_gives_a_slot_its_attempts_back() {
    let stick = cast().stick();
    let _ = wrong_attempts(&stick, USER, 9);
    stick.admin().reset_attempts(USER).unwrap();
    assert_eq!(stick.slot(USER).attempts.unwrap().remaining, 10);
    let choice = choosing(SlotChoice::Slot(USER));
    let tried = stick
        .locked()
        .try_credential(cast().credential(USER), &choice);
    assert!(tried.is_ok());
}

#[test]
fn a_holder_can_add_a_factor_and_only_an_admin_can_take_one_away() {
    let stick = cast().stick();
    let volume = stick.unlock(TWO_FACTORS).unwrap();
    let (one, file) = (passphrase("one"), super::cast::key_file("other"));
    for less in [Credential::from(&one), (&file).into()] {
        let refused = volume.change_credential(less, None);
        assert!(matches!(refused, Err(Error::SlotOptions(_))), "{refused:?}");
    }
    let both = Credential::from(&one).and(&file);
    volume.change_credential(&both, None).unwrap();
    drop(volume);
    let volume = stick.unlock(USER).unwrap();
    volume.change_credential(&both, None).unwrap();
    drop(volume);
    let admin = stick.admin();
    admin.reset_slot(TWO_FACTORS, &one, false, None).unwrap();
    drop(admin);
    let choice = SlotChoice::Slot(TWO_FACTORS);
    assert!(stick.unlock_with(&one, choice).is_ok());
}
