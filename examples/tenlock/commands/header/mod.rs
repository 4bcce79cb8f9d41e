//! `header`: backups, and looking after the two copies.

mod backup;
mod check;
mod repair;
mod restore;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::{Outcome, Output};

/// The commands of `header`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a backup of the header, sealed to a public key; needs an admin's credential.
    Backup(backup::Args),
    /// Put a header back from a backup.
    Restore(restore::Args),
    /// Look at both copies of the header block by block; needs no credential.
    Check(check::Args),
    /// Mend the copies from each other; needs no credential.
    Repair(repair::Args),
}

/// Runs a command.
pub(crate) fn run(command: Command, out: &mut Output) -> Result<Outcome, Failure> {
    match command {
        Command::Backup(args) => backup::run(&args, out),
        Command::Restore(args) => restore::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Repair(args) => repair::run(&args),
    }
}
