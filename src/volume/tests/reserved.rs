//! The last attempt of a user's slot, which waits for an admin.

use super::cast::{ADMIN, ESCROW, Stick, USER, cast};
use super::*;

/// Of the user's three attempts the last is reserved, and so many have failed.
fn reserved_after(failures: usize) -> Stick {
    let stick = cast().stick();
    let admin = stick.admin();
    admin.set_lockout(USER, 3, Action::EraseSlot).unwrap();
    admin.reserve_last_attempt(USER).unwrap();
    drop(admin);
    for _ in 0..failures {
        assert!(wrong(&stick).is_err());
    }
    stick
}

fn wrong(stick: &Stick) -> Result<Volume, Error> {
    stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(USER))
}

fn is_reserved(stick: &Stick) -> bool {
    stick.slot(USER).attempts.unwrap().reserved
}

#[test]
fn after_all_others_the_reserved_attempt_is_refused_without_a_derivation() {
    let stick = reserved_after(2);
    assert!(is_reserved(&stick));
    for credential in [cast().credential(USER), (&passphrase("wrong")).into()] {
        let outcome = derives(0, || stick.unlock_with(&credential, SlotChoice::Slot(USER)));
        assert!(matches!(
            outcome,
            Err(Error::AttemptReserved { slot: USER })
        ));
    }
    assert_eq!(stick.failed()[USER], 2);
}

#[test]
fn while_others_are_left_the_reserved_attempt_is_in_nobodys_way() {
    let stick = reserved_after(1);
    assert!(!is_reserved(&stick));
    assert!(stick.unlock(USER).is_ok());
    assert_eq!(stick.failed()[USER], 0);
}

#[test]
fn a_credential_for_any_slot_is_not_tried_on_one_with_the_reserved_attempt() {
    let stick = reserved_after(2);
    let outcome = stick.unlock_with(&passphrase("user"), SlotChoice::Any);
    assert!(matches!(outcome, Err(Error::WrongCredential { .. })));
    assert_eq!((stick.failed()[ADMIN], stick.failed()[USER]), (1, 2));
    assert_eq!(stick.slot(USER).status, SlotStatus::InForce);
}

#[test]
fn an_admin_allows_the_reserved_attempt_and_then_it_is_the_last_one() {
    let stick = reserved_after(2);
    stick.admin().allow_last_attempt(USER).unwrap();
    assert!(!is_reserved(&stick));
    assert!(matches!(wrong(&stick), Err(Error::SlotErased)));
    let outcome = derives(0, || stick.unlock(USER));
    assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
}

#[test]
fn the_attempt_that_was_allowed_opens_with_the_right_credential() {
    let stick = reserved_after(2);
    stick.admin().allow_last_attempt(USER).unwrap();
    assert!(stick.unlock(USER).is_ok());
    assert_eq!(stick.slot(USER).attempts.unwrap().remaining, 3);
}

#[test]
fn with_the_counters_of_both_copies_destroyed_the_attempt_that_is_left_is_reserved() {
    let stick = reserved_after(0);
    let mut image = stick.image();
    for copy in [0, COPY_B] {
        image[copy + COUNTERS_BLOCK * BLOCK_LEN..][..BLOCK_LEN].fill(0xee);
    }
    let outcome = derives(0, || wrong(&Stick::new(&image)));
    assert!(matches!(
        outcome,
        Err(Error::AttemptReserved { slot: USER })
    ));
}

#[test]
fn only_the_last_of_several_attempts_of_a_user_can_be_reserved() {
    let stick = reserved_after(0);
    let admin = stick.admin();
    for slot in [ADMIN, ESCROW] {
        let outcome = admin.reserve_last_attempt(slot);
        assert!(matches!(outcome, Err(Error::SlotOptions(_))));
    }
    let outcome = admin.set_lockout(USER, 1, Action::EraseSlot);
    assert!(matches!(outcome, Err(Error::SlotOptions(_))));
    admin.allow_last_attempt(USER).unwrap();
    admin.set_lockout(USER, 1, Action::EraseSlot).unwrap();
    let outcome = admin.reserve_last_attempt(USER);
    assert!(matches!(outcome, Err(Error::SlotOptions(_))));
}
