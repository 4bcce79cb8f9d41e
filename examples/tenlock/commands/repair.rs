//! `repair`: the header copy that something else has overwritten.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{CopyStatus, Error};

use crate::describe;
use crate::failure::Failure;
use crate::image::{open_volume, show};
use crate::output::Outcome;

/// Options of `repair`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A volume has two copies of its header. One that is damaged is repaired by the next unlock. One in which nothing of the \
volume is left, perhaps because the medium was formatted by mistake, is written anew by this command: what lies in that \
MiB now is lost.

Example:
  tenlock repair smith-llp.img --yes")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Really overwrite what lies where the header copy belongs.
    #[arg(long)]
    yes: bool,
}

/// Repairs, and shows what the copies are like then.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    if !args.yes {
        let message = format!(
            "repair overwrites what lies where a header copy of {} belongs: add --yes to do it",
            show(&args.image)
        );
        return Err(Failure::usage(message));
    }
    let volume = open_volume(&args.image)?.locked()?;
    let volume = volume.repair().map_err(Error::from)?;
    let copies = volume.info().copies;
    let text = if copies.iter().all(|copy| *copy == CopyStatus::Whole) {
        "Both header copies are whole.\n"
    } else {
        "Damaged blocks are left, which the next unlock repairs.\n"
    };
    Ok(Outcome {
        text: text.to_owned(),
        json: json!({ "header_copies": describe::copies_json(&copies) }),
    })
}
