//! Looking at headers without a key, and repairing them without one.

use super::faulty::Faulty;
use super::recording::{Recording, report};
use super::refusals::overwrite;
use super::single_blocks::used_blocks;
use super::*;
use crate::format::{BlockKind, Defect, POLICY_BLOCK, ROOT_BLOCK};

fn check(image: &[u8]) -> HeaderCheck {
    check_header(&MemoryStorage::from_vec(image.to_vec())).unwrap()
}

/// Repairs `image` without a key; also gives the bytes that this leaves.
fn repair(image: &[u8]) -> (Result<RepairReport, Error>, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let outcome = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .and_then(|volume| Ok(volume.repair()?.report));
    (outcome, keeper.contents())
}

fn damaged_in(copy: usize, block: usize) -> Vec<u8> {
    let mut image = image();
    overwrite(&mut image, copy, block, &[0xee; 64]);
    image
}

/// The faults of both copies as copy and block.
fn places(faults: &[BlockFault]) -> Vec<(usize, usize)> {
    faults
        .iter()
        .map(|fault| (fault.copy, fault.block))
        .collect()
}

#[test]
fn a_whole_header_is_said_to_be_whole_without_lock_or_write() {
    let storage = MemoryStorage::from_vec(image());
    let second = storage.second_handle();
    let _holder = LockedVolume::open(storage).unwrap();
    let found = check_header(&second).unwrap();
    assert!(found.is_whole(), "{found}");
    assert_eq!((found.seal.agreeing, found.generations_agree()), (64, true));
    // Panics at a write.
    let read_only = Faulty {
        read_only: true,
        ..Faulty::new(&image())
    };
    assert!(check_header(&read_only).unwrap().is_whole());
}

#[test]
fn each_damaged_block_is_named_with_its_copy_its_kind_and_its_defect() {
    for (copy, start) in [0, COPY_B].into_iter().enumerate() {
        for block in used_blocks() {
            let found = check(&damaged_in(start, block));
            let faults = &found.copies[copy].faults;
            assert_eq!(places(faults), [(copy, block)]);
            assert_eq!(
                (faults[0].kind, faults[0].defect),
                (BlockKind::at(block), Defect::Magic)
            );
            assert!(found.copies[1 - copy].faults.is_empty() && !found.is_whole());
            assert!(matches!(&found.prospect,
                Prospect::Opens { repairs, missing } if *repairs == [copy] && missing.is_empty()));
            assert!(found.to_string().contains(&faults[0].to_string()));
        }
    }
}

#[test]
fn a_block_lost_in_both_copies_is_named_in_both() {
    for block in [ROOT_BLOCK, POLICY_BLOCK, SLOT_FIRST_BLOCK, SEAL_FIRST_BLOCK] {
        let mut damaged = damaged_in(0, block);
        overwrite(&mut damaged, COPY_B, block, &[0xee; 64]);
        let found = check(&damaged);
        for (copy, check) in found.copies.iter().enumerate() {
            assert_eq!(places(&check.faults), [(copy, block)], "{found}");
        }
        let fails = |error: &Error| match block {
            ROOT_BLOCK => matches!(error, Error::NotAVolume),
            _ => matches!(error, Error::Damaged(Damage::Header(_))),
        };
        assert!(matches!(&found.prospect, Prospect::Fails(error) if fails(error)));
        let lost: &[usize] = if block == SEAL_FIRST_BLOCK { &[0] } else { &[] };
        assert_eq!(found.seal.lost, lost);
    }
}

#[test]
fn copies_of_different_generations_are_told() {
    let newer = super::backup::edited(&image(), |volume| {
        volume.set_label(&Label::default()).unwrap();
    });
    let mixed = [&newer.0[..COPY_B], &image()[COPY_B..]].concat();
    let found = check(&mixed);
    assert!(!found.generations_agree());
    assert!(matches!(&found.prospect, Prospect::Opens { repairs, .. } if *repairs == [1]));
}

#[test]
fn a_copy_that_is_missing_is_said_to_need_a_repair_by_name() {
    let mut formatted = image();
    formatted[..COPY].fill(0x11);
    let found = check(&formatted);
    assert!(!found.copies[0].found);
    assert!(matches!(&found.prospect, Prospect::Opens { missing, .. } if *missing == [0]));
}

#[test]
fn what_an_open_would_do_is_told_and_not_done() {
    let storage = MemoryStorage::from_vec(with_failures(image(), 10));
    let second = storage.second_handle();
    assert!(matches!(
        check_header(&storage).unwrap().prospect,
        Prospect::Erases
    ));
    assert!(second.contents() == with_failures(image(), 10));
    drop(LockedVolume::open(second).unwrap());
    assert!(matches!(
        check_header(&storage).unwrap().prospect,
        Prospect::Erased
    ));
}

#[test]
fn a_forged_policy_is_told_without_a_key() {
    let mut header = header_of(&image());
    header.policy.number += 1;
    header.renew_sums();
    let mut forged = image();
    put_blocks(&mut forged, &header, &header.encode());
    let found = check(&forged);
    assert!(matches!(found.signatures, Some(Err(Damage::Policy))));
    assert!(matches!(
        found.prospect,
        Prospect::Fails(Error::Damaged(Damage::Policy))
    ));
    let (outcome, left) = repair(&forged);
    assert!(matches!(outcome, Err(Error::Damaged(Damage::Policy))));
    assert!(left == forged, "a refusal changes nothing");
}

#[test]
fn what_is_no_volume_is_told_whatever_its_length() {
    for length in [0, 1, 4096, COPY, COPY_B + COPY] {
        let found = check(&vec![0x22; length]);
        assert!(matches!(found.prospect, Prospect::Fails(Error::NotAVolume)));
        assert!(found.volume.is_none() && !found.is_whole());
    }
}

#[test]
fn each_damaged_block_is_repaired_without_a_key_and_named() {
    let whole = image();
    for (copy, start) in [0, COPY_B].into_iter().enumerate() {
        for block in used_blocks() {
            let (outcome, left) = repair(&damaged_in(start, block));
            let report = outcome.unwrap();
            assert_eq!(places(&report.repaired), [(copy, block)]);
            assert!(report.is_complete());
            assert!(left == whole, "copy {copy}, block {block}");
        }
    }
}

#[test]
fn an_overwritten_copy_is_repaired_block_by_block() {
    for start in [0, COPY_B] {
        let mut formatted = image();
        formatted[start..start + COPY].fill(0x11);
        let (outcome, left) = repair(&formatted);
        assert_eq!(outcome.unwrap().repaired.len(), used_blocks().count() + 24);
        assert!(check(&left).is_whole());
        assert!(opens(&left, "right"));
    }
}

#[test]
fn a_whole_header_is_not_written_by_a_repair() {
    let recording = Recording::new(image());
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    let done = locked.repair().unwrap().report;
    assert!(done.repaired.is_empty() && done.is_complete());
    assert_eq!(
        recording.crash_states(|state| assert!(state.image == image())),
        1
    );
}

#[test]
fn blocks_of_another_generation_are_left_to_an_unlock() {
    let newer = super::backup::edited(&image(), |volume| {
        volume.set_label(&Label::default()).unwrap();
    });
    let mixed = [&newer.0[..COPY_B], &image()[COPY_B..]].concat();
    let (outcome, left) = repair(&mixed);
    let report = outcome.unwrap();
    assert!(!report.left.is_empty() && !report.is_complete());
    assert!(
        report
            .left
            .iter()
            .all(|fault| fault.defect == Defect::Generation)
    );
    assert!(left == mixed);
}

#[test]
fn a_copy_of_a_newer_format_is_left_alone() {
    let mut newer = image();
    overwrite(&mut newer, 0, ROOT_BLOCK, b"TENLOCK\0\x02");
    overwrite(&mut newer, 0, POLICY_BLOCK, &[0xee; 64]);
    let (outcome, left) = repair(&newer);
    assert_eq!(
        places(&outcome.unwrap().left),
        [(0, ROOT_BLOCK), (0, POLICY_BLOCK)]
    );
    assert!(left == newer);
}

#[test]
fn a_bad_sector_does_not_stop_a_repair_and_is_named() {
    let mut formatted = image();
    formatted[..COPY].fill(0x11);
    let offset = (POLICY_BLOCK * BLOCK_LEN) as u64;
    let bad = offset..offset + 512;
    let storage = Faulty {
        unwritable: vec![bad],
        ..Faulty::new(&formatted)
    };
    let keeper = storage.memory.second_handle();
    let locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    let report = locked.repair().unwrap().report;
    let [(fault, error)] = report.failed.as_slice() else {
        panic!("one block should fail: {report}");
    };
    assert_eq!((fault.copy, fault.block), (0, POLICY_BLOCK));
    assert!(matches!(
        error,
        Error::Io {
            doing: "writing",
            ..
        }
    ));
    let found = check(&keeper.contents());
    assert_eq!(places(&found.copies[0].faults), [(0, POLICY_BLOCK)]);
}

#[test]
fn an_interrupted_repair_of_scattered_blocks_leaves_a_volume_that_is_repaired_by_the_next() {
    let mut damaged = image();
    for (index, block) in used_blocks().enumerate() {
        let place = [0, COPY_B][index % 2];
        overwrite(&mut damaged, place, block, &[0xee; 64]);
    }
    let recording = Recording::new(damaged);
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    assert!(locked.repair().unwrap().report.is_complete());
    let mut number = 0;
    let count = recording.crash_states(|state| {
        let (outcome, left) = repair(&state.image);
        assert!(outcome.unwrap().is_complete() && left == image());
        number += 1;
        if number % 9 == 0 || state.returned {
            assert!(opens(&state.image, "right"));
        }
    });
    report("repair without a key", count);
}
