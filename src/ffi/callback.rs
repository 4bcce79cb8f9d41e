//! What all callbacks have in common.

use std::ffi::c_void;

/// The context of a caller's callbacks, given back to him when nobody calls them any more.
pub(super) struct Context {
    pointer: *mut c_void,
    release: Option<Release>,
}

/// Gives a context back.
pub(super) type Release = unsafe extern "C-unwind" fn(context: *mut c_void);

// SAFETY: whoever hands over callbacks promises that they can be called from any thread, several at once.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    pub(super) fn new(pointer: *mut c_void, release: Option<Release>) -> Self {
        Self { pointer, release }
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the caller's function with the caller's context, once.
            unsafe { release(self.pointer) }
        }
    }
}
