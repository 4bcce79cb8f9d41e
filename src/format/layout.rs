//! Where the blocks of a header copy lie.

/// Bytes of a block, the unit in which a header is written.
pub const BLOCK_LEN: usize = 4096;
/// Blocks of a header copy.
pub const COPY_BLOCKS: usize = 256;
/// Bytes of a header copy.
pub const COPY_LEN: u64 = 1 << 20;
/// Blocks of a copy that this version reads; the rest is reserved.
pub const USED_BLOCKS: usize = SEAL_FIRST_BLOCK + MAX_SEAL_BLOCKS;
/// Bytes of a copy that this version reads.
pub const USED_LEN: usize = USED_BLOCKS * BLOCK_LEN;

/// Block of the root.
pub const ROOT_BLOCK: usize = 0;
/// Block of the state.
pub const STATE_BLOCK: usize = 1;
/// Block of the retry counters.
pub const COUNTERS_BLOCK: usize = 2;
/// Block of the policy.
pub const POLICY_BLOCK: usize = 3;
/// Block of the label.
pub const LABEL_BLOCK: usize = 4;
/// First block of the key slots.
pub const SLOT_FIRST_BLOCK: usize = 8;
/// Number of key slots.
pub const SLOT_COUNT: usize = 32;
/// First block of the seal.
pub const SEAL_FIRST_BLOCK: usize = 64;
/// Fewest blocks of a seal.
pub const MIN_SEAL_BLOCKS: usize = 16;
/// Most blocks of a seal, and the default: 256 KiB.
pub const MAX_SEAL_BLOCKS: usize = 64;

const _: () = {
    assert!((COPY_BLOCKS * BLOCK_LEN) as u64 == COPY_LEN);
    assert!(SLOT_FIRST_BLOCK + SLOT_COUNT == 40);
    assert!(USED_BLOCKS == 128 && USED_BLOCKS <= COPY_BLOCKS);
};

/// A field of a block: its place.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) len: usize,
}

impl Span {
    /// The field of `len` bytes at `start`.
    pub(super) const fn at(start: usize, len: usize) -> Self {
        assert!(start + len <= BLOCK_LEN);
        Self { start, len }
    }

    /// The field of `len` bytes that follows this one.
    pub(super) const fn then(self, len: usize) -> Self {
        Self::at(self.end(), len)
    }

    /// The field of `len` bytes that follows this one after `gap` reserved bytes.
    pub(super) const fn skip(self, gap: usize, len: usize) -> Self {
        Self::at(self.end() + gap, len)
    }

    /// Offset of the first byte behind the field.
    pub(super) const fn end(self) -> usize {
        self.start + self.len
    }
}

/// First block of the event log.
pub const LOG_FIRST_BLOCK: usize = 40;
/// Blocks of the event log.
pub const LOG_BLOCKS: usize = 24;
/// Records in a block of the event log.
pub const RECORDS_PER_BLOCK: usize = 7;
/// Records that the event log keeps.
pub const LOG_RECORDS: usize = LOG_BLOCKS * RECORDS_PER_BLOCK;

const _: () = {
    assert!(LOG_FIRST_BLOCK == SLOT_FIRST_BLOCK + SLOT_COUNT);
    assert!(LOG_FIRST_BLOCK + LOG_BLOCKS == SEAL_FIRST_BLOCK);
    assert!(LOG_RECORDS == 168);
};
