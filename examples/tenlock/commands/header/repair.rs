//! `header repair`.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{BlockFault, Error, RepairReport, Repaired};

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

/// Repairs, and says what it found.
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
        text: text(&report),
        json: json!({
            "repaired": report.repaired.iter().map(fault_json).collect::<Vec<_>>(),
            "left": report.left.iter().map(fault_json).collect::<Vec<_>>(),
            "failed": failed,
        }),
    })
}

/// What was found, and what that means for the volume.
fn text(report: &RepairReport) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_faults(&mut text, &report.repaired, "repaired");
    let _ = write_faults(&mut text, &report.left, "left to the next unlock");
    for (fault, error) in &report.failed {
        let _ = writeln!(text, "{fault}; not repaired: {error}");
    }
    // The last line of the report is its conclusion.
    let report = report.to_string();
    text += report.lines().last().unwrap_or_default();
    text + "\n"
}

/// A line for each block; one for many blocks of a copy with the same fault, as a format leaves them.
fn write_faults(text: &mut String, faults: &[BlockFault], then: &str) -> std::fmt::Result {
    let same = |a: &BlockFault, b: &BlockFault| a.copy == b.copy && a.defect == b.defect;
    for alike in faults.chunk_by(same) {
        match alike {
            [first, .., last] if alike.len() > FEW => writeln!(
                text,
                "header copy {}, {} blocks from {} ({}) to {} ({}): {}; {then}",
                if first.copy == 0 { 'A' } else { 'B' },
                alike.len(),
                first.block,
                first.kind,
                last.block,
                last.kind,
                first.defect,
            )?,
            few => few
                .iter()
                .try_for_each(|fault| writeln!(text, "{fault}; {then}"))?,
        }
    }
    Ok(())
}

/// So many blocks are named one by one.
const FEW: usize = 4;
