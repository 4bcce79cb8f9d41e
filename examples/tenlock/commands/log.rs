//! `log`: what happened to the volume, as an admin reads it.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};
use tenlock::volume::{Event, LogEntry, LogFault, Role};

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output, escape};
use crate::units::show_time;
use crate::unlock::{close, unlock_as_admin};

/// Options of `log`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The log holds the last 168 events, wrong credentials included. Needs an admin's credential: on a volume with users with --role admin.

Examples:
  tenlock log disk.img
  tenlock log disk.img --json")]
pub(crate) struct Args {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Shows the log.
pub(crate) fn run(args: &Args, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let log = volume.event_log()?;
    close(volume, out)?;
    for fault in &log.faults {
        out.warning(fault_text(*fault));
    }
    let mut text = format!(
        "{:>6}  {:<20}  {:<16}  {:<8}  {:<8}  By\n",
        "Number", "Time", "Event", "Slots", "Role"
    );
    log.entries
        .iter()
        .for_each(|entry| text += &entry_text(entry));
    let entries: Vec<_> = log.entries.iter().map(entry_json).collect();
    let faults: Vec<_> = log.faults.iter().copied().map(fault_json).collect();
    Ok(Outcome {
        text,
        json: json!({ "entries": entries, "faults": faults }),
    })
}

fn entry_json(entry: &LogEntry) -> Value {
    let Some(event) = &entry.event else {
        return json!({ "sequence": entry.sequence, "kind": null });
    };
    json!({
        "sequence": entry.sequence,
        "time": show_time(event.time()),
        "kind": event.kind().name(),
        "slots": event.slots().collect::<Vec<_>>(),
        "role": event.role().map(Role::name),
        "host": event.host(),
        "agent": event.agent(),
    })
}

fn entry_text(entry: &LogEntry) -> String {
    let what = match &entry.event {
        Some(event) => event_text(event),
        None => "cannot be read: somebody else has written it".to_owned(),
    };
    format!("{:>6}  {what}\n", entry.sequence)
}

fn event_text(event: &Event) -> String {
    let time = show_time(event.time()).unwrap_or_else(|| "unknown".to_owned());
    let slots: Vec<_> = event.slots().map(|slot| slot.to_string()).collect();
    let mut text = format!(
        "{time:<20}  {:<16}  {:<8}  {:<8}  {}",
        event.kind().name(),
        slots.join(" "),
        event.role().map_or("", Role::name),
        escape(event.host()),
    );
    if !event.agent().is_empty() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ", {}", escape(event.agent()));
    }
    text
}

fn fault_json(fault: LogFault) -> Value {
    match fault {
        LogFault::Missing { first, last } => {
            json!({ "fault": "missing", "first": first, "last": last })
        }
        LogFault::Unlinked { sequence } => json!({ "fault": "unlinked", "sequence": sequence }),
    }
}

fn fault_text(fault: LogFault) -> String {
    match fault {
        LogFault::Missing { first, last } => {
            format!("the entries {first} to {last} of the log are missing")
        }
        LogFault::Unlinked { sequence } => format!(
            "entry {sequence} of the log does not follow the one before it: one of the two was changed"
        ),
    }
}
