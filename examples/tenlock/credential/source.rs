//! Where a passphrase comes from.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use tenlock::crypto::Passphrase;
use tenlock::volume::{Code, Error};
use zeroize::Zeroizing;

use super::bounded::read_secret;
use crate::failure::Failure;
use crate::image::show;
use crate::output::Output;
use crate::strength;

/// Where a passphrase is to be read from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The terminal, without echo.
    Prompt,
    /// A file.
    File(PathBuf),
    /// A file descriptor of this process.
    Descriptor(u32),
}

impl Source {
    /// What was given by options, if anything.
    pub(crate) fn given(file: Option<&PathBuf>, descriptor: Option<u32>) -> Option<Self> {
        file.cloned()
            .map(Self::File)
            .or_else(|| descriptor.map(Self::Descriptor))
    }

    /// The file descriptor, if it is one.
    pub(crate) fn descriptor(&self) -> Option<u32> {
        match self {
            Self::Descriptor(number) => Some(*number),
            _ => None,
        }
    }

    /// Refuses to prompt where there is nobody: `options` are what to give instead.
    pub(crate) fn check_terminal(&self, options: &str) -> Result<(), Failure> {
        // Data may be piped in or out while a person sits at the terminal, so either end will do.
        if !matches!(self, Self::Prompt) || has_terminal() {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "there is no terminal to ask for the passphrase: give it with {options}"
        )))
    }

    /// The passphrase that opens something.
    pub(crate) fn read(&self) -> Result<Passphrase, Failure> {
        self.read_as("Passphrase", "--passphrase")
    }

    /// A new passphrase: typed twice, and judged.
    pub(crate) fn read_new(&self, known: &[&str], out: &mut Output) -> Result<Passphrase, Failure> {
        let passphrase = self.read_repeated("New passphrase", "--new-passphrase")?;
        strength::advise(&passphrase, known, out);
        Ok(passphrase)
    }

    /// A passphrase that is typed twice.
    pub(crate) fn read_repeated(&self, what: &str, option: &str) -> Result<Passphrase, Failure> {
        let passphrase = self.read_as(what, option)?;
        if let Self::Prompt = self {
            let again = prompt("Repeat it")?;
            if again.expose() != passphrase.expose() {
                return Err(Failure::usage(
                    "the two passphrases differ: nothing was changed, try again",
                ));
            }
        }
        Ok(passphrase)
    }

    /// A passphrase that is typed once.
    pub(crate) fn read_as(&self, what: &str, option: &str) -> Result<Passphrase, Failure> {
        match self {
            Self::Prompt => prompt(what),
            Self::File(path) => read_file(path, &show(path)),
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

/// Refuses one file descriptor for two secrets: the second would get what the first has left.
pub(crate) fn refuse_shared_descriptors<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for number in sources.into_iter().filter_map(Source::descriptor) {
        if seen.contains(&number) {
            return Err(Failure::usage(format!(
                "file descriptor {number} cannot give two secrets: use one for each"
            )));
        }
        seen.push(number);
    }
    Ok(())
}

/// Whether a person can be asked.
pub(super) fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stderr().is_terminal()
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
    let bytes = read_secret(path, "passphrase", shown)?;
    Ok(Passphrase::from_utf8(without_line_break(&bytes)).map_err(Error::from)?)
}

/// Drops one line feed, or one carriage return with line feed.
fn without_line_break(bytes: &[u8]) -> &[u8] {
    let Some(line) = bytes.strip_suffix(b"\n") else {
        return bytes;
    };
    line.strip_suffix(b"\r").unwrap_or(line)
}

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

    #[test]
    fn one_descriptor_gives_one_secret() {
        let (three, four) = (Source::Descriptor(3), Source::Descriptor(4));
        assert!(refuse_shared_descriptors([&three, &four, &Source::Prompt]).is_ok());
        let failure = refuse_shared_descriptors([&three, &four, &three]).unwrap_err();
        assert!(failure.message.contains("descriptor 3"));
    }
}
