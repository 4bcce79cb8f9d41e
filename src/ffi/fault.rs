//! What went wrong, on its way to C.

use std::borrow::Cow;
use std::ffi::c_char;
use std::io;

use super::code::tenlock_code::{self, *};
use super::memory::{self, Versioned};
use super::storage_callbacks::CallbackFailure;
use crate::crypto::{CryptoError, KeyFileError, KeyTextError, RecoveryKeyError};
use crate::volume::{BackupError, Error, ExternalError, RestoreRefusal};

/// Bytes of the text in `tenlock_error`, the zero byte at its end included.
pub const TENLOCK_ERROR_TEXT_SIZE: usize = 512;

/// What the last call did not do, and why. The caller allocates it, sets `size` (TENLOCK_INIT) and passes
/// it to calls, one thread at a time; each call describes itself in it. A call that succeeds empties it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_error {
    /// Size of this struct.
    pub size: usize,
    /// What the call returned.
    pub code: i32,
    /// Error number of the operating system (errno, GetLastError), 0 if there is none.
    pub os_error: i32,
    /// Where: bytes from the start of the storage, or of the payload for TENLOCK_ERROR_OUT_OF_RANGE;
    /// UINT64_MAX if there is no place.
    pub offset: u64,
    /// The slots that it is about, slot 0 in the lowest bit.
    pub slots: u32,
    /// Attempts left after a wrong credential on the slot with the fewest; -1 if none was counted.
    pub remaining: i32,
    /// Whether the key of the volume is erased at that limit, not just the slot.
    pub erases_volume: u32,
    /// Zero.
    pub reserved: u32,
    /// For people: what was wrong and what to do. UTF-8, ends with a zero byte, cut if it is too long.
    /// Never holds a secret.
    pub text: [c_char; TENLOCK_ERROR_TEXT_SIZE],
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_error {
    const LEAST: usize = size_of::<Self>();
}

impl tenlock_error {
    /// # Safety
    /// As [`memory::write`].
    pub(super) unsafe fn clear(error: *mut Self) -> Result<(), Fault> {
        // SAFETY: as the caller promises.
        unsafe { Self::fill(error, &Fault::from(TENLOCK_OK)) }
    }

    /// # Safety
    /// As [`memory::write`].
    pub(super) unsafe fn fill(error: *mut Self, fault: &Fault) -> Result<(), Fault> {
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: as the caller promises.
        unsafe { memory::write(error, fault.to_c()) }
    }
}

/// An error with what C is told of it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: tenlock_code,
    os_error: i32,
    offset: Option<u64>,
    slots: u32,
    remaining: Option<u8>,
    erases_volume: bool,
    text: Cow<'static, str>,
}

impl Fault {
    pub(super) fn new(code: tenlock_code, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            ..Self::from(code)
        }
    }

    fn to_c(&self) -> tenlock_error {
        let mut error = tenlock_error {
            size: size_of::<tenlock_error>(),
            code: self.code as i32,
            os_error: self.os_error,
            offset: self.offset.unwrap_or(u64::MAX),
            slots: self.slots,
            remaining: self.remaining.map_or(-1, i32::from),
            erases_volume: self.erases_volume.into(),
            reserved: 0,
            text: [0; TENLOCK_ERROR_TEXT_SIZE],
        };
        memory::put_text(&mut error.text, &self.text);
        error
    }

    fn of_system(mut self, cause: &io::Error) -> Self {
        self.os_error = cause.raw_os_error().unwrap_or(0);
        if let Some(failure) = CallbackFailure::of(cause)
            && let Some(code) = failure.code()
        {
            self.code = code;
        }
        self
    }
}

/// Without a text of its own.
impl From<tenlock_code> for Fault {
    fn from(code: tenlock_code) -> Self {
        let text = match code {
            TENLOCK_OK => "",
            _ => code.text().to_str().unwrap_or_default(),
        };
        Self {
            code,
            os_error: 0,
            offset: None,
            slots: 0,
            remaining: None,
            erases_volume: false,
            text: text.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let mut fault = Self::new(code_of(&error), error.to_string());
        match &error {
            Error::WrongCredential {
                remaining,
                erases_volume,
            } => {
                fault.remaining = *remaining;
                fault.erases_volume = *erases_volume;
            }
            Error::Erased(_) | Error::SlotErased => fault.remaining = Some(0),
            Error::AmbiguousSlot { slots } => fault.slots = bits(slots),
            Error::AttemptReserved { slot }
            | Error::MustChange { slot }
            | Error::OneTime { slot }
            | Error::NoSuchSlot { slot }
            | Error::SlotInUse { slot } => fault.slots = bits(&[*slot]),
            Error::OutOfRange { offset, .. } | Error::LooksLikeData { offset } => {
                fault.offset = Some(*offset);
            }
            Error::Io { offset, cause, .. } => {
                fault.offset = Some(*offset);
                fault = fault.of_system(cause);
            }
            Error::CannotWrite(Some(cause)) | Error::Memory(cause) => {
                fault = fault.of_system(cause);
            }
            _ => {}
        }
        fault
    }
}

/// An error of the storage outside of a volume.
impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Self::new(TENLOCK_ERROR_IO, cause.to_string()).of_system(&cause)
    }
}

impl From<RecoveryKeyError> for Fault {
    fn from(error: RecoveryKeyError) -> Self {
        match error {
            RecoveryKeyError::Crypto(error) => error.into(),
            other => Self::new(TENLOCK_ERROR_RECOVERY_KEY, other.to_string()),
        }
    }
}

impl From<KeyTextError> for Fault {
    fn from(error: KeyTextError) -> Self {
        match error {
            KeyTextError::Crypto(error) => error.into(),
            other => Self::new(TENLOCK_ERROR_KEY_TEXT, other.to_string()),
        }
    }
}

impl From<KeyFileError> for Fault {
    fn from(error: KeyFileError) -> Self {
        match error {
            KeyFileError::Empty => Self::new(TENLOCK_ERROR_KEY_FILE, error.to_string()),
            KeyFileError::Io(ref cause) => {
                Self::new(TENLOCK_ERROR_IO, error.to_string()).of_system(cause)
            }
            KeyFileError::Crypto(error) => error.into(),
        }
    }
}

impl From<CryptoError> for Fault {
    fn from(error: CryptoError) -> Self {
        Error::from(error).into()
    }
}

/// The code of an error. No wildcard: a new variant does not compile until it has a code.
fn code_of(error: &Error) -> tenlock_code {
    match error {
        Error::NotAVolume => TENLOCK_ERROR_NOT_A_VOLUME,
        Error::NewerFormat(_) => TENLOCK_ERROR_NEWER_FORMAT,
        Error::Damaged(_) => TENLOCK_ERROR_DAMAGED,
        Error::Busy => TENLOCK_ERROR_BUSY,
        Error::CannotWrite(_) => TENLOCK_ERROR_CANNOT_WRITE,
        Error::WrongCredential { .. } => TENLOCK_ERROR_WRONG_CREDENTIAL,
        Error::Erased(_) => TENLOCK_ERROR_ERASED,
        Error::SlotErased => TENLOCK_ERROR_SLOT_ERASED,
        Error::AmbiguousSlot { .. } => TENLOCK_ERROR_AMBIGUOUS_SLOT,
        Error::AttemptReserved { .. } => TENLOCK_ERROR_ATTEMPT_RESERVED,
        Error::MustChange { .. } => TENLOCK_ERROR_MUST_CHANGE,
        Error::OneTime { .. } => TENLOCK_ERROR_ONE_TIME,
        Error::NotPermitted { .. } => TENLOCK_ERROR_NOT_PERMITTED,
        Error::ReadOnly => TENLOCK_ERROR_READ_ONLY,
        Error::NoSuchSlot { .. } => TENLOCK_ERROR_NO_SUCH_SLOT,
        Error::SlotInUse { .. } => TENLOCK_ERROR_SLOT_IN_USE,
        Error::SlotsFull => TENLOCK_ERROR_SLOTS_FULL,
        Error::OwnSlot => TENLOCK_ERROR_OWN_SLOT,
        Error::RequiredRole { .. } => TENLOCK_ERROR_REQUIRED_ROLE,
        Error::LastWayIn => TENLOCK_ERROR_LAST_WAY_IN,
        Error::SlotOptions(_) => TENLOCK_ERROR_SLOT_OPTIONS,
        Error::PolicyRules(_) => TENLOCK_ERROR_POLICY_RULES,
        Error::CostTooLow { .. } => TENLOCK_ERROR_COST_TOO_LOW,
        Error::Rule(_) => TENLOCK_ERROR_RULE,
        Error::Credential(_) => TENLOCK_ERROR_CREDENTIAL,
        Error::External(ExternalError::Cancelled) | Error::Cancelled => TENLOCK_ERROR_CANCELLED,
        Error::External(ExternalError::TimedOut) => TENLOCK_ERROR_EXTERNAL_TIMED_OUT,
        Error::External(ExternalError::Failed(_) | ExternalError::TooShort) => {
            TENLOCK_ERROR_EXTERNAL
        }
        Error::Rollback(_) => TENLOCK_ERROR_ROLLBACK,
        Error::Memory(_) => TENLOCK_ERROR_HOST_MEMORY,
        Error::NoMatchingSlot => TENLOCK_ERROR_NO_MATCHING_SLOT,
        Error::Io { .. } => TENLOCK_ERROR_IO,
        Error::OutOfRange { .. } => TENLOCK_ERROR_OUT_OF_RANGE,
        Error::LooksLikeData { .. } => TENLOCK_ERROR_LOOKS_LIKE_DATA,
        Error::Size { .. } => TENLOCK_ERROR_SIZE,
        Error::AttemptLimit { .. } => TENLOCK_ERROR_ATTEMPT_LIMIT,
        Error::HeaderCopyMissing => TENLOCK_ERROR_HEADER_COPY_MISSING,
        Error::Unreadable(_) => TENLOCK_ERROR_UNREADABLE,
        Error::Passphrase(_) => TENLOCK_ERROR_PASSPHRASE,
        Error::Cost(_) => TENLOCK_ERROR_COST,
        Error::Label(_) => TENLOCK_ERROR_LABEL,
        Error::Crypto(_) => TENLOCK_ERROR_CRYPTO,
        Error::Backup(error) => match error {
            BackupError::NotABackup => TENLOCK_ERROR_NOT_A_BACKUP,
            BackupError::NewerFormat(_) => TENLOCK_ERROR_BACKUP_NEWER_FORMAT,
            BackupError::Damaged(_) => TENLOCK_ERROR_BACKUP_DAMAGED,
            BackupError::WrongKey { .. } => TENLOCK_ERROR_BACKUP_WRONG_KEY,
            BackupError::NotGenuine => TENLOCK_ERROR_BACKUP_NOT_GENUINE,
        },
        Error::Restore(refusal) => match refusal {
            RestoreRefusal::OtherVolume { .. } => TENLOCK_ERROR_RESTORE_OTHER_VOLUME,
            RestoreRefusal::Erased => TENLOCK_ERROR_RESTORE_ERASED,
            RestoreRefusal::Older { .. } => TENLOCK_ERROR_RESTORE_OLDER,
            RestoreRefusal::Length { .. } => TENLOCK_ERROR_RESTORE_LENGTH,
            RestoreRefusal::NewerFormat(_) => TENLOCK_ERROR_RESTORE_NEWER_FORMAT,
            RestoreRefusal::Diverged { .. } => TENLOCK_ERROR_RESTORE_DIVERGED,
            RestoreRefusal::Contradiction => TENLOCK_ERROR_RESTORE_CONTRADICTION,
            RestoreRefusal::LimitReached { .. } => TENLOCK_ERROR_RESTORE_LIMIT_REACHED,
            RestoreRefusal::NoWayIn => TENLOCK_ERROR_RESTORE_NO_WAY_IN,
        },
    }
}

/// Slots as a set, the first in the lowest bit.
fn bits(slots: &[usize]) -> u32 {
    slots
        .iter()
        .filter_map(|slot| 1u32.checked_shl(u32::try_from(*slot).ok()?))
        .fold(0, |set, bit| set | bit)
}

#[cfg(test)]
mod tests;
