//! The payload as the block device that the file system driver expects.
//!
//! The driver writes one directory slot or table entry at a time, each of which
//! would be a read, a decryption, an encryption and a write. Small requests are
//! therefore collected here and written in ascending runs.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use hadris_fs::{Error, ErrorKind};
use hadris_io::ErrorType;
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};

use super::{Payload, len_u64};

/// A write-back cache of small requests over a payload.
///
/// Requests of [`LARGE`] bytes or more, which are file contents, pass by. Once
/// [`CAPACITY`] bytes are held they are written back and forgotten. Only `flush`
/// orders writes; the driver calls it before it declares the file system clean,
/// so an interrupted copy leaves one that is marked dirty.
pub(super) struct Device<'p> {
    payload: &'p dyn Payload,
    block_size: BlockSize,
    blocks: BTreeMap<u64, Block>,
    run: Vec<u8>,
}

struct Block {
    data: Box<[u8]>,
    dirty: bool,
}

impl<'p> Device<'p> {
    /// Blocks of 4096 bytes, or 512 if the payload is not a multiple of that.
    pub(super) fn new(payload: &'p dyn Payload) -> Self {
        let large = payload.len().is_multiple_of(4096);
        Self {
            payload,
            block_size: if large { BLOCK_4096 } else { BLOCK_512 },
            blocks: BTreeMap::new(),
            run: Vec::new(),
        }
    }

    fn block_len(&self) -> usize {
        // 4096 at most, so that it fits.
        usize::try_from(self.block_size.get()).unwrap_or(usize::MAX)
    }

    fn offset(&self, block: u64) -> u64 {
        block * u64::from(self.block_size.get())
    }

    /// The blocks of a request, checked against the end of the payload.
    fn range(&self, first: BlockIndex, len: usize) -> Result<Range<u64>, Error<io::Error>> {
        let first = first.get();
        let count = len_u64(len / self.block_len());
        match first.checked_add(count) {
            Some(end) if end <= self.block_count() && len.is_multiple_of(self.block_len()) => {
                Ok(first..end)
            }
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "request past the end of the volume",
            )),
        }
    }

    /// Reads `buf` around the cache, then puts in what is not written yet.
    fn read_through(&mut self, range: Range<u64>, buf: &mut [u8]) -> io::Result<()> {
        self.payload.read_at(self.offset(range.start), buf)?;
        let block_len = self.block_len();
        for (index, chunk) in range.clone().zip(buf.chunks_exact_mut(block_len)) {
            if let Some(block) = self.blocks.get(&index).filter(|block| block.dirty) {
                chunk.copy_from_slice(&block.data);
            }
        }
        Ok(())
    }

    fn read_cached(&mut self, range: Range<u64>, buf: &mut [u8]) -> io::Result<()> {
        let block_len = self.block_len();
        if range.clone().any(|index| !self.blocks.contains_key(&index)) {
            self.read_through(range.clone(), buf)?;
            return range
                .zip(buf.chunks_exact(block_len))
                .try_for_each(|(index, chunk)| self.hold(index, chunk, false));
        }
        for ((_, block), chunk) in self
            .blocks
            .range(range)
            .zip(buf.chunks_exact_mut(block_len))
        {
            chunk.copy_from_slice(&block.data);
        }
        Ok(())
    }

    fn write_through(&mut self, range: Range<u64>, buf: &[u8]) -> io::Result<()> {
        self.payload.write_at(self.offset(range.start), buf)?;
        for index in range {
            self.blocks.remove(&index);
        }
        Ok(())
    }

    fn hold(&mut self, index: u64, data: &[u8], dirty: bool) -> io::Result<()> {
        if let Some(block) = self.blocks.get_mut(&index) {
            block.data.copy_from_slice(data);
            block.dirty |= dirty;
            return Ok(());
        }
        if self.blocks.len() >= CAPACITY / self.block_len() {
            self.write_back()?;
            self.blocks.clear();
        }
        let data = data.into();
        self.blocks.insert(index, Block { data, dirty });
        Ok(())
    }

    /// Writes what is dirty, in ascending runs of at most [`MAX_RUN`] bytes.
    fn write_back(&mut self) -> io::Result<()> {
        let dirty = self.blocks.iter().filter(|(_, block)| block.dirty);
        let dirty: Vec<u64> = dirty.map(|(index, _)| *index).collect();
        for neighbours in dirty.chunk_by(|a, b| a + 1 == *b) {
            for run in neighbours.chunks(MAX_RUN / self.block_len()) {
                self.write_run(run[0]..run[0] + len_u64(run.len()))?;
            }
        }
        Ok(())
    }

    /// Writes blocks that are all held.
    fn write_run(&mut self, range: Range<u64>) -> io::Result<()> {
        self.run.clear();
        for (_, block) in self.blocks.range(range.clone()) {
            self.run.extend_from_slice(&block.data);
        }
        self.payload.write_at(self.offset(range.start), &self.run)?;
        for (_, block) in self.blocks.range_mut(range) {
            block.dirty = false;
        }
        Ok(())
    }
}

impl ErrorType for Device<'_> {
    type Error = io::Error;
}

impl BlockDevice for Device<'_> {
    fn block_size(&self) -> BlockSize {
        self.block_size
    }

    fn block_count(&self) -> u64 {
        self.payload.len() / u64::from(self.block_size.get())
    }

    fn writable(&self) -> bool {
        true
    }

    fn read_blocks(&mut self, first: BlockIndex, buf: &mut [u8]) -> Result<(), Error<io::Error>> {
        let range = self.range(first, buf.len())?;
        if buf.len() >= LARGE {
            self.read_through(range, buf)
        } else {
            self.read_cached(range, buf)
        }
        .map_err(|source| Error::device(source, "reading the volume failed"))
    }

    fn write_blocks(&mut self, first: BlockIndex, buf: &[u8]) -> Result<(), Error<io::Error>> {
        let range = self.range(first, buf.len())?;
        let written = if buf.len() >= LARGE {
            self.write_through(range, buf)
        } else {
            let block_len = self.block_len();
            range
                .zip(buf.chunks_exact(block_len))
                .try_for_each(|(index, chunk)| self.hold(index, chunk, true))
        };
        written.map_err(|source| Error::device(source, "writing the volume failed"))
    }

    fn flush(&mut self) -> Result<(), Error<io::Error>> {
        self.write_back()
            .and_then(|()| self.payload.flush())
            .map_err(|source| Error::device(source, "flushing the volume failed"))
    }
}

/// From this length on a request is taken for file contents.
const LARGE: usize = 64 << 10;
/// Bytes held at most.
const CAPACITY: usize = 16 << 20;
/// Bytes written back at a time.
const MAX_RUN: usize = 1 << 20;

const BLOCK_4096: BlockSize = BlockSize::new(4096).expect("not zero");
const BLOCK_512: BlockSize = BlockSize::new(512).expect("not zero");
