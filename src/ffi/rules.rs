//! Policy and label.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::{Fault, tenlock_error};
use super::memory::{self, OutStruct, Versioned};
use super::table::shared;
use super::volume::{tenlock_volume, with};
use crate::format::{Label, LabelField, PassphraseRules, Role};
use crate::volume::{Error, PolicyRules};

/// The rules of a volume. Those for passphrases bind new ones; what is there stays.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_policy {
    /// Size of this struct.
    pub size: usize,
    /// Least number of characters.
    pub min_characters: u32,
    /// Least estimated strength in bits.
    pub min_strength_bits: u32,
    /// 1: the words of the label are refused.
    pub not_the_label: u32,
    /// Least memory of the key derivation in KiB; 0 for the least there is.
    pub min_kdf_memory_kib: u32,
    /// Least passes of the key derivation; 0 for the least there is.
    pub min_kdf_passes: u32,
    /// Seconds without use after which a program is to lock the volume (`tenlock_volume_idle`); 0 for never.
    pub auto_lock_seconds: u32,
    /// Roles of which a slot must always exist: the bit 1 << TENLOCK_ROLE_* for each.
    pub required_roles: u32,
    /// Zero.
    pub reserved: u32,
}

/// The texts of a volume that anybody can read. NULL is an empty text.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_label {
    /// Size of this struct.
    pub size: usize,
    /// Name of the volume, at most 62 bytes.
    pub label: *const c_char,
    /// Who owns it, at most 126 bytes.
    pub owner: *const c_char,
    /// How to reach the owner, at most 254 bytes.
    pub contact: *const c_char,
    /// What the finder gets, at most 254 bytes.
    pub reward: *const c_char,
    /// Number in the owner's books, at most 62 bytes.
    pub asset_tag: *const c_char,
    /// Whose data it carries, at most 126 bytes.
    pub customer: *const c_char,
    /// Hint for the passphrase, at most 254 bytes.
    pub hint: *const c_char,
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_policy {}
// SAFETY: `repr(C)`, begins with `size`, pointers only.
unsafe impl Versioned for tenlock_label {}

/// Fills `policy` with the rules of the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_policy(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    policy: *mut tenlock_policy,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let policy = unsafe { OutStruct::at(policy) }?;
        policy.put(policy_to_c(&shared(volume)?.used().policy()))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Replaces the rules. Admins only. TENLOCK_ERROR_IO: the old or the new rules are in force; any other error:
/// nothing was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_set_policy(
    volume: *const tenlock_volume,
    policy: *const tenlock_policy,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let rules = policy_of(&unsafe { memory::read(policy) }?)?;
        with(volume, |volume| volume.set_policy(&rules))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Replaces the label, all of its texts. Admins only. TENLOCK_ERROR_IO: the old or the new label is in force;
/// any other error: nothing was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_set_label(
    volume: *const tenlock_volume,
    label: *const tenlock_label,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let label = unsafe { some_label(label) }?;
        with(volume, |volume| volume.set_label(&label))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// A label of the caller's; NULL is an empty one.
///
/// # Safety
/// As [`memory::read`], the same for its texts.
pub(super) unsafe fn label(from: *const tenlock_label) -> Result<Label, Fault> {
    if from.is_null() {
        return Ok(Label::default());
    }
    // SAFETY: as the caller promises.
    unsafe { some_label(from) }
}

/// Rules of the caller's; NULL is none.
///
/// # Safety
/// As [`memory::read`].
pub(super) unsafe fn policy(from: *const tenlock_policy) -> Result<PolicyRules, Fault> {
    // SAFETY: as the caller promises.
    policy_of(&unsafe { memory::read_or_default(from) }?)
}

/// Rules for C.
pub(super) fn policy_to_c(rules: &PolicyRules) -> tenlock_policy {
    tenlock_policy {
        size: size_of::<tenlock_policy>(),
        min_characters: rules.passphrases.min_chars.into(),
        min_strength_bits: rules.passphrases.min_strength_bits.into(),
        not_the_label: rules.passphrases.not_the_label.into(),
        min_kdf_memory_kib: rules.min_kdf_memory_kib,
        min_kdf_passes: rules.min_kdf_passes,
        auto_lock_seconds: rules.auto_lock_seconds,
        required_roles: rules
            .required_roles
            .iter()
            .fold(0, |set, role| set | 1 << *role as u32),
        reserved: 0,
    }
}

fn policy_of(table: &tenlock_policy) -> Result<PolicyRules, Fault> {
    let known = Role::ALL
        .iter()
        .fold(0, |set, role| set | 1 << *role as u32);
    if table.required_roles & !known != 0 || table.reserved != 0 {
        return Err(TENLOCK_ERROR_ARGUMENT.into());
    }
    // What does not fit is out of range, which the library says.
    let short = |number| u16::try_from(number).unwrap_or(u16::MAX);
    let demanded = |role: &Role| table.required_roles & 1 << *role as u32 != 0;
    Ok(PolicyRules {
        passphrases: PassphraseRules {
            min_chars: short(table.min_characters),
            min_strength_bits: short(table.min_strength_bits),
            not_the_label: table.not_the_label != 0,
        },
        min_kdf_memory_kib: table.min_kdf_memory_kib,
        min_kdf_passes: table.min_kdf_passes,
        auto_lock_seconds: table.auto_lock_seconds,
        required_roles: Role::ALL.into_iter().filter(demanded).collect(),
    })
}

/// # Safety
/// As [`memory::read`], the same for its texts.
unsafe fn some_label(from: *const tenlock_label) -> Result<Label, Fault> {
    // SAFETY: as the caller promises.
    let table = unsafe { memory::read(from) }?;
    let mut label = Label::default();
    for (field, text) in [
        (LabelField::Label, table.label),
        (LabelField::Owner, table.owner),
        (LabelField::Contact, table.contact),
        (LabelField::Reward, table.reward),
        (LabelField::AssetTag, table.asset_tag),
        (LabelField::Customer, table.customer),
        (LabelField::Hint, table.hint),
    ] {
        // SAFETY: as the caller promises.
        let text = unsafe { memory::text(text) }?.unwrap_or_default();
        label.set(field, text).map_err(Error::from)?;
    }
    Ok(label)
}
