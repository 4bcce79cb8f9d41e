//! Everything this tool prints, but for the bytes of `read` and the progress bars.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use tenlock::format::Action;

use crate::failure::{FEW_ATTEMPTS, Failure};

/// What a command that succeeded has to say.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Lines for people, each ending in a line feed.
    pub(crate) text: String,
    /// The JSON object; `null` stands for an empty one.
    pub(crate) json: Value,
}

/// Prints for people, or one JSON object for programs.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    notices: Vec<String>,
    warnings: Vec<String>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            notices: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether a program reads the output.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Something worth knowing.
    pub(crate) fn notice(&mut self, text: impl Into<String>) {
        self.remark("note", text.into());
    }

    /// Something to act upon.
    pub(crate) fn warning(&mut self, text: impl Into<String>) {
        self.remark("warning", text.into());
    }

    /// The plain warning, if few attempts remain before `action`.
    pub(crate) fn warn_of_few_attempts(&mut self, remaining: u8, action: Action) {
        if (1..=FEW_ATTEMPTS).contains(&remaining) {
            let attempts = if remaining == 1 {
                "1 attempt is".to_owned()
            } else {
                format!("{remaining} attempts are")
            };
            let then = match action {
                Action::EraseVolume => "the key is destroyed and nobody can read the data",
                Action::EraseSlot => {
                    "the slot is erased, and only another credential opens the volume"
                }
            };
            self.warning(format!("only {attempts} left. After that {then}."));
        }
    }

    /// Prints the outcome of a command.
    pub(crate) fn finish(&mut self, outcome: Outcome) -> Result<(), Failure> {
        if self.json {
            let Outcome {
                json: Value::Object(object),
                ..
            } = outcome
            else {
                return self.print_object(Map::new());
            };
            return self.print_object(object);
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(outcome.text.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// Prints a failure and gives the exit code.
    pub(crate) fn fail(&mut self, failure: Failure) -> ExitCode {
        let code = ExitCode::from(failure.code as u8);
        let left = failure.attempts_left;
        if !self.json && !failure.message.is_empty() {
            // Where even standard error cannot be written the exit code has to do.
            let _ = writeln!(io::stderr(), "error: {}", failure.message);
        }
        if let Some((remaining, action)) = left {
            self.warn_of_few_attempts(remaining, action);
        }
        if self.json {
            let _ = self.print_object(failure.into());
        }
        code
    }

    fn remark(&mut self, kind: &str, text: String) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{kind}: {text}");
        } else if kind == "note" {
            self.notices.push(text);
        } else {
            self.warnings.push(text);
        }
    }

    fn print_object(&mut self, mut object: Map<String, Value>) -> Result<(), Failure> {
        object.insert("notices".to_owned(), json!(self.notices));
        object.insert("warnings".to_owned(), json!(self.warnings));
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", Value::Object(object))?;
        Ok(stdout.flush()?)
    }
}

/// A stranger's text on one line, unable to drive the terminal or to pass for something else: control characters, invisible ones and
/// those that change the direction of writing are shown as `\u{…}`.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            _ if is_invisible(character) => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

/// Control characters (category Cc), line and paragraph separators, and format characters (Cf).
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_cannot_drive_the_terminal() {
        assert_eq!(
            escape("a\u{1b}[2J\r\n\u{9b}"),
            "a\\u{1b}[2J\\u{d}\\u{a}\\u{9b}"
        );
        assert_eq!(
            escape("\u{202e}gpj.exe\u{2066}\u{200b}\u{feff}"),
            "\\u{202e}gpj.exe\\u{2066}\\u{200b}\\u{feff}"
        );
        assert_eq!(
            escape("\\u{1b}"),
            "\\\\u{1b}",
            "an escape cannot be imitated"
        );
    }

    #[test]
    fn ordinary_texts_stay_as_they_are() {
        for text in [
            "",
            "O'Brien \"& Sons\"",
            "Müller",
            "Mu\u{308}ller",
            "株式会社",
            "עברית",
        ] {
            assert_eq!(escape(text), text);
        }
    }
}
