//! `slot`: the ways to open the volume.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use tenlock::volume::{Error, inspect};

use super::options::{KdfArgs, texts};
use crate::credential::{CredentialArgs, NewCredentialArgs};
use crate::describe;
use crate::failure::Failure;
use crate::image::{self, open_read_only};
use crate::output::{Outcome, Output};

/// The commands of `slot`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the key slots; costs no attempt.
    List(ListArgs),
    /// Change the passphrase of the slot that the present one opens.
    Change(ChangeArgs),
}

/// Options of `slot list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tenlock slot list disk.img")]
pub(crate) struct ListArgs {
    /// Image file or block device.
    image: PathBuf,
}

/// Options of `slot change`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The data is not encrypted anew: whoever has a copy of the old header still opens that copy with the old passphrase.

Examples:
  tenlock slot change disk.img
  tenlock slot change disk.img --passphrase-file old.txt --new-passphrase-file new.txt")]
pub(crate) struct ChangeArgs {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    kdf: KdfArgs,
}

/// Lists the slots in use.
pub(crate) fn list(args: &ListArgs) -> Result<Outcome, Failure> {
    let info = inspect(&open_read_only(&args.image)?)?;
    Ok(Outcome {
        text: describe::slots_text(&info),
        json: json!({ "slots": describe::slots_json(&info) }),
    })
}

/// Changes a passphrase.
pub(crate) fn change(args: &ChangeArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let (source, new_source, cost) = (
        args.credential.source()?,
        args.new.source()?,
        args.kdf.cost()?,
    );
    let volume = image::unlock(&args.image, &source, out)?;
    let slot = volume.slot();
    let new = new_source.read_new(&texts(&volume.info().label), out)?;
    volume.change_credential(&new, cost)?;
    volume.lock().map_err(Error::from)?;
    let text = format!("The passphrase of slot {slot} is changed; the old one opens it no more.\n");
    Ok(Outcome {
        text,
        json: json!({ "slot": slot }),
    })
}
