//! Files: what is refused, and what happens at the edges.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::storage::{Discard, FileStorage, MemoryStorage, Storage};

fn scratch() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    (directory, path)
}

fn new_file(len: u64) -> (TempDir, FileStorage) {
    let (directory, path) = scratch();
    let storage = FileStorage::create_new(path).unwrap();
    storage.set_len(len).unwrap();
    (directory, storage)
}

fn kind_of<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("should have failed").kind()
}

#[test]
fn create_new_leaves_an_existing_file_alone() {
    let (_directory, path) = scratch();
    fs::write(&path, b"kept").unwrap();
    assert_eq!(
        kind_of(FileStorage::create_new(&path)),
        ErrorKind::AlreadyExists
    );
    assert_eq!(fs::read(&path).unwrap(), b"kept");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = scratch();
    FileStorage::create_new(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_missing_file_is_not_created_by_open() {
    let (_directory, path) = scratch();
    assert_eq!(kind_of(FileStorage::open(&path)), ErrorKind::NotFound);
    assert!(!path.exists());
}

#[test]
fn a_directory_is_refused() {
    let (directory, _) = scratch();
    assert_eq!(
        kind_of(FileStorage::open(directory.path())),
        ErrorKind::IsADirectory
    );
    assert_eq!(
        kind_of(FileStorage::open_read_only(directory.path())),
        ErrorKind::IsADirectory
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_fifo_is_refused_without_waiting_for_a_writer() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let (_directory, path) = scratch();
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(
        kind_of(FileStorage::open_read_only(&path)),
        ErrorKind::InvalidInput
    );
    assert_eq!(kind_of(FileStorage::open(&path)), ErrorKind::InvalidInput);
}

#[cfg(unix)]
#[test]
fn a_socket_and_a_character_device_are_refused() {
    let (_directory, path) = scratch();
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert_eq!(kind_of(FileStorage::open(&path)), ErrorKind::InvalidInput);
    assert_eq!(
        kind_of(FileStorage::open("/dev/null")),
        ErrorKind::InvalidInput
    );
}

#[test]
fn a_read_only_handle_reads_and_changes_nothing() {
    let (_directory, path) = scratch();
    fs::write(&path, [7; 4096]).unwrap();
    let storage = FileStorage::open_read_only(&path).unwrap();
    assert!(!storage.is_writable());
    assert_eq!(
        kind_of(storage.write_at(0, b"x")),
        ErrorKind::PermissionDenied
    );
    assert_eq!(kind_of(storage.set_len(0)), ErrorKind::PermissionDenied);
    assert_eq!(
        kind_of(storage.discard(0, 4096)),
        ErrorKind::PermissionDenied
    );
    storage.flush().unwrap();
    assert_eq!(fs::read(&path).unwrap(), [7; 4096]);
    let mut buf = [0; 4];
    storage.read_at(4092, &mut buf).unwrap();
    assert_eq!(buf, [7; 4]);
}

#[test]
fn offsets_that_no_system_can_express_are_invalid() {
    let (_directory, file) = new_file(16);
    let memory = MemoryStorage::from_vec(vec![0; 16]);
    let storages: [&dyn Storage; 2] = [&file, &memory];
    let signed_max = i64::MAX.cast_unsigned();
    for storage in storages {
        for offset in [signed_max, signed_max + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(
                kind_of(storage.read_at(offset, &mut [0; 2])),
                ErrorKind::InvalidInput
            );
            assert_eq!(
                kind_of(storage.read_back(offset, &mut [0; 2])),
                ErrorKind::InvalidInput
            );
            assert_eq!(
                kind_of(storage.write_at(offset, &[0; 2])),
                ErrorKind::InvalidInput
            );
            assert_eq!(kind_of(storage.discard(offset, 2)), ErrorKind::InvalidInput);
        }
        assert_eq!(
            kind_of(storage.discard(8, u64::MAX)),
            ErrorKind::InvalidInput
        );
        assert_eq!(storage.len().unwrap(), 16);
    }
    assert_eq!(kind_of(file.set_len(u64::MAX)), ErrorKind::InvalidInput);
}

#[test]
fn an_empty_read_past_the_end_is_refused() {
    let (_directory, storage) = new_file(10);
    storage.read_at(10, &mut []).unwrap();
    assert_eq!(
        kind_of(storage.read_at(11, &mut [])),
        ErrorKind::UnexpectedEof
    );
}

#[test]
fn a_write_past_the_end_does_not_make_the_file_longer() {
    let (_directory, storage) = new_file(16);
    assert_eq!(
        kind_of(storage.write_at(15, &[1, 1])),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(storage.len().unwrap(), 16);
    let mut buf = [9; 16];
    storage.read_at(0, &mut buf).unwrap();
    assert_eq!(buf, [0; 16]);
}

#[test]
fn discard_keeps_the_length_and_the_bytes_around_the_range() {
    let (_directory, storage) = new_file(1 << 20);
    storage.write_at(0, &vec![7; 1 << 20]).unwrap();
    storage.discard(65_537, 131_071).unwrap();
    assert_eq!(storage.len().unwrap(), 1 << 20);
    let mut around = vec![0; 65_537];
    storage.read_at(0, &mut around).unwrap();
    assert!(around.iter().all(|byte| *byte == 7));
    let mut around = vec![0; (1 << 20) - 196_608];
    storage.read_at(196_608, &mut around).unwrap();
    assert!(around.iter().all(|byte| *byte == 7));
}

#[cfg(target_os = "linux")]
#[test]
fn a_discarded_range_takes_no_space() {
    use std::os::unix::fs::MetadataExt;
    let (_directory, path) = scratch();
    let storage = FileStorage::create_new(&path).unwrap();
    storage.set_len(1 << 20).unwrap();
    storage.write_at(0, &vec![7; 1 << 20]).unwrap();
    storage.flush().unwrap();
    let before = fs::metadata(&path).unwrap().blocks();
    match storage.discard(0, 1 << 20).unwrap() {
        Discard::Done => assert!(fs::metadata(&path).unwrap().blocks() < before / 2),
        Discard::Unsupported => println!("skipped: no holes on this file system"),
    }
}

#[test]
fn a_range_without_a_whole_block_is_not_passed_on() {
    let (_directory, storage) = new_file(2048);
    storage.write_at(0, &[7; 2048]).unwrap();
    assert_eq!(storage.discard(1, 1022).unwrap(), Discard::Unsupported);
    let mut buf = [0; 2048];
    storage.read_at(0, &mut buf).unwrap();
    assert_eq!(buf, [7; 2048]);
}

#[test]
fn read_back_finds_flushed_bytes_at_any_offset_and_length() {
    let len = (3 << 20) + 77;
    let (_directory, storage) = new_file(u64::try_from(len).unwrap());
    let bytes: Vec<u8> = (0..len)
        .map(|index| u8::try_from(index % 251).unwrap())
        .collect();
    storage.write_at(0, &bytes).unwrap();
    storage.flush().unwrap();
    for (start, end) in [
        (0, len),
        (1, 2),
        (4095, 4097),
        (4096, 8192),
        (511, len),
        (len - 1, len),
        (len, len),
    ] {
        let mut found = vec![0; end - start];
        storage
            .read_back(u64::try_from(start).unwrap(), &mut found)
            .unwrap();
        assert!(found == bytes[start..end], "{start}..{end}");
    }
}

#[test]
fn a_length_of_terabytes_is_given_at_once() {
    let (_directory, storage) = new_file(0);
    // Some file systems end earlier; they say so.
    match storage.set_len(3 << 40) {
        Ok(()) => assert_eq!(storage.len().unwrap(), 3 << 40),
        Err(error) => println!("skipped: {error}"),
    }
}
