//! A profile as it is written: JSON, in which nothing is ignored.

use std::path::PathBuf;

use serde::Deserialize;

/// The whole profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) slots: Vec<SlotSchema>,
    #[serde(default)]
    pub(super) policy: PolicySchema,
    #[serde(default)]
    pub(super) label: LabelSchema,
    /// Cost of the slots that have none of their own.
    pub(super) kdf: Option<KdfSchema>,
    pub(super) size: Option<Amount>,
    pub(super) sector_size: Option<u32>,
    pub(super) filesystem: Option<String>,
}

/// A slot.
#[expect(clippy::struct_excessive_bools, reason = "each is a member")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotSchema {
    pub(super) role: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) index: Option<usize>,
    pub(super) attempts: Option<u8>,
    pub(super) action: Option<String>,
    #[serde(default)]
    pub(super) must_change: bool,
    #[serde(default)]
    pub(super) read_only: bool,
    #[serde(default)]
    pub(super) one_time: bool,
    #[serde(default)]
    pub(super) reserve_last_attempt: bool,
    pub(super) kdf: Option<KdfSchema>,
    pub(super) credential: CredentialSchema,
}

/// What opens a slot: one or several of these together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialSchema {
    pub(super) passphrase_file: Option<PathBuf>,
    pub(super) passphrase_fd: Option<u32>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) new_recovery_key_file: Option<PathBuf>,
    pub(super) public_key: Option<String>,
    pub(super) public_key_file: Option<PathBuf>,
}

/// The rules.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicySchema {
    pub(super) min_length: u16,
    pub(super) min_strength_bits: u16,
    pub(super) not_the_label: Option<bool>,
    pub(super) min_kdf_memory: Option<Amount>,
    pub(super) min_kdf_passes: u32,
    pub(super) auto_lock_seconds: u32,
    pub(super) required_roles: Vec<String>,
}

/// The texts that anybody can read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LabelSchema {
    pub(super) label: String,
    pub(super) owner: String,
    pub(super) contact: String,
    pub(super) reward: String,
    pub(super) asset_tag: String,
    pub(super) customer: String,
    pub(super) hint: String,
}

/// Cost of a key derivation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KdfSchema {
    pub(super) memory: Option<Amount>,
    pub(super) passes: Option<u32>,
    pub(super) lanes: Option<u32>,
}

/// A number of bytes: as a number, or as options take it, such as `"64M"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Bytes(u64),
    WithUnit(String),
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Bytes(bytes) => bytes.to_string(),
            Amount::WithUnit(text) => text,
        }
    }
}
