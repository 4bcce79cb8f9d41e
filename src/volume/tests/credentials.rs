//! Which credential opens which slot, and to which slots a wrong one is charged.

use super::cast::{
    ADMIN, ALL, ESCROW, NEWCOMER, ONE_TIME, READER, RECOVERY, Stick, TWO_FACTORS, USER, cast,
    choosing, key_file,
};
use super::faulty::Faulty;
use super::*;
use crate::crypto::{PrivateKey, RecoveryKey};
use crate::format::Role;

/// Failed attempts of 0 but for these.
fn failures(of: &[(usize, u8)]) -> [u8; 32] {
    let mut failed = [0; 32];
    for (slot, count) in of {
        failed[*slot] = *count;
    }
    failed
}

#[test]
fn each_credential_opens_its_slot_and_no_other() {
    let stick = cast().stick();
    for slot in ALL {
        for other in ALL.into_iter().filter(|other| *other != slot) {
            let outcome = stick.unlock_with(cast().credential(slot), SlotChoice::Slot(other));
            assert!(
                matches!(
                    outcome,
                    Err(Error::NoMatchingSlot | Error::WrongCredential { .. })
                ),
                "{slot} on {other}: {outcome:?}"
            );
        }
        stick.opened_by(cast().credential(slot)).unwrap();
    }
}

#[test]
fn one_factor_of_two_does_not_open_and_neither_does_one_too_many() {
    let stick = cast().stick();
    let (two, user) = (passphrase("two"), passphrase("user"));
    let extra = key_file("another");
    let recovery = RecoveryKey::generate().unwrap();
    let refused: [Credential; 4] = [
        (&two).into(),
        cast().key_file().into(),
        Credential::from(&two).and(&recovery),
        Credential::from(&two).and(cast().key_file()).and(&recovery),
    ];
    for credential in &refused {
        let outcome = derives(0, || {
            stick.unlock_with(credential, SlotChoice::Slot(TWO_FACTORS))
        });
        assert!(matches!(outcome, Err(Error::NoMatchingSlot)), "{outcome:?}");
    }
    let both = Credential::from(&user).and(&extra);
    for choice in [SlotChoice::Slot(USER), SlotChoice::Role(Role::Admin)] {
        let outcome = derives(0, || stick.unlock_with(&both, choice));
        assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
    }
    assert_eq!(stick.failed(), failures(&[]));
}

#[test]
fn the_order_in_which_factors_are_given_does_not_matter() {
    let two = passphrase("two");
    let turned = Credential::from(cast().key_file()).and(&two);
    assert_eq!(cast().stick().opened_by(turned).unwrap(), TWO_FACTORS);
}

#[test]
fn a_wrong_key_file_or_passphrase_of_two_is_charged_alike() {
    let stick = cast().stick();
    let (two, wrong) = (passphrase("two"), passphrase("wrong"));
    let other_file = key_file("something else");
    for (attempt, credential) in [
        Credential::from(&two).and(&other_file),
        Credential::from(&wrong).and(cast().key_file()),
    ]
    .into_iter()
    .enumerate()
    {
        let left = 9 - u8::try_from(attempt).unwrap();
        let outcome = derives(1, || stick.unlock_with(credential, SlotChoice::Obvious));
        assert!(matches!(
            outcome,
            Err(Error::WrongCredential { remaining: Some(found), erases_volume: false }) if found == left
        ));
    }
    assert_eq!(stick.failed(), failures(&[(TWO_FACTORS, 2)]));
}

#[test]
fn wrong_keys_that_nobody_can_guess_cost_nothing_however_often() {
    let stick = cast().stick();
    let before = stick.image();
    let recovery = RecoveryKey::generate().unwrap();
    for _ in 0..12 {
        let outcome = derives(0, || stick.unlock_with(&recovery, SlotChoice::Any));
        assert!(matches!(
            outcome,
            Err(Error::WrongCredential {
                remaining: None,
                ..
            })
        ));
    }
    let private = PrivateKey::generate().unwrap();
    let outcome = stick.unlock_with(&private, SlotChoice::Any);
    assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
    assert!(before == stick.image(), "nothing is written");
}

#[test]
fn keys_that_nobody_can_guess_open_storage_that_cannot_be_written() {
    let image = cast().stick().image();
    let locked = || {
        LockedVolume::open(Faulty {
            read_only: true,
            ..Faulty::new(&image)
        })
        .and_then(Opened::locked)
        .unwrap()
    };
    for slot in [RECOVERY, ESCROW] {
        let volume = locked().unlock(cast().credential(slot)).unwrap();
        assert_eq!(volume.slot(), slot);
        let mut read = [0; 9];
        volume.read_at(0, &mut read).unwrap();
        assert!(volume.write_at(0, b"x").is_err());
    }
    let admin = choosing(SlotChoice::Slot(ADMIN));
    let outcome = derives(0, || locked().unlock_with(cast().credential(ADMIN), &admin));
    assert!(matches!(
        outcome.map_err(Error::from),
        Err(Error::CannotWrite(_))
    ));
}

/// A volume whose slots are those of `roles`, in this order, with the passphrases "0", "1" and so
/// on.
fn with_slots(roles: &[Role]) -> Stick {
    let names: Vec<Passphrase> = (0..roles.len())
        .map(|slot| passphrase(&slot.to_string()))
        .collect();
    let grantees: Vec<Grantee> = roles
        .iter()
        .zip(&names)
        .map(|(role, name)| Grantee {
            slot: NewSlot::new(*role),
            credential: name.into(),
        })
        .collect();
    let storage = MemoryStorage::default();
    let keeper = storage.second_handle();
    create_with_slots(storage, &options(), &grantees).unwrap();
    Stick::new(&keeper.contents())
}

fn try_obvious(stick: &Stick, text: &str) -> Result<usize, Error> {
    stick
        .unlock_with(&passphrase(text), SlotChoice::Obvious)
        .map(|volume| volume.slot())
}

#[test]
fn the_obvious_slot_is_the_only_one_that_fits() {
    let stick = with_slots(&[Role::Admin]);
    assert_eq!(try_obvious(&stick, "0").unwrap(), 0);
}

#[test]
fn the_obvious_slot_is_the_only_users_and_never_the_admins() {
    let stick = with_slots(&[Role::Admin, Role::User, Role::Admin]);
    assert_eq!(try_obvious(&stick, "1").unwrap(), 1);
    for text in ["0", "2"] {
        assert!(matches!(
            try_obvious(&stick, text),
            Err(Error::WrongCredential { .. })
        ));
    }
    assert_eq!(stick.failed(), failures(&[(1, 2)]));
}

#[test]
fn ten_typing_errors_of_a_user_and_more_never_touch_an_admins_counter() {
    let stick = with_slots(&[Role::Admin, Role::User]);
    for _ in 0..9 {
        assert!(matches!(
            try_obvious(&stick, "wrong"),
            Err(Error::WrongCredential { .. })
        ));
    }
    assert!(matches!(
        try_obvious(&stick, "wrong"),
        Err(Error::SlotErased)
    ));
    for _ in 0..12 {
        let outcome = derives(0, || try_obvious(&stick, "wrong"));
        assert!(matches!(outcome, Err(Error::AmbiguousSlot { slots }) if slots == [0, 1]));
    }
    assert_eq!(stick.failed()[0], 0);
    let admin = stick.unlock_with(&passphrase("0"), SlotChoice::Role(Role::Admin));
    admin.unwrap().remove_slot(1, Removal::IfSafe).unwrap();
    assert_eq!(try_obvious(&stick, "0").unwrap(), 0, "it is clear again");
}

#[test]
fn a_users_slot_that_is_erased_does_not_send_his_typing_errors_to_another_user() {
    let stick = with_slots(&[Role::Admin, Role::User, Role::User]);
    for _ in 0..10 {
        let wrong = stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(1));
        assert!(wrong.is_err());
    }
    assert!(matches!(
        try_obvious(&stick, "1"),
        Err(Error::AmbiguousSlot { slots }) if slots == [0, 1, 2]
    ));
    assert_eq!(stick.failed()[2], 0);
}

#[test]
fn where_several_users_or_several_admins_could_be_meant_nothing_is_charged_or_derived() {
    for roles in [
        &[Role::Admin, Role::User, Role::User][..],
        &[Role::Admin, Role::Admin],
    ] {
        let stick = with_slots(roles);
        let before = stick.image();
        let all: Vec<usize> = (0..roles.len()).collect();
        for text in ["0", "1", "wrong"] {
            let outcome = derives(0, || try_obvious(&stick, text));
            assert!(matches!(outcome, Err(Error::AmbiguousSlot { slots }) if slots == all));
        }
        assert!(before == stick.image());
    }
}

#[test]
fn for_keys_that_nobody_can_guess_every_slot_is_obvious() {
    let stick = cast().stick();
    for slot in [RECOVERY, ESCROW] {
        let volume = stick.unlock_with(cast().credential(slot), SlotChoice::Obvious);
        assert_eq!(volume.unwrap().slot(), slot);
    }
}

#[test]
fn a_chosen_slot_or_role_is_the_only_one_that_is_charged() {
    let passphrases = [ADMIN, USER, READER, NEWCOMER];
    let cases: [(SlotChoice, &[usize]); 4] = [
        (SlotChoice::Slot(READER), &[READER]),
        (SlotChoice::Role(Role::Admin), &[ADMIN]),
        (SlotChoice::Role(Role::User), &[USER, READER, NEWCOMER]),
        (SlotChoice::Any, &passphrases),
    ];
    for (choice, charged) in cases {
        let stick = cast().stick();
        let outcome = derives(1, || stick.unlock_with(&passphrase("wrong"), choice));
        assert!(matches!(
            outcome,
            Err(Error::WrongCredential { remaining: Some(9), erases_volume })
                if erases_volume == charged.contains(&ADMIN)
        ));
        let charged: Vec<_> = charged.iter().map(|slot| (*slot, 1)).collect();
        assert_eq!(stick.failed(), failures(&charged));
    }
}

#[test]
fn a_choice_that_fits_no_slot_costs_nothing() {
    let stick = cast().stick();
    for choice in [
        SlotChoice::Slot(ESCROW),
        SlotChoice::Slot(ONE_TIME),
        SlotChoice::Slot(31),
        SlotChoice::Slot(32),
        SlotChoice::Role(Role::Recovery),
    ] {
        let outcome = derives(0, || stick.unlock_with(&passphrase("right"), choice));
        assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
    }
    assert_eq!(stick.failed(), failures(&[]));
}

#[test]
fn a_success_gives_the_other_charged_slots_back_what_they_had() {
    let stick = cast().stick();
    for _ in 0..3 {
        let wrong = passphrase("wrong");
        let _ = stick.unlock_with(&wrong, SlotChoice::Any);
        let _ = stick.unlock_with(&wrong, SlotChoice::Slot(READER));
    }
    let before = failures(&[(ADMIN, 3), (USER, 3), (READER, 6), (NEWCOMER, 3)]);
    assert_eq!(stick.failed(), before);
    let volume = stick.unlock_with(&passphrase("user"), SlotChoice::Any);
    assert_eq!(volume.unwrap().slot(), USER);
    assert_eq!(
        stick.failed(),
        failures(&[(ADMIN, 3), (READER, 6), (NEWCOMER, 3)])
    );
}

#[test]
fn trying_says_which_slot_opens_also_if_it_must_be_changed_or_opens_once() {
    let stick = cast().stick();
    for slot in [NEWCOMER, ONE_TIME] {
        let before = stick.header();
        for _ in 0..2 {
            let options = choosing(SlotChoice::Slot(slot));
            let tried = stick
                .locked()
                .try_credential(cast().credential(slot), &options);
            assert_eq!(tried.unwrap().slot, slot);
        }
        assert_eq!(stick.header().root, before.root, "nothing is spent");
    }
    assert_eq!(stick.failed(), failures(&[]));
}
