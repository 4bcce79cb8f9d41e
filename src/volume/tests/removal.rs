//! Which slots are not removed by mistake.

use super::cast::{ADMIN, ALL, ESCROW, ONE_TIME, RECOVERY, USER, cast};
use super::*;
use crate::format::Role;

#[test]
fn an_admins_own_slot_is_removed_by_force_only() {
    let stick = cast().stick();
    let admin = stick.admin();
    let outcome = admin.remove_slot(ADMIN, Removal::IfSafe);
    assert!(matches!(outcome, Err(Error::OwnSlot)));
    admin.remove_slot(ADMIN, Removal::Forced).unwrap();
    drop(admin);
    assert!(stick.opened_by(cast().credential(ADMIN)).is_err());
    assert_eq!(stick.opened_by(cast().credential(USER)).unwrap(), USER);
}

#[test]
fn another_admin_may_remove_the_first_one_but_not_the_last() {
    let stick = cast().stick();
    let second = passphrase("second");
    let slot = stick
        .admin()
        .add_slot(&NewSlot::new(Role::Admin), &second)
        .unwrap();
    let volume = stick.unlock_with(&second, SlotChoice::Slot(slot)).unwrap();
    volume.remove_slot(ADMIN, Removal::IfSafe).unwrap();
    drop(volume);
    assert_eq!(stick.opened_by(&second).unwrap(), slot);

    let stick = cast().stick();
    let volume = stick.admin();
    volume
        .add_slot(&NewSlot::new(Role::Admin), &second)
        .unwrap();
    volume.remove_slot(ADMIN, Removal::Forced).unwrap();
    let outcome = volume.remove_slot(slot, Removal::IfSafe);
    assert!(matches!(
        outcome,
        Err(Error::RequiredRole { role: Role::Admin })
    ));
    volume.remove_slot(slot, Removal::Forced).unwrap();
}

#[test]
fn the_last_slot_of_a_role_that_the_policy_demands_stays_unless_forced() {
    let stick = cast().stick();
    let admin = stick.admin();
    let mut rules = admin.policy();
    rules.required_roles = vec![Role::Recovery, Role::Escrow];
    admin.set_policy(&rules).unwrap();
    let outcome = admin.remove_slot(ESCROW, Removal::IfSafe);
    assert!(matches!(
        outcome,
        Err(Error::RequiredRole { role: Role::Escrow })
    ));
    admin.remove_slot(RECOVERY, Removal::IfSafe).unwrap();
    let outcome = admin.remove_slot(ONE_TIME, Removal::IfSafe);
    assert!(matches!(
        outcome,
        Err(Error::RequiredRole {
            role: Role::Recovery
        })
    ));
    admin.remove_slot(ONE_TIME, Removal::Forced).unwrap();
}

#[test]
fn the_last_way_in_stays_unless_forced() {
    let stick = cast().stick();
    let admin = stick.admin();
    for slot in ALL.into_iter().filter(|slot| *slot != USER) {
        admin.remove_slot(slot, Removal::Forced).unwrap();
    }
    let outcome = admin.remove_slot(USER, Removal::IfSafe);
    assert!(matches!(outcome, Err(Error::LastWayIn)));
    drop(admin);
    assert_eq!(stick.opened_by(cast().credential(USER)).unwrap(), USER);
}

#[test]
fn a_slot_that_nobody_has_cannot_be_removed_reset_or_given_attempts() {
    let stick = cast().stick();
    let admin = stick.admin();
    let before = stick.image();
    for slot in [8, 31, 32, usize::MAX] {
        for outcome in [
            admin.remove_slot(slot, Removal::IfSafe),
            admin.remove_slot(slot, Removal::Forced),
            admin.reset_slot(slot, &passphrase("given"), false, None),
            admin.reset_attempts(slot),
            admin.allow_last_attempt(slot),
            admin.reserve_last_attempt(slot),
        ] {
            assert!(matches!(outcome, Err(Error::NoSuchSlot { slot: told }) if told == slot));
        }
    }
    assert!(before == stick.image(), "nothing is written");
}
