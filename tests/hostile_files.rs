//! Things that are not volumes, offered as files.

#![allow(
    clippy::unwrap_used,
    reason = "also outside of the functions that clippy takes for tests"
)]

use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;
use tenlock::storage::FileStorage;
use tenlock::volume::{Error, LockedVolume, Opened, inspect};

#[test]
fn files_without_a_volume_are_told_apart_from_damaged_ones() {
    let directory = TempDir::new().unwrap();
    let files: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("one byte", vec![1]),
        ("text", b"# Notes\r\nnothing secret\r\n".repeat(100)),
        ("one block", vec![0xff; 4096]),
        ("zeros", vec![0; 1 << 20]),
        ("odd length", vec![0x5a; (3 << 20) + 1]),
    ];
    for (name, bytes) in files {
        let path = directory.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert_not_a_volume(&path);
        assert!(fs::read(&path).unwrap() == bytes, "{name} was changed");
    }
}

#[test]
fn directory_is_an_error_of_its_own() {
    let directory = TempDir::new().unwrap();
    for outcome in [
        FileStorage::open(directory.path()),
        FileStorage::open_read_only(directory.path()),
    ] {
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}

#[test]
fn missing_file_is_not_found() {
    let directory = TempDir::new().unwrap();
    assert_eq!(
        FileStorage::open(directory.path().join("none"))
            .unwrap_err()
            .kind(),
        io::ErrorKind::NotFound
    );
}

/// Hangs if the open waits for somebody to write into the pipe.
#[cfg(unix)]
#[test]
fn pipe_is_refused_without_waiting_for_its_other_end() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    for outcome in [FileStorage::open(&path), FileStorage::open_read_only(&path)] {
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

#[cfg(unix)]
#[test]
fn endless_device_is_refused() {
    for path in ["/dev/zero", "/dev/null"] {
        assert_eq!(
            FileStorage::open_read_only(path).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    }
}

/// Runs out of time or memory if anything is done for each byte.
#[cfg(unix)]
#[test]
fn largest_file_of_the_file_system_is_not_a_volume() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("huge");
    let file = fs::File::create(&path).unwrap();
    // Sparse; 16 TiB on ext4, nearly 8 EiB on XFS.
    let longest = (30..63)
        .rev()
        .map(|bits| (1_u64 << bits) - 4096)
        .find(|len| file.set_len(*len).is_ok())
        .unwrap();
    println!("{longest} bytes");
    assert_not_a_volume(&path);
}

fn assert_not_a_volume(path: &Path) {
    let opened = LockedVolume::open(FileStorage::open(path).unwrap()).and_then(Opened::locked);
    assert!(
        matches!(opened, Err(Error::NotAVolume)),
        "{}: {opened:?}",
        path.display()
    );
    let inspected = inspect(&FileStorage::open_read_only(path).unwrap());
    assert!(
        matches!(inspected, Err(Error::NotAVolume)),
        "{}: {inspected:?}",
        path.display()
    );
}
