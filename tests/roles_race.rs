//! "Ten attempts in all" for each slot apart, where many processes guess at the slots of several
//! people at once, and are killed.

#![allow(
    clippy::unwrap_used,
    reason = "also outside of the functions that clippy takes for tests"
)]

#[path = "support/child.rs"]
mod child;
#[path = "support/random.rs"]
mod random;
mod support;

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use child::{Running, say, task};
use random::Random;
use support::{WRONG, options, passphrase};
use tempfile::TempDir;
use tenlock::crypto::RecoveryKey;
use tenlock::storage::FileStorage;
use tenlock::volume::{
    Action, Credential, Error, Grantee, Info, LockedVolume, NewSlot, Opened, Role, SlotChoice,
    SlotStatus, UnlockFailure, UnlockOptions, create_with_slots, inspect,
};

/// A start of a process takes a second under Wine.
const GUESSERS: usize = if cfg!(windows) { 40 } else { 60 };
/// Attempts of the admin and of two users, slots 0 to 2.
const LIMITS: [usize; 3] = [10, 10, 3];
/// On which slots a process tries its guess; the last one on all that fit.
const CHOICES: [&str; 4] = ["0", "1", "2", "any"];
/// Of the times at which processes are killed.
const SEED: u64 = 0x9c3f_11d2;

/// A volume of an admin, two users and a recovery key, in a directory of its own. The admin's slot is
/// erased by itself, too, so that the guesses at the others go on.
struct Image {
    path: PathBuf,
    recovery: RecoveryKey,
    _directory: TempDir,
}

impl Image {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("volume.img");
        let recovery = RecoveryKey::generate().unwrap();
        let secrets = ["admin horse", "first horse", "second horse"].map(passphrase);
        let roles = [Role::Admin, Role::User, Role::User];
        let mut grantees: Vec<Grantee<'_>> = (0..3)
            .map(|slot| Grantee {
                slot: counted(roles[slot], LIMITS[slot]),
                credential: Credential::from(&secrets[slot]),
            })
            .collect();
        grantees.push(Grantee {
            slot: NewSlot::new(Role::Recovery),
            credential: Credential::from(&recovery),
        });
        let storage = FileStorage::create_new(&path).unwrap();
        drop(create_with_slots(storage, &options(4096), &grantees).unwrap());
        Self {
            path,
            recovery,
            _directory: directory,
        }
    }

    /// Failed attempts on slots 0 to 2; the limit where the slot is erased.
    fn failed(&self) -> [usize; 3] {
        let info = inspect(&FileStorage::open_read_only(&self.path).unwrap()).unwrap();
        failures(&info)
    }

    /// Finds each counted slot erased, and the volume open to the recovery key.
    fn assert_only_recovery_is_left(&self) {
        let volume = open(&self.path).unwrap().locked().unwrap();
        let statuses: Vec<_> = volume.info().slots.iter().map(|slot| slot.status).collect();
        assert_eq!(statuses[..3], [SlotStatus::Erased; 3]);
        volume.unlock(&self.recovery).unwrap();
    }
}

fn counted(role: Role, limit: usize) -> NewSlot {
    let mut slot = NewSlot::new(role);
    slot.attempt_limit = u8::try_from(limit).unwrap();
    slot.action = Action::EraseSlot;
    slot
}

fn failures(info: &Info) -> [usize; 3] {
    [0, 1, 2].map(|index| {
        let slot = &info.slots[index];
        let failed = slot.attempts.unwrap().failed;
        if slot.status == SlotStatus::Erased {
            LIMITS[index]
        } else {
            usize::from(failed)
        }
    })
}

/// The slots that a child says it has derived a key for, and tried.
fn tried(word: &str) -> Vec<usize> {
    let slots = word.strip_prefix("tried").unwrap_or_default();
    slots
        .split_whitespace()
        .map(|slot| slot.parse().unwrap())
        .collect()
}

#[test]
fn of_many_processes_that_guess_at_several_slots_each_slot_gets_its_attempts_and_no_more() {
    let image = Image::new();
    let mut guessers: Vec<_> = (0..GUESSERS)
        .map(|number| Running::start("child_guesses", &image.path, CHOICES[number % 4]))
        .collect();
    guessers.iter_mut().for_each(Running::go);
    let mut attempts = [0; 3];
    for guesser in &mut guessers {
        let word = guesser.last_word().unwrap();
        assert!(
            word.starts_with("tried") || word == "no slot left",
            "{word}"
        );
        for slot in tried(&word) {
            attempts[slot] += 1;
        }
    }
    assert_eq!(attempts, LIMITS);
    image.assert_only_recovery_is_left();
}

#[test]
fn kills_at_random_times_never_lower_the_count_of_any_slot() {
    let image = Image::new();
    println!("seed {SEED:#x}");
    let mut random = Random::seeded(SEED);
    let (mut failed, mut rounds) = ([0; 3], 0);
    while failed != LIMITS {
        rounds += 1;
        let choice = CHOICES[usize::try_from(random.below(4)).unwrap()];
        let mut child = Running::start("child_guesses", &image.path, choice);
        child.go();
        assert_eq!(child.hear().as_deref(), Some("ready"));
        thread::sleep(Duration::from_micros(random.below(rounds * 3000)));
        child.kill();
        let word = child.last_word().unwrap_or_default();
        let paid = tried(&word);
        let now = image.failed();
        for slot in 0..3 {
            let aimed_at = choice == "any" || choice == slot.to_string();
            let least = failed[slot] + usize::from(paid.contains(&slot));
            let most = (failed[slot] + usize::from(aimed_at)).min(LIMITS[slot]);
            assert!(
                (least..=most).contains(&now[slot]),
                "round {rounds}, {choice}: from {failed:?} to {now:?}, {word:?}"
            );
        }
        failed = now;
    }
    println!("{rounds} processes were killed");
    image.assert_only_recovery_is_left();
}

/// Not a test by itself: guesses once, waiting for its turn, and says on which slots a key was
/// derived.
#[test]
fn child_guesses() {
    let Some(task) = task() else { return };
    say("ready");
    let locked = loop {
        match open(&task.image) {
            Ok(opened) => break opened.locked().unwrap(),
            Err(Error::Busy) => thread::sleep(Duration::from_millis(3)),
            Err(error) => return say(&format!("no open: {error}")),
        }
    };
    let derived = AtomicBool::new(false);
    let progress = |_, _| {
        derived.store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let mut options = UnlockOptions::default();
    options.derivation.progress = Some(&progress);
    options.choice = match task.manner.parse() {
        Ok(slot) => SlotChoice::Slot(slot),
        Err(_) => SlotChoice::Any,
    };
    // The lock is held, so these are the slots on which the guess is tried.
    let slots: Vec<String> = locked
        .info()
        .slots
        .iter()
        .filter(|slot| slot.attempts.is_some() && slot.status == SlotStatus::InForce)
        .map(|slot| slot.index.to_string())
        .filter(|slot| task.manner == "any" || task.manner == *slot)
        .collect();
    let outcome = locked.unlock_with(&passphrase(WRONG), &options);
    match (outcome, derived.load(Ordering::Relaxed)) {
        (Err(UnlockFailure::Wrong { .. }), true) => say(&format!("tried {}", slots.join(" "))),
        (
            Err(UnlockFailure::Failed {
                error: Error::NoMatchingSlot,
                ..
            }),
            false,
        ) => say("no slot left"),
        (other, derived) => say(&format!("derived {derived}, no verdict: {other:?}")),
    }
}

fn open(path: &Path) -> Result<Opened, Error> {
    match FileStorage::open(path) {
        Ok(storage) => LockedVolume::open(storage),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Err(Error::Busy),
        Err(source) => panic!("cannot open the image: {source}"),
    }
}
