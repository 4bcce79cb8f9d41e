//! What a command reports when it does not succeed.

use std::error::Error as StdError;
use std::io;

use serde_json::{Map, Value, json};
use tenlock::format::Action;
use tenlock::volume::{Code, Damage, Error, RestoreRefusal};

use crate::terms::action_name;
use crate::{describe, fs};

/// Attempts left from which on a plain warning is given.
pub(crate) const FEW_ATTEMPTS: u8 = 3;

/// A failure with its exit code, a name for programs and a text for people.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: Code,
    /// The JSON member `error`.
    pub(crate) name: &'static str,
    /// Says what to do; without a full stop. Empty: fail in silence.
    pub(crate) message: String,
    /// Attempts left after a wrong credential, and what happens at the limit.
    pub(crate) attempts_left: Option<(u8, Action)>,
    /// Further members of the JSON object.
    pub(crate) fields: Map<String, Value>,
}

impl Failure {
    /// A failure without further members.
    pub(crate) fn new(code: Code, name: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            name,
            message: message.into(),
            attempts_left: None,
            fields: Map::new(),
        }
    }

    /// The request makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, "usage", message)
    }

    /// An operation of the system failed: "cannot ACTION WHAT: CAUSE".
    pub(crate) fn io(action: &str, what: &str, cause: &io::Error) -> Self {
        if cause.kind() == io::ErrorKind::BrokenPipe {
            // Whoever closed the pipe has what it wanted.
            return Self::new(Code::Io, "broken_pipe", "");
        }
        Self::new(Code::Io, "io", format!("cannot {action} {what}: {cause}"))
    }

    /// Adds a member to the JSON object.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// `remaining` is `None` for credentials that are not counted.
    fn of_wrong_credential(self, remaining: Option<u8>, erases_volume: bool) -> Self {
        let action = if erases_volume {
            Action::EraseVolume
        } else {
            Action::EraseSlot
        };
        let failure = self.with(ATTEMPTS_REMAINING, remaining);
        match remaining {
            None => failure,
            Some(remaining) => Self {
                attempts_left: Some((remaining, action)),
                ..failure.with("at_the_limit", action_name(action))
            },
        }
    }

    /// Adds how it is done with this tool.
    fn with_hint(mut self, hint: &str) -> Self {
        self.message = format!("{} ({hint})", self.message);
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(error.code(), error.name(), error.to_string());
        match error {
            Error::WrongCredential {
                remaining,
                erases_volume,
            } => failure.of_wrong_credential(remaining, erases_volume),
            Error::SlotErased => failure.with(ATTEMPTS_REMAINING, 0),
            Error::Erased(report) => failure
                .with(ATTEMPTS_REMAINING, 0)
                .with("erase", describe::report_json(&report)),
            Error::AmbiguousSlot { slots } => failure
                .with("slots", slots)
                .with_hint("with --slot N, --role ROLE or --any-slot"),
            Error::AttemptReserved { slot } => failure
                .with("slot", slot)
                .with_hint("with `tenlock slot allow`"),
            Error::MustChange { slot } => failure
                .with("slot", slot)
                .with_hint("with `tenlock slot change`"),
            Error::OneTime { slot } => failure
                .with("slot", slot)
                .with_hint("with `tenlock recover`"),
            Error::Rollback(_) => failure.with_hint("or add --accept-rollback"),
            Error::Restore(RestoreRefusal::Older { .. } | RestoreRefusal::Diverged { .. }) => {
                failure.with_hint("with --older")
            }
            Error::Damaged(Damage::Log) => failure.with_hint("with --accept-lost-log"),
            _ => failure,
        }
    }
}

/// Writing to standard output is the only bare IO of this tool.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::io("write to", "standard output", &error)
    }
}

impl From<fs::Error> for Failure {
    fn from(error: fs::Error) -> Self {
        let (code, name) = match &error {
            fs::Error::TooSmall { .. } | fs::Error::TooLarge { .. } => (Code::Usage, "size"),
            fs::Error::Label { .. } => (Code::Usage, "label"),
            fs::Error::NoSpace { .. } | fs::Error::VolumeFull { .. } => (Code::Other, "no_space"),
            fs::Error::NotAFileSystem => (Code::Other, "not_a_file_system"),
            fs::Error::NotFound { .. } => (Code::Other, "not_found"),
            fs::Error::NotEmpty { .. } => (Code::Other, "not_empty"),
            fs::Error::Cancelled => (Code::Cancelled, "cancelled"),
            fs::Error::Host { .. } => (Code::Io, "io"),
            fs::Error::Volume { .. } => volume_cause(&error),
        };
        Self::new(code, name, with_causes(&error))
    }
}

/// What the storage reported, or else the file system in the volume is damaged.
fn volume_cause(error: &fs::Error) -> (Code, &'static str) {
    for cause in causes(error) {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            let volume = cause
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<Error>());
            return volume.map_or((Code::Io, "io"), |error| (error.code(), error.name()));
        }
    }
    (Code::Damaged, "damaged_file_system")
}

fn with_causes(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

/// The JSON object of a failure.
impl From<Failure> for Map<String, Value> {
    fn from(failure: Failure) -> Self {
        let mut object = failure.fields;
        object.insert("error".to_owned(), json!(failure.name));
        object.insert("code".to_owned(), json!(failure.code as u8));
        object.insert("message".to_owned(), json!(failure.message));
        object
    }
}

const ATTEMPTS_REMAINING: &str = "attempts_remaining";
