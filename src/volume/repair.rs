//! Bringing a damaged header copy up to the header that counts (format page §6.6).

use std::fmt;

use super::blocks::{self, BlockFault, copy_name};
use super::error::Error;
use super::genuine;
use super::medium::{Medium, copies, read_copy, read_header, root_last};
use crate::format::{CopyStatus, Defect, Header};

/// What an unlock found out of order. The volume is open all the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A header copy was damaged or outdated, and has been repaired.
    CopyRepaired {
        /// 0 for copy A, 1 for copy B.
        copy: usize,
        /// The blocks by number, and what was wrong with each.
        blocks: Vec<(usize, Defect)>,
    },
    /// A header copy is damaged, and could not be repaired.
    CopyNotRepaired {
        /// 0 for copy A, 1 for copy B.
        copy: usize,
        /// Why.
        error: Error,
    },
    /// A header copy has been overwritten by something else, and is left alone.
    CopyMissing {
        /// 0 for copy A, 1 for copy B.
        copy: usize,
    },
    /// The counter could not be set back; the attempt stays charged although the credential was
    /// right.
    CounterNotReset(Error),
    /// The host could not note how far the volume is; an older copy of it will not be noticed.
    NotRemembered(std::io::Error),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CopyRepaired { copy, blocks } => {
                write!(
                    f,
                    "header copy {} had {} damaged or outdated block(s) and was repaired",
                    copy_name(*copy),
                    blocks.len()
                )
            }
            Self::CopyNotRepaired { copy, error } => {
                write!(
                    f,
                    "header copy {} is damaged and could not be repaired: {error}; make a backup of the data now",
                    copy_name(*copy)
                )
            }
            Self::CopyMissing { copy } => {
                write!(
                    f,
                    "header copy {} has been overwritten by something else; the volume lives on the other one: make a backup, then ask for a repair by name",
                    copy_name(*copy)
                )
            }
            Self::CounterNotReset(error) => {
                write!(
                    f,
                    "the attempt could not be taken back although the credential was right: {error}; make a backup of the data now"
                )
            }
            Self::NotRemembered(error) => {
                write!(
                    f,
                    "what this host remembers of the volume could not be written: {error}; an older copy of the volume will not be noticed"
                )
            }
        }
    }
}

/// What a repair has done, block by block.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RepairReport {
    /// Blocks that were damaged, and are written and read back.
    pub repaired: Vec<BlockFault>,
    /// Blocks that are whole but not those of the header that counts, and blocks of a copy with a
    /// newer format: only an unlock can tell which of the two copies is genuine, and repairs them.
    pub left: Vec<BlockFault>,
    /// Blocks that could not be repaired, and why.
    pub failed: Vec<(BlockFault, Error)>,
}

impl RepairReport {
    /// Whether both copies are whole now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left.is_empty() && self.failed.is_empty()
    }
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.repaired {
            writeln!(f, "{fault}; repaired")?;
        }
        for fault in &self.left {
            writeln!(f, "{fault}; left to the next unlock")?;
        }
        for (fault, error) in &self.failed {
            writeln!(f, "{fault}; not repaired: {error}")?;
        }
        f.write_str(if !self.failed.is_empty() {
            "the header could not be repaired everywhere: make a backup of the data now"
        } else if !self.left.is_empty() {
            "unlock the volume to repair the rest"
        } else if self.repaired.is_empty() {
            "both header copies are whole; nothing was written"
        } else {
            "both header copies are whole now"
        })
    }
}

/// Repairs the copies that are ours, and says what it found.
pub(super) fn after_unlock(medium: &Medium, header: &mut Header, notices: &mut Vec<Notice>) {
    lower_versions(medium, header);
    for copy in 0..2 {
        match header.copies[copy].clone() {
            CopyStatus::Whole => {}
            CopyStatus::Foreign(_) => notices.push(Notice::CopyMissing { copy }),
            CopyStatus::Damaged(blocks) => {
                let failed = medium
                    .check_writable()
                    .map(|()| write(medium, header, copy, &blocks));
                match failed.map(|failed| failed.into_iter().next()) {
                    Ok(None) => {
                        header.copies[copy] = CopyStatus::Whole;
                        notices.push(Notice::CopyRepaired { copy, blocks });
                    }
                    Ok(Some((_, error))) | Err(error) => {
                        notices.push(Notice::CopyNotRepaired { copy, error });
                    }
                }
            }
        }
    }
}

/// Takes counts and erases of versions that no slot has reached for those of the versions that
/// there are.
///
/// They are left over from a generation that was lost, or a stranger's: nobody signs them, and the
/// next contents of a slot have to be of a later version, of which there might be none.
fn lower_versions(medium: &Medium, header: &mut Header) {
    let (counters, state) = (header.counters, header.state.clone());
    for (slot, version) in header.root.slot_versions.iter().enumerate() {
        let of_counters = &mut header.counters.versions[slot];
        let of_state = &mut header.state.erased_versions[slot];
        (*of_counters, *of_state) = ((*of_counters).min(*version), (*of_state).min(*version));
    }
    // What cannot be written stays as it is in memory, too, and is counted on from.
    if header.counters != counters && medium.write_counters_everywhere(header, None).is_err() {
        header.counters = counters;
    }
    if header.state != state && medium.write_state(header).is_err() {
        header.state = state;
    }
}

/// Repairs, without a key, what nothing is lost by: blocks that are not valid, in copies that are
/// ours and in those of which nothing is left. Returns the header as it is then.
pub(super) fn without_key(medium: &Medium) -> Result<(Box<Header>, RepairReport), Error> {
    medium.check_writable()?;
    let header = read_header(medium.storage())?;
    genuine::check(&header)?;
    let mut report = RepairReport::default();
    for copy in 0..2 {
        let (damaged, left) = sort_out(medium, &header, copy);
        let failed = write(medium, &header, copy, &damaged);
        let fault = |found: &(usize, Defect)| BlockFault::new(copy, *found);
        let is_repaired =
            |found: &&(usize, Defect)| !failed.iter().any(|(block, _)| *block == found.0);
        let repaired = damaged.iter().filter(is_repaired).map(fault);
        report.repaired.extend(repaired);
        report.left.extend(left.iter().map(fault));
        for (block, error) in failed {
            let found = damaged.iter().find(|(damaged, _)| *damaged == block);
            report
                .failed
                .extend(found.map(|found| (fault(found), error)));
        }
    }
    Ok((read_header(medium.storage())?, report))
}

/// Writes these blocks of `header` into a copy, the root last, and returns those that failed.
pub(super) fn write(
    medium: &Medium,
    header: &Header,
    copy: usize,
    damaged: &[(usize, Defect)],
) -> Vec<(usize, Error)> {
    if damaged.is_empty() {
        return Vec::new();
    }
    let mut blocks = root_last(header.encode());
    blocks.retain(|(block, _)| damaged.iter().any(|(damaged, _)| damaged == block));
    blocks::put(medium, copies(header)[copy], &blocks)
}

type Faults = Vec<(usize, Defect)>;

/// The blocks of a copy that can be repaired without a key, and those that are left to an unlock.
fn sort_out(medium: &Medium, header: &Header, copy: usize) -> (Faults, Faults) {
    let found = read_copy(medium.storage(), copies(header)[copy]);
    let is_newer = found.root().is_err_and(Defect::is_newer);
    match header.copies[copy].clone() {
        CopyStatus::Whole => (Faults::new(), Faults::new()),
        CopyStatus::Damaged(defects) => defects.into_iter().partition(|(_, defect)| {
            !is_newer && !matches!(defect, Defect::Generation | Defect::VolumeId)
        }),
        CopyStatus::Foreign(_) => {
            let defects = found.defects(header.root.id, header.root.seal_blocks);
            defects.into_iter().partition(|_| !is_newer)
        }
    }
}
