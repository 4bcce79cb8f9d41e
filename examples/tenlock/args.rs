//! The command line as a whole; the options of a command stand with the command.

use clap::{Parser, Subcommand};

use crate::commands::{
    create, data, erase, export_key, files, header, info, keygen, label, log, pack, policy,
    recover, slot, try_,
};

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
    /// Try a credential: a wrong one counts, nothing is read.
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
    /// Back up, restore, check and mend the header.
    #[command(subcommand)]
    Header(header::Command),
    /// Destroy the key of a volume; needs no credential.
    Erase(erase::Args),
    /// Print the XTS key for emergency recovery with other tools.
    ExportKey(export_key::Args),
    /// List, add, change, reset or remove key slots: the ways to open the volume.
    #[command(subcommand)]
    Slot(slot::Command),
    /// Give a user a new credential with a recovery key.
    Recover(recover::Args),
    /// Show or change the rules for new credentials.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Show or change the texts that anybody can read.
    #[command(subcommand)]
    Label(label::Command),
    /// Show what happened to the volume, wrong credentials included.
    Log(log::Args),
    /// Make a pair of keys, for escrow and for backups of the header.
    Keygen(keygen::Args),
}

const AFTER_HELP: &str = "\
A credential is a passphrase, a key file, a recovery key, a private key, or several of them together. It is never taken from the \
command line or the environment. Without an option a passphrase is asked for on the terminal.

Examples:
  tenlock pack smith-llp/ smith-llp.img           encrypt a folder
  tenlock info smith-llp.img                      what is it, how many attempts are left
  tenlock unpack smith-llp.img restored/          get the folder back
  tenlock create disk.img --size 64M              an empty volume with an exFAT file system
  tenlock create disk.img --profile customer.json the same with all its slots and rules
  tenlock slot add disk.img --new-role user       a technician gets a passphrase of his own
  tenlock slot add disk.img --new-role recovery --new-recovery-key-file key.txt
                                                  a way back in when it is forgotten
  tenlock recover disk.img --recovery-key-file key.txt
                                                  go that way
  tenlock erase smith-llp.img --yes               make it unreadable for good

Exit codes:
   0  done
   1  other failure, for example a copy that left something out
   2  the command line or a value makes no sense
   3  wrong credential, attempts remain
   4  the key or the slot is erased, perhaps by this very attempt
   5  not a volume, or of a newer format
   6  damaged
   7  in use by another program
   8  the storage cannot be written, so passphrases cannot be tried
   9  reading or writing failed (file not found, disk full, broken pipe)
  10  cancelled";
