//! Header backups: counted before they are handed out, sealed, and refused when changed.

use super::recording::{Recording, report};
use super::*;
use crate::crypto::{PrivateKey, RecipientPublicKey, sha256};
use crate::format::{BackupHead, Defect, EraseRecord, SlotBlock, SlotState, USED_LEN};

/// A volume of which a plain backup was taken: the bytes of both. It opens with "right", and in
/// slot 1 for a user with "user".
pub(super) struct BackedUp {
    pub(super) image: Vec<u8>,
    pub(super) file: Vec<u8>,
}

impl BackedUp {
    pub(super) fn backup(&self) -> HeaderBackup {
        plain(&self.file)
    }
}

/// The same one for all tests.
pub(super) fn backed_up() -> &'static BackedUp {
    static BACKED_UP: LazyLock<BackedUp> = LazyLock::new(|| {
        let (image, ()) = edited(&image(), |volume| {
            let user = NewSlot::new(Role::User);
            volume.add_slot(&user, &passphrase("user")).unwrap();
        });
        let (image, file) = edited(&image, |volume| {
            volume.backup_header_plain_outlives_erase().unwrap()
        });
        BackedUp { image, file }
    });
    &BACKED_UP
}

/// `image` after an admin has done something with the volume, and what that gave.
pub(super) fn edited<T>(image: &[u8], edit: impl FnOnce(&Volume) -> T) -> (Vec<u8>, T) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    let volume = locked
        .unlock_with(&passphrase("right"), &any_slot())
        .unwrap();
    let outcome = edit(&volume);
    drop(volume);
    (keeper.contents(), outcome)
}

pub(super) fn plain(file: &[u8]) -> HeaderBackup {
    match BackupFile::parse(file).unwrap() {
        BackupFile::Plain(backup) => backup,
        BackupFile::Sealed(_) => panic!("the backup is plain"),
    }
}

fn sealed(file: &[u8]) -> SealedBackup {
    match BackupFile::parse(file).unwrap() {
        BackupFile::Sealed(backup) => backup,
        BackupFile::Plain(_) => panic!("the backup is sealed"),
    }
}

/// A sealed backup of the volume, and the key that opens it.
fn sealed_file() -> (Vec<u8>, PrivateKey) {
    let key = PrivateKey::generate().unwrap();
    let (_, file) = edited(&backed_up().image, |volume| {
        volume.backup_header(&key.public_key()).unwrap()
    });
    (file, key)
}

fn parse_error(file: &[u8]) -> BackupError {
    match BackupFile::parse(file) {
        Err(Error::Backup(error)) => error,
        other => panic!("the file should be refused: {other:?}"),
    }
}

/// What a file is refused with, opened with `key` if it has to be.
fn refusal(file: &[u8], key: &PrivateKey) -> BackupError {
    match BackupFile::parse(file).and_then(|file| match file {
        BackupFile::Sealed(backup) => backup.open(key),
        BackupFile::Plain(backup) => Ok(backup),
    }) {
        Err(Error::Backup(error)) => error,
        other => panic!("the file should be refused: {other:?}"),
    }
}

/// Makes the checksums of a changed file right: those of a changed block of a plain body, of the
/// body and of the head.
fn with_right_checksums(mut file: Vec<u8>, changed_block: Option<usize>) -> Vec<u8> {
    if let Some(block) = changed_block {
        finish(&mut file[(1 + block) * BLOCK_LEN..][..BLOCK_LEN]);
    }
    let sum = sha256(&[&file[BLOCK_LEN..]]);
    file[128..160].copy_from_slice(&sum);
    finish(&mut file[..BLOCK_LEN]);
    file
}

fn finish(block: &mut [u8]) {
    let sum = sha256(&[&block[..BLOCK_LEN - 32]]);
    block[BLOCK_LEN - 32..].copy_from_slice(&sum);
}

#[test]
fn a_sealed_backup_opens_with_the_private_key_of_its_recipient_and_no_other() {
    let (file, key) = sealed_file();
    let backup = sealed(&file);
    assert_eq!(backup.info().recipient, Some(key.public_key()));
    assert_eq!(backup.open(&key).unwrap().info().number, 2);
    assert!(matches!(
        backup.open(&PrivateKey::generate().unwrap()),
        Err(Error::Backup(BackupError::WrongKey { recipient })) if recipient == key.public_key()
    ));
}

#[test]
fn a_sealed_backup_shows_nothing_of_slots_and_seal() {
    let (file, key) = sealed_file();
    let opened = sealed(&file).open(&key).unwrap();
    let body = opened.header.backup_body();
    let blocks = body[SLOT_FIRST_BLOCK * BLOCK_LEN..].chunks_exact(32);
    let secrets: std::collections::HashSet<&[u8]> =
        blocks.filter(|bytes| **bytes != [0; 32]).collect();
    assert!(file.chunks_exact(32).all(|bytes| !secrets.contains(bytes)));
}

#[test]
fn a_backup_is_of_the_header_that_counts_it_and_says_so() {
    let header = header_of(&backed_up().image);
    let info = backed_up().backup().info();
    assert_eq!(
        (info.volume, info.number, info.generation, info.recipient),
        (header.root.id, 1, header.root.generation, None)
    );
    assert_eq!(info.volume_length, backed_up().image.len() as u64);
    assert_eq!(backed_up().file[BLOCK_LEN..], header.backup_body());
    assert_eq!(BackupFile::parse(&backed_up().file).unwrap().info(), info);
}

#[test]
fn each_backup_is_counted_and_recorded_and_the_report_of_an_erase_names_it() {
    let key = PrivateKey::generate().unwrap().public_key();
    let (image, kinds) = edited(&backed_up().image, |volume| {
        volume.backup_header(&key).unwrap();
        assert_eq!(volume.info().backups, 2);
        let log = volume.event_log().unwrap();
        let events = log.entries.into_iter().filter_map(|entry| entry.event);
        events.map(|event| event.kind()).collect::<Vec<_>>()
    });
    let is_backup = |kind: &&EventKind| **kind == EventKind::HeaderBackup;
    assert_eq!(kinds.iter().filter(is_backup).count(), 2);
    let erased = open_locked(&image).erase().unwrap().into_report();
    assert_eq!((erased.is_verified(), erased.backups), (true, 2));
    assert!(
        erased.to_string().contains("2 backup(s) of its header"),
        "{erased}"
    );
    let none = open_locked(&super::image()).erase().unwrap().into_report();
    assert!(
        none.to_string().contains("cannot be read by anybody"),
        "{none}"
    );
}

#[test]
fn a_user_may_not_take_a_backup_and_nothing_is_counted() {
    let (volume, _) = unlock(&backed_up().image, "user");
    let volume = volume.unwrap();
    let key = PrivateKey::generate().unwrap().public_key();
    for outcome in [
        volume.backup_header(&key),
        volume.backup_header_plain_outlives_erase(),
    ] {
        assert!(matches!(
            outcome,
            Err(Error::NotPermitted {
                role: Role::User,
                ..
            })
        ));
    }
    assert_eq!(volume.info().backups, 1);
}

#[test]
fn a_recipient_that_nobody_can_be_is_refused_and_nothing_is_counted() {
    let (image, ()) = edited(&backed_up().image, |volume| {
        for key in [[0; 32], [0xff; 32]] {
            assert!(matches!(
                volume.backup_header(&RecipientPublicKey(key)),
                Err(Error::Crypto(_))
            ));
        }
    });
    assert_eq!(header_of(&image).root.backups, 1);
}

#[test]
fn a_change_of_any_byte_of_the_head_is_detected() {
    let (sealed, key) = sealed_file();
    for file in [&backed_up().file, &sealed] {
        for offset in 0..BLOCK_LEN {
            let mut changed = file.clone();
            changed[offset] ^= 1 << (offset % 8);
            match (offset, refusal(&changed, &key)) {
                (0..8, BackupError::NotABackup)
                | (8..10, BackupError::NewerFormat(_) | BackupError::Damaged(_))
                | (10.., BackupError::Damaged(Defect::Checksum)) => {}
                (_, other) => panic!("offset {offset}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_change_of_any_field_of_the_head_under_right_checksums_is_detected() {
    let (sealed, key) = sealed_file();
    for file in [&backed_up().file, &sealed] {
        // The checksum of the body is made right again.
        for offset in (10..128).chain(160..226) {
            let mut changed = file.clone();
            changed[offset] ^= 1 << (offset % 8);
            refusal(&with_right_checksums(changed, None), &key);
        }
    }
}

#[test]
fn a_change_of_the_body_under_right_checksums_is_detected() {
    for block in 0..USED_LEN / BLOCK_LEN {
        let mut changed = backed_up().file.clone();
        changed[(1 + block) * BLOCK_LEN + 300] ^= 4;
        let error = parse_error(&with_right_checksums(changed, Some(block)));
        match error {
            BackupError::Damaged(Defect::BackupContents) | BackupError::NotGenuine => {}
            other => panic!("block {block}: {other:?}"),
        }
    }
    let (mut sealed, key) = sealed_file();
    for offset in [0, 1000, USED_LEN - 1, USED_LEN + 15] {
        sealed[BLOCK_LEN + offset] ^= 1;
        sealed = with_right_checksums(sealed, None);
        assert_eq!(refusal(&sealed, &key), BackupError::NotGenuine);
    }
}

#[test]
fn a_seal_that_was_exchanged_in_a_plain_backup_is_detected() {
    let mut changed = backed_up().file.clone();
    changed[(1 + SEAL_FIRST_BLOCK) * BLOCK_LEN + 100] ^= 1;
    let file = with_right_checksums(changed, Some(SEAL_FIRST_BLOCK));
    assert_eq!(parse_error(&file), BackupError::NotGenuine);
}

#[test]
fn files_of_another_length_are_refused() {
    let (sealed, key) = sealed_file();
    assert_eq!(sealed.len(), BackupFile::MAX_LEN);
    for file in [&backed_up().file, &sealed] {
        for length in (8..file.len()).step_by(12_345).chain([8, file.len() - 1]) {
            assert_eq!(
                refusal(&file[..length], &key),
                BackupError::Damaged(Defect::BackupLength)
            );
        }
        for more in [1, 16, 8 << 20] {
            let longer = [file.as_slice(), &vec![0; more]].concat();
            assert_eq!(
                refusal(&longer, &key),
                BackupError::Damaged(Defect::BackupLength)
            );
        }
    }
    for other in [&[][..], &[0; 7], &image()] {
        assert_eq!(parse_error(other), BackupError::NotABackup);
    }
}

#[test]
fn a_backup_of_a_header_with_an_erased_slot_is_whole() {
    let mut header = header_of(&backed_up().image);
    set_failed(&mut header, 1, 10);
    let mut used_up = backed_up().image.clone();
    let counters = [(COUNTERS_BLOCK, header.counters.encode(header.root.id))];
    put_blocks(&mut used_up, &header, &counters);
    let (_, file) = edited(&used_up, |volume| {
        volume.backup_header_plain_outlives_erase().unwrap()
    });
    assert_eq!(plain(&file).info().number, 2);
}

#[test]
fn a_backup_in_which_a_slot_or_the_volume_is_said_to_be_erased_is_refused() {
    let mut header = header_of(&backed_up().image);
    let (head, _) = BackupHead::parse(&backed_up().file).unwrap();
    let version = header.root.slot_versions[1];
    header.state.set_slot(1, version, SlotState::Erased);
    header.slots[1] = SlotBlock::Empty;
    let file = head.join(&header.backup_body());
    assert_eq!(parse_error(&file), BackupError::NotGenuine);
    header.state.volume = VolumeState::Erasing;
    header.state.erase = Some(EraseRecord {
        cause: Cause::Requested,
        began: 0,
        ended: 0,
        regions: Vec::new(),
    });
    let file = head.join(&header.backup_body());
    assert_eq!(
        parse_error(&file),
        BackupError::Damaged(Defect::BackupContents)
    );
}

#[test]
fn an_interrupted_backup_is_counted_before_it_is_there_and_the_volume_opens() {
    let recording = Recording::new(image());
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    let volume = locked.unlock(&passphrase("right")).unwrap();
    recording.restart();
    let file = volume.backup_header_plain_outlives_erase().unwrap();
    assert_eq!(plain(&file).info().number, 1);
    let mut number = 0;
    let count = recording.crash_states(|state| {
        let backups = header_of(&state.image).root.backups;
        assert!(backups == 1 || (backups == 0 && !state.returned));
        number += 1;
        if number % 7 == 0 || state.returned {
            assert!(opens(&state.image, "right"));
        }
    });
    report("header backup", count);
}
