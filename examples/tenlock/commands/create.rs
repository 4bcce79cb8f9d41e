//! `create`: a new volume, empty.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenlock::volume::{Error, Volume};

use super::new_image::{NewImage, check_room, check_vacant, existing_room};
use super::options::{VolumeArgs, texts};
use crate::credential::{CredentialArgs, NewCredentialArgs};
use crate::failure::Failure;
use crate::image::show;
use crate::output::{Outcome, Output};
use crate::units::{parse_room, show_bytes};
use crate::{describe, fs};

/// Options of `create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenlock create disk.img --size 64M
  tenlock create disk.img --size 2G --label 'Smith LLP' --contact 'IT desk, +44 20 7946 0000'
  tenlock create /dev/sdX --filesystem fat32 --attempts 5
  tenlock create raw.img --size 10G --filesystem none --new-passphrase-file secret.txt")]
pub(crate) struct Args {
    /// File to make, or block device to use.
    image: PathBuf,
    /// Room for data in bytes, or with K, M, G, T (powers of 1024); rounded up to 4096. The image is 2 MiB larger. Without it a device
    /// is used whole.
    #[arg(long, value_parser = parse_room)]
    size: Option<u64>,
    #[command(flatten)]
    volume: VolumeArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Makes the volume, and the file system in it.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    check_vacant(&args.image, args.volume.overwrite)?;
    let room = match args.size {
        Some(size) => size,
        None => existing_room(&args.image)?.ok_or_else(|| {
            Failure::usage("a new file needs its room for data: add --size, for example --size 64M")
        })?,
    };
    let kind = args.volume.filesystem.kind();
    if let Some(kind) = kind {
        check_room(kind, args.volume.sector_size, room)?;
    }
    let source = args.new.source_or(&args.credential)?;
    let mut options = args.volume.to_options()?;
    options.payload_length = Some(room);
    let passphrase = source.read_new(&texts(&options.label), out)?;

    let (image, volume) = NewImage::make(&args.image, &options, &passphrase)?;
    if let Some(kind) = kind {
        fs::format(&volume, kind, None)?;
    }
    let outcome = outcome(args, &volume, &describe::cost_text(options.cost));
    volume.lock().map_err(Error::from)?;
    image.keep()?;
    Ok(outcome)
}

fn outcome(args: &Args, volume: &Volume, cost: &str) -> Outcome {
    let info = volume.info();
    let filesystem = args.volume.filesystem.name();
    let mut object = describe::info_json(&info);
    object.insert("filesystem".to_owned(), json!(filesystem));
    let text = format!(
        "Created {}: room for {}, file system {filesystem}, key derivation {cost}.\n\
         Without the passphrase nobody can read the data, you included: keep it safe.\n",
        show(&args.image),
        show_bytes(info.payload_length),
    );
    Outcome {
        text,
        json: Value::Object(object),
    }
}
