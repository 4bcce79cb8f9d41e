//! The bytes of a volume: parsing and encoding as pure functions, no IO, no cryptography but
//! SHA-256 checksums.
//!
//! [`docs/format.md`](https://docs.rs/crate/tenlock/latest/source/docs/format.md) is the description of the format; it is reproduced in [`page`]. Each kind
//! of block has a file here. What a reader has to refuse is a [`Defect`] that knows the id of its
//! rule. [`HeaderCopy`] reads the blocks of one header copy, and [`Header::choose`] decides which
//! blocks of the two copies count.
//!
//! Nothing here trusts the bytes: no input panics, no allocation is larger than the blocks that
//! were given, and each field is checked before it takes part in arithmetic. What was accepted
//! encodes to the same bytes again, so a MAC over encoded bytes is a MAC over the bytes as stored.

mod backup;
mod block;
mod counters;
mod defect;
mod factor;
mod label;
mod layout;
mod log;
mod place;
mod policy;
mod remains;
mod root;
mod seal;
mod slot;
mod state;

mod copy;
mod header;

#[doc = include_str!("../../docs/format.md")]
pub mod page {}

#[cfg(test)]
pub(crate) fn page_text() -> &'static str {
    include_str!("../../docs/format.md")
}

pub use backup::{BackupHead, Envelope};
pub use block::{Block, ParseVolumeIdError, VolumeId};
pub use copy::HeaderCopy;
pub use counters::Counters;
pub use defect::Defect;
pub use factor::{Factor, PassphraseFactor};
pub use header::{CopyStatus, Header, HeaderError};
pub use label::{Label, LabelError, LabelField};
pub use layout::{
    BLOCK_LEN, COPY_BLOCKS, COPY_LEN, COUNTERS_BLOCK, LABEL_BLOCK, LOG_BLOCKS, LOG_FIRST_BLOCK,
    LOG_RECORDS, MAX_SEAL_BLOCKS, MIN_SEAL_BLOCKS, POLICY_BLOCK, RECORDS_PER_BLOCK, ROOT_BLOCK,
    SEAL_FIRST_BLOCK, SLOT_COUNT, SLOT_FIRST_BLOCK, STATE_BLOCK, USED_BLOCKS, USED_LEN,
};
pub use log::{CIPHERTEXT_LEN, Log, LogBlock, LogFault, LogHead, Record};
pub use place::BlockKind;
pub use policy::{Action, Grant, GrantFlags, MAX_ATTEMPTS, PassphraseRules, Policy, SIGNATURE_LEN};
pub use remains::Remains;
pub use root::{Cipher, MAC_LEN, Root, SectorSize};
pub use seal::Seal;
pub use slot::{Endorsement, MAX_FACTORS, Role, Slot, SlotBlock, WRAPPED_LEN, WrappedKeys};
pub use state::{
    Cause, EraseRecord, Region, RegionKind, RegionResult, SlotState, State, VolumeState,
};
