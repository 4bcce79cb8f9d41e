//! Hostile, overwritten and half-changed headers.

use super::faulty::Faulty;
use super::forge::Forge;
use super::recording::Random;
use super::refusals::{overwrite, refusal};
use super::*;
use crate::format::{CopyStatus, LABEL_BLOCK, POLICY_BLOCK, ROOT_BLOCK, STATE_BLOCK};

#[test]
fn random_bytes_are_no_volume() {
    let mut random = Random(1);
    for length in [0, 1, 4096, 1 << 20, (2 << 20) + 8192] {
        let noise: Vec<u8> = (0..length / 8)
            .flat_map(|_| random.next().to_le_bytes())
            .collect();
        assert!(matches!(refusal(0, &noise), Error::NotAVolume));
    }
}

#[test]
fn changed_bytes_under_right_checksums_never_panic_and_never_open_unnoticed() {
    let mut random = Random(2);
    let whole = Forge::new().image();
    for _ in 0..600 {
        let block = [
            ROOT_BLOCK,
            POLICY_BLOCK,
            LABEL_BLOCK,
            SLOT_FIRST_BLOCK,
            STATE_BLOCK,
            COUNTERS_BLOCK,
        ][random.below(6)];
        // Half of the bytes that mean something are at the start.
        let reach = [256, 4064][random.below(2)];
        let (at, bit) = (random.below(reach), 1u8 << random.below(8));
        let mut changed = whole.clone();
        for copy in [0, COPY_B] {
            let bytes = &mut changed[copy + block * BLOCK_LEN..][..BLOCK_LEN];
            bytes[at] ^= bit;
            let sum = crate::crypto::sha256(&[&bytes[..BLOCK_LEN - 32]]);
            bytes[BLOCK_LEN - 32..].copy_from_slice(&sum);
        }
        // State and counters are not authenticated; all else is.
        if unlock(&changed, "right").0.is_ok() {
            assert!(
                matches!(block, STATE_BLOCK | COUNTERS_BLOCK),
                "byte {at} of block {block}"
            );
        }
    }
}

#[test]
fn sizes_near_2_63_and_areas_that_overlap_are_refused_without_a_derivation() {
    let whole = Forge::new();
    for (offset, length) in [
        (1 << 20, !4095),
        (!4095, 4096),
        (1 << 62, 1 << 62),
        ((1 << 63) - 4096, 4096),
        ((1 << 63) - (3 << 20), 1 << 20),
        (1 << 20, 0),
        (0, 65_536),
        (4096, 65_536),
        (1 << 20, 4097),
        (1 << 20, 1 << 40),
        (2 << 20, 65_536),
    ] {
        let mut header = whole.header.clone();
        (header.root.payload_offset, header.root.payload_length) = (offset, length);
        let mut image = vec![0; COPY_B + COPY];
        for (index, block) in
            header_blocks(&header, offset.wrapping_add(length).wrapping_add(1 << 20))
        {
            overwrite(&mut image, 0, index, &*block);
            overwrite(&mut image, COPY_B, index, &*block);
        }
        assert!(
            matches!(refusal(0, &image), Error::Damaged(_)),
            "{offset} {length}"
        );
    }
}

/// The blocks of a header whose areas may be senseless, with this volume length.
fn header_blocks(header: &Header, volume_length: u64) -> Vec<(usize, Box<Block>)> {
    let mut sane = header.clone();
    (sane.root.payload_offset, sane.root.payload_length) = (1 << 20, PAYLOAD as u64);
    let mut blocks = sane.encode();
    let root = &mut *blocks[0].1;
    for (at, value) in [
        (48, volume_length),
        (56, header.root.payload_offset),
        (64, header.root.payload_length),
    ] {
        root[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    let sum = crate::crypto::sha256(&[&root[..BLOCK_LEN - 32]]);
    root[BLOCK_LEN - 32..].copy_from_slice(&sum);
    blocks
}

#[test]
fn a_quick_format_over_copy_a_is_left_alone_until_repair_is_asked_for() {
    let mut formatted = image();
    formatted[..COPY].fill(0x11);
    let (outcome, left) = unlock(&formatted, "right");
    let volume = outcome.unwrap();
    assert!(matches!(
        volume.take_notices().as_slice(),
        [Notice::CopyMissing { copy: 0 }]
    ));
    assert!(matches!(
        volume.change_credential(&passphrase("new"), None),
        Err(Error::HeaderCopyMissing)
    ));
    assert!(
        left[..COPY].iter().all(|byte| *byte == 0x11),
        "nothing is written into what is not ours"
    );
    let repaired = open_locked(&left).repair().unwrap().volume;
    assert_eq!(
        repaired.info().copies,
        [CopyStatus::Whole, CopyStatus::Whole]
    );
    assert!(
        repaired
            .unlock(&passphrase("right"))
            .unwrap()
            .take_notices()
            .is_empty()
    );
}

#[test]
fn roots_that_cannot_be_read_are_an_error_of_the_storage_and_no_verdict_on_the_volume() {
    let roots = [0..4096, COPY_B as u64..COPY_B as u64 + 4096];
    let storage = Faulty {
        unreadable: roots.to_vec(),
        ..Faulty::new(&image())
    };
    assert!(matches!(
        LockedVolume::open(storage),
        Err(Error::Io { offset: 0, .. })
    ));
}

#[test]
fn a_change_after_one_that_failed_half_way_does_not_contradict_it() {
    let last_slot = (COPY_B + (SLOT_FIRST_BLOCK + 31) * BLOCK_LEN) as u64;
    let bad = last_slot..last_slot + 4096;
    let storage = Faulty {
        unwritable: vec![bad],
        ..Faulty::new(&image())
    };
    let keeper = storage.memory.second_handle();
    let volume = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock(&passphrase("right"))
        .unwrap();
    volume
        .change_credential(&passphrase("first"), None)
        .unwrap_err();
    let after_first = keeper.contents();
    volume
        .change_credential(&passphrase("second"), None)
        .unwrap_err();
    // What a power cut after the second change of copy A leaves.
    let cut = [&keeper.contents()[..COPY_B], &after_first[COPY_B..]].concat();
    assert!(opens(&cut, "first") != opens(&cut, "second"));
}
