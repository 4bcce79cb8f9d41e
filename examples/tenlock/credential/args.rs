//! The options for what opens a volume.

use std::path::PathBuf;
use std::sync::Arc;

use tenlock::format::Factor;
use tenlock::volume::{
    FileMemory, Info, Origin, Role, RollbackMemory, SlotChoice, SlotInfo, UnlockOptions,
};

use super::secrets::{Secrets, read_key_file};
use super::source::Source;
use super::{private_key, recovery_key};
use crate::describe;
use crate::failure::Failure;
use crate::terms::parse_role;
use crate::units::parse_count;
use crate::ways_in::{asks_for_passphrase_alone, chosen, in_force};

/// A passphrase, and no other kind of credential.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credential")]
pub(crate) struct PassphraseArgs {
    /// Read the passphrase from a file (UTF-8, at most 4096 bytes); one line break at its end is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from an open file descriptor, to its end (Unix only).
    #[arg(long, value_name = "N", value_parser = parse_count)]
    passphrase_fd: Option<u32>,
}

/// What is presented; several together open a slot that asks for all of them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credential")]
pub(crate) struct SecretArgs {
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Ask for the passphrase on the terminal. Happens in any case if no other credential is given.
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
    ask_passphrase: bool,
    /// A key file, of which the whole content counts.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Read a recovery key from a file, in characters or in words; lines that begin with # do not count.
    #[arg(long, value_name = "FILE")]
    recovery_key_file: Option<PathBuf>,
    /// Read a private key from a file, such as `keygen` makes.
    #[arg(long, value_name = "FILE")]
    private_key_file: Option<PathBuf>,
    /// Read the passphrase of the private key from a file; without it the terminal is asked.
    #[arg(long, value_name = "FILE", requires = "private_key_file")]
    private_key_passphrase_file: Option<PathBuf>,
}

/// On which slots the credential is tried.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Credential")]
pub(crate) struct ChoiceArgs {
    /// Try this slot only. Without a choice it is the only user's slot that fits, or on a volume without users the only slot that does.
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with_all = ["role", "any_slot"])]
    slot: Option<u32>,
    /// Try the slots of this role: admin, user, recovery or escrow. On a volume with users an admin gives `--role admin`.
    #[arg(long, value_parser = parse_role, conflicts_with = "any_slot")]
    role: Option<Role>,
    /// Try all slots; a wrong passphrase costs each of them an attempt.
    #[arg(long)]
    any_slot: bool,
}

/// Whether older copies of a volume are noticed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Older copies")]
pub(crate) struct CautionArgs {
    /// Remember in this file what was seen of the volume, and refuse an older copy that was put back. Keep it where the medium is not.
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// Go on although the volume is older than what is remembered: you have put it back yourself.
    #[arg(long, requires = "remember")]
    accept_rollback: bool,
    /// Go on although entries of the event log are lost that an admin has seen.
    #[arg(long)]
    accept_lost_log: bool,
}

/// What opens the volume, and how it is opened.
#[derive(Debug, clap::Args)]
pub(crate) struct CredentialArgs {
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    caution: CautionArgs,
}

/// The same from wherever it comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    pub(crate) secrets: &'a SecretArgs,
    pub(crate) choice: SlotChoice,
    pub(crate) caution: &'a CautionArgs,
    /// Whether nobody but an admin gets any further, or whoever holds a key that cannot be guessed.
    pub(crate) for_admin: bool,
}

/// From where the parts of a credential are to be read.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    passphrase: Option<Source>,
    args: &'a SecretArgs,
}

impl PassphraseArgs {
    /// What is given, before anything is read from it.
    pub(crate) fn given(&self) -> Option<Source> {
        Source::given(self.passphrase_file.as_ref(), self.passphrase_fd)
    }
}

impl CredentialArgs {
    /// What opens the volume, and how.
    pub(crate) fn access(&self) -> Access<'_> {
        Access {
            secrets: &self.secrets,
            choice: self.choice.choice(),
            caution: &self.caution,
            for_admin: false,
        }
    }

    /// The same, for what a user may not do.
    pub(crate) fn admin_access(&self) -> Access<'_> {
        Access {
            for_admin: true,
            ..self.access()
        }
    }

    /// What is presented.
    pub(crate) fn secrets(&self) -> &SecretArgs {
        &self.secrets
    }
}

impl ChoiceArgs {
    fn choice(&self) -> SlotChoice {
        match (self.slot, self.role) {
            // A number that is too large for an index is no slot either.
            (Some(slot), _) => SlotChoice::Slot(usize::try_from(slot).unwrap_or(usize::MAX)),
            (None, Some(role)) => SlotChoice::Role(role),
            (None, None) if self.any_slot => SlotChoice::Any,
            (None, None) => SlotChoice::Obvious,
        }
    }
}

impl SecretArgs {
    /// The source of the passphrase, if one is given.
    pub(crate) fn passphrase_source(&self) -> Option<Source> {
        let prompt = self.ask_passphrase.then_some(Source::Prompt);
        self.passphrase.given().or(prompt)
    }

    fn is_empty(&self) -> bool {
        self.passphrase_source().is_none()
            && self.key_file.is_none()
            && self.recovery_key_file.is_none()
            && self.private_key_file.is_none()
    }
}

impl<'a> Access<'a> {
    /// From where the credential is read. Where none is given it is a passphrase that is asked for, if one opens the volume.
    ///
    /// # Errors
    /// Usage: none is given, and no slot opens with a passphrase; or it is an admin's that is needed, and a user's slot would be charged.
    pub(crate) fn sources(&self, info: &Info) -> Result<Sources<'a>, Failure> {
        let mut passphrase = self.secrets.passphrase_source();
        if self.secrets.is_empty() {
            let slots = chosen(info, self.choice);
            if !slots.iter().copied().any(asks_for_passphrase_alone) {
                return Err(no_passphrase(&slots));
            }
            passphrase = Some(Source::Prompt);
        }
        let sources = Sources {
            passphrase,
            args: self.secrets,
        };
        if self.for_admin && self.choice == SlotChoice::Obvious {
            sources.refuse_for_user(info)?;
        }
        Ok(sources)
    }

    /// How the volume is to be unlocked.
    pub(crate) fn options(&self) -> UnlockOptions<'static> {
        let mut options = UnlockOptions::default();
        options.choice = self.choice;
        options.origin = origin();
        options.memory = self.caution.remember.as_ref().map(|path| {
            let memory: Arc<dyn RollbackMemory> = Arc::new(FileMemory::new(path));
            memory
        });
        options.accept_rollback = self.caution.accept_rollback;
        options.accept_lost_log = self.caution.accept_lost_log;
        options
    }
}

impl Sources<'_> {
    /// Whether wrong guesses at it are counted.
    pub(crate) fn is_guessable(&self) -> bool {
        self.passphrase.is_some() || self.args.key_file.is_some()
    }

    /// Refuses what would be tried on a user's slot: an admin's passphrase is a wrong one there, and would cost the user an attempt.
    fn refuse_for_user(&self, info: &Info) -> Result<(), Failure> {
        let mut users = in_force(info).filter(|slot| slot.role == Role::User && self.fits(slot));
        match (users.next(), users.next()) {
            (Some(user), None) if self.is_guessable() => Err(Failure::usage(format!(
                "only an admin may do this, and without a choice the credential would be tried on slot {}, a user's: if it is an admin's, \
                 add --role admin; no attempt was charged",
                user.index
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the slot asks for exactly these parts.
    fn fits(&self, slot: &SlotInfo) -> bool {
        let is_given = |factor: &Factor| match factor {
            Factor::Passphrase(_) => self.passphrase.is_some(),
            Factor::KeyFile { .. } => self.args.key_file.is_some(),
            Factor::RecoveryKey { .. } => self.args.recovery_key_file.is_some(),
            Factor::PublicKey { .. } => self.args.private_key_file.is_some(),
            _ => false,
        };
        let given = [
            self.passphrase.is_some(),
            self.args.key_file.is_some(),
            self.args.recovery_key_file.is_some(),
            self.args.private_key_file.is_some(),
        ];
        slot.factors.iter().all(is_given)
            && slot.factors.len() == given.into_iter().filter(|given| *given).count()
    }

    /// Whether a person is asked for a passphrase.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self.passphrase, Some(Source::Prompt))
    }

    /// Reads all the parts.
    pub(crate) fn read(&self) -> Result<Secrets, Failure> {
        let mut secrets = Secrets::default();
        // The person last: what is wrong with a file is told before.
        if let Some(path) = &self.args.key_file {
            secrets.key_file = Some(read_key_file(path)?);
        }
        if let Some(path) = &self.args.recovery_key_file {
            secrets.recovery_key = Some(recovery_key::read(path)?);
        }
        if let Some(path) = &self.args.private_key_file {
            let passphrase = Source::given(self.args.private_key_passphrase_file.as_ref(), None);
            let passphrase = passphrase.unwrap_or(Source::Prompt);
            secrets.private_key = Some(private_key::read(path, &passphrase)?);
        }
        if let Some(source) = &self.passphrase {
            source.check_terminal(INSTEAD)?;
            secrets.passphrase = Some(source.read()?);
        }
        Ok(secrets)
    }
}

/// Who does it, for the event log.
pub(crate) fn origin() -> Origin {
    let host = gethostname::gethostname();
    let user = ["USER", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let program = concat!("tenlock ", env!("CARGO_PKG_VERSION"));
    let agent = match user {
        Some(user) => format!("{program} ({user})"),
        None => program.to_owned(),
    };
    Origin::new(host.to_string_lossy(), agent)
}

fn no_passphrase(slots: &[&SlotInfo]) -> Failure {
    let ways = describe::ways_in(slots);
    let message = if ways.is_empty() {
        "no such slot can be opened: `tenlock slot list` shows those that can".to_owned()
    } else {
        format!(
            "no slot opens with a passphrase alone: give what opens one, which is {ways} (`--help` lists the options under Credential)"
        )
    };
    Failure::usage(message)
}

const INSTEAD: &str = "--passphrase-file or --passphrase-fd";
