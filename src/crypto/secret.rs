//! The one type that holds key material.

use std::fmt;

use super::pages::Pages;
use super::{CryptoError, ct_eq, random};

/// Secret bytes of a fixed length, alone in their memory pages.
///
/// The pages are locked against swapping where the system allows it, left out of core dumps and
/// zeroed in forked children (Linux), and wiped on drop. There is no `Clone`: every copy of a key
/// is a visible [`expose`](Self::expose).
pub struct Secret {
    pages: Pages,
    len: usize,
}

impl Secret {
    /// `len` zero bytes, to be filled in place through [`expose_mut`](Self::expose_mut).
    ///
    /// Fails with [`CryptoError::OutOfMemory`]; a refused memory lock is no failure, see
    /// [`is_locked`](Self::is_locked).
    pub fn zeroed(len: usize) -> Result<Self, CryptoError> {
        let with_marker = len.checked_add(1).ok_or(CryptoError::OutOfMemory)?;
        let mut pages = Pages::for_secret(with_marker)?;
        pages.bytes_mut()[len] = PRESENT;
        Ok(Self { pages, len })
    }

    /// `len` bytes from the operating system's random generator.
    pub fn random(len: usize) -> Result<Self, CryptoError> {
        let mut secret = Self::zeroed(len)?;
        random::fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// A copy of `bytes`, which the caller should wipe.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, CryptoError> {
        let mut secret = Self::zeroed(bytes.len())?;
        secret.expose_mut().copy_from_slice(bytes);
        Ok(secret)
    }

    /// The secret bytes.
    ///
    /// # Panics
    /// In a child process made by a bare `fork`, where the system zeroed the pages: going on with
    /// a key of zeros would destroy the volume.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        let bytes = self.pages.bytes();
        assert!(bytes[self.len] == PRESENT, "{LOST_IN_FORK}");
        &bytes[..self.len]
    }

    /// The secret bytes, to be written.
    ///
    /// # Panics
    /// As [`expose`](Self::expose).
    pub fn expose_mut(&mut self) -> &mut [u8] {
        let bytes = self.pages.bytes_mut();
        assert!(bytes[self.len] == PRESENT, "{LOST_IN_FORK}");
        &mut bytes[..self.len]
    }

    /// The secret bytes as an array, or [`CryptoError::Length`] if there are not exactly `N`.
    ///
    /// # Panics
    /// As [`expose`](Self::expose).
    pub fn expose_array<const N: usize>(&self) -> Result<&[u8; N], CryptoError> {
        self.expose().try_into().map_err(|_| CryptoError::Length)
    }

    /// As [`expose_array`](Self::expose_array), to be written.
    ///
    /// # Panics
    /// As [`expose`](Self::expose).
    pub fn expose_array_mut<const N: usize>(&mut self) -> Result<&mut [u8; N], CryptoError> {
        self.expose_mut()
            .try_into()
            .map_err(|_| CryptoError::Length)
    }

    /// Length in bytes. Not secret.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the system keeps these pages out of the swap file.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.pages.is_locked()
    }

    /// Compares in time that depends on the lengths only; different lengths are unequal.
    #[must_use]
    pub fn ct_eq(&self, other: &[u8]) -> bool {
        ct_eq(self.expose(), other)
    }
}

/// Shows that there is a secret, and nothing of it, so that types holding one can derive `Debug`.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Written behind the last byte, and lost with it when a fork zeroes the pages.
const PRESENT: u8 = 0xa5;

const LOST_IN_FORK: &str = "secret used in a forked process, where it does not exist";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::copy_of(b"hunter2").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn zeroed_is_zero_and_of_the_length_asked_for() {
        for len in [0, 1, 64, 4095, 4096, 5000] {
            let secret = Secret::zeroed(len).unwrap();
            assert_eq!(secret.len(), len);
            assert_eq!(secret.is_empty(), len == 0);
            assert_eq!(secret.expose(), vec![0; len]);
        }
    }

    #[test]
    fn random_secrets_differ() {
        let (a, b) = (Secret::random(32).unwrap(), Secret::random(32).unwrap());
        assert!(!a.ct_eq(b.expose()));
    }

    #[test]
    fn equality_needs_same_length_and_same_bytes() {
        let secret = Secret::copy_of(b"0123").unwrap();
        assert!(secret.ct_eq(b"0123"));
        assert!(!secret.ct_eq(b"0124"));
        assert!(!secret.ct_eq(b"012"));
        assert!(!secret.ct_eq(b"01234"));
    }

    #[test]
    fn array_of_another_length_is_an_error() {
        let mut secret = Secret::zeroed(32).unwrap();
        assert!(secret.expose_array::<32>().is_ok());
        assert_eq!(secret.expose_array::<31>(), Err(CryptoError::Length));
        assert_eq!(secret.expose_array::<33>(), Err(CryptoError::Length));
        assert!(secret.expose_array_mut::<32>().is_ok());
        assert_eq!(secret.expose_array_mut::<33>(), Err(CryptoError::Length));
    }

    #[test]
    fn impossible_length_is_out_of_memory() {
        for len in [usize::MAX, usize::MAX - 1, usize::MAX / 2, usize::MAX / 4] {
            assert_eq!(Secret::zeroed(len).unwrap_err(), CryptoError::OutOfMemory);
        }
    }

    #[test]
    #[should_panic(expected = "forked process")]
    fn pages_zeroed_by_a_fork_are_never_taken_for_a_key() {
        let mut secret = Secret::random(32).unwrap();
        secret.pages.bytes_mut().fill(0);
        let _ = secret.expose();
    }
}
