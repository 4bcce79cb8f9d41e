//! The state block: locked, erasing or erased, and the report of the erase.

use super::block::{
    Block, Kind, VolumeId, check_frame, check_reserved, field, finish, framed, put, put_u64s,
    u8_at, u64_at, u64s_at,
};
use super::defect::Defect;
use super::layout::{SLOT_COUNT, Span};

const STATE: Span = Span::at(32, 1);
const CAUSE: Span = STATE.then(1);
const SLOT: Span = CAUSE.then(1);
const REGION_COUNT: Span = SLOT.then(1);
const BEGAN: Span = REGION_COUNT.skip(4, 8);
const ENDED: Span = BEGAN.then(8);
const SLOT_STATES: Span = ENDED.skip(8, SLOT_COUNT);
const REGIONS: Span = SLOT_STATES.then(REGION_LEN * MAX_REGIONS);
const ERASED_VERSIONS: Span = REGIONS.then(8 * SLOT_COUNT);
const FIELDS: [Span; 9] = [
    STATE,
    CAUSE,
    SLOT,
    REGION_COUNT,
    BEGAN,
    ENDED,
    SLOT_STATES,
    REGIONS,
    ERASED_VERSIONS,
];

const REGION_LEN: usize = 24;
const MAX_REGIONS: usize = 8;
const NO_SLOT: u8 = 255;

const _: () = assert!(
    BEGAN.start == 40
        && SLOT_STATES.start == 64
        && REGIONS.start == 96
        && REGIONS.end() == 288
        && ERASED_VERSIONS.end() == 544
);

/// Where the volume stands. Later states never go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumeState {
    /// At rest; can be unlocked.
    Locked = 1,
    /// The erase of the key has begun and has to be finished before anything else.
    Erasing = 2,
    /// The key is destroyed.
    Erased = 3,
}

/// Where one version of a slot stands. Later states never go back; a slot that is granted anew has
/// a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotState {
    /// Usable.
    InForce = 0,
    /// Its erase has begun.
    Erasing = 1,
    /// Overwritten.
    Erased = 2,
}

/// Why the key was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The last allowed attempt on this slot failed, or never reached its verdict.
    AttemptsExhausted {
        /// Index of the slot.
        slot: u8,
    },
    /// The owner or a program asked for it.
    Requested,
}

/// What a region of the erase report held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// The seal.
    Seal = 1,
    /// The key slots.
    Slots = 2,
}

/// What became of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionResult {
    /// The new bytes were read back from the medium, past all caches of the operating system.
    VerifiedOnMedium = 1,
    /// The new bytes were read back, but perhaps from a cache.
    VerifiedInCache = 2,
    /// Other bytes than the new ones were read back.
    Mismatch = 3,
    /// Written, but could not be read back.
    Unreadable = 4,
    /// Could not be written.
    NotWritten = 5,
}

/// One overwritten region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte, from the start of the storage.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// What it held.
    pub kind: RegionKind,
    /// What became of it.
    pub result: RegionResult,
    /// Whether the storage was told, and accepted, that the region is no longer needed.
    pub discarded: bool,
}

/// The erase as the volume records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseRecord {
    /// Why.
    pub cause: Cause,
    /// When it began, seconds since 1970 UTC; 0 unknown.
    pub began: u64,
    /// When it ended; 0 while it goes on.
    pub ended: u64,
    /// What was overwritten, at most 8 regions.
    pub regions: Vec<Region>,
}

/// The state of a volume and of its slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where the volume stands.
    pub volume: VolumeState,
    /// The erase, if one has begun. Present exactly in the states erasing and erased.
    pub erase: Option<EraseRecord>,
    /// Where each slot stands.
    pub slots: [SlotState; SLOT_COUNT],
    /// The version of each slot of which `slots` speaks. Later ones are in force.
    pub erased_versions: [u64; SLOT_COUNT],
}

impl State {
    /// The state of a new volume.
    #[must_use]
    pub fn locked() -> Self {
        Self {
            volume: VolumeState::Locked,
            erase: None,
            slots: [SlotState::InForce; SLOT_COUNT],
            erased_versions: [0; SLOT_COUNT],
        }
    }

    /// Where this version of a slot stands.
    #[must_use]
    pub fn of_slot(&self, slot: usize, version: u64) -> SlotState {
        if version > self.erased_versions[slot] {
            SlotState::InForce
        } else {
            self.slots[slot]
        }
    }

    /// Notes where this version of a slot stands.
    pub fn set_slot(&mut self, slot: usize, version: u64, state: SlotState) {
        (self.slots[slot], self.erased_versions[slot]) = (state, version);
    }

    /// Reads a state block.
    pub fn parse(block: &Block) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::State, 0)?;
        check_reserved(block, &FIELDS)?;
        let volume = match u8_at(block, STATE) {
            1 => VolumeState::Locked,
            2 => VolumeState::Erasing,
            3 => VolumeState::Erased,
            _ => return Err(Defect::State),
        };
        let mut slots = [SlotState::InForce; SLOT_COUNT];
        for (state, byte) in slots.iter_mut().zip(field(block, SLOT_STATES)) {
            *state = parse_slot_state(*byte)?;
        }
        let regions = parse_regions(block)?;
        let erase = parse_cause(block, volume)?.map(|cause| EraseRecord {
            cause,
            began: u64_at(block, BEGAN),
            ended: u64_at(block, ENDED),
            regions,
        });
        let state = Self {
            volume,
            erase,
            slots,
            erased_versions: u64s_at(block, ERASED_VERSIONS),
        };
        // A locked volume has no erase to record; times or regions there would be lost by encoding
        // again.
        if *state.encode(id) == *block {
            Ok((id, state))
        } else {
            Err(Defect::Report)
        }
    }

    /// Encodes the state.
    ///
    /// # Panics
    /// If the record has more than 8 regions.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::State, 0, id);
        block[STATE.start] = self.volume as u8;
        block[SLOT.start] = NO_SLOT;
        for (byte, state) in block[SLOT_STATES.start..].iter_mut().zip(self.slots) {
            *byte = state as u8;
        }
        put_u64s(&mut block, ERASED_VERSIONS, &self.erased_versions);
        if let Some(erase) = &self.erase {
            encode_erase(&mut block, erase);
        }
        finish(block)
    }

    /// Of two readings of one volume, what is furthest on in each.
    #[must_use]
    pub fn furthest(self, other: Self) -> Self {
        let stand = |state: &Self, slot: usize| (state.erased_versions[slot], state.slots[slot]);
        let stands: [_; SLOT_COUNT] =
            core::array::from_fn(|slot| stand(&self, slot).max(stand(&other, slot)));
        let ahead = if other.volume > self.volume {
            other
        } else {
            self
        };
        Self {
            slots: stands.map(|(_, state)| state),
            erased_versions: stands.map(|(version, _)| version),
            ..ahead
        }
    }
}

fn parse_slot_state(byte: u8) -> Result<SlotState, Defect> {
    match byte {
        0 => Ok(SlotState::InForce),
        1 => Ok(SlotState::Erasing),
        2 => Ok(SlotState::Erased),
        _ => Err(Defect::SlotState),
    }
}

fn parse_cause(block: &Block, volume: VolumeState) -> Result<Option<Cause>, Defect> {
    let slot = u8_at(block, SLOT);
    match (volume, u8_at(block, CAUSE)) {
        (VolumeState::Locked, 0) if slot == NO_SLOT => Ok(None),
        (VolumeState::Erasing | VolumeState::Erased, 1) if usize::from(slot) < SLOT_COUNT => {
            Ok(Some(Cause::AttemptsExhausted { slot }))
        }
        (VolumeState::Erasing | VolumeState::Erased, 2) if slot == NO_SLOT => {
            Ok(Some(Cause::Requested))
        }
        _ => Err(Defect::Cause),
    }
}

fn parse_regions(block: &Block) -> Result<Vec<Region>, Defect> {
    let count = usize::from(u8_at(block, REGION_COUNT));
    if count > MAX_REGIONS {
        return Err(Defect::Report);
    }
    (0..count)
        .map(|index| {
            parse_region(
                block,
                Span::at(REGIONS.start + REGION_LEN * index, REGION_LEN),
            )
        })
        .collect()
}

fn parse_region(block: &Block, place: Span) -> Result<Region, Defect> {
    let offset = u64_at(block, Span::at(place.start, 8));
    let length = u64_at(block, Span::at(place.start + 8, 8));
    if offset
        .checked_add(length)
        .is_none_or(|end| i64::try_from(end).is_err())
    {
        return Err(Defect::Report);
    }
    let kind = match block[place.start + 16] {
        1 => RegionKind::Seal,
        2 => RegionKind::Slots,
        _ => return Err(Defect::Report),
    };
    let result = match block[place.start + 17] {
        1 => RegionResult::VerifiedOnMedium,
        2 => RegionResult::VerifiedInCache,
        3 => RegionResult::Mismatch,
        4 => RegionResult::Unreadable,
        5 => RegionResult::NotWritten,
        _ => return Err(Defect::Report),
    };
    let discarded = match block[place.start + 18] {
        0 => false,
        1 => true,
        _ => return Err(Defect::Report),
    };
    Ok(Region {
        offset,
        length,
        kind,
        result,
        discarded,
    })
}

fn encode_erase(block: &mut Block, erase: &EraseRecord) {
    match erase.cause {
        Cause::AttemptsExhausted { slot } => (block[CAUSE.start], block[SLOT.start]) = (1, slot),
        Cause::Requested => block[CAUSE.start] = 2,
    }
    put(block, BEGAN, &erase.began.to_le_bytes());
    put(block, ENDED, &erase.ended.to_le_bytes());
    assert!(
        erase.regions.len() <= MAX_REGIONS,
        "an erase report has room for 8 regions"
    );
    block[REGION_COUNT.start] = erase.regions.len().to_le_bytes()[0];
    for (index, region) in erase.regions.iter().enumerate() {
        let start = REGIONS.start + REGION_LEN * index;
        put(block, Span::at(start, 8), &region.offset.to_le_bytes());
        put(block, Span::at(start + 8, 8), &region.length.to_le_bytes());
        block[start + 16] = region.kind as u8;
        block[start + 17] = region.result as u8;
        block[start + 18] = u8::from(region.discarded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([9; 16])
    }

    fn erased() -> State {
        let region = Region {
            offset: 32 << 10,
            length: 128 << 10,
            kind: RegionKind::Slots,
            result: RegionResult::VerifiedInCache,
            discarded: true,
        };
        let erase = EraseRecord {
            cause: Cause::AttemptsExhausted { slot: 31 },
            began: 10,
            ended: 20,
            regions: vec![region; 8],
        };
        let mut state = State {
            volume: VolumeState::Erased,
            erase: Some(erase),
            ..State::locked()
        };
        state.slots[4] = SlotState::Erased;
        state
    }

    fn with(state: &State, offset: usize, byte: u8) -> Result<State, Defect> {
        let mut block = state.encode(id());
        block[offset] = byte;
        State::parse(&finish(block)).map(|(_, state)| state)
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        let requested = EraseRecord {
            cause: Cause::Requested,
            began: 1,
            ended: 0,
            regions: vec![],
        };
        let erasing = State {
            volume: VolumeState::Erasing,
            erase: Some(requested),
            ..State::locked()
        };
        for state in [State::locked(), erasing, erased()] {
            assert_eq!(State::parse(&state.encode(id())), Ok((id(), state)));
        }
    }

    #[test]
    fn f30_f31_f32_unknown_states_and_causes_are_refused() {
        assert_eq!(with(&State::locked(), 32, 0), Err(Defect::State));
        assert_eq!(with(&State::locked(), 32, 4), Err(Defect::State));
        assert_eq!(with(&State::locked(), 33, 2), Err(Defect::Cause));
        assert_eq!(with(&State::locked(), 34, 0), Err(Defect::Cause));
        assert_eq!(with(&erased(), 33, 0), Err(Defect::Cause));
        assert_eq!(with(&erased(), 34, 32), Err(Defect::Cause));
        assert_eq!(with(&State::locked(), 64, 3), Err(Defect::SlotState));
    }

    #[test]
    fn f33_a_malformed_report_is_refused() {
        assert_eq!(with(&erased(), 35, 9), Err(Defect::Report));
        assert_eq!(
            with(&erased(), 35, 7),
            Err(Defect::Report),
            "a region behind the last one"
        );
        assert_eq!(
            with(&erased(), 96 + 7, 0x80),
            Err(Defect::Report),
            "region past 2^63"
        );
        for (offset, byte) in [(16, 0), (16, 3), (17, 0), (17, 6), (18, 2), (19, 1)] {
            assert_eq!(
                with(&erased(), 96 + offset, byte),
                Err(Defect::Report),
                "region byte {offset}"
            );
        }
        assert_eq!(
            with(&State::locked(), 40, 1),
            Err(Defect::Report),
            "a time of erase in a locked volume"
        );
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        for offset in [36, 56, 544, 4063] {
            assert_eq!(
                with(&State::locked(), offset, 1),
                Err(Defect::Reserved { offset })
            );
        }
    }

    #[test]
    fn the_erase_of_a_slot_is_about_one_version_and_later_ones_are_in_force() {
        let mut old = State::locked();
        old.set_slot(3, 5, SlotState::Erased);
        assert_eq!(
            [5, 6].map(|version| old.of_slot(3, version)),
            [SlotState::Erased, SlotState::InForce]
        );
        let mut later = State::locked();
        later.set_slot(3, 6, SlotState::Erasing);
        for merged in [old.clone().furthest(later.clone()), later.furthest(old)] {
            assert_eq!(merged.of_slot(3, 6), SlotState::Erasing);
        }
    }

    #[test]
    fn the_state_furthest_on_wins_whichever_copy_has_it() {
        let mut locked = State::locked();
        locked.slots[7] = SlotState::Erasing;
        for merged in [erased().furthest(locked.clone()), locked.furthest(erased())] {
            assert_eq!(merged.volume, VolumeState::Erased);
            assert_eq!(
                (merged.slots[4], merged.slots[7]),
                (SlotState::Erased, SlotState::Erasing)
            );
            assert!(merged.erase.is_some());
        }
    }
}
