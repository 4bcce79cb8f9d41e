//! The commands: each has its options and a `run`.

pub(crate) mod create;
pub(crate) mod data;
pub(crate) mod erase;
pub(crate) mod export_key;
pub(crate) mod files;
pub(crate) mod header;
pub(crate) mod info;
pub(crate) mod keygen;
pub(crate) mod label;
pub(crate) mod log;
pub(crate) mod new_image;
pub(crate) mod options;
pub(crate) mod pack;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod recover;
pub(crate) mod slot;
pub(crate) mod try_;

use crate::args::Command;
use crate::failure::Failure;
use crate::output::{Outcome, Output};

/// Runs a command.
pub(crate) fn run(command: Command, out: &mut Output) -> Result<Outcome, Failure> {
    match command {
        Command::Create(args) => create::run(&args, out),
        Command::Info(args) => info::run(&args),
        Command::Try(args) => try_::run(&args, out),
        Command::Read(args) => data::read(&args, out),
        Command::Write(args) => data::write(&args, out),
        Command::Pack(args) => pack::run(&args, out),
        Command::Unpack(args) => files::unpack(&args, out),
        Command::Ls(args) => files::ls(&args, out),
        Command::Header(command) => header::run(command, out),
        Command::Erase(args) => erase::run(&args),
        Command::ExportKey(args) => export_key::run(&args, out),
        Command::Slot(command) => slot::run(command, out),
        Command::Recover(args) => recover::run(&args, out),
        Command::Policy(policy::Command::Show(args)) => policy::show(&args),
        Command::Policy(policy::Command::Set(args)) => policy::set(&args, out),
        Command::Label(label::Command::Show(args)) => label::show(&args),
        Command::Label(label::Command::Set(args)) => label::set(&args, out),
        Command::Log(args) => log::run(&args, out),
        Command::Keygen(args) => keygen::run(&args, out),
    }
}
