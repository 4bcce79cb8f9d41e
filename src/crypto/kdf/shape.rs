//! How the memory is laid out, and which block refers to which.

use super::hash::Input;

/// The blocks of one derivation: lanes one after the other, each of four segments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) lanes: usize,
    /// Length of a segment in blocks, at least 2.
    pub(super) segment: usize,
    pub(super) passes: u32,
}

/// Segments in a lane.
pub(super) const SLICES: usize = 4;

impl Shape {
    /// What RFC 9106 section 3.2 makes of the memory asked for, which is at least 8 KiB per lane.
    pub(super) fn new(input: &Input<'_>) -> Self {
        let lanes = to_usize(input.lanes);
        Self {
            lanes,
            segment: to_usize(input.memory_kib) / (SLICES * lanes),
            passes: input.passes,
        }
    }

    /// Blocks in a lane.
    pub(super) fn lane(self) -> usize {
        SLICES * self.segment
    }

    /// Blocks in all.
    pub(super) fn blocks(self) -> usize {
        self.lanes * self.lane()
    }

    /// All slices in the order in which they are filled.
    pub(super) fn slices(self) -> impl Iterator<Item = Slice> {
        (0..self.passes).flat_map(|pass| (0..SLICES).map(move |index| Slice { pass, index }))
    }

    /// The block to which block `index` of the segment of `lane` in `slice` refers, given its
    /// pseudo-random number (RFC 9106 section 3.4.2).
    #[inline]
    pub(super) fn reference(self, slice: Slice, lane: usize, index: usize, random: u64) -> Place {
        let (j1, j2) = (random & 0xffff_ffff, random >> 32);
        let first_pass = slice.pass == 0;
        let other = if first_pass && slice.index == 0 {
            lane
        } else {
            to_usize(j2) % self.lanes
        };
        // Referred to can be a window of blocks: those finished before this slice and, in the own
        // lane, those before `index`, without the one just before it.
        let finished = if first_pass {
            slice.index * self.segment
        } else {
            self.lane() - self.segment
        };
        let window = if other == lane {
            finished + index - 1
        } else {
            finished - usize::from(index == 0)
        };
        // Behind the last slice comes the first.
        let oldest = if first_pass {
            0
        } else {
            (slice.index + 1) * self.segment
        };
        // Close blocks are more likely than those far back.
        let back = to_usize((((j1 * j1) >> 32) * window as u64) >> 32);
        let block = oldest + window - 1 - back;
        Place {
            lane: other,
            block: if block < self.lane() {
                block
            } else {
                block - self.lane()
            },
        }
    }
}

/// One segment of each lane, all of which can be filled at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) pass: u32,
    /// 0 to 3.
    pub(super) index: usize,
}

impl Slice {
    /// Whether references in this slice do not depend on the passphrase.
    pub(super) fn is_independent(self) -> bool {
        self.pass == 0 && self.index < SLICES / 2
    }

    /// How many blocks at the start of each segment do not come from the compression function.
    pub(super) fn first(self) -> usize {
        if self.pass == 0 && self.index == 0 {
            2
        } else {
            0
        }
    }
}

/// One block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lane: usize,
    /// Counted from the start of the lane.
    pub(super) block: usize,
}

/// Of a number that counts blocks or lanes.
#[inline]
fn to_usize<T>(number: T) -> usize
where
    usize: TryFrom<T>,
{
    usize::try_from(number).unwrap_or(usize::MAX)
}
