//! What was found by looking for one guess too many, and for data lost to nobody's gain.

use std::fs::TryLockError;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::backup::{backed_up, edited, plain};
use super::cast::{ADMIN, USER, cast, choosing};
use super::faulty::Faulty;
use super::*;
use crate::format::{Action, LOG_FIRST_BLOCK, Role, STATE_BLOCK, SlotState};
use crate::storage::Storage;

/// The bytes of the block that begins there.
fn block_at(start: usize) -> std::ops::Range<u64> {
    start as u64..(start + BLOCK_LEN) as u64
}

#[test]
fn a_user_whose_own_credential_is_the_guess_hears_nothing_of_other_slots() {
    let stick = cast().stick();
    let mut own = passphrase("user");
    for guess in ["wrong", "right"] {
        let volume = stick.unlock_with(&own, SlotChoice::Slot(USER)).unwrap();
        volume.change_credential(&passphrase(guess), None).unwrap();
        drop(volume);
        own = passphrase(guess);
        let opened = stick.unlock_with(&own, SlotChoice::Any).unwrap();
        assert_eq!(opened.slot(), USER, "guess {guess}");
    }
    assert_eq!(stick.failed()[ADMIN], 0);
}

#[test]
fn right_credentials_never_add_up_to_an_erase_where_one_copy_cannot_be_written() {
    for copy in [0, COPY_B] {
        let storage = Faulty {
            unwritable: vec![block_at(copy + COUNTERS_BLOCK * BLOCK_LEN)],
            ..Faulty::new(&image())
        };
        let mut locked = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap();
        for _ in 0..12 {
            locked = locked.unlock(&passphrase("right")).unwrap().lock().unwrap();
        }
    }
}

#[test]
fn a_restore_that_would_use_up_a_slot_is_refused_with_nothing_written() {
    let (_, file) = edited(&backed_up().image, |volume| {
        volume.set_lockout(0, 3, Action::EraseVolume).unwrap();
        volume.backup_header_plain_outlives_erase().unwrap()
    });
    let backup = plain(&file);
    for (failed, refused) in [(2, false), (3, true), (4, true)] {
        let medium = with_failures(backed_up().image.clone(), failed);
        let storage = MemoryStorage::from_vec(medium.clone());
        let keeper = storage.second_handle();
        let outcome = restore_header(storage, &backup, &RestoreOptions::default());
        let told = matches!(
            outcome,
            Err(Error::Restore(RestoreRefusal::LimitReached { slot: 0 }))
        );
        assert_eq!(told, refused, "{failed} failures");
        assert_eq!(keeper.contents() == medium, refused);
        assert!(matches!(open(&keeper.contents()), Ok(Opened::Locked(_))));
    }
}

#[test]
fn an_erase_that_is_due_by_itself_spares_a_file_system_and_one_that_was_asked_for_does_not() {
    let mut formatted = with_failures(image(), 10);
    formatted[..COPY].fill(0x5a);
    let storage = MemoryStorage::from_vec(formatted.clone());
    let keeper = storage.second_handle();
    match LockedVolume::open(storage).unwrap() {
        Opened::Erased(volume) => assert!(volume.report().is_verified()),
        Opened::Locked(volume) => panic!("the attempts are used up: {volume:?}"),
    }
    assert!(keeper.contents()[..COPY] == formatted[..COPY]);
    assert_destroyed(&image(), &keeper.contents());

    let mut formatted = image();
    formatted[..COPY].fill(0x5a);
    let storage = MemoryStorage::from_vec(formatted.clone());
    let keeper = storage.second_handle();
    let locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    assert!(locked.erase().unwrap().report().is_verified());
    assert!(keeper.contents()[..COPY] != formatted[..COPY]);
}

#[test]
fn a_slot_that_cannot_be_overwritten_is_recorded_once() {
    let stick = cast().stick();
    for _ in 0..10 {
        let wrong = stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(USER));
        assert!(wrong.is_err());
    }
    let mut image = stick.image();
    let mut header = header_of(&image);
    header.state.slots[USER] = SlotState::Erasing;
    let state = header.state.encode(header.root.id);
    put_blocks(&mut image, &header, &[(STATE_BLOCK, state)]);
    let storage = Faulty {
        unwritable: vec![block_at((SLOT_FIRST_BLOCK + USER) * BLOCK_LEN)],
        ..Faulty::new(&image)
    };
    let keeper = storage.memory.second_handle();
    drop(LockedVolume::open(storage).unwrap());
    let records = |image: &[u8]| {
        let header = header_of(image);
        header.log.head(header.root.id).sequence
    };
    assert_eq!(records(&keeper.contents()), records(&image));
}

#[test]
fn a_forged_number_does_not_end_the_log() {
    let mut forged = image();
    let header = header_of(&forged);
    let last = (1u64 << 63) - 1;
    let place = usize::try_from((last - 1) % 168).unwrap();
    let mut block = header.log.encode_block(header.root.id, place / 7);
    let start = 32 + 576 * (place % 7);
    block[start..start + 576].fill(7);
    block[start..start + 8].copy_from_slice(&last.to_le_bytes());
    let sum = crate::crypto::sha256(&[&block[..BLOCK_LEN - 32]]);
    block[BLOCK_LEN - 32..].copy_from_slice(&sum);
    put_blocks(
        &mut forged,
        &header,
        &[(LOG_FIRST_BLOCK + place / 7, block)],
    );
    let volume = unlock(&forged, "right").0.unwrap();
    let log = volume.event_log().unwrap();
    assert!(log.faults.is_empty(), "{:?}", log.faults);
    assert!(log.entries.iter().all(|entry| entry.event.is_some()));
}

/// Writes to a range are accepted, and the flush after them fails once: as a system that buffers tells
/// of a bad sector.
struct LateFault {
    memory: MemoryStorage,
    range: std::ops::Range<u64>,
    dirty: AtomicBool,
}

impl Storage for LateFault {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.memory.set_len(len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.memory.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.range.contains(&offset) {
            self.dirty.store(true, Ordering::SeqCst);
            return Ok(());
        }
        self.memory.write_at(offset, data)
    }

    fn flush(&self) -> io::Result<()> {
        if self.dirty.swap(false, Ordering::SeqCst) {
            return Err(io::Error::other("bad sector"));
        }
        Ok(())
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.memory.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.memory.unlock()
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn block_size(&self) -> u32 {
        512
    }
}

#[test]
fn a_bad_sector_in_the_log_that_shows_with_the_flush_is_in_nobodys_way() {
    for copy in [0, COPY_B] {
        let storage = LateFault {
            memory: MemoryStorage::from_vec(image()),
            range: block_at(copy + LOG_FIRST_BLOCK * BLOCK_LEN),
            dirty: false.into(),
        };
        let locked = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap();
        let volume = locked
            .unlock_with(&passphrase("right"), &choosing(SlotChoice::Slot(ADMIN)))
            .unwrap();
        let reset = |notice: &Notice| !matches!(notice, Notice::CounterNotReset(_));
        assert!(volume.take_notices().iter().all(reset));
        let user = NewSlot::new(Role::User);
        assert_eq!(volume.add_slot(&user, &passphrase("user")).unwrap(), 1);
    }
}
