//! `info`: what can be known without a key.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenlock::format::VolumeState;
use tenlock::storage::FileStorage;
use tenlock::volume::{EraseReport, LockedVolume, Opened, inspect};

use crate::describe;
use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::Outcome;

/// Options of `info`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The texts of the label are a stranger's words until the volume has been unlocked.

Examples:
  tenlock info disk.img
  tenlock info --json disk.img")]
pub(crate) struct Args {
    /// Image file or block device. It is only read, also if its medium is write-protected.
    image: PathBuf,
}

/// Describes the volume.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let storage = open_read_only(&args.image)?;
    let info = inspect(&storage)?;
    let mut object = describe::info_json(&info);
    let mut text = describe::info_text(&info);
    if info.state == VolumeState::Locked {
        text += &describe::slots_text(&info);
    }
    if info.state != VolumeState::Locked
        && let Some(report) = erase_report(storage)?
    {
        object.insert("erase".to_owned(), json!(describe::report_json(&report)));
        text += &describe::report_text(&report);
    }
    Ok(Outcome {
        text,
        json: Value::Object(object),
    })
}

/// The report is with the opened volume; through a handle that only reads, opening locks and changes nothing.
fn erase_report(storage: FileStorage) -> Result<Option<EraseReport>, Failure> {
    match LockedVolume::open(storage)? {
        Opened::Erased(volume) => Ok(Some(volume.into_report())),
        Opened::Locked(_) => Ok(None),
    }
}
