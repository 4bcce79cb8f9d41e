//! Recovery keys as they are printed and typed.

use super::super::sha256;
use super::super::testing::hex;
use super::*;

/// Key, text, words, and output for the salt 0, 1 … 31, by bech32m written in Python and its hmac.
const KNOWN: [[&str; 4]; 3] = [
    [
        "00112233445566778899aabbccddeeff",
        "QQGJ-YV6Y-24N8-0ZYE-42AU-EH0W-LU6D-RSHL",
        "abandon math mimic master filter design carbon crystal \
         rookie group knife wrist escape thumb winter",
        "3ed9d2f229c610a955e823f45fb253fbffcc1b79fd64c79b4817e804dc8a39ea",
    ],
    [
        "00000000000000000000000000000000",
        "QQQQ-QQQQ-QQQQ-QQQQ-QQQQ-QQQQ-QQ07-ZEKH",
        "abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon ability wrap recall foster",
        "62297c5c9bf46eb7f5f33f59b3b50b06ad66dbf3f229afa02a7a9eb1c0099fed",
    ],
    [
        "ffffffffffffffffffffffffffffffff",
        "LLLL-LLLL-LLLL-LLLL-LLLL-LLLL-LU4L-640H",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrestle save priority swing",
        "b2b85d3444f967557a26b04f9f9effdc2b8b47d6444da14891fc072da78a077e",
    ],
];

const TEXT: &str = KNOWN[0][1];
const AS_WORDS: &str = KNOWN[0][2];

fn key(digits: &str) -> RecoveryKey {
    let secret = Secret::copy_of(&hex(digits)).unwrap();
    RecoveryKey { secret }
}

fn is_first_key(text: &str) -> bool {
    RecoveryKey::parse(text)
        .unwrap()
        .secret
        .ct_eq(&hex(KNOWN[0][0]))
}

fn refusal(text: &str) -> RecoveryKeyError {
    RecoveryKey::parse(text).unwrap_err()
}

fn string(secret: Result<Secret, CryptoError>) -> String {
    String::from_utf8(secret.unwrap().expose().to_vec()).unwrap()
}

fn replace_word(at: usize, by: &str) -> String {
    let mut words: Vec<_> = AS_WORDS.split(' ').collect();
    words[at] = by;
    words.join(" ")
}

#[test]
fn text_words_and_output_are_the_known_ones() {
    for [digits, text, words, output] in KNOWN {
        let key = key(digits);
        assert_eq!(string(key.to_text()), text);
        assert_eq!(string(key.to_words()), words);
        let salt = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert!(key.output(&salt).unwrap().ct_eq(&hex(output)));
    }
}

#[test]
fn every_key_reads_back_from_text_and_from_words() {
    for _ in 0..200 {
        let key = RecoveryKey::generate().unwrap();
        for text in [string(key.to_text()), string(key.to_words())] {
            let read = RecoveryKey::parse(&text).unwrap();
            assert!(read.secret.ct_eq(key.secret.expose()));
        }
    }
}

#[test]
fn keys_differ() {
    let (a, b) = (
        RecoveryKey::generate().unwrap(),
        RecoveryKey::generate().unwrap(),
    );
    assert_eq!(a.secret.len(), 16);
    assert!(!a.secret.ct_eq(b.secret.expose()));
}

#[test]
fn case_and_division_do_not_matter() {
    let without = TEXT.replace('-', "");
    let spaced: String = without.chars().flat_map(|symbol| [symbol, ' ']).collect();
    for text in [
        TEXT.to_lowercase(),
        without,
        spaced,
        TEXT.replace('-', " "),
        TEXT.replace('-', "\u{2013}"),
        TEXT.replace('-', "\u{2011}\n"),
        format!("\u{feff}  {TEXT}\r\n"),
        AS_WORDS.to_uppercase(),
        AS_WORDS.replace(' ', "-"),
        AS_WORDS.replace(' ', ",\n"),
        format!("\t{AS_WORDS} "),
    ] {
        assert!(is_first_key(&text), "{text}");
    }
}

#[test]
fn words_may_be_abbreviated_to_four_letters() {
    for len in 4..8 {
        let short: Vec<_> = AS_WORDS
            .split(' ')
            .map(|word| &word[..len.min(word.len())])
            .collect();
        assert!(is_first_key(&short.join(" ")));
    }
    assert_eq!(
        refusal(&replace_word(3, "mas")),
        RecoveryKeyError::Word { position: 4 }
    );
}

#[test]
fn word_list_is_that_of_bip_39() {
    let words = Language::English.word_list();
    let lines = words.map(|word| format!("{word}\n")).concat();
    // SHA-256 of english.txt in the repository bitcoin/bips.
    assert_eq!(
        sha256(&[lines.as_bytes()])[..],
        hex("2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda")
    );
}

#[test]
fn each_word_of_the_list_and_its_first_four_letters_are_read() {
    for (index, word) in Language::English.word_list().iter().enumerate() {
        for text in [word, &word[..word.len().min(4)]] {
            let symbols = parse::symbols(&replace_word(7, text)).unwrap();
            assert_eq!(symbols.word(7), index, "{text}");
        }
    }
}

#[test]
fn one_changed_character_is_always_detected() {
    for [_, text, ..] in KNOWN {
        let text = text.replace('-', "");
        for at in 0..text.len() {
            for by in ('0'..='9').chain('A'..='Z').chain(['Ä', '?']) {
                let before = &text[..at];
                let changed = format!("{before}{by}{}", &text[at + 1..]);
                if changed == text {
                    continue;
                }
                let expected = if "1BIOÄ?".contains(by) {
                    RecoveryKeyError::Character { position: at + 1 }
                } else {
                    RecoveryKeyError::Checksum
                };
                assert_eq!(refusal(&changed), expected, "{changed}");
            }
        }
    }
}

#[test]
fn two_neighbouring_characters_that_changed_places_are_always_detected() {
    for text in [TEXT, AS_WORDS] {
        for at in 0..text.len() - 1 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.swap(at, at + 1);
            let changed = String::from_utf8(bytes).unwrap();
            let is_same = changed.replace('-', "") == text.replace('-', "");
            assert_eq!(RecoveryKey::parse(&changed).is_ok(), is_same, "{changed}");
        }
    }
}

#[test]
fn wrong_word_is_told_from_one_that_is_not_on_the_list() {
    assert_eq!(
        refusal(&replace_word(14, "winner")),
        RecoveryKeyError::Checksum
    );
    for word in ["winterr", "wintre", "wi", "w", "hiver", "wïnter"] {
        assert_eq!(
            refusal(&replace_word(14, word)),
            RecoveryKeyError::Word { position: 15 }
        );
    }
}

#[test]
fn other_number_of_characters_or_words_is_told() {
    assert_eq!(refusal(""), RecoveryKeyError::Length { found: 0 });
    assert_eq!(refusal(" - "), RecoveryKeyError::Length { found: 0 });
    assert_eq!(refusal(&TEXT[1..]), RecoveryKeyError::Length { found: 31 });
    let longer = format!("{TEXT}2");
    assert_eq!(refusal(&longer), RecoveryKeyError::Length { found: 33 });
    let first = AS_WORDS.split(' ').next().unwrap();
    assert_eq!(refusal(first), RecoveryKeyError::WordCount { found: 1 });
    assert_eq!(
        refusal(&format!("{AS_WORDS} winter")),
        RecoveryKeyError::WordCount { found: 16 }
    );
    // The digit is a typing error, the words are clear.
    assert_eq!(
        refusal(&AS_WORDS.replace("rookie", "r0okie")),
        RecoveryKeyError::Word { position: 9 }
    );
}

#[test]
fn first_words_alone_are_told_from_characters() {
    for found in 1..6 {
        let words: Vec<_> = AS_WORDS.split(' ').take(found).collect();
        let text = words.join(" ");
        assert_eq!(refusal(&text), RecoveryKeyError::WordCount { found });
    }
}

#[test]
fn text_without_a_digit_is_no_words() {
    // One key in 38,000 has none.
    let key = key("ffffffffffffffffffffffffffffffff");
    let text = string(key.to_text()).replace(['4', '6', '0'], "L");
    assert_eq!(refusal(&text), RecoveryKeyError::Checksum);
}

#[test]
fn right_checksum_over_something_else_is_refused() {
    for forged in [
        "QQGJYV6Y24N80ZYE42AUEH0WLA8MH92D",
        "QQGJYV6Y24N80ZYE42AUEH0WL7FGZNYJ",
        "QQGJYV6Y24N80ZYE42AUEH0WLL57KXEQ",
    ] {
        assert_eq!(refusal(forged), RecoveryKeyError::Padding);
    }
}

#[test]
fn errors_and_debug_tell_nothing_of_the_key() {
    let shown = format!("{:?}", RecoveryKey::generate().unwrap());
    assert_eq!(shown, "RecoveryKey { secret: Secret(..) }");
    let error = refusal(&replace_word(2, "secretword"));
    assert!(!error.to_string().contains("secretword"));
    assert!(error.to_string().contains("word 3 "));
    assert!(
        RecoveryKeyError::Checksum
            .to_string()
            .contains("no attempt was charged")
    );
}
