//! A volume as the place where a file system lives.

use std::io;

use tenlock::volume::Volume;

use crate::fs::Payload;

impl Payload for Volume {
    fn len(&self) -> u64 {
        Self::len(self)
    }

    fn sector_size(&self) -> u32 {
        Self::sector_size(self).bytes()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        Self::read_at(self, offset, buf).map_err(io::Error::other)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        Self::write_at(self, offset, data).map_err(io::Error::other)
    }

    fn flush(&self) -> io::Result<()> {
        Self::flush(self).map_err(io::Error::other)
    }
}
