//! Passphrases as the key derivation takes them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_public_assigned;

use super::{CryptoError, Secret};

/// Longest passphrase in bytes of UTF-8 in NFC.
pub const MAX_PASSPHRASE_LEN: usize = 1024;

/// A passphrase in Unicode Normalization Form C (Unicode Annex 15): 1 to
/// [`MAX_PASSPHRASE_LEN`] bytes of UTF-8.
///
/// Normalised because the same keys give different bytes on different systems. Never truncated,
/// trimmed or folded: each character that was accepted counts.
#[derive(Debug)]
pub struct Passphrase {
    buffer: Secret,
    len: usize,
}

impl Passphrase {
    /// Normalises `text` straight into locked memory. The caller should wipe `text`.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > MAX_INPUT_LEN {
            return Err(PassphraseError::TooLong);
        }
        // The stability policy of normalisation covers assigned characters only: the next version of
        // Unicode may turn others into other bytes, and the passphrase would not open any more.
        if !text.chars().all(is_public_assigned) {
            return Err(PassphraseError::Unassigned);
        }
        let mut buffer = Secret::zeroed(MAX_PASSPHRASE_LEN)?;
        let len = normalise(text, buffer.expose_mut()).ok_or(PassphraseError::TooLong)?;
        Ok(Self { buffer, len })
    }

    /// As [`new`](Self::new), for bytes that should be UTF-8, such as the content of a file.
    pub fn from_utf8(bytes: &[u8]) -> Result<Self, PassphraseError> {
        Self::new(str::from_utf8(bytes).map_err(|_| PassphraseError::NotUtf8)?)
    }

    /// The normalised bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.buffer.expose()[..self.len]
    }
}

/// Why a text cannot be a passphrase. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// No characters.
    #[error("the passphrase is empty: enter at least one character")]
    Empty,
    /// More than [`MAX_PASSPHRASE_LEN`] bytes.
    #[error("the passphrase is too long: use at most {MAX_PASSPHRASE_LEN} bytes of UTF-8")]
    TooLong,
    /// A character that Unicode has not assigned, or has left to private use.
    #[error("the passphrase has a character that Unicode does not define: leave it out")]
    Unassigned,
    /// Bytes that are no UTF-8.
    #[error("the passphrase is not valid UTF-8: save it as UTF-8")]
    NotUtf8,
    /// No memory to hold it.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// NFC shrinks a text by at most 3.5 times (U+1FBE U+0308 U+0341 to U+0390), so that nothing longer
/// than this can fit after it. Bounds the work and the normaliser's memory for endless accents.
const MAX_INPUT_LEN: usize = 4 * MAX_PASSPHRASE_LEN;

/// Writes the NFC of `text` and gives its length, or `None` if it does not fit.
fn normalise(text: &str, out: &mut [u8]) -> Option<usize> {
    let mut len = 0;
    for character in text.nfc() {
        let place = out.get_mut(len..len + character.len_utf8())?;
        len += character.encode_utf8(place).len();
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nfc(text: &str) -> Vec<u8> {
        Passphrase::new(text).unwrap().expose().to_vec()
    }

    #[test]
    fn composed_and_decomposed_forms_are_one_passphrase() {
        assert_eq!(nfc("Mu\u{308}ller"), "M\u{fc}ller".as_bytes());
        assert_eq!(nfc("M\u{fc}ller"), "M\u{fc}ller".as_bytes());
        // Order of accents, Hangul, and the Angstrom sign.
        assert_eq!(nfc("q\u{307}\u{323}"), nfc("q\u{323}\u{307}"));
        assert_eq!(nfc("\u{1100}\u{1161}\u{11a8}"), "\u{ac01}".as_bytes());
        assert_eq!(nfc("\u{212b}"), "\u{c5}".as_bytes());
    }

    #[test]
    fn compatibility_forms_case_and_white_space_stay_apart() {
        assert_eq!(
            nfc(" \u{fb01}N\u{2460}\t\0 "),
            " \u{fb01}N\u{2460}\t\0 ".as_bytes()
        );
    }

    #[test]
    fn limit_holds_for_the_normalised_length() {
        assert_eq!(nfc(&"x".repeat(1024)).len(), 1024);
        assert_eq!(
            Passphrase::new(&"x".repeat(1025)).unwrap_err(),
            PassphraseError::TooLong
        );
        // 1536 bytes in, 1024 out; then one character more.
        assert_eq!(nfc(&"u\u{308}".repeat(512)).len(), 1024);
        assert_eq!(
            Passphrase::new(&"u\u{308}".repeat(513)).unwrap_err(),
            PassphraseError::TooLong
        );
        // The greatest shrinking there is still fits into what is looked at.
        let most = "\u{1fbe}\u{308}\u{341}".repeat(512);
        assert_eq!(nfc(&most), "\u{390}".repeat(512).as_bytes());
        assert!(most.len() < MAX_INPUT_LEN);
        // One three-byte character does not fit into two remaining bytes.
        let text = "x".repeat(1022) + "\u{20ac}";
        assert_eq!(
            Passphrase::new(&text).unwrap_err(),
            PassphraseError::TooLong
        );
    }

    #[test]
    fn endless_input_is_refused() {
        let accents = "e".to_owned() + &"\u{301}".repeat(1 << 20);
        assert_eq!(
            Passphrase::new(&accents).unwrap_err(),
            PassphraseError::TooLong
        );
    }

    #[test]
    fn empty_and_undecodable_input_are_told_apart() {
        assert_eq!(Passphrase::new("").unwrap_err(), PassphraseError::Empty);
        assert_eq!(
            Passphrase::from_utf8(b"").unwrap_err(),
            PassphraseError::Empty
        );
        assert_eq!(
            Passphrase::from_utf8(b"M\xfcller").unwrap_err(),
            PassphraseError::NotUtf8
        );
        assert_eq!(
            Passphrase::from_utf8(b"M\xc3\xbcller").unwrap().expose(),
            b"M\xc3\xbcller"
        );
    }

    #[test]
    fn characters_whose_normal_form_may_change_are_refused() {
        for text in ["a\u{378}", "\u{e000}", "\u{10ffff}"] {
            assert_eq!(
                Passphrase::new(text).unwrap_err(),
                PassphraseError::Unassigned
            );
        }
        assert!(Passphrase::new("Grüße, 密码, 🔑").is_ok());
    }

    #[test]
    fn texts_say_what_to_do_and_debug_shows_nothing() {
        let text = PassphraseError::TooLong.to_string();
        assert_eq!(
            text,
            "the passphrase is too long: use at most 1024 bytes of UTF-8"
        );
        assert_eq!(
            PassphraseError::Empty.to_string(),
            "the passphrase is empty: enter at least one character"
        );
        assert!(
            PassphraseError::NotUtf8
                .to_string()
                .ends_with("save it as UTF-8")
        );
        let shown = format!("{:?}", Passphrase::new("hunter2").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
