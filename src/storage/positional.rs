//! Whole reads and writes at an offset, and reads that go past the cache.

use std::fs::File;
use std::io;

use super::{byte_count, past_the_end, platform};

/// Most bytes one uncached read asks for; a multiple of every block size that [`MAX_ALIGNMENT`]
/// admits.
const WINDOW: usize = 1 << 20;

/// Largest block size that can be dealt with, in bytes.
pub(super) const MAX_ALIGNMENT: u32 = 1 << 16;

/// Fills `buf` from `offset`.
pub(super) fn read_exact_at(file: &File, offset: u64, buf: &mut [u8]) -> io::Result<()> {
    let mut position = offset;
    let mut rest = buf;
    while !rest.is_empty() {
        let count = retry(|| platform::read_at(file, position, rest))?;
        if count == 0 {
            return Err(past_the_end());
        }
        position += byte_count(&rest[..count]);
        rest = &mut rest[count..];
    }
    Ok(())
}

/// Writes all of `data` at `offset`.
pub(super) fn write_all_at(file: &File, offset: u64, data: &[u8]) -> io::Result<()> {
    let mut position = offset;
    let mut rest = data;
    while !rest.is_empty() {
        let count = retry(|| platform::write_at(file, position, rest))?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        position += byte_count(&rest[..count]);
        rest = &rest[count..];
    }
    Ok(())
}

/// Fills `buf` from `offset` past the operating system's cache; `false` where that cannot be done.
///
/// `alignment` in bytes, a power of two up to [`MAX_ALIGNMENT`]: what uncached reads have to start
/// and end at.
///
/// An error of the medium is an error and not `false`: the cached bytes would hide it.
pub(super) fn read_past_cache(
    file: &File,
    alignment: u32,
    offset: u64,
    buf: &mut [u8],
) -> io::Result<bool> {
    let Some(uncached) = platform::open_uncached(file) else {
        return Ok(false);
    };
    match read_widened(&uncached, alignment, offset, buf) {
        Ok(()) => Ok(true),
        // Some file systems refuse uncached reads only here.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads whole aligned pieces and copies what was asked for out of them.
fn read_widened(file: &File, alignment: u32, offset: u64, buf: &mut [u8]) -> io::Result<()> {
    let alignment_in_memory = usize::try_from(alignment).map_err(io::Error::other)?;
    let mut window = AlignedWindow::new(alignment_in_memory);
    let mut position = offset;
    let mut rest = buf;
    while !rest.is_empty() {
        let start = position - position % u64::from(alignment);
        let skip = usize::try_from(position - start).map_err(io::Error::other)?;
        let wanted = (skip + rest.len())
            .next_multiple_of(alignment_in_memory)
            .min(WINDOW);
        let piece = &mut window.bytes()[..wanted];
        let count = retry(|| platform::read_at(file, start, piece))?;
        // Short at the end of a file, and then not of an aligned length.
        let found = piece[..count]
            .get(skip..)
            .filter(|found| !found.is_empty())
            .ok_or_else(past_the_end)?;
        let count = found.len().min(rest.len());
        rest[..count].copy_from_slice(&found[..count]);
        position += byte_count(&rest[..count]);
        rest = &mut rest[count..];
    }
    Ok(())
}

/// [`WINDOW`] bytes that start at an aligned address, as uncached reads demand.
struct AlignedWindow {
    allocation: Vec<u8>,
    start: usize,
}

impl AlignedWindow {
    fn new(alignment: usize) -> Self {
        let allocation = vec![0; WINDOW + alignment];
        let start = allocation.as_ptr().align_offset(alignment);
        Self { allocation, start }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.allocation[self.start..][..WINDOW]
    }
}

fn retry(mut operation: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
