//! Options that several functions take: of an unlock, progress, log.

use std::ffi::{CString, c_char, c_void};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::code::tenlock_code::*;
use super::fault::Fault;
use super::memory::{self, Versioned};
use super::rollback::{CallbackMemory, tenlock_memory_callbacks};
use super::workers::{self, tenlock_workers};
use crate::crypto::{Argon2Cost, Argon2Options, Argon2Threads};
use crate::format::Role;
use crate::volume::{
    Error, FileMemory, Notice, Origin, RollbackMemory, SlotChoice, UnlockOptions, Workers,
};

/// Try the credential where it is clear which slot is meant, otherwise TENLOCK_ERROR_AMBIGUOUS_SLOT.
pub const TENLOCK_CHOOSE_OBVIOUS: u32 = 0;
/// Try it on the slot in `slot`.
pub const TENLOCK_CHOOSE_SLOT: u32 = 1;
/// Try it on all slots of the role in `role` that fit.
pub const TENLOCK_CHOOSE_ROLE: u32 = 2;
/// Try it on all slots that fit. A wrong one is charged to each.
pub const TENLOCK_CHOOSE_ANY: u32 = 3;

/// May use the data and change policy, label and slots.
pub const TENLOCK_ROLE_ADMIN: u32 = 1;
/// May use the data and change its own credential.
pub const TENLOCK_ROLE_USER: u32 = 2;
/// Gets back in when a passphrase is lost.
pub const TENLOCK_ROLE_RECOVERY: u32 = 3;
/// Gets back in with a private key kept elsewhere.
pub const TENLOCK_ROLE_ESCROW: u32 = 4;

/// Told of the progress of key derivations, about a second each, and able to cancel them. Used during the
/// call that takes it, on its thread.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_progress {
    /// Size of this struct.
    pub size: usize,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Required. `done` of `total` equal steps of one derivation are done. Returns 0 to go on; anything else
    /// cancels: the call returns TENLOCK_ERROR_CANCELLED and takes back what it has charged.
    pub report:
        Option<unsafe extern "C-unwind" fn(context: *mut c_void, done: u32, total: u32) -> i32>,
}

/// Told what a volume finds out of order, in words without secrets. Used by the call that takes it and by
/// the volume that it opens, on the threads that call the library, until the volume is closed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_log_callback {
    /// Size of this struct.
    pub size: usize,
    /// Passed to the callback. Must stay valid until the volume is closed.
    pub context: *mut c_void,
    /// Required. The text is UTF-8 and valid during the callback.
    pub line: Option<unsafe extern "C-unwind" fn(context: *mut c_void, text: *const c_char)>,
}

/// How a volume is to be unlocked. Zero is the default of every member. All texts and tables are copied.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_unlock_options {
    /// Size of this struct.
    pub size: usize,
    /// Progress of the key derivation, and cancelling.
    pub progress: *const tenlock_progress,
    /// Told of notices, from the unlock on.
    pub log: *const tenlock_log_callback,
    /// Threads for large requests to the volume.
    pub workers: *const tenlock_workers,
    /// Name of this host for the event log; the first 64 bytes are kept.
    pub host: *const c_char,
    /// Name of the program, and whom it works for, for the event log; the first 128 bytes are kept.
    pub agent: *const c_char,
    /// File in which this host remembers volumes, to notice older copies.
    pub memory_path: *const c_char,
    /// Callbacks for the same; not both.
    pub memory: *const tenlock_memory_callbacks,
    /// One of TENLOCK_CHOOSE_*.
    pub choice: u32,
    /// Slot for TENLOCK_CHOOSE_SLOT.
    pub slot: u32,
    /// One of TENLOCK_ROLE_* for TENLOCK_CHOOSE_ROLE.
    pub role: u32,
    /// 1: go on although the header is older than this host remembers.
    pub accept_rollback: u32,
    /// 1: go on although records of the event log are lost.
    pub accept_lost_log: u32,
    /// Threads of the key derivation at most; 0 for as many as there are processors.
    pub derivation_threads: u32,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_progress {}
// SAFETY: as above.
unsafe impl Versioned for tenlock_log_callback {}
// SAFETY: as above.
unsafe impl Versioned for tenlock_unlock_options {}

/// The callback of a `tenlock_progress`, if there is one.
#[derive(Clone, Copy)]
pub(super) struct Progress(Option<tenlock_progress>);

// SAFETY: it is called on the thread of the call that took it only, as the key derivation promises.
unsafe impl Sync for Progress {}

impl Progress {
    /// # Safety
    /// As [`memory::read`], but NULL is none.
    pub(super) unsafe fn read(from: *const tenlock_progress) -> Result<Self, Fault> {
        if from.is_null() {
            return Ok(Self(None));
        }
        // SAFETY: as the caller promises.
        let table = unsafe { memory::read(from) }?;
        table.report.ok_or(TENLOCK_ERROR_NULL_POINTER)?;
        Ok(Self(Some(table)))
    }

    fn report(&self, done: u32, total: u32) -> ControlFlow<()> {
        let Some(table) = self.0 else {
            return ControlFlow::Continue(());
        };
        let Some(report) = table.report else {
            return ControlFlow::Continue(());
        };
        // SAFETY: the caller's function with his context.
        match unsafe { report(table.context, done, total) } {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Does work with a derivation that reports here.
    pub(super) fn with<R>(&self, threads: u32, work: impl FnOnce(Argon2Options<'_>) -> R) -> R {
        let report = |done, total| self.report(done, total);
        let threads = usize::try_from(threads).ok().and_then(NonZeroUsize::new);
        work(Argon2Options {
            threads: threads.map_or(Argon2Threads::Available, Argon2Threads::AtMost),
            progress: Some(&report),
        })
    }
}

/// Where notices go.
pub(super) struct Log(Option<tenlock_log_callback>);

// SAFETY: whoever hands over the callback promises that it can be called from any thread.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

impl Log {
    /// # Safety
    /// As [`memory::read`], but NULL is none.
    pub(super) unsafe fn read(from: *const tenlock_log_callback) -> Result<Self, Fault> {
        if from.is_null() {
            return Ok(Self(None));
        }
        // SAFETY: as the caller promises.
        let table = unsafe { memory::read(from) }?;
        table.line.ok_or(TENLOCK_ERROR_NULL_POINTER)?;
        Ok(Self(Some(table)))
    }

    /// Whether there is one.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn tell(&self, notices: &[Notice]) {
        let Some((context, line)) = self.0.and_then(|table| Some((table.context, table.line?)))
        else {
            return;
        };
        for notice in notices {
            if let Ok(text) = CString::new(notice.to_string()) {
                // SAFETY: the caller's function with his context and a text of ours.
                unsafe { line(context, text.as_ptr()) }
            }
        }
    }
}

/// Options of an unlock, copied.
pub(super) struct Unlock {
    pub(super) progress: Progress,
    pub(super) log: Log,
    pub(super) workers: Workers,
    choice: SlotChoice,
    origin: Origin,
    memory: Option<Arc<dyn RollbackMemory>>,
    table: tenlock_unlock_options,
}

impl Unlock {
    /// # Safety
    /// As [`memory::read_or_default`], the same for what the options point to.
    pub(super) unsafe fn read(from: *const tenlock_unlock_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises, here and below.
        let table = unsafe { memory::read_or_default(from) }?;
        let choice = match table.choice {
            TENLOCK_CHOOSE_OBVIOUS => SlotChoice::Obvious,
            TENLOCK_CHOOSE_SLOT => SlotChoice::Slot(slot_number(table.slot)),
            TENLOCK_CHOOSE_ROLE => SlotChoice::Role(role(table.role)?),
            TENLOCK_CHOOSE_ANY => SlotChoice::Any,
            _ => return Err(TENLOCK_ERROR_ARGUMENT.into()),
        };
        // SAFETY: as the caller promises.
        unsafe {
            Ok(Self {
                progress: Progress::read(table.progress)?,
                log: Log::read(table.log)?,
                workers: workers::of(table.workers)?,
                choice,
                origin: origin(table.host, table.agent)?,
                memory: host_memory(table.memory_path, table.memory)?,
                table,
            })
        }
    }

    /// Does work with these options.
    pub(super) fn with<R>(&self, work: impl FnOnce(&UnlockOptions<'_>) -> R) -> R {
        self.progress
            .with(self.table.derivation_threads, |derivation| {
                work(&UnlockOptions {
                    choice: self.choice,
                    derivation,
                    origin: self.origin.clone(),
                    memory: self.memory.clone(),
                    accept_rollback: self.table.accept_rollback != 0,
                    accept_lost_log: self.table.accept_lost_log != 0,
                })
            })
    }
}

/// # Safety
/// The texts are NULL or end with a zero byte.
pub(super) unsafe fn origin(host: *const c_char, agent: *const c_char) -> Result<Origin, Fault> {
    // SAFETY: as the caller promises.
    let (host, agent) = unsafe { (memory::text(host)?, memory::text(agent)?) };
    Ok(Origin::new(
        host.unwrap_or_default(),
        agent.unwrap_or_default(),
    ))
}

/// The memory of this host, given as a path or as callbacks.
///
/// # Safety
/// Both are as the contract of the module says.
pub(super) unsafe fn host_memory(
    path: *const c_char,
    callbacks: *const tenlock_memory_callbacks,
) -> Result<Option<Arc<dyn RollbackMemory>>, Fault> {
    match (path.is_null(), callbacks.is_null()) {
        (true, true) => Ok(None),
        (false, true) => {
            // SAFETY: as the caller promises.
            let path = unsafe { memory::path(path) }?;
            Ok(Some(Arc::new(FileMemory::new(path))))
        }
        (true, false) => {
            // SAFETY: as the caller promises.
            let callbacks = unsafe { memory::read(callbacks) }?;
            Ok(Some(Arc::new(CallbackMemory::new(&callbacks)?)))
        }
        (false, false) => Err(Fault::new(
            TENLOCK_ERROR_ARGUMENT,
            "both a path and callbacks are given as the memory of this host: choose one",
        )),
    }
}

/// The role of a number.
pub(super) fn role(number: u32) -> Result<Role, Fault> {
    let role = Role::ALL.into_iter().find(|role| *role as u32 == number);
    role.ok_or(TENLOCK_ERROR_ARGUMENT.into())
}

/// A slot as the library counts it; one that there cannot be if the number is too large.
pub(super) fn slot_number(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

/// The cost of these numbers; `None` if all are zero.
pub(super) fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Result<Option<Argon2Cost>, Fault> {
    if (memory_kib, passes, lanes) == (0, 0, 0) {
        return Ok(None);
    }
    let cost = Argon2Cost::new(memory_kib, passes, lanes).map_err(Error::from)?;
    Ok(Some(cost))
}
