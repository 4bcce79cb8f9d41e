//! `try`: one attempt.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{Error, Tried};

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::unlock::prepare;

/// Options of `try`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A wrong passphrase or key file costs one attempt. A right one sets the counter back. A credential that must be changed, or that opens only \
once, is right too: nothing is changed or spent.

Examples:
  tenlock try disk.img
  tenlock try disk.img --passphrase-file secret.txt && echo right")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Tries the credential; the volume stays locked.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let attempt = prepare(&args.image, args.credential.access(), out)?;
    let credential = attempt.secrets.credential()?;
    let tried = attempt.volume.try_credential(credential, &attempt.options);
    let tried = tried.map_err(Error::from)?;
    for notice in &tried.notices {
        out.notice(notice.to_string());
    }
    Ok(outcome(&tried))
}

fn outcome(tried: &Tried) -> Outcome {
    let info = tried.volume.info();
    let slot = info.slots.iter().find(|slot| slot.index == tried.slot);
    let name = slot.map_or("", |slot| &slot.name);
    let must_change = slot.is_some_and(|slot| slot.must_change);
    let one_time = slot.is_some_and(|slot| slot.flags.one_time);
    let mut text = format!(
        "The credential is right: slot {}, role {}.\n",
        tried.slot,
        tried.role.name()
    );
    if must_change {
        text += "It must be changed before it opens the volume: use `tenlock slot change`.\n";
    }
    if one_time {
        text += "It opens only once, to give a user a new credential: use `tenlock recover`.\n";
    }
    Outcome {
        text,
        json: json!({
            "slot": tried.slot,
            "role": tried.role.name(),
            "name": name,
            "must_change": must_change,
            "one_time": one_time,
        }),
    }
}
