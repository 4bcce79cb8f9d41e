//! What belongs at each place of a header copy.

use core::fmt;

use super::layout::{
    COUNTERS_BLOCK, LABEL_BLOCK, LOG_FIRST_BLOCK, POLICY_BLOCK, ROOT_BLOCK, SEAL_FIRST_BLOCK,
    SLOT_FIRST_BLOCK, STATE_BLOCK, USED_BLOCKS,
};

/// The kind of block that belongs at a place of a header copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// The root.
    Root,
    /// The state.
    State,
    /// The retry counters.
    Counters,
    /// The policy.
    Policy,
    /// The label.
    Label,
    /// The slot with this index.
    Slot(usize),
    /// The block of the event log with this number.
    Log(usize),
    /// The block of the seal with this number.
    Seal(usize),
    /// Nothing that this version uses.
    Reserved,
}

impl BlockKind {
    /// What belongs at the block with this number within a copy.
    #[must_use]
    pub fn at(block: usize) -> Self {
        match block {
            ROOT_BLOCK => Self::Root,
            STATE_BLOCK => Self::State,
            COUNTERS_BLOCK => Self::Counters,
            POLICY_BLOCK => Self::Policy,
            LABEL_BLOCK => Self::Label,
            SLOT_FIRST_BLOCK..LOG_FIRST_BLOCK => Self::Slot(block - SLOT_FIRST_BLOCK),
            LOG_FIRST_BLOCK..SEAL_FIRST_BLOCK => Self::Log(block - LOG_FIRST_BLOCK),
            SEAL_FIRST_BLOCK..USED_BLOCKS => Self::Seal(block - SEAL_FIRST_BLOCK),
            _ => Self::Reserved,
        }
    }

    /// Name of the kind for programs, without its number.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::State => "state",
            Self::Counters => "counters",
            Self::Policy => "policy",
            Self::Label => "label",
            Self::Slot(_) => "slot",
            Self::Log(_) => "log",
            Self::Seal(_) => "seal",
            Self::Reserved => "reserved",
        }
    }
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(number) | Self::Log(number) | Self::Seal(number) => {
                write!(f, "{} {number}", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_of_a_copy_has_the_name_of_what_is_there() {
        let names = [0, 1, 2, 3, 4, 5, 8, 39, 40, 63, 64, 127, 128, 255]
            .map(|block| BlockKind::at(block).to_string());
        assert_eq!(
            names.join(", "),
            "root, state, counters, policy, label, reserved, slot 0, slot 31, log 0, log 23, \
             seal 0, seal 63, reserved, reserved"
        );
    }
}
