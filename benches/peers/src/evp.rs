//! OpenSSL and AWS-LC by the interface that both have, EVP: one call for a sector's tweak and one
//! for its bytes, since an EVP operation in XTS mode is one data unit.
#![allow(unsafe_code)] // C libraries.

/// The key is set once for each direction; -1 leaves the direction as it is.
macro_rules! evp {
    ($peer:ident, $library:path, $name:literal) => {
        pub mod $peer {
            use std::ffi::CStr;
            use std::ptr::{null, null_mut};

            use tenlock::crypto::SectorSize;
            use $library::{
                EVP_CIPHER_CTX, EVP_CIPHER_CTX_free, EVP_CIPHER_CTX_new, EVP_CipherInit_ex,
                EVP_CipherUpdate, EVP_aes_256_xts, OpenSSL_version,
            };

            use crate::kernels::{Direction, Peer, test_key};

            /// This library.
            pub fn peer() -> Peer {
                let (encrypt, decrypt) = (Context::new(1), Context::new(0));
                Peer {
                    name: $name.into(),
                    version: version(),
                    run: Box::new(move |direction, size, data| match direction {
                        Direction::Encrypt => encrypt.run(size, data),
                        Direction::Decrypt => decrypt.run(size, data),
                    }),
                }
            }

            fn version() -> String {
                // SAFETY: returns a static string.
                let text = unsafe { CStr::from_ptr(OpenSSL_version(0)) };
                text.to_string_lossy().into_owned()
            }

            struct Context(*mut EVP_CIPHER_CTX);

            impl Context {
                fn new(encrypt: i32) -> Self {
                    let key = test_key();
                    // SAFETY: the context is new, the key 64 bytes long as this cipher's are.
                    unsafe {
                        let context = EVP_CIPHER_CTX_new();
                        assert!(!context.is_null(), "out of memory");
                        let cipher = EVP_aes_256_xts();
                        let done = EVP_CipherInit_ex(
                            context,
                            cipher,
                            null_mut(),
                            key.as_ptr(),
                            null(),
                            encrypt,
                        );
                        assert_eq!(done, 1, "the key was refused");
                        Self(context)
                    }
                }

                fn run(&self, size: SectorSize, data: &mut [u8]) {
                    let len = i32::try_from(size.bytes()).expect("small");
                    for (index, sector) in data.chunks_exact_mut(size.bytes()).enumerate() {
                        let tweak = (index as u128 * (size.bytes() as u128 / 512)).to_le_bytes();
                        let mut written = 0;
                        // SAFETY: the tweak is 16 bytes long; `len` bytes are read and written in
                        // place, which EVP allows, and are those of `sector`.
                        let done = unsafe {
                            EVP_CipherInit_ex(
                                self.0,
                                null(),
                                null_mut(),
                                null(),
                                tweak.as_ptr(),
                                -1,
                            ) & EVP_CipherUpdate(
                                self.0,
                                sector.as_mut_ptr(),
                                &raw mut written,
                                sector.as_ptr(),
                                len,
                            )
                        };
                        assert!(done == 1 && written == len, "the sector was refused");
                    }
                }
            }

            impl Drop for Context {
                fn drop(&mut self) {
                    // SAFETY: made by `EVP_CIPHER_CTX_new`, and nothing else has it.
                    unsafe { EVP_CIPHER_CTX_free(self.0) }
                }
            }
        }
    };
}

evp!(openssl, super::openssl_sys, "OpenSSL");
evp!(aws_lc, aws_lc_sys, "AWS-LC");

/// What is needed of OpenSSL's `<openssl/evp.h>`.
mod openssl_sys {
    #![allow(non_camel_case_types)]

    use std::ffi::{c_char, c_int, c_uchar, c_void};

    pub enum EVP_CIPHER_CTX {}
    pub enum EVP_CIPHER {}

    unsafe extern "C" {
        pub fn OpenSSL_version(which: c_int) -> *const c_char;
        pub fn EVP_aes_256_xts() -> *const EVP_CIPHER;
        pub fn EVP_CIPHER_CTX_new() -> *mut EVP_CIPHER_CTX;
        pub fn EVP_CIPHER_CTX_free(context: *mut EVP_CIPHER_CTX);
        pub fn EVP_CipherInit_ex(
            context: *mut EVP_CIPHER_CTX,
            cipher: *const EVP_CIPHER,
            engine: *mut c_void,
            key: *const c_uchar,
            iv: *const c_uchar,
            encrypt: c_int,
        ) -> c_int;
        pub fn EVP_CipherUpdate(
            context: *mut EVP_CIPHER_CTX,
            out: *mut c_uchar,
            out_len: *mut c_int,
            data: *const c_uchar,
            len: c_int,
        ) -> c_int;
    }
}
