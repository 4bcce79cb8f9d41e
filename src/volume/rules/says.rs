//! Whether a passphrase says the label: the rule behind "not the label".
//!
//! Both are compared as their letters and digits, in normal form and without case: white space,
//! punctuation and symbols count for nothing. A passphrase says the label if
//!
//! - four or more letters and digits, it is a part of one of the texts, or
//! - at least half of its letters and digits stand in whole texts or words of the label of four
//!   letters and digits or more. A word ends where a letter or digit does not follow.
//!
//! So `ACME-2024!` says the label "Acme Ltd", and `acme lamp rodeo viking` does not: what is not
//! from the label is the greater part. How strong that part is, is for the strength rule.

use unicode_normalization::UnicodeNormalization;

use crate::format::{Label, LabelField};

/// Shorter texts and words occur in many passphrases by chance.
const LEAST_LEN: usize = 4;

/// The field of the label which the passphrase has most from, if it says the label.
pub(super) fn field_said(passphrase: &str, label: &Label) -> Option<LabelField> {
    let length = folded(passphrase).count();
    let mut covered = vec![false; length];
    let mut most = (0, None);
    for field in LabelField::ALL {
        let text = label.text(field).nfc().collect::<String>();
        if length >= LEAST_LEN && is_part(passphrase, &folded(&text).collect::<Vec<_>>()) {
            return Some(field);
        }
        let by_field = cover(passphrase, length, &text);
        let count = by_field.iter().filter(|covered| **covered).count();
        if count > most.0 {
            most = (count, Some(field));
        }
        covered
            .iter_mut()
            .zip(by_field)
            .for_each(|(all, one)| *all |= one);
    }
    let count = covered.iter().filter(|covered| **covered).count();
    most.1.filter(|_| 2 * count >= length)
}

/// Which letters and digits of the passphrase stand in the text as a whole or in one of its words.
fn cover(passphrase: &str, length: usize, text: &str) -> Vec<bool> {
    let mut covered = vec![false; length];
    let words = text.split(|character: char| !character.is_alphanumeric());
    for word in words.chain([text]) {
        let word = folded(word).collect::<Vec<_>>();
        if word.len() < LEAST_LEN {
            continue;
        }
        let mut rest = folded(passphrase);
        for start in 0..length {
            if begins_with(rest.clone(), word.iter().copied()) {
                covered[start..start + word.len()].fill(true);
            }
            rest.next();
        }
    }
    covered
}

fn is_part(passphrase: &str, text: &[char]) -> bool {
    (0..text.len()).any(|start| begins_with(text[start..].iter().copied(), folded(passphrase)))
}

fn begins_with(
    mut text: impl Iterator<Item = char>,
    mut begin: impl Iterator<Item = char>,
) -> bool {
    begin.all(|character| text.next() == Some(character))
}

/// The letters and digits without case. An iterator, so that nothing of a passphrase is copied to
/// memory that is not wiped. By way of upper case, so that `ß` is `ss` and both forms of a small
/// sigma are one.
fn folded(text: &str) -> impl Iterator<Item = char> + Clone {
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(|character| character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Passphrase;

    fn said(passphrase: &str, texts: &[(LabelField, &str)]) -> Option<LabelField> {
        let mut label = Label::default();
        for (field, text) in texts {
            label.set(*field, text).unwrap();
        }
        let passphrase = Passphrase::new(passphrase).unwrap();
        field_said(str::from_utf8(passphrase.expose()).unwrap(), &label)
    }

    fn says(passphrase: &str, text: &str) -> bool {
        said(passphrase, &[(LabelField::Label, text)]).is_some()
    }

    #[test]
    fn case_white_space_and_punctuation_hide_nothing() {
        for passphrase in [
            "acmeltd",
            "ACME Ltd!!",
            "a.c.m.e-l.t.d",
            "¡¡¡Acme🔑Ltd??? ???",
        ] {
            assert!(says(passphrase, "Acme, Ltd."), "{passphrase}");
        }
        assert!(says("STRASSE", "Straße"));
        assert!(says("ΟΔΟΣ!", "οδός".replace('ό', "ο").as_str()));
    }

    #[test]
    fn decomposed_labels_are_recognised() {
        assert!(says("brücke", "Bru\u{308}cke"));
        assert!(says("Bru\u{308}cke", "brücke"));
    }

    #[test]
    fn a_part_of_the_label_is_refused_from_four_letters_on() {
        assert!(says("owal", "Kowalski"));
        assert!(says("w, data o", "raw data of 2024"));
        assert!(!says("owa", "Kowalski"));
        assert!(!says("o$w$a%&/()=", "Kowalski"));
    }

    #[test]
    fn words_of_the_label_are_refused_from_half_of_the_passphrase_on() {
        assert!(says("acmex7k2", "Acme Ltd"));
        assert!(!says("acmex7k29", "Acme Ltd"));
        assert!(says("acmeacme1234acme", "Acme Ltd"));
        // The whole text counts, its words being short.
        assert!(says("abcdefgh1234", "ab-cd ef gh"));
        assert!(!says("abcd1234", "ab cd ef gh"));
    }

    #[test]
    fn words_of_several_texts_count_together_and_the_greatest_part_is_named() {
        let texts = [
            (LabelField::Owner, "Nora Weber"),
            (LabelField::Customer, "Harbour"),
        ];
        assert_eq!(
            said("nora_harbour_x7k2m9qp", &texts),
            Some(LabelField::Customer)
        );
        assert_eq!(said("nora_harbour_x7k2m9qp3zwv", &texts), None);
    }

    #[test]
    fn an_empty_label_and_empty_words_are_said_by_nothing() {
        for passphrase in ["x", "!!!", "lamp rodeo viking"] {
            assert_eq!(said(passphrase, &[]), None);
            assert!(!says(passphrase, "..., --- 🔑🔑🔑🔑"), "{passphrase}");
        }
    }

    #[test]
    fn the_longest_texts_are_compared_without_an_index_out_of_range() {
        assert!(says(&"ab".repeat(512), &"ab".repeat(31)));
        assert!(says(&"ß".repeat(512), &"s".repeat(62)));
        assert!(!says(&"c".repeat(1024), &"ab".repeat(31)));
    }
}
