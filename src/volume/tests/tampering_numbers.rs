//! Numbers that only go up: nobody can use them up, so that an admin could change nothing any more.

use super::cast::{ADMIN, Stick, USER, cast};
use super::tampering::assert_refused;
use super::*;
use crate::format::{STATE_BLOCK, SlotBlock, SlotState};

const LAST: u64 = u64::MAX;

#[test]
fn a_user_cannot_use_up_the_generations_of_the_header() {
    for generation in [LAST, LAST - 1, 1 << 34] {
        let mut forge = cast().stick().forge(USER);
        forge.header.root.generation = generation;
        assert_refused(forge, Damage::Numbers);
    }
}

#[test]
fn a_user_cannot_use_up_the_numbers_of_a_slot_and_stay_in_it() {
    for version in [LAST, LAST - 1, 1 << 34] {
        let mut forge = cast().stick().forge(USER);
        forge.header.root.slot_versions[USER] = version;
        if let SlotBlock::Used(slot) = &mut forge.header.slots[USER] {
            slot.version = version;
        }
        forge.sign_slot(USER);
        assert_refused(forge, Damage::Numbers);
        let mut forge = cast().stick().forge(USER);
        forge.header.root.slot_versions[31] = version;
        assert_refused(forge, Damage::Numbers);
    }
}

#[test]
fn what_a_user_may_count_leaves_an_admin_room() {
    let mut forge = cast().stick().forge(USER);
    forge.header.root.generation = 1 << 33;
    forge.header.root.slot_versions[USER] = 1 << 32;
    if let SlotBlock::Used(slot) = &mut forge.header.slots[USER] {
        slot.version = 1 << 32;
    }
    forge.sign_slot(USER);
    let stick = Stick::new(&forge.authenticated().image());
    for _ in 0..3 {
        let admin = stick.admin();
        admin.set_label(&Label::default()).unwrap();
        admin
            .reset_slot(USER, &passphrase("given"), false, None)
            .unwrap();
    }
    stick.admin().remove_slot(USER, Removal::IfSafe).unwrap();
}

/// A volume in which somebody without any key has written counters, and perhaps erased a slot, of
/// the last version that there is.
fn poisoned(slot: usize, state: SlotState) -> Stick {
    let mut image = cast().stick().image();
    let mut header = header_of(&image);
    header.counters.set_slot(slot, LAST, 3);
    header.state.set_slot(slot, LAST, state);
    let blocks = [
        (COUNTERS_BLOCK, header.counters.encode(header.root.id)),
        (STATE_BLOCK, header.state.encode(header.root.id)),
    ];
    put_blocks(&mut image, &header, &blocks);
    Stick::new(&image)
}

#[test]
fn a_stranger_cannot_keep_a_slot_from_being_removed_reset_or_changed() {
    for state in [SlotState::InForce, SlotState::Erased] {
        poisoned(USER, state)
            .admin()
            .remove_slot(USER, Removal::IfSafe)
            .unwrap();
        let stick = poisoned(USER, state);
        let given = passphrase("given");
        stick.admin().reset_slot(USER, &given, false, None).unwrap();
        let slot = stick.slot(USER);
        assert_eq!(slot.status, SlotStatus::InForce);
        assert_eq!(slot.attempts.unwrap().remaining, 10);
        assert_eq!(stick.opened_by(&given).unwrap(), USER);
    }
    let stick = poisoned(ADMIN, SlotState::InForce);
    let admin = stick.admin();
    admin.change_credential(&passphrase("new"), None).unwrap();
    drop(admin);
    assert_eq!(stick.opened_by(&passphrase("new")).unwrap(), ADMIN);
}

#[test]
fn a_number_that_a_stranger_wrote_gives_no_attempts_back() {
    let stick = poisoned(USER, SlotState::InForce);
    assert_eq!(stick.failed()[USER], 3);
    for failed in 4..6 {
        let _ = stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(USER));
        assert_eq!(stick.failed()[USER], failed);
        drop(stick.admin());
        assert_eq!(stick.failed()[USER], failed);
    }
}
