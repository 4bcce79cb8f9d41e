//! Where passphrases come from: the terminal, a file, or a file descriptor. Never the command line, never the environment.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use tenlock::crypto::Passphrase;
use tenlock::volume::{Code, Error};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::{Output, escape};
use crate::strength;
use crate::units::parse_count;

/// The passphrase that opens the volume.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Passphrase")]
pub(crate) struct CredentialArgs {
    /// Read the passphrase from a file (UTF-8, at most 4096 bytes); one line break at its end is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from an open file descriptor, to its end (Unix only).
    #[arg(long, value_name = "N", value_parser = parse_count)]
    passphrase_fd: Option<u32>,
}

/// The passphrase that is to open the volume from now on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "New passphrase")]
pub(crate) struct NewCredentialArgs {
    /// Read the new passphrase from a file (UTF-8, at most 4096 bytes); one line break at its end is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from an open file descriptor, to its end (Unix only).
    #[arg(long, value_name = "N", value_parser = parse_count)]
    new_passphrase_fd: Option<u32>,
}

/// Where a passphrase is to be read from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The terminal, without echo.
    Prompt,
    /// A file.
    File(PathBuf),
    /// A file descriptor of this process.
    Descriptor(u32),
}

impl CredentialArgs {
    /// The source, before anything is read from it.
    ///
    /// # Errors
    /// Usage: nothing is given and there is no terminal.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        self.given().map_or_else(
            || prompt_instead("--passphrase-file or --passphrase-fd"),
            Ok,
        )
    }

    fn given(&self) -> Option<Source> {
        given(self.passphrase_file.as_ref(), self.passphrase_fd)
    }
}

impl NewCredentialArgs {
    /// As [`CredentialArgs::source`].
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        self.given().map_or_else(
            || prompt_instead("--new-passphrase-file or --new-passphrase-fd"),
            Ok,
        )
    }

    /// The source where there is no old passphrase: its options may stand for the new ones.
    pub(crate) fn source_or(&self, plain: &CredentialArgs) -> Result<Source, Failure> {
        match (self.given(), plain.given()) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "give the new passphrase once: with --new-passphrase-… or with --passphrase-…",
            )),
            (None, Some(source)) => Ok(source),
            _ => self.source(),
        }
    }

    fn given(&self) -> Option<Source> {
        given(self.new_passphrase_file.as_ref(), self.new_passphrase_fd)
    }
}

impl Source {
    /// The passphrase of the volume.
    pub(crate) fn read(&self) -> Result<Passphrase, Failure> {
        self.read_as("Passphrase", "--passphrase")
    }

    /// A new passphrase: typed twice, and judged.
    pub(crate) fn read_new(&self, known: &[&str], out: &mut Output) -> Result<Passphrase, Failure> {
        let passphrase = self.read_as("New passphrase", "--new-passphrase")?;
        if let Self::Prompt = self {
            let again = prompt("Repeat the new passphrase")?;
            if again.expose() != passphrase.expose() {
                return Err(Failure::usage(
                    "the two passphrases differ: nothing was changed, try again",
                ));
            }
        }
        strength::check_not_public(&passphrase, known)?;
        strength::advise(&passphrase, known, out);
        Ok(passphrase)
    }

    fn read_as(&self, what: &str, option: &str) -> Result<Passphrase, Failure> {
        match self {
            Self::Prompt => prompt(what),
            Self::File(path) => read_file(path, &escape(&path.display().to_string())),
            Self::Descriptor(_) if !cfg!(unix) => Err(Failure::usage(format!(
                "this system passes no file descriptors: use {option}-file instead"
            ))),
            // The name under which the system lets a process open its own descriptors.
            Self::Descriptor(number) => read_file(
                Path::new(&format!("/dev/fd/{number}")),
                &format!("file descriptor {number}"),
            ),
        }
    }
}

fn given(file: Option<&PathBuf>, descriptor: Option<u32>) -> Option<Source> {
    file.cloned()
        .map(Source::File)
        .or_else(|| descriptor.map(Source::Descriptor))
}

/// Data may be piped in or out while a person sits at the terminal, so either end will do.
fn prompt_instead(options: &str) -> Result<Source, Failure> {
    if io::stdin().is_terminal() || io::stderr().is_terminal() {
        return Ok(Source::Prompt);
    }
    Err(Failure::usage(format!(
        "there is no terminal to ask for the passphrase: give it with {options}"
    )))
}

fn prompt(what: &str) -> Result<Passphrase, Failure> {
    let typed =
        rpassword::prompt_password(format!("{what}: ")).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
                Failure::new(Code::Cancelled, "cancelled", "cancelled at the prompt")
            }
            _ => Failure::io("ask for the passphrase on", "the terminal", &error),
        })?;
    Ok(Passphrase::new(&Zeroizing::new(typed)).map_err(Error::from)?)
}

fn read_file(path: &Path, shown: &str) -> Result<Passphrase, Failure> {
    let failed = |error: io::Error| Failure::io("read the passphrase from", shown, &error);
    // One buffer that never moves, so that there is one copy to wipe.
    let mut buffer = Zeroizing::new([0; MAX_FILE_LEN + 1]);
    let mut file = File::open(path).map_err(failed)?;
    let mut len = 0;
    while len < buffer.len() {
        match file.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if len > MAX_FILE_LEN {
        return Err(Failure::usage(format!(
            "{shown} holds more than {MAX_FILE_LEN} bytes: that is no passphrase, check the path"
        )));
    }
    Ok(Passphrase::from_utf8(without_line_break(&buffer[..len])).map_err(Error::from)?)
}

/// Drops one line feed, or one carriage return with line feed.
fn without_line_break(bytes: &[u8]) -> &[u8] {
    let Some(line) = bytes.strip_suffix(b"\n") else {
        return bytes;
    };
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Bytes at most in a passphrase file. A passphrase has 1024 once it is normalised, which can shorten it.
const MAX_FILE_LEN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_line_break_is_dropped() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"a", b"a"),
            (b"a\n", b"a"),
            (b"a\r\n", b"a"),
            (b"a\n\n", b"a\n"),
            (b"a\r", b"a\r"),
            (b" a \r\n\n", b" a \r\n"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(without_line_break(bytes), expected);
        }
    }
}
