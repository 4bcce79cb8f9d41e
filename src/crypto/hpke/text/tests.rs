//! Keys as people copy them.

use super::super::{PrivateKey, RecipientPublicKey, Secret};
use super::KeyTextError;
use crate::crypto::testing::hex;

/// The keys of the RFC 9180 vector; texts by our own bech32m in Python.
const PRIVATE: &str = "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d";
const PRIVATE_TEXT: &str =
    "TENLOCK-SECRET-KEY-1F9A52QNXFNL2T4D0PVUEXNDVWGJZ5A8CFQZ9RCDWULT22VEQXV7S8GLK0D";
const PUBLIC_TEXT: &str = "tenlock1gv85hxzeveg5tf43hgn5qfzg00tx7qazm4th6a6nc6xh6lgqcqxqwvh7sp";

const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

fn key() -> PrivateKey {
    PrivateKey::from_secret(Secret::copy_of(&hex(PRIVATE)).unwrap()).unwrap()
}

fn public(text: &str) -> Result<RecipientPublicKey, KeyTextError> {
    text.parse()
}

fn private(text: &str) -> Result<(), KeyTextError> {
    PrivateKey::from_text(text).map(|_| ())
}

/// `text` with another character at this place.
fn replaced(text: &str, at: usize, by: char) -> String {
    let characters = text.chars().enumerate();
    characters
        .map(|(here, old)| if here == at { by } else { old })
        .collect()
}

#[test]
fn texts_are_the_known_ones() {
    assert_eq!(key().public_key().to_string(), PUBLIC_TEXT);
    assert!(key().to_text().unwrap().ct_eq(PRIVATE_TEXT.as_bytes()));
}

#[test]
fn either_case_and_white_space_around_are_read() {
    let expected = key().public_key();
    for text in [
        PUBLIC_TEXT.to_owned(),
        PUBLIC_TEXT.to_uppercase(),
        format!(" \t{PUBLIC_TEXT}\r\n"),
    ] {
        assert_eq!(public(&text).unwrap(), expected);
    }
    for text in [
        PRIVATE_TEXT.to_owned(),
        PRIVATE_TEXT.to_lowercase(),
        format!("\n{PRIVATE_TEXT}\n"),
    ] {
        let read = PrivateKey::from_text(&text).unwrap();
        assert!(read.secret().ct_eq(&hex(PRIVATE)));
        assert_eq!(read.public_key(), expected);
    }
}

#[test]
fn every_key_reads_back() {
    for _ in 0..100 {
        let key = PrivateKey::generate().unwrap();
        let text = key.to_text().unwrap();
        let read = PrivateKey::from_text(str::from_utf8(text.expose()).unwrap()).unwrap();
        assert!(read.secret().ct_eq(key.secret().expose()));
        let text = key.public_key().to_string();
        assert_eq!(public(&text).unwrap(), key.public_key());
    }
}

#[test]
fn one_changed_character_is_always_detected() {
    for at in "tenlock1".len()..PUBLIC_TEXT.len() {
        for by in ALPHABET.chars().chain(['1', 'b', 'i', 'o', '-', 'é']) {
            let changed = replaced(PUBLIC_TEXT, at, by);
            if changed != PUBLIC_TEXT {
                assert_eq!(public(&changed), Err(KeyTextError::Typo), "{changed}");
            }
        }
    }
    let text = PRIVATE_TEXT.to_lowercase();
    for at in "tenlock-secret-key-1".len()..text.len() {
        for by in ALPHABET.chars() {
            let changed = replaced(&text, at, by);
            if changed != text {
                assert_eq!(private(&changed), Err(KeyTextError::Typo), "{changed}");
            }
        }
    }
}

#[test]
fn two_neighbours_that_changed_places_are_always_detected() {
    for at in "tenlock1".len()..PUBLIC_TEXT.len() - 1 {
        let mut bytes = PUBLIC_TEXT.as_bytes().to_vec();
        bytes.swap(at, at + 1);
        let changed = String::from_utf8(bytes).unwrap();
        if changed != PUBLIC_TEXT {
            assert_eq!(public(&changed), Err(KeyTextError::Typo), "{changed}");
        }
    }
}

#[test]
fn wrong_kind_of_key_is_named() {
    assert_eq!(public(PRIVATE_TEXT), Err(KeyTextError::PrivateKeyGiven));
    assert_eq!(private(PUBLIC_TEXT), Err(KeyTextError::PublicKeyGiven));
    // Also where it has a typing error, or is a part: a private key must not get around.
    assert_eq!(
        public("tenlock-secret-key-1f9"),
        Err(KeyTextError::PrivateKeyGiven)
    );
    for other in ["", "1", "age1qqqq", "ssh-ed25519 AAAA", "tenlokc1gv85", "é"] {
        assert_eq!(public(other), Err(KeyTextError::NoPublicKey));
        assert_eq!(private(other), Err(KeyTextError::NoPrivateKey));
    }
}

#[test]
fn part_of_a_key_is_told_by_its_length() {
    for found in "tenlock1".len()..PUBLIC_TEXT.len() {
        let expected = PUBLIC_TEXT.len();
        assert_eq!(
            public(&PUBLIC_TEXT[..found]),
            Err(KeyTextError::Length { found, expected })
        );
    }
    assert_eq!(
        private(&format!("{PRIVATE_TEXT}{PRIVATE_TEXT}")),
        Err(KeyTextError::Length {
            found: 156,
            expected: 78
        })
    );
}

#[test]
fn mixed_case_is_named() {
    let mixed = replaced(PUBLIC_TEXT, 8, 'G');
    assert_eq!(public(&mixed), Err(KeyTextError::MixedCase));
}

#[test]
fn right_checksum_over_something_else_is_refused() {
    for forged in [
        // The padding after the 256 bits is 1, 2, 4 and 8.
        "tenlock1gv85hxzeveg5tf43hgn5qfzg00tx7qazm4th6a6nc6xh6lgqcqxpn6rtdn",
        "tenlock1gv85hxzeveg5tf43hgn5qfzg00tx7qazm4th6a6nc6xh6lgqcqxzafkarv",
        "tenlock1gv85hxzeveg5tf43hgn5qfzg00tx7qazm4th6a6nc6xh6lgqcqxypx4clm",
        "tenlock1gv85hxzeveg5tf43hgn5qfzg00tx7qazm4th6a6nc6xh6lgqcqxgscnjwu",
        // The human-readable part is "tenlock1q".
        "tenlock1q1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq4g74ry",
    ] {
        assert_eq!(public(forged), Err(KeyTextError::Typo), "{forged}");
    }
}
