//! What the operating systems do differently. The same functions for each; `unsafe` stays in here.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(all(unix, not(target_os = "linux")))]
mod other_unix;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;

#[cfg(target_os = "linux")]
pub(super) use linux::{discard, drop_cached, open_uncached};
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) use other_unix::{discard, drop_cached, open_uncached};
#[cfg(unix)]
pub(super) use unix::{create_new, identity, open, read_at, try_lock, unlock, write_at};
#[cfg(windows)]
pub(super) use windows::{
    create_new, discard, drop_cached, identity, open, open_uncached, read_at, try_lock, unlock,
    write_at,
};

/// What an open handle leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backing {
    /// A regular file, whose length may change.
    File,
    /// A block device; both in bytes.
    Device { len: u64, block_size: u32 },
}

fn is_a_directory() -> io::Error {
    io::Error::new(
        io::ErrorKind::IsADirectory,
        "a directory cannot hold a volume",
    )
}

fn special_file() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "neither a regular file nor a block device",
    )
}
