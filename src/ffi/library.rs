//! The library itself: its versions and what it was built with.

use std::ffi::{CStr, c_char};

use super::boundary::value;
use super::table;

/// Version of the header and of the library that belongs to it.
pub const TENLOCK_VERSION_MAJOR: u32 = 0;
/// See TENLOCK_VERSION_MAJOR.
pub const TENLOCK_VERSION_MINOR: u32 = 1;
/// See TENLOCK_VERSION_MAJOR.
pub const TENLOCK_VERSION_PATCH: u32 = 0;

/// Version of the interface. It goes up when something is added; a program runs with any library whose number is
/// not lower than that of the header it was built with.
pub const TENLOCK_ABI_VERSION: u32 = 1;

const _: () = {
    assert!(is(env!("CARGO_PKG_VERSION_MAJOR"), TENLOCK_VERSION_MAJOR));
    assert!(is(env!("CARGO_PKG_VERSION_MINOR"), TENLOCK_VERSION_MINOR));
    assert!(is(env!("CARGO_PKG_VERSION_PATCH"), TENLOCK_VERSION_PATCH));
};

/// Whether a text is a number.
const fn is(text: &str, number: u32) -> bool {
    let (bytes, mut at, mut read) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        read = 10 * read + (bytes[at] - b'0') as u32;
        at += 1;
    }
    read == number
}

/// The version of the library, such as "0.1.0". Valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_version() -> *const c_char {
    value(c"".as_ptr(), || {
        let text = CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes());
        text.unwrap_or_default().as_ptr()
    })
}

/// The TENLOCK_ABI_VERSION of the library.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_abi_version() -> u32 {
    value(0, || TENLOCK_ABI_VERSION)
}

/// The features that the library was built with, of `parallel` and `strength`, with a comma between. Valid for
/// ever.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_features() -> *const c_char {
    value(c"".as_ptr(), || {
        let text = match (cfg!(feature = "parallel"), cfg!(feature = "strength")) {
            (true, true) => c"parallel,strength",
            (true, false) => c"parallel",
            (false, true) => c"strength",
            (false, false) => c"",
        };
        text.as_ptr()
    })
}

/// How many handles exist that were not freed or closed; for tests, which find what they have forgotten.
#[unsafe(no_mangle)]
pub extern "C" fn tenlock_handle_count() -> usize {
    value(0, table::count)
}
