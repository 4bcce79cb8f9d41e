//! `header repair`.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{Error, Repaired};

use super::check::fault_json;
use crate::failure::Failure;
use crate::image::{open_volume, show};
use crate::output::Outcome;

/// Options of `header repair`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A volume has two copies of its header. Blocks that are damaged in one are written from the other, also in a copy of which nothing is left, \
perhaps because the medium was formatted by mistake: what lies in that MiB now is lost. What only an unlock can decide is left to it.

Example:
  tenlock header repair smith-llp.img --yes")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Really overwrite what lies where the header copy belongs.
    #[arg(long)]
    yes: bool,
}

/// Repairs, and says block by block what it found.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    if !args.yes {
        let message = format!(
            "a repair overwrites what lies where a header copy of {} belongs: add --yes to do it, or look first with `header check`",
            show(&args.image)
        );
        return Err(Failure::usage(message));
    }
    let volume = open_volume(&args.image)?.locked()?;
    let Repaired { report, .. } = volume.repair().map_err(Error::from)?;
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|(fault, error)| json!({ "fault": fault_json(fault), "error": error.to_string() }))
        .collect();
    Ok(Outcome {
        text: format!("{report}\n"),
        json: json!({
            "repaired": report.repaired.iter().map(fault_json).collect::<Vec<_>>(),
            "left": report.left.iter().map(fault_json).collect::<Vec<_>>(),
            "failed": failed,
        }),
    })
}
