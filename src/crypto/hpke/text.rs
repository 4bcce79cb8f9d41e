//! Keys as text: bech32m (BIP 350), whose checksum finds every error in up to four characters.

use bech32::primitives::decode::{
    CharError, CheckedHrpstring, CheckedHrpstringError, UncheckedHrpstringError,
};
use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32m, Hrp};

use super::CryptoError;

/// Why a text is not the key that was asked for. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyTextError {
    /// A private key, where the public one is wanted.
    #[error(
        "this is a private key, which nobody else may see: \
         give the public key, which starts with tenlock1"
    )]
    PrivateKeyGiven,
    /// A public key, where the private one is wanted.
    #[error("this is a public key: give the private key, which starts with TENLOCK-SECRET-KEY-1")]
    PublicKeyGiven,
    /// Something else, where a public key is wanted.
    #[error(
        "this is no public key of Tenlock, which starts with tenlock1: \
         a typing error at its beginning, or another kind of key"
    )]
    NoPublicKey,
    /// Something else, where a private key is wanted.
    #[error(
        "this is no private key of Tenlock, which starts with TENLOCK-SECRET-KEY-1: \
         a typing error at its beginning, or another kind of key"
    )]
    NoPrivateKey,
    /// Too many or too few characters.
    #[error("the key has {found} characters and should have {expected}: copy all of it")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// Capitals and small letters.
    #[error("the key mixes capitals and small letters: write all of it in one of them")]
    MixedCase,
    /// A character that does not occur in keys, or a wrong checksum.
    #[error("the key has a typing error: compare it with the original")]
    Typo,
    /// No memory to hold it.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Which key a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Public,
    Private,
}

impl Kind {
    /// Length in characters of the whole text.
    pub(super) fn text_len(self) -> usize {
        self.prefix().as_str().len() + "1".len() + DATA_LEN + CHECKSUM_LEN
    }

    fn prefix(self) -> &'static Hrp {
        match self {
            Self::Public => &PUBLIC_PREFIX,
            Self::Private => &PRIVATE_PREFIX,
        }
    }

    fn with_prefix(prefix: &str) -> Option<Self> {
        [Self::Public, Self::Private]
            .into_iter()
            .find(|kind| kind.prefix().as_str().eq_ignore_ascii_case(prefix))
    }
}

/// The characters of `key` as text, in small letters.
pub(super) fn encode(kind: Kind, key: &[u8; 32]) -> impl Iterator<Item = u8> {
    let symbols = key.iter().copied().bytes_to_fes();
    symbols.with_checksum::<Bech32m>(kind.prefix()).bytes()
}

/// Checks `text`, of which [`copy_key`] then gets the key.
pub(super) fn decode(kind: Kind, text: &str) -> Result<CheckedHrpstring<'_>, KeyTextError> {
    let text = text.trim();
    // The first 1, not the last as bech32 has it: a 1 typed for an L is an error further on.
    let prefix = text.split_once('1').map_or("", |(prefix, _)| prefix);
    match (kind, Kind::with_prefix(prefix)) {
        (_, Some(found)) if found == kind => {}
        (Kind::Public, Some(_)) => return Err(KeyTextError::PrivateKeyGiven),
        (Kind::Private, Some(_)) => return Err(KeyTextError::PublicKeyGiven),
        (Kind::Public, None) => return Err(KeyTextError::NoPublicKey),
        (Kind::Private, None) => return Err(KeyTextError::NoPrivateKey),
    }
    let (found, expected) = (text.chars().count(), kind.text_len());
    if found != expected {
        return Err(KeyTextError::Length { found, expected });
    }
    let decoded = CheckedHrpstring::new::<Bech32m>(text).map_err(|error| refusal(&error))?;
    if is_one_key(&decoded) {
        Ok(decoded)
    } else {
        Err(KeyTextError::Typo)
    }
}

/// Writes the decoded key to `key`.
pub(super) fn copy_key(decoded: &CheckedHrpstring<'_>, key: &mut [u8]) {
    for (place, byte) in key.iter_mut().zip(decoded.byte_iter()) {
        *place = byte;
    }
}

// What BIP 173 calls the human-readable part; the checksum covers it.
static PUBLIC_PREFIX: Hrp = Hrp::parse_unchecked("tenlock");
static PRIVATE_PREFIX: Hrp = Hrp::parse_unchecked("tenlock-secret-key-");

/// 256 bits in symbols of five bits, and four bits of padding.
const DATA_LEN: usize = 52;
const CHECKSUM_LEN: usize = 6;

fn refusal(error: &CheckedHrpstringError) -> KeyTextError {
    match error {
        CheckedHrpstringError::Parse(UncheckedHrpstringError::Char(CharError::MixedCase)) => {
            KeyTextError::MixedCase
        }
        _ => KeyTextError::Typo,
    }
}

/// Whether there are 256 bits and zeros after them; otherwise one key would have sixteen texts.
fn is_one_key(decoded: &CheckedHrpstring<'_>) -> bool {
    let mut symbols = decoded.fe32_iter();
    let last = symbols.nth(DATA_LEN - 1);
    last.is_some_and(|symbol| matches!(symbol.to_u8(), 0b0_0000 | 0b1_0000))
}

#[cfg(test)]
mod tests;
