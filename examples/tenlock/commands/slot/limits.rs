//! `slot allow` and `slot lockout`: how many attempts there are, and what happens after them.

use std::path::PathBuf;

use serde_json::json;
use tenlock::format::Action;
use tenlock::volume::{Error, Volume};

use super::{granted, parse_index};
use crate::commands::options::to_limit;
use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::terms::{action_name, parse_action};
use crate::units::parse_count;
use crate::unlock::{close, unlock_as_admin};

/// Options of `slot allow`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs an admin's credential: on a volume with users with --role admin. The reservation is gone with the attempt that is allowed; `slot lockout --reserve-last-attempt` makes \
it anew.

Examples:
  tenlock slot allow disk.img 1
  tenlock slot allow disk.img 1 --all")]
pub(crate) struct AllowArgs {
    /// Image file or block device.
    image: PathBuf,
    /// Number of the slot.
    #[arg(value_name = "N", value_parser = parse_index)]
    index: usize,
    /// Give the slot all its attempts back; a reserved last attempt stays reserved.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Options of `slot lockout`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is not given stays. Needs an admin's credential: on a volume with users with --role admin.

Example:
  tenlock slot lockout disk.img 1 --attempts 5 --action erase-volume")]
pub(crate) struct LockoutArgs {
    /// Image file or block device.
    image: PathBuf,
    /// Number of the slot.
    #[arg(value_name = "N", value_parser = parse_index)]
    index: usize,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// What is to be changed, at least one of it.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct LimitArgs {
    /// Wrong credentials in a row that are allowed, 1 to 10.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    attempts: Option<u32>,
    /// What happens after them: erase-slot or erase-volume.
    #[arg(long, value_parser = parse_action)]
    action: Option<Action>,
    /// An admin has to allow the last attempt, so that a prank does not erase the slot.
    #[arg(long)]
    reserve_last_attempt: bool,
}

/// Allows attempts.
pub(super) fn allow(args: &AllowArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let info = volume.info();
    let reserved = granted(&info, args.index)?.flags.last_attempt_reserved;
    if args.all {
        volume.reset_attempts(args.index)?;
    } else if reserved {
        volume.allow_last_attempt(args.index)?;
    } else {
        return Err(Failure::usage(format!(
            "no attempt of slot {} is reserved: add --all to give it all its attempts back",
            args.index
        )));
    }
    conclude(volume, args.index, out)
}

/// Changes limit and action.
pub(super) fn lockout(args: &LockoutArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let limits = &args.limits;
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    if limits.attempts.is_some() || limits.action.is_some() {
        let info = volume.info();
        let present = granted(&info, args.index)?.attempts;
        let present = present.ok_or(Error::SlotOptions("slots of this role have no counter"))?;
        let limit = limits.attempts.map_or(present.limit, to_limit);
        let action = limits.action.unwrap_or(present.action);
        volume.set_lockout(args.index, limit, action)?;
    }
    if limits.reserve_last_attempt {
        volume.reserve_last_attempt(args.index)?;
    }
    conclude(volume, args.index, out)
}

/// Says what attempts there are now.
fn conclude(volume: Volume, index: usize, out: &mut Output) -> Result<Outcome, Failure> {
    let info = volume.info();
    let attempts = granted(&info, index)?.attempts;
    close(volume, out)?;
    let Some(attempts) = attempts else {
        return Ok(Outcome {
            text: format!("Slot {index} has no limit of attempts.\n"),
            json: json!({ "slot": index, "attempts": null }),
        });
    };
    let (left, limit) = (attempts.remaining, attempts.limit);
    let action = action_name(attempts.action);
    Ok(Outcome {
        text: format!(
            "Slot {index} has {left} of {limit} attempts left; after them: {}.\n",
            action.replace('_', "-")
        ),
        json: json!({
            "slot": index,
            "attempts": { "limit": limit, "failed": attempts.failed, "remaining": left, "reserved": attempts.reserved, "action": action },
        }),
    })
}
