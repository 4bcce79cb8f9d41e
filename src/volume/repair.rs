//! Bringing a damaged header copy up to the header that counts (format page §6.6).

use std::fmt;

use super::error::Error;
use super::medium::{Medium, copies, read_header, root_last};
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
        let name = |copy: &usize| if *copy == 0 { 'A' } else { 'B' };
        match self {
            Self::CopyRepaired { copy, blocks } => {
                write!(
                    f,
                    "header copy {} had {} damaged or outdated block(s) and was repaired",
                    name(copy),
                    blocks.len()
                )
            }
            Self::CopyNotRepaired { copy, error } => {
                write!(
                    f,
                    "header copy {} is damaged and could not be repaired: {error}; make a backup of the data now",
                    name(copy)
                )
            }
            Self::CopyMissing { copy } => {
                write!(
                    f,
                    "header copy {} has been overwritten by something else; the volume lives on the other one: make a backup, then ask for a repair by name",
                    name(copy)
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

/// Repairs the copies that are ours, and says what it found.
pub(super) fn after_unlock(medium: &Medium, header: &mut Header, notices: &mut Vec<Notice>) {
    lower_versions(medium, header);
    let blocks = root_last(header.encode());
    for (copy, (offset, status)) in copies(header)
        .into_iter()
        .zip(header.copies.clone())
        .enumerate()
    {
        match status {
            CopyStatus::Whole => {}
            CopyStatus::Foreign(_) => notices.push(Notice::CopyMissing { copy }),
            CopyStatus::Damaged(defects) => {
                let damaged = |block: &usize| defects.iter().any(|(defect, _)| defect == block);
                let wanted: Vec<_> = blocks
                    .iter()
                    .filter(|(block, _)| damaged(block))
                    .cloned()
                    .collect();
                let written = medium
                    .check_writable()
                    .and_then(|()| medium.write_blocks(offset, &wanted));
                match written {
                    Ok(()) => {
                        header.copies[copy] = CopyStatus::Whole;
                        notices.push(Notice::CopyRepaired {
                            copy,
                            blocks: defects,
                        });
                    }
                    Err(error) => notices.push(Notice::CopyNotRepaired { copy, error }),
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

/// Writes the copies in which nothing of the volume is left, and returns the header as it is then.
pub(super) fn replace_foreign(medium: &Medium) -> Result<Box<Header>, Error> {
    medium.check_writable()?;
    let header = read_header(medium.storage())?;
    for (offset, status) in copies(&header).into_iter().zip(&header.copies) {
        if !status.is_ours() {
            medium.write_blocks(offset, &root_last(header.encode()))?;
        }
    }
    read_header(medium.storage())
}
