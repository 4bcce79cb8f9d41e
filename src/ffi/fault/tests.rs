use std::ffi::CStr;

use super::super::code::{tenlock_code_class, tenlock_code_name};
use super::*;
use crate::crypto::{CostError, PassphraseError, RecipientPublicKey};
use crate::format::{Defect, LabelError, LabelField, Role, VolumeId};
use crate::storage::MemoryStorage;
use crate::volume::{
    Code, CredentialError, Damage, EraseReport, LockedVolume, Remembered, Rollback, RuleViolation,
    RulesError,
};

/// One error for each code that an error can have.
fn errors() -> Vec<Error> {
    let io = || io::Error::from_raw_os_error(5);
    let seen = Remembered {
        generation: 2,
        policy_number: 1,
        log_sequence: 1,
    };
    let slot = 3;
    vec![
        Error::NotAVolume,
        Error::NewerFormat(Defect::Magic),
        Error::Damaged(Damage::Tampered),
        Error::Busy,
        Error::CannotWrite(Some(io())),
        Error::WrongCredential {
            remaining: Some(4),
            erases_volume: true,
        },
        Error::Erased(Box::new(report())),
        Error::SlotErased,
        Error::AmbiguousSlot { slots: vec![0, 31] },
        Error::AttemptReserved { slot },
        Error::MustChange { slot },
        Error::OneTime { slot },
        Error::NotPermitted {
            role: Role::User,
            operation: "fly",
        },
        Error::ReadOnly,
        Error::NoSuchSlot { slot: 99 },
        Error::SlotInUse { slot },
        Error::SlotsFull,
        Error::OwnSlot,
        Error::RequiredRole { role: Role::Admin },
        Error::LastWayIn,
        Error::SlotOptions("of a whim"),
        Error::PolicyRules(RulesError::Chars { least: 9999 }),
        Error::CostTooLow {
            memory_kib: 1,
            passes: 1,
        },
        Error::Rule(RuleViolation::StrengthUnknown),
        Error::Credential(CredentialError::TooMany),
        Error::External(ExternalError::Cancelled),
        Error::External(ExternalError::TimedOut),
        Error::External(ExternalError::TooShort),
        Error::Rollback(Rollback {
            remembered: seen,
            found: seen,
        }),
        Error::Memory(io()),
        Error::NoMatchingSlot,
        Error::Io {
            doing: "reading",
            offset: 77,
            cause: io(),
        },
        Error::OutOfRange {
            offset: 78,
            length: 1,
            payload_length: 1,
        },
        Error::LooksLikeData { offset: 79 },
        Error::Size {
            payload_length: 1,
            reason: "it is odd",
        },
        Error::AttemptLimit { limit: 11 },
        Error::HeaderCopyMissing,
        Error::Unreadable(Defect::Magic),
        Error::Passphrase(PassphraseError::Empty),
        Error::Cost(CostError::Lanes(0)),
        Error::Label(LabelError::ControlCharacter {
            field: LabelField::Owner,
        }),
        Error::Cancelled,
        Error::Crypto(CryptoError::Random),
        BackupError::NotABackup.into(),
        BackupError::NewerFormat(Defect::Magic).into(),
        BackupError::Damaged(Defect::Magic).into(),
        BackupError::WrongKey {
            recipient: RecipientPublicKey([0; 32]),
        }
        .into(),
        BackupError::NotGenuine.into(),
    ]
    .into_iter()
    .chain(refusals())
    .collect()
}

/// One of each refusal of a restore.
fn refusals() -> Vec<Error> {
    let id = VolumeId::from_random([0; 16]);
    vec![
        RestoreRefusal::OtherVolume {
            found: id,
            backup: id,
        }
        .into(),
        RestoreRefusal::Erased.into(),
        RestoreRefusal::Older {
            found: 2,
            backup: 1,
        }
        .into(),
        RestoreRefusal::Length {
            found: 2,
            expected: 1,
        }
        .into(),
        RestoreRefusal::NewerFormat(Defect::Magic).into(),
        RestoreRefusal::Diverged { generation: 1 }.into(),
        RestoreRefusal::Contradiction.into(),
        RestoreRefusal::LimitReached { slot: 0 }.into(),
        RestoreRefusal::NoWayIn.into(),
    ]
}

fn report() -> EraseReport {
    let storage = MemoryStorage::from_vec(Vec::new());
    let options = crate::volume::CreateOptions {
        payload_length: Some(4096),
        cost: crate::crypto::Argon2Cost::new(19_456, 2, 1).unwrap(),
        ..Default::default()
    };
    let right = crate::crypto::Passphrase::new("right").unwrap();
    let volume = crate::volume::create(storage, &options, &right).unwrap();
    LockedVolume::erase(volume.lock().unwrap())
        .unwrap()
        .into_report()
}

#[test]
fn code_has_the_class_and_the_name_of_the_error() {
    for error in errors() {
        let (class, name) = (of_class(error.code()), error.name());
        let code = code_of(&error);
        assert_eq!(tenlock_code_class(code as i32), class, "{error:?}");
        // SAFETY: a text of this library.
        let own = unsafe { CStr::from_ptr(tenlock_code_name(code as i32)) };
        match code {
            TENLOCK_ERROR_EXTERNAL_TIMED_OUT => {}
            TENLOCK_ERROR_CANCELLED => assert_eq!(own, c"cancelled"),
            _ => assert_eq!(own.to_str(), Ok(name)),
        }
    }
}

#[test]
fn detail_has_what_the_error_has() {
    let detail = |wanted: tenlock_code| {
        let error = errors().into_iter().find(|error| code_of(error) == wanted);
        Fault::from(error.unwrap()).to_c()
    };
    let wrong = detail(TENLOCK_ERROR_WRONG_CREDENTIAL);
    assert_eq!((wrong.remaining, wrong.erases_volume), (4, 1));
    assert_eq!(detail(TENLOCK_ERROR_ERASED).remaining, 0);
    assert_eq!(detail(TENLOCK_ERROR_AMBIGUOUS_SLOT).slots, 1 | 1 << 31);
    assert_eq!(detail(TENLOCK_ERROR_MUST_CHANGE).slots, 8);
    assert_eq!(detail(TENLOCK_ERROR_NO_SUCH_SLOT).slots, 0);
    let io = detail(TENLOCK_ERROR_IO);
    assert_eq!((io.offset, io.os_error, io.remaining), (77, 5, -1));
    assert_eq!(detail(TENLOCK_ERROR_CANNOT_WRITE).os_error, 5);
    assert_eq!(detail(TENLOCK_ERROR_OUT_OF_RANGE).offset, 78);
    assert_eq!(detail(TENLOCK_ERROR_BUSY).offset, u64::MAX);
}

#[test]
fn text_is_cut_between_characters_and_ends_with_a_zero_byte() {
    let error = Fault::new(TENLOCK_ERROR_IO, "é".repeat(400)).to_c();
    // SAFETY: it ends with a zero byte, or the test fails under a checker.
    let text = unsafe { CStr::from_ptr(error.text.as_ptr()) };
    assert_eq!(text.to_str(), Ok("é".repeat(255).as_str()));
}

/// The code of a class.
fn of_class(class: Code) -> tenlock_code {
    match class {
        Code::Done => TENLOCK_OK,
        Code::Other => TENLOCK_ERROR_OTHER,
        Code::Usage => TENLOCK_ERROR_USAGE,
        Code::WrongCredential => TENLOCK_ERROR_WRONG_CREDENTIAL,
        Code::Erased => TENLOCK_ERROR_ERASED,
        Code::NotAVolume => TENLOCK_ERROR_NOT_A_VOLUME,
        Code::Damaged => TENLOCK_ERROR_DAMAGED,
        Code::Busy => TENLOCK_ERROR_BUSY,
        Code::CannotWrite => TENLOCK_ERROR_CANNOT_WRITE,
        Code::Io => TENLOCK_ERROR_IO,
        Code::Cancelled => TENLOCK_ERROR_CANCELLED,
    }
}
