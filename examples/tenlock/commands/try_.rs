//! `try`: one attempt.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::Error;

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::image;
use crate::output::{Outcome, Output};

/// Options of `try`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A wrong passphrase costs one attempt. A right one sets the counter back.

Examples:
  tenlock try disk.img
  tenlock try disk.img --passphrase-file secret.txt && echo right")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Tries the passphrase and locks again.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = image::unlock(&args.image, &args.credential.source()?, out)?;
    let (slot, role) = (volume.slot(), volume.role().name());
    volume.lock().map_err(Error::from)?;
    Ok(Outcome {
        text: format!("The passphrase is right: slot {slot}, role {role}.\n"),
        json: json!({ "slot": slot, "role": role }),
    })
}
