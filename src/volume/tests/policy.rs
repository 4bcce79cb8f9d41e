//! The rules of a volume, held at every change of a credential.

use super::super::create::Grantee;
use super::cast::{ADMIN, ESCROW, NEWCOMER, RECOVERY, Stick, USER, cast, choosing};
use super::*;
use crate::format::{LabelField, Role};

/// The cast's volume with these rules.
fn with_rules(change: impl FnOnce(&mut PolicyRules)) -> Stick {
    let stick = cast().stick();
    let admin = stick.admin();
    let mut rules = admin.policy();
    change(&mut rules);
    admin.set_policy(&rules).unwrap();
    stick
}

/// What becomes of `text` as a new passphrase at each place where one can be given.
fn everywhere(stick: &Stick, text: &str, cost: Option<Argon2Cost>) -> Vec<Result<(), Error>> {
    let text = passphrase(text);
    let mut added = NewSlot::new(Role::User);
    added.cost = cost;
    let add = stick.admin().add_slot(&added, &text).map(drop);
    let reset = stick.admin().reset_slot(USER, &text, false, cost);
    let change = stick.admin().change_credential(&text, cost);
    let mut outcomes = vec![add, reset, change];
    if cost.is_none() {
        outcomes.push(change_at_unlock(stick, &text));
        outcomes.push(recover(stick, &text));
    }
    outcomes
}

fn change_at_unlock(stick: &Stick, new: &Passphrase) -> Result<(), Error> {
    let options = choosing(SlotChoice::Slot(NEWCOMER));
    let old = cast().credential(NEWCOMER);
    Ok(stick
        .locked()
        .unlock_and_change(old, new, &options)
        .map(drop)?)
}

fn recover(stick: &Stick, new: &Passphrase) -> Result<(), Error> {
    let options = choosing(SlotChoice::Slot(RECOVERY));
    let key = cast().credential(RECOVERY);
    Ok(stick
        .locked()
        .recover(key, Some(USER), new, &options)
        .map(drop)?)
}

fn assert_refused_everywhere(stick: &Stick, text: &str, expected: fn(&Error) -> bool) {
    let before = stick.header().root;
    for (place, outcome) in everywhere(stick, text, None).into_iter().enumerate() {
        assert!(
            expected(outcome.as_ref().unwrap_err()),
            "{place}: {outcome:?}"
        );
    }
    assert_eq!(stick.header().root, before, "nothing is changed");
}

fn assert_accepted_everywhere(stick: &Stick, text: &str) {
    for (place, outcome) in everywhere(stick, text, None).into_iter().enumerate() {
        assert!(outcome.is_ok(), "{place}: {outcome:?}");
    }
}

#[test]
fn a_new_passphrase_has_the_least_number_of_characters() {
    let stick = with_rules(|rules| rules.passphrases.min_chars = 9);
    assert_refused_everywhere(&stick, "eight ch", |error| {
        matches!(
            error,
            Error::Rule(RuleViolation::TooShort { chars: 8, least: 9 })
        )
    });
    assert_accepted_everywhere(&stick, "nine char");
}

#[cfg(feature = "strength")]
#[test]
fn a_new_passphrase_has_the_least_strength() {
    let stick = with_rules(|rules| rules.passphrases.min_strength_bits = 40);
    assert_refused_everywhere(&stick, "password1", |error| {
        matches!(error, Error::Rule(RuleViolation::TooWeak { least: 40, .. }))
    });
    assert_accepted_everywhere(&stick, "lamp rodeo viking umbrella quartz");
}

#[test]
fn a_new_passphrase_does_not_say_the_label() {
    let stick = with_rules(|rules| rules.passphrases.not_the_label = true);
    let mut label = Label::default();
    label.set(LabelField::Owner, "Kowalski").unwrap();
    stick.admin().set_label(&label).unwrap();
    assert_refused_everywhere(&stick, "kowalski1", |error| {
        matches!(
            error,
            Error::Rule(RuleViolation::SaysTheLabel {
                field: LabelField::Owner
            })
        )
    });
    assert_accepted_everywhere(&stick, "viking umbrella");
}

fn cost(memory_kib: u32, passes: u32) -> Argon2Cost {
    Argon2Cost::new(memory_kib, passes, 1).unwrap()
}

#[test]
fn a_derivation_that_costs_less_than_the_least_is_refused() {
    for (memory_kib, passes) in [(19_457, 0), (0, 3)] {
        let stick = with_rules(|rules| {
            (rules.min_kdf_memory_kib, rules.min_kdf_passes) = (memory_kib, passes);
        });
        let before = stick.header().root;
        for outcome in everywhere(&stick, "new", Some(cost(19_456, 2))) {
            assert!(matches!(
                outcome,
                Err(Error::CostTooLow { memory_kib: told, passes: also })
                    if (told, also) == (memory_kib, passes)
            ));
        }
        assert_eq!(stick.header().root, before);
    }
}

#[test]
fn without_a_wish_a_new_derivation_costs_as_much_as_the_policy_asks_for() {
    let stick = with_rules(|rules| {
        (rules.min_kdf_memory_kib, rules.min_kdf_passes) = (19_460, 3);
    });
    assert_accepted_everywhere(&stick, "new");
    for slot in [8, USER, ADMIN, NEWCOMER] {
        let info = stick.slot(slot);
        match info.factors.as_slice() {
            [crate::format::Factor::Passphrase(factor)] => {
                assert_eq!((factor.memory_kib, factor.passes), (19_460, 3));
            }
            other => panic!("slot {slot} has a passphrase: {other:?}"),
        }
    }
}

#[test]
fn rules_bind_new_credentials_and_leave_those_that_are_there() {
    let stick = with_rules(|rules| {
        rules.passphrases.min_chars = 100;
        rules.min_kdf_passes = 5;
    });
    for slot in [ADMIN, USER, RECOVERY, ESCROW] {
        assert!(stick.unlock(slot).is_ok());
    }
    let key = crate::crypto::RecoveryKey::generate().unwrap();
    let added = stick.admin().add_slot(&NewSlot::new(Role::Recovery), &key);
    assert!(added.is_ok(), "rules for passphrases are for passphrases");
}

#[test]
fn the_first_credentials_of_a_volume_obey_its_rules() {
    let mut options = options();
    options.policy.passphrases.min_chars = 6;
    options.label.set(LabelField::Owner, "Kowalski").unwrap();
    options.policy.passphrases.not_the_label = true;
    options.policy.min_kdf_passes = 2;
    let create = |options: &CreateOptions, text| {
        let storage = MemoryStorage::default();
        let keeper = storage.second_handle();
        let outcome = create(storage, options, &passphrase(text)).map(drop);
        assert_eq!(outcome.is_err(), keeper.contents().is_empty());
        outcome
    };
    assert!(matches!(
        create(&options, "right"),
        Err(Error::Rule(RuleViolation::TooShort { .. }))
    ));
    assert!(matches!(
        create(&options, "kowalski"),
        Err(Error::Rule(RuleViolation::SaysTheLabel { .. }))
    ));
    create(&options, "longer").unwrap();
    options.policy.min_kdf_passes = 3;
    assert!(matches!(
        create(&options, "longer"),
        Err(Error::CostTooLow { passes: 3, .. })
    ));
    options.policy.min_kdf_passes = 0;
    options.policy.required_roles = vec![Role::Escrow];
    assert!(matches!(
        create(&options, "longer"),
        Err(Error::RequiredRole { role: Role::Escrow })
    ));
    let storage = MemoryStorage::default();
    let right = passphrase("longer");
    let user = Grantee {
        slot: NewSlot::new(Role::User),
        credential: (&right).into(),
    };
    assert!(matches!(
        create_with_slots(storage, &options, &[user]),
        Err(Error::RequiredRole { role: Role::Admin })
    ));
}

#[test]
fn a_role_of_which_there_is_no_slot_cannot_be_demanded() {
    let stick = cast().stick();
    let admin = stick.admin();
    admin.remove_slot(ESCROW, Removal::IfSafe).unwrap();
    let before = stick.image();
    let mut rules = admin.policy();
    rules.required_roles = vec![Role::User, Role::Escrow];
    assert!(matches!(
        admin.set_policy(&rules),
        Err(Error::RequiredRole { role: Role::Escrow })
    ));
    assert!(before == stick.image());
    rules.required_roles = vec![Role::User, Role::Recovery];
    admin.set_policy(&rules).unwrap();
}

#[test]
fn rules_that_nobody_could_follow_are_not_set() {
    let stick = cast().stick();
    let admin = stick.admin();
    let before = stick.image();
    let impossible: [fn(&mut PolicyRules); 5] = [
        |rules| rules.passphrases.min_chars = 1025,
        |rules| rules.passphrases.min_strength_bits = 64,
        |rules| rules.min_kdf_memory_kib = (2 << 20) + 1,
        |rules| rules.min_kdf_passes = 65,
        |rules| (rules.min_kdf_memory_kib, rules.min_kdf_passes) = (2 << 20, 64),
    ];
    for change in impossible {
        let mut rules = admin.policy();
        change(&mut rules);
        assert!(matches!(
            admin.set_policy(&rules),
            Err(Error::PolicyRules(_) | Error::Cost(_))
        ));
    }
    assert!(before == stick.image(), "nothing is written");
}

#[test]
fn the_rules_are_shown_to_everybody_as_they_were_set() {
    let stick = with_rules(|rules| {
        rules.passphrases.min_chars = 12;
        rules.passphrases.min_strength_bits = 50;
        rules.passphrases.not_the_label = true;
        (rules.min_kdf_memory_kib, rules.min_kdf_passes) = (20_000, 4);
        rules.auto_lock_seconds = 600;
        rules.required_roles = vec![Role::Admin, Role::Escrow];
    });
    let shown = stick.info().policy;
    assert_eq!(shown, stick.admin().policy());
    assert_eq!(
        (shown.passphrases.min_chars, shown.auto_lock_seconds),
        (12, 600)
    );
    assert_eq!(shown.required_roles, [Role::Admin, Role::Escrow]);
    assert_eq!(stick.info().policy_number, 2);
}

#[test]
fn slots_that_make_no_sense_are_not_granted() {
    type Change = fn(&mut NewSlot);
    let stick = cast().stick();
    let admin = stick.admin();
    let before = stick.image();
    let text = passphrase("new");
    let refused: [(Role, Change); 8] = [
        (Role::User, |slot| slot.name = "x".repeat(33)),
        (Role::User, |slot| slot.name = "two\nlines".into()),
        (Role::User, |slot| slot.one_time = true),
        (Role::Admin, |slot| slot.read_only = true),
        (Role::Admin, |slot| slot.last_attempt_reserved = true),
        (Role::User, |slot| {
            (slot.last_attempt_reserved, slot.attempt_limit) = (true, 1);
        }),
        (Role::User, |slot| slot.attempt_limit = 0),
        (Role::User, |slot| slot.attempt_limit = 11),
    ];
    for (role, change) in refused {
        let mut slot = NewSlot::new(role);
        change(&mut slot);
        assert!(matches!(
            admin.add_slot(&slot, &text),
            Err(Error::SlotOptions(_) | Error::AttemptLimit { .. })
        ));
    }
    for role in [Role::Recovery, Role::Escrow] {
        assert!(matches!(
            admin.add_slot(&NewSlot::new(role), &text),
            Err(Error::Credential(CredentialError::Guessable))
        ));
    }
    let twice = Credential::from(&text).and(&text);
    assert!(matches!(
        admin.add_slot(&NewSlot::new(Role::User), twice),
        Err(Error::Credential(CredentialError::Repeated))
    ));
    assert!(before == stick.image(), "nothing is written");
}
