//! Recovery keys as people type them.

use bip39::Language;

use super::CryptoError;
use super::symbols::{SYMBOLS, Symbols, WORDS};

/// Why a text is not a recovery key. Never holds any of it. No attempt was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryKeyError {
    /// Too many or too few characters.
    #[error(
        "the recovery key has {found} characters and should have {SYMBOLS}, dashes not counted: \
         look for one that is missing or twice"
    )]
    Length {
        /// How many there are.
        found: usize,
    },
    /// Too many or too few words.
    #[error(
        "the recovery key has {found} words and should have {WORDS}: \
         look for one that is missing or twice"
    )]
    WordCount {
        /// How many there are.
        found: usize,
    },
    /// A character that does not occur in recovery keys.
    #[error(
        "character {position} is not one of a recovery key, dashes not counted: \
         B, I, O and 1 do not occur in it, but 8, L, 0 and 7 do"
    )]
    Character {
        /// Which one, counted from 1.
        position: usize,
    },
    /// A word that is not on the list.
    #[error(
        "word {position} is not on the list of words of recovery keys: check its spelling, \
         and abbreviate words to no less than four letters"
    )]
    Word {
        /// Which one, counted from 1.
        position: usize,
    },
    /// All characters or words could be right, but not together.
    #[error(
        "the recovery key has a typing error; no attempt was charged: compare it with the original"
    )]
    Checksum,
    /// The checksum is right, but no recovery key of Tenlock looks like this.
    #[error("the recovery key was not made by Tenlock, or is for a later version of it")]
    Padding,
    /// No memory to hold it.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// The symbols that `text` stands for, checksum and padding unchecked.
pub(super) fn symbols(text: &str) -> Result<Symbols, RecoveryKeyError> {
    if is_in_words(text) {
        from_words(text)
    } else {
        from_characters(text)
    }
}

/// Fifteen words have no digit and no less than three letters each; of the characters of a key nine
/// in 32 are digits.
fn is_in_words(text: &str) -> bool {
    let (mut found, mut digits) = (0, 0);
    for character in characters(text) {
        found += 1;
        digits += usize::from(character.is_ascii_digit());
    }
    found != 0 && found != SYMBOLS && (digits == 0 || found >= 3 * WORDS)
}

fn from_characters(text: &str) -> Result<Symbols, RecoveryKeyError> {
    let found = characters(text).count();
    if found != SYMBOLS {
        return Err(RecoveryKeyError::Length { found });
    }
    let mut symbols = Symbols::zeroed()?;
    for (at, character) in characters(text).enumerate() {
        if !symbols.set_character(at, character) {
            return Err(RecoveryKeyError::Character { position: at + 1 });
        }
    }
    Ok(symbols)
}

fn from_words(text: &str) -> Result<Symbols, RecoveryKeyError> {
    let found = words(text).count();
    if found != WORDS {
        return Err(RecoveryKeyError::WordCount { found });
    }
    let mut symbols = Symbols::zeroed()?;
    for (at, word) in words(text).enumerate() {
        let index = index(word).ok_or(RecoveryKeyError::Word { position: at + 1 })?;
        symbols.set_word(at, index);
    }
    Ok(symbols)
}

fn characters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !is_separator(*character))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_separator).filter(|word| !word.is_empty())
}

/// White space, hyphens and dashes, also those that word processors put in their place, and marks
/// that cannot be seen.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '_' | '.' | ',' | '\u{ad}' | '\u{200b}' | '\u{2010}'
                ..='\u{2015}' | '\u{2212}' | '\u{feff}'
        )
}

/// The index of the word on the list that `word` is, or begins with four letters or more. Those
/// tell the words of the list apart.
fn index(word: &str) -> Option<usize> {
    Language::English.word_list().iter().position(|listed| {
        let same_start = listed
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word));
        same_start && (word.len() >= 4 || word.len() == listed.len())
    })
}
