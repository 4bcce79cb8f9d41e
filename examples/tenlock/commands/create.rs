//! `create`: a new volume, empty.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tenlock::volume::{CreateOptions, Grantee, Info, SectorSize};

use super::new_image::{NewImage, check_room, check_vacant, existing_room};
use super::options::{FileSystem, VolumeArgs, texts};
use super::profile;
use crate::credential::{NewCredentialArgs, PassphraseArgs};
use crate::failure::Failure;
use crate::image::show;
use crate::output::{Outcome, Output};
use crate::units::{parse_room, show_bytes};
use crate::unlock::close;
use crate::{describe, fs};

/// Options of `create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenlock create disk.img --size 64M
  tenlock create disk.img --size 2G --label 'Smith LLP' --contact 'IT desk, +44 20 7946 0000'
  tenlock create /dev/sdX --filesystem fat32 --attempts 5
  tenlock create raw.img --size 10G --filesystem none --new-passphrase-file secret.txt
  tenlock create disk.img --profile customer.json

A profile:
  {
    \"slots\": [
      { \"role\": \"admin\", \"name\": \"Desk\", \"credential\": { \"passphrase_file\": \"admin.txt\" } },
      { \"role\": \"user\", \"attempts\": 5, \"action\": \"erase_slot\", \"must_change\": true,
        \"credential\": { \"passphrase_fd\": 3 } },
      { \"role\": \"recovery\", \"one_time\": true, \"credential\": { \"new_recovery_key_file\": \"key.txt\" } },
      { \"role\": \"escrow\", \"credential\": { \"public_key\": \"tenlock1…\" } }
    ],
    \"policy\": { \"min_length\": 16, \"required_roles\": [\"escrow\"] },
    \"label\": { \"owner\": \"Smith LLP\" },
    \"kdf\": { \"memory\": \"64M\", \"passes\": 3, \"lanes\": 4 },
    \"size\": \"64M\", \"sector_size\": 4096, \"filesystem\": \"exfat\"
  }
Paths in it are relative to the profile; a public key stands there whole, or in a public_key_file. A slot also takes read_only, \
reserve_last_attempt, index and kdf; a credential also key_file, alone or with the others; the policy also min_strength_bits, not_the_label, \
min_kdf_memory, min_kdf_passes and auto_lock_seconds; the label the texts above, with an underscore for the dash. The first slot is an \
admin's. Passphrase files are not removed: do that, or use passphrase_fd.

A new volume has no credential yet: --passphrase-file and --passphrase-fd are here the same as --new-passphrase-file and --new-passphrase-fd.")]
pub(crate) struct Args {
    /// File to make, or block device to use.
    image: PathBuf,
    /// Room for data in bytes, or with K, M, G, T (powers of 1024); rounded up to 4096. The image is 2 MiB larger. Without it a device
    /// is used whole.
    #[arg(long, value_parser = parse_room)]
    size: Option<u64>,
    /// Make it by a profile: a JSON file with slots, policy, label and the rest, from which nobody is asked anything. A --size given as well
    /// takes the place of the profile's.
    #[arg(long, value_name = "FILE", conflicts_with_all = INSTEAD_OF_PROFILE)]
    profile: Option<PathBuf>,
    #[command(flatten)]
    volume: VolumeArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    credential: PassphraseArgs,
}

/// What stands in the profile.
const INSTEAD_OF_PROFILE: [&str; 22] = [
    "sector_size",
    "filesystem",
    "attempts",
    "memory",
    "passes",
    "lanes",
    "label",
    "owner",
    "contact",
    "reward",
    "asset_tag",
    "customer",
    "hint",
    "passphrase_file",
    "passphrase_fd",
    "new_passphrase_file",
    "new_passphrase_fd",
    "ask_new_passphrase",
    "new_key_file",
    "new_recovery_key_file",
    "new_recovery_key",
    "new_public_key",
];

/// Makes the volume, and the file system in it.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    check_vacant(&args.image, args.volume.overwrite)?;
    if let Some(path) = &args.profile {
        return by_profile(args, path, out);
    }
    let filesystem = args.volume.filesystem;
    let room = room(args, args.size)?;
    check_filesystem(filesystem, args.volume.sector_size, room)?;
    let sources = args.new.sources_or(&args.credential, out)?;
    let mut options = args.volume.to_options()?;
    options.payload_length = Some(room);
    let new = sources.read(&texts(&options.label), &args.image, out)?;
    let made = new.secrets.credential().and_then(|credential| {
        let slot = args.volume.admin();
        make(
            args,
            &options,
            &[Grantee { slot, credential }],
            filesystem,
            out,
        )
    });
    let info = new.settle(made, out)?;
    Ok(outcome(args, &info, filesystem))
}

/// Everything is in the profile, and nobody is asked.
fn by_profile(args: &Args, path: &Path, out: &mut Output) -> Result<Outcome, Failure> {
    let profile = profile::load(path)?;
    let filesystem = profile.filesystem;
    let room = room(args, args.size.or(profile.size))?;
    check_filesystem(filesystem, profile.sector_size, room)?;
    let mut options = profile.options()?;
    options.payload_length = Some(room);
    options.overwrite = args.volume.overwrite;
    let mut slots = profile.read_slots(&options.label, out)?;
    slots.make_recovery_keys(&args.image)?;
    let made = slots
        .grantees()
        .and_then(|grantees| make(args, &options, &grantees, filesystem, out));
    let info = slots.settle(made, out)?;
    Ok(outcome(args, &info, filesystem))
}

/// Until the volume is whole, there is none.
fn make(
    args: &Args,
    options: &CreateOptions,
    grantees: &[Grantee<'_>],
    filesystem: FileSystem,
    out: &mut Output,
) -> Result<Info, Failure> {
    let (image, volume) = NewImage::make(&args.image, options, grantees)?;
    if let Some(kind) = filesystem.kind() {
        fs::format(&volume, kind, None)?;
    }
    let info = volume.info();
    close(volume, out)?;
    image.keep()?;
    Ok(info)
}

fn room(args: &Args, given: Option<u64>) -> Result<u64, Failure> {
    match given {
        Some(size) => Ok(size),
        None => existing_room(&args.image)?.ok_or_else(|| {
            Failure::usage("a new file needs its room for data: add --size, for example --size 64M")
        }),
    }
}

fn check_filesystem(
    filesystem: FileSystem,
    sector_size: SectorSize,
    room: u64,
) -> Result<(), Failure> {
    match filesystem.kind() {
        Some(kind) => check_room(kind, sector_size, room),
        None => Ok(()),
    }
}

fn outcome(args: &Args, info: &Info, filesystem: FileSystem) -> Outcome {
    let mut object = describe::info_json(info);
    object.insert("filesystem".to_owned(), json!(filesystem.name()));
    let mut text = format!(
        "Created {}: room for {}, file system {}",
        show(&args.image),
        show_bytes(info.payload_length),
        filesystem.name(),
    );
    if let Some(cost) = describe::cost_text(info) {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ", key derivation {cost}");
    }
    text += ".\n";
    if info.slots.len() > 1 {
        text += &describe::slots_text(info);
    }
    text += "Without a credential nobody can read the data, you included: keep it safe.\n";
    Outcome {
        text,
        json: Value::Object(object),
    }
}
