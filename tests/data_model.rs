//! The payload against simpler things that it must equal: a vector of bytes, `std::io::Cursor`, and another XTS implementation.

#![allow(
    clippy::unwrap_used,
    reason = "also outside of the functions that clippy takes for tests"
)]

#[path = "support/fault.rs"]
mod fault;
#[path = "support/hooked.rs"]
mod hooked;
#[path = "support/random.rs"]
mod random;
mod support;

use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use aes::Aes256;
use aes::cipher::KeyInit;
use fault::Fault;
use hooked::Event;
use proptest::prelude::*;
use random::Random;
use support::{RIGHT, options, passphrase};
use tenlock::format::SectorSize;
use tenlock::storage::{MemoryStorage, Storage};
use tenlock::volume::{Error, Volume, Workers, create};
use xts_mode::{Xts128, get_tweak_default};

const SECTOR_SIZES: [SectorSize; 2] = [SectorSize::B512, SectorSize::B4096];
/// The library cuts requests at multiples of this.
const PIECE: usize = 256 << 10;
/// Three pieces and a bit.
const LEN: usize = 3 * PIECE + 8192;

/// Of the shares of concurrent writers.
const SEED: u64 = 0x5ec7_0125;

#[test]
fn random_reads_and_writes_equal_a_vector_of_bytes() {
    for (sector_size, workers) in SECTOR_SIZES
        .into_iter()
        .zip([0, 2])
        .chain(SECTOR_SIZES.into_iter().zip([2, 0]))
    {
        let volume = volume_on(MemoryStorage::default(), sector_size)
            .with_workers(Workers::new(workers).unwrap());
        proptest!(config(48), |(requests in prop::collection::vec(request(), 1..40))| {
            let mut model = noise(0, LEN);
            volume.write_at(0, &model).unwrap();
            for (offset, data) in &requests {
                check_request(&volume, &mut model, *offset, data)?;
            }
            prop_assert!(contents(&volume) == model);
        });
    }
}

#[test]
fn vectored_requests_equal_plain_ones_and_do_nothing_out_of_range() {
    let volume = volume_on(MemoryStorage::default(), SectorSize::B512);
    let data = noise(1, LEN);
    let (a, b) = data[..PIECE + 77].split_at(1000);
    volume
        .write_vectored_at(5, &[IoSlice::new(a), IoSlice::new(&[]), IoSlice::new(b)])
        .unwrap();
    let before = contents(&volume);
    assert!(before[5..5 + PIECE + 77] == data[..PIECE + 77]);
    let (mut x, mut y) = (vec![0; 3], vec![0; PIECE]);
    let mut bufs = [IoSliceMut::new(&mut x), IoSliceMut::new(&mut y)];
    volume.read_vectored_at(9, &mut bufs).unwrap();
    assert!(x == data[4..7] && y == data[7..7 + PIECE]);

    let past_the_end = volume.write_vectored_at(
        LEN as u64 - 4096,
        &[IoSlice::new(&[1; 4096]), IoSlice::new(&[2])],
    );
    assert!(matches!(past_the_end, Err(Error::OutOfRange { .. })));
    assert!(contents(&volume) == before);
}

#[test]
fn an_error_of_one_worker_is_the_error_of_the_request() {
    let workers = Workers::new(2).unwrap();
    let storage = MemoryStorage::default();
    let shorter = storage.second_handle();
    let volume = volume_on(storage, SectorSize::B4096).with_workers(workers);
    // The last piece lies past the end now; the others can be read.
    shorter.set_len((1 << 20) + 3 * PIECE as u64).unwrap();
    let outcome = volume.read_at(0, &mut vec![0; LEN]);
    assert!(matches!(outcome, Err(Error::Io { .. })), "{outcome:?}");
}

#[test]
fn concurrent_writers_of_parts_of_one_sector_lose_nothing() {
    const WRITERS: usize = 6;
    println!("seed {SEED:#x}");
    let mut random = Random::seeded(SEED);
    for (round, sector_size) in SECTOR_SIZES.into_iter().cycle().take(8).enumerate() {
        let volume = volume_on(MemoryStorage::default(), sector_size);
        let expected = noise(round as u64 + 1, LEN);
        volume.write_at(0, &noise(0, LEN)).unwrap();
        let shares = shuffled_shares(&mut random, WRITERS);
        thread::scope(|scope| {
            for share in &shares {
                let (volume, expected) = (&volume, &expected);
                scope.spawn(move || {
                    for range in share {
                        volume
                            .write_at(range.start as u64, &expected[range.clone()])
                            .unwrap();
                    }
                });
            }
        });
        assert!(contents(&volume) == expected, "round {round}");
    }
}

#[test]
fn failing_storage_gives_errors_and_changes_nothing_outside_of_the_request() {
    // From the middle of one sector to the middle of another, over all three pieces.
    let request = PIECE - 1000..2 * PIECE + 1000;
    for sector_size in SECTOR_SIZES {
        let size = sector_size.bytes() as usize;
        let covered = request.start / size * size..request.end.next_multiple_of(size);
        let fault = Arc::new(Fault::default());
        let volume = volume_on(fault.over(MemoryStorage::default()), sector_size);
        for (event, count) in [(Event::Read, 2), (Event::Write, 3)] {
            for nth in 0..count {
                let model = noise(nth, LEN);
                volume.write_at(0, &model).unwrap();
                fault.arm(event, nth);
                let failed = volume.write_at(request.start as u64, &vec![7; request.len()]);
                assert!(
                    matches!(failed, Err(Error::Io { .. })),
                    "{event:?} {nth}: {failed:?}"
                );
                let found = contents(&volume);
                assert!(
                    found[..covered.start] == model[..covered.start]
                        && found[covered.end..] == model[covered.end..]
                );
                let new = noise(nth + 100, request.len());
                volume.write_at(request.start as u64, &new).unwrap();
                assert!(contents(&volume)[request.clone()] == new);
            }
        }
    }
}

#[test]
fn failed_reads_and_flushes_are_errors_once_and_work_again() {
    let fault = Arc::new(Fault::default());
    let volume = volume_on(fault.over(MemoryStorage::default()), SectorSize::B512);
    let model = noise(1, LEN);
    volume.write_at(0, &model).unwrap();
    for nth in 0..3 {
        fault.arm(Event::Read, nth);
        let failed = volume.read_at(PIECE as u64 - 10, &mut vec![0; PIECE + 20]);
        assert!(
            matches!(
                failed,
                Err(Error::Io {
                    doing: "reading",
                    ..
                })
            ),
            "{failed:?}"
        );
    }
    fault.arm(Event::Flush, 0);
    assert!(matches!(
        volume.flush(),
        Err(Error::Io {
            doing: "flushing",
            ..
        })
    ));
    volume.flush().unwrap();
    assert!(contents(&volume) == model);
}

#[test]
fn cursor_behaves_as_that_of_the_standard_library_over_a_slice() {
    let volume = volume_on(MemoryStorage::default(), SectorSize::B4096);
    proptest!(config(48), |(steps in prop::collection::vec(step(), 1..40))| {
        let mut model = noise(0, LEN);
        volume.write_at(0, &model).unwrap();
        let mut ours = volume.cursor();
        let mut theirs = io::Cursor::new(&mut model[..]);
        for step in &steps {
            let outcomes = (take(&mut ours, step), take(&mut theirs, step));
            prop_assert!(outcomes.0 == outcomes.1, "{step:?}: {outcomes:?}");
        }
        prop_assert!(contents(&volume) == model);
    });
}

#[test]
fn discard_drops_whole_sectors_only() {
    for sector_size in SECTOR_SIZES {
        let size = sector_size.bytes() as usize;
        let storage = MemoryStorage::default();
        let volume = volume_on(storage.second_handle(), sector_size);
        let payload = usize::try_from(volume.info().payload_offset).unwrap();
        proptest!(config(64), |(start in 0..LEN, length in 0..40_000_usize)| {
            volume.write_at(0, &noise(0, LEN)).unwrap();
            let mut expected = storage.contents();
            let end = LEN.min(start + length);
            volume.discard(start as u64, (end - start) as u64).unwrap();
            let whole = start.next_multiple_of(size)..end / size * size;
            if whole.start < whole.end {
                // Storage in memory fills what is discarded with zeros.
                expected[payload + whole.start..payload + whole.end].fill(0);
            }
            prop_assert!(storage.contents() == expected);
        });
        assert!(matches!(
            volume.discard(LEN as u64 - 1, 2),
            Err(Error::OutOfRange { .. })
        ));
    }
}

#[test]
fn ciphertext_at_rest_is_that_of_dm_crypt_aes_xts_plain64() {
    for sector_size in SECTOR_SIZES {
        let size = sector_size.bytes() as usize;
        let storage = MemoryStorage::default();
        let volume = volume_on(storage.second_handle(), sector_size);
        let mut expected = noise(3, LEN);
        // In parts that are no sectors.
        for (index, part) in expected.chunks(3333).enumerate() {
            volume.write_at(index as u64 * 3333, part).unwrap();
        }
        let key = volume.export_key().unwrap();
        let (data_key, tweak_key) = key.expose().split_at(32);
        let reference = Xts128::new(
            Aes256::new_from_slice(data_key).unwrap(),
            Aes256::new_from_slice(tweak_key).unwrap(),
        );
        // plain64 counts units of 512 bytes, whatever the size of a sector.
        reference.encrypt_area(&mut expected, size, 0, |sector| {
            get_tweak_default(sector * (size as u128 / 512))
        });
        let payload = usize::try_from(volume.info().payload_offset).unwrap();
        assert!(
            storage.contents()[payload..payload + LEN] == expected,
            "{sector_size:?}"
        );
    }
}

fn config(cases: u32) -> ProptestConfig {
    // The seed of a failure is printed; no file of them is kept beside the tests.
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn volume_on(storage: impl Storage + 'static, sector_size: SectorSize) -> Volume {
    let mut options = options(LEN as u64);
    options.sector_size = sector_size;
    create(storage, &options, &passphrase(RIGHT)).unwrap()
}

fn contents(volume: &Volume) -> Vec<u8> {
    let mut bytes = vec![0; LEN];
    volume.read_at(0, &mut bytes).unwrap();
    bytes
}

/// Bytes that differ from place to place.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[7]
    };
    (0..len).map(|_| next()).collect()
}

#[derive(Clone, Debug)]
enum Data {
    Read(usize),
    Write(usize, u64),
}

fn request() -> impl Strategy<Value = (u64, Data)> {
    let data = (length(), any::<Option<u64>>()).prop_map(|(length, seed)| {
        seed.map_or(Data::Read(length), |seed| Data::Write(length, seed))
    });
    (offset(), data)
}

/// Anywhere, near the places where requests are cut, near the end and far behind it.
fn offset() -> impl Strategy<Value = u64> {
    let near_a_cut = (1..=3_usize, 0..10_000_usize)
        .prop_map(|(piece, distance)| piece * PIECE + distance - 5000);
    let inside = prop_oneof![
        4 => 0..LEN,
        4 => near_a_cut,
        2 => (0..LEN / 512).prop_map(|unit| unit * 512),
        2 => LEN - 5000..LEN + 5000,
    ];
    prop_oneof![12 => inside.prop_map(|offset| offset as u64), 1 => u64::MAX - 5000..=u64::MAX]
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..10_000_usize, 2 => (0..20_usize).prop_map(|units| units * 512), 1 => 0..600_000_usize]
}

fn check_request(
    volume: &Volume,
    model: &mut [u8],
    offset: u64,
    data: &Data,
) -> Result<(), TestCaseError> {
    let length = match data {
        Data::Read(length) | Data::Write(length, _) => *length,
    };
    let range = usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?));
    let expected = range.and_then(|range| model.get_mut(range));
    let mut bytes = vec![0; length];
    let outcome = match data {
        Data::Read(_) => volume.read_at(offset, &mut bytes),
        Data::Write(_, seed) => {
            bytes = noise(*seed, length);
            volume.write_at(offset, &bytes)
        }
    };
    match (expected, data) {
        (None, _) => prop_assert!(
            matches!(outcome, Err(Error::OutOfRange { .. })),
            "{outcome:?}"
        ),
        (Some(expected), Data::Read(_)) => prop_assert!(outcome.is_ok() && bytes == expected),
        (Some(expected), Data::Write(..)) => {
            prop_assert!(outcome.is_ok());
            expected.copy_from_slice(&bytes);
        }
    }
    Ok(())
}

/// All of the payload in ranges that are cut anywhere, dealt out to `count` writers in any order.
fn shuffled_shares(random: &mut Random, count: usize) -> Vec<Vec<Range<usize>>> {
    let mut shares = vec![Vec::new(); count];
    let mut start = 0;
    for turn in (0..count).cycle() {
        let longest = if random.below(20) == 0 { 20_000 } else { 700 };
        let end = LEN.min(start + 1 + usize::try_from(random.below(longest)).unwrap());
        shares[turn].push(start..end);
        start = end;
        if start == LEN {
            return shares;
        }
    }
    shares
}

#[derive(Clone, Debug)]
enum Step {
    Read(usize),
    Write(usize, u64),
    Seek(SeekFrom),
}

fn step() -> impl Strategy<Value = Step> {
    let near = -20_000..20_000_i64;
    let seek = prop_oneof![
        offset().prop_map(SeekFrom::Start),
        near.clone().prop_map(SeekFrom::Current),
        near.prop_map(SeekFrom::End),
        any::<i64>().prop_map(SeekFrom::Current),
    ];
    prop_oneof![
        length().prop_map(Step::Read),
        (length(), any::<u64>()).prop_map(|(length, seed)| Step::Write(length, seed)),
        seek.prop_map(Step::Seek)
    ]
}

/// What a step gives: a number or the kind of an error, the bytes read, and the position after it.
fn take(
    stream: &mut (impl Read + Write + Seek),
    step: &Step,
) -> (Result<u64, io::ErrorKind>, Vec<u8>, u64) {
    let mut bytes = Vec::new();
    let outcome = match step {
        Step::Read(length) => {
            bytes.resize(*length, 0);
            stream.read(&mut bytes).map(|count| count as u64)
        }
        Step::Write(length, seed) => stream
            .write(&noise(*seed, *length))
            .map(|count| count as u64),
        Step::Seek(target) => stream.seek(*target),
    };
    (
        outcome.map_err(|error| error.kind()),
        bytes,
        stream.stream_position().unwrap(),
    )
}
