//! The event log, as an admin reads it.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::tenlock_error;
use super::json::{self, number};
use super::memory::{self, Out, OutHandle, OutStruct, Versioned};
use super::options::slot_number;
use super::table::{self, Handle, shared};
use super::text::tenlock_text;
use super::volume::{put_json, tenlock_volume, with};
use crate::volume::{EventLog, LogEntry};

/// The event log as it was when it was read. Can be used by many threads at once.
pub struct tenlock_event_log {
    _private: [u8; 0],
}

impl Handle for tenlock_event_log {
    type Content = EventLog;
}

/// An entry of the event log. Host and agent are what the writing program said of itself: escape them when
/// printing.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_event {
    /// Size of this struct.
    pub size: usize,
    /// Its number, from 1.
    pub sequence: u64,
    /// When, in seconds since 1970 UTC by the clock of the host; 0 unknown.
    pub time: u64,
    /// What happened, a number of the format page (section 3.9); 0: the record cannot be opened, somebody else
    /// has written it.
    pub kind: u32,
    /// The slots it concerns, slot 0 in the lowest bit.
    pub slots: u32,
    /// The role under which it happened, one of TENLOCK_ROLE_*; 0: none.
    pub role: u32,
    /// Zero.
    pub reserved: u32,
    /// What happened, in a word, such as "slot_added".
    pub name: [c_char; 32],
    /// The machine, UTF-8.
    pub host: [c_char; 72],
    /// The program, UTF-8.
    pub agent: [c_char; 136],
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_event {}

/// Reads the event log. Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_event_log(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    log: *mut *mut tenlock_event_log,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let log = unsafe { OutHandle::<tenlock_event_log>::at(log) }?;
        log.put(with(volume, crate::volume::Volume::event_log)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Sets `entries` to how many entries there are, and `faults` to in how many places records are missing or do
/// not follow each other (the JSON names them).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_event_log_count(
    log: *const tenlock_event_log,
    error: *mut tenlock_error,
    entries: *mut u32,
    faults: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (entries, faults) = unsafe { (Out::at(entries)?, Out::at(faults)?) };
        let log = shared(log)?;
        entries.put(number(log.entries.len()));
        faults.put(number(log.faults.len()));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `event` with the entry of this index, from 0, oldest first; TENLOCK_ERROR_ARGUMENT if there are not so
/// many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_event_log_entry(
    log: *const tenlock_event_log,
    index: u32,
    error: *mut tenlock_error,
    event: *mut tenlock_event,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let event = unsafe { OutStruct::at(event) }?;
        let log = shared(log)?;
        let entry = log.entries.get(slot_number(index));
        event.put(event_of(entry.ok_or(TENLOCK_ERROR_ARGUMENT)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// All of it as a JSON object with the members `entries` and `faults`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_event_log_json(
    log: *const tenlock_event_log,
    error: *mut tenlock_error,
    text: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { OutHandle::<tenlock_text>::at(text) }?;
        put_json(text, &json::event_log(&*shared(log)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_event_log_free(log: *mut tenlock_event_log) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(log)) }
}

fn event_of(entry: &LogEntry) -> tenlock_event {
    let mut event = tenlock_event {
        size: 0,
        sequence: entry.sequence,
        time: 0,
        kind: 0,
        slots: 0,
        role: 0,
        reserved: 0,
        name: [0; 32],
        host: [0; 72],
        agent: [0; 136],
    };
    if let Some(found) = &entry.event {
        event.time = found.time();
        event.kind = found.kind().number().into();
        event.slots = found.slots().fold(0, |set, slot| set | 1 << slot);
        event.role = found.role().map_or(0, |role| role as u32);
        memory::put_text(&mut event.name, found.kind().name());
        memory::put_text(&mut event.host, found.host());
        memory::put_text(&mut event.agent, found.agent());
    }
    event
}
