//! "Ten attempts in all", against other processes, other handles, and kills at any instant.

#![allow(
    clippy::unwrap_used,
    reason = "also outside of the functions that clippy takes for tests"
)]

#[path = "support/child.rs"]
mod child;
#[path = "support/hooked.rs"]
mod hooked;
#[path = "support/random.rs"]
mod random;
mod support;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use child::{Running, say, task};
use hooked::{Event, Hooked};
use random::Random;
use support::{RIGHT, WRONG, options, passphrase};
use tempfile::TempDir;
use tenlock::format::{COUNTERS_BLOCK, Cause, LOG_BLOCKS, LOG_FIRST_BLOCK, VolumeState};
use tenlock::storage::{FileStorage, MemoryStorage};
use tenlock::volume::{Error, LockedVolume, Opened, UnlockFailure, create, inspect};

/// A start of a process takes a second under Wine.
const GUESSERS: usize = if cfg!(windows) { 12 } else { 60 };

/// Of the times at which processes are killed.
const SEED: u64 = 0x7e41_0c4b;

/// A fresh volume in a directory of its own.
struct Image {
    path: PathBuf,
    _directory: TempDir,
}

impl Image {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("volume.img");
        drop(
            create(
                FileStorage::create_new(&path).unwrap(),
                &options(4096),
                &passphrase(RIGHT),
            )
            .unwrap(),
        );
        Self {
            path,
            _directory: directory,
        }
    }

    /// Failed attempts by the counter; `None` once an erase has begun.
    fn failed(&self) -> Option<u8> {
        let info = inspect(&FileStorage::open_read_only(&self.path).unwrap()).unwrap();
        (info.state == VolumeState::Locked).then(|| info.slots[0].attempts.unwrap().failed)
    }

    fn open(&self) -> Result<Opened, Error> {
        open(&self.path)
    }

    /// Finds the key destroyed because the attempts were used up.
    fn assert_erased(&self) {
        match self.open() {
            Ok(Opened::Erased(volume)) => {
                assert_eq!(volume.report().cause, Cause::AttemptsExhausted { slot: 0 });
                assert!(
                    volume.report().is_verified() && volume.info().state == VolumeState::Erased
                );
            }
            other => panic!("the key should be erased: {other:?}"),
        }
    }
}

#[test]
fn of_many_processes_that_guess_at_once_ten_get_an_attempt() {
    println!("{GUESSERS} processes");
    let image = Image::new();
    let mut guessers: Vec<_> = (0..GUESSERS)
        .map(|_| Running::start("child_guesses", &image.path, WRONG))
        .collect();
    guessers.iter_mut().for_each(Running::go);
    let mut verdicts: Vec<_> = guessers
        .iter_mut()
        .map(|guesser| guesser.last_word().unwrap())
        .collect();
    let mut expected: Vec<_> = (1..=9).map(|left| format!("wrong, {left} left")).collect();
    expected.push("erased by this attempt".into());
    expected.resize(GUESSERS, "erased before".into());
    verdicts.sort();
    expected.sort();
    assert_eq!(verdicts, expected);
    image.assert_erased();
}

#[test]
fn kills_at_random_times_never_lower_the_counter_and_the_tenth_attempt_is_the_last() {
    let image = Image::new();
    println!("seed {SEED:#x}");
    let mut random = Random::seeded(SEED);
    let (mut failed, mut rounds) = (0, 0);
    while image.failed().is_some() {
        // The longest delay grows, so that the loop ends on the slowest machine.
        rounds += 1;
        let last_word = guess_and_die(&image, Duration::from_micros(random.below(rounds * 3000)));
        // An erase begins at the limit only.
        let now = image.failed().unwrap_or(10);
        // A verdict that was heard must have been paid for.
        let paid = if last_word.is_some() {
            (failed + 1).min(10)
        } else {
            failed
        };
        assert!(
            (paid..=failed + 1).contains(&now),
            "round {rounds}: from {failed} to {now} failed attempts, {last_word:?}"
        );
        failed = now;
    }
    println!("{rounds} processes were killed");
    assert_eq!(failed, 10);
    image.assert_erased();
}

#[test]
fn ten_right_passphrases_that_are_killed_before_the_verdict_leave_no_eleventh() {
    let image = Image::new();
    for attempt in 1..=10 {
        let manner = if attempt % 2 == 0 {
            "before the derivation"
        } else {
            "before the refund"
        };
        let mut child = Running::start("child_stops_after_the_charge", &image.path, manner);
        child.go();
        assert_eq!(child.hear().as_deref(), Some("charged"));
        child.kill();
        assert_eq!(image.failed(), Some(attempt));
    }
    image.assert_erased();
}

#[test]
fn second_handle_is_busy_and_costs_nothing_in_this_process_and_in_a_thread() {
    let image = Image::new();
    let locked = image.open().unwrap().locked().unwrap();
    assert_busy_everywhere(&image);
    let volume = locked.unlock(&passphrase(RIGHT)).unwrap();
    assert_busy_everywhere(&image);
    drop(volume);
    assert_eq!(image.failed(), Some(0));
    image.open().unwrap().locked().unwrap();
}

#[test]
fn right_passphrase_after_nine_wrong_ones_opens_and_gives_ten_attempts_again() {
    let image = Image::new();
    for left in (1..=9).rev() {
        let locked = image.open().unwrap().locked().unwrap();
        assert!(
            matches!(locked.unlock(&passphrase(WRONG)), Err(UnlockFailure::Wrong { remaining, .. }) if remaining == Some(left))
        );
    }
    assert_eq!(image.failed(), Some(9));
    drop(
        image
            .open()
            .unwrap()
            .locked()
            .unwrap()
            .unlock(&passphrase(RIGHT))
            .unwrap(),
    );
    assert_eq!(image.failed(), Some(0));
}

#[test]
fn attempts_that_storage_keeps_from_being_counted_are_not_made_and_do_not_add_up() {
    let protected = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&protected);
    let hook = move |event| match event {
        Event::Write if switch.load(Ordering::Relaxed) => Err(ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    };
    let storage = Hooked {
        inner: MemoryStorage::default(),
        hook,
    };
    let mut locked = create(storage, &options(4096), &passphrase(RIGHT))
        .unwrap()
        .lock()
        .unwrap();
    protected.store(true, Ordering::Relaxed);
    for _ in 0..11 {
        locked = match locked.unlock(&passphrase(RIGHT)) {
            Err(UnlockFailure::Failed {
                volume,
                error: Error::CannotWrite(_),
            }) => volume,
            other => panic!("no attempt can be counted: {other:?}"),
        };
        assert_eq!(locked.info().slots[0].attempts.unwrap().failed, 0);
    }
    protected.store(false, Ordering::Relaxed);
    locked.unlock(&passphrase(RIGHT)).unwrap();
}

/// What a charge does not write down, a clock that is set back cannot change.
#[test]
fn charge_writes_a_number_and_no_time() {
    const BLOCK: usize = 4096;
    const COPY_B: usize = (1 << 20) + 4096;
    let storage = MemoryStorage::default();
    let locked = create(storage.second_handle(), &options(4096), &passphrase(RIGHT))
        .unwrap()
        .lock()
        .unwrap();
    let before = storage.contents();
    assert!(matches!(
        locked.unlock(&passphrase(WRONG)),
        Err(UnlockFailure::Wrong { .. })
    ));
    let after = storage.contents();
    let changed: Vec<_> = (0..before.len())
        .filter(|at| before[*at] != after[*at])
        .collect();
    let counters = [0, COPY_B].map(|copy| copy + COUNTERS_BLOCK * BLOCK);
    for block in counters {
        assert_eq!((before[block + 32], after[block + 32]), (0, 1));
    }
    // The event log is sealed, and nothing is decided by it.
    let logs = [0, COPY_B].map(|copy| copy + LOG_FIRST_BLOCK * BLOCK);
    let is_expected = |at: &usize| {
        counters.iter().any(|block| {
            *at == block + 32
                || (block + 64..block + 72).contains(at)
                || (block + 4064..block + BLOCK).contains(at)
        }) || logs
            .iter()
            .any(|log| (*log..log + LOG_BLOCKS * BLOCK).contains(at))
    };
    assert!(changed.iter().all(is_expected), "{changed:?}");
}

/// Not a test by itself: guesses once, waiting for its turn, and says what came of it.
#[test]
fn child_guesses() {
    let Some(task) = task() else { return };
    say("ready");
    let locked = loop {
        match open(&task.image) {
            Ok(Opened::Locked(volume)) => break volume,
            Ok(Opened::Erased(_)) => return say("erased before"),
            Err(Error::Busy) => thread::sleep(Duration::from_millis(3)),
            Err(error) => return say(&format!("no open: {error}")),
        }
    };
    match locked.unlock(&passphrase(&task.manner)) {
        Err(UnlockFailure::Wrong {
            remaining: Some(left),
            ..
        }) => say(&format!("wrong, {left} left")),
        Err(UnlockFailure::Erased(volume)) if volume.report().is_verified() => {
            say("erased by this attempt");
        }
        other => say(&format!("no verdict: {other:?}")),
    }
}

/// Not a test by itself: unlocks with the right passphrase and stops for ever between charge and verdict.
#[test]
fn child_stops_after_the_charge() {
    let Some(task) = task() else { return };
    let flushes = AtomicU32::new(0);
    let stop_at = if task.manner == "before the derivation" {
        Event::Flushed
    } else {
        Event::Write
    };
    let hook = move |event: Event| {
        // A charge is a flush of each copy.
        if event == Event::Flushed {
            flushes.fetch_add(1, Ordering::Relaxed);
        }
        if flushes.load(Ordering::Relaxed) == 2 && event == stop_at {
            say("charged");
            loop {
                thread::park();
            }
        }
        Ok(())
    };
    let storage = Hooked {
        inner: FileStorage::open(&task.image).unwrap(),
        hook,
    };
    let volume = LockedVolume::open(storage).unwrap().locked().unwrap();
    say(&format!("no stop: {:?}", volume.unlock(&passphrase(RIGHT))));
}

fn open(path: &Path) -> Result<Opened, Error> {
    match FileStorage::open(path) {
        Ok(storage) => LockedVolume::open(storage),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Err(Error::Busy),
        Err(source) => panic!("cannot open the image: {source}"),
    }
}

/// A process guesses, and is killed `delay` after it was ready to; returns its verdict if it came to one before.
fn guess_and_die(image: &Image, delay: Duration) -> Option<String> {
    let mut child = Running::start("child_guesses", &image.path, WRONG);
    child.go();
    assert_eq!(child.hear().as_deref(), Some("ready"));
    thread::sleep(delay);
    child.kill();
    child.last_word()
}

fn assert_busy_everywhere(image: &Image) {
    assert!(matches!(image.open(), Err(Error::Busy)));
    thread::scope(|scope| {
        scope.spawn(|| assert!(matches!(image.open(), Err(Error::Busy))));
    });
    assert_eq!(image.failed(), Some(0));
}
