//! One bad block, anywhere in either copy.

use super::faulty::Faulty;
use super::*;
use crate::format::{Defect, LABEL_BLOCK, POLICY_BLOCK, ROOT_BLOCK, STATE_BLOCK};

/// All blocks that this version reads.
pub(super) fn used_blocks() -> impl Iterator<Item = usize> {
    (ROOT_BLOCK..=LABEL_BLOCK)
        .chain(SLOT_FIRST_BLOCK..SLOT_FIRST_BLOCK + 32)
        .chain(SEAL_FIRST_BLOCK..SEAL_FIRST_BLOCK + 64)
}

fn with_wrong_bytes(mut image: Vec<u8>, copy: usize, block: usize) -> Vec<u8> {
    image[copy + block * BLOCK_LEN + 40..][..1000].fill(0xee);
    image
}

/// The blocks that a notice says were repaired.
fn repaired(volume: &Volume, in_copy: usize) -> Vec<(usize, Defect)> {
    match volume.take_notices().as_slice() {
        [Notice::CopyRepaired { copy, blocks }] if *copy == in_copy => blocks.clone(),
        other => panic!("one repair of copy {in_copy} should be told: {other:?}"),
    }
}

#[test]
fn a_block_with_wrong_bytes_is_taken_from_the_other_copy_and_repaired() {
    for (copy, start) in [0, COPY_B].into_iter().enumerate() {
        for block in used_blocks() {
            let (outcome, left) = unlock(&with_wrong_bytes(image(), start, block), "right");
            assert_eq!(
                repaired(&outcome.unwrap(), copy),
                [(block, Defect::Checksum)]
            );
            assert!(
                header_of(&left)
                    .copies
                    .iter()
                    .all(|status| *status == crate::format::CopyStatus::Whole)
            );
        }
    }
}

#[test]
fn a_block_that_cannot_be_read_is_taken_from_the_other_copy_and_told() {
    for (copy, start) in [0, COPY_B].into_iter().enumerate() {
        for block in used_blocks() {
            let offset = (start + block * BLOCK_LEN) as u64;
            let bad = offset..offset + 512;
            let storage = Faulty {
                unreadable: vec![bad],
                ..Faulty::new(&image())
            };
            let locked = LockedVolume::open(storage)
                .and_then(Opened::locked)
                .unwrap();
            let volume = locked.unlock(&passphrase("right")).unwrap();
            // It still cannot be read after it was written, so it is not said to be repaired.
            match volume.take_notices().as_slice() {
                [
                    Notice::CopyNotRepaired {
                        copy: told,
                        error: Error::Io { offset: at, .. },
                    },
                ] => assert_eq!((*told, *at), (copy, offset)),
                other => panic!("block {block} of copy {copy} should be told: {other:?}"),
            }
        }
    }
}

#[test]
fn a_block_that_can_be_neither_read_nor_written_is_told_and_the_volume_opens() {
    for block in [
        ROOT_BLOCK,
        STATE_BLOCK,
        POLICY_BLOCK,
        SLOT_FIRST_BLOCK,
        SEAL_FIRST_BLOCK,
    ] {
        let offset = (block * BLOCK_LEN) as u64;
        let bad = offset..offset + 4096;
        let storage = Faulty {
            unreadable: vec![bad.clone()],
            unwritable: vec![bad],
            ..Faulty::new(&image())
        };
        let volume = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap()
            .unlock(&passphrase("right"))
            .unwrap();
        assert!(matches!(
            volume.take_notices().as_slice(),
            [Notice::CopyNotRepaired { copy: 0, .. }]
        ));
        assert!(matches!(
            volume.change_credential(&passphrase("new"), None),
            Err(Error::HeaderCopyMissing)
        ));
    }
}

#[test]
fn different_blocks_lost_in_the_two_copies_leave_a_volume_that_opens() {
    let mut damaged = image();
    for (index, block) in used_blocks().enumerate() {
        damaged = with_wrong_bytes(damaged, [0, COPY_B][index % 2], block);
    }
    let (outcome, left) = unlock(&damaged, "right");
    assert_eq!(outcome.unwrap().take_notices().len(), 2);
    assert!(unlock(&left, "right").0.unwrap().take_notices().is_empty());
}

const EMPTY_SLOTS_FIRST: usize = SLOT_FIRST_BLOCK + 1;
const EMPTY_SLOTS_LAST: usize = SLOT_FIRST_BLOCK + 31;

#[test]
fn the_same_block_lost_in_both_copies_gives_the_exact_outcome() {
    for block in used_blocks() {
        let damaged = with_wrong_bytes(with_wrong_bytes(image(), 0, block), COPY_B, block);
        let expected = match block {
            // The block of an empty slot is known without being read.
            STATE_BLOCK | COUNTERS_BLOCK | EMPTY_SLOTS_FIRST..=EMPTY_SLOTS_LAST => {
                assert!(opens(&damaged, "right"));
                continue;
            }
            ROOT_BLOCK => Defect::Checksum,
            SEAL_FIRST_BLOCK.. => Defect::Seal,
            _ => Defect::Incomplete,
        };
        let error = derives(0, || open(&damaged)).unwrap_err();
        assert!(
            matches!(error, Error::Damaged(Damage::Header(found)) if found == expected),
            "block {block}: {error}"
        );
    }
}
