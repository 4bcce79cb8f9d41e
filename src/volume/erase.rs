//! Destroying the key (format page §6.4), and the state after it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::Error;
use super::info::Info;
use super::medium::{Medium, block_offset, copies};
use crate::crypto::fill_random;
use crate::format::{
    BLOCK_LEN, Cause, EraseRecord, Header, Region, RegionKind, RegionResult, SEAL_FIRST_BLOCK, SLOT_COUNT, SLOT_FIRST_BLOCK, SlotBlock,
    SlotState, VolumeState,
};
use crate::storage::{Discard, ReadBack};

/// What was erased, when, why, and what was verified.
///
/// Software sees what the storage shows: flash may keep old copies of overwritten blocks, and a copy of the medium or a header backup
/// made before is untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseReport {
    /// Why.
    pub cause: Cause,
    /// When it began, seconds since 1970 UTC by the clock of this machine; 0 unknown.
    pub began: u64,
    /// When it ended; 0 if it has not.
    pub ended: u64,
    /// What was overwritten: slots and seal of both header copies.
    pub regions: Vec<Region>,
}

impl EraseReport {
    /// Whether the new bytes were read back from both copies of the seal, or of the slots: then no credential opens the volume any more.
    ///
    /// If false, the erase is tried again by the next open that can write, before anything else.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        let verified = |kind| {
            let mut regions = self.regions.iter().filter(|region| region.kind == kind).peekable();
            regions.peek().is_some() && regions.all(|region| is_verified(region.result))
        };
        verified(RegionKind::Seal) || verified(RegionKind::Slots)
    }

    fn of(record: &EraseRecord) -> Self {
        let EraseRecord { cause, began, ended, regions } = record.clone();
        Self { cause, began, ended, regions }
    }
}

impl fmt::Display for EraseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self.cause {
            Cause::AttemptsExhausted { .. } => "after too many failed attempts",
            Cause::Requested => "on request",
        };
        if self.ended > 0 && self.is_verified() {
            write!(
                f,
                "the key of this volume was erased {cause}; its data cannot be read by anybody any more, and the medium can be used anew"
            )
        } else {
            write!(
                f,
                "the key of this volume is being erased {cause}, and this could not be finished: open the volume again on storage that can be written"
            )
        }
    }
}

/// A volume whose key is destroyed. Only its report is left.
pub struct ErasedVolume {
    report: EraseReport,
    info: Box<Info>,
}

impl ErasedVolume {
    pub(super) fn from_header(header: &Header) -> Self {
        let unknown = EraseRecord { cause: Cause::Requested, began: 0, ended: 0, regions: Vec::new() };
        let report = EraseReport::of(header.state.erase.as_ref().unwrap_or(&unknown));
        Self { report, info: Box::new(Info::of(header)) }
    }

    /// What was erased.
    #[must_use]
    pub fn report(&self) -> &EraseReport {
        &self.report
    }

    /// The report by value.
    #[must_use]
    pub fn into_report(self) -> EraseReport {
        self.report
    }

    /// The public part, which an erase leaves readable.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }
}

impl fmt::Debug for ErasedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ErasedVolume").field(&self.report).finish()
    }
}

/// Destroys the key. Never stops half way: what cannot be written is in the report, and the state stays *erasing* until a later open
/// has destroyed it.
pub(super) fn erase_volume(medium: &Medium, header: &mut Header, cause: Cause) -> ErasedVolume {
    let began = header.state.erase.as_ref().map_or_else(now, |record| record.began);
    header.state.volume = VolumeState::Erasing;
    header.state.erase = Some(EraseRecord { cause, began, ended: 0, regions: Vec::new() });
    // An error here must not keep the key alive: the counters demand the erase anew, and the overwriting comes next.
    let _ = medium.write_state(header);
    let regions = overwrite_all(medium, header);
    let mut record = EraseRecord { cause, began, ended: now(), regions };
    if EraseReport::of(&record).is_verified() {
        header.state.volume = VolumeState::Erased;
    } else {
        record.ended = 0;
    }
    header.state.erase = Some(record);
    // If this fails the next open finds *erasing*, and erases again.
    let _ = medium.write_state(header);
    ErasedVolume::from_header(header)
}

/// Destroys single slots; the volume stays usable through the others.
///
/// # Errors
/// The state could not be written, or a slot could not be overwritten: it stays exhausted, and is due again.
pub(super) fn erase_slots(medium: &Medium, header: &mut Header, slots: &[usize]) -> Result<(), Error> {
    set_slots(header, slots, SlotState::Erasing);
    medium.write_state(header)?;
    for slot in slots {
        for (copy, _) in copies(header).into_iter().zip(&header.copies).filter(|(_, status)| status.is_ours()) {
            let target = Target::new(copy, SLOT_FIRST_BLOCK + slot, 1, RegionKind::Slots);
            if !is_verified(target.overwrite(medium).result) {
                let source = std::io::Error::other("the slot could not be overwritten");
                return Err(Error::Io { doing: "erasing a slot", offset: target.offset, source });
            }
        }
        header.slots[*slot] = SlotBlock::Empty;
    }
    set_slots(header, slots, SlotState::Erased);
    medium.write_state(header)
}

fn set_slots(header: &mut Header, slots: &[usize], state: SlotState) {
    for slot in slots {
        header.state.slots[*slot] = state;
    }
}

fn overwrite_all(medium: &Medium, header: &Header) -> Vec<Region> {
    let seal_blocks = usize::from(header.root.seal_blocks);
    let targets = copies(header).map(|copy| {
        [
            Target::new(copy, SEAL_FIRST_BLOCK, seal_blocks, RegionKind::Seal),
            Target::new(copy, SLOT_FIRST_BLOCK, SLOT_COUNT, RegionKind::Slots),
        ]
    });
    targets.as_flattened().iter().map(|target| target.overwrite(medium)).collect()
}

/// A run of blocks to be destroyed.
struct Target {
    offset: u64,
    blocks: usize,
    kind: RegionKind,
}

impl Target {
    fn new(copy: u64, first_block: usize, blocks: usize, kind: RegionKind) -> Self {
        Self { offset: block_offset(copy, first_block), blocks, kind }
    }

    fn overwrite(&self, medium: &Medium) -> Region {
        let mut noise = vec![0; self.blocks * BLOCK_LEN];
        // Without random bytes zeros have to do: the key must not live because a generator failed.
        let _ = fill_random(&mut noise);
        let result = self.write_and_verify(medium, &noise);
        let length = noise.len() as u64;
        let discarded = is_verified(result) && matches!(medium.storage().discard(self.offset, length), Ok(Discard::Done));
        Region { offset: self.offset, length, kind: self.kind, result, discarded }
    }

    fn write_and_verify(&self, medium: &Medium, noise: &[u8]) -> RegionResult {
        let mut written = true;
        for (index, block) in noise.chunks(BLOCK_LEN).enumerate() {
            // Block by block: one bad sector must not spare the others.
            written &= medium.write(block_offset(self.offset, index), block).is_ok();
        }
        if medium.flush().is_err() || !written {
            return RegionResult::NotWritten;
        }
        let mut found = vec![0; noise.len()];
        match medium.storage().read_back(self.offset, &mut found) {
            Err(_) => RegionResult::Unreadable,
            Ok(_) if found != noise => RegionResult::Mismatch,
            Ok(ReadBack::Medium) => RegionResult::VerifiedOnMedium,
            Ok(ReadBack::MaybeCached) => RegionResult::VerifiedInCache,
        }
    }
}

fn is_verified(result: RegionResult) -> bool {
    matches!(result, RegionResult::VerifiedOnMedium | RegionResult::VerifiedInCache)
}

/// Seconds since 1970 UTC, 0 if the clock stands before that. For records only: no decision depends on a clock.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
