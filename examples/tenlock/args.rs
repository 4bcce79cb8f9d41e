//! The command line as a whole; the options of a command stand with the command.

use clap::{Parser, Subcommand};

use crate::commands::{create, data, erase, export_key, files, info, pack, repair, slot, try_};

/// Encrypted volumes on portable media: ten wrong passphrases, and the key is gone.
#[derive(Debug, Parser)]
#[command(name = "tenlock", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Print exactly one JSON object on standard output, also for errors, and no progress.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new encrypted volume in an image file or on a block device.
    Create(create::Args),
    /// Show what can be known without a key; costs no attempt.
    Info(info::Args),
    /// Try a passphrase: a wrong one counts, nothing is read.
    Try(try_::Args),
    /// Copy decrypted bytes of the volume to standard output.
    Read(data::ReadArgs),
    /// Encrypt bytes from standard input into the volume.
    Write(data::WriteArgs),
    /// Make an image of the right size and copy a folder into it.
    Pack(pack::Args),
    /// Copy all files out of a volume into a folder.
    Unpack(files::UnpackArgs),
    /// List the files in a volume.
    Ls(files::LsArgs),
    /// Write a header copy anew that something else has overwritten; needs no passphrase.
    Repair(repair::Args),
    /// Destroy the key of a volume; needs no passphrase.
    Erase(erase::Args),
    /// Print the XTS key for emergency recovery with other tools.
    ExportKey(export_key::Args),
    /// List the key slots, or change a passphrase.
    #[command(subcommand)]
    Slot(slot::Command),
}

const AFTER_HELP: &str = "\
Passphrases are never taken from the command line or the environment. Without an option they are \
asked for on the terminal.

Examples:
  tenlock pack smith-llp/ smith-llp.img           encrypt a folder
  tenlock info smith-llp.img                      what is it, how many attempts are left
  tenlock unpack smith-llp.img restored/          get the folder back
  tenlock create disk.img --size 64M              an empty volume with an exFAT file system
  tenlock erase smith-llp.img --yes               make it unreadable for good

Exit codes:
   0  done
   1  other failure, for example a copy that left something out
   2  the command line or a value makes no sense
   3  wrong passphrase, attempts remain
   4  the key is erased, perhaps by this very attempt
   5  not a volume, or of a newer format
   6  damaged
   7  in use by another program
   8  the storage cannot be written, so attempts cannot be counted
   9  reading or writing failed (file not found, disk full, broken pipe)
  10  cancelled";
