//! A damaged event log is in nobody's way, unless what an admin has signed of it is lost; and no
//! other bad block keeps anybody of several people out.

use super::faulty::Faulty;
use super::single_blocks::used_blocks;
use super::team::*;
use super::*;
use crate::format::{CopyStatus, LOG_BLOCKS, LOG_FIRST_BLOCK, LogFault};

fn with_wrong_bytes(mut image: Vec<u8>, copy: usize, block: usize) -> Vec<u8> {
    image[copy + block * BLOCK_LEN + 40..][..1000].fill(0xee);
    image
}

fn in_both(image: Vec<u8>, block: usize) -> Vec<u8> {
    with_wrong_bytes(with_wrong_bytes(image, 0, block), COPY_B, block)
}

/// All log blocks of both copies.
fn log_areas() -> Vec<std::ops::Range<u64>> {
    [0, COPY_B]
        .map(|copy| {
            let start = (copy + LOG_FIRST_BLOCK * BLOCK_LEN) as u64;
            start..start + (LOG_BLOCKS * BLOCK_LEN) as u64
        })
        .to_vec()
}

/// The volume with so many records more in its log, each of a key that is not counted.
fn with_records(image: &[u8], count: usize) -> Vec<u8> {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let mut locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    for _ in 0..count {
        let tried = locked.try_credential(&team().recovery, &on_slot(RECOVERY));
        locked = tried.unwrap().volume;
    }
    keeper.contents()
}

/// After an admin has signed the log as it is.
fn signed(image: &[u8]) -> Vec<u8> {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let volume = open_as(storage, &(ADMIN, text("admin")));
    volume.set_policy(&PolicyRules::default()).unwrap();
    drop(volume);
    keeper.contents()
}

/// The log block that has the record which was signed.
fn block_of_the_head(image: &[u8]) -> usize {
    let sequence = header_of(image).policy.log_head.sequence;
    let place = usize::try_from(sequence - 1).unwrap() % 168;
    LOG_FIRST_BLOCK + place / 7
}

fn accepting(slot: usize) -> UnlockOptions<'static> {
    UnlockOptions {
        accept_lost_log: true,
        ..on_slot(slot)
    }
}

#[test]
fn any_one_bad_block_of_either_copy_keeps_none_of_several_people_out_and_is_repaired() {
    let image = signed(&with_records(&team().image, 20));
    let ways = team().ways();
    let blocks = used_blocks().chain(LOG_FIRST_BLOCK..LOG_FIRST_BLOCK + LOG_BLOCKS);
    for (number, block) in blocks.enumerate() {
        for copy in [0, COPY_B] {
            let way = &ways[(number + usize::from(copy > 0)) % ways.len()];
            let (outcome, left) = try_way(&with_wrong_bytes(image.clone(), copy, block), way);
            assert_eq!(outcome.unwrap(), way.0, "block {block}");
            let whole = [CopyStatus::Whole, CopyStatus::Whole];
            assert_eq!(header_of(&left).copies, whole, "block {block}");
        }
    }
}

#[test]
fn log_blocks_lost_in_both_copies_keep_nobody_out_but_the_one_that_was_signed() {
    // More records than the log keeps, so that every block has some.
    let image = signed(&with_records(&team().image, 175));
    let head = block_of_the_head(&image);
    for block in LOG_FIRST_BLOCK..LOG_FIRST_BLOCK + LOG_BLOCKS {
        let damaged = in_both(image.clone(), block);
        let (outcome, left) = try_way(&damaged, &(RECOVERY, (&team().recovery).into()));
        if block == head {
            assert!(matches!(outcome, Err(Error::Damaged(Damage::Log))));
            assert!(left == damaged, "nothing was charged or written");
            continue;
        }
        assert_eq!(outcome.unwrap(), RECOVERY, "block {block}");
        let volume = open_as(MemoryStorage::from_vec(left), &(ADMIN, text("admin")));
        let faults = volume.event_log().unwrap().faults;
        assert!(matches!(faults[..], [LogFault::Missing { .. }, ..]));
    }
}

#[test]
fn a_lost_log_is_accepted_by_name_and_healed_by_the_next_change_of_an_admin() {
    let image = signed(&team().image);
    let lost = in_both(image.clone(), block_of_the_head(&image));
    for way in team().ways() {
        let (outcome, left) = derives(0, || try_way(&lost, &way));
        assert!(matches!(outcome, Err(Error::Damaged(Damage::Log))));
        assert!(left == lost);
    }
    let storage = MemoryStorage::from_vec(lost);
    let keeper = storage.second_handle();
    let open = || {
        LockedVolume::open(keeper.second_handle())
            .and_then(Opened::locked)
            .unwrap()
    };
    let user = open().unlock_with(text("user"), &accepting(USER)).unwrap();
    user.change_credential(text("new"), None).unwrap();
    drop(user);
    let (outcome, _) = try_way(&keeper.contents(), &(USER, text("new")));
    assert!(matches!(outcome, Err(Error::Damaged(Damage::Log))));
    let admin = open()
        .unlock_with(text("admin"), &accepting(ADMIN))
        .unwrap();
    admin.set_policy(&PolicyRules::default()).unwrap();
    drop(admin);
    assert!(can_open(&keeper.contents(), &(USER, text("new"))));
    for way in team().ways_without(&[USER]) {
        assert!(can_open(&keeper.contents(), &way));
    }
}

#[test]
fn a_log_that_is_lost_while_an_admin_has_the_volume_open_is_not_signed_away() {
    let storage = MemoryStorage::from_vec(signed(&team().image));
    let keeper = storage.second_handle();
    let admin = open_as(storage, &(ADMIN, text("admin")));
    let image = keeper.contents();
    let lost = in_both(image.clone(), block_of_the_head(&image));
    crate::storage::Storage::write_at(&keeper, 0, &lost).unwrap();
    let refused = admin.set_policy(&PolicyRules::default());
    assert!(matches!(refused, Err(Error::Damaged(Damage::Log))));
    assert!(keeper.contents() == lost, "nothing was written");
}

#[test]
fn a_log_that_cannot_be_written_blocks_neither_attempts_nor_changes_nor_erases() {
    let storage = Faulty {
        unwritable: log_areas(),
        ..Faulty::new(&failed_on(team().image.clone(), OTHER, 2))
    };
    let keeper = storage.memory.second_handle();
    let mut locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    locked = match locked.unlock_with(text("wrong"), &on_slot(USER)) {
        Err(UnlockFailure::Wrong {
            volume,
            remaining: Some(9),
            ..
        }) => volume,
        other => panic!("nine attempts should be left: {other:?}"),
    };
    locked = match locked.unlock_with(text("wrong"), &on_slot(OTHER)) {
        Err(UnlockFailure::Wrong {
            volume,
            remaining: Some(0),
            ..
        }) => volume,
        other => panic!("the slot should be erased: {other:?}"),
    };
    let admin = locked.unlock_with(text("admin"), &on_slot(ADMIN)).unwrap();
    assert!(admin.take_notices().is_empty());
    admin.reset_slot(OTHER, text("again"), false, None).unwrap();
    admin.change_credential(text("new"), None).unwrap();
    admin.export_key().unwrap();
    drop(admin);
    let image = keeper.contents();
    for way in team().ways_without(&[ADMIN, OTHER]) {
        assert!(can_open(&image, &way));
    }
    assert!(can_open(&image, &(ADMIN, text("new"))));
    assert!(can_open(&image, &(OTHER, text("again"))));
    let locked = LockedVolume::open(Faulty {
        unwritable: log_areas(),
        ..Faulty::new(&image)
    });
    let erased = locked.and_then(Opened::locked).unwrap().erase().unwrap();
    assert!(erased.report().is_verified());
}

#[test]
fn a_log_that_can_be_neither_read_nor_written_blocks_no_change() {
    // Of a volume of which no record was signed: all was made at once.
    let storage = Faulty {
        unreadable: log_areas(),
        unwritable: log_areas(),
        ..Faulty::new(&team().image)
    };
    let keeper = storage.memory.second_handle();
    let admin = open_as(storage, &(ADMIN, text("admin")));
    admin.reset_slot(USER, text("new"), false, None).unwrap();
    drop(admin);
    assert!(can_open(&keeper.contents(), &(USER, text("new"))));
}

#[test]
fn a_log_damaged_in_both_copies_is_repaired_and_changes_go_on() {
    let mut image = team().image.clone();
    for block in LOG_FIRST_BLOCK..LOG_FIRST_BLOCK + LOG_BLOCKS {
        image = in_both(image, block);
    }
    let storage = MemoryStorage::from_vec(image);
    let keeper = storage.second_handle();
    let user = open_as(storage, &(USER, text("user")));
    user.change_credential(text("new"), None).unwrap();
    drop(user);
    let whole = [CopyStatus::Whole, CopyStatus::Whole];
    assert_eq!(header_of(&keeper.contents()).copies, whole);
    assert!(can_open(&keeper.contents(), &(USER, text("new"))));
    assert!(can_open(&keeper.contents(), &(ADMIN, text("admin"))));
}

#[test]
fn a_record_that_one_copy_missed_is_in_both_after_the_next_unlock() {
    // Seven records fill a block: the last of them is written to copy A only.
    let image = with_records(&team().image, 5);
    let before = header_of(&image).log.head(header_of(&image).root.id);
    assert_eq!(before.sequence, 6);
    let after = with_records(&image, 1);
    let cut = [&after[..COPY_B], &image[COPY_B..]].concat();
    let left = with_records(&cut, 1);
    let damaged = with_wrong_bytes(left, 0, LOG_FIRST_BLOCK);
    let header = header_of(&damaged);
    assert!(header.log.check_chain(header.root.id).is_empty());
}
