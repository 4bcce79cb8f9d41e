//! What a restore refuses, and leaves as it was.

use std::sync::Arc;

use super::backup::{BackedUp, backed_up};
use super::faulty::Faulty;
use super::forge::{Forge, random_authority};
use super::recording::Recording;
use super::refusals::overwrite;
use super::restore::{OLDER, restored, with, without_a, without_b, without_header};
use super::*;
use crate::format::{POLICY_BLOCK, ROOT_BLOCK, STATE_BLOCK, State};

/// The refusal of a restore, which must leave every byte as it was.
pub(super) fn refused(image: &[u8], if_older: IfOlder) -> RestoreRefusal {
    let (outcome, left) = restored(image, if_older);
    assert!(left == image, "a refusal changes nothing");
    match outcome {
        Err(Error::Restore(refusal)) => refusal,
        other => panic!("it should be refused: {other:?}"),
    }
}

#[test]
fn an_erased_volume_is_never_revived() {
    let whole = backed_up().image.clone();
    let storage = MemoryStorage::from_vec(whole.clone());
    let keeper = storage.second_handle();
    drop(
        LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap()
            .erase()
            .unwrap(),
    );
    let erased = keeper.contents();
    let erasing = {
        let recording = Recording::new(whole.clone());
        let locked = LockedVolume::open(recording.clone())
            .and_then(Opened::locked)
            .unwrap();
        drop(locked.erase().unwrap());
        recording.after_flush(2)
    };
    let exhausted = with_failures(whole.clone(), 10);
    let mut said_to_be_locked = erased.clone();
    let header = header_of(&erased);
    let locked = [(STATE_BLOCK, State::locked().encode(header.root.id))];
    put_blocks(&mut said_to_be_locked, &header, &locked);
    let mut without_state = erased.clone();
    let mut exhausted_without_root = exhausted.clone();
    for copy in [0, COPY_B] {
        overwrite(&mut without_state, copy, STATE_BLOCK, &[0; 64]);
        overwrite(&mut exhausted_without_root, copy, ROOT_BLOCK, &[0; 64]);
    }
    for image in [
        &erased,
        &erasing,
        &exhausted,
        &said_to_be_locked,
        &without_state,
        &exhausted_without_root,
    ] {
        for damaged in [
            image.clone(),
            without_a(image.clone()),
            without_b(image.clone()),
        ] {
            for if_older in [IfOlder::Refuse, OLDER] {
                assert_eq!(refused(&damaged, if_older), RestoreRefusal::Erased);
            }
        }
    }
}

#[test]
fn another_volume_is_not_overwritten_even_in_pieces() {
    let other = new_image("other");
    let mut pieces = without_a(other.clone());
    overwrite(&mut pieces, COPY_B, POLICY_BLOCK, &[0; 64]);
    for image in [
        &other,
        &without_a(other.clone()),
        &without_b(other.clone()),
        &pieces,
    ] {
        assert!(matches!(
            refused(image, OLDER),
            RestoreRefusal::OtherVolume { backup, .. } if backup == backed_up().backup().info().volume
        ));
    }
}

#[test]
fn storage_of_another_length_is_refused() {
    let whole = &backed_up().image;
    let expected = whole.len() as u64;
    for length in [0, 4096, COPY, whole.len() - 1, whole.len() + 4096, 8 << 20] {
        let mut other = whole.clone();
        other.resize(length, 0);
        let found = length as u64;
        assert_eq!(
            refused(&other, OLDER),
            RestoreRefusal::Length { found, expected }
        );
    }
}

#[test]
fn a_newer_format_in_either_copy_is_not_overwritten() {
    for copy in [0, COPY_B] {
        let mut newer = backed_up().image.clone();
        overwrite(&mut newer, copy, ROOT_BLOCK, b"TENLOCK\0\x02");
        assert!(matches!(
            refused(&newer, OLDER),
            RestoreRefusal::NewerFormat(_)
        ));
    }
}

#[test]
fn a_header_of_the_same_generation_that_differs_is_replaced_only_when_that_is_meant() {
    let mut tampered = backed_up().image.clone();
    let mut header = header_of(&tampered);
    header.root.mac[0] ^= 1;
    let blocks = header.encode();
    put_blocks(&mut tampered, &header, &blocks);
    assert!(!opens(&tampered, "right"));
    assert!(matches!(
        refused(&tampered, IfOlder::Refuse),
        RestoreRefusal::Diverged { .. }
    ));
    let (outcome, left) = restored(&tampered, OLDER);
    outcome.unwrap();
    assert!(opens(&left, "right"));
}

#[test]
fn a_backup_of_another_authority_is_refused() {
    let mut forge = Forge::new();
    forge.header.root.id = header_of(&backed_up().image).root.id;
    forge.header.root.generation = 1;
    forge.header.root.authority = random_authority().public_key().0;
    let mut strange = backed_up().image.clone();
    let root = [(ROOT_BLOCK, forge.authenticated().header.root.encode())];
    put_blocks(&mut strange, &header_of(&backed_up().image), &root);
    assert_eq!(refused(&strange, OLDER), RestoreRefusal::Contradiction);
}

#[test]
fn storage_that_is_in_use_or_cannot_be_written_is_refused() {
    let storage = MemoryStorage::from_vec(backed_up().image.clone());
    let second = storage.second_handle();
    let _holder = LockedVolume::open(storage).unwrap();
    let backup = backed_up().backup();
    let outcome = restore_header(second, &backup, &with(OLDER));
    assert!(matches!(outcome, Err(Error::Busy)));
    let read_only = Faulty {
        read_only: true,
        ..Faulty::new(&backed_up().image)
    };
    let outcome = restore_header(read_only, &backup, &with(OLDER));
    assert!(matches!(outcome, Err(Error::CannotWrite(_))));
}

#[test]
fn a_host_that_remembers_a_later_header_is_asked() {
    struct Host(Remembered);
    impl RollbackMemory for Host {
        fn recall(&self, _: VolumeId) -> std::io::Result<Option<Remembered>> {
            Ok(Some(self.0))
        }
        fn remember(&self, _: VolumeId, _: Remembered) -> std::io::Result<()> {
            unreachable!("a restore remembers nothing")
        }
        fn forget(&self, _: VolumeId) -> std::io::Result<bool> {
            unreachable!("a restore forgets nothing")
        }
    }
    let BackedUp { image, .. } = backed_up();
    let lost = without_header(image);
    let header = header_of(image);
    for (later, allowed) in [(0, true), (1, false)] {
        let host = Host(Remembered {
            generation: header.root.generation + later,
            policy_number: header.policy.number,
            log_sequence: 1 << 40,
        });
        let options = RestoreOptions {
            memory: Some(Arc::new(host)),
            ..RestoreOptions::default()
        };
        let storage = MemoryStorage::from_vec(lost.clone());
        let outcome = restore_header(storage, &backed_up().backup(), &options);
        match outcome {
            Ok(_) => assert!(allowed),
            Err(Error::Rollback(_)) => assert!(!allowed),
            Err(other) => panic!("{other}"),
        }
    }
}
