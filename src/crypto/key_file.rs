//! Key files: any file, of which the whole content counts.
//!
//! ```text
//! output = HMAC-SHA-256(key = salt, "tenlock v1 key file" || SHA-256(content))
//! ```
//!
//! A file that others can guess, such as a picture from the web, adds nothing to a passphrase.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::{CryptoError, Secret, hkdf_extract_sha256};

/// What is kept of a key file: the SHA-256 of its content.
#[derive(Debug)]
pub struct KeyFile {
    digest: Secret,
}

impl KeyFile {
    /// Reads `content` to its end, whatever its size; it needs memory for one buffer only.
    pub fn from_reader(mut content: impl Read) -> Result<Self, KeyFileError> {
        let mut buffer = Secret::zeroed(BUFFER_LEN)?;
        let mut hash = Sha256::new();
        let mut empty = true;
        loop {
            match content.read(buffer.expose_mut()) {
                Ok(0) if empty => return Err(KeyFileError::Empty),
                Ok(0) => break,
                Ok(len) => hash.update(&buffer.expose()[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(KeyFileError::Io(error)),
            }
            empty = false;
        }
        let mut digest = Secret::zeroed(32)?;
        hash.finalize_into(digest.expose_array_mut()?.into());
        Ok(Self { digest })
    }

    /// The 32 bytes that go into the key of the slot with this `salt`.
    pub fn output(&self, salt: &[u8; 32]) -> Result<Secret, CryptoError> {
        hkdf_extract_sha256(salt, &[b"tenlock v1 key file", self.digest.expose()])
    }
}

/// Why a file cannot be a key file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// No bytes.
    #[error("the key file is empty: choose a file with content that nobody can guess")]
    Empty,
    /// It could not be read to its end.
    #[error("the key file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No memory to hold it.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Small enough to be locked in memory where a process may lock little.
const BUFFER_LEN: usize = 16 * 1024;
