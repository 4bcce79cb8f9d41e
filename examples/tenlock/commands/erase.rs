//! `erase`: the key is destroyed, with a record to show for it.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{Code, Opened};

use crate::describe;
use crate::failure::Failure;
use crate::image::{open_volume, show};
use crate::output::Outcome;

/// Options of `erase`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key slots and the seal of both header copies are overwritten and read back; the report says what was verified. \
It cannot reach copies of the medium, backups of its header, or old pages that flash keeps to itself.

Example:
  tenlock erase disk.img --yes --json > certificate.json")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Yes, make the data unreadable for everybody and for good. No passphrase is needed.
    #[arg(long)]
    yes: bool,
}

/// Erases the key; of a volume that is erased already only the report is shown.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    if !args.yes {
        let message = format!(
            "erase makes the data in {} unreadable for everybody and for good: add --yes to do it",
            show(&args.image)
        );
        return Err(Failure::usage(message));
    }
    let erased = match open_volume(&args.image)? {
        Opened::Locked(volume) => volume.erase().map_err(tenlock::volume::Error::from)?,
        Opened::Erased(volume) => volume,
    };
    let report = erased.report();
    let (text, erase) = (describe::report_text(report), describe::report_json(report));
    if report.is_verified() {
        return Ok(Outcome {
            text,
            json: json!({ "erase": erase }),
        });
    }
    Err(Failure::new(Code::Io, "erase_not_verified", text.trim_end()).with("erase", erase))
}
