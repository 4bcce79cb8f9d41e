//! `slot reset`: a new credential for somebody who has lost his.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::inspect;

use super::{check_admin, granted, parse_index};
use crate::commands::options::{KdfArgs, texts};
use crate::credential::{CredentialArgs, NewCredentialArgs};
use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::{Outcome, Output};
use crate::unlock::{close, unlock_as_admin};

/// Options of `slot reset`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs an admin's credential (with --role admin on a volume with users), and not the one that is replaced. Also brings back a slot that was erased because its attempts were \
used up.

Example:
  tenlock slot reset disk.img 1 --must-change")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Number of the slot.
    #[arg(value_name = "N", value_parser = parse_index)]
    index: usize,
    /// The holder must change the new credential at the next unlock.
    #[arg(long)]
    must_change: bool,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    kdf: KdfArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Replaces the credential.
pub(super) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let cost = args.kdf.cost()?;
    let role = granted(&inspect(&open_read_only(&args.image)?)?, args.index)?.role;
    let sources = args.new.sources_for(role, out)?;
    sources.check_apart_from(args.credential.secrets())?;
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    check_admin(&volume, "reset a slot")?;
    let new = sources.read(&texts(&volume.info().label), &args.image, out)?;
    let reset = new.secrets.credential().and_then(|credential| {
        Ok(volume.reset_slot(args.index, credential, args.must_change, cost)?)
    });
    new.settle(reset, out)?;
    close(volume, out)?;
    let then = if args.must_change {
        "; it must be changed at the next unlock"
    } else {
        ""
    };
    Ok(Outcome {
        text: format!(
            "Slot {} has a new credential and all its attempts{then}.\n",
            args.index
        ),
        json: json!({ "slot": args.index, "role": role.name(), "must_change": args.must_change }),
    })
}
