//! libgcrypt: one call for a sector's tweak and one for its bytes.
#![allow(unsafe_code)] // A C library.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::{null, null_mut};

use tenlock::crypto::SectorSize;

use crate::kernels::{Direction, Peer, test_key};

/// This library.
pub fn peer() -> Peer {
    let version = initialise();
    let cipher = Cipher::new();
    Peer {
        name: "libgcrypt".into(),
        version,
        run: Box::new(move |direction, size, data| cipher.run(direction, size, data)),
    }
}

/// As its manual asks, before anything else. Returns the version.
fn initialise() -> String {
    // SAFETY: no version is demanded; the string returned is static. The command takes an int
    // that it does not use.
    unsafe {
        let version = CStr::from_ptr(gcry_check_version(null()));
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
        version.to_string_lossy().into_owned()
    }
}

struct Cipher(*mut c_void);

impl Cipher {
    fn new() -> Self {
        let key = test_key();
        let mut handle = null_mut();
        // SAFETY: writes the handle, and nothing else.
        let error = unsafe {
            gcry_cipher_open(&raw mut handle, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_XTS, 0)
        };
        assert_eq!(error, 0, "the cipher was refused");
        // SAFETY: the handle is open; the key is as long as is said.
        let error = unsafe { gcry_cipher_setkey(handle, key.as_ptr(), key.len()) };
        assert_eq!(error, 0, "the key was refused");
        Self(handle)
    }

    fn run(&self, direction: Direction, size: SectorSize, data: &mut [u8]) {
        let work = match direction {
            Direction::Encrypt => gcry_cipher_encrypt,
            Direction::Decrypt => gcry_cipher_decrypt,
        };
        for (index, sector) in data.chunks_exact_mut(size.bytes()).enumerate() {
            let tweak = (index as u128 * (size.bytes() as u128 / 512)).to_le_bytes();
            // SAFETY: tweak and sector are as long as is said; without input it works in place.
            let error = unsafe {
                gcry_cipher_setiv(self.0, tweak.as_ptr(), tweak.len())
                    | work(self.0, sector.as_mut_ptr(), sector.len(), null(), 0)
            };
            assert_eq!(error, 0, "the sector was refused");
        }
    }
}

impl Drop for Cipher {
    fn drop(&mut self) {
        // SAFETY: made by `gcry_cipher_open`, and nothing else has it.
        unsafe { gcry_cipher_close(self.0) }
    }
}

// What is needed of <gcrypt.h>.
const GCRY_CIPHER_AES256: c_int = 9;
const GCRY_CIPHER_MODE_XTS: c_int = 13;
const GCRYCTL_DISABLE_SECMEM: c_int = 37;
const GCRYCTL_INITIALIZATION_FINISHED: c_int = 38;

unsafe extern "C" {
    fn gcry_check_version(required: *const c_char) -> *const c_char;
    fn gcry_control(command: c_int, ...) -> c_uint;
    fn gcry_cipher_open(
        handle: *mut *mut c_void,
        algorithm: c_int,
        mode: c_int,
        flags: c_uint,
    ) -> c_uint;
    fn gcry_cipher_close(handle: *mut c_void);
    fn gcry_cipher_setkey(handle: *mut c_void, key: *const u8, len: usize) -> c_uint;
    fn gcry_cipher_setiv(handle: *mut c_void, iv: *const u8, len: usize) -> c_uint;
    fn gcry_cipher_encrypt(
        handle: *mut c_void,
        out: *mut u8,
        out_len: usize,
        data: *const u8,
        len: usize,
    ) -> c_uint;
    fn gcry_cipher_decrypt(
        handle: *mut c_void,
        out: *mut u8,
        out_len: usize,
        data: *const u8,
        len: usize,
    ) -> c_uint;
}
