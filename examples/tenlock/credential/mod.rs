//! What opens a volume, and what is to open it: from the terminal, from files, from file descriptors. Never from the command line, never from
//! the environment.

mod args;
mod bounded;
mod new;
mod private_key;
mod recovery_key;
mod secrets;
mod source;

pub(crate) use args::{Access, CautionArgs, CredentialArgs, PassphraseArgs, SecretArgs, origin};
pub(crate) use new::{
    NewCredentialArgs, NewRecoveryKey, NewSecrets, NewSources, parse_public_key,
    read_public_key_file, text_or_file as public_key,
};
pub(crate) use private_key::{encrypt as encrypt_private_key, read_with as read_private_key};
pub(crate) use secrets::Secrets;
pub(crate) use source::{Source, refuse_shared_descriptors};
