//! The policy's rules for a new passphrase: length, not the label, strength.
//!
//! They are for whoever chooses a passphrase, and are asked before it gets a slot. A passphrase that
//! opens a volume is not asked: it was acceptable when it was chosen.

mod says;
#[cfg(feature = "strength")]
mod strength;

use crate::crypto::{MAX_PASSPHRASE_LEN, Passphrase};
use crate::format::{Label, LabelField, PassphraseRules};

#[cfg(feature = "strength")]
pub use strength::strength_bits;

/// The greatest strength that an estimate reaches, in bits: the estimator counts guesses up to
/// 2^64 - 1. As a least strength it asks for a passphrase for which the count overflows.
pub const MAX_STRENGTH_BITS: u16 = 63;

/// Why a passphrase is not acceptable to the policy. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleViolation {
    /// Fewer characters than the policy asks for.
    #[error(
        "the passphrase has {chars} character(s), the policy asks for {least}: choose a longer one"
    )]
    TooShort {
        /// Its characters: Unicode scalar values of its NFC form.
        chars: usize,
        /// The least number.
        least: u16,
    },
    /// Found with fewer guesses than the policy asks for.
    #[error(
        "the passphrase is too weak: its strength is {bits} bits, the policy asks for {least}; use more words, picked at random"
    )]
    TooWeak {
        /// Its strength in bits.
        bits: u16,
        /// The least strength.
        least: u16,
    },
    /// Mostly words of the label, which everybody can read.
    #[error(
        "the passphrase says what stands in the {} of the label, which everybody can read: choose another one",
        field.name()
    )]
    SaysTheLabel {
        /// The text which it has most from.
        field: LabelField,
    },
    /// The policy asks for a least strength, and this build cannot estimate any.
    #[error(
        "the policy asks for a least strength of passphrases, which this software was built without: use one that was built with the feature `strength`"
    )]
    StrengthUnknown,
}

/// Why rules would refuse every passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// More characters than a passphrase can have.
    #[error(
        "no passphrase has {least} characters: choose at most {MAX_PASSPHRASE_LEN} as the least number"
    )]
    Chars {
        /// The least number asked for.
        least: u16,
    },
    /// More bits than an estimate can reach.
    #[error(
        "no passphrase is estimated at {least} bits: choose at most {MAX_STRENGTH_BITS} as the least strength"
    )]
    Strength {
        /// The least strength asked for.
        least: u16,
    },
}

/// Refuses rules that no passphrase could follow. For whoever makes a policy.
///
/// The answer is the same with and without the feature `strength`: who sets a policy need not be
/// who chooses the passphrases.
pub fn check_rules(rules: PassphraseRules) -> Result<(), RulesError> {
    if usize::from(rules.min_chars) > MAX_PASSPHRASE_LEN {
        return Err(RulesError::Chars {
            least: rules.min_chars,
        });
    }
    if rules.min_strength_bits > MAX_STRENGTH_BITS {
        return Err(RulesError::Strength {
            least: rules.min_strength_bits,
        });
    }
    Ok(())
}

/// Checks a new passphrase: its length, then whether it says the label (see [`says`] for what that
/// is), then its strength.
pub(super) fn check_passphrase(
    rules: PassphraseRules,
    passphrase: &Passphrase,
    label: &Label,
) -> Result<(), RuleViolation> {
    let chars = text_of(passphrase).chars().count();
    if chars < usize::from(rules.min_chars) {
        return Err(RuleViolation::TooShort {
            chars,
            least: rules.min_chars,
        });
    }
    if rules.not_the_label
        && let Some(field) = says::field_said(text_of(passphrase), label)
    {
        return Err(RuleViolation::SaysTheLabel { field });
    }
    if rules.min_strength_bits > 0 {
        check_strength(rules.min_strength_bits, passphrase, label)?;
    }
    Ok(())
}

#[cfg(feature = "strength")]
fn check_strength(least: u16, passphrase: &Passphrase, label: &Label) -> Result<(), RuleViolation> {
    let known = LabelField::ALL.map(|field| label.text(field));
    let bits = strength_bits(passphrase, &known);
    if bits < least {
        return Err(RuleViolation::TooWeak { bits, least });
    }
    Ok(())
}

#[cfg(not(feature = "strength"))]
fn check_strength(_: u16, _: &Passphrase, _: &Label) -> Result<(), RuleViolation> {
    Err(RuleViolation::StrengthUnknown)
}

/// The characters of a passphrase, where they are: no copy is made.
fn text_of(passphrase: &Passphrase) -> &str {
    // A passphrase is UTF-8 by construction. The empty text is refused by every rule.
    str::from_utf8(passphrase.expose()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(min_chars: u16, min_strength_bits: u16, not_the_label: bool) -> PassphraseRules {
        PassphraseRules {
            min_chars,
            min_strength_bits,
            not_the_label,
        }
    }

    fn check(rules: PassphraseRules, text: &str) -> Result<(), RuleViolation> {
        let mut label = Label::default();
        label.set(LabelField::Owner, "Kowalski & Søn").unwrap();
        check_passphrase(rules, &Passphrase::new(text).unwrap(), &label)
    }

    #[test]
    fn without_rules_every_passphrase_is_acceptable() {
        for text in ["x", "kowalski", "123456"] {
            assert_eq!(check(PassphraseRules::default(), text), Ok(()));
        }
    }

    #[test]
    fn characters_are_counted_not_bytes_and_in_normal_form() {
        let five = rules(5, 0, false);
        assert_eq!(check(five, "ü密🔑éx"), Ok(()));
        // Nine scalar values before normalisation, four after.
        let decomposed = "u\u{308}e\u{301}a\u{308}\u{1e63}\u{307}";
        assert_eq!(
            check(five, decomposed),
            Err(RuleViolation::TooShort { chars: 4, least: 5 })
        );
    }

    #[test]
    fn the_label_is_refused_only_if_the_policy_says_so() {
        assert_eq!(check(rules(0, 0, false), "KOWALSKI1"), Ok(()));
        assert_eq!(
            check(rules(0, 0, true), "KOWALSKI1"),
            Err(RuleViolation::SaysTheLabel {
                field: LabelField::Owner
            })
        );
    }

    #[cfg(feature = "strength")]
    #[test]
    fn the_least_strength_is_enough_and_one_bit_less_is_not() {
        let text = "lamp rodeo viking";
        let bits = strength_bits(&Passphrase::new(text).unwrap(), &[]);
        assert_eq!(check(rules(0, bits, false), text), Ok(()));
        assert_eq!(
            check(rules(0, bits + 1, false), text),
            Err(RuleViolation::TooWeak {
                bits,
                least: bits + 1
            })
        );
    }

    #[cfg(feature = "strength")]
    #[test]
    fn words_of_the_label_give_no_strength() {
        let without = strength_bits(&Passphrase::new("kowalski søn").unwrap(), &[]);
        let Err(RuleViolation::TooWeak { bits, .. }) = check(rules(0, 63, false), "kowalski søn")
        else {
            panic!("the words of the label are strong");
        };
        assert!(bits + 5 < without, "{bits} of {without}");
    }

    #[cfg(not(feature = "strength"))]
    #[test]
    fn without_the_feature_a_least_strength_refuses_every_passphrase() {
        assert_eq!(
            check(rules(0, 1, false), "lamp rodeo viking umbrella quartz"),
            Err(RuleViolation::StrengthUnknown)
        );
        assert_eq!(check(rules(0, 0, false), "lamp"), Ok(()));
    }

    #[cfg(feature = "strength")]
    #[test]
    fn the_strictest_rules_that_can_be_set_can_be_followed() {
        let strictest = rules(1024, MAX_STRENGTH_BITS, true);
        assert_eq!(check_rules(strictest), Ok(()));
        let long = "lamp rodeo viking umbrella quartz mosaic ".repeat(30);
        assert_eq!(check(strictest, &long[..1024]), Ok(()));
        assert_eq!(
            check_rules(rules(1025, 0, false)),
            Err(RulesError::Chars { least: 1025 })
        );
        assert_eq!(
            check_rules(rules(0, 64, false)),
            Err(RulesError::Strength { least: 64 })
        );
    }

    #[test]
    fn texts_say_what_to_do() {
        assert_eq!(
            RuleViolation::TooShort { chars: 3, least: 9 }.to_string(),
            "the passphrase has 3 character(s), the policy asks for 9: choose a longer one"
        );
        assert_eq!(
            RulesError::Strength { least: 80 }.to_string(),
            "no passphrase is estimated at 80 bits: choose at most 63 as the least strength"
        );
        let field = LabelField::AssetTag;
        let text = RuleViolation::SaysTheLabel { field }.to_string();
        assert!(text.contains("asset_tag of the label"), "{text}");
    }
}
