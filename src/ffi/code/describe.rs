//! Class, name and text of each code.

use std::ffi::CStr;

use super::tenlock_code::{self, *};

/// Class, name and text of a code.
pub(super) struct Description(
    pub(super) tenlock_code,
    pub(super) &'static CStr,
    pub(super) &'static CStr,
);

impl tenlock_code {
    /// One row for each code.
    #[rustfmt::skip]
    pub(super) fn describe(self) -> Description {
        let row = |class, name, text| Description(class, name, text);
        match self {
            TENLOCK_OK => row(self, c"ok", c"done"),
            TENLOCK_ERROR_OTHER => row(self, c"other", c"failed"),
            TENLOCK_ERROR_USAGE => row(self, c"usage", c"the request does not make sense"),
            TENLOCK_ERROR_WRONG_CREDENTIAL => row(self, c"wrong_credential", c"wrong credential; the attempt is charged"),
            TENLOCK_ERROR_ERASED => row(self, c"erased", c"the key of this volume is destroyed"),
            TENLOCK_ERROR_NOT_A_VOLUME => row(self, c"not_a_volume", c"this is not a Tenlock volume"),
            TENLOCK_ERROR_DAMAGED => row(self, c"damaged", c"the volume is damaged"),
            TENLOCK_ERROR_BUSY => row(self, c"busy", c"the volume is in use by another program or handle"),
            TENLOCK_ERROR_CANNOT_WRITE => row(self, c"cannot_write", c"the storage cannot be written"),
            TENLOCK_ERROR_IO => row(self, c"io", c"the storage failed"),
            TENLOCK_ERROR_CANCELLED => row(self, c"cancelled", c"cancelled"),
            TENLOCK_ERROR_NULL_POINTER => row(TENLOCK_ERROR_USAGE, c"null_pointer", c"a pointer is NULL that must not be"),
            TENLOCK_ERROR_STRUCT_SIZE => row(TENLOCK_ERROR_USAGE, c"struct_size", c"the size of a struct is not one that this library knows: set it with TENLOCK_INIT, and update the library if the program is newer"),
            TENLOCK_ERROR_HANDLE => row(TENLOCK_ERROR_USAGE, c"handle", c"the handle is of another kind, or was freed or closed before"),
            TENLOCK_ERROR_HANDLE_IN_USE => row(TENLOCK_ERROR_USAGE, c"handle_in_use", c"another call is using the handle: wait for it"),
            TENLOCK_ERROR_PANIC => row(TENLOCK_ERROR_OTHER, c"panic", c"a defect in this library or in a callback: free the handle, and report it"),
            TENLOCK_ERROR_BUFFER_SIZE => row(TENLOCK_ERROR_USAGE, c"buffer_size", c"the buffer is too small, or its length is impossible"),
            TENLOCK_ERROR_NOT_UTF8 => row(TENLOCK_ERROR_USAGE, c"not_utf8", c"a text is not UTF-8"),
            TENLOCK_ERROR_ARGUMENT => row(TENLOCK_ERROR_USAGE, c"argument", c"a number is none of those that this argument can be"),
            TENLOCK_ERROR_UNSUPPORTED => row(TENLOCK_ERROR_OTHER, c"unsupported", c"this build or this storage cannot do it"),
            TENLOCK_ERROR_TOO_MANY_HANDLES => row(TENLOCK_ERROR_OTHER, c"too_many_handles", c"no more handles can be made: free some"),
            TENLOCK_ERROR_NEWER_FORMAT => row(TENLOCK_ERROR_NOT_A_VOLUME, c"newer_format", c"the volume has a newer format: update the software"),
            TENLOCK_ERROR_SLOT_ERASED => row(TENLOCK_ERROR_ERASED, c"slot_erased", c"wrong credential, and its slot is erased now: use another credential"),
            TENLOCK_ERROR_AMBIGUOUS_SLOT => row(TENLOCK_ERROR_USAGE, c"ambiguous_slot", c"it is not clear which slot is meant: name one, or a role"),
            TENLOCK_ERROR_ATTEMPT_RESERVED => row(TENLOCK_ERROR_OTHER, c"attempt_reserved", c"the last attempt is reserved: an admin has to allow it"),
            TENLOCK_ERROR_MUST_CHANGE => row(TENLOCK_ERROR_OTHER, c"must_change", c"the credential is right and must be changed now"),
            TENLOCK_ERROR_ONE_TIME => row(TENLOCK_ERROR_OTHER, c"one_time", c"the recovery key is right and opens only once: use it to set a new credential of a user"),
            TENLOCK_ERROR_NOT_PERMITTED => row(TENLOCK_ERROR_OTHER, c"not_permitted", c"the role of the opened slot does not permit this"),
            TENLOCK_ERROR_READ_ONLY => row(TENLOCK_ERROR_OTHER, c"read_only", c"the slot that was opened may only read"),
            TENLOCK_ERROR_NO_SUCH_SLOT => row(TENLOCK_ERROR_USAGE, c"no_such_slot", c"no such slot is in use"),
            TENLOCK_ERROR_SLOT_IN_USE => row(TENLOCK_ERROR_USAGE, c"slot_in_use", c"the slot is in use"),
            TENLOCK_ERROR_SLOTS_FULL => row(TENLOCK_ERROR_OTHER, c"slots_full", c"all slots are in use: remove one first"),
            TENLOCK_ERROR_OWN_SLOT => row(TENLOCK_ERROR_OTHER, c"own_slot", c"this is the slot that was opened"),
            TENLOCK_ERROR_REQUIRED_ROLE => row(TENLOCK_ERROR_OTHER, c"required_role", c"the policy demands a slot of this role"),
            TENLOCK_ERROR_LAST_WAY_IN => row(TENLOCK_ERROR_OTHER, c"last_way_in", c"nobody could open the volume afterwards"),
            TENLOCK_ERROR_SLOT_OPTIONS => row(TENLOCK_ERROR_USAGE, c"slot_options", c"such a slot cannot be made"),
            TENLOCK_ERROR_POLICY_RULES => row(TENLOCK_ERROR_USAGE, c"policy_rules", c"a rule of the policy is out of its range"),
            TENLOCK_ERROR_COST_TOO_LOW => row(TENLOCK_ERROR_USAGE, c"cost_too_low", c"the key derivation costs less than the policy demands"),
            TENLOCK_ERROR_RULE => row(TENLOCK_ERROR_USAGE, c"rule", c"the new passphrase breaks a rule of the policy"),
            TENLOCK_ERROR_CREDENTIAL => row(TENLOCK_ERROR_USAGE, c"credential", c"the parts of the credential do not make one"),
            TENLOCK_ERROR_EXTERNAL => row(TENLOCK_ERROR_OTHER, c"external", c"the external factor gave no secret"),
            TENLOCK_ERROR_ROLLBACK => row(TENLOCK_ERROR_OTHER, c"rollback", c"the volume is older than this host has seen it"),
            TENLOCK_ERROR_HOST_MEMORY => row(TENLOCK_ERROR_OTHER, c"memory", c"what this host remembers of volumes could not be read"),
            TENLOCK_ERROR_NO_MATCHING_SLOT => row(TENLOCK_ERROR_OTHER, c"no_matching_slot", c"no slot opens with a credential of this kind"),
            TENLOCK_ERROR_OUT_OF_RANGE => row(TENLOCK_ERROR_USAGE, c"out_of_range", c"the range is not inside the payload"),
            TENLOCK_ERROR_LOOKS_LIKE_DATA => row(TENLOCK_ERROR_OTHER, c"looks_like_data", c"there is data where the volume would be made"),
            TENLOCK_ERROR_SIZE => row(TENLOCK_ERROR_USAGE, c"size", c"a volume of this size cannot be made here"),
            TENLOCK_ERROR_ATTEMPT_LIMIT => row(TENLOCK_ERROR_USAGE, c"attempt_limit", c"the limit of attempts is not 1 to 10"),
            TENLOCK_ERROR_HEADER_COPY_MISSING => row(TENLOCK_ERROR_OTHER, c"header_copy_missing", c"one copy of the header is missing or damaged: repair it"),
            TENLOCK_ERROR_UNREADABLE => row(TENLOCK_ERROR_OTHER, c"unreadable", c"the change is not possible"),
            TENLOCK_ERROR_PASSPHRASE => row(TENLOCK_ERROR_USAGE, c"passphrase", c"the passphrase is not acceptable"),
            TENLOCK_ERROR_COST => row(TENLOCK_ERROR_USAGE, c"cost", c"the cost of the key derivation is out of range"),
            TENLOCK_ERROR_LABEL => row(TENLOCK_ERROR_USAGE, c"label", c"a text of the label is not acceptable"),
            TENLOCK_ERROR_CRYPTO => row(TENLOCK_ERROR_OTHER, c"crypto", c"not enough memory, or no random bytes"),
            TENLOCK_ERROR_EXTERNAL_TIMED_OUT => row(TENLOCK_ERROR_OTHER, c"external_timed_out", c"the external factor did not answer in time"),
            TENLOCK_ERROR_RECOVERY_KEY => row(TENLOCK_ERROR_USAGE, c"recovery_key", c"the text is not a recovery key"),
            TENLOCK_ERROR_KEY_TEXT => row(TENLOCK_ERROR_USAGE, c"key_text", c"the text is not the key that was asked for"),
            TENLOCK_ERROR_KEY_FILE => row(TENLOCK_ERROR_USAGE, c"key_file", c"the file cannot be a key file"),
            TENLOCK_ERROR_NOT_A_BACKUP => row(TENLOCK_ERROR_NOT_A_VOLUME, c"not_a_backup", c"this is not a header backup"),
            TENLOCK_ERROR_BACKUP_NEWER_FORMAT => row(TENLOCK_ERROR_NOT_A_VOLUME, c"backup_newer_format", c"the header backup has a newer format: update the software"),
            TENLOCK_ERROR_BACKUP_DAMAGED => row(TENLOCK_ERROR_DAMAGED, c"backup_damaged", c"the header backup is damaged: use another copy of it"),
            TENLOCK_ERROR_BACKUP_WRONG_KEY => row(TENLOCK_ERROR_WRONG_CREDENTIAL, c"backup_wrong_key", c"the header backup is sealed to another key"),
            TENLOCK_ERROR_BACKUP_NOT_GENUINE => row(TENLOCK_ERROR_DAMAGED, c"backup_not_genuine", c"the header backup was changed, or made by somebody who is no admin"),
            TENLOCK_ERROR_RESTORE_OTHER_VOLUME => row(TENLOCK_ERROR_USAGE, c"restore_other_volume", c"the storage holds another volume than the backup is of"),
            TENLOCK_ERROR_RESTORE_ERASED => row(TENLOCK_ERROR_ERASED, c"restore_erased", c"the key of this volume was erased, or is due to be"),
            TENLOCK_ERROR_RESTORE_OLDER => row(TENLOCK_ERROR_OTHER, c"restore_older", c"the header on the storage is newer than the backup"),
            TENLOCK_ERROR_RESTORE_LENGTH => row(TENLOCK_ERROR_USAGE, c"restore_length", c"the storage has not the length of the volume"),
            TENLOCK_ERROR_RESTORE_NEWER_FORMAT => row(TENLOCK_ERROR_NOT_A_VOLUME, c"restore_newer_format", c"the storage holds a header of a newer format: update the software"),
            TENLOCK_ERROR_RESTORE_DIVERGED => row(TENLOCK_ERROR_OTHER, c"restore_diverged", c"the header on the storage is another one of the same generation"),
            TENLOCK_ERROR_RESTORE_CONTRADICTION => row(TENLOCK_ERROR_DAMAGED, c"restore_contradiction", c"the storage and the backup contradict each other"),
            TENLOCK_ERROR_RESTORE_LIMIT_REACHED => row(TENLOCK_ERROR_OTHER, c"restore_limit_reached", c"a slot has failed as often as the backup allows at most: unlock with its credential once, or have its attempts reset, and restore then"),
            TENLOCK_ERROR_RESTORE_NO_WAY_IN => row(TENLOCK_ERROR_OTHER, c"restore_no_way_in", c"nobody could open the volume afterwards: use a later backup"),
        }
    }
}
