//! Random bytes drawn beforehand, in the form in which the `hpke` crate takes them.
//!
//! Its own generator panics where that of the operating system fails. Drawing first makes it an
//! error, and lets the tests encapsulate with the ephemeral key of a published vector.

use std::convert::Infallible;

use ::hpke::rand_core::{TryCryptoRng, TryRng};

use super::Secret;

/// Hands out the bytes of a secret, each once.
pub(super) struct Entropy<'s> {
    left: &'s [u8],
    exceeded: bool,
}

impl<'s> Entropy<'s> {
    /// All of `secret`, which must not be used for anything else.
    pub(super) fn new(secret: &'s Secret) -> Self {
        Self {
            left: secret.expose(),
            exceeded: false,
        }
    }

    /// Whether more was asked for than there was. Nothing made of it may be used then.
    pub(super) fn was_exceeded(&self) -> bool {
        self.exceeded
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        if let Some((now, later)) = self.left.split_at_checked(bytes.len()) {
            bytes.copy_from_slice(now);
            self.left = later;
        } else {
            bytes.fill(0);
            self.exceeded = true;
        }
    }
}

impl TryRng for Entropy<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Entropy<'_> {}
