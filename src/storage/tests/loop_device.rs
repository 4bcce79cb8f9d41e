//! Block devices, where the machine lets the tests make one.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::storage::{Discard, FileStorage, ReadBack, Storage};

const LEN: u64 = 1 << 20;

/// A loop device of [`LEN`] bytes over a file of zeros; detached when dropped.
struct LoopDevice {
    device: PathBuf,
    directory: TempDir,
}

impl LoopDevice {
    /// `None`, with the reason printed, where this machine has none to give.
    fn attach(sector_size: u32) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        fs::File::create(&image).unwrap().set_len(LEN).unwrap();
        let sector_size = sector_size.to_string();
        let output = Command::new("losetup")
            .args(["--find", "--show", "--sector-size", &sector_size])
            .arg(&image)
            .output();
        match output {
            Ok(output) if output.status.success() => {
                let device = String::from_utf8(output.stdout).unwrap();
                Some(Self {
                    device: device.trim().into(),
                    directory,
                })
            }
            Ok(output) => skip(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip(&format!("losetup: {error}")),
        }
    }

    fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    fn path(&self) -> &Path {
        &self.device
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let status = Command::new("losetup")
            .arg("--detach")
            .arg(&self.device)
            .status()
            .unwrap();
        assert!(status.success() || std::thread::panicking());
    }
}

fn skip<T>(reason: &str) -> Option<T> {
    println!("skipped: {}", reason.trim());
    None
}

#[test]
fn a_device_tells_its_length_and_block_size() {
    for sector_size in [512, 4096] {
        let Some(device) = LoopDevice::attach(sector_size) else {
            return;
        };
        let storage = FileStorage::open(device.path()).unwrap();
        assert_eq!(storage.len().unwrap(), LEN);
        assert_eq!(storage.block_size(), sector_size);
        assert_eq!(
            storage.set_len(LEN).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}

#[test]
fn written_bytes_are_on_the_device_below_after_flush() {
    let Some(device) = LoopDevice::attach(512) else {
        return;
    };
    let storage = FileStorage::open(device.path()).unwrap();
    storage.write_at(LEN - 5, b"bytes").unwrap();
    storage.flush().unwrap();
    assert!(fs::read(device.image()).unwrap().ends_with(b"\0bytes"));
    assert_eq!(
        storage.write_at(LEN - 4, b"bytes").unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(
        storage.read_at(LEN - 4, &mut [0; 5]).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
}

#[test]
fn read_back_sees_the_medium_where_the_cache_is_stale() {
    let Some(device) = LoopDevice::attach(512) else {
        return;
    };
    let storage = FileStorage::open(device.path()).unwrap();
    let mut buf = [9; 3];
    storage.read_at(1000, &mut buf).unwrap();
    // Behind the back of the device's cache.
    FileStorage::open(device.image())
        .unwrap()
        .write_at(1000, b"new")
        .unwrap();
    storage.read_at(1000, &mut buf).unwrap();
    assert_eq!(buf, [0; 3], "nothing was cached, so this shows nothing");
    assert_eq!(storage.read_back(1000, &mut buf).unwrap(), ReadBack::Medium);
    assert_eq!(&buf, b"new");
}

#[test]
fn discard_reaches_the_device_in_whole_blocks() {
    let Some(device) = LoopDevice::attach(4096) else {
        return;
    };
    let storage = FileStorage::open(device.path()).unwrap();
    storage.write_at(0, &[7; 16384]).unwrap();
    storage.flush().unwrap();
    assert_eq!(storage.discard(100, 12000).unwrap(), Discard::Done);
    let mut buf = [0; 16384];
    storage.read_at(0, &mut buf).unwrap();
    assert!(buf[..4096] == [7; 4096] && buf[8192..] == [7; 8192]);
    // Loop devices happen to give zeros; here they show that the request arrived.
    assert!(buf[4096..8192] == [0; 4096]);
}

#[test]
fn a_device_in_use_is_busy_for_writers_only() {
    let Some(device) = LoopDevice::attach(512) else {
        return;
    };
    let storage = FileStorage::open(device.path()).unwrap();
    assert_eq!(
        FileStorage::open(device.path()).unwrap_err().kind(),
        ErrorKind::ResourceBusy
    );
    let reader = FileStorage::open_read_only(device.path()).unwrap();
    storage.try_lock().unwrap();
    assert!(reader.try_lock().is_err());
    storage.unlock().unwrap();
    reader.try_lock().unwrap();
}
