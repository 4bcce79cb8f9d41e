//! The order in which a restored header is written.
//!
//! The copy that the old header can do without goes first. Until it is whole the old header is in the
//! other one; after that, the new one is here. Of each copy the root goes last.

use super::Target;
use super::report::{Replaced, RestoreReport, erased_slots};
use crate::format::{BLOCK_LEN, Block, CopyStatus, Header};
use crate::volume::backup::HeaderBackup;
use crate::volume::blocks;
use crate::volume::error::{Damage, Error};
use crate::volume::medium::{Medium, block_offset, copies, read_header, root_last};
use crate::volume::repair;

impl Target {
    /// Writes `next` to both copies.
    pub(super) fn write(
        &self,
        medium: &Medium,
        next: &Header,
        backup: &HeaderBackup,
    ) -> Result<RestoreReport, Error> {
        let blocks = root_last(next.encode());
        let mut unwritten = Vec::new();
        for copy in self.order(medium) {
            let place = copies(next)[copy];
            let changed = changed_blocks(medium, place, &blocks);
            let mut failed = blocks::put(medium, place, &changed);
            let nothing_went = !failed.is_empty() && failed.len() == changed.len();
            if nothing_went && self.header.is_some() {
                // The old header is in the other copy: whole, which it might not stay.
                return Err(failed.swap_remove(0).1);
            }
            let named = failed
                .into_iter()
                .map(|(block, error)| (copy, block, error));
            unwritten.extend(named);
        }
        let found = match read_header(medium.storage()) {
            Ok(found) if found.root == next.root => found,
            outcome => return Err(not_restored(outcome, unwritten)),
        };
        Ok(RestoreReport {
            backup: backup.info(),
            replaced: self.header.as_deref().map(Replaced::of),
            counters_lost: self.remains.counters.is_none(),
            erased_slots: erased_slots(next),
            unwritten,
            copies: found.copies,
        })
    }

    /// The copy that the old header does without, and then the other one.
    fn order(&self, medium: &Medium) -> [usize; 2] {
        let Some(old) = &self.header else {
            return [0, 1];
        };
        match old.copies.each_ref().map(CopyStatus::is_safe) {
            [_, true] => [0, 1],
            [true, false] => [1, 0],
            [false, false] => {
                // It needs both: B is made whole first. What fails there fails again below.
                if let CopyStatus::Damaged(defects) = &old.copies[1] {
                    let _ = repair::write(medium, old, 1, defects);
                }
                [0, 1]
            }
        }
    }
}

/// The blocks that are not there yet: what need not be written cannot be torn.
fn changed_blocks(
    medium: &Medium,
    copy: u64,
    blocks: &[(usize, Box<Block>)],
) -> Vec<(usize, Box<Block>)> {
    let is_there = |(index, block): &(usize, Box<Block>)| {
        let mut found = [0; BLOCK_LEN];
        medium.read(block_offset(copy, *index), &mut found).is_ok() && found == **block
    };
    blocks
        .iter()
        .filter(|block| !is_there(block))
        .cloned()
        .collect()
}

/// Why the new header is not the one that counts.
fn not_restored(
    outcome: Result<Box<Header>, Error>,
    unwritten: Vec<(usize, usize, Error)>,
) -> Error {
    let failed = unwritten.into_iter().next().map(|(_, _, error)| error);
    failed
        .or(outcome.err())
        .unwrap_or(Error::Damaged(Damage::Header(
            crate::format::Defect::Contradiction,
        )))
}
