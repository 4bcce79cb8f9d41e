//! `slot remove`: a credential that is to open nothing any more.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::Removal;

use super::parse_index;
use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::unlock::{close, unlock_as_admin};

/// Options of `slot remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs an admin's credential: on a volume with users with --role admin. Whoever has a copy of the old header still opens that copy with the credential.

Example:
  tenlock slot remove disk.img 3")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Number of the slot.
    #[arg(value_name = "N", value_parser = parse_index)]
    index: usize,
    /// Remove it even if it is the present one, if the policy demands it, or if nobody can open the volume afterwards.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Removes the slot.
pub(super) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let removal = if args.force {
        Removal::Forced
    } else {
        Removal::IfSafe
    };
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    volume.remove_slot(args.index, removal)?;
    close(volume, out)?;
    Ok(Outcome {
        text: format!("Slot {} is removed.\n", args.index),
        json: json!({ "slot": args.index }),
    })
}
