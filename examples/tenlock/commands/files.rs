//! `unpack` and `ls`: the file system in the volume, without a driver.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use tenlock::volume::Code;

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::fs::{self, Entry, Report, Warning};
use crate::output::{Outcome, Output, escape};
use crate::progress::Progress;
use crate::units::{show_bytes, show_time};
use crate::unlock::{close, unlock};

/// Options of `unpack`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What cannot be kept is named in a warning; if contents are missing the exit code is 1.

Examples:
  tenlock unpack smith-llp.img restored/
  tenlock unpack smith-llp.img restored/ --passphrase-file secret.txt")]
pub(crate) struct UnpackArgs {
    /// Image file or block device.
    image: PathBuf,
    /// Folder to copy to; new, or empty.
    folder: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Options of `ls`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenlock ls smith-llp.img
  tenlock ls smith-llp.img contracts/2026 --json")]
pub(crate) struct LsArgs {
    /// Image file or block device.
    image: PathBuf,
    /// Folder or file in the volume, with / between names; letter case does not matter.
    #[arg(default_value = "/")]
    path: String,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Which way a copy goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    /// Into the volume.
    In,
    /// Out of the volume.
    Out,
}

/// Copies everything out.
pub(crate) fn unpack(args: &UnpackArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = unlock(&args.image, &args.credential, out)?;
    let (mut progress, mut warnings) = (Progress::new(out), Vec::new());
    let mut advance = |done: u64, total: u64, _: &Path| {
        progress.advance(done, Some(total));
        ControlFlow::Continue(())
    };
    let copied = fs::unpack(&volume, &args.folder, &mut advance, &mut warnings);
    drop(progress);
    let report = copied?;
    close(volume, out)?;
    conclude(Direction::Out, report, &warnings, out)
}

/// Lists a folder.
pub(crate) fn ls(args: &LsArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = unlock(&args.image, &args.credential, out)?;
    for warning in fs::damage(&volume)? {
        out.warning(warning.to_string());
    }
    let entries = fs::list(&volume, &args.path)?;
    close(volume, out)?;
    let list: Vec<_> = entries.iter().map(entry_json).collect();
    Ok(Outcome {
        text: entries.iter().map(entry_text).collect(),
        json: json!({ "path": args.path, "entries": list }),
    })
}

/// Tells what a copy achieved: an outcome if it is complete, a failure otherwise.
pub(crate) fn conclude(
    direction: Direction,
    report: Report,
    warnings: &[Warning],
    out: &mut Output,
) -> Result<Outcome, Failure> {
    for warning in warnings {
        out.warning(warning.to_string());
    }
    let verb = match direction {
        Direction::In => "packed",
        Direction::Out => "unpacked",
    };
    let Report {
        files,
        folders,
        bytes,
        losses,
    } = report;
    let summary = format!(
        "{verb} {files} file(s) and {folders} folder(s), {}",
        show_bytes(bytes)
    );
    if losses == 0 {
        let text = format!("Complete: {summary}.\n");
        return Ok(Outcome {
            text,
            json: json!({ "files": files, "folders": folders, "bytes": bytes, "losses": 0 }),
        });
    }
    let message =
        format!("incomplete: {summary}; missing or doubtful entries: {losses}, see the warnings");
    let failure = Failure::new(Code::Other, "incomplete", message);
    Err(failure
        .with("files", files)
        .with("folders", folders)
        .with("bytes", bytes)
        .with("losses", losses))
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "kind": if entry.is_folder { "folder" } else { "file" },
        "length": entry.len,
        "modified": modified(entry),
    })
}

fn entry_text(entry: &Entry) -> String {
    let mut text = format!("{:>20}  ", modified(entry).unwrap_or_default());
    let slash = if entry.is_folder { "/" } else { "" };
    // Writing to a `String` cannot fail.
    let _ = if entry.is_folder {
        write!(text, "{:>14}", "-")
    } else {
        write!(text, "{:>14}", entry.len)
    };
    let _ = writeln!(text, "  {}{slash}", escape(&entry.name));
    text
}

fn modified(entry: &Entry) -> Option<String> {
    let since = entry.modified?.duration_since(UNIX_EPOCH).ok()?;
    show_time(since.as_secs())
}
