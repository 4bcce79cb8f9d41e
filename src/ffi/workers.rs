//! Threads that large requests are split over.

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::{Fault, tenlock_error};
use super::memory::OutHandle;
use super::table::{self, Handle, shared};
use crate::volume::Workers;

/// One thread for each processor that this process may use, but for the caller's.
pub const TENLOCK_WORKERS_FOR_THIS_MACHINE: u32 = u32::MAX;

/// Threads that large reads and writes are split over. One handle serves all volumes of a program, from any
/// thread. May be freed while volumes use it: the threads end with the last one.
pub struct tenlock_workers {
    _private: [u8; 0],
}

impl Handle for tenlock_workers {
    type Content = Workers;
}

/// Starts so many threads, or TENLOCK_WORKERS_FOR_THIS_MACHINE. TENLOCK_ERROR_UNSUPPORTED if the library was
/// built without the feature `parallel`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_workers_new(
    threads: u32,
    error: *mut tenlock_error,
    workers: *mut *mut tenlock_workers,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let workers = unsafe { OutHandle::<tenlock_workers>::at(workers) }?;
        workers.put(start(threads)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_workers_free(workers: *mut tenlock_workers) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(workers)) }
}

/// The threads of a handle; none for NULL.
pub(super) fn of(handle: *const tenlock_workers) -> Result<Workers, Fault> {
    if handle.is_null() {
        return Ok(Workers::none());
    }
    Ok(shared(handle)?.clone())
}

/// More than this is a mistake.
const MOST_THREADS: u32 = 1024;

fn start(threads: u32) -> Result<Workers, Fault> {
    match threads {
        #[cfg(feature = "parallel")]
        TENLOCK_WORKERS_FOR_THIS_MACHINE => Ok(Workers::for_this_machine()?),
        #[cfg(feature = "parallel")]
        0..=MOST_THREADS => Ok(Workers::new(usize::try_from(threads).unwrap_or(0))?),
        #[cfg(not(feature = "parallel"))]
        0..=MOST_THREADS | TENLOCK_WORKERS_FOR_THIS_MACHINE => {
            Err(TENLOCK_ERROR_UNSUPPORTED.into())
        }
        _ => Err(TENLOCK_ERROR_ARGUMENT.into()),
    }
}
