//! `recover`: a user gets back in with a recovery key.

use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{Error, Role, SlotChoice};

use super::options::texts;
use crate::credential::{Access, CautionArgs, NewCredentialArgs, SecretArgs};
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::units::parse_count;
use crate::unlock::{Attempt, close, prepare};
use crate::ways_in::in_force;

/// Options of `recover`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A user's slot gets a new credential and all its attempts, also if it was erased because they were used up. A recovery key that \
opens only once is spent by it.

Example:
  tenlock recover disk.img --recovery-key-file key.txt")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// Number of the user's slot; may be left out if there is only one.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    slot: Option<u32>,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    caution: CautionArgs,
}

/// Gives the user's slot a new credential.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let sources = args.new.sources(out)?;
    sources.check_apart_from(&args.secrets)?;
    let access = Access {
        secrets: &args.secrets,
        choice: SlotChoice::Role(Role::Recovery),
        caution: &args.caution,
    };
    let Attempt {
        volume,
        secrets,
        options,
    } = prepare(&args.image, access, out)?;
    let key = secrets.credential()?;
    let new = sources.read(&texts(&volume.info().label), &args.image, out)?;
    let slot = args
        .slot
        .map(|slot| usize::try_from(slot).unwrap_or(usize::MAX));
    let recovered = new.secrets.credential().and_then(|credential| {
        let volume = volume.recover(&key, slot, credential, &options);
        Ok(volume.map_err(Error::from)?)
    });
    let volume = new.settle(recovered, out)?;
    let slot = volume.slot();
    let left = in_force(&volume.info())
        .filter(|slot| slot.role == Role::Recovery)
        .count();
    close(volume, out)?;
    if left == 0 {
        out.warning(
            "no recovery key is left: an admin can add one with `tenlock slot add --new-role recovery`",
        );
    }
    Ok(Outcome {
        text: format!("Slot {slot} has a new credential and all its attempts.\n"),
        json: json!({ "slot": slot, "recovery_slots_left": left }),
    })
}
