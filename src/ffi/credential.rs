//! Credentials: one handle for all kinds, built part by part.

use std::ffi::{c_char, c_void};
use std::fs::File;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::external::{CallbackFactor, tenlock_external_callbacks};
use super::fault::{Fault, tenlock_error};
use super::memory::{self, OutHandle};
use super::table::{self, Handle, exclusive};
use crate::crypto::{KeyFile, Passphrase, PrivateKey, RecipientPublicKey, RecoveryKey};
use crate::volume::{Credential, Error};

/// What opens a slot, or is to open a new one: one to four parts that are presented together. Empty at
/// first; each `tenlock_credential_add_*` adds a part and copies what it is given. It can be used any number
/// of times, by several threads at once, but not while a part is added. Wiped when it is freed.
pub struct tenlock_credential {
    _private: [u8; 0],
}

impl Handle for tenlock_credential {
    type Content = Parts;
}

/// The parts of a credential.
#[derive(Default)]
pub(super) struct Parts(Vec<Part>);

enum Part {
    Passphrase(Passphrase),
    KeyFile(KeyFile),
    RecoveryKey(RecoveryKey),
    PrivateKey(PrivateKey),
    PublicKey(RecipientPublicKey),
    External(CallbackFactor, Option<Vec<u8>>),
}

impl Parts {
    /// The parts as the library takes them.
    pub(super) fn credential(&self) -> Result<Credential<'_>, Fault> {
        let mut parts = self.0.iter().map(Part::credential);
        let first = parts.next();
        let empty = || {
            Fault::new(
                TENLOCK_ERROR_CREDENTIAL,
                "the credential is empty: add a part",
            )
        };
        Ok(parts.fold(first.ok_or_else(empty)?, Credential::and))
    }
}

impl Part {
    fn credential(&self) -> Credential<'_> {
        match self {
            Self::Passphrase(passphrase) => passphrase.into(),
            Self::KeyFile(file) => file.into(),
            Self::RecoveryKey(key) => key.into(),
            Self::PrivateKey(key) => key.into(),
            Self::PublicKey(key) => (*key).into(),
            Self::External(factor, None) => Credential::external(factor),
            Self::External(factor, Some(params)) => Credential::new_external(factor, params),
        }
    }
}

/// A credential without parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_new(
    error: *mut tenlock_error,
    credential: *mut *mut tenlock_credential,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        unsafe { OutHandle::<tenlock_credential>::at(credential) }?.put(Parts::default());
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds a passphrase: `length` bytes of UTF-8, without a zero byte at the end. It is normalised (NFC) and
/// copied to locked memory; wipe your own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_passphrase(
    credential: *mut tenlock_credential,
    passphrase: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let bytes = unsafe { memory::bytes(passphrase, length) }?;
        let passphrase = Passphrase::from_utf8(bytes).map_err(Error::from)?;
        add(credential, Part::Passphrase(passphrase))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds the file at `path` as a key file: its whole content counts, and a digest of it is kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_key_file(
    credential: *mut tenlock_credential,
    path: *const c_char,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let path = unsafe { memory::path(path) }?;
        let file = KeyFile::from_reader(File::open(path)?)?;
        add(credential, Part::KeyFile(file))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds what would be the content of a key file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_key_file_content(
    credential: *mut tenlock_credential,
    content: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let content = unsafe { memory::bytes(content, length) }?;
        add(credential, Part::KeyFile(KeyFile::from_reader(content)?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds a recovery key as text or words; a typing error is found here and costs no attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_recovery_key(
    credential: *mut tenlock_credential,
    text: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let key = RecoveryKey::parse(unsafe { utf8(text, length) }?)?;
        add(credential, Part::RecoveryKey(key))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds a private key as text, which starts with "TENLOCK-SECRET-KEY-1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_private_key(
    credential: *mut tenlock_credential,
    text: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let key = PrivateKey::from_text(unsafe { utf8(text, length) }?)?;
        add(credential, Part::PrivateKey(key))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds a public key as text, which starts with "tenlock1": a new slot can be given to it. It opens none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_public_key(
    credential: *mut tenlock_credential,
    text: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { utf8(text, length) }?;
        add(credential, Part::PublicKey(text.trim().parse()?))
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Adds a factor that the caller answers for. `parameters` are for a new slot, which keeps them for the
/// provider; NULL and 0 to open one. The table is copied; see there for its context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_add_external(
    credential: *mut tenlock_credential,
    callbacks: *const tenlock_external_callbacks,
    parameters: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (table, bytes) =
            unsafe { (memory::read(callbacks)?, memory::bytes(parameters, length)?) };
        let parameters = (!parameters.is_null()).then(|| bytes.to_vec());
        let mut parts = exclusive(credential)?;
        let parts = parts.content()?;
        // SAFETY: the caller's table, as the contract of the module says. Last, for from now on its
        // context is given back.
        let factor = unsafe { CallbackFactor::new(&table) }?;
        parts.0.push(Part::External(factor, parameters));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Wipes the credential and frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_credential_free(
    credential: *mut tenlock_credential,
) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(credential)) }
}

fn add(credential: *mut tenlock_credential, part: Part) -> Result<(), Fault> {
    exclusive(credential)?.content()?.0.push(part);
    Ok(())
}

/// # Safety
/// As [`memory::bytes`].
pub(super) unsafe fn utf8<'a>(text: *const c_void, length: usize) -> Result<&'a str, Fault> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { memory::bytes(text, length) }?;
    str::from_utf8(bytes).map_err(|_| TENLOCK_ERROR_NOT_UTF8.into())
}
