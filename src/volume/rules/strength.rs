//! The strength of a passphrase, estimated with zxcvbn (Wheeler, USENIX Security 2016).

use unicode_normalization::UnicodeNormalization;

use super::{MAX_STRENGTH_BITS, text_of};
use crate::crypto::Passphrase;

/// How many characters are looked at. The estimator multiplies without a check for overflow, which
/// ends the process where such checks are on: 5^n for a walk of n + 1 keys on the number pad, from
/// 29 keys on, and n! for n words. Five words picked at random reach its greatest estimate with
/// fewer characters, so that looking at more would change little.
const CHARS: usize = 28;

/// Shorter words of the known texts are no words: they would be found in most passphrases, and only
/// such short ones bring n! within reach.
const LEAST_WORD: usize = 3;

/// The strength of a passphrase in bits: the binary logarithm, rounded down, of the guesses that find
/// it. At most [`MAX_STRENGTH_BITS`].
///
/// `known` are texts which a guesser knows: that of the label, the name of whoever chooses. They
/// and their words of three or more characters give next to no strength.
///
/// An estimate of what people choose; it cannot know how a passphrase came about. Only the first 28
/// characters are looked at: a longer passphrase counts as these. The estimator keeps copies of parts
/// of the passphrase on the heap, which it does not wipe; this function makes none.
#[must_use]
pub fn strength_bits(passphrase: &Passphrase, known: &[&str]) -> u16 {
    let known = known
        .iter()
        .flat_map(|text| known_words(text))
        .collect::<Vec<_>>();
    let known = known.iter().map(String::as_str).collect::<Vec<_>>();
    let guesses = zxcvbn::zxcvbn(first_chars(text_of(passphrase)), &known).guesses();
    let bits = guesses.checked_ilog2().unwrap_or(0);
    u16::try_from(bits).unwrap_or(MAX_STRENGTH_BITS)
}

/// The text as a whole and each of its words, all as a passphrase has them: in normal form, and no
/// longer than what is looked at.
fn known_words(text: &str) -> Vec<String> {
    let text = text.nfc().collect::<String>();
    text.split(|character: char| !character.is_alphanumeric())
        .chain([text.as_str()])
        .map(first_chars)
        .filter(|word| word.chars().count() >= LEAST_WORD)
        .map(str::to_owned)
        .collect()
}

fn first_chars(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(CHARS)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> u16 {
        strength_bits(&Passphrase::new(text).unwrap(), &[])
    }

    /// Repeats `unit` up to the longest passphrase there is.
    fn repeated(unit: &str) -> String {
        unit.repeat(1024 / unit.len())
    }

    #[test]
    fn common_passphrases_are_weak_and_random_words_are_strong() {
        assert!(bits("password1") < 15);
        assert!(bits("1qaz2wsx") < 15);
        assert!(bits("lamp rodeo viking umbrella") > 50);
        assert_eq!(bits("lamp rodeo viking umbrella quartz"), MAX_STRENGTH_BITS);
    }

    #[test]
    fn the_longest_repetitions_are_weak_and_panic_nothing() {
        for unit in [
            "qa", "a", "12", "78", "85", "/*", "-+", "qw", "e3", "0o", "qAqA", "4a@", "é", "İ",
            "日本",
        ] {
            assert!(bits(&repeated(unit)) < 40, "{unit}");
        }
    }

    #[test]
    fn the_longest_walks_on_a_number_pad_panic_nothing() {
        // Each key beside the one before, with a turn at nearly each step.
        let _ = bits(&"1254785632145896".repeat(64));
        let _ = bits(&"7845968521452365".repeat(64));
        let _ = bits(&"qawsedrftgyhujikolp;[".repeat(40));
    }

    #[test]
    fn characters_behind_the_first_28_change_nothing() {
        let begin = "x".repeat(28);
        let long = begin.clone() + &"lamp rodeo viking umbrella quartz ".repeat(20);
        assert_eq!(bits(&begin), bits(&long));
        assert_ne!(bits(&begin[1..]), bits(&long[1..]));
        // 28 characters, not bytes.
        assert_eq!(first_chars(&"日".repeat(30)), "日".repeat(28));
    }

    #[test]
    fn known_words_are_normalised_and_neither_short_nor_longer_than_what_is_looked_at() {
        let text = "no\u{308}l, Szczebrzeszyn a Brze\u{328}czyszczykiewicz";
        let words = [
            "nöl",
            "Szczebrzeszyn",
            "Brzęczyszczykiewicz",
            "nöl, Szczebrzeszyn a Brzęczy",
        ];
        assert_eq!(known_words(text), words);
        assert_eq!(known_words("a bc"), ["a bc"]);
    }

    #[test]
    fn known_texts_and_their_words_give_no_strength() {
        let known = ["Zygmunt Brzęczyszczykiewicz, Szczebrzeszyn", "no\u{308}"];
        for text in [
            "zygmunt",
            "BRZĘCZYSZCZYKIEWICZ",
            "Zygmunt Brzęczyszczykiewicz, Szczebrzeszyn",
        ] {
            let passphrase = Passphrase::new(text).unwrap();
            assert!(strength_bits(&passphrase, &known) < 12, "{text}");
        }
        assert!(bits("BRZĘCZYSZCZYKIEWICZ") > 30);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn repeated_units_of_any_kind_panic_nothing(unit in "[ -~]{1,6}|[a-z0-9@$]{1,8}|\\PC{1,3}") {
            if let Ok(passphrase) = Passphrase::new(&repeated(&unit)) {
                prop_assert!(strength_bits(&passphrase, &[&unit, "ai 12 abc"]) <= MAX_STRENGTH_BITS);
            }
        }

        #[test]
        fn long_walks_on_a_number_pad_of_any_kind_panic_nothing(
            steps in proptest::collection::vec(0usize..8, 1023),
        ) {
            let walk = walk_on_the_number_pad(&steps);
            prop_assert_eq!(walk.len(), 1024);
            prop_assert!(bits(&walk) <= MAX_STRENGTH_BITS);
        }

        #[test]
        fn texts_of_single_letter_words_panic_nothing(text in "[ai1@4!| ]{1,1024}") {
            let passphrase = Passphrase::new(&text).unwrap();
            prop_assert!(strength_bits(&passphrase, &["a", "i", "1", &text]) <= MAX_STRENGTH_BITS);
        }
    }

    /// Keys of which each is a neighbour of the one before.
    fn walk_on_the_number_pad(steps: &[usize]) -> String {
        const ROWS: [[char; 3]; 3] = [['7', '8', '9'], ['4', '5', '6'], ['1', '2', '3']];
        let (mut row, mut column) = (1, 1);
        let mut walk = String::from("5");
        for step in steps {
            // One of the eight others in a walk along the edge, back to the middle from there.
            (row, column) = if (row, column) == (1, 1) {
                let at = if *step < 4 { *step } else { step + 1 };
                (at / 3, at % 3)
            } else {
                (1, 1)
            };
            walk.push(ROWS[row][column]);
        }
        walk
    }
}
