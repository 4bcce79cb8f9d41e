//! What is left of one volume in two header copies, whether or not they give a header.

use super::block::{Block, VolumeId};
use super::copy::HeaderCopy;
use super::counters::Counters;
use super::defect::Defect;
use super::header::pick;
use super::layout::LOG_BLOCKS;
use super::log::LogBlock;
use super::root::Root;
use super::seal::Seal;
use super::state::{State, VolumeState};

/// What is left of a volume in two header copies.
pub struct Remains {
    /// Whether any block is valid and of the volume.
    pub found: bool,
    /// Another volume that a valid block is of.
    pub other: Option<VolumeId>,
    /// A root of a format that this software does not know.
    pub newer: Option<Defect>,
    /// The valid roots.
    pub roots: Vec<Root>,
    /// The state that is furthest on.
    pub state: Option<State>,
    /// The stricter counters.
    pub counters: Option<Counters>,
    /// The event log.
    pub log: Vec<LogBlock>,
    /// The valid blocks of the seal, by number.
    seal: Vec<(usize, Box<Block>)>,
    without_keys: bool,
}

impl Remains {
    /// Looks for what is left of the volume `id` in copy A and copy B.
    #[must_use]
    pub fn of(both: [&HeaderCopy; 2], id: VolumeId) -> Self {
        let log_blocks =
            (0..LOG_BLOCKS).flat_map(|index| pick(both, id, move |copy| &copy.log[index]));
        let states = pick(both, id, |copy| &copy.state).map(|state| state.value.clone());
        let counters = pick(both, id, |copy| &copy.counters).map(|counters| counters.value);
        let seal = (0..both[0].seal.len()).flat_map(|index| {
            let blocks = pick(both, id, move |copy| &copy.seal[index]);
            blocks.map(move |block| (index, block.value.clone()))
        });
        Self {
            found: both.iter().any(|copy| copy.has_blocks_of(id)),
            other: both.iter().find_map(|copy| copy.other_than(id)),
            newer: both
                .iter()
                .filter_map(|copy| copy.root().err())
                .find(|defect| defect.is_newer()),
            roots: pick(both, id, |copy| &copy.root)
                .map(|root| root.value.clone())
                .collect(),
            state: states.reduce(State::furthest),
            counters: counters.reduce(Counters::stricter),
            log: log_blocks.map(|block| block.value.clone()).collect(),
            seal: seal.collect(),
            without_keys: both.iter().any(|copy| copy.is_without_keys(id))
                && !both.iter().any(|copy| copy.has_keys_of(id)),
        }
    }

    /// Whether an erase of the volume has begun: the state says so, or there is a readable copy
    /// with a root and without a single block of slots and seal, which no accident leaves.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        let says_so = |state: &State| state.volume != VolumeState::Locked;
        self.state.as_ref().is_some_and(says_so) || self.without_keys
    }

    /// Whether no block of the seal is another than the one in `seal`. A seal never changes.
    #[must_use]
    pub fn agrees_with(&self, seal: &Seal) -> bool {
        self.seal.iter().all(|(index, block)| {
            seal.blocks()
                .get(*index)
                .is_none_or(|expected| expected == block)
        })
    }
}
