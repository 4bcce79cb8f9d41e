//! Options of a volume that is to be made.

use std::time::Duration;

use clap::ValueEnum;
use tenlock::crypto::{Argon2Cost, calibrate};
use tenlock::format::{Label, LabelField, SectorSize};
use tenlock::volume::{CreateOptions, Error, NewSlot, PolicyRules, Role};

use super::label::LabelArgs;
use crate::credential::origin;
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
    /// Wrong credentials in a row after which the key is destroyed, 1 to 10.
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
    /// Memory of the key derivation (Argon2id), 19M to 2G. Without any --kdf option a new volume gets what takes about a second on this machine, and a new credential the cost of those that are there.
    #[arg(long = "kdf-memory", value_name = "SIZE", value_parser = parse_kib)]
    memory: Option<u32>,
    /// Passes of the key derivation over its memory, 2 to 64; memory times passes at most 8G. With another --kdf option: 3.
    #[arg(long = "kdf-passes", value_name = "N", value_parser = parse_count)]
    passes: Option<u32>,
    /// Lanes of the key derivation, 1 to 16. With another --kdf option: 4.
    #[arg(long = "kdf-lanes", value_name = "N", value_parser = parse_count)]
    lanes: Option<u32>,
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
    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Exfat, Self::Fat32, Self::None]
            .into_iter()
            .find(|filesystem| filesystem.name() == name)
    }

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
        options.label = self.label.over(&Label::default())?;
        options.policy = usual_rules();
        options.origin = origin();
        options.overwrite = self.overwrite;
        options.cost = cost_or_calibrated(self.kdf.cost()?)?;
        Ok(options)
    }

    /// The admin's slot of a volume with one slot.
    pub(crate) fn admin(&self) -> NewSlot {
        let mut admin = NewSlot::new(Role::Admin);
        admin.attempt_limit = to_limit(self.attempts);
        admin
    }
}

/// The rules of a volume for which none are given: what a finder can read makes no passphrase.
pub(crate) fn usual_rules() -> PolicyRules {
    let mut rules = PolicyRules::default();
    rules.passphrases.not_the_label = true;
    rules
}

/// A limit of attempts as the library takes it: a number that is too large even for a byte is as wrong as 255.
pub(crate) fn to_limit(attempts: u32) -> u8 {
    u8::try_from(attempts).unwrap_or(u8::MAX)
}

/// The cost asked for, or the one that takes about a second on this machine.
pub(crate) fn cost_or_calibrated(cost: Option<Argon2Cost>) -> Result<Argon2Cost, Failure> {
    match cost {
        Some(cost) => Ok(cost),
        None => Ok(calibrate(TARGET, MAX_CALIBRATED_KIB).map_err(Error::from)?),
    }
}

impl KdfArgs {
    /// The cost asked for, if any.
    pub(crate) fn cost(&self) -> Result<Option<Argon2Cost>, Failure> {
        cost(self.memory, self.passes, self.lanes)
    }
}

/// The cost of which something is given; the rest is as usual.
pub(crate) fn cost(
    memory_kib: Option<u32>,
    passes: Option<u32>,
    lanes: Option<u32>,
) -> Result<Option<Argon2Cost>, Failure> {
    if memory_kib.is_none() && passes.is_none() && lanes.is_none() {
        return Ok(None);
    }
    let usual = Argon2Cost::default();
    let cost = Argon2Cost::new(
        memory_kib.unwrap_or(usual.memory_kib()),
        passes.unwrap_or(usual.passes()),
        lanes.unwrap_or(usual.lanes()),
    );
    Ok(Some(cost.map_err(Error::from)?))
}

/// The texts of a label, which make bad passphrases.
pub(crate) fn texts(label: &Label) -> Vec<&str> {
    LabelField::ALL
        .into_iter()
        .map(|field| label.text(field))
        .filter(|text| !text.is_empty())
        .collect()
}

/// Parses the size of a sector.
pub(crate) fn parse_sector_size(text: &str) -> Result<SectorSize, String> {
    parse_count(text)
        .ok()
        .and_then(SectorSize::from_bytes)
        .ok_or_else(|| "give 4096 or 512".to_owned())
}

/// How long one attempt is to take where no cost is given.
const TARGET: Duration = Duration::from_secs(1);
/// Memory at most where no cost is given.
const MAX_CALIBRATED_KIB: u32 = 256 * 1024;
