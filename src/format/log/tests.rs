use sha2::{Digest, Sha256};

use super::*;
use crate::format::block::{BODY, BODY_LEN, Kind, finish, framed};
use crate::format::defect::Defect;
use crate::format::layout::LOG_BLOCKS;

fn id() -> VolumeId {
    VolumeId::from_random([4; 16])
}

/// Appends a record whose contents follow from its number and `version`.
fn append(log: &mut Log, version: u8) -> usize {
    let next = log.head(id()).sequence + 1;
    let number = next.to_le_bytes()[0];
    log.append(id(), [number; 32], &[version; CIPHERTEXT_LEN])
        .unwrap()
}

fn log_of(records: usize) -> Log {
    let mut log = Log::empty();
    for _ in 0..records {
        append(&mut log, 0);
    }
    log
}

fn blocks(log: &Log) -> Vec<LogBlock> {
    (0..LOG_BLOCKS).map(|number| log.block(number)).collect()
}

fn merged(a: &Log, b: &Log) -> Log {
    Log::merge(
        id(),
        &LogHead::default(),
        blocks(a).iter().chain(&blocks(b)),
    )
}

fn without(log: &Log, sequences: impl IntoIterator<Item = u64>) -> Log {
    let mut log = log.clone();
    for sequence in sequences {
        log.records[place(sequence)] = None;
    }
    log
}

fn sequences(log: &Log) -> Vec<u64> {
    log.records().map(|record| record.sequence).collect()
}

fn assert_same(found: &Log, expected: &Log) {
    assert!(found == expected, "{:?}", sequences(found));
}

/// Writes `bytes` at `offset` of the only block of a log of five records.
fn parse_changed(offset: usize, bytes: &[u8]) -> Result<(VolumeId, LogBlock), Defect> {
    let mut block = log_of(5).encode_block(id(), 0);
    block[offset..offset + bytes.len()].copy_from_slice(bytes);
    LogBlock::parse(&finish(block), 0)
}

#[test]
fn what_was_encoded_is_read_back() {
    for records in [0, 1, 6, 7, 100, 168, 1000] {
        let log = log_of(records);
        let read: Vec<LogBlock> = (0..LOG_BLOCKS)
            .zip(0u16..)
            .map(|(number, index)| {
                let (found, block) = LogBlock::parse(&log.encode_block(id(), number), index)
                    .unwrap_or_else(|defect| panic!("block {number}: {defect}"));
                assert_eq!((found, &block), (id(), &log.block(number)));
                block
            })
            .collect();
        assert_same(&Log::merge(id(), &LogHead::default(), &read), &log);
    }
}

#[test]
fn a_record_lies_where_the_format_page_says() {
    let mut log = log_of(168 + 12);
    let previous = log.head(id()).hash;
    assert_eq!(log.append(id(), [0xee; 32], &[0xcc; 504]), Some(1));
    let block = log.encode_block(id(), 1);
    // 181 - 1 = 168 + 7 + 5: position 5 of block 1.
    let record = &block[32 + 5 * 576..][..576];
    assert_eq!(record[..8], 181u64.to_le_bytes());
    assert_eq!(record[8..40], previous);
    assert_eq!(record[40..72], [0xee; 32]);
    assert_eq!(record[72..], [0xcc; 504]);

    let mut text = b"tenlock v1 log".to_vec();
    text.extend_from_slice(id().as_bytes());
    text.extend_from_slice(record);
    assert_eq!(
        log.head(id()),
        LogHead {
            sequence: 181,
            hash: Sha256::digest(&text).into()
        }
    );
}

#[test]
fn f100_a_record_at_another_place_is_refused() {
    for sequence in [2u64, 8, 168, 1 + 167] {
        assert_eq!(
            parse_changed(BODY, &sequence.to_le_bytes()),
            Err(Defect::LogPlace)
        );
    }
    assert!(parse_changed(BODY, &169u64.to_le_bytes()).is_ok());
    let mut block = framed(Kind::Log, 1, id());
    block[BODY] = 1;
    assert_eq!(
        LogBlock::parse(&finish(block), 1),
        Err(Defect::LogPlace),
        "record 1 in block 1"
    );
}

#[test]
fn f101_an_empty_record_is_all_zero() {
    for offset in [8, 40, 72, 575] {
        assert_eq!(
            parse_changed(BODY + 5 * 576 + offset, &[1]),
            Err(Defect::LogNotEmpty),
            "byte {offset}"
        );
    }
}

#[test]
fn f102_numbers_beyond_the_last_are_refused() {
    // 2^63 - 1 lies at the place of record (2^63 - 2) mod 168 + 1 = 7.
    let position = BODY + 6 * 576;
    assert_eq!((MAX_SEQUENCE, place(MAX_SEQUENCE)), ((1 << 63) - 1, 6));
    assert!(parse_changed(position, &MAX_SEQUENCE.to_le_bytes()).is_ok());
    for sequence in [MAX_SEQUENCE + 1, u64::MAX] {
        assert_eq!(
            parse_changed(position, &sequence.to_le_bytes()),
            Err(Defect::LogSequence)
        );
    }
}

#[test]
fn the_frame_is_checked() {
    let block = log_of(1).encode_block(id(), 0);
    assert_eq!(LogBlock::parse(&block, 1), Err(Defect::Index));
    assert_eq!(LogBlock::parse(&[0; 4096], 0), Err(Defect::Magic));
}

#[test]
fn whatever_is_accepted_encodes_to_the_same_bytes() {
    let mut state = 1u64;
    let mut accepted = 0;
    for _ in 0..2000 {
        let mut block = framed(Kind::Log, 0, id());
        for position in 0..RECORDS_PER_BLOCK {
            let start = BODY + position * 576;
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let turn = (state >> 60) * 168;
            let sequence = match state >> 56 & 15 {
                0 => state,
                1..8 => 0,
                _ => turn + position as u64 + 1,
            };
            block[start..start + 8].copy_from_slice(&sequence.to_le_bytes());
            if sequence != 0 {
                block[start + 8..start + 576].fill((state >> 40).to_le_bytes()[0]);
            }
        }
        let block = finish(block);
        if let Ok((found, parsed)) = LogBlock::parse(&block, 0) {
            accepted += 1;
            assert_eq!(parsed.encode(found), block);
            let any = LogHead {
                sequence: u64::MAX,
                ..LogHead::default()
            };
            let log = Log::merge(id(), &any, [&parsed]);
            assert_eq!(log.records().count(), parsed.records().count());
            let _ = (log.check_chain(id()), log.head(id()));
        }
    }
    assert!((1000..2000).contains(&accepted), "{accepted}");
    for seed in 0..=255 {
        let mut block = framed(Kind::Log, 0, id());
        block[BODY..BODY + BODY_LEN].fill(seed);
        assert_eq!(LogBlock::parse(&finish(block), 0).is_ok(), seed == 0);
    }
}

#[test]
fn the_ring_keeps_the_last_168() {
    let log = log_of(400);
    assert_eq!(sequences(&log), (233..=400).collect::<Vec<u64>>());
    assert_eq!(log.newest().unwrap().sequence, 400);
    assert_eq!(log.check_chain(id()), []);
}

#[test]
fn appending_changes_one_block_and_names_it() {
    let mut log = log_of(160);
    for _ in 0..20 {
        let before = blocks(&log);
        let changed = append(&mut log, 0);
        let differing: Vec<usize> = (0..LOG_BLOCKS)
            .filter(|number| before[*number] != log.block(*number))
            .collect();
        assert_eq!(differing, [changed]);
    }
}

#[test]
fn an_empty_log_has_a_head_of_zeros_and_is_whole() {
    assert_eq!(Log::empty().head(id()), LogHead::default());
    assert_eq!(Log::empty().check_chain(id()), []);
    assert!(Log::empty().follows(id(), &LogHead::default()));
}

#[test]
fn the_newer_record_counts_whichever_copy_has_it() {
    for (older, newer) in [(0, 1), (9, 10), (168, 169), (200, 300), (10, 400)] {
        let (old, new) = (log_of(older), log_of(newer));
        assert_same(&merged(&old, &new), &new);
        assert_same(&merged(&new, &old), &new);
    }
}

#[test]
fn a_block_lost_in_one_copy_is_taken_from_the_other() {
    let log = log_of(150);
    let all = blocks(&log);
    let both = all[..5].iter().chain(&all[3..]);
    assert_same(&Log::merge(id(), &LogHead::default(), both), &log);
}

#[test]
fn of_two_last_records_the_one_that_fits_counts() {
    let log = log_of(20);
    let mut unfit = log.clone();
    unfit.records[place(20)].as_mut().unwrap().previous = [9; 32];
    assert_same(&merged(&unfit, &log), &log);
    assert_same(&merged(&log, &unfit), &log);
    // Both fit: the first.
    let mut other = log_of(19);
    append(&mut other, 1);
    assert_same(&merged(&other, &log), &other);
    assert_same(&merged(&log, &other), &log);
}

#[test]
fn of_two_first_records_the_one_without_a_record_before_counts() {
    let log = log_of(1);
    let mut unfit = log.clone();
    unfit.records[0].as_mut().unwrap().previous = [9; 32];
    assert_same(&merged(&unfit, &log), &log);
}

#[test]
fn copies_that_went_on_without_each_other_give_one_whole_log() {
    for common in [0, 20, 300] {
        let (mut a, mut b) = (log_of(common), log_of(common));
        for _ in 0..3 {
            append(&mut a, 1);
        }
        for _ in 0..5 {
            append(&mut b, 2);
        }
        assert_same(&merged(&a, &b), &b);
        assert_same(&merged(&b, &a), &b);
    }
}

#[test]
fn every_removed_record_but_the_newest_shows() {
    let log = log_of(400);
    for sequence in 233..400 {
        assert_eq!(
            without(&log, [sequence]).check_chain(id()),
            [LogFault::Missing {
                first: sequence,
                last: sequence
            }]
        );
    }
    let holes = without(&log, (240..=250).chain([252]));
    assert_eq!(
        holes.check_chain(id()),
        [
            LogFault::Missing {
                first: 240,
                last: 250
            },
            LogFault::Missing {
                first: 252,
                last: 252
            }
        ]
    );
}

#[test]
fn a_changed_record_shows_at_the_one_after_it() {
    let log = log_of(30);
    let edits: [fn(&mut Record); 3] = [
        |record| record.previous[31] ^= 1,
        |record| record.encapsulated[0] ^= 1,
        |record| record.ciphertext[503] ^= 1,
    ];
    for edit in edits {
        for sequence in 1..30 {
            let mut changed = log.clone();
            edit(changed.records[place(sequence)].as_mut().unwrap());
            let faults = changed.check_chain(id());
            let expected = LogFault::Unlinked {
                sequence: sequence + 1,
            };
            assert!(faults.contains(&expected), "{faults:?}");
        }
    }
}

#[test]
fn a_first_record_that_names_one_before_it_shows() {
    let mut log = Log::empty();
    log.records[0] = Some(Record {
        previous: [9; 32],
        ..log_of(1).newest().unwrap().clone()
    });
    assert_eq!(log.check_chain(id()), [LogFault::Unlinked { sequence: 1 }]);
}

#[test]
fn a_log_of_another_volume_does_not_fit() {
    let other = VolumeId::from_random([5; 16]);
    assert_eq!(log_of(3).check_chain(other).len(), 2);
}

#[test]
fn removing_the_newest_shows_by_the_head() {
    for records in [100, 200] {
        let log = log_of(records);
        let head = log.head(id());
        assert!(log.follows(id(), &head));
        let put_back = log_of(records - 1);
        let mut replaced = put_back.clone();
        append(&mut replaced, 1);
        for changed in [put_back, replaced] {
            assert_eq!(changed.check_chain(id()), []);
            assert!(!changed.follows(id(), &head));
        }
        assert!(!Log::empty().follows(id(), &head));
    }
}

#[test]
fn clearing_the_newest_of_a_full_ring_shows_without_the_head() {
    assert_eq!(
        without(&log_of(200), [199, 200]).check_chain(id()),
        [LogFault::Missing {
            first: 31,
            last: 32
        }]
    );
}

#[test]
fn a_log_that_went_on_follows_its_head_even_when_the_ring_has_passed_it() {
    let mut log = log_of(200);
    let head = log.head(id());
    for _ in 0..400 {
        append(&mut log, 0);
        assert!(log.follows(id(), &head));
    }
}

#[test]
fn a_forged_last_number_shows_and_stops_the_log_without_harm() {
    let mut log = log_of(20);
    log.records[place(MAX_SEQUENCE)] = Some(Record {
        sequence: MAX_SEQUENCE,
        previous: [0; 32],
        encapsulated: [0; 32],
        ciphertext: [0; CIPHERTEXT_LEN],
    });
    let before = log.clone();
    assert_eq!(log.append(id(), [0; 32], &[0; CIPHERTEXT_LEN]), None);
    assert_same(&log, &before);
    assert_eq!(
        log.check_chain(id()),
        [LogFault::Missing {
            first: MAX_SEQUENCE - 167,
            last: MAX_SEQUENCE - 1
        }]
    );
}
