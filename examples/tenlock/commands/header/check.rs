//! `header check`.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenlock::volume::{BlockFault, Code, CopyCheck, Error, HeaderCheck, Prospect, check_header};

use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::Outcome;

/// Options of `header check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only, and costs no attempt. The exit code is 0 if nothing at all is wrong, 6 if something is, 4 if the key is erased.

Example:
  tenlock header check disk.img")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
}

/// Looks at both copies.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let check = check_header(&open_read_only(&args.image)?)?;
    let json = to_json(&check);
    if check.is_whole() {
        return Ok(Outcome {
            text: format!("{check}\n"),
            json: json!({ "check": json }),
        });
    }
    Err(failure(&check).with("check", json))
}

fn failure(check: &HeaderCheck) -> Failure {
    let found = check.to_string();
    let faults = format!("not all is well with the header:\n{found}");
    match &check.prospect {
        Prospect::Fails(Error::Damaged(_)) | Prospect::Opens { .. } | Prospect::ErasesSlots(_) => {
            Failure::new(Code::Damaged, "header_faults", faults)
        }
        Prospect::Erases | Prospect::Erased => Failure::new(
            Code::Erased,
            "erased",
            format!("the key is erased, or about to be:\n{found}"),
        ),
        Prospect::Fails(error) => Failure::new(error.code(), error.name(), faults),
    }
}

fn to_json(check: &HeaderCheck) -> Value {
    json!({
        "copies": check.copies.iter().map(copy_json).collect::<Vec<_>>(),
        "seal": {
            "agreeing": check.seal.agreeing,
            "single": check.seal.single,
            "different": check.seal.different,
            "lost": check.seal.lost,
        },
        "signatures": check.signatures.as_ref().map(|signed| match signed {
            Ok(()) => "genuine".to_owned(),
            Err(damage) => damage.to_string(),
        }),
        "log_faults": check.log.len(),
        "prospect": check.prospect.to_string(),
    })
}

fn copy_json(copy: &CopyCheck) -> Value {
    json!({
        "found": copy.found,
        "offset": copy.offset,
        "generation": copy.generation,
        "faults": copy.faults.iter().map(fault_json).collect::<Vec<_>>(),
    })
}

/// One block and what is wrong with it.
pub(super) fn fault_json(fault: &BlockFault) -> Value {
    json!({
        "copy": fault.copy,
        "block": fault.block,
        "kind": fault.kind.name(),
        "defect": fault.defect.to_string(),
    })
}
