//! `keygen`: a pair of keys for escrow.

use std::path::PathBuf;

use serde_json::json;
use tenlock::crypto::PrivateKey;
use tenlock::volume::Error;

use crate::credential::{Source, encrypt_private_key};
use crate::failure::Failure;
use crate::image::show;
use crate::new_file::NewFile;
use crate::output::{Outcome, Output};
use crate::strength;

/// Options of `keygen`.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the options"
)]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The public key is no secret: with it a slot is added that only the private key opens. The private key is encrypted with a passphrase, in \
the age format. Keep it where the media are not.

Example:
  tenlock keygen --private-key-file office.key --public-key-file office.pub")]
pub(crate) struct Args {
    /// New file for the private key; it must not exist.
    #[arg(long, value_name = "FILE")]
    private_key_file: PathBuf,
    /// New file for the public key; it must not exist. The key is printed in any case.
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<PathBuf>,
    /// Read the passphrase of the private key from a file; without it the terminal is asked.
    #[arg(long, value_name = "FILE")]
    private_key_passphrase_file: Option<PathBuf>,
}

/// Makes the keys.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let passphrase = Source::given(args.private_key_passphrase_file.as_ref(), None);
    let passphrase = passphrase.unwrap_or(Source::Prompt);
    passphrase.check_terminal("--private-key-passphrase-file")?;
    let passphrase = passphrase.read_repeated(
        "New passphrase of the private key",
        "--private-key-passphrase",
    )?;
    strength::advise(&passphrase, &[], out);

    let key = PrivateKey::generate().map_err(Error::from)?;
    let public_key = key.public_key().to_string();
    let encrypted = encrypt_private_key(&key, &passphrase)?;
    let private_file = NewFile::write(&args.private_key_file, &encrypted)?;
    if let Some(path) = &args.public_key_file {
        NewFile::write(path, format!("{public_key}\n").as_bytes())?.keep();
    }
    private_file.keep();
    Ok(Outcome {
        text: format!(
            "The private key is in {}, encrypted with the passphrase: without both nobody opens what is given to it.\n{public_key}\n",
            show(&args.private_key_file)
        ),
        json: json!({ "public_key": public_key }),
    })
}
