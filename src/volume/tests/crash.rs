//! Every operation is cut off at every instant, and what is left is opened again.

use super::recording::{CrashState, Recording, report};
use super::*;
use crate::format::{Header, LABEL_BLOCK, ROOT_BLOCK, STATE_BLOCK, VolumeState};

/// Runs `operation` on a recorded volume that starts as `start`.
fn record(start: &[u8], operation: impl FnOnce(LockedVolume)) -> Recording {
    let recording = Recording::new(start.to_vec());
    let volume = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    operation(volume);
    recording
}

fn record_unlock(start: &[u8], text: &str) -> Recording {
    record(start, |volume| drop(volume.unlock(&passphrase(text))))
}

fn holds_the_magic_of_a_root(image: &[u8]) -> bool {
    let end = image.len() / BLOCK_LEN * BLOCK_LEN;
    [Some(0), end.checked_sub(COPY)]
        .into_iter()
        .flatten()
        .any(|place| image[place..].starts_with(b"TENLOCK\0"))
}

/// F-20, §5, §6.5: a torn root is the only thing of an interrupted create that is taken for a (damaged) volume.
fn assert_no_volume(image: &[u8], error: &Error) {
    match error {
        Error::NotAVolume => assert!(!holds_the_magic_of_a_root(image)),
        Error::Damaged(_) => assert!(holds_the_magic_of_a_root(image), "{error}"),
        other => panic!("neither a volume nor none: {other}"),
    }
}

#[test]
fn an_interrupted_create_leaves_a_whole_volume_or_none() {
    for start in [Vec::new(), vec![0; 3 << 20]] {
        let recording = Recording::new(start);
        create(recording.clone(), &options(), &passphrase("new")).unwrap();
        let count = recording.crash_states(|state| match open(&state.image) {
            Ok(_) => assert!(opens(&state.image, "new")),
            Err(error) => {
                assert!(!state.returned);
                assert_no_volume(&state.image, &error);
            }
        });
        report("create", count);
    }
}

#[test]
fn an_interrupted_create_over_a_volume_leaves_the_old_one_the_new_one_or_none() {
    let old = new_image("old");
    let longer = [old.clone(), vec![0; 1 << 20]].concat();
    for start in [old, longer] {
        let recording = Recording::new(start);
        create(
            recording.clone(),
            &CreateOptions {
                overwrite: true,
                ..options()
            },
            &passphrase("new"),
        )
        .unwrap();
        let count = recording.crash_states(|state| match open(&state.image) {
            Ok(_) => {
                let old = !state.returned && opens(&state.image, "old");
                assert!(old != opens(&state.image, "new"));
            }
            Err(error) => {
                assert!(!state.returned);
                assert_no_volume(&state.image, &error);
            }
        });
        report("create over a volume", count);
    }
}

#[test]
fn an_interrupted_right_unlock_never_lowers_the_count_before_its_verdict_and_never_loses_the_volume()
 {
    for before in [0, 3, 9] {
        let recording = record_unlock(&with_failures(image(), before), "right");
        let count = recording.crash_states(|state| {
            let found = failed(&state.image);
            let allowed = if state.derived == 0 {
                [before, before + 1]
            } else {
                [0, before + 1]
            };
            assert!(allowed.contains(&found), "{found} failed attempts counted");
            assert!(!state.returned || found == 0);
            assert_eq!(opens(&state.image, "right"), found < 10);
        });
        report("right passphrase", count);
    }
}

#[test]
fn an_interrupted_wrong_unlock_is_charged_from_the_derivation_on_and_never_loses_the_volume() {
    for before in [0, 8] {
        let recording = record_unlock(&with_failures(image(), before), "wrong");
        let count = recording.crash_states(|state| {
            let found = failed(&state.image);
            assert!(
                found == before + 1 || (found == before && state.derived == 0),
                "{found} failed attempts counted"
            );
            let (outcome, left) = unlock(&state.image, "right");
            assert_eq!((outcome.is_ok(), failed(&left)), (true, 0));
        });
        report("wrong passphrase", count);
    }
}

#[test]
fn an_interrupted_tenth_failure_is_made_up_for_by_the_next_open() {
    let before = with_failures(image(), 9);
    let recording = record_unlock(&before, "wrong");
    let count = recording.crash_states(|state| {
        if state.derived == 0 && failed(&state.image) == 9 {
            assert!(opens(&state.image, "right"));
        } else {
            assert_erased_by_opening(&before, &state.image);
        }
    });
    report("tenth failure", count);
}

#[test]
fn an_interrupted_erase_has_not_begun_or_is_finished_by_the_next_open() {
    let recording = record(&image(), |volume| drop(volume.erase().unwrap()));
    let count = recording.crash_states(|state| assert_intact_or_erased(&state));
    report("requested erase", count);
}

#[test]
fn an_interrupted_resumed_erase_is_finished_by_the_open_after_it() {
    let tenth = record_unlock(&with_failures(image(), 9), "wrong");
    let requested = record(&image(), |volume| drop(volume.erase().unwrap()));
    let mut count = 0;
    for recording in [tenth, requested] {
        let mut first = Vec::new();
        recording.crash_states(|state| first.push(state.image));
        for interrupted in first.iter().step_by(37) {
            let recovery = Recording::new(interrupted.clone());
            if let Opened::Erased(_) = LockedVolume::open(recovery.clone()).unwrap() {
                let mut number = 0;
                count += recovery.crash_states(|state| {
                    number += 1;
                    if number % 5 == 0 || state.returned {
                        assert_erased_by_opening(&image(), &state.image);
                    }
                });
            }
        }
    }
    report("resumed erase (of which each fifth was opened)", count);
}

#[test]
fn an_interrupted_change_leaves_exactly_one_passphrase_in_force() {
    let recording = Recording::new(image());
    let locked = LockedVolume::open(recording.clone())
        .and_then(Opened::locked)
        .unwrap();
    let volume = locked.unlock(&passphrase("right")).unwrap();
    recording.restart();
    volume.change_credential(&passphrase("new"), None).unwrap();
    let [old_keys, new_keys] =
        [image(), recording.contents()].map(|image| wrapped_keys(&header_of(&image)));
    let count = recording.crash_states(|state| {
        let (old, after_old) = unlock(&state.image, "right");
        let (new, after_new) = unlock(&state.image, "new");
        assert!(old.is_ok() != new.is_ok());
        assert!(!state.returned || new.is_ok());
        let (left, loser, lost_keys) = if new.is_ok() {
            (after_new, "right", old_keys)
        } else {
            (after_old, "new", new_keys)
        };
        assert!(!opens(&left, loser));
        assert!(
            !left
                .windows(128)
                .step_by(16)
                .any(|bytes| bytes == lost_keys),
            "wrapped keys of the other passphrase are left"
        );
    });
    report("change of the passphrase", count);
}

#[test]
fn an_interrupted_repair_of_damaged_blocks_leaves_a_volume_that_opens() {
    let mut damaged = image();
    for block in [
        ROOT_BLOCK,
        STATE_BLOCK,
        COUNTERS_BLOCK,
        LABEL_BLOCK,
        SLOT_FIRST_BLOCK,
        SEAL_FIRST_BLOCK + 5,
    ] {
        damaged[block * BLOCK_LEN + 100..][..2000].fill(0xee);
    }
    damaged[COPY_B + (SEAL_FIRST_BLOCK + 6) * BLOCK_LEN..][..BLOCK_LEN].fill(0);
    let recording = record_unlock(&damaged, "right");
    let count = recording.crash_states(|state| assert_opens_and_is_whole_then(&state.image));
    report("repair of damaged blocks", count);
}

#[test]
fn an_interrupted_repair_of_an_overwritten_copy_leaves_a_volume_that_opens() {
    let mut formatted = image();
    formatted[..COPY].fill(0x11);
    let recording = record(&formatted, |volume| drop(volume.repair().unwrap()));
    let count = recording.crash_states(|state| {
        if state.image[..COPY].iter().all(|byte| *byte == 0x11) {
            assert!(opens(&state.image, "right"));
        } else if header_of(&state.image).copies[0].is_ours() {
            assert_opens_and_is_whole_then(&state.image);
        }
    });
    report("repair of an overwritten copy", count);
}

fn assert_opens_and_is_whole_then(image: &[u8]) {
    let (outcome, left) = unlock(image, "right");
    outcome.unwrap();
    assert!(unlock(&left, "right").0.unwrap().take_notices().is_empty());
}

fn assert_intact_or_erased(state: &CrashState) {
    if header_of(&state.image).state.volume == VolumeState::Locked {
        assert!(!state.returned);
        assert!(opens(&state.image, "right"));
    } else {
        assert_erased_by_opening(&image(), &state.image);
    }
}

/// Asserts that opening `image` finishes the erase of `before`: nothing of its slots and seal is left.
fn assert_erased_by_opening(before: &[u8], image: &[u8]) {
    let (outcome, left) = derives(0, || unlock(image, "right"));
    match outcome {
        Err(Error::Erased(report)) => assert!(report.is_verified() && report.ended > 0),
        other => panic!("the key should be erased: {other:?}"),
    }
    assert_eq!(header_of(&left).state.volume, VolumeState::Erased);
    assert_destroyed(before, &left);
}

/// The wrapped keys of slot 0.
fn wrapped_keys(header: &Header) -> [u8; 128] {
    header.slots[0].slot().unwrap().wrapped.ciphertext
}
