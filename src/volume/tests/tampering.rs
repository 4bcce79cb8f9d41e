//! What somebody with a user's keys can write, who is no admin: it is refused by everybody's next
//! unlock, by name, before anything is charged or derived.

use super::cast::{
    ADMIN, ESCROW, NEWCOMER, ONE_TIME, READER, RECOVERY, Stick, TWO_FACTORS, USER, cast,
};
use super::forge::{Forge, random_authority};
use super::*;
use crate::format::{LabelField, Role, SectorSize, SlotBlock};

/// Asserts that nobody can unlock what `forge` has written, and that trying costs and changes
/// nothing.
pub(super) fn assert_refused(forge: Forge, expected: Damage) {
    let image = forge.authenticated().image();
    for slot in [ADMIN, USER, TWO_FACTORS, RECOVERY, ESCROW] {
        let stick = Stick::new(&image);
        match derives(0, || stick.unlock(slot)) {
            Err(Error::Damaged(damage)) => assert_eq!(damage, expected, "slot {slot}"),
            other => panic!("slot {slot} should be refused by {expected:?}: {other:?}"),
        }
        assert!(stick.image() == image, "nothing is charged or changed");
    }
}

/// A user's forgery, made of a new cast's volume.
fn thief() -> Forge {
    cast().stick().forge(USER)
}

/// Applies each change to a volume of its own; each must be refused as `expected`.
pub(super) fn assert_all_refused(changes: &[fn(&mut Header)], expected: Damage) {
    for change in changes {
        let mut forge = thief();
        change(&mut forge.header);
        assert_refused(forge, expected);
    }
}

fn grant(header: &mut Header, slot: usize) -> &mut crate::format::Grant {
    header.policy.grants[slot].as_mut().unwrap()
}

fn slot_of(header: &mut Header, slot: usize) -> &mut crate::format::Slot {
    match &mut header.slots[slot] {
        SlotBlock::Used(slot) => slot,
        SlotBlock::Empty => panic!("slot {slot} is in use"),
    }
}

#[test]
fn what_an_honest_user_writes_is_accepted() {
    let stick = Stick::new(&thief().authenticated().image());
    for slot in [ADMIN, USER, RECOVERY, ESCROW] {
        assert!(stick.unlock(slot).is_ok());
    }
}

#[test]
fn limits_actions_flags_and_roles_of_grants_are_the_admins() {
    assert_all_refused(
        &[
            |header| grant(header, USER).lockout = Some((9, Action::EraseSlot)),
            |header| grant(header, USER).lockout = Some((10, Action::EraseVolume)),
            |header| grant(header, ADMIN).lockout = Some((10, Action::EraseSlot)),
            |header| grant(header, READER).flags.read_only = false,
            |header| grant(header, ONE_TIME).flags.one_time = false,
            |header| grant(header, USER).flags.last_attempt_reserved = true,
            |header| grant(header, USER).name = "boss".into(),
            |header| grant(header, USER).created = 1,
            |header| grant(header, USER).id = [7; 16],
            |header| {
                grant(header, USER).role = Role::Admin;
                slot_of(header, USER).role = Role::Admin;
            },
        ],
        Damage::Policy,
    );
}

#[test]
fn rules_floors_holders_and_sums_of_the_policy_are_the_admins() {
    assert_all_refused(
        &[
            |header| header.policy.number += 1,
            |header| header.policy.passphrases.min_chars = 1,
            |header| header.policy.min_kdf_passes = 2,
            |header| header.policy.auto_lock_seconds = 1,
            |header| header.policy.required_roles = 1,
            |header| header.policy.slot_floors[ADMIN] = 0,
            |header| header.policy.slot_floors[31] = 1,
            |header| header.policy.holders[ADMIN] = header.policy.holders[USER],
            |header| header.policy.signature = [0; 64],
            |header| header.policy.log_head.sequence += 1,
            |header| {
                header.label.set(LabelField::Owner, "thief").unwrap();
                header.renew_sums();
                header.policy.label_sum = header.root.label_sum;
            },
        ],
        Damage::Policy,
    );
}

#[test]
fn a_grant_that_a_user_gives_is_refused() {
    assert_all_refused(
        &[
            |header| {
                header.policy.grants[9] = header.policy.grants[USER].clone();
                header.policy.holders[9] = header.policy.holders[USER];
                header.slots[9] = header.slots[USER].clone();
                header.root.slot_versions[9] = 1;
            },
            |header| {
                header.policy.grants[READER] = None;
                header.policy.holders[READER] = [0; 32];
                header.slots[READER] = SlotBlock::Empty;
            },
        ],
        Damage::Policy,
    );
}

#[test]
fn the_layout_is_the_admins() {
    assert_all_refused(
        &[
            |header| header.root.sector_size = SectorSize::B512,
            |header| header.root.log_key = [9; 32],
            |header| header.root.created += 1,
            |header| header.root.compatible_features = 1,
            |header| header.root.seal_blocks = 63,
        ],
        Damage::Layout,
    );
}

#[test]
fn the_label_is_the_admins() {
    assert_all_refused(
        &[|header| {
            header
                .label
                .set(LabelField::Contact, "call the thief")
                .unwrap();
        }],
        Damage::Label,
    );
}

#[test]
fn another_authority_that_has_not_signed_is_refused_as_a_changed_policy() {
    assert_all_refused(
        &[|header| header.root.authority = random_authority().public_key().0],
        Damage::Policy,
    );
}

#[test]
fn another_authority_that_has_signed_is_refused_by_every_slot_and_the_attempt_refunded() {
    let thief = random_authority();
    let mut forge = self::thief();
    forge.header.root.authority = thief.public_key().0;
    let image = forge.signed_by(&thief).image();
    for (slot, derivations) in [(ADMIN, 1), (USER, 1), (RECOVERY, 0), (ESCROW, 0)] {
        let stick = Stick::new(&image);
        let outcome = derives(derivations, || stick.unlock(slot));
        assert!(
            matches!(outcome, Err(Error::Damaged(Damage::Authority))),
            "slot {slot}: {outcome:?}"
        );
        assert_eq!(stick.failed(), [0; 32]);
    }
}

#[test]
fn a_slot_without_a_grant_is_refused() {
    let mut copied = thief();
    copied.header.slots[9] = copied.header.slots[USER].clone();
    copied.header.root.slot_versions[9] = 1;
    assert_refused(copied, Damage::NotGranted { slot: 9 });

    let mut signed = thief();
    signed.header.slots[9] = signed.header.slots[USER].clone();
    signed.header.root.slot_versions[9] = 1;
    signed.sign_slot(9);
    assert_refused(signed, Damage::NotGranted { slot: 9 });
}

#[test]
fn a_role_that_a_user_gives_himself_is_refused() {
    let mut forge = thief();
    slot_of(&mut forge.header, USER).role = Role::Admin;
    forge.sign_slot(USER);
    assert_refused(forge, Damage::NotGranted { slot: USER });
}

#[test]
fn a_recovery_slot_that_can_be_guessed_at_is_refused_even_if_its_holder_made_it() {
    let mut forge = cast().stick().forge(RECOVERY);
    let factor = crate::format::Factor::Passphrase(forge.factor());
    slot_of(&mut forge.header, RECOVERY).factors = vec![factor];
    forge.sign_slot(RECOVERY);
    assert_refused(forge, Damage::NotGranted { slot: RECOVERY });
}

#[test]
fn the_slots_of_others_cannot_be_changed() {
    assert_all_refused(
        &[
            |header| slot_of(header, NEWCOMER).must_change = false,
            |header| slot_of(header, NEWCOMER).changed += 1,
            |header| slot_of(header, NEWCOMER).nonce = [0; 32],
            |header| slot_of(header, NEWCOMER).wrapped.ciphertext[0] ^= 1,
            |header| slot_of(header, NEWCOMER).signature = [0; 64],
            |header| {
                slot_of(header, NEWCOMER).factors = slot_of(header, RECOVERY).factors.clone();
            },
        ],
        Damage::SlotChanged { slot: NEWCOMER },
    );
    let mut forge = thief();
    slot_of(&mut forge.header, NEWCOMER).must_change = false;
    forge.sign_slot(NEWCOMER);
    assert_refused(forge, Damage::SlotChanged { slot: NEWCOMER });
}

#[test]
fn a_slot_of_another_place_or_volume_is_refused() {
    assert_all_refused(
        &[
            |header| header.slots[READER] = header.slots[USER].clone(),
            |header| header.slots[READER] = Forge::new().header.slots[ADMIN].clone(),
            |header| slot_of(header, READER).grant_id = [1; 16],
        ],
        Damage::NotGranted { slot: READER },
    );
    // With the grant of the place where it is put, it lacks the signature.
    assert_all_refused(
        &[
            |header| put_in_place(header, READER, |header| slot_of(header, USER).clone()),
            |header| {
                put_in_place(header, READER, |_| {
                    slot_of(&mut Forge::new().header, ADMIN).clone()
                });
            },
        ],
        Damage::SlotChanged { slot: READER },
    );
}

/// Puts a slot in another's place with the grant and number of that place.
fn put_in_place(header: &mut Header, place: usize, from: fn(&mut Header) -> crate::format::Slot) {
    let copied = from(header);
    let own = slot_of(header, place);
    *own = crate::format::Slot {
        grant_id: own.grant_id,
        role: own.role,
        version: own.version,
        ..copied
    };
}

#[test]
fn a_slot_that_only_an_admin_may_remove_is_missed() {
    for slot in [ADMIN, USER, RECOVERY, ESCROW] {
        for versions in [0, 1] {
            let mut forge = thief();
            forge.header.slots[slot] = SlotBlock::Empty;
            forge.header.root.slot_versions[slot] += versions;
            assert_missing(forge, slot);
        }
    }
}

/// As [`assert_refused`], by those whose slot is still there.
fn assert_missing(forge: Forge, missing: usize) {
    let image = forge.authenticated().image();
    for slot in [ADMIN, READER, ESCROW]
        .into_iter()
        .filter(|slot| *slot != missing)
    {
        let stick = Stick::new(&image);
        let outcome = derives(0, || stick.unlock(slot));
        assert!(
            matches!(outcome, Err(Error::Damaged(Damage::SlotMissing { slot })) if slot == missing)
        );
        assert!(stick.image() == image);
    }
}
