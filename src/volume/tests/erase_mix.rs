//! After an erase no slot opens, whatever is put together from what the volume holds.

use std::ops::Range;

use super::faulty::Faulty;
use super::*;
use crate::format::{Counters, Defect, RegionKind, RegionResult, Seal, State, VolumeState};

fn erased_image() -> Vec<u8> {
    let storage = MemoryStorage::from_vec(image());
    let keeper = storage.second_handle();
    LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .erase()
        .unwrap();
    keeper.contents()
}

fn erase(storage: Faulty) -> EraseReport {
    LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .erase()
        .unwrap()
        .into_report()
}

/// What somebody can do who writes blocks: the volume is said to be locked, with no failed attempt.
fn declared_locked(mut image: Vec<u8>) -> Vec<u8> {
    let header = header_of(&image);
    let blocks = [
        (1, State::locked().encode(header.root.id)),
        (COUNTERS_BLOCK, Counters::ZERO.encode(header.root.id)),
    ];
    put_blocks(&mut image, &header, &blocks);
    image
}

fn copy_range(image: &mut [u8], from: &[u8], range: &Range<usize>, to: usize) {
    image[to..to + range.len()].copy_from_slice(&from[range.clone()]);
}

fn as_u64(range: &Range<usize>) -> Range<u64> {
    range.start as u64..range.end as u64
}

/// A valid block of a seal, with other bytes than the one that was there.
fn forged_seal(header: &Header) -> Seal {
    Seal::generate(header.root.id, 64, |body| -> Result<(), ()> {
        body.fill(0x5a);
        Ok(())
    })
    .unwrap()
}

#[test]
fn nothing_of_slots_or_seal_is_left_anywhere_after_an_erase() {
    assert_destroyed(&image(), &erased_image());
    let volume = open_locked(&image()).unlock(&passphrase("right")).unwrap();
    volume
        .change_credential(&passphrase("second"), None)
        .unwrap();
    volume
        .change_credential(&passphrase("third"), None)
        .unwrap();
    let report = volume.lock().unwrap().erase().unwrap().into_report();
    assert!(report.is_verified());
}

#[test]
#[should_panic(expected = "old secret bytes")]
fn a_block_that_an_erase_forgets_is_found_by_these_tests() {
    let mut forgotten = erased_image();
    copy_range(
        &mut forgotten,
        &image(),
        &secret_ranges()[2],
        COPY_B + 128 * BLOCK_LEN,
    );
    assert_destroyed(&image(), &forgotten);
}

#[test]
fn no_mix_of_what_an_erased_volume_holds_opens() {
    let erased = erased_image();
    let (a, b) = (0..COPY, COPY_B..COPY_B + COPY);
    let [seal_a, slots_a, seal_b, slots_b] = secret_ranges();
    let moves: [(&Range<usize>, usize); 8] = [
        (&a, COPY_B),
        (&b, 0),
        (&seal_a, seal_b.start),
        (&seal_b, seal_a.start),
        (&slots_a, slots_b.start),
        (&slots_b, slots_a.start),
        (&slots_a, seal_a.start),
        (&(0..BLOCK_LEN), COPY_B),
    ];
    // Every subset of the moves, in order.
    for chosen in 0u32..1 << moves.len() {
        let mut mixed = erased.clone();
        for (index, (from, to)) in moves.iter().enumerate() {
            if chosen >> index & 1 == 1 {
                copy_range(&mut mixed, &erased, from, *to);
            }
        }
        derives(0, || {
            assert!(
                matches!(open(&mixed), Ok(Opened::Erased(_))),
                "moves {chosen:b}"
            );
        });
        if chosen % 16 == 0 {
            let error = derives(0, || open(&declared_locked(mixed)).unwrap_err());
            assert!(
                matches!(error, Error::Damaged(_)),
                "moves {chosen:b}: {error}"
            );
        }
    }
}

#[test]
fn slots_that_the_medium_kept_do_not_open_without_the_seal() {
    let [_, slots_a, _, slots_b] = secret_ranges();
    let mut kept = erased_image();
    for range in [slots_a, slots_b] {
        copy_range(&mut kept, &image(), &range, range.start);
    }
    let kept = declared_locked(kept);
    assert!(matches!(
        open(&kept),
        Err(Error::Damaged(Damage::Header(Defect::Seal)))
    ));
    assert!(matches!(
        unlock(&with_forged_seal(&kept, 0..64), "right").0,
        Err(Error::WrongCredential {
            remaining: Some(9),
            ..
        })
    ));
}

/// `image` with forged blocks of the seal in both copies.
fn with_forged_seal(image: &[u8], blocks: Range<usize>) -> Vec<u8> {
    let mut forged = image.to_vec();
    let whole = header_of(&super::image());
    let seal = forged_seal(&whole);
    let blocks: Vec<_> = blocks
        .map(|index| (SEAL_FIRST_BLOCK + index, seal.blocks()[index].clone()))
        .collect();
    put_blocks(&mut forged, &whole, &blocks);
    forged
}

#[test]
fn the_loss_of_any_one_block_of_the_seal_makes_the_slots_useless() {
    for lost in 0..64 {
        let forged = with_forged_seal(&image(), lost..lost + 1);
        let (outcome, _) = unlock(&forged, "right");
        assert!(
            matches!(outcome, Err(Error::WrongCredential { .. })),
            "seal block {lost}"
        );
    }
}

#[test]
fn slots_without_their_wrapped_keys_do_not_open_with_the_seal() {
    let [seal_a, _, seal_b, _] = secret_ranges();
    let mut kept = erased_image();
    for range in [seal_a, seal_b] {
        copy_range(&mut kept, &image(), &range, range.start);
    }
    let error = open(&declared_locked(kept)).unwrap_err();
    assert!(
        matches!(error, Error::Damaged(Damage::Header(Defect::Incomplete))),
        "{error}"
    );
}

#[test]
fn the_report_lists_each_region_with_its_result() {
    let report = erase(Faulty::new(&image()));
    let found: Vec<_> = report
        .regions
        .iter()
        .map(|region| (region.kind, region.offset..region.offset + region.length))
        .collect();
    let kinds = [
        RegionKind::Seal,
        RegionKind::Slots,
        RegionKind::Seal,
        RegionKind::Slots,
    ];
    let expected: Vec<_> = kinds
        .into_iter()
        .zip(secret_ranges().iter().map(as_u64))
        .collect();
    assert_eq!(found, expected);
    assert!(
        report
            .regions
            .iter()
            .all(|region| region.result == RegionResult::VerifiedOnMedium && region.discarded)
    );
    assert!(report.is_verified());
}

#[test]
fn a_region_that_could_not_be_destroyed_is_reported_and_the_others_are_destroyed_all_the_same() {
    type Fault = fn(&mut Faulty) -> &mut Vec<Range<u64>>;
    let faults: [(Fault, RegionResult); 3] = [
        (|storage| &mut storage.unwritable, RegionResult::NotWritten),
        (|storage| &mut storage.forgetful, RegionResult::Mismatch),
        (
            |storage| &mut storage.not_verifiable,
            RegionResult::Unreadable,
        ),
    ];
    for (fault, expected) in faults {
        for faulty in 0..4 {
            let mut storage = Faulty::new(&image());
            let start = secret_ranges()[faulty].start as u64 + 5 * 4096;
            fault(&mut storage).push(start..start + 4096);
            let report = erase(storage);
            for (index, region) in report.regions.iter().enumerate() {
                let verified = region.result == RegionResult::VerifiedOnMedium;
                assert_eq!(
                    (verified, region.discarded),
                    (index != faulty, index != faulty)
                );
            }
            assert_eq!(report.regions[faulty].result, expected);
            assert!(
                report.is_verified(),
                "slots or seal are gone in both copies"
            );
        }
    }
}

#[test]
fn an_erase_that_may_have_left_seal_and_slots_is_not_verified_and_is_begun_again() {
    for faulty in [[0, 1], [0, 3], [2, 1], [2, 3]] {
        let mut storage = Faulty::new(&image());
        storage
            .forgetful
            .extend(faulty.map(|index| as_u64(&secret_ranges()[index])));
        let keeper = storage.memory.second_handle();
        let report = erase(storage);
        assert_eq!((report.is_verified(), report.ended), (false, 0));
        let left = keeper.contents();
        assert_eq!(header_of(&left).state.volume, VolumeState::Erasing);
        match open(&left) {
            Ok(Opened::Erased(volume)) => assert!(volume.report().is_verified()),
            other => panic!("the erase should be finished: {other:?}"),
        }
    }
}

#[test]
fn storage_that_takes_no_discards_is_reported_as_such() {
    let report = erase(Faulty {
        no_discard: true,
        ..Faulty::new(&image())
    });
    assert!(report.is_verified() && report.regions.iter().all(|region| !region.discarded));
}

#[test]
fn an_erase_also_overwrites_the_place_of_a_copy_that_is_not_ours() {
    let mut formatted = image();
    formatted[COPY_B..].fill(0x11);
    let report = erase(Faulty::new(&formatted));
    assert_eq!((report.regions.len(), report.is_verified()), (4, true));
}
