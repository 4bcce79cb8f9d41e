//! `slot change`: a holder's own credential.

use std::path::PathBuf;

use serde_json::json;
use tenlock::crypto::Argon2Cost;
use tenlock::volume::{Credential, Error, Info, UnlockFailure, Volume};

use crate::commands::options::{KdfArgs, texts};
use crate::credential::{CredentialArgs, NewCredentialArgs, NewSecrets};
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::unlock::{Attempt, close, prepare};

/// Options of `slot change`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Also for a credential that must be changed before it opens the volume. The data is not encrypted anew: whoever has a copy of \
the old header still opens that copy with the old credential.

Examples:
  tenlock slot change disk.img
  tenlock slot change disk.img --passphrase-file old.txt --new-passphrase-file new.txt")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    kdf: KdfArgs,
}

/// Changes the credential.
pub(super) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let (sources, cost) = (args.new.sources(out)?, args.kdf.cost()?);
    sources.check_apart_from(args.credential.secrets())?;
    let attempt = prepare(&args.image, args.credential.access(), out)?;
    let mut read_new =
        |info: &Info, out: &mut Output| sources.read(&texts(&info.label), &args.image, out);
    let volume = change(attempt, cost, &mut read_new, out)?;
    let slot = volume.slot();
    close(volume, out)?;
    let text = format!("The credential of slot {slot} is changed; the old one opens it no more.\n");
    Ok(Outcome {
        text,
        json: json!({ "slot": slot }),
    })
}

type ReadNew<'a> = dyn FnMut(&Info, &mut Output) -> Result<NewSecrets, Failure> + 'a;

/// The new credential is asked for when the present one has proved right.
fn change(
    attempt: Attempt,
    cost: Option<Argon2Cost>,
    read_new: &mut ReadNew<'_>,
    out: &mut Output,
) -> Result<Volume, Failure> {
    let Attempt {
        volume,
        secrets,
        options,
    } = attempt;
    let present = secrets.credential()?;
    match volume.unlock_with(&present, &options) {
        Ok(volume) => {
            let new = read_new(&volume.info(), out)?;
            let changed = new.secrets.credential().and_then(|credential| {
                volume.change_credential(credential, cost)?;
                Ok(volume)
            });
            new.settle(changed, out)
        }
        Err(UnlockFailure::Failed {
            volume: locked,
            error: Error::MustChange { .. },
        }) => {
            check_cost(&locked.info(), cost)?;
            let new = read_new(&locked.info(), out)?;
            let changed = new.secrets.credential().and_then(|credential| {
                let volume = locked
                    .unlock_and_change(&present, &credential, &options)
                    .map_err(Error::from)?;
                make_dearer(&volume, &credential, cost)?;
                Ok(volume)
            });
            new.settle(changed, out)
        }
        Err(failure) => Err(Error::from(failure).into()),
    }
}

/// The credential that had to be changed has the cost of the old one; only now can it have another.
fn make_dearer(
    volume: &Volume,
    credential: &Credential<'_>,
    cost: Option<Argon2Cost>,
) -> Result<(), Error> {
    match cost {
        None => Ok(()),
        Some(_) => volume.change_credential(credential, cost),
    }
}

/// Refuses a cost below the policy before anything is changed.
fn check_cost(info: &Info, cost: Option<Argon2Cost>) -> Result<(), Failure> {
    let rules = &info.policy;
    match cost {
        Some(cost)
            if cost.memory_kib() < rules.min_kdf_memory_kib
                || cost.passes() < rules.min_kdf_passes =>
        {
            let error = Error::CostTooLow {
                memory_kib: rules.min_kdf_memory_kib,
                passes: rules.min_kdf_passes,
            };
            Err(error.into())
        }
        _ => Ok(()),
    }
}
