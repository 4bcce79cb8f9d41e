//! `slot add`: another way to open the volume.

use std::path::PathBuf;

use serde_json::json;
use tenlock::format::Action;
use tenlock::volume::{NewSlot, Role};

use super::{check_admin, parse_index};
use crate::commands::options::{KdfArgs, texts, to_limit};
use crate::credential::{CredentialArgs, NewCredentialArgs};
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::terms::{parse_action, parse_role};
use crate::units::parse_count;
use crate::unlock::{close, unlock_as_admin};

/// Options of `slot add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs an admin's credential: on a volume with users with --role admin. Recovery keys and public keys cannot be guessed and have no limit of attempts.

Examples:
  tenlock slot add disk.img --new-role user --name Technician --must-change
  tenlock slot add disk.img --new-role recovery --name Safe --one-time --new-recovery-key-file key.txt
  tenlock slot add disk.img --new-role escrow --name 'Head office' --new-public-key office.pub")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    slot: SlotArgs,
    #[command(flatten)]
    new: NewCredentialArgs,
    #[command(flatten)]
    kdf: KdfArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// What the slot is to be like.
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "New slot")]
struct SlotArgs {
    /// What its holder may do. admin: everything; user: use the data and change the own credential; recovery: give a user a new credential;
    /// escrow: use the data and export the key.
    #[arg(long, value_name = "ROLE", value_parser = parse_role)]
    new_role: Role,
    /// Name for people, at most 32 bytes; anybody can read it.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    name: String,
    /// Number of the slot, 0 to 31; without it the first that is free.
    #[arg(long, value_name = "N", value_parser = parse_index)]
    index: Option<usize>,
    /// Wrong credentials in a row that are allowed, 1 to 10.
    #[arg(long, value_name = "N", default_value = "10", value_parser = parse_count)]
    attempts: u32,
    /// What happens after them: erase-slot or erase-volume. Without it an admin's takes the volume along, a user's does not.
    #[arg(long, value_parser = parse_action)]
    action: Option<Action>,
    /// The credential must be changed at the next unlock.
    #[arg(long)]
    must_change: bool,
    /// The holder may only read: a rule that this software keeps, and no other.
    #[arg(long)]
    read_only: bool,
    /// The recovery key is spent by its first use.
    #[arg(long)]
    one_time: bool,
    /// An admin has to allow the last attempt, so that a prank does not erase the slot.
    #[arg(long)]
    reserve_last_attempt: bool,
}

impl Args {
    fn slot(&self) -> Result<NewSlot, Failure> {
        let args = &self.slot;
        let mut slot = NewSlot::new(args.new_role);
        slot.name.clone_from(&args.name);
        slot.index = args.index;
        slot.attempt_limit = to_limit(args.attempts);
        slot.action = args.action.unwrap_or(slot.action);
        slot.must_change = args.must_change;
        slot.read_only = args.read_only;
        slot.one_time = args.one_time;
        slot.last_attempt_reserved = args.reserve_last_attempt;
        slot.cost = self.kdf.cost()?;
        Ok(slot)
    }
}

/// Adds the slot.
pub(super) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let slot = args.slot()?;
    let sources = args.new.sources_for(slot.role, out)?;
    sources.check_apart_from(args.credential.secrets())?;
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    check_admin(&volume, "add a slot")?;
    let new = sources.read(&texts(&volume.info().label), &args.image, out)?;
    let added = new
        .secrets
        .credential()
        .and_then(|credential| Ok(volume.add_slot(&slot, credential)?));
    let index = new.settle(added, out)?;
    close(volume, out)?;
    Ok(Outcome {
        text: format!("Slot {index} is added, role {}.\n", slot.role.name()),
        json: json!({ "slot": index, "role": slot.role.name(), "name": slot.name }),
    })
}
