//! `export-key`: the key of the payload, for recovery with other tools.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::unlock::{close, unlock_as_admin};

/// Options of `export-key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The payload is what dm-crypt calls aes-xts-plain64, with this 64-byte key. Whoever has the key reads the data for ever: \
no change of a credential and no erase reaches it. Needs the credential of an admin (on a volume with users with --role admin) or of an escrow slot.

Example:
  tenlock export-key disk.img --yes > key.hex")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Yes, print the key.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Prints the key as 128 hexadecimal digits.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    if !args.yes {
        return Err(Failure::usage(
            "export-key prints the key that opens the data for ever: add --yes to do it",
        ));
    }
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let info = volume.info();
    let key = volume.export_key()?;
    // Of its final size from the start: growing would leave parts of the key behind.
    let mut hex = Zeroizing::new(String::with_capacity(2 * key.len()));
    for byte in key.expose() {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    close(volume, out)?;
    out.notice(format!(
        "this key opens the payload ({}, {}-byte sectors, {} bytes from byte {} on) for ever: keep it as safe as the data",
        info.cipher.name(),
        info.sector_size.bytes(),
        info.payload_length,
        info.payload_offset
    ));
    if out.is_json() {
        return Ok(Outcome {
            json: json!({ "key": *hex, "cipher": info.cipher.name() }),
            ..Outcome::default()
        });
    }
    writeln!(stdout(), "{}", *hex)?;
    Ok(Outcome::default())
}
