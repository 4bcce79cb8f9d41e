//! `pack`: a folder into a new image.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tenlock::volume::{Code, CreateOptions, Grantee, Volume};

use super::files::{Direction, conclude};
use super::new_image::{NewImage, check_vacant, existing_room, is_device};
use super::options::{VolumeArgs, texts};
use crate::credential::{NewCredentialArgs, PassphraseArgs, Secrets};
use crate::failure::Failure;
use crate::fs::{self, Plan};
use crate::image::show;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use crate::units::{parse_room, show_bytes};
use crate::unlock::close;

/// Options of `pack`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Kept are names, contents, times and empty folders. What cannot be kept is named in a warning; if contents are missing \
the exit code is 1.

Examples:
  tenlock pack smith-llp/ smith-llp.img
  tenlock pack photos/ stick.img --filesystem fat32 --size 8G --contact 'IT desk, +44 20 7946 0000'")]
pub(crate) struct Args {
    /// Folder to copy.
    folder: PathBuf,
    /// File to make, or block device to use.
    image: PathBuf,
    /// Room for data, to have more than the folder needs: bytes, or with K, M, G, T (powers of 1024); rounded up to 4096. Without it a file
    /// is made as large as needed, and a device is used whole.
    #[arg(long, value_parser = parse_room)]
    size: Option<u64>,
    #[command(flatten)]
    volume: VolumeArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    credential: PassphraseArgs,
}

/// Measures the folder, makes the volume, copies.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let Some(kind) = args.volume.filesystem.kind() else {
        return Err(Failure::usage(
            "pack needs a file system: use --filesystem exfat or fat32",
        ));
    };
    check_vacant(&args.image, args.volume.overwrite)?;
    check_outside(&args.folder, &args.image)?;
    // The copy repeats the warnings of the plan.
    let plan = fs::plan(
        &args.folder,
        kind,
        args.volume.sector_size.bytes(),
        &mut Vec::new(),
    )?;
    let room = room(args, &plan)?;
    let sources = args.new.sources_or(&args.credential, out)?;
    let mut options = args.volume.to_options()?;
    options.payload_length = Some(room);
    let new = sources.read(&texts(&options.label), &args.image, out)?;
    let made = make(args, &options, &new.secrets, &plan, out);
    let (report, warnings) = new.settle(made, out)?;
    conclude(Direction::In, report, &warnings, out)
}

/// Makes the volume with all its files; until it is whole, there is none.
fn make(
    args: &Args,
    options: &CreateOptions,
    secrets: &Secrets,
    plan: &Plan,
    out: &mut Output,
) -> Result<(fs::Report, Vec<fs::Warning>), Failure> {
    let admin = Grantee {
        slot: args.volume.admin(),
        credential: secrets.credential()?,
    };
    let (image, volume) = NewImage::make(&args.image, options, &[admin])?;
    fs::format(&volume, plan.kind, None)?;
    let copied = copy(plan, &volume, out)?;
    close(volume, out)?;
    image.keep()?;
    Ok(copied)
}

fn copy(
    plan: &Plan,
    volume: &Volume,
    out: &Output,
) -> Result<(fs::Report, Vec<fs::Warning>), Failure> {
    let (mut progress, mut warnings) = (Progress::new(out), Vec::new());
    let mut advance = |done: u64, total: u64, _: &Path| {
        progress.advance(done, Some(total));
        ControlFlow::Continue(())
    };
    let report = fs::pack(plan, volume, &mut advance, &mut warnings);
    match report {
        Ok(report) => Ok((report, warnings)),
        Err(fs::Error::VolumeFull { path }) => {
            let message = format!(
                "the folder has grown while it was copied, and {} does not fit any more: pack it again",
                show(&path)
            );
            Err(Failure::new(Code::Other, "no_space", message))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is asked for, or what there is, if the folder fits.
fn room(args: &Args, plan: &Plan) -> Result<u64, Failure> {
    let given = match args.size {
        None if is_device(&args.image) => existing_room(&args.image)?,
        given => given,
    };
    let room = given.unwrap_or(plan.payload_len);
    if room < plan.payload_len {
        let (needed, room) = (show_bytes(plan.payload_len), show_bytes(room));
        let message = format!(
            "the folder needs room for {needed}, and there would be {room}: give a larger --size, or pack less"
        );
        return Err(Failure::new(Code::Usage, "size", message));
    }
    Ok(room)
}

/// An image inside the folder would be copied into itself.
fn check_outside(folder: &Path, image: &Path) -> Result<(), Failure> {
    let parent = image
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Where either cannot be resolved, the operation itself fails soon with a better text.
    if let (Ok(folder), Ok(parent)) = (folder.canonicalize(), parent.canonicalize())
        && parent.starts_with(folder)
    {
        return Err(Failure::usage(
            "the image would be inside the folder that it is to hold: choose a place outside",
        ));
    }
    Ok(())
}
