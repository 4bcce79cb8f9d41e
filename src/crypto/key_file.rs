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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::super::testing::hex;
    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn output(content: impl Read) -> Vec<u8> {
        let file = KeyFile::from_reader(content).unwrap();
        file.output(&SALT).unwrap().expose().to_vec()
    }

    /// Gives what it is told to at each read, then the end.
    struct Scripted(VecDeque<Result<u8, io::ErrorKind>>);

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(step) = self.0.pop_front() else {
                return Ok(0);
            };
            buffer[0] = step?;
            Ok(1)
        }
    }

    fn scripted(steps: &[Result<u8, io::ErrorKind>]) -> Scripted {
        Scripted(steps.iter().copied().collect())
    }

    #[test]
    fn output_is_the_known_one() {
        // Python's hashlib and hmac.
        let file = KeyFile::from_reader(&b"abc"[..]).unwrap();
        let salt = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert!(file.output(&salt).unwrap().ct_eq(&hex(
            "7a899e635f6f68f021fa96a806fdd98aafe0587d28e49200a9aa0e5ec2b4f7d1"
        )));
    }

    #[test]
    fn every_byte_counts_whatever_the_size() {
        for len in [
            1,
            BUFFER_LEN - 1,
            BUFFER_LEN,
            BUFFER_LEN + 1,
            5 * BUFFER_LEN + 7,
        ] {
            let content = vec![0; len];
            let expected = output(&content[..]);
            for at in [0, len / 2, len - 1] {
                let mut changed = content.clone();
                changed[at] = 1;
                assert_ne!(output(&changed[..]), expected, "{len} {at}");
            }
            assert_ne!(output(&vec![0; len + 1][..]), expected);
        }
    }

    #[test]
    fn output_depends_on_the_salt() {
        let file = KeyFile::from_reader(&b"abc"[..]).unwrap();
        let one = file.output(&SALT).unwrap();
        assert!(!one.ct_eq(file.output(&[8; 32]).unwrap().expose()));
    }

    #[test]
    fn short_and_interrupted_reads_change_nothing() {
        let interrupted = Err(io::ErrorKind::Interrupted);
        let steps = [
            interrupted,
            Ok(b'a'),
            Ok(b'b'),
            interrupted,
            interrupted,
            Ok(b'c'),
            interrupted,
        ];
        assert_eq!(output(scripted(&steps)), output(&b"abc"[..]));
    }

    #[test]
    fn empty_file_is_refused() {
        let error = KeyFile::from_reader(io::empty()).unwrap_err();
        assert!(matches!(error, KeyFileError::Empty));
        assert!(error.to_string().starts_with("the key file is empty: "));
        let error = KeyFile::from_reader(scripted(&[Err(io::ErrorKind::Interrupted)])).unwrap_err();
        assert!(matches!(error, KeyFileError::Empty));
    }

    #[test]
    fn file_that_cannot_be_read_to_its_end_is_no_key_file() {
        let steps = [Ok(b'a'), Err(io::ErrorKind::PermissionDenied), Ok(b'b')];
        let error = KeyFile::from_reader(scripted(&steps)).unwrap_err();
        assert!(matches!(error, KeyFileError::Io(_)));
    }

    #[test]
    fn debug_shows_nothing() {
        let file = KeyFile::from_reader(&b"abc"[..]).unwrap();
        assert_eq!(format!("{file:?}"), "KeyFile { digest: Secret(..) }");
    }
}
