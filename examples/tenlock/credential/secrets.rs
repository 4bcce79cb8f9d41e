//! The secrets of one credential, as they were read.

use std::fs::File;
use std::path::Path;

use tenlock::crypto::{
    KeyFile, KeyFileError, Passphrase, PrivateKey, RecipientPublicKey, RecoveryKey,
};
use tenlock::volume::{Code, Credential};

use crate::failure::Failure;
use crate::image::show;

/// What is presented together. A new credential has the public key where a present one has the private key.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) passphrase: Option<Passphrase>,
    pub(crate) key_file: Option<KeyFile>,
    pub(crate) recovery_key: Option<RecoveryKey>,
    pub(crate) private_key: Option<PrivateKey>,
    pub(crate) public_key: Option<RecipientPublicKey>,
}

impl Secrets {
    /// All of them together, for the library.
    ///
    /// # Errors
    /// Usage: there are none.
    pub(crate) fn credential(&self) -> Result<Credential<'_>, Failure> {
        let parts = [
            self.passphrase.as_ref().map(Credential::from),
            self.key_file.as_ref().map(Credential::from),
            self.recovery_key.as_ref().map(Credential::from),
            self.private_key.as_ref().map(Credential::from),
            self.public_key.map(Credential::from),
        ];
        parts
            .into_iter()
            .flatten()
            .reduce(Credential::and)
            .ok_or_else(|| Failure::usage("a credential has at least one part: give one"))
    }
}

/// Reads a key file, whatever its size.
pub(crate) fn read_key_file(path: &Path) -> Result<KeyFile, Failure> {
    let failed = |error: std::io::Error| Failure::io("read the key file", &show(path), &error);
    KeyFile::from_reader(File::open(path).map_err(failed)?).map_err(|error| match error {
        KeyFileError::Io(error) => failed(error),
        KeyFileError::Empty => Failure::usage(format!("{}: {error}", show(path))),
        other => Failure::new(Code::Other, "crypto", other.to_string()),
    })
}
