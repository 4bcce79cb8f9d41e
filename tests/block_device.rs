//! A volume that takes up a whole block device.

#![cfg(target_os = "linux")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "also outside of the functions that clippy takes for tests"
)]

#[path = "support/loop_device.rs"]
mod loop_device;
mod support;

use std::fs::File;
use std::io::ErrorKind;

use loop_device::LoopDevice;
use support::{RIGHT, WRONG, options, passphrase};
use tempfile::NamedTempFile;
use tenlock::format::{SectorSize, VolumeState};
use tenlock::storage::FileStorage;
use tenlock::volume::{CreateOptions, Error, LockedVolume, Opened, UnlockFailure, create, inspect};

const LEN: u64 = 8 << 20;
const PAYLOAD: u64 = LEN - (2 << 20);

#[test]
fn volume_on_a_device_is_made_used_and_erased_like_one_in_a_file() {
    for (block_size, sector_size) in [
        ("512", SectorSize::B512),
        ("512", SectorSize::B4096),
        ("4096", SectorSize::B4096),
    ] {
        let image = image();
        let Some(device) = LoopDevice::attach(image.path(), &["--sector-size", block_size]) else {
            return;
        };
        let volume = create(
            open(&device),
            &whole_device(sector_size),
            &passphrase(RIGHT),
        )
        .unwrap();
        assert_eq!(volume.len(), PAYLOAD);
        volume.write_at(PAYLOAD - 1001, &[7; 1001]).unwrap();
        drop(volume.lock().unwrap());

        let locked = LockedVolume::open(open(&device)).unwrap().locked().unwrap();
        let Err(UnlockFailure::Wrong {
            volume,
            remaining: Some(9),
            ..
        }) = locked.unlock(&passphrase(WRONG))
        else {
            panic!("nine attempts should be left")
        };
        let volume = volume.unlock(&passphrase(RIGHT)).unwrap();
        let mut found = [0; 1001];
        volume.read_at(PAYLOAD - 1001, &mut found).unwrap();
        assert_eq!(found, [7; 1001]);

        let erased = volume.lock().unwrap().erase().unwrap();
        assert!(erased.report().is_verified());
        drop(erased);
        assert!(matches!(
            LockedVolume::open(open(&device)),
            Ok(Opened::Erased(_))
        ));
    }
}

#[test]
fn device_in_use_is_busy_for_a_second_writer_and_open_to_inspection() {
    let image = image();
    let Some(device) = LoopDevice::attach(image.path(), &[]) else {
        return;
    };
    let volume = create(
        open(&device),
        &whole_device(SectorSize::B4096),
        &passphrase(RIGHT),
    )
    .unwrap();
    assert_eq!(
        FileStorage::open(device.path()).unwrap_err().kind(),
        ErrorKind::ResourceBusy
    );
    let info = inspect(&FileStorage::open_read_only(device.path()).unwrap()).unwrap();
    assert_eq!(
        (info.state, info.payload_length),
        (VolumeState::Locked, PAYLOAD)
    );
    drop(volume);
    LockedVolume::open(open(&device)).unwrap().locked().unwrap();
}

#[test]
fn device_that_cannot_be_written_shows_its_volume_and_takes_no_passphrase() {
    let image = image();
    let Some(device) = LoopDevice::attach(image.path(), &[]) else {
        return;
    };
    drop(
        create(
            open(&device),
            &whole_device(SectorSize::B512),
            &passphrase(RIGHT),
        )
        .unwrap(),
    );
    drop(device);
    let Some(device) = LoopDevice::attach(image.path(), &["--read-only"]) else {
        return;
    };
    assert_eq!(
        FileStorage::open(device.path()).unwrap_err().kind(),
        ErrorKind::ReadOnlyFilesystem
    );
    let storage = FileStorage::open_read_only(device.path()).unwrap();
    let locked = LockedVolume::open(storage).unwrap().locked().unwrap();
    assert_eq!(locked.info().payload_length, PAYLOAD);
    match locked.unlock(&passphrase(RIGHT)) {
        Err(UnlockFailure::Failed {
            volume,
            error: Error::CannotWrite(_),
        }) => {
            assert_eq!(volume.info().slots[0].attempts.unwrap().failed, 0);
        }
        other => panic!("no attempt can be counted: {other:?}"),
    }
}

#[test]
fn sectors_smaller_than_the_blocks_of_the_device_are_refused() {
    let image = image();
    let Some(device) = LoopDevice::attach(image.path(), &["--sector-size", "4096"]) else {
        return;
    };
    let outcome = create(
        open(&device),
        &whole_device(SectorSize::B512),
        &passphrase(RIGHT),
    );
    assert!(matches!(outcome, Err(Error::Size { .. })), "{outcome:?}");
}

/// A file of zeros to make a device of. It outlives the device.
fn image() -> NamedTempFile {
    let image = NamedTempFile::new().unwrap();
    File::options()
        .write(true)
        .open(image.path())
        .unwrap()
        .set_len(LEN)
        .unwrap();
    image
}

fn open(device: &LoopDevice) -> FileStorage {
    FileStorage::open(device.path()).unwrap()
}

fn whole_device(sector_size: SectorSize) -> CreateOptions {
    let mut options = options(0);
    options.payload_length = None;
    options.sector_size = sector_size;
    options
}
