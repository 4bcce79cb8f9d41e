//! The one boundary between C and Rust: every export consists of a call of [`call`] or [`value`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::code::tenlock_code;
use super::fault::{Fault, tenlock_error};

/// Does the work of an export, keeps panics from crossing into C, and tells what went wrong: by code, and
/// in `error` unless that is NULL.
///
/// # Safety
/// `error` is NULL or points to a struct as long as its first member says.
pub(super) unsafe fn call(
    error: *mut tenlock_error,
    work: impl FnOnce() -> Result<(), Fault>,
) -> tenlock_code {
    let outcome = guarded(|| {
        // SAFETY: as the caller promises.
        unsafe { tenlock_error::clear(error) }?;
        work()
    });
    let Err(fault) = outcome else {
        return tenlock_code::TENLOCK_OK;
    };
    // SAFETY: as the caller promises; a size that is not acceptable is looked at again.
    let filled = guarded(|| unsafe { tenlock_error::fill(error, &fault) });
    filled.map_or_else(|fault| fault.code, |()| fault.code)
}

/// As [`call`], for exports that cannot fail and return a value; a panic gives `fallback`.
pub(super) fn value<T>(fallback: T, work: impl FnOnce() -> T) -> T {
    guarded(|| Ok(work())).unwrap_or(fallback)
}

/// Turns a panic into an error.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // Unwind safe: what was being changed is in a handle whose guard is poisoned and which holds nothing
    // then, or in the volume, which takes over poisoned locks by its own rules.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        // Its drop could panic again.
        std::mem::forget(payload);
        Err(tenlock_code::TENLOCK_ERROR_PANIC.into())
    })
}
