//! What an erase has destroyed.

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::tenlock_error;
use super::json::{self, number};
use super::memory::{OutHandle, OutStruct, Versioned};
use super::options::slot_number;
use super::table::{self, Handle, shared};
use super::text::tenlock_text;
use super::volume::put_json;
use crate::format::{Cause, Region, RegionKind, RegionResult};
use crate::volume::EraseReport;

/// What was erased, when, why, and what was verified. Can be used by many threads at once.
pub struct tenlock_report {
    _private: [u8; 0],
}

impl Handle for tenlock_report {
    type Content = EraseReport;
}

/// The last allowed attempt on a slot failed, or never reached its verdict.
pub const TENLOCK_CAUSE_ATTEMPTS_EXHAUSTED: u32 = 1;
/// Somebody asked for it.
pub const TENLOCK_CAUSE_REQUESTED: u32 = 2;

/// The seal, without which no slot opens.
pub const TENLOCK_REGION_SEAL: u32 = 1;
/// The slots.
pub const TENLOCK_REGION_SLOTS: u32 = 2;

/// The new bytes were read back from the medium.
pub const TENLOCK_REGION_VERIFIED_ON_MEDIUM: u32 = 1;
/// The new bytes were read back, but perhaps from a cache.
pub const TENLOCK_REGION_VERIFIED_IN_CACHE: u32 = 2;
/// Other bytes than the new ones were read back.
pub const TENLOCK_REGION_MISMATCH: u32 = 3;
/// Written, but could not be read back.
pub const TENLOCK_REGION_UNREADABLE: u32 = 4;
/// Could not be written.
pub const TENLOCK_REGION_NOT_WRITTEN: u32 = 5;

const _: () = {
    assert!(TENLOCK_REGION_SEAL == RegionKind::Seal as u32);
    assert!(TENLOCK_REGION_SLOTS == RegionKind::Slots as u32);
    assert!(TENLOCK_REGION_VERIFIED_ON_MEDIUM == RegionResult::VerifiedOnMedium as u32);
    assert!(TENLOCK_REGION_VERIFIED_IN_CACHE == RegionResult::VerifiedInCache as u32);
    assert!(TENLOCK_REGION_MISMATCH == RegionResult::Mismatch as u32);
    assert!(TENLOCK_REGION_UNREADABLE == RegionResult::Unreadable as u32);
    assert!(TENLOCK_REGION_NOT_WRITTEN == RegionResult::NotWritten as u32);
};

/// Numbers of an erase.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_report_facts {
    /// Size of this struct.
    pub size: usize,
    /// Identity of the volume.
    pub volume_id: [u8; 16],
    /// When it began, seconds since 1970 UTC; 0 unknown.
    pub began: u64,
    /// When the key was found destroyed; 0 if it has not been.
    pub ended: u64,
    /// 1: the key is destroyed, as far as software can see. 0: opening the volume tries it again.
    pub verified: u32,
    /// One of TENLOCK_CAUSE_*.
    pub cause: u32,
    /// The slot whose attempts were exhausted; TENLOCK_NO_SLOT otherwise.
    pub slot: u32,
    /// How many regions there are.
    pub regions: u32,
}

/// An overwritten region.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_region {
    /// Size of this struct.
    pub size: usize,
    /// First byte, from the start of the storage.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// What it held: TENLOCK_REGION_SEAL or TENLOCK_REGION_SLOTS.
    pub kind: u32,
    /// What became of it: another TENLOCK_REGION_*.
    pub result: u32,
    /// 1: the storage was told, and accepted, that it is no longer needed.
    pub discarded: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_report_facts {}
// SAFETY: as above.
unsafe impl Versioned for tenlock_region {}

/// Fills `facts`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_report_describe(
    report: *const tenlock_report,
    error: *mut tenlock_error,
    facts: *mut tenlock_report_facts,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let facts = unsafe { OutStruct::at(facts) }?;
        facts.put(facts_of(&*shared(report)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `region` with the region of this index, from 0; TENLOCK_ERROR_ARGUMENT if there are not so many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_report_region(
    report: *const tenlock_report,
    index: u32,
    error: *mut tenlock_error,
    region: *mut tenlock_region,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let region = unsafe { OutStruct::at(region) }?;
        let report = shared(report)?;
        let found = report.regions.get(slot_number(index));
        region.put(region_of(found.ok_or(TENLOCK_ERROR_ARGUMENT)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// All of it as a JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_report_json(
    report: *const tenlock_report,
    error: *mut tenlock_error,
    text: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { OutHandle::<tenlock_text>::at(text) }?;
        put_json(text, &json::report(&*shared(report)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_report_free(report: *mut tenlock_report) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(report)) }
}

fn facts_of(report: &EraseReport) -> tenlock_report_facts {
    let (cause, slot) = match report.cause {
        Cause::AttemptsExhausted { slot } => (TENLOCK_CAUSE_ATTEMPTS_EXHAUSTED, slot.into()),
        Cause::Requested => (TENLOCK_CAUSE_REQUESTED, super::locked::TENLOCK_NO_SLOT),
    };
    tenlock_report_facts {
        size: 0,
        volume_id: *report.volume.as_bytes(),
        began: report.began,
        ended: report.ended,
        verified: report.is_verified().into(),
        cause,
        slot,
        regions: number(report.regions.len()),
    }
}

fn region_of(region: &Region) -> tenlock_region {
    tenlock_region {
        size: 0,
        offset: region.offset,
        length: region.length,
        kind: region.kind as u32,
        result: region.result as u32,
        discarded: region.discarded.into(),
        reserved: 0,
    }
}
