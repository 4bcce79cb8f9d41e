//! `header backup`.

use std::path::PathBuf;

use serde_json::json;
use tenlock::crypto::RecipientPublicKey;
use tenlock::volume::Volume;

use crate::credential::{CredentialArgs, public_key};
use crate::failure::Failure;
use crate::image::show;
use crate::new_file::NewFile;
use crate::output::{Outcome, Output};
use crate::unlock::{close, unlock_as_admin};

/// Options of `header backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A backup holds all ways in as they are now. Whoever has it and a credential of today opens a copy of the medium for ever, whatever is \
changed or erased later; therefore it is sealed to a key, and the volume counts its backups. Needs an admin's credential: on a volume with users with --role admin.

Examples:
  tenlock header backup disk.img --to office.pub --output disk.backup
  tenlock header backup disk.img --plain --yes --output disk.backup")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// New file for the backup; it must not exist.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Seal the backup to this public key, given as text or as a file, such as `keygen` makes.
    #[arg(
        long,
        value_name = "KEY|FILE",
        required_unless_present = "plain",
        conflicts_with = "plain"
    )]
    to: Option<String>,
    /// Do not seal it: everybody who finds it can use it, also after an erase of the volume.
    #[arg(long, requires = "yes")]
    plain: bool,
    /// Yes, an unsealed backup.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Takes the backup.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let to = args.to.as_deref().map(public_key).transpose()?;
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let bytes = take(&volume, to.as_ref())?;
    let (number, generation) = {
        let info = volume.info();
        (info.backups, info.generation)
    };
    NewFile::write(&args.output, &bytes)?.keep();
    close(volume, out)?;
    if to.is_none() {
        out.warning("this backup is not sealed and outlives an erase of the volume");
    }
    Ok(Outcome {
        text: format!(
            "Backup {number} of the header is in {}.\n",
            show(&args.output)
        ),
        json: json!({
            "number": number,
            "generation": generation,
            "recipient": to.map(|key| key.to_string()),
        }),
    })
}

fn take(volume: &Volume, to: Option<&RecipientPublicKey>) -> Result<Vec<u8>, Failure> {
    Ok(match to {
        Some(key) => volume.backup_header(key)?,
        None => volume.backup_header_plain_outlives_erase()?,
    })
}
