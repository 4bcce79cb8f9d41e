//! `header restore`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tenlock::volume::{
    BackupFile, FileMemory, HeaderBackup, IfOlder, RestoreOptions, RollbackMemory, restore_header,
};

use crate::credential::{origin, read_private_key};
use crate::failure::Failure;
use crate::image::{open, show};
use crate::output::Outcome;

/// Options of `header restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An erased volume is not brought back, attempts that were used stay used, and slots that were erased stay erased.

Example:
  tenlock header restore disk.img disk.backup --private-key-file office.key")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    /// File with the backup.
    backup: PathBuf,
    /// Private key to which the backup is sealed.
    #[arg(long, value_name = "FILE")]
    private_key_file: Option<PathBuf>,
    /// Read the passphrase of the private key from a file; without it the terminal is asked.
    #[arg(long, value_name = "FILE", requires = "private_key_file")]
    private_key_passphrase_file: Option<PathBuf>,
    /// Put it back although the header on the medium is newer: old credentials and rules are in force again.
    #[arg(long)]
    older: bool,
    /// Refuse a backup that is older than what this file remembers of the volume.
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
}

/// Restores the header.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let backup = args.backup()?;
    let mut options = RestoreOptions::default();
    options.origin = origin();
    options.if_older = if args.older {
        IfOlder::Allow
    } else {
        IfOlder::Refuse
    };
    options.memory = args
        .remember
        .as_ref()
        .map(|path| Arc::new(FileMemory::new(path)) as Arc<dyn RollbackMemory>);
    let report = restore_header(open(&args.image)?, &backup, &options)?;
    let unwritten: Vec<_> = report
        .unwritten
        .iter()
        .map(|(copy, block, error)| json!({ "copy": copy, "block": block, "error": error.name() }))
        .collect();
    Ok(Outcome {
        text: format!("{report}\n"),
        json: json!({
            "number": report.backup.number,
            "generation": report.backup.generation,
            "replaced_generation": report.replaced.map(|replaced| replaced.generation),
            "counters_lost": report.counters_lost,
            "erased_slots": report.erased_slots,
            "unwritten": unwritten,
        }),
    })
}

impl Args {
    fn backup(&self) -> Result<HeaderBackup, Failure> {
        match BackupFile::parse(&read(&self.backup)?)? {
            BackupFile::Plain(backup) => Ok(backup),
            BackupFile::Sealed(sealed) => {
                let Some(path) = &self.private_key_file else {
                    let recipient = sealed.info().recipient;
                    return Err(Failure::usage(format!(
                        "{} is sealed to {}: give the private key with --private-key-file",
                        show(&self.backup),
                        recipient.map_or_else(|| "a key".to_owned(), |key| key.to_string()),
                    )));
                };
                let key = read_private_key(path, self.private_key_passphrase_file.as_ref())?;
                Ok(sealed.open(&key)?)
            }
        }
    }
}

/// As much of the file as a backup can have, and one byte.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::io("read the backup from", &show(path), &error);
    let file = File::open(path).map_err(failed)?;
    let most = u64::try_from(BackupFile::MAX_LEN).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}
