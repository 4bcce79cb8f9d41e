//! Recovery keys: 128 random bits to be written down, as characters or as words.
//!
//! ```text
//! symbols = 128 bits || 2 zero bits, as 26 symbols of five bits || 6 check symbols
//! text    = the 32 symbols, each a character of bech32, as 8 groups of 4
//! words   = 32 * 5 bits || 5 zero bits, as 15 words of eleven bits of the English list of BIP 39
//! output  = HMAC-SHA-256(key = salt, "tenlock v1 recovery key" || 128 bits)
//! ```
//!
//! The check symbols are those of bech32m (BIP 173, BIP 350) with a human-readable part that is not
//! written. They find every error in up to four characters, and every run of errors of up to six;
//! so every wrong word, and every two neighbouring words that changed places. A typing error is
//! thus told from a wrong key before an attempt is charged.
//!
//! These are not the mnemonics of BIP 39, whose checksum misses one wrong word in sixteen.

mod parse;
mod symbols;

use std::iter;

use bip39::Language;

use super::{CryptoError, Secret, hkdf_extract_sha256};
pub use parse::RecoveryKeyError;
use symbols::{SYMBOLS, Symbols, WORDS};

/// A recovery key. Wiped on drop.
#[derive(Debug)]
pub struct RecoveryKey {
    secret: Secret,
}

impl RecoveryKey {
    /// A new key from the operating system's random generator.
    pub fn generate() -> Result<Self, CryptoError> {
        let secret = Secret::random(KEY_LEN)?;
        Ok(Self { secret })
    }

    /// Reads what [`to_text`](Self::to_text) or [`to_words`](Self::to_words) gave. The caller
    /// should wipe `text`.
    ///
    /// Case does not matter, nor how it is divided by white space and dashes; words may be
    /// abbreviated to their first four letters.
    pub fn parse(text: &str) -> Result<Self, RecoveryKeyError> {
        let symbols = parse::symbols(text)?;
        if !symbols.have_valid_checksum() {
            return Err(RecoveryKeyError::Checksum);
        }
        let secret = symbols.to_key()?.ok_or(RecoveryKeyError::Padding)?;
        Ok(Self { secret })
    }

    /// The key as 8 groups of 4 characters in ASCII, capitals and digits, with dashes.
    pub fn to_text(&self) -> Result<Secret, CryptoError> {
        let symbols = Symbols::of_key(&self.secret)?;
        let mut text = Secret::zeroed(SYMBOLS + SYMBOLS / GROUP_LEN - 1)?;
        let groups = text.expose_mut().chunks_mut(GROUP_LEN + 1);
        for (group, first) in groups.zip((0..).step_by(GROUP_LEN)) {
            for (at, place) in group.iter_mut().enumerate() {
                *place = if at < GROUP_LEN {
                    symbols.character(first + at)
                } else {
                    b'-'
                };
            }
        }
        Ok(text)
    }

    /// The key as 15 English words in small letters, with single spaces.
    pub fn to_words(&self) -> Result<Secret, CryptoError> {
        let symbols = Symbols::of_key(&self.secret)?;
        let words = || (0..WORDS).map(|at| Language::English.word_list()[symbols.word(at)]);
        let len = words().map(|word| word.len() + 1).sum::<usize>() - 1;
        let mut text = Secret::zeroed(len)?;
        let bytes = words().flat_map(|word| word.bytes().chain(iter::once(b' ')));
        for (place, byte) in text.expose_mut().iter_mut().zip(bytes) {
            *place = byte;
        }
        Ok(text)
    }

    /// The 32 bytes that go into the key of the slot with this `salt`.
    pub fn output(&self, salt: &[u8; 32]) -> Result<Secret, CryptoError> {
        hkdf_extract_sha256(salt, &[b"tenlock v1 recovery key", self.secret.expose()])
    }
}

/// Length in bytes of a key.
const KEY_LEN: usize = 16;

const GROUP_LEN: usize = 4;

#[cfg(test)]
mod tests;
