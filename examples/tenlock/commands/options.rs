//! Options of a volume that is to be made.

use std::time::Duration;

use clap::ValueEnum;
use tenlock::crypto::{Argon2Cost, calibrate};
use tenlock::format::{Label, LabelField, SectorSize};
use tenlock::volume::{CreateOptions, Error};

use crate::failure::Failure;
use crate::fs::FileSystemKind;
use crate::units::{parse_count, parse_kib};

/// What a new volume is to be like, apart from its size.
#[derive(Debug, clap::Args)]
pub(crate) struct VolumeArgs {
    /// Bytes per sector: 4096, or 512 for systems that know nothing else.
    #[arg(long, value_name = "BYTES", default_value = "4096", value_parser = parse_sector_size)]
    pub(crate) sector_size: SectorSize,
    /// File system to put into the volume; `none` leaves it unformatted.
    #[arg(long, value_enum, default_value_t = FileSystem::Exfat)]
    pub(crate) filesystem: FileSystem,
    /// Wrong passphrases in a row after which the key is destroyed, 1 to 10.
    #[arg(long, value_name = "N", default_value = "10", value_parser = parse_count)]
    attempts: u32,
    #[command(flatten)]
    kdf: KdfArgs,
    /// Overwrite what is there: an existing file, or data that is found on a device.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    label: LabelArgs,
}

/// Cost of one attempt.
#[derive(Debug, clap::Args)]
pub(crate) struct KdfArgs {
    /// Memory of the key derivation (Argon2id), 19M to 2G. Without any --kdf option a new volume gets what takes about a second on this machine, and `slot change` keeps what there is.
    #[arg(long = "kdf-memory", value_name = "SIZE", value_parser = parse_kib)]
    memory: Option<u32>,
    /// Passes of the key derivation over its memory, 2 to 64; memory times passes at most 8G. With another --kdf option: 3.
    #[arg(long = "kdf-passes", value_name = "N", value_parser = parse_count)]
    passes: Option<u32>,
    /// Lanes of the key derivation, 1 to 16. With another --kdf option: 4.
    #[arg(long = "kdf-lanes", value_name = "N", value_parser = parse_count)]
    lanes: Option<u32>,
}

/// Texts that anybody can read without a key.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Texts that anybody can read without a key")]
struct LabelArgs {
    /// Name of the volume, at most 62 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    label: String,
    /// Who owns it, at most 126 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    owner: String,
    /// How to reach the owner, at most 254 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    contact: String,
    /// What the finder gets, at most 254 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reward: String,
    /// Number in the owner's books, at most 62 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    asset_tag: String,
    /// Whose data it carries, at most 126 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    customer: String,
    /// Hint for the passphrase, at most 254 bytes; a finder reads it too.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    hint: String,
}

/// The file systems that can be put into a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileSystem {
    /// Files of any size; Windows, macOS and Linux mount it.
    Exfat,
    /// Files below 4 GiB; for old devices.
    Fat32,
    /// Unformatted: for raw data, or for a file system of your choice.
    None,
}

impl FileSystem {
    /// What to format with.
    pub(crate) fn kind(self) -> Option<FileSystemKind> {
        match self {
            Self::Exfat => Some(FileSystemKind::ExFat),
            Self::Fat32 => Some(FileSystemKind::Fat32),
            Self::None => None,
        }
    }

    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exfat => "exfat",
            Self::Fat32 => "fat32",
            Self::None => "none",
        }
    }
}

impl VolumeArgs {
    /// The options for the library, but for the size.
    pub(crate) fn to_options(&self) -> Result<CreateOptions, Failure> {
        let mut options = CreateOptions::default();
        options.sector_size = self.sector_size;
        // A number that is too large even for a byte is as wrong as 255.
        options.attempt_limit = u8::try_from(self.attempts).unwrap_or(u8::MAX);
        options.label = self.label.to_label()?;
        options.overwrite = self.overwrite;
        options.cost = match self.kdf.cost()? {
            Some(cost) => cost,
            None => calibrate(TARGET, MAX_CALIBRATED_KIB).map_err(Error::from)?,
        };
        Ok(options)
    }
}

impl KdfArgs {
    /// The cost asked for, if any.
    pub(crate) fn cost(&self) -> Result<Option<Argon2Cost>, Failure> {
        if self.memory.is_none() && self.passes.is_none() && self.lanes.is_none() {
            return Ok(None);
        }
        let usual = Argon2Cost::default();
        let memory_kib = self.memory.unwrap_or(usual.memory_kib());
        let (passes, lanes) = (
            self.passes.unwrap_or(usual.passes()),
            self.lanes.unwrap_or(usual.lanes()),
        );
        Ok(Some(
            Argon2Cost::new(memory_kib, passes, lanes).map_err(Error::from)?,
        ))
    }
}

impl LabelArgs {
    fn to_label(&self) -> Result<Label, Failure> {
        let mut label = Label::default();
        for (field, text) in [
            (LabelField::Label, &self.label),
            (LabelField::Owner, &self.owner),
            (LabelField::Contact, &self.contact),
            (LabelField::Reward, &self.reward),
            (LabelField::AssetTag, &self.asset_tag),
            (LabelField::Customer, &self.customer),
            (LabelField::Hint, &self.hint),
        ] {
            label.set(field, text).map_err(Error::from)?;
        }
        Ok(label)
    }
}

/// The texts of a label, which make bad passphrases.
pub(crate) fn texts(label: &Label) -> Vec<&str> {
    LabelField::ALL
        .into_iter()
        .map(|field| label.text(field))
        .filter(|text| !text.is_empty())
        .collect()
}

fn parse_sector_size(text: &str) -> Result<SectorSize, String> {
    parse_count(text)
        .ok()
        .and_then(SectorSize::from_bytes)
        .ok_or_else(|| "give 4096 or 512".to_owned())
}

/// How long one attempt is to take where no cost is given.
const TARGET: Duration = Duration::from_secs(1);
/// Memory at most where no cost is given.
const MAX_CALIBRATED_KIB: u32 = 256 * 1024;
