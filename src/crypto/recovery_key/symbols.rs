//! The five-bit symbols between a recovery key and its text.

use bech32::primitives::checksum::{Engine, PackedFe32};
use bech32::{Bech32m, Checksum, Fe32, Hrp};

use super::{CryptoError, KEY_LEN, Secret};

/// How many symbols stand for a key, with the check symbols.
pub(super) const SYMBOLS: usize = 32;

/// How many words stand for the symbols.
pub(super) const WORDS: usize = 15;

/// The symbols of one key, each in a byte, and one more that fills up the last word and is zero.
pub(super) struct Symbols {
    secret: Secret,
}

impl Symbols {
    /// Zeros, to be set.
    pub(super) fn zeroed() -> Result<Self, CryptoError> {
        let secret = Secret::zeroed(SYMBOLS + 1)?;
        Ok(Self { secret })
    }

    /// Those of the 16 bytes of `key`, with their check symbols.
    pub(super) fn of_key(key: &Secret) -> Result<Self, CryptoError> {
        let key = key.expose_array::<KEY_LEN>()?;
        let mut symbols = Self::zeroed()?;
        for at in 0..KEY_BITS {
            put_bit(symbols.secret.expose_mut(), 5, at, bit(key, 8, at));
        }
        symbols.set_check();
        Ok(symbols)
    }

    /// The 16 bytes, or `None` if the bits that fill up the last data symbol are not zero.
    pub(super) fn to_key(&self) -> Result<Option<Secret>, CryptoError> {
        let symbols = self.secret.expose();
        if (KEY_BITS..5 * DATA_SYMBOLS).any(|at| bit(symbols, 5, at) != 0) {
            return Ok(None);
        }
        let mut key = Secret::zeroed(KEY_LEN)?;
        for at in 0..KEY_BITS {
            put_bit(key.expose_mut(), 8, at, bit(symbols, 5, at));
        }
        Ok(Some(key))
    }

    /// Whether the check symbols fit the others, and the symbol that fills up the words is zero.
    pub(super) fn have_valid_checksum(&self) -> bool {
        *self.engine(SYMBOLS).residue() == Bech32m::TARGET_RESIDUE
            && self.secret.expose()[SYMBOLS] == 0
    }

    /// The character, a capital or a digit, of the symbol at this place.
    pub(super) fn character(&self, at: usize) -> u8 {
        ALPHABET[usize::from(self.secret.expose()[at])]
    }

    /// Sets the symbol at this place to that of `character` in either case; `false` if it has none.
    pub(super) fn set_character(&mut self, at: usize, character: char) -> bool {
        let value = (0..)
            .zip(ALPHABET)
            .find(|(_, of_symbol)| char::from(**of_symbol).eq_ignore_ascii_case(&character));
        if let Some((value, _)) = value {
            self.secret.expose_mut()[at] = value;
        }
        value.is_some()
    }

    /// The index in the list of the word at this place.
    pub(super) fn word(&self, at: usize) -> usize {
        let symbols = self.secret.expose();
        word_bits(at).fold(0, |index, at| index << 1 | usize::from(bit(symbols, 5, at)))
    }

    /// Sets the bits of the word at this place, which are zero, to its index in the list.
    pub(super) fn set_word(&mut self, at: usize, index: usize) {
        for (at, shift) in word_bits(at).zip((0..WORD_BITS).rev()) {
            let bit = u8::from(index >> shift & 1 == 1);
            put_bit(self.secret.expose_mut(), 5, at, bit);
        }
    }

    fn set_check(&mut self) {
        let mut engine = self.engine(DATA_SYMBOLS);
        engine.input_target_residue();
        let check = &mut self.secret.expose_mut()[DATA_SYMBOLS..SYMBOLS];
        for (place, power) in check.iter_mut().zip((0..CHECK_SYMBOLS).rev()) {
            *place = engine.residue().unpack(power);
        }
    }

    fn engine(&self, len: usize) -> Engine<Bech32m> {
        let mut engine = Engine::new();
        engine.input_hrp(Hrp::parse_unchecked("tenlockrecovery"));
        for symbol in &self.secret.expose()[..len] {
            engine.input_fe(Fe32::try_from(*symbol).expect("a symbol has five bits"));
        }
        engine
    }
}

/// The characters of bech32 (BIP 173) in the order of their values: no 1, B, I or O.
const ALPHABET: &[u8; 32] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

const KEY_BITS: usize = 8 * KEY_LEN;
const WORD_BITS: usize = 11;
const DATA_SYMBOLS: usize = KEY_BITS.div_ceil(5);
const CHECK_SYMBOLS: usize = SYMBOLS - DATA_SYMBOLS;

fn word_bits(at: usize) -> std::ops::Range<usize> {
    at * WORD_BITS..(at + 1) * WORD_BITS
}

/// Bit `at` of `units` of `width` bits, most significant first.
fn bit(units: &[u8], width: usize, at: usize) -> u8 {
    units[at / width] >> (width - 1 - at % width) & 1
}

/// Sets bit `at`, which is zero, as [`bit`] counts.
fn put_bit(units: &mut [u8], width: usize, at: usize, bit: u8) {
    units[at / width] |= bit << (width - 1 - at % width);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> impl Iterator<Item = Secret> {
        let special = [0, 0xff].map(|byte| Secret::copy_of(&[byte; KEY_LEN]).unwrap());
        special
            .into_iter()
            .chain((0..10).map(|_| Secret::random(KEY_LEN).unwrap()))
    }

    fn symbols() -> impl Iterator<Item = Symbols> {
        keys().map(|key| Symbols::of_key(&key).unwrap())
    }

    fn replace_word(symbols: &mut Symbols, at: usize, index: usize) {
        for at in word_bits(at) {
            symbols.secret.expose_mut()[at / 5] &= !(1 << (4 - at % 5));
        }
        symbols.set_word(at, index);
    }

    #[test]
    fn alphabet_is_that_of_bech32() {
        for (value, character) in (0..).zip(ALPHABET) {
            let symbol = Fe32::try_from(value).unwrap();
            assert_eq!(
                symbol.to_char().to_ascii_uppercase(),
                char::from(*character)
            );
        }
    }

    #[test]
    fn key_comes_back_from_its_symbols() {
        for key in keys() {
            let symbols = Symbols::of_key(&key).unwrap();
            assert!(symbols.have_valid_checksum());
            assert!(symbols.to_key().unwrap().unwrap().ct_eq(key.expose()));
        }
    }

    #[test]
    fn one_changed_symbol_is_always_detected() {
        for mut symbols in symbols() {
            for at in 0..=SYMBOLS {
                for change in 1..32 {
                    symbols.secret.expose_mut()[at] ^= change;
                    assert!(!symbols.have_valid_checksum());
                    symbols.secret.expose_mut()[at] ^= change;
                }
            }
            assert!(symbols.have_valid_checksum());
        }
    }

    #[test]
    fn two_neighbours_that_changed_places_are_always_detected() {
        for mut symbols in symbols() {
            for at in 0..SYMBOLS - 1 {
                let bytes = symbols.secret.expose_mut();
                let differ = bytes[at] != bytes[at + 1];
                bytes.swap(at, at + 1);
                assert_eq!(symbols.have_valid_checksum(), !differ);
                symbols.secret.expose_mut().swap(at, at + 1);
            }
        }
    }

    #[test]
    fn one_wrong_word_is_always_detected() {
        for mut symbols in symbols() {
            for at in 0..WORDS {
                let right = symbols.word(at);
                for index in 0..1 << WORD_BITS {
                    replace_word(&mut symbols, at, index);
                    assert_eq!(symbols.word(at), index);
                    assert_eq!(symbols.have_valid_checksum(), index == right);
                }
                replace_word(&mut symbols, at, right);
            }
        }
    }

    #[test]
    fn two_neighbouring_words_that_changed_places_are_always_detected() {
        for mut symbols in symbols() {
            for at in 0..WORDS - 1 {
                let (first, second) = (symbols.word(at), symbols.word(at + 1));
                replace_word(&mut symbols, at, second);
                replace_word(&mut symbols, at + 1, first);
                assert_eq!(symbols.have_valid_checksum(), first == second);
                replace_word(&mut symbols, at, first);
                replace_word(&mut symbols, at + 1, second);
            }
        }
    }

    #[test]
    fn bits_that_fill_up_the_key_must_be_zero() {
        for padding in 1..4 {
            let mut symbols = Symbols::of_key(&Secret::zeroed(KEY_LEN).unwrap()).unwrap();
            symbols.secret.expose_mut()[DATA_SYMBOLS - 1] |= padding;
            symbols.set_check();
            assert!(symbols.have_valid_checksum());
            assert!(symbols.to_key().unwrap().is_none());
        }
    }
}
