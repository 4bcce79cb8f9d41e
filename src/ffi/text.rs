//! Texts that the library makes.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code;
use super::fault::{Fault, tenlock_error};
use super::memory::Out;
use super::table::{self, Handle, shared};
use crate::crypto::Secret;

/// A text that the library has made, perhaps a secret one, or the bytes of a header backup. Wiped when it is
/// freed.
pub struct tenlock_text {
    _private: [u8; 0],
}

impl Handle for tenlock_text {
    type Content = Text;
}

/// A text with a zero byte at its end.
pub(super) struct Text(Secret);

impl Text {
    pub(super) fn new(text: &[u8]) -> Result<Self, Fault> {
        let mut copy = Secret::zeroed(text.len() + 1)?;
        copy.expose_mut()[..text.len()].copy_from_slice(text);
        Ok(Self(copy))
    }
}

/// Where a text lies, and its length in bytes without the zero byte at its end. UTF-8; valid until the handle
/// is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_text_get(
    text: *const tenlock_text,
    error: *mut tenlock_error,
    data: *mut *const c_char,
    length: *mut usize,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (data, length) = unsafe { (Out::at(data)?, Out::at(length)?) };
        let text = shared(text)?;
        let bytes = text.0.expose();
        data.put(bytes.as_ptr().cast());
        length.put(bytes.len() - 1);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Wipes the text and frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_text_free(text: *mut tenlock_text) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(text)) }
}
