//! New keys, costs and strengths: what is there without a volume.

use std::ffi::c_void;
use std::time::Duration;

use super::boundary::call;
use super::code::tenlock_code;
use super::fault::tenlock_error;
use super::memory::{self, Out, OutHandle};
use super::text::{Text, tenlock_text};
use crate::crypto::{Passphrase, PrivateKey, RecoveryKey, calibrate};
use crate::volume::Error;

/// Cost of a key derivation by Argon2id (RFC 9106). Its layout is for ever.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// Makes a recovery key, as text and as words; either is for `tenlock_credential_add_recovery_key`. Wiped when
/// the texts are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_recovery_key_generate(
    error: *mut tenlock_error,
    text: *mut *mut tenlock_text,
    words: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (text, words) = unsafe {
            (
                OutHandle::<tenlock_text>::at(text)?,
                OutHandle::<tenlock_text>::at(words)?,
            )
        };
        let key = RecoveryKey::generate()?;
        let (as_text, as_words) = (
            Text::new(key.to_text()?.expose())?,
            Text::new(key.to_words()?.expose())?,
        );
        text.put(as_text);
        words.put(as_words);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Makes a private key and the public key that belongs to it, as texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_private_key_generate(
    error: *mut tenlock_error,
    private_key: *mut *mut tenlock_text,
    public_key: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (private, public) = unsafe {
            (
                OutHandle::<tenlock_text>::at(private_key)?,
                OutHandle::<tenlock_text>::at(public_key)?,
            )
        };
        let key = PrivateKey::generate()?;
        let texts = (
            Text::new(key.to_text()?.expose())?,
            Text::new(key.public_key().to_string().as_bytes())?,
        );
        private.put(texts.0);
        public.put(texts.1);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Finds a cost that takes about so many milliseconds on this machine, with no more memory than the smallest
/// machine has that is to open the volume; never less than 64 MiB and 3 passes. Takes about as long itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_calibrate(
    milliseconds: u32,
    max_memory_kib: u32,
    error: *mut tenlock_error,
    cost: *mut tenlock_cost,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let cost = unsafe { Out::at(cost) }?;
        let found = calibrate(Duration::from_millis(milliseconds.into()), max_memory_kib)?;
        cost.put(tenlock_cost {
            memory_kib: found.memory_kib(),
            passes: found.passes(),
            lanes: found.lanes(),
        });
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Estimates the strength of a passphrase in bits, as the rules of a policy do, but without a label.
/// TENLOCK_ERROR_UNSUPPORTED if the library was built without the feature `strength`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_passphrase_strength(
    passphrase: *const c_void,
    length: usize,
    error: *mut tenlock_error,
    bits: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (bits, bytes) = unsafe { (Out::at(bits)?, memory::bytes(passphrase, length)?) };
        let passphrase = Passphrase::from_utf8(bytes).map_err(Error::from)?;
        bits.put(strength(&passphrase)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

#[cfg(feature = "strength")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature is that without the feature"
)]
fn strength(passphrase: &Passphrase) -> Result<u32, tenlock_code> {
    Ok(crate::volume::strength_bits(passphrase, &[]).into())
}

#[cfg(not(feature = "strength"))]
fn strength(_: &Passphrase) -> Result<u32, tenlock_code> {
    Err(tenlock_code::TENLOCK_ERROR_UNSUPPORTED)
}
