//! Tests of the volume layer.

mod attempt_crash;
mod attempts;
mod backup;
mod cast;
mod check;
mod crash;
mod credentials;
mod endorsements;
mod erase_mix;
mod external;
mod faulty;
mod forge;
mod hostile;
mod label_and_log;
mod log_faults;
mod losses;
mod policy;
mod recording;
mod recover_crash;
mod recovery;
mod refusals;
mod removal;
mod reserved;
mod restore;
mod restore_refusals;
mod roles;
mod rollback;
mod second_crash;
mod single_blocks;
mod slot_crash;
mod slots;
mod tampering;
mod tampering_numbers;
mod tampering_old;
mod team;

use std::sync::LazyLock;

use super::attempt::set_failed;
use super::medium::{block_offset, copies, read_header};
use super::*;
use crate::crypto::{Argon2Cost, Passphrase, derivations};
use crate::format::{BLOCK_LEN, Block, COUNTERS_BLOCK, Header, SEAL_FIRST_BLOCK, SLOT_FIRST_BLOCK};
use crate::storage::MemoryStorage;

const COPY: usize = 1 << 20;
const PAYLOAD: usize = 64 << 10;
/// Where copy B of the volumes made here begins.
const COPY_B: usize = COPY + PAYLOAD;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn options() -> CreateOptions {
    CreateOptions {
        payload_length: Some(PAYLOAD as u64),
        cost: Argon2Cost::new(19_456, 2, 1).unwrap(),
        ..CreateOptions::default()
    }
}

/// The bytes of a volume that opens with "right"; the same one for all tests.
fn image() -> Vec<u8> {
    static IMAGE: LazyLock<Vec<u8>> = LazyLock::new(|| new_image("right"));
    IMAGE.clone()
}

/// The bytes of another volume, which opens with `text`.
fn new_image(text: &str) -> Vec<u8> {
    let storage = MemoryStorage::default();
    let keeper = storage.second_handle();
    create(storage, &options(), &passphrase(text)).unwrap();
    keeper.contents()
}

/// `image` with so many failed attempts on slot 0, in both copies.
fn with_failures(mut image: Vec<u8>, failed: u8) -> Vec<u8> {
    let mut header = header_of(&image);
    set_failed(&mut header, 0, failed);
    let block = header.counters.encode(header.root.id);
    put_blocks(&mut image, &header, &[(COUNTERS_BLOCK, block)]);
    image
}

/// Stores blocks in both copies.
fn put_blocks(image: &mut [u8], header: &Header, blocks: &[(usize, Box<Block>)]) {
    for copy in copies(header) {
        for (index, block) in blocks {
            let start = usize::try_from(block_offset(copy, *index)).unwrap();
            image[start..start + BLOCK_LEN].copy_from_slice(&**block);
        }
    }
}

fn header_of(image: &[u8]) -> Box<Header> {
    read_header(&MemoryStorage::from_vec(image.to_vec())).unwrap()
}

fn open(image: &[u8]) -> Result<Opened, Error> {
    LockedVolume::open(MemoryStorage::from_vec(image.to_vec()))
}

fn open_locked(image: &[u8]) -> LockedVolume {
    open(image).and_then(Opened::locked).unwrap()
}

/// Opens and unlocks `image`; also gives the bytes that this leaves.
fn unlock(image: &[u8], text: &str) -> (Result<Volume, Error>, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let outcome = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .and_then(|volume| Ok(volume.unlock_with(&passphrase(text), &any_slot())?));
    (outcome, keeper.contents())
}

/// Tried on every slot that fits.
fn any_slot() -> UnlockOptions<'static> {
    UnlockOptions {
        choice: SlotChoice::Any,
        ..UnlockOptions::default()
    }
}

fn opens(image: &[u8], text: &str) -> bool {
    unlock(image, text).0.is_ok()
}

/// Failed attempts on slot 0 as anybody reads them.
fn failed(image: &[u8]) -> u8 {
    super::attempt::failed(&header_of(image), 0)
}

/// The index ranges in an image of what an erase must destroy: slots and seal of both copies.
fn secret_ranges() -> [std::ops::Range<usize>; 4] {
    let area = |copy: usize, first: usize, count: usize| {
        copy + first * BLOCK_LEN..copy + (first + count) * BLOCK_LEN
    };
    [
        area(0, SEAL_FIRST_BLOCK, 64),
        area(0, SLOT_FIRST_BLOCK, 32),
        area(COPY_B, SEAL_FIRST_BLOCK, 64),
        area(COPY_B, SLOT_FIRST_BLOCK, 32),
    ]
}

/// Asserts that no 32 bytes of the slot in use or of the seal of `before` are left at any place of `after`.
///
/// The checksum of the slot stands in the root, too, and tells nothing.
fn assert_destroyed(before: &[u8], after: &[u8]) {
    use std::collections::HashSet;
    let inside = |block: usize, end: usize| {
        before[block * BLOCK_LEN + 32..block * BLOCK_LEN + end].chunks_exact(32)
    };
    let seal = (SEAL_FIRST_BLOCK..SEAL_FIRST_BLOCK + 64).flat_map(|block| inside(block, BLOCK_LEN));
    let secrets: HashSet<&[u8]> = inside(SLOT_FIRST_BLOCK, BLOCK_LEN - 32)
        .chain(seal)
        .filter(|bytes| **bytes != [0; 32])
        .collect();
    for (index, bytes) in after.chunks_exact(32).enumerate() {
        assert!(
            !secrets.contains(bytes),
            "old secret bytes at {}",
            index * 32
        );
    }
}

/// Asserts that `run` asks for so many key derivations.
fn derives<T>(count: u64, run: impl FnOnce() -> T) -> T {
    let before = derivations();
    let outcome = run();
    assert_eq!(derivations() - before, count, "key derivations");
    outcome
}

#[test]
fn what_was_written_is_read_back_after_locking_and_unlocking() {
    let volume = create(
        MemoryStorage::from_vec(Vec::new()),
        &options(),
        &passphrase("right"),
    )
    .unwrap();
    volume.write_at(1000, b"hello").unwrap();
    let volume = volume.lock().unwrap().unlock(&passphrase("right")).unwrap();
    let mut found = [0; 5];
    volume.read_at(1000, &mut found).unwrap();
    assert_eq!(&found, b"hello");
    assert!(volume.take_notices().is_empty());
}

#[test]
fn tenth_failure_erases_the_key() {
    let mut locked = create(
        MemoryStorage::from_vec(Vec::new()),
        &options(),
        &passphrase("right"),
    )
    .unwrap()
    .lock()
    .unwrap();
    for left in (1..10).rev() {
        locked = match locked.unlock(&passphrase("wrong")) {
            Err(UnlockFailure::Wrong {
                volume, remaining, ..
            }) if remaining == Some(left) => volume,
            other => panic!("{left} attempts should be left: {other:?}"),
        };
    }
    match locked.unlock(&passphrase("wrong")) {
        Err(UnlockFailure::Erased(volume)) => assert!(volume.report().is_verified()),
        other => panic!("the key should be erased: {other:?}"),
    }
}
