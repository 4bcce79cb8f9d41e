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
opens only once is spent by it. A key that somebody reads to you goes into a text file, in characters or in words; a typing error in it is \
found before anything is tried.

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
        for_admin: false,
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
        volume.map_err(|failure| refusal(failure.into()))
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

fn refusal(error: Error) -> Failure {
    match error {
        // The slots are those to be recovered: no other option than this chooses one.
        Error::AmbiguousSlot { ref slots } => {
            let numbers: Vec<_> = slots.iter().map(ToString::to_string).collect();
            let message = format!(
                "there are several users, of the slots {}: say whose slot is meant with --slot N; the recovery key was not spent",
                numbers.join(", ")
            );
            Failure::new(error.code(), error.name(), message).with("slots", slots.clone())
        }
        Error::NoMatchingSlot => Failure::new(
            error.code(),
            error.name(),
            "no recovery slot opens with a key of this kind: one that opens only once may have been spent, see `tenlock slot list`",
        ),
        other => other.into(),
    }
}
