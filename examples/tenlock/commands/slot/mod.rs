//! `slot`: the ways to open the volume.

mod add;
mod change;
mod limits;
mod remove;
mod reset;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use tenlock::volume::{Error, Info, Role, SlotInfo, Volume, inspect};

use crate::describe;
use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::{Outcome, Output};

/// The commands of `slot`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the key slots; costs no attempt.
    List(ListArgs),
    /// Add a slot, for another person or as another way in.
    Add(add::Args),
    /// Change the credential of the slot that the present one opens.
    Change(change::Args),
    /// Replace the credential of another slot without knowing it, and give the slot all its attempts.
    Reset(reset::Args),
    /// Remove a slot: its credential opens nothing any more.
    Remove(remove::Args),
    /// Allow the reserved last attempt of a slot, or give it all its attempts back.
    Allow(limits::AllowArgs),
    /// Change how many attempts a slot has, and what happens after them.
    Lockout(limits::LockoutArgs),
}

/// Options of `slot list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tenlock slot list disk.img")]
pub(crate) struct ListArgs {
    /// Image file or block device.
    image: PathBuf,
}

/// Runs a command of `slot`.
pub(crate) fn run(command: Command, out: &mut Output) -> Result<Outcome, Failure> {
    match command {
        Command::List(args) => list(&args),
        Command::Add(args) => add::run(&args, out),
        Command::Change(args) => change::run(&args, out),
        Command::Reset(args) => reset::run(&args, out),
        Command::Remove(args) => remove::run(&args, out),
        Command::Allow(args) => limits::allow(&args, out),
        Command::Lockout(args) => limits::lockout(&args, out),
    }
}

/// Lists the slots that are granted.
fn list(args: &ListArgs) -> Result<Outcome, Failure> {
    let info = inspect(&open_read_only(&args.image)?)?;
    Ok(Outcome {
        text: describe::slots_text(&info),
        json: json!({ "slots": describe::slots_json(&info) }),
    })
}

/// Refuses before a new credential is asked for what only an admin may do.
fn check_admin(volume: &Volume, operation: &'static str) -> Result<(), Failure> {
    match volume.role() {
        Role::Admin => Ok(()),
        role => Err(Error::NotPermitted { role, operation }.into()),
    }
}

/// The slot with this index.
fn granted(info: &Info, slot: usize) -> Result<&SlotInfo, Failure> {
    let found = info.slots.iter().find(|found| found.index == slot);
    found.ok_or_else(|| Error::NoSuchSlot { slot }.into())
}

/// Parses the index of a slot.
fn parse_index(text: &str) -> Result<usize, String> {
    let index = crate::units::parse_count(text)?;
    usize::try_from(index).map_err(|_| "the number is too large".to_owned())
}
