//! What a kernel is asked to do.

use super::SectorSize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Encrypt,
    Decrypt,
}

/// A run of whole sectors.
pub(super) struct Run<'a> {
    pub(super) direction: Direction,
    pub(super) size: SectorSize,
    /// The tweak of the first sector before its encryption. Each further one is
    /// [`SectorSize::units`] more; the upper 64 bits are the same for the whole run.
    pub(super) tweak: u128,
    source: Option<&'a [u8]>,
    target: &'a mut [u8],
}

impl<'a> Run<'a> {
    /// From `source` to `target`, or in place without `source`.
    ///
    /// # Panics
    /// If the two differ in length, or if that is no multiple of the sector size.
    pub(super) fn new(
        direction: Direction,
        size: SectorSize,
        tweak: u128,
        source: Option<&'a [u8]>,
        target: &'a mut [u8],
    ) -> Self {
        assert!(
            source.is_none_or(|source| source.len() == target.len()),
            "source and destination differ in length"
        );
        assert!(
            target.len().is_multiple_of(size.bytes()),
            "not whole sectors"
        );
        Self {
            direction,
            size,
            tweak,
            source,
            target,
        }
    }

    /// Source, if it is not the target, and target; of the same length, whole sectors.
    pub(super) fn buffers(&mut self) -> (Option<&[u8]>, &mut [u8]) {
        (self.source, self.target)
    }
}
