//! What can be known of a volume, as it was when it was asked for.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::tenlock_error;
use super::json::{self, number};
use super::memory::{self, OutHandle, OutStruct, Versioned};
use super::options::slot_number;
use super::rules::{policy_to_c, tenlock_policy};
use super::table::{self, Handle, shared};
use super::text::{Text, tenlock_text};
use super::volume::put_json;
use crate::format::{CopyStatus, Factor, LabelField};
use crate::volume::{Info, SlotInfo, SlotStatus};

/// The public part of a volume. From a locked volume or `tenlock_inspect` these are a stranger's words: escape
/// texts when printing. Can be used by many threads at once.
pub struct tenlock_info {
    _private: [u8; 0],
}

impl Handle for tenlock_info {
    type Content = Info;
}

/// The header copy is whole.
pub const TENLOCK_COPY_WHOLE: u32 = 0;
/// The header copy has damaged or outdated blocks, which the next unlock repairs.
pub const TENLOCK_COPY_DAMAGED: u32 = 1;
/// The header copy has been overwritten by something else.
pub const TENLOCK_COPY_OVERWRITTEN: u32 = 2;

/// The slot can be opened.
pub const TENLOCK_SLOT_IN_FORCE: u32 = 0;
/// The slot was erased because its attempts were used up.
pub const TENLOCK_SLOT_ERASED: u32 = 1;
/// The slot was spent by its first use.
pub const TENLOCK_SLOT_SPENT: u32 = 2;

/// Something known.
pub const TENLOCK_FACTOR_PASSPHRASE: u32 = 1;
/// The content of a file.
pub const TENLOCK_FACTOR_KEY_FILE: u32 = 2;
/// A printed random key.
pub const TENLOCK_FACTOR_RECOVERY_KEY: u32 = 4;
/// A private key.
pub const TENLOCK_FACTOR_PRIVATE_KEY: u32 = 8;
/// A provider outside this library.
pub const TENLOCK_FACTOR_EXTERNAL: u32 = 16;
/// A kind of a later version.
pub const TENLOCK_FACTOR_UNKNOWN: u32 = 32;

/// Name of the volume.
pub const TENLOCK_LABEL_LABEL: u32 = 0;
/// Who owns it.
pub const TENLOCK_LABEL_OWNER: u32 = 1;
/// How to reach the owner.
pub const TENLOCK_LABEL_CONTACT: u32 = 2;
/// What the finder gets.
pub const TENLOCK_LABEL_REWARD: u32 = 3;
/// Number in the owner's books.
pub const TENLOCK_LABEL_ASSET_TAG: u32 = 4;
/// Whose data it carries.
pub const TENLOCK_LABEL_CUSTOMER: u32 = 5;
/// Hint for the passphrase.
pub const TENLOCK_LABEL_HINT: u32 = 6;

/// Numbers of a volume.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_info_facts {
    /// Size of this struct.
    pub size: usize,
    /// Identity of the volume, a UUID.
    pub volume_id: [u8; 16],
    /// Time of creation, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Number of the header's generation.
    pub generation: u64,
    /// Number of the policy.
    pub policy_number: u64,
    /// Where the payload begins, bytes from the start of the storage.
    pub payload_offset: u64,
    /// Length of the payload in bytes.
    pub payload_length: u64,
    /// Number of the newest record of the event log.
    pub log_sequence: u64,
    /// Version of the format.
    pub format_version: u32,
    /// One of TENLOCK_STATE_*.
    pub state: u32,
    /// Size of a sector in bytes.
    pub sector_size: u32,
    /// The slots that are granted, slot 0 in the lowest bit.
    pub slots: u32,
    /// How many backups of the header were taken.
    pub backups: u32,
    /// What header copy A is like, one of TENLOCK_COPY_*.
    pub copy_a: u32,
    /// What header copy B is like.
    pub copy_b: u32,
    /// Zero.
    pub reserved: u32,
}

/// A slot that is granted.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_slot_facts {
    /// Size of this struct.
    pub size: usize,
    /// Time of the last change of its credential, seconds since 1970 UTC; 0 unknown.
    pub changed: u64,
    /// Its index.
    pub index: u32,
    /// One of TENLOCK_ROLE_*.
    pub role: u32,
    /// One of TENLOCK_SLOT_*.
    pub status: u32,
    /// What opens it, bits TENLOCK_FACTOR_*; 0 unless it is in force.
    pub factors: u32,
    /// 1: attempts are counted, and the next five have a meaning.
    pub counted: u32,
    /// Consecutive failed attempts that are allowed.
    pub attempt_limit: u32,
    /// How many there were.
    pub failed: u32,
    /// How many attempts are left.
    pub remaining: u32,
    /// 1: only the last one is left, and it waits for an admin.
    pub waits_for_admin: u32,
    /// What happens at the limit, one of TENLOCK_ACTION_*.
    pub action: u32,
    /// 1: the credential must be changed at the next unlock.
    pub must_change: u32,
    /// 1: it may only read.
    pub read_only: u32,
    /// 1: its first use spends it.
    pub one_time: u32,
    /// 1: an admin has to allow the last attempt.
    pub last_attempt_reserved: u32,
    /// Cost of the derivation of its passphrase, 0 if there is none: memory in KiB.
    pub kdf_memory_kib: u32,
    /// Passes.
    pub kdf_passes: u32,
    /// Lanes.
    pub kdf_lanes: u32,
    /// Zero.
    pub reserved: u32,
    /// Its name, UTF-8, with a zero byte at the end.
    pub name: [c_char; 40],
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_info_facts {}
// SAFETY: as above.
unsafe impl Versioned for tenlock_slot_facts {}

/// Fills `facts`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_describe(
    info: *const tenlock_info,
    error: *mut tenlock_error,
    facts: *mut tenlock_info_facts,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let facts = unsafe { OutStruct::at(facts) }?;
        facts.put(facts_of(&*shared(info)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `facts` with what there is of a slot; TENLOCK_ERROR_NO_SUCH_SLOT if it is not granted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_slot(
    info: *const tenlock_info,
    slot: u32,
    error: *mut tenlock_error,
    facts: *mut tenlock_slot_facts,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let facts = unsafe { OutStruct::at(facts) }?;
        let (info, slot) = (shared(info)?, slot_number(slot));
        let found = info.slots.iter().find(|found| found.index == slot);
        let missing = || crate::volume::Error::NoSuchSlot { slot };
        facts.put(slot_facts(found.ok_or_else(missing)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `policy` with the rules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_policy(
    info: *const tenlock_info,
    error: *mut tenlock_error,
    policy: *mut tenlock_policy,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let policy = unsafe { OutStruct::at(policy) }?;
        policy.put(policy_to_c(&shared(info)?.policy))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// A text of the label, empty if there is none: `field` is one of TENLOCK_LABEL_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_label(
    info: *const tenlock_info,
    field: u32,
    error: *mut tenlock_error,
    text: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { OutHandle::<tenlock_text>::at(text) }?;
        let field = LabelField::ALL.get(slot_number(field));
        let field = field.ok_or(TENLOCK_ERROR_ARGUMENT)?;
        text.put(Text::new(shared(info)?.label.text(*field).as_bytes())?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// All of it as a JSON object, with the members of `tenlock info --json`; times are numbers, in seconds since
/// 1970 UTC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_json(
    info: *const tenlock_info,
    error: *mut tenlock_error,
    text: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { OutHandle::<tenlock_text>::at(text) }?;
        put_json(text, &json::info(&*shared(info)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_info_free(info: *mut tenlock_info) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(info)) }
}

fn facts_of(info: &Info) -> tenlock_info_facts {
    tenlock_info_facts {
        size: 0,
        volume_id: *info.id.as_bytes(),
        created: info.created,
        generation: info.generation,
        policy_number: info.policy_number,
        payload_offset: info.payload_offset,
        payload_length: info.payload_length,
        log_sequence: info.log_sequence,
        format_version: info.format_version.into(),
        state: info.state as u32,
        sector_size: info.sector_size.bytes(),
        slots: info.slots.iter().fold(0, |set, slot| set | 1 << slot.index),
        backups: info.backups,
        copy_a: copy(&info.copies[0]),
        copy_b: copy(&info.copies[1]),
        reserved: 0,
    }
}

fn slot_facts(slot: &SlotInfo) -> tenlock_slot_facts {
    let attempts = slot.attempts.as_ref();
    let kdf = slot.factors.iter().find_map(|factor| match factor {
        Factor::Passphrase(kdf) => Some((kdf.memory_kib, kdf.passes, kdf.lanes)),
        _ => None,
    });
    let (kdf_memory_kib, kdf_passes, kdf_lanes) = kdf.unwrap_or_default();
    let mut facts = tenlock_slot_facts {
        size: 0,
        changed: slot.changed,
        index: number(slot.index),
        role: slot.role as u32,
        status: match slot.status {
            SlotStatus::InForce => TENLOCK_SLOT_IN_FORCE,
            SlotStatus::Erased => TENLOCK_SLOT_ERASED,
            SlotStatus::Spent => TENLOCK_SLOT_SPENT,
        },
        factors: slot
            .factors
            .iter()
            .fold(0, |set, factor| set | factor_bit(factor)),
        counted: attempts.is_some().into(),
        attempt_limit: attempts.map_or(0, |attempts| attempts.limit.into()),
        failed: attempts.map_or(0, |attempts| attempts.failed.into()),
        remaining: attempts.map_or(0, |attempts| attempts.remaining.into()),
        waits_for_admin: attempts.map_or(0, |attempts| attempts.reserved.into()),
        action: attempts.map_or(0, |attempts| attempts.action as u32),
        must_change: slot.must_change.into(),
        read_only: slot.flags.read_only.into(),
        one_time: slot.flags.one_time.into(),
        last_attempt_reserved: slot.flags.last_attempt_reserved.into(),
        kdf_memory_kib,
        kdf_passes,
        kdf_lanes,
        reserved: 0,
        name: [0; 40],
    };
    memory::put_text(&mut facts.name, &slot.name);
    facts
}

fn copy(status: &CopyStatus) -> u32 {
    match status {
        CopyStatus::Whole => TENLOCK_COPY_WHOLE,
        CopyStatus::Damaged(_) => TENLOCK_COPY_DAMAGED,
        CopyStatus::Foreign(_) => TENLOCK_COPY_OVERWRITTEN,
    }
}

fn factor_bit(factor: &Factor) -> u32 {
    match factor {
        Factor::Passphrase(_) => TENLOCK_FACTOR_PASSPHRASE,
        Factor::KeyFile { .. } => TENLOCK_FACTOR_KEY_FILE,
        Factor::RecoveryKey { .. } => TENLOCK_FACTOR_RECOVERY_KEY,
        Factor::PublicKey { .. } => TENLOCK_FACTOR_PRIVATE_KEY,
        Factor::External { .. } => TENLOCK_FACTOR_EXTERNAL,
        Factor::Unknown { .. } => TENLOCK_FACTOR_UNKNOWN,
    }
}

const _: () = {
    assert!(LabelField::Label as u32 == TENLOCK_LABEL_LABEL);
    assert!(LabelField::Contact as u32 == TENLOCK_LABEL_CONTACT);
    assert!(LabelField::AssetTag as u32 == TENLOCK_LABEL_ASSET_TAG);
    assert!(LabelField::Hint as u32 == TENLOCK_LABEL_HINT);
};
