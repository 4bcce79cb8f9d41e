//! A volume as a stream.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::error::Error;
use super::unlocked::Volume;

/// A position in the payload of a volume, for code that takes `Read`, `Write` and `Seek`.
///
/// Like a file of fixed length: reads stop at the end, and a write that begins at the end writes
/// nothing (`Ok(0)`, so `write_all` fails with `WriteZero`). Seeking behind the end is allowed.
#[derive(Debug)]
pub struct Cursor<'a> {
    volume: &'a Volume,
    position: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(volume: &'a Volume) -> Self {
        Self {
            volume,
            position: 0,
        }
    }

    /// How many of `wanted` bytes there are from the position to the end.
    fn available(&self, wanted: usize) -> usize {
        let left = self.volume.len().saturating_sub(self.position);
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.available(buf.len());
        if count == 0 {
            return Ok(0);
        }
        self.volume.read_at(self.position, &mut buf[..count])?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Write for Cursor<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.available(data.len());
        if count == 0 {
            return Ok(0);
        }
        self.volume.write_at(self.position, &data[..count])?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.volume.flush()?)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
            SeekFrom::End(delta) => self.volume.len().checked_add_signed(delta),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "seek before the start of the payload or past 2^64",
            )
        })?;
        Ok(self.position)
    }
}

impl From<Error> for io::Error {
    /// The storage's own error where there is one; otherwise the volume's, kept as the source.
    fn from(error: Error) -> Self {
        match error {
            Error::Io { cause, .. } | Error::CannotWrite(Some(cause)) => cause,
            Error::OutOfRange { .. } => Self::new(io::ErrorKind::InvalidInput, error),
            other => Self::other(other),
        }
    }
}
