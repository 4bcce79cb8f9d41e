//! Destroying the key (format page §6.4), and the state after it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::attempt::slot_state;
use super::event::EventKind;
use super::info::Info;
use super::log;
use super::medium::{Medium, block_offset, copies};
use super::options::Origin;
use crate::crypto::fill_random;
use crate::format::{
    BLOCK_LEN, Cause, EraseRecord, Header, Region, RegionKind, RegionResult, SEAL_FIRST_BLOCK,
    SLOT_COUNT, SLOT_FIRST_BLOCK, SlotBlock, SlotState, USED_LEN, VolumeId, VolumeState,
};
use crate::storage::{Discard, ReadBack};

/// What was erased, when, why, and what was verified.
///
/// Software sees what the storage shows: flash may keep old copies of overwritten blocks, and a
/// copy of the medium or a header backup made before is untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EraseReport {
    /// Which volume.
    pub volume: VolumeId,
    /// Why.
    pub cause: Cause,
    /// When it began, seconds since 1970 UTC by the clock of this machine; 0 unknown.
    pub began: u64,
    /// When the key was found destroyed; 0 if it has not been.
    pub ended: u64,
    /// What was overwritten: slots and seal of both header copies.
    pub regions: Vec<Region>,
    /// How many backups of the header were taken. The erase does not reach them: with any of them,
    /// a credential and the payload, the data can still be read.
    pub backups: u32,
}

impl EraseReport {
    /// Whether the key is destroyed: of at least one block of the seal both copies were overwritten
    /// and read back, or of every slot.
    ///
    /// If false, the erase is tried again by the next open that can write, before anything else;
    /// nothing is unlocked in between.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.ended > 0
    }

    fn of(volume: VolumeId, backups: u32, record: &EraseRecord) -> Self {
        let EraseRecord {
            cause,
            began,
            ended,
            regions,
        } = record.clone();
        Self {
            volume,
            cause,
            began,
            ended,
            regions,
            backups,
        }
    }

    fn fmt_verified(&self, f: &mut fmt::Formatter<'_>, cause: &str) -> fmt::Result {
        write!(f, "the key of this volume was erased {cause}; ")?;
        match self.backups {
            0 => write!(
                f,
                "its data cannot be read by anybody any more; the medium can be overwritten with a new volume"
            ),
            backups => write!(
                f,
                "but {backups} backup(s) of its header were taken: whoever has one and a credential may still open the volume or a copy of it; destroy the backups, or overwrite the whole medium"
            ),
        }
    }
}

impl fmt::Display for EraseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self.cause {
            Cause::AttemptsExhausted { .. } => "after too many failed attempts",
            Cause::Requested => "on request",
        };
        if self.is_verified() {
            self.fmt_verified(f, cause)
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
        let unknown = EraseRecord {
            cause: Cause::Requested,
            began: 0,
            ended: 0,
            regions: Vec::new(),
        };
        let report = EraseReport::of(
            header.root.id,
            header.root.backups,
            header.state.erase.as_ref().unwrap_or(&unknown),
        );
        Self {
            report,
            info: Box::new(Info::of(header)),
        }
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

/// What an erase overwrites where something else has overwritten a header copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// That too: the owner of the medium asked for the erase.
    Everything,
    /// Not that: an erase that is due by itself must not destroy somebody's new file system, in which
    /// nothing of the key is left.
    OurCopies,
}

/// Destroys the key. Never stops half way: what cannot be written is in the report, and the state
/// stays *erasing* until a later open has destroyed it.
pub(super) fn erase_volume(
    medium: &Medium,
    header: &mut Header,
    cause: Cause,
    scope: Scope,
) -> ErasedVolume {
    let began = header
        .state
        .erase
        .as_ref()
        .map_or_else(now, |record| record.began);
    header.state.volume = VolumeState::Erasing;
    header.state.erase = Some(EraseRecord {
        cause,
        began,
        ended: 0,
        regions: Vec::new(),
    });
    // An error here must not keep the key alive: the counters demand the erase anew, and the
    // overwriting comes next.
    let _ = medium.write_state(header);
    let (regions, destroyed) = overwrite_all(medium, header, scope);
    // A clock before 1970 must not make an erase look unfinished.
    let ended = if destroyed { now().max(1) } else { 0 };
    if destroyed {
        header.state.volume = VolumeState::Erased;
    }
    header.state.erase = Some(EraseRecord {
        cause,
        began,
        ended,
        regions,
    });
    // If this fails the next open finds *erasing*, and erases again.
    let _ = medium.write_state(header);
    ErasedVolume::from_header(header)
}

/// Destroys single slots; the volume stays usable through the others.
///
/// A slot that cannot be overwritten, or whose state cannot be written, is gone for this process
/// and due again at the next open: one bad sector in a user's slot must not lock everybody out.
pub(super) fn erase_slots(medium: &Medium, header: &mut Header, slots: &[usize]) {
    // A slot that cannot be overwritten is due at every open, and must not flood the log.
    let news = slots
        .iter()
        .any(|slot| slot_state(header, *slot) == SlotState::InForce);
    for slot in slots {
        set_state(header, *slot, SlotState::Erasing);
        header.slots[*slot] = SlotBlock::Empty;
    }
    if medium.write_state(header).is_err() {
        // Overwritten without its mark, the slot would look like damage to the whole header.
        return;
    }
    for slot in slots {
        let ours = copies(header)
            .into_iter()
            .zip(&header.copies)
            .filter(|(_, status)| status.is_ours());
        let targets =
            ours.map(|(copy, _)| Target::new(copy, SLOT_FIRST_BLOCK + slot, 1, RegionKind::Slots));
        // Collected first: each copy is overwritten even where the other one fails.
        let outcomes: Vec<Outcome> = targets.map(|target| target.overwrite(medium)).collect();
        if outcomes
            .iter()
            .all(|outcome| outcome.gone.iter().all(|gone| *gone))
        {
            set_state(header, *slot, SlotState::Erased);
        }
    }
    let _ = medium.write_state(header);
    if news {
        let event = Origin::default()
            .event(EventKind::SlotErased)
            .with_slots(slots.iter().copied());
        log::record(medium, header, &event);
    }
}

fn set_state(header: &mut Header, slot: usize, state: SlotState) {
    let version = header.root.slot_versions[slot];
    header.state.set_slot(slot, version, state);
}

/// Overwrites seal and slots of both copies. Says what became of each region, and whether the key
/// is destroyed.
fn overwrite_all(medium: &Medium, header: &Header, scope: Scope) -> (Vec<Region>, bool) {
    let seal_blocks = usize::from(header.root.seal_blocks);
    let spared =
        [0, 1].map(|copy| scope == Scope::OurCopies && is_somebody_elses(medium, header, copy));
    let overwrite = |kind, first_block, blocks| {
        [0, 1].map(|copy| {
            if spared[copy] {
                return Outcome::nothing_there(blocks);
            }
            Target::new(copies(header)[copy], first_block, blocks, kind).overwrite(medium)
        })
    };
    let seal = overwrite(RegionKind::Seal, SEAL_FIRST_BLOCK, seal_blocks);
    let slots = overwrite(RegionKind::Slots, SLOT_FIRST_BLOCK, SLOT_COUNT);
    let destroyed = in_both(&seal).any(|gone| gone) || in_both(&slots).all(|gone| gone);
    let by_copy = [&seal[0], &slots[0], &seal[1], &slots[1]];
    let regions = by_copy.into_iter().filter_map(|outcome| outcome.region);
    (regions.collect(), destroyed)
}

/// Whether a copy was overwritten by something else to the last block, as far as can be told: what
/// cannot be read may be a slot.
fn is_somebody_elses(medium: &Medium, header: &Header, copy: usize) -> bool {
    let mut bytes = vec![0; USED_LEN];
    !header.copies[copy].is_ours() && medium.read(copies(header)[copy], &mut bytes).is_ok()
}

/// For each block of a region, whether it was overwritten in both copies.
fn in_both([a, b]: &[Outcome; 2]) -> impl Iterator<Item = bool> {
    a.gone.iter().zip(&b.gone).map(|(a, b)| *a && *b)
}

impl Outcome {
    /// Of so many blocks, all of which are somebody else's.
    fn nothing_there(blocks: usize) -> Self {
        Self {
            region: None,
            gone: vec![true; blocks],
        }
    }
}

/// A run of blocks to be destroyed.
struct Target {
    offset: u64,
    blocks: usize,
    kind: RegionKind,
}

/// What became of a target.
struct Outcome {
    /// `None` where nothing was to be destroyed.
    region: Option<Region>,
    /// For each block, whether the new bytes were read back.
    gone: Vec<bool>,
}

impl Target {
    fn new(copy: u64, first_block: usize, blocks: usize, kind: RegionKind) -> Self {
        Self {
            offset: block_offset(copy, first_block),
            blocks,
            kind,
        }
    }

    fn overwrite(&self, medium: &Medium) -> Outcome {
        let mut noise = vec![0; self.blocks * BLOCK_LEN];
        // Without random bytes zeros have to do: the key must not live because a generator failed.
        let _ = fill_random(&mut noise);
        let results = self.write_and_verify(medium, &noise);
        let result = results
            .iter()
            .copied()
            .max_by_key(|result| *result as u8)
            .unwrap_or(RegionResult::NotWritten);
        let length = noise.len() as u64;
        let discarded = is_verified(result)
            && matches!(
                medium.storage().discard(self.offset, length),
                Ok(Discard::Done)
            );
        let region = Region {
            offset: self.offset,
            length,
            kind: self.kind,
            result,
            discarded,
        };
        Outcome {
            region: Some(region),
            gone: results.into_iter().map(is_verified).collect(),
        }
    }

    /// Block by block: one bad sector must not spare the others.
    fn write_and_verify(&self, medium: &Medium, noise: &[u8]) -> Vec<RegionResult> {
        let blocks = || {
            noise
                .chunks(BLOCK_LEN)
                .zip(0..)
                .map(|(block, index)| (block_offset(self.offset, index), block))
        };
        let written: Vec<bool> = blocks()
            .map(|(offset, block)| medium.write(offset, block).is_ok())
            .collect();
        let flushed = medium.flush().is_ok();
        let verify = |((offset, block), written): ((u64, &[u8]), bool)| {
            if flushed && written {
                read_back(medium, offset, block)
            } else {
                RegionResult::NotWritten
            }
        };
        blocks().zip(written).map(verify).collect()
    }
}

fn read_back(medium: &Medium, offset: u64, block: &[u8]) -> RegionResult {
    let mut found = [0; BLOCK_LEN];
    match medium.storage().read_back(offset, &mut found) {
        Err(_) => RegionResult::Unreadable,
        Ok(_) if found != block => RegionResult::Mismatch,
        Ok(ReadBack::Medium) => RegionResult::VerifiedOnMedium,
        Ok(ReadBack::MaybeCached) => RegionResult::VerifiedInCache,
    }
}

fn is_verified(result: RegionResult) -> bool {
    matches!(
        result,
        RegionResult::VerifiedOnMedium | RegionResult::VerifiedInCache
    )
}

/// Seconds since 1970 UTC, 0 if the clock stands before that. For records only: no decision depends
/// on a clock.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
