//! Factors that somebody outside answers for.

use std::sync::Mutex;

use super::super::attempt::failed as failed_of;
use super::faulty::Faulty;
use super::team::{failed_on, on_slot};
use super::*;
use crate::crypto::{KeyFile, Secret, hmac_sha256};
use crate::format::Factor;

const NAME: &str = "org.example.token";
const SLOT: usize = 1;

/// What a provider is to do.
#[derive(Clone)]
enum Manner {
    Answer,
    Fail(ExternalError),
    /// A secret of so many bytes.
    Short(usize),
    /// Always the same, whatever is asked.
    Constant([u8; 32]),
}

/// Challenge and parameters, and the failures that the medium showed when they came.
type Asked = ([u8; 32], Vec<u8>, u8);

/// A provider with a key of its own, which notes what it was asked.
struct Token {
    name: &'static str,
    key: [u8; 32],
    manner: Manner,
    asked: Mutex<Vec<Asked>>,
    medium: Option<MemoryStorage>,
}

impl Token {
    fn new() -> Self {
        Self {
            name: NAME,
            key: [5; 32],
            manner: Manner::Answer,
            asked: Mutex::default(),
            medium: None,
        }
    }

    fn that(manner: Manner) -> Self {
        Self {
            manner,
            ..Self::new()
        }
    }

    fn challenges(&self) -> Vec<[u8; 32]> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(challenge, ..)| *challenge).collect()
    }

    fn answer(&self, request: &ExternalRequest<'_>) -> [u8; 32] {
        let key = Secret::copy_of(&self.key).unwrap();
        let id = request.volume;
        hmac_sha256(&key, &[id.as_bytes(), request.params, &request.challenge])
    }
}

impl ExternalFactor for Token {
    fn provider(&self) -> &str {
        self.name
    }

    fn respond(&self, request: &ExternalRequest<'_>) -> Result<Secret, ExternalError> {
        let charged = self
            .medium
            .as_ref()
            .map_or(0, |medium| failed_of(&header_of(&medium.contents()), SLOT));
        let noted = (request.challenge, request.params.to_vec(), charged);
        self.asked.lock().unwrap().push(noted);
        let secret = match &self.manner {
            Manner::Answer => Secret::copy_of(&self.answer(request)),
            Manner::Fail(error) => return Err(error.clone()),
            Manner::Short(length) => Secret::copy_of(&[7; 64][..*length]),
            Manner::Constant(answer) => Secret::copy_of(answer),
        };
        Ok(secret.unwrap())
    }
}

/// The bytes of a volume in which the user's slot opens with this.
fn with_user<'a>(credential: impl Into<Credential<'a>>) -> Vec<u8> {
    let storage = MemoryStorage::default();
    let keeper = storage.second_handle();
    let volume = create(storage, &options(), &passphrase("right")).unwrap();
    let slot = volume.add_slot(&NewSlot::new(Role::User), credential);
    assert_eq!(slot.unwrap(), SLOT);
    drop(volume);
    keeper.contents()
}

fn token_only(params: &[u8]) -> Vec<u8> {
    with_user(Credential::new_external(&Token::new(), params))
}

/// Tries a token on the user's slot; also gives the bytes that this leaves.
fn try_token(image: &[u8], token: &Token) -> (Result<Volume, Error>, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let outcome = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .and_then(|volume| Ok(volume.unlock(Credential::external(token))?));
    (outcome, keeper.contents())
}

fn failures(image: &[u8]) -> u8 {
    failed_of(&header_of(image), SLOT)
}

#[test]
fn the_right_provider_opens_and_gets_the_parameters_that_the_slot_keeps() {
    let image = token_only(b"key number 7");
    let token = Token::new();
    assert_eq!(try_token(&image, &token).0.unwrap().slot(), SLOT);
    let asked = token.asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, b"key number 7");
}

#[test]
fn a_provider_with_another_key_is_a_wrong_attempt_and_counted() {
    let token = Token {
        key: [6; 32],
        ..Token::new()
    };
    let (outcome, left) = try_token(&token_only(b""), &token);
    assert!(matches!(
        outcome,
        Err(Error::WrongCredential {
            remaining: Some(9),
            ..
        })
    ));
    assert_eq!(failures(&left), 1);
}

#[test]
fn a_provider_that_gives_no_secret_costs_no_attempt_and_learns_nothing() {
    let image = failed_on(token_only(b""), SLOT, 9);
    for manner in [
        Manner::Fail(ExternalError::Cancelled),
        Manner::Fail(ExternalError::TimedOut),
        Manner::Fail(ExternalError::Failed("no such card".into())),
        Manner::Short(15),
        Manner::Short(0),
    ] {
        let expected = match &manner {
            Manner::Fail(error) => error.clone(),
            _ => ExternalError::TooShort,
        };
        let (outcome, left) = try_token(&image, &Token::that(manner));
        assert!(matches!(outcome, Err(Error::External(found)) if found == expected));
        assert_eq!(failures(&left), 9);
        assert!(try_token(&left, &Token::new()).0.is_ok());
    }
}

#[test]
fn sixteen_bytes_are_enough_and_wrong_ones_are_counted() {
    let (outcome, left) = try_token(&token_only(b""), &Token::that(Manner::Short(16)));
    assert!(matches!(outcome, Err(Error::WrongCredential { .. })));
    assert_eq!(failures(&left), 1);
    let short = Token::that(Manner::Short(16));
    let image = with_user(Credential::new_external(&short, b""));
    assert!(try_token(&image, &short).0.is_ok());
}

#[test]
fn a_provider_that_fails_for_a_later_slot_takes_back_the_charge_of_all_and_opens_none() {
    struct Second(Token);
    impl ExternalFactor for Second {
        fn provider(&self) -> &str {
            NAME
        }
        fn respond(&self, request: &ExternalRequest<'_>) -> Result<Secret, ExternalError> {
            let answer = self.0.respond(request)?;
            if request.params == b"second" {
                return Err(ExternalError::TimedOut);
            }
            Ok(answer)
        }
    }
    let storage = MemoryStorage::from_vec(token_only(b"first"));
    let keeper = storage.second_handle();
    let admin = super::team::open_as(storage, &(0, super::team::text("right")));
    admin
        .add_slot(
            &NewSlot::new(Role::User),
            Credential::new_external(&Token::new(), b"second"),
        )
        .unwrap();
    drop(admin);
    let image = keeper.contents();
    let provider = Second(Token::new());
    let storage = MemoryStorage::from_vec(image);
    let keeper = storage.second_handle();
    let outcome = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock_with(Credential::external(&provider), &any_slot());
    assert!(matches!(
        outcome,
        Err(UnlockFailure::Failed {
            error: Error::External(ExternalError::TimedOut),
            ..
        })
    ));
    assert_eq!(header_of(&keeper.contents()).counters.failed[..3], [0; 3]);
}

#[test]
fn another_provider_does_not_fit_and_is_not_asked() {
    let token = Token {
        name: "org.example.other",
        ..Token::new()
    };
    let (outcome, left) = try_token(&token_only(b""), &token);
    assert!(matches!(outcome, Err(Error::NoMatchingSlot)));
    assert!(token.challenges().is_empty());
    assert_eq!(failures(&left), 0);
}

#[test]
fn the_challenge_is_fresh_at_every_wrap_and_an_old_answer_opens_nothing() {
    let token = Token::new();
    let image = token_only(b"params");
    let (volume, _) = try_token(&image, &token);
    drop(volume.unwrap());
    let old = token.challenges()[0];
    let recorded = token.answer(&ExternalRequest {
        volume: header_of(&image).root.id,
        params: b"params",
        challenge: old,
    });
    let replay = Token::that(Manner::Constant(recorded));
    assert!(try_token(&image, &replay).0.is_ok());

    let storage = MemoryStorage::from_vec(image);
    let keeper = storage.second_handle();
    let volume = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock(Credential::external(&token))
        .unwrap();
    volume
        .change_credential(Credential::new_external(&token, b"params"), None)
        .unwrap();
    drop(volume);
    let changed = keeper.contents();
    assert!(matches!(
        try_token(&changed, &replay).0,
        Err(Error::WrongCredential { .. })
    ));
    assert!(try_token(&changed, &token).0.is_ok());
    assert_ne!(token.challenges().last(), Some(&old));
}

#[test]
fn a_passphrase_and_a_provider_open_together_and_neither_of_them_alone() {
    let words = passphrase("user");
    let token = Token::new();
    let both = Credential::from(&words).and(Credential::new_external(&token, b"params"));
    let image = with_user(&both);
    let open_with = |credential: Credential<'_>| {
        open_locked(&image)
            .unlock_with(&credential, &on_slot(SLOT))
            .map(|volume| volume.slot())
            .map_err(Error::from)
    };
    let together = Credential::from(&words).and(Credential::external(&token));
    assert_eq!(open_with(together).unwrap(), SLOT);
    for alone in [Credential::from(&words), Credential::external(&token)] {
        assert!(matches!(open_with(alone), Err(Error::NoMatchingSlot)));
    }
    let other = passphrase("other");
    let wrong = Credential::from(&other).and(Credential::external(&token));
    assert!(matches!(
        open_with(wrong),
        Err(Error::WrongCredential { .. })
    ));
}

#[test]
fn a_provider_is_asked_only_when_the_charge_is_on_the_medium() {
    let image = token_only(b"");
    let storage = MemoryStorage::from_vec(image.clone());
    let token = Token {
        medium: Some(storage.second_handle()),
        ..Token::new()
    };
    let locked = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap();
    locked.unlock(Credential::external(&token)).unwrap();
    assert_eq!(token.asked.lock().unwrap()[0].2, 1);

    let token = Token::new();
    let read_only = Faulty {
        read_only: true,
        ..Faulty::new(&image)
    };
    let whole = 0..u64::MAX;
    let unwritable = Faulty {
        unwritable: vec![whole],
        ..Faulty::new(&image)
    };
    for storage in [read_only, unwritable] {
        let locked = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap();
        assert!(locked.unlock(Credential::external(&token)).is_err());
    }
    assert!(token.challenges().is_empty());
}

#[test]
fn parameters_and_names_up_to_their_limits_are_kept_and_longer_ones_refused() {
    const LONGEST: &str = "org.example.a-name-of-sixty-four-bytes--------------------------";
    assert_eq!(LONGEST.len(), 64);
    let long = Token {
        name: LONGEST,
        ..Token::new()
    };
    let words = passphrase("user");
    let file = KeyFile::from_reader(&b"a key file"[..]).unwrap();
    let key = crate::crypto::PrivateKey::generate().unwrap();
    let params = vec![9; 2048];
    let all = Credential::from(&words)
        .and(&file)
        .and(&key)
        .and(Credential::new_external(&long, &params));
    let image = with_user(&all);
    let volume = open_locked(&image).unlock_with(&all, &on_slot(SLOT));
    assert_eq!(volume.unwrap().slot(), SLOT);
    assert_eq!(long.asked.lock().unwrap().last().unwrap().1, params);

    let admin = create(MemoryStorage::default(), &options(), &passphrase("right")).unwrap();
    let refused = |name: &'static str, params: &[u8]| {
        let token = Token {
            name,
            ..Token::new()
        };
        let outcome = admin.add_slot(
            &NewSlot::new(Role::User),
            Credential::new_external(&token, params),
        );
        assert!(token.challenges().is_empty());
        matches!(outcome, Err(Error::Credential(CredentialError::External)))
    };
    assert!(refused(NAME, &[9; 2049]));
    assert!(refused("", b""));
    assert!(refused("a\0b", b""));
    assert!(refused(
        "org.example.a-name-of-sixty-five-bytes---------------------------",
        b""
    ));
}

#[test]
fn a_provider_that_fails_leaves_a_change_undone() {
    let image = token_only(b"");
    let storage = MemoryStorage::from_vec(image);
    let keeper = storage.second_handle();
    let volume = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock(Credential::external(&Token::new()))
        .unwrap();
    let before = keeper.contents();
    let broken = Token::that(Manner::Fail(ExternalError::Cancelled));
    let outcome = volume.change_credential(Credential::new_external(&broken, b""), None);
    assert!(matches!(
        outcome,
        Err(Error::External(ExternalError::Cancelled))
    ));
    assert!(keeper.contents() == before);
}

#[test]
fn parameters_stay_when_a_holder_changes_another_factor() {
    let (old, new) = (passphrase("old"), passphrase("new"));
    let token = Token::new();
    let both = Credential::from(&old).and(Credential::new_external(&token, b"card 7"));
    let storage = MemoryStorage::from_vec(with_user(&both));
    let keeper = storage.second_handle();
    let present = Credential::from(&old).and(Credential::external(&token));
    let volume = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock_with(&present, &on_slot(SLOT))
        .unwrap();
    let changed = Credential::from(&new).and(Credential::external(&token));
    volume.change_credential(&changed, None).unwrap();
    drop(volume);
    let header = header_of(&keeper.contents());
    let kept = header.slots[SLOT]
        .slot()
        .unwrap()
        .factors
        .iter()
        .any(|factor| matches!(factor, Factor::External { params, .. } if params == b"card 7"));
    assert!(kept, "the provider needs its parameters to answer");
}
