//! The lock, between handles, threads and processes.

use std::env;
use std::fs::TryLockError;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use crate::storage::{FileStorage, MemoryStorage, Storage};

/// Path of the file that a helper process is to lock.
const HELPER_PATH: &str = "TENLOCK_TEST_LOCK_PATH";
/// Printed by the helper once it has tried.
const LOCKED: &str = "helper: locked";
const BUSY: &str = "helper: busy";

fn scratch() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    FileStorage::create_new(&path).unwrap();
    (directory, path)
}

fn is_busy(storage: &dyn Storage) -> bool {
    match storage.try_lock() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

fn exclude_each_other(first: &dyn Storage, second: &dyn Storage) {
    first.try_lock().unwrap();
    assert!(is_busy(first));
    assert!(is_busy(second));
    second.unlock().unwrap();
    assert!(is_busy(second), "a handle without the lock ended it");
    first.unlock().unwrap();
    second.try_lock().unwrap();
    assert!(is_busy(first));
    second.unlock().unwrap();
}

#[test]
fn second_handle_in_the_same_process_is_busy() {
    let (_directory, path) = scratch();
    let (first, second) = (
        FileStorage::open(&path).unwrap(),
        FileStorage::open_read_only(&path).unwrap(),
    );
    exclude_each_other(&first, &second);
}

#[test]
fn second_handle_on_memory_is_busy() {
    let first = MemoryStorage::default();
    exclude_each_other(&first, &first.second_handle());
    exclude_each_other(&first.second_handle(), &first.second_handle());
}

#[test]
fn dropping_a_handle_ends_its_lock_only() {
    let (_directory, path) = scratch();
    let (first, second) = (
        FileStorage::open(&path).unwrap(),
        FileStorage::open(&path).unwrap(),
    );
    first.try_lock().unwrap();
    drop(second);
    let third = FileStorage::open(&path).unwrap();
    assert!(is_busy(&third));
    drop(first);
    assert!(!is_busy(&third));

    let memory = MemoryStorage::default();
    let second = memory.second_handle();
    memory.try_lock().unwrap();
    drop(memory.second_handle());
    assert!(is_busy(&second));
    drop(memory);
    assert!(!is_busy(&second));
}

#[cfg(unix)]
#[test]
fn another_path_to_the_same_file_is_busy() {
    let (directory, path) = scratch();
    let link = directory.path().join("hard link");
    std::fs::hard_link(&path, &link).unwrap();
    exclude_each_other(
        &FileStorage::open(&path).unwrap(),
        &FileStorage::open(&link).unwrap(),
    );
}

#[test]
fn reads_and_writes_of_other_handles_go_on_under_the_lock() {
    let (_directory, path) = scratch();
    let (first, second) = (
        FileStorage::open(&path).unwrap(),
        FileStorage::open(&path).unwrap(),
    );
    first.try_lock().unwrap();
    second.set_len(4).unwrap();
    second.write_at(0, b"four").unwrap();
    let mut buf = [0; 4];
    first.read_at(0, &mut buf).unwrap();
    assert_eq!(&buf, b"four");
}

#[test]
fn the_lock_outlives_reading_back_through_another_descriptor() {
    let (_directory, path) = scratch();
    let (first, second) = (
        FileStorage::open(&path).unwrap(),
        FileStorage::open(&path).unwrap(),
    );
    first.set_len(4096).unwrap();
    first.try_lock().unwrap();
    first.read_back(0, &mut [0; 16]).unwrap();
    assert!(is_busy(&second));
}

#[test]
fn of_many_threads_one_gets_the_lock() {
    let (_directory, path) = scratch();
    let barrier = Barrier::new(8);
    let attempt = || {
        let storage = FileStorage::open(&path).unwrap();
        barrier.wait();
        let locked = !is_busy(&storage);
        barrier.wait();
        locked
    };
    let locked = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(attempt)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .filter(|locked| *locked)
            .count()
    });
    assert_eq!(locked, 1);
}

#[test]
fn another_process_is_busy_until_unlock() {
    let (_directory, path) = scratch();
    let storage = FileStorage::open(&path).unwrap();
    storage.try_lock().unwrap();
    assert_eq!(Helper::start(&path).outcome, BUSY);
    storage.unlock().unwrap();
    assert_eq!(Helper::start(&path).outcome, LOCKED);
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let (_directory, path) = scratch();
    let storage = FileStorage::open(&path).unwrap();
    let helper = Helper::start(&path);
    assert_eq!(helper.outcome, LOCKED);
    assert!(is_busy(&storage));
    drop(helper);
    assert!(!is_busy(&storage));
}

/// Does nothing unless [`Helper`] started it. Then it tries the lock, says what came of it, and
/// waits to be killed.
#[test]
fn helper_process() {
    let Some(path) = env::var_os(HELPER_PATH) else {
        return;
    };
    let storage = FileStorage::open(path).unwrap();
    println!("\n{}", if is_busy(&storage) { BUSY } else { LOCKED });
    // Ends when the parent does, should that not live to kill it.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// This test program once more, running [`helper_process`] alone; killed when dropped.
struct Helper {
    process: Child,
    outcome: String,
}

impl Helper {
    fn start(path: &Path) -> Self {
        let module = module_path!().split_once("::").unwrap().1;
        let mut process = Command::new(env::current_exe().unwrap())
            .args([
                &format!("{module}::helper_process"),
                "--exact",
                "--nocapture",
            ])
            .env(HELPER_PATH, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let outcome = lines
            .map(|line| line.unwrap())
            .find(|line| line.starts_with("helper: "));
        Self {
            process,
            outcome: outcome.unwrap(),
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
