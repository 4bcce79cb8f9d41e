//! What a reader refuses, by the rules of the format page.

use std::collections::HashSet;

use super::faulty::Faulty;
use super::forge::{Forge, random_authority};
use super::*;
use crate::format::{Defect, LABEL_BLOCK, POLICY_BLOCK, ROOT_BLOCK, Role, SlotBlock};

pub(super) fn overwrite(image: &mut [u8], copy: usize, block: usize, bytes: &[u8]) {
    image[copy + block * BLOCK_LEN..][..bytes.len()].copy_from_slice(bytes);
}

/// The refusal of `image` with the right passphrase, which must cost so many derivations.
pub(super) fn refusal(derivations: u64, image: &[u8]) -> Error {
    derives(derivations, || unlock(image, "right").0.unwrap_err())
}

fn header_defect(image: &[u8]) -> Defect {
    match refusal(0, image) {
        Error::Damaged(Damage::Header(defect)) => defect,
        other => panic!("the header should be refused: {other}"),
    }
}

#[test]
fn f02_a_newer_format_is_told_unless_the_other_copy_can_be_read() {
    let mut newer = image();
    overwrite(&mut newer, 0, ROOT_BLOCK, b"TENLOCK\0\x02");
    assert!(opens(&newer, "right"));
    overwrite(&mut newer, COPY_B, ROOT_BLOCK, b"TENLOCK\0\x02");
    assert!(matches!(
        refusal(0, &newer),
        Error::NewerFormat(Defect::Version { found: 2 })
    ));
}

#[test]
fn f05_blocks_of_another_volume_do_not_count() {
    let other = new_image("other");
    for block in [
        POLICY_BLOCK,
        LABEL_BLOCK,
        COUNTERS_BLOCK,
        SLOT_FIRST_BLOCK,
        SEAL_FIRST_BLOCK,
    ] {
        let mut mixed = image();
        overwrite(
            &mut mixed,
            0,
            block,
            &other[block * BLOCK_LEN..][..BLOCK_LEN],
        );
        let volume = unlock(&mixed, "right").0.unwrap();
        match volume.take_notices().as_slice() {
            [Notice::CopyRepaired { copy: 0, blocks }] => {
                assert_eq!(blocks[0], (block, Defect::VolumeId));
            }
            other => panic!("copy A should be repaired: {other:?}"),
        }
    }
}

#[test]
fn f20_a_header_of_which_a_block_is_in_neither_copy_is_damaged() {
    for block in [POLICY_BLOCK, LABEL_BLOCK, SLOT_FIRST_BLOCK] {
        let mut image = image();
        overwrite(&mut image, 0, block, &[0; 8]);
        assert!(opens(&image, "right"));
        overwrite(&mut image, COPY_B, block, &[0; 8]);
        assert_eq!(header_defect(&image), Defect::Incomplete);
    }
}

#[test]
fn f21_two_whole_headers_of_one_generation_contradict_each_other() {
    let mut forge = Forge::new();
    let mut mixed = forge.image();
    forge.header.root.backups = 1;
    let other = forge.authenticated().image();
    mixed[COPY_B..].copy_from_slice(&other[COPY_B..]);
    assert_eq!(header_defect(&mixed), Defect::Contradiction);
}

#[test]
fn f21_whole_headers_of_two_volumes_contradict_each_other() {
    let mut mixed = image();
    mixed[COPY_B..].copy_from_slice(&new_image("other")[COPY_B..]);
    assert_eq!(header_defect(&mixed), Defect::Contradiction);
}

#[test]
fn f21_a_root_of_another_volume_without_its_blocks_contradicts_nothing() {
    for (copy, rest) in [(0, COPY_B), (COPY_B, 0)] {
        let mut mixed = image();
        overwrite(
            &mut mixed,
            copy,
            ROOT_BLOCK,
            &new_image("other")[rest..][..BLOCK_LEN],
        );
        assert!(opens(&mixed, "right"));
    }
}

#[test]
fn f68_slots_may_use_four_different_derivations_and_no_more() {
    let mut forge = Forge::new();
    for slot in 1..4 {
        forge.add(&user_with_cost(slot), &passphrase("user"));
    }
    let four = forge.signed();
    assert!(derives(4, || unlock(&four.image(), "wrong").0).is_err());
    let mut five = four;
    five.add(&user_with_cost(4), &passphrase("user"));
    assert_eq!(header_defect(&five.signed().image()), Defect::KdfVariety);
}

/// A user's slot with a derivation of its own.
fn user_with_cost(slot: u32) -> NewSlot {
    let mut user = NewSlot::new(Role::User);
    user.cost = Some(Argon2Cost::new(19_456 + slot, 2, 1).unwrap());
    user
}

#[test]
fn f70_a_seal_block_lost_or_different_is_damage_and_costs_no_attempt() {
    // Both have the same volume id, and different seals.
    let [one, other] = [Forge::new().image(), Forge::new().image()];
    for block in [0, 1, 31, 63].map(|index| SEAL_FIRST_BLOCK + index) {
        let mut lost = one.clone();
        overwrite(&mut lost, 0, block, &[0; 8]);
        assert!(opens(&lost, "right"));
        overwrite(&mut lost, COPY_B, block, &[0; 8]);
        assert_eq!(header_defect(&lost), Defect::Seal);
        let mut different = one.clone();
        overwrite(
            &mut different,
            0,
            block,
            &other[block * BLOCK_LEN..][..BLOCK_LEN],
        );
        assert_eq!(header_defect(&different), Defect::Seal);
    }
}

#[test]
fn f80_a_root_changed_without_a_key_is_refused_and_the_attempt_refunded() {
    let mut forge = Forge::new();
    forge.header.root.backups = 7;
    assert_tampered(&forge.image(), |damage| matches!(damage, Damage::Tampered));
}

#[test]
fn f81_a_policy_changed_without_the_authority_is_refused_before_anything_is_tried() {
    let mut forge = Forge::new();
    forge.header.policy.number = 2;
    assert!(matches!(
        refusal(0, &forge.authenticated().image()),
        Error::Damaged(Damage::Policy)
    ));
}

#[test]
fn f82_a_slot_that_was_not_granted_is_refused_before_anything_is_tried() {
    let changes: [fn(&mut Header); 4] = [
        |header| header.policy.grants[0].as_mut().unwrap().id = [9; 16],
        |header| header.policy.grants[0].as_mut().unwrap().role = Role::User,
        |header| {
            header.policy.grants[0] = None;
            header.policy.holders[0] = [0; 32];
        },
        |header| {
            let grant = header.policy.grants[0].as_mut().unwrap();
            (grant.role, grant.lockout) = (Role::Recovery, None);
            if let SlotBlock::Used(slot) = &mut header.slots[0] {
                slot.role = Role::Recovery;
            }
        },
    ];
    for change in changes {
        let mut forge = Forge::new();
        change(&mut forge.header);
        let image = forge.signed().image();
        assert!(matches!(
            refusal(0, &image),
            Error::Damaged(Damage::NotGranted { slot: 0 })
        ));
        assert_eq!(failed(&unlock(&image, "right").1), 0);
    }
}

#[test]
fn f83_another_authority_is_refused_although_it_has_signed_everything() {
    let mut forge = Forge::new();
    let thief = random_authority();
    forge.header.root.authority = thief.public_key().0;
    assert_tampered(&forge.signed_by(&thief).image(), |damage| {
        matches!(damage, Damage::Authority)
    });
}

/// Asserts that the right passphrase is told of the damage, and does not cost an attempt.
fn assert_tampered(image: &[u8], expected: impl Fn(&Damage) -> bool) {
    match refusal(1, image) {
        Error::Damaged(damage) => assert!(expected(&damage), "{damage}"),
        other => panic!("the header should be refused: {other}"),
    }
    assert_eq!(failed(&unlock(image, "right").1), 0);
}

#[test]
fn f90_a_storage_that_ends_early_is_damaged_and_the_text_says_by_how_much() {
    let whole = image();
    for missing in [
        1,
        512,
        4096,
        COPY - 4096,
        COPY,
        COPY + 1,
        COPY + PAYLOAD,
        COPY + PAYLOAD + 128 * BLOCK_LEN,
    ] {
        match refusal(0, &whole[..whole.len() - missing]) {
            Error::Damaged(Damage::Truncated { missing: told }) => assert_eq!(told, missing as u64),
            other => panic!("{missing} bytes are missing: {other}"),
        }
    }
}

#[test]
fn a_storage_of_any_length_is_refused_without_a_derivation() {
    let whole = image();
    for end in (0..whole.len())
        .step_by(BLOCK_LEN * 7)
        .chain([1, 511, 4095, 4096, 4097])
    {
        let error = refusal(0, &whole[..end]);
        match end {
            0..8 => assert!(matches!(error, Error::NotAVolume)),
            _ => assert!(
                matches!(error, Error::Damaged(_) | Error::NotAVolume),
                "{end}: {error}"
            ),
        }
    }
}

#[test]
fn seven_outcomes_are_seven_errors_with_names_and_texts_of_their_own() {
    let mut newer = image();
    let mut damaged = image();
    for copy in [0, COPY_B] {
        overwrite(&mut newer, copy, ROOT_BLOCK, b"TENLOCK\0\x02");
        overwrite(&mut damaged, copy, SEAL_FIRST_BLOCK, &[0; 8]);
    }
    let busy = MemoryStorage::from_vec(image());
    let second = busy.second_handle();
    let _holder = LockedVolume::open(busy).unwrap();
    let read_only = LockedVolume::open(Faulty {
        read_only: true,
        ..Faulty::new(&image())
    })
    .and_then(Opened::locked)
    .unwrap();
    let outcomes = [
        (
            unlock(&image(), "wrong").0.unwrap_err(),
            Code::WrongCredential,
        ),
        (
            unlock(&with_failures(image(), 9), "wrong").0.unwrap_err(),
            Code::Erased,
        ),
        (
            unlock(&vec![0; 3 << 20], "right").0.unwrap_err(),
            Code::NotAVolume,
        ),
        (unlock(&newer, "right").0.unwrap_err(), Code::NotAVolume),
        (unlock(&damaged, "right").0.unwrap_err(), Code::Damaged),
        (LockedVolume::open(second).unwrap_err(), Code::Busy),
        (
            read_only.unlock(&passphrase("right")).unwrap_err().into(),
            Code::CannotWrite,
        ),
    ];
    for (error, code) in &outcomes {
        assert_eq!(error.code(), *code, "{error}");
    }
    let names: HashSet<_> = outcomes.iter().map(|(error, _)| error.name()).collect();
    let texts: HashSet<_> = outcomes
        .iter()
        .map(|(error, _)| error.to_string())
        .collect();
    assert_eq!((names.len(), texts.len()), (7, 7));
}
