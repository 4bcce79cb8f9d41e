//! One header copy, block by block: what is there, and what is wrong with it.

use super::block::{Block, VolumeId, checksum_field};
use super::counters::Counters;
use super::defect::Defect;
use super::label::Label;
use super::layout::{
    BLOCK_LEN, COUNTERS_BLOCK, LABEL_BLOCK, LOG_BLOCKS, LOG_FIRST_BLOCK, MAX_SEAL_BLOCKS,
    POLICY_BLOCK, ROOT_BLOCK, SEAL_FIRST_BLOCK, SLOT_COUNT, SLOT_FIRST_BLOCK, STATE_BLOCK,
    USED_BLOCKS,
};
use super::log::LogBlock;
use super::policy::Policy;
use super::root::Root;
use super::seal::Seal;
use super::slot::SlotBlock;
use super::state::State;

/// A block that was read, with its checksum field, or what is wrong with it.
pub(super) type Checked<T> = Result<Valid<T>, Defect>;

/// A valid block.
#[derive(Clone, Debug)]
pub(super) struct Valid<T> {
    pub(super) id: VolumeId,
    pub(super) sum: [u8; 32],
    pub(super) value: T,
}

/// The blocks of one header copy, each checked by itself. Which of them count is decided by
/// [`Header::choose`](super::header::Header::choose).
pub struct HeaderCopy {
    pub(super) root: Checked<Root>,
    pub(super) state: Checked<State>,
    pub(super) counters: Checked<Counters>,
    pub(super) policy: Checked<Policy>,
    pub(super) label: Checked<Label>,
    pub(super) slots: Vec<Checked<SlotBlock>>,
    pub(super) log: Vec<Checked<LogBlock>>,
    pub(super) seal: Vec<Checked<Box<Block>>>,
}

impl HeaderCopy {
    /// Reads a copy from its first [`USED_BLOCKS`] blocks; `None` stands for a block that the
    /// storage could not read, as do missing blocks.
    #[must_use]
    pub fn parse(blocks: &[Option<Box<Block>>]) -> Self {
        let at = |index: usize| {
            blocks
                .get(index)
                .and_then(Option::as_deref)
                .ok_or(Defect::Unreadable)
        };
        Self {
            root: at(ROOT_BLOCK)
                .and_then(|block| Root::parse(block).map(|root| valid(block, root.id, root))),
            state: at(STATE_BLOCK)
                .and_then(|block| State::parse(block).map(|(id, state)| valid(block, id, state))),
            counters: at(COUNTERS_BLOCK).and_then(|block| {
                Counters::parse(block).map(|(id, counters)| valid(block, id, counters))
            }),
            policy: at(POLICY_BLOCK).and_then(|block| {
                Policy::parse(block).map(|(id, policy)| valid(block, id, policy))
            }),
            label: at(LABEL_BLOCK)
                .and_then(|block| Label::parse(block).map(|(id, label)| valid(block, id, label))),
            slots: indexed(SLOT_COUNT)
                .map(|(slot, index)| {
                    let block = at(SLOT_FIRST_BLOCK + slot)?;
                    SlotBlock::parse(block, index).map(|(id, slot)| valid(block, id, slot))
                })
                .collect(),
            log: indexed(LOG_BLOCKS)
                .map(|(place, index)| {
                    let block = at(LOG_FIRST_BLOCK + place)?;
                    LogBlock::parse(block, index).map(|(id, log)| valid(block, id, log))
                })
                .collect(),
            seal: indexed(MAX_SEAL_BLOCKS)
                .map(|(place, index)| {
                    let block = at(SEAL_FIRST_BLOCK + place)?;
                    Seal::check(block, index).map(|id| valid(block, id, Box::new(*block)))
                })
                .collect(),
        }
    }

    /// Reads a copy from its bytes as far as they go.
    #[must_use]
    pub(super) fn parse_bytes(bytes: &[u8]) -> Self {
        let (blocks, _) = bytes.as_chunks::<BLOCK_LEN>();
        let blocks: Vec<_> = blocks.iter().map(|block| Some(Box::new(*block))).collect();
        Self::parse(&blocks)
    }

    /// The root, or what is wrong with it.
    pub fn root(&self) -> Result<&Root, Defect> {
        self.root
            .as_ref()
            .map(|valid| &valid.value)
            .map_err(|defect| *defect)
    }

    /// Whether any block is valid and carries this volume id.
    #[must_use]
    pub fn has_blocks_of(&self, id: VolumeId) -> bool {
        self.ids().any(|found| found == id)
    }

    /// A volume other than this one that a valid block is of.
    pub(super) fn other_than(&self, id: VolumeId) -> Option<VolumeId> {
        self.ids().find(|found| *found != id)
    }

    /// The block of the seal with this number, if it is valid and of this volume.
    #[must_use]
    pub fn seal_block(&self, id: VolumeId, index: usize) -> Option<&Block> {
        let block = self.seal.get(index)?.as_ref().ok()?;
        (block.id == id).then_some(&*block.value)
    }

    /// The volume of the first valid block.
    #[must_use]
    pub fn any_id(&self) -> Option<VolumeId> {
        self.ids().next()
    }

    /// Whether any block of slots or seal is valid and of this volume.
    pub(super) fn has_keys_of(&self, id: VolumeId) -> bool {
        self.slots.iter().any(|slot| defect(slot, id).is_none())
            || self.seal.iter().any(|block| defect(block, id).is_none())
    }

    /// Whether there is a root of this volume, and blocks of slots and seal could all be read and
    /// none of them is valid.
    pub(super) fn is_without_keys(&self, id: VolumeId) -> bool {
        fn gone<T>(checked: &Checked<T>) -> bool {
            checked
                .as_ref()
                .is_err_and(|defect| *defect != Defect::Unreadable)
        }
        defect(&self.root, id).is_none()
            && self.slots.iter().all(gone)
            && self.seal.iter().all(gone)
    }

    /// The defects of the blocks that `id`'s volume needs in this copy, by block number.
    #[must_use]
    pub fn defects(&self, id: VolumeId, seal_blocks: u16) -> Vec<(usize, Defect)> {
        let single = [
            (ROOT_BLOCK, defect(&self.root, id)),
            (STATE_BLOCK, defect(&self.state, id)),
            (COUNTERS_BLOCK, defect(&self.counters, id)),
            (POLICY_BLOCK, defect(&self.policy, id)),
            (LABEL_BLOCK, defect(&self.label, id)),
        ];
        let slots = (SLOT_FIRST_BLOCK..).zip(self.slots.iter().map(|slot| defect(slot, id)));
        let log = (LOG_FIRST_BLOCK..).zip(self.log.iter().map(|block| defect(block, id)));
        let seal = (SEAL_FIRST_BLOCK..).zip(
            self.seal
                .iter()
                .take(usize::from(seal_blocks))
                .map(|block| defect(block, id)),
        );
        single
            .into_iter()
            .chain(slots)
            .chain(log)
            .chain(seal)
            .filter_map(|(block, defect)| Some((block, defect?)))
            .collect()
    }

    fn ids(&self) -> impl Iterator<Item = VolumeId> {
        fn id<T>(checked: &Checked<T>) -> Option<VolumeId> {
            checked.as_ref().ok().map(|valid| valid.id)
        }
        let single = [
            id(&self.root),
            id(&self.state),
            id(&self.counters),
            id(&self.policy),
            id(&self.label),
        ];
        single
            .into_iter()
            .chain(self.slots.iter().map(id))
            .chain(self.log.iter().map(id))
            .chain(self.seal.iter().map(id))
            .flatten()
    }
}

const _: () = assert!(USED_BLOCKS * BLOCK_LEN == 512 << 10);

fn valid<T>(block: &Block, id: VolumeId, value: T) -> Valid<T> {
    Valid {
        id,
        sum: checksum_field(block),
        value,
    }
}

fn defect<T>(checked: &Checked<T>, id: VolumeId) -> Option<Defect> {
    match checked {
        Ok(valid) if valid.id == id => None,
        Ok(_) => Some(Defect::VolumeId),
        Err(defect) => Some(*defect),
    }
}

/// Positions `0..count` as they are used in memory and in the index field.
fn indexed(count: usize) -> impl Iterator<Item = (usize, u16)> {
    (0..count).zip(0u16..)
}
