//! Single blocks of a header copy: what is wrong with one, and writing them so that a bad sector
//! costs no other block.

use std::fmt;
use std::io;

use super::error::Error;
use super::medium::{Medium, block_offset};
use crate::format::{BLOCK_LEN, Block, BlockKind, Defect};

/// A block of a header copy that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockFault {
    /// 0 for copy A, 1 for copy B.
    pub copy: usize,
    /// Number of the block within the copy.
    pub block: usize,
    /// What belongs there.
    pub kind: BlockKind,
    /// What is wrong.
    pub defect: Defect,
}

impl BlockFault {
    pub(super) fn new(copy: usize, (block, defect): (usize, Defect)) -> Self {
        Self {
            copy,
            block,
            kind: BlockKind::at(block),
            defect,
        }
    }
}

impl fmt::Display for BlockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            copy,
            block,
            kind,
            defect,
        } = self;
        write!(
            f,
            "header copy {}, block {block} ({kind}): {defect}",
            copy_name(*copy)
        )
    }
}

/// A or B.
pub(super) fn copy_name(copy: usize) -> char {
    if copy == 0 { 'A' } else { 'B' }
}

/// Writes blocks of the copy at `copy`, flushes, and reads them back. Returns those that are not
/// there then, and why.
pub(super) fn put(
    medium: &Medium,
    copy: u64,
    blocks: &[(usize, Box<Block>)],
) -> Vec<(usize, Error)> {
    let written: Vec<_> = blocks
        .iter()
        .map(|(index, block)| medium.write(block_offset(copy, *index), &**block))
        .collect();
    let flushed = medium.flush();
    let outcome = |(number, block): &(usize, Box<Block>), written: Result<(), Error>| {
        written?;
        if let Err(Error::Io { doing, cause, .. }) = &flushed {
            return Err(Error::Io {
                doing,
                offset: block_offset(copy, *number),
                cause: cause.kind().into(),
            });
        }
        check(medium, block_offset(copy, *number), block)
    };
    blocks
        .iter()
        .zip(written)
        .filter_map(|(block, written)| Some((block.0, outcome(block, written).err()?)))
        .collect()
}

/// Whether the medium gives back what was written.
fn check(medium: &Medium, offset: u64, block: &Block) -> Result<(), Error> {
    let mut found = [0; BLOCK_LEN];
    let outcome = match medium.storage().read_back(offset, &mut found) {
        Ok(_) if found == *block => return Ok(()),
        Ok(_) => io::Error::other("the medium gives back other bytes than were written"),
        Err(error) => error,
    };
    Err(Error::Io {
        doing: "reading back",
        offset,
        cause: outcome,
    })
}
