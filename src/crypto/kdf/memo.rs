//! Remembers derived keys. Compiled for tests and fuzzing only: those that stop at each
//! write of an unlock derive the same key thousands of times.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::{Argon2Cost, Options};
use crate::crypto::pages::Pages;
use crate::crypto::{CryptoError, Secret, sha256};

/// How many derivations this thread has asked for, remembered ones included.
pub(crate) fn derivations() -> u64 {
    DERIVATIONS.get()
}

/// As [`super::derive_in`], each distinct input once per process, unless its progress is watched.
pub(super) fn derive(
    memory: &mut Pages,
    passphrase: &[u8],
    salt: &[u8; 32],
    cost: Argon2Cost,
    options: &Options<'_>,
) -> Result<Secret, CryptoError> {
    DERIVATIONS.set(DERIVATIONS.get() + 1);
    if options.progress.is_some() {
        return super::derive_in(memory, passphrase, salt, cost, options);
    }
    let key = (sha256(&[salt, passphrase]), cost);
    if let Some(remembered) = known().get(&key) {
        return Secret::copy_of(remembered);
    }
    // Not locked meanwhile: other threads derive other keys.
    let derived = super::derive_in(memory, passphrase, salt, cost, options)?;
    known().insert(key, *derived.expose_array()?);
    Ok(derived)
}

type Known = HashMap<([u8; 32], Argon2Cost), [u8; 32]>;

fn known() -> MutexGuard<'static, Known> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static DERIVATIONS: Cell<u64> = const { Cell::new(0) };
}
