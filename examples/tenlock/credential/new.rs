//! What is to open a slot from now on.

use std::path::{Path, PathBuf};

use tenlock::crypto::{KeyTextError, RecipientPublicKey};
use tenlock::volume::{Code, Role};

use super::args::{PassphraseArgs, SecretArgs};
use super::bounded::{read_secret, without_comments};
use super::recovery_key;
use super::secrets::{Secrets, read_key_file};
use super::source::{Source, has_terminal, refuse_shared_descriptors};
use crate::failure::Failure;
use crate::image::show;
use crate::new_file::NewFile;
use crate::output::Output;
use crate::units::parse_count;

/// What is to open the slot; several together make a slot that asks for all of them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "New credential")]
pub(crate) struct NewCredentialArgs {
    /// Read the new passphrase from a file (UTF-8, at most 4096 bytes); one line break at its end is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from an open file descriptor, to its end (Unix only).
    #[arg(long, value_name = "N", value_parser = parse_count)]
    new_passphrase_fd: Option<u32>,
    /// Ask for the new passphrase on the terminal. Happens in any case if no other new credential is given.
    #[arg(long, conflicts_with_all = ["new_passphrase_file", "new_passphrase_fd"])]
    ask_new_passphrase: bool,
    /// A key file, of which the whole content counts.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    /// Make a recovery key and write it to this new file, which must not exist, before anything is changed.
    #[arg(long, value_name = "FILE", conflicts_with = "new_recovery_key")]
    new_recovery_key_file: Option<PathBuf>,
    /// Make a recovery key and show it on the terminal, to be written down.
    #[arg(long)]
    new_recovery_key: bool,
    /// The holder's public key: the text that starts with tenlock1, or a file with it.
    #[arg(long, value_name = "TEXT|FILE")]
    new_public_key: Option<String>,
}

/// Where a new recovery key goes.
#[derive(Clone, Debug)]
pub(crate) enum NewRecoveryKey {
    /// To a new file.
    File(PathBuf),
    /// To the terminal.
    Terminal,
}

/// From where the parts of a new credential are to be read.
#[derive(Debug, Default)]
pub(crate) struct NewSources {
    pub(crate) passphrase: Option<Source>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) recovery_key: Option<NewRecoveryKey>,
    pub(crate) public_key: Option<RecipientPublicKey>,
}

/// A new credential, and where the recovery key is that was made for it.
#[derive(Debug)]
pub(crate) struct NewSecrets {
    pub(crate) secrets: Secrets,
    made: Option<Made>,
}

/// A recovery key that was made.
#[derive(Debug)]
enum Made {
    InFile(NewFile, PathBuf),
    Shown,
}

impl NewCredentialArgs {
    /// From where the new credential is read; where none is given it is a passphrase that is asked for.
    ///
    /// # Errors
    /// Usage: nothing is given and there is no terminal, or it is not clear what is meant.
    pub(crate) fn sources(&self, out: &Output) -> Result<NewSources, Failure> {
        let mut sources = self.given(out)?;
        if sources.is_empty() {
            sources.passphrase = Some(Source::Prompt);
        }
        sources.check_terminal()?;
        Ok(sources)
    }

    /// For a slot of this role, of which some do not take a passphrase.
    pub(crate) fn sources_for(&self, role: Role, out: &Output) -> Result<NewSources, Failure> {
        let missing = match role {
            Role::Recovery => "--new-recovery-key-file FILE",
            Role::Escrow => "--new-public-key with the public key of its holder",
            Role::Admin | Role::User => return self.sources(out),
        };
        let sources = self.given(out)?;
        if sources.is_empty() {
            return Err(Failure::usage(format!(
                "a slot of the role {} does not open with a passphrase: add {missing}",
                role.name()
            )));
        }
        sources.check_terminal()?;
        Ok(sources)
    }

    /// Where there is no old credential: the options of a passphrase may stand for the new one.
    pub(crate) fn sources_or(
        &self,
        plain: &PassphraseArgs,
        out: &Output,
    ) -> Result<NewSources, Failure> {
        let Some(source) = plain.given() else {
            return self.sources(out);
        };
        let mut sources = self.given(out)?;
        if sources.passphrase.replace(source).is_some() {
            return Err(Failure::usage(
                "give the new passphrase once: with --new-passphrase-… or with --passphrase-…",
            ));
        }
        Ok(sources)
    }

    fn given(&self, out: &Output) -> Result<NewSources, Failure> {
        let prompt = self.ask_new_passphrase.then_some(Source::Prompt);
        let passphrase = Source::given(self.new_passphrase_file.as_ref(), self.new_passphrase_fd);
        if self.new_recovery_key && (out.is_json() || !has_terminal()) {
            return Err(Failure::usage(
                "there is no terminal to show the recovery key on: use --new-recovery-key-file FILE",
            ));
        }
        let file = self.new_recovery_key_file.clone().map(NewRecoveryKey::File);
        let shown = self.new_recovery_key.then_some(NewRecoveryKey::Terminal);
        let public_key = self.new_public_key.as_deref().map(text_or_file);
        Ok(NewSources {
            passphrase: passphrase.or(prompt),
            key_file: self.new_key_file.clone(),
            recovery_key: file.or(shown),
            public_key: public_key.transpose()?,
        })
    }
}

impl NewSources {
    /// Refuses what the present credential is read from already.
    pub(crate) fn check_apart_from(&self, present: &SecretArgs) -> Result<(), Failure> {
        let present = present.passphrase_source();
        refuse_shared_descriptors(self.passphrase.iter().chain(&present))
    }

    /// Reads all the parts, and makes those that are to be made. `known` are texts that a finder can read, which make bad passphrases.
    pub(crate) fn read(
        &self,
        known: &[&str],
        image: &Path,
        out: &mut Output,
    ) -> Result<NewSecrets, Failure> {
        let mut new = self.read_given(known, out)?;
        self.make_recovery_key(&mut new, image)?;
        Ok(new)
    }

    /// Reads the parts that are there.
    pub(crate) fn read_given(
        &self,
        known: &[&str],
        out: &mut Output,
    ) -> Result<NewSecrets, Failure> {
        let mut secrets = Secrets {
            public_key: self.public_key,
            ..Secrets::default()
        };
        if let Some(path) = &self.key_file {
            secrets.key_file = Some(read_key_file(path)?);
        }
        if let Some(source) = &self.passphrase {
            secrets.passphrase = Some(source.read_new(known, out)?);
        }
        Ok(NewSecrets {
            secrets,
            made: None,
        })
    }

    /// Makes the recovery key, if one is wanted; it is written or shown when this returns.
    pub(crate) fn make_recovery_key(
        &self,
        new: &mut NewSecrets,
        image: &Path,
    ) -> Result<(), Failure> {
        match &self.recovery_key {
            None => {}
            Some(NewRecoveryKey::Terminal) => {
                new.secrets.recovery_key = Some(recovery_key::generate_and_show(image)?);
                new.made = Some(Made::Shown);
            }
            Some(NewRecoveryKey::File(path)) => {
                let (key, file) = recovery_key::generate_into(path, image)?;
                new.secrets.recovery_key = Some(key);
                new.made = Some(Made::InFile(file, path.clone()));
            }
        }
        Ok(())
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.passphrase.is_none()
            && self.key_file.is_none()
            && self.recovery_key.is_none()
            && self.public_key.is_none()
    }

    fn check_terminal(&self) -> Result<(), Failure> {
        self.passphrase.as_ref().map_or(Ok(()), |source| {
            source.check_terminal("--new-passphrase-file or --new-passphrase-fd")
        })
    }
}

impl NewSecrets {
    /// Keeps the file of the recovery key if it may open the volume now, and passes the result on.
    pub(crate) fn settle<T>(
        self,
        result: Result<T, Failure>,
        out: &mut Output,
    ) -> Result<T, Failure> {
        let doubtful = matches!(&result, Err(failure) if failure.code == Code::Io);
        match self.made {
            Some(Made::Shown) if doubtful => {
                out.warning(format!("the recovery key that was shown {DOUBT}"));
            }
            Some(Made::Shown) if result.is_err() => {
                out.warning("the recovery key that was shown opens nothing: throw it away");
            }
            Some(Made::InFile(file, path)) if doubtful => {
                file.keep();
                out.warning(format!("the recovery key in {} {DOUBT}", show(&path)));
            }
            Some(Made::InFile(file, _)) if result.is_ok() => file.keep(),
            // A file that is not kept goes away here.
            _ => {}
        }
        result
    }
}

const DOUBT: &str = "may be in force: keep it until `tenlock slot list` shows that it is not";

/// Parses the text of a public key.
pub(crate) fn parse_public_key(text: &str) -> Result<RecipientPublicKey, Failure> {
    text.parse().map_err(refusal)
}

/// Reads a public key from a file, in which lines that begin with # do not count.
pub(crate) fn read_public_key_file(path: &Path) -> Result<RecipientPublicKey, Failure> {
    let shown = show(path);
    let bytes = read_secret(path, "public key", &shown)?;
    let text = without_comments(&bytes, "public key", &shown)?;
    parse_public_key(&text)
}

/// A public key given as text or as a file: what looks like a key of Tenlock is one; everything else names a file.
pub(crate) fn text_or_file(given: &str) -> Result<RecipientPublicKey, Failure> {
    match given.parse::<RecipientPublicKey>() {
        Err(KeyTextError::NoPublicKey) => read_public_key_file(Path::new(given)),
        parsed => parsed.map_err(refusal),
    }
}

fn refusal(error: KeyTextError) -> Failure {
    Failure::new(Code::Usage, "public_key", error.to_string())
}
