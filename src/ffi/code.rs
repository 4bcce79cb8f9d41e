//! The codes of the C interface: numbers that never change their meaning and are never used again.

mod describe;

use std::ffi::{CStr, c_char};

use super::boundary::value;
#[cfg(test)]
use describe::Description;

/// What came of a call. 0 to 10 are also the exit codes of the command-line tool; each other code belongs
/// to one of these, its class (`tenlock_code_class`), so that a program which knows the first eleven
/// understands later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum tenlock_code {
    /// Done.
    TENLOCK_OK = 0,
    /// A class only: failed for a reason that has no class of its own.
    TENLOCK_ERROR_OTHER = 1,
    /// A class only: the request does not make sense.
    TENLOCK_ERROR_USAGE = 2,
    /// The credential opens no slot, the attempt is charged, and attempts remain.
    TENLOCK_ERROR_WRONG_CREDENTIAL = 3,
    /// The key is destroyed, or is being destroyed because the attempts are used up.
    TENLOCK_ERROR_ERASED = 4,
    /// Nothing of a volume is there.
    TENLOCK_ERROR_NOT_A_VOLUME = 5,
    /// A volume is there and damaged; no attempt was charged.
    TENLOCK_ERROR_DAMAGED = 6,
    /// Another program or handle has the volume open; no attempt was charged.
    TENLOCK_ERROR_BUSY = 7,
    /// The storage cannot be written, so attempts cannot be counted and none is made.
    TENLOCK_ERROR_CANNOT_WRITE = 8,
    /// The storage failed.
    TENLOCK_ERROR_IO = 9,
    /// A callback cancelled; what was charged is taken back.
    TENLOCK_ERROR_CANCELLED = 10,

    /// A pointer is NULL that must not be.
    TENLOCK_ERROR_NULL_POINTER = 100,
    /// The size at the start of a struct is none that this struct ever had, or it is larger than this
    /// library knows and what is behind is not zero.
    TENLOCK_ERROR_STRUCT_SIZE = 101,
    /// The handle is not one of this kind, or it was freed or closed before.
    TENLOCK_ERROR_HANDLE = 102,
    /// Another call is using the handle, perhaps one that is waiting for the callback that made this one.
    TENLOCK_ERROR_HANDLE_IN_USE = 103,
    /// A defect in this library or in a callback; the handle that was used may be good for nothing but
    /// freeing.
    TENLOCK_ERROR_PANIC = 104,
    /// The buffer is too small, or its length is impossible.
    TENLOCK_ERROR_BUFFER_SIZE = 105,
    /// A text is not UTF-8.
    TENLOCK_ERROR_NOT_UTF8 = 106,
    /// A number is none of those that this argument can be.
    TENLOCK_ERROR_ARGUMENT = 107,
    /// This build lacks the feature, or the storage the operation.
    TENLOCK_ERROR_UNSUPPORTED = 108,
    /// No more handles can be made.
    TENLOCK_ERROR_TOO_MANY_HANDLES = 109,

    /// The volume is of a later format.
    TENLOCK_ERROR_NEWER_FORMAT = 120,
    /// The credential opens no slot, and this was the last attempt on its slot, which is erased; others
    /// still open the volume.
    TENLOCK_ERROR_SLOT_ERASED = 121,
    /// More than one slot could be meant; no attempt was charged.
    TENLOCK_ERROR_AMBIGUOUS_SLOT = 122,
    /// Only the last attempt is left, and it is reserved until an admin allows it.
    TENLOCK_ERROR_ATTEMPT_RESERVED = 123,
    /// The credential is right and must be changed: `tenlock_unlock_and_change`.
    TENLOCK_ERROR_MUST_CHANGE = 124,
    /// The recovery key is right, opens only once and was not spent: `tenlock_recover`.
    TENLOCK_ERROR_ONE_TIME = 125,
    /// The role of the opened slot does not permit this.
    TENLOCK_ERROR_NOT_PERMITTED = 126,
    /// The slot that was opened may only read.
    TENLOCK_ERROR_READ_ONLY = 127,
    /// No such slot is in use.
    TENLOCK_ERROR_NO_SUCH_SLOT = 128,
    /// The slot is taken.
    TENLOCK_ERROR_SLOT_IN_USE = 129,
    /// All slots are taken.
    TENLOCK_ERROR_SLOTS_FULL = 130,
    /// The slot to be removed is the one that was opened.
    TENLOCK_ERROR_OWN_SLOT = 131,
    /// The policy demands a slot of this role, or there would be no admin.
    TENLOCK_ERROR_REQUIRED_ROLE = 132,
    /// Nobody could open the volume afterwards.
    TENLOCK_ERROR_LAST_WAY_IN = 133,
    /// What a new slot is to be like makes no sense.
    TENLOCK_ERROR_SLOT_OPTIONS = 134,
    /// A rule of the policy is out of its range.
    TENLOCK_ERROR_POLICY_RULES = 135,
    /// The key derivation costs less than the policy demands.
    TENLOCK_ERROR_COST_TOO_LOW = 136,
    /// The new passphrase breaks a rule of the policy.
    TENLOCK_ERROR_RULE = 137,
    /// The parts of the credential do not make one.
    TENLOCK_ERROR_CREDENTIAL = 138,
    /// The external factor gave no secret; no attempt was made.
    TENLOCK_ERROR_EXTERNAL = 139,
    /// The header is older than this host remembers; no attempt was charged.
    TENLOCK_ERROR_ROLLBACK = 140,
    /// What this host remembers of volumes could not be read; no attempt was charged.
    TENLOCK_ERROR_HOST_MEMORY = 141,
    /// No slot opens with a credential of this kind; no attempt was charged.
    TENLOCK_ERROR_NO_MATCHING_SLOT = 142,
    /// A range is not inside the payload.
    TENLOCK_ERROR_OUT_OF_RANGE = 143,
    /// There seems to be data where a volume was to be made.
    TENLOCK_ERROR_LOOKS_LIKE_DATA = 144,
    /// A volume of this size cannot be made here.
    TENLOCK_ERROR_SIZE = 145,
    /// The limit of attempts is not 1 to 10.
    TENLOCK_ERROR_ATTEMPT_LIMIT = 146,
    /// One header copy is missing or cannot be repaired, so nothing is changed.
    TENLOCK_ERROR_HEADER_COPY_MISSING = 147,
    /// The change would give a header that no reader accepts.
    TENLOCK_ERROR_UNREADABLE = 148,
    /// The passphrase is not acceptable as such.
    TENLOCK_ERROR_PASSPHRASE = 149,
    /// The cost of the key derivation is out of range.
    TENLOCK_ERROR_COST = 150,
    /// A text of the label is not acceptable.
    TENLOCK_ERROR_LABEL = 151,
    /// The machine gave no memory or no random bytes.
    TENLOCK_ERROR_CRYPTO = 152,
    /// The external factor did not answer in time; no attempt was made.
    TENLOCK_ERROR_EXTERNAL_TIMED_OUT = 153,
    /// The text is not a recovery key; no attempt was charged.
    TENLOCK_ERROR_RECOVERY_KEY = 154,
    /// The text is not the key that was asked for; no attempt was charged.
    TENLOCK_ERROR_KEY_TEXT = 155,
    /// The file cannot be a key file; no attempt was charged.
    TENLOCK_ERROR_KEY_FILE = 156,

    /// The file is not a header backup.
    TENLOCK_ERROR_NOT_A_BACKUP = 170,
    /// The header backup is of a later format.
    TENLOCK_ERROR_BACKUP_NEWER_FORMAT = 171,
    /// The header backup is damaged.
    TENLOCK_ERROR_BACKUP_DAMAGED = 172,
    /// The header backup is sealed to another key.
    TENLOCK_ERROR_BACKUP_WRONG_KEY = 173,
    /// The header backup was changed, or made by somebody who is no admin of the volume.
    TENLOCK_ERROR_BACKUP_NOT_GENUINE = 174,
    /// The storage holds another volume than the backup is of; nothing was written.
    TENLOCK_ERROR_RESTORE_OTHER_VOLUME = 180,
    /// The key of the volume was erased, or is due to be; nothing was written.
    TENLOCK_ERROR_RESTORE_ERASED = 181,
    /// The header on the storage is newer than the backup; nothing was written.
    TENLOCK_ERROR_RESTORE_OLDER = 182,
    /// The storage has not the length of the volume; nothing was written.
    TENLOCK_ERROR_RESTORE_LENGTH = 183,
    /// The storage holds a header of a later format; nothing was written.
    TENLOCK_ERROR_RESTORE_NEWER_FORMAT = 184,
    /// The header on the storage is another one of the same generation; nothing was written.
    TENLOCK_ERROR_RESTORE_DIVERGED = 185,
    /// The storage and the backup cannot both be right; nothing was written.
    TENLOCK_ERROR_RESTORE_CONTRADICTION = 186,
    /// Every slot of the backup was erased since; nothing was written.
    TENLOCK_ERROR_RESTORE_NO_WAY_IN = 187,
    /// A slot has failed as often as the backup allows at most.
    TENLOCK_ERROR_RESTORE_LIMIT_REACHED = 188,
}

use tenlock_code::*;

impl tenlock_code {
    /// All codes in the order of their numbers.
    pub const ALL: [Self; 72] = [
        TENLOCK_OK,
        TENLOCK_ERROR_OTHER,
        TENLOCK_ERROR_USAGE,
        TENLOCK_ERROR_WRONG_CREDENTIAL,
        TENLOCK_ERROR_ERASED,
        TENLOCK_ERROR_NOT_A_VOLUME,
        TENLOCK_ERROR_DAMAGED,
        TENLOCK_ERROR_BUSY,
        TENLOCK_ERROR_CANNOT_WRITE,
        TENLOCK_ERROR_IO,
        TENLOCK_ERROR_CANCELLED,
        TENLOCK_ERROR_NULL_POINTER,
        TENLOCK_ERROR_STRUCT_SIZE,
        TENLOCK_ERROR_HANDLE,
        TENLOCK_ERROR_HANDLE_IN_USE,
        TENLOCK_ERROR_PANIC,
        TENLOCK_ERROR_BUFFER_SIZE,
        TENLOCK_ERROR_NOT_UTF8,
        TENLOCK_ERROR_ARGUMENT,
        TENLOCK_ERROR_UNSUPPORTED,
        TENLOCK_ERROR_TOO_MANY_HANDLES,
        TENLOCK_ERROR_NEWER_FORMAT,
        TENLOCK_ERROR_SLOT_ERASED,
        TENLOCK_ERROR_AMBIGUOUS_SLOT,
        TENLOCK_ERROR_ATTEMPT_RESERVED,
        TENLOCK_ERROR_MUST_CHANGE,
        TENLOCK_ERROR_ONE_TIME,
        TENLOCK_ERROR_NOT_PERMITTED,
        TENLOCK_ERROR_READ_ONLY,
        TENLOCK_ERROR_NO_SUCH_SLOT,
        TENLOCK_ERROR_SLOT_IN_USE,
        TENLOCK_ERROR_SLOTS_FULL,
        TENLOCK_ERROR_OWN_SLOT,
        TENLOCK_ERROR_REQUIRED_ROLE,
        TENLOCK_ERROR_LAST_WAY_IN,
        TENLOCK_ERROR_SLOT_OPTIONS,
        TENLOCK_ERROR_POLICY_RULES,
        TENLOCK_ERROR_COST_TOO_LOW,
        TENLOCK_ERROR_RULE,
        TENLOCK_ERROR_CREDENTIAL,
        TENLOCK_ERROR_EXTERNAL,
        TENLOCK_ERROR_ROLLBACK,
        TENLOCK_ERROR_HOST_MEMORY,
        TENLOCK_ERROR_NO_MATCHING_SLOT,
        TENLOCK_ERROR_OUT_OF_RANGE,
        TENLOCK_ERROR_LOOKS_LIKE_DATA,
        TENLOCK_ERROR_SIZE,
        TENLOCK_ERROR_ATTEMPT_LIMIT,
        TENLOCK_ERROR_HEADER_COPY_MISSING,
        TENLOCK_ERROR_UNREADABLE,
        TENLOCK_ERROR_PASSPHRASE,
        TENLOCK_ERROR_COST,
        TENLOCK_ERROR_LABEL,
        TENLOCK_ERROR_CRYPTO,
        TENLOCK_ERROR_EXTERNAL_TIMED_OUT,
        TENLOCK_ERROR_RECOVERY_KEY,
        TENLOCK_ERROR_KEY_TEXT,
        TENLOCK_ERROR_KEY_FILE,
        TENLOCK_ERROR_NOT_A_BACKUP,
        TENLOCK_ERROR_BACKUP_NEWER_FORMAT,
        TENLOCK_ERROR_BACKUP_DAMAGED,
        TENLOCK_ERROR_BACKUP_WRONG_KEY,
        TENLOCK_ERROR_BACKUP_NOT_GENUINE,
        TENLOCK_ERROR_RESTORE_OTHER_VOLUME,
        TENLOCK_ERROR_RESTORE_ERASED,
        TENLOCK_ERROR_RESTORE_OLDER,
        TENLOCK_ERROR_RESTORE_LENGTH,
        TENLOCK_ERROR_RESTORE_NEWER_FORMAT,
        TENLOCK_ERROR_RESTORE_DIVERGED,
        TENLOCK_ERROR_RESTORE_CONTRADICTION,
        TENLOCK_ERROR_RESTORE_NO_WAY_IN,
        TENLOCK_ERROR_RESTORE_LIMIT_REACHED,
    ];

    /// The code of this number, if there is one.
    pub(super) fn of(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == number)
    }

    /// What a program is told of a failure about which there is no more to say.
    pub(super) fn text(self) -> &'static CStr {
        self.describe().2
    }
}

/// The class of a code, one of 0 to 10; `TENLOCK_ERROR_OTHER` for a number that this library does not know.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_code_class(code: i32) -> tenlock_code {
    value(TENLOCK_ERROR_OTHER, || {
        tenlock_code::of(code).map_or(TENLOCK_ERROR_OTHER, |code| code.describe().0)
    })
}

/// The name of a code for programs, such as "wrong_credential"; "unknown" for a number that this library
/// does not know. Valid for ever; never changes.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_code_name(code: i32) -> *const c_char {
    value(c"unknown".as_ptr(), || {
        tenlock_code::of(code)
            .map_or(c"unknown", |code| code.describe().1)
            .as_ptr()
    })
}

/// What a code means, for people. Valid for ever. `tenlock_error` has a text that says more.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_code_text(code: i32) -> *const c_char {
    value(c"unknown code".as_ptr(), || {
        tenlock_code::of(code)
            .map_or(c"unknown code", tenlock_code::text)
            .as_ptr()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_number_and_name_and_a_class_below_eleven() {
        let mut names = Vec::new();
        for pair in tenlock_code::ALL.windows(2) {
            assert!((pair[0] as i32) < pair[1] as i32);
        }
        for code in tenlock_code::ALL {
            let Description(class, name, text) = code.describe();
            assert!(class as i32 <= 10, "{code:?}");
            assert!(class == code || code as i32 >= 100, "{code:?}");
            assert!(!text.is_empty() && !names.contains(&name), "{code:?}");
            names.push(name);
            assert_eq!(tenlock_code::of(code as i32), Some(code));
        }
        assert_eq!(tenlock_code_class(99), TENLOCK_ERROR_OTHER);
        assert_eq!(tenlock_code_class(i32::MIN), TENLOCK_ERROR_OTHER);
    }
}
