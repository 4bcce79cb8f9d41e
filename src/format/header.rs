//! Which blocks of the two header copies count (format page §5).

use super::block::{Block, VolumeId, checksum_field};
use super::copy::{Checked, HeaderCopy, Valid};
use super::counters::Counters;
use super::defect::Defect;
use super::factor::{Factor, PassphraseFactor};
use super::label::Label;
use super::layout::{LOG_BLOCKS, LOG_FIRST_BLOCK, SLOT_COUNT, USED_BLOCKS};
use super::log::{Log, LogBlock};
use super::policy::Policy;
use super::root::Root;
use super::seal::Seal;
use super::slot::SlotBlock;
use super::state::{SlotState, State, VolumeState};

/// Most different key derivations that one attempt may cost.
const MAX_KDF_SETTINGS: usize = 4;

/// The header that counts, put together from both copies.
#[derive(Clone)]
pub struct Header {
    /// The root of the newest complete generation.
    pub root: Root,
    /// Its policy.
    pub policy: Policy,
    /// Its label.
    pub label: Label,
    /// Its slots; a slot that was erased by itself is empty.
    pub slots: [SlotBlock; SLOT_COUNT],
    /// The event log as far as it can be read.
    pub log: Log,
    /// The seal; `None` once an erase has begun.
    pub seal: Option<Seal>,
    /// The state that is furthest on.
    pub state: State,
    /// The stricter counters; one attempt is left where neither copy has valid ones.
    pub counters: Counters,
    /// What copy A and copy B are like.
    pub copies: [CopyStatus; 2],
}

/// What one header copy is like, seen from the header that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyStatus {
    /// Every block is valid and of the current generation.
    Whole,
    /// Ours, but these blocks (by number) are damaged or of another generation: repaired after the
    /// next unlock.
    Damaged(Vec<(usize, Defect)>),
    /// Nothing of this volume is there: something else has overwritten it. Repaired only when asked
    /// for.
    Foreign(Defect),
}

impl CopyStatus {
    /// Whether the copy can be written without being asked to: it is this volume's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !matches!(self, Self::Foreign(_))
    }

    /// Whether a change of the header can fall back on this copy: at most blocks of the event log
    /// are damaged.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        let of_the_log = |(block, _): &(usize, Defect)| {
            (LOG_FIRST_BLOCK..LOG_FIRST_BLOCK + LOG_BLOCKS).contains(block)
        };
        match self {
            Self::Whole => true,
            Self::Damaged(defects) => defects.iter().all(of_the_log),
            Self::Foreign(_) => false,
        }
    }
}

/// Why no header counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// Neither copy has anything of a volume.
    NotAVolume,
    /// Made by a newer version of the format.
    Newer(Defect),
    /// There was a volume, and this is wrong with it.
    Damaged(Defect),
}

impl Header {
    /// Puts the header together from copy A and copy B.
    pub fn choose(a: &HeaderCopy, b: &HeaderCopy) -> Result<Self, HeaderError> {
        let both = [a, b];
        match both.map(HeaderCopy::root) {
            // A strange root in one copy, incomplete, must not hide the volume in the other.
            [Ok(a), Ok(b)] if a.id != b.id => {
                match [a.id, b.id].map(|id| Self::of_volume(both, id)) {
                    [Ok(_), Ok(_)] => Err(Defect::Contradiction),
                    [Ok(header), Err(_)] | [Err(_), Ok(header)] => Ok(header),
                    [Err(defect), Err(_)] => Err(defect),
                }
            }
            [Ok(root), _] | [_, Ok(root)] => Self::of_volume(both, root.id),
            [Err(a), Err(b)] => return Err(no_root([a, b])),
        }
        .map_err(HeaderError::Damaged)
    }

    /// The header of the volume with this id, of which there is a valid root.
    fn of_volume(both: [&HeaderCopy; 2], id: VolumeId) -> Result<Self, Defect> {
        let states = pick(both, id, |copy| &copy.state).map(|state| state.value.clone());
        let state = states.reduce(State::furthest).unwrap_or_else(State::locked);
        let parts = Parts {
            both,
            id,
            state: &state,
        };
        let (root, policy, label, slots) = parts.newest_generation()?;
        check_kdf_variety(&slots)?;
        let locked = state.volume == VolumeState::Locked;
        let seal = if locked {
            Some(parts.seal(root.value.seal_blocks)?)
        } else {
            None
        };
        let counters = pick(both, id, |copy| &copy.counters).map(|counters| counters.value);
        let counters = counters
            .reduce(Counters::stricter)
            .unwrap_or_else(|| Counters::one_attempt_left(&root.value, &policy));
        let log_blocks =
            (0..LOG_BLOCKS).flat_map(|index| pick(both, id, move |copy| &copy.log[index]));
        let log = Log::merge(id, &policy.log_head, log_blocks.map(|block| &block.value));
        let copies = both.map(|copy| parts.status(copy, root, &log));
        Ok(Self {
            root: root.value.clone(),
            policy,
            label,
            slots,
            log,
            seal,
            state,
            counters,
            copies,
        })
    }

    /// Whether a reader would accept this header, before it is written.
    pub fn check(&self) -> Result<(), Defect> {
        let mut blocks = vec![None; USED_BLOCKS];
        for (index, block) in self.encode() {
            blocks[index] = Some(block);
        }
        let copy = HeaderCopy::parse(&blocks);
        Self::of_volume([&copy, &copy], self.root.id).map(|_| ())
    }

    /// The raw blocks of a copy by number: root, policy, label, slots, state, counters, event log,
    /// seal (while there is one).
    #[must_use]
    pub fn encode(&self) -> Vec<(usize, Box<Block>)> {
        use super::layout::{COUNTERS_BLOCK, SEAL_FIRST_BLOCK, STATE_BLOCK};
        let id = self.root.id;
        let mut blocks = self.encode_generation();
        blocks.push((STATE_BLOCK, self.state.encode(id)));
        blocks.push((COUNTERS_BLOCK, self.counters.encode(id)));
        let log = (0..LOG_BLOCKS).map(|number| self.log.encode_block(id, number));
        blocks.extend((LOG_FIRST_BLOCK..).zip(log));
        let seal = self.seal.iter().flat_map(Seal::blocks);
        blocks.extend((SEAL_FIRST_BLOCK..).zip(seal.cloned()));
        blocks
    }

    /// The raw blocks that make up a generation: root, policy, label, slots.
    #[must_use]
    pub fn encode_generation(&self) -> Vec<(usize, Box<Block>)> {
        use super::layout::{LABEL_BLOCK, POLICY_BLOCK, ROOT_BLOCK, SLOT_FIRST_BLOCK};
        let id = self.root.id;
        let mut blocks = vec![
            (ROOT_BLOCK, self.root.encode()),
            (POLICY_BLOCK, self.policy.encode(id)),
            (LABEL_BLOCK, self.label.encode(id)),
        ];
        let slots = self
            .slots
            .iter()
            .zip(0u16..)
            .map(|(slot, index)| slot.encode(id, index));
        blocks.extend((SLOT_FIRST_BLOCK..).zip(slots));
        blocks
    }

    /// Makes the root name the policy, label and slots as they are now. The MAC is the caller's to
    /// renew.
    pub fn renew_sums(&mut self) {
        let id = self.root.id;
        self.root.policy_sum = checksum_field(&self.policy.encode(id));
        self.root.label_sum = checksum_field(&self.label.encode(id));
        for ((sum, slot), index) in self.root.slot_sums.iter_mut().zip(&self.slots).zip(0u16..) {
            *sum = checksum_field(&slot.encode(id, index));
        }
    }
}

/// The blocks of both copies that belong to one volume.
struct Parts<'a> {
    both: [&'a HeaderCopy; 2],
    id: VolumeId,
    state: &'a State,
}

type Generation<'a> = (&'a Valid<Root>, Policy, Label, [SlotBlock; SLOT_COUNT]);

impl<'a> Parts<'a> {
    fn newest_generation(&self) -> Result<Generation<'a>, Defect> {
        let mut complete: Vec<Generation<'a>> = pick(self.both, self.id, |copy| &copy.root)
            .filter_map(|root| self.complete(root))
            .collect();
        complete.sort_by_key(|(root, ..)| core::cmp::Reverse(root.value.generation));
        if let [(first, ..), (second, ..)] = complete.as_slice()
            && first.value.generation == second.value.generation
            && first.sum != second.sum
        {
            return Err(Defect::Contradiction);
        }
        complete.into_iter().next().ok_or(Defect::Incomplete)
    }

    /// The blocks that `root` names, if all are there.
    fn complete(&self, root: &'a Valid<Root>) -> Option<Generation<'a>> {
        let policy = self
            .find(&root.value.policy_sum, |copy| &copy.policy)?
            .clone();
        let label = self
            .find(&root.value.label_sum, |copy| &copy.label)?
            .clone();
        let mut slots = [const { SlotBlock::Empty }; SLOT_COUNT];
        for (index, slot) in slots.iter_mut().enumerate() {
            if self.slot_counts(&root.value, index) {
                *slot = self.find_slot(index, &root.value.slot_sums[index])?;
            }
        }
        Some((root, policy, label, slots))
    }

    /// The slot block with this checksum field. That of an empty slot is known without the block.
    fn find_slot(&self, index: usize, sum: &[u8; 32]) -> Option<SlotBlock> {
        let found = self.find(sum, |copy| &copy.slots[index]).cloned();
        let number = u16::try_from(index).unwrap_or(u16::MAX);
        found.or_else(|| {
            (checksum_field(&SlotBlock::Empty.encode(self.id, number)) == *sum)
                .then_some(SlotBlock::Empty)
        })
    }

    fn slot_counts(&self, root: &Root, index: usize) -> bool {
        self.state.volume == VolumeState::Locked
            && self.state.of_slot(index, root.slot_versions[index]) == SlotState::InForce
    }

    fn find<T: 'a>(
        &self,
        sum: &[u8; 32],
        block: impl Fn(&'a HeaderCopy) -> &'a Checked<T>,
    ) -> Option<&'a T> {
        pick(self.both, self.id, block)
            .find(|valid| valid.sum == *sum)
            .map(|valid| &valid.value)
    }

    fn seal(&self, blocks: u16) -> Result<Seal, Defect> {
        let block = |index: usize| {
            let mut found = pick(self.both, self.id, |copy| &copy.seal[index]);
            let first = found.next().ok_or(Defect::Seal)?;
            if found.any(|other| other.value != first.value) {
                Err(Defect::Seal)
            } else {
                Ok(first.value.clone())
            }
        };
        (0..usize::from(blocks))
            .map(block)
            .collect::<Result<_, _>>()
            .map(Seal::from_blocks)
    }

    fn status(&self, copy: &HeaderCopy, root: &Valid<Root>, log: &Log) -> CopyStatus {
        if !copy.has_blocks_of(self.id) {
            return CopyStatus::Foreign(copy.root().err().unwrap_or(Defect::VolumeId));
        }
        let mut defects = copy.defects(self.id, root.value.seal_blocks);
        defects.retain(|(block, _)| self.block_counts(&root.value, *block));
        if copy.root.as_ref().is_ok_and(|own| own.sum != root.sum) {
            defects.insert(0, (super::layout::ROOT_BLOCK, Defect::Generation));
        }
        defects.extend(self.stray_blocks(copy, &root.value));
        defects.extend(self.log_blocks_behind(copy, log));
        if defects.is_empty() {
            CopyStatus::Whole
        } else {
            CopyStatus::Damaged(defects)
        }
    }

    /// Valid blocks of another generation than the chosen root's.
    fn stray_blocks(&self, copy: &HeaderCopy, root: &Root) -> Vec<(usize, Defect)> {
        use super::layout::{LABEL_BLOCK, POLICY_BLOCK, SLOT_FIRST_BLOCK};
        fn stray<T>(checked: &Checked<T>, sum: &[u8; 32]) -> bool {
            checked.as_ref().is_ok_and(|valid| valid.sum != *sum)
        }
        let mut found = Vec::new();
        if stray(&copy.policy, &root.policy_sum) {
            found.push((POLICY_BLOCK, Defect::Generation));
        }
        if stray(&copy.label, &root.label_sum) {
            found.push((LABEL_BLOCK, Defect::Generation));
        }
        for (index, slot) in copy.slots.iter().enumerate() {
            if self.slot_counts(root, index) && stray(slot, &root.slot_sums[index]) {
                found.push((SLOT_FIRST_BLOCK + index, Defect::Generation));
            }
        }
        found
    }

    /// Valid blocks of the event log that lack a record which the other copy has, or have another one:
    /// a power cut came between the two copies.
    fn log_blocks_behind(&self, copy: &HeaderCopy, log: &Log) -> Vec<(usize, Defect)> {
        let behind = |(number, block): &(usize, &Checked<LogBlock>)| {
            block
                .as_ref()
                .is_ok_and(|valid| valid.id == self.id && valid.value != log.block(*number))
        };
        let blocks = copy.log.iter().enumerate().filter(behind);
        blocks
            .map(|(number, _)| (LOG_FIRST_BLOCK + number, Defect::Generation))
            .collect()
    }

    /// Whether a defect of this block matters: erased slots and an erased seal are meant to be
    /// noise.
    fn block_counts(&self, root: &Root, block: usize) -> bool {
        use super::layout::{SEAL_FIRST_BLOCK, SLOT_FIRST_BLOCK};
        match block {
            SEAL_FIRST_BLOCK.. => self.state.volume == VolumeState::Locked,
            LOG_FIRST_BLOCK.. => true,
            SLOT_FIRST_BLOCK.. => self.slot_counts(root, block - SLOT_FIRST_BLOCK),
            _ => true,
        }
    }
}

fn no_root(defects: [Defect; 2]) -> HeaderError {
    if let Some(newer) = defects.into_iter().find(|defect| defect.is_newer()) {
        return HeaderError::Newer(newer);
    }
    // Zeros where the roots belong are what an interrupted create leaves (format page §6.5).
    let absent = |defect: &Defect| matches!(defect, Defect::Magic | Defect::Unreadable);
    match defects.into_iter().find(|defect| !absent(defect)) {
        Some(defect) => HeaderError::Damaged(defect),
        None => HeaderError::NotAVolume,
    }
}

/// The valid blocks of the volume in copy A and copy B.
pub(super) fn pick<'a, T: 'a>(
    both: [&'a HeaderCopy; 2],
    id: VolumeId,
    block: impl Fn(&'a HeaderCopy) -> &'a Checked<T>,
) -> impl Iterator<Item = &'a Valid<T>> {
    both.map(block)
        .into_iter()
        .filter_map(|checked| checked.as_ref().ok())
        .filter(move |valid| valid.id == id)
}

fn check_kdf_variety(slots: &[SlotBlock; SLOT_COUNT]) -> Result<(), Defect> {
    let factors = slots
        .iter()
        .filter_map(SlotBlock::slot)
        .flat_map(|slot| &slot.factors);
    let mut settings: Vec<PassphraseFactor> = Vec::new();
    for factor in factors {
        if let Factor::Passphrase(setting) = factor
            && !settings.contains(setting)
        {
            settings.push(*setting);
        }
    }
    if settings.len() > MAX_KDF_SETTINGS {
        Err(Defect::KdfVariety)
    } else {
        Ok(())
    }
}
