//! External factors of the caller's: a guard server, a token, a smart card.

use std::ffi::{c_char, c_void};

use super::callback::Context;
use super::code::tenlock_code::{self, *};
use super::fault::Fault;
use super::memory::{self, Versioned};
use crate::crypto::{CryptoError, Secret};
use crate::volume::{ExternalError, ExternalFactor, ExternalRequest};

/// Room for the secret of an external factor, in bytes.
pub const TENLOCK_EXTERNAL_SECRET_SIZE: usize = 1024;

/// What an external factor is asked. Valid during the callback.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_external_request {
    /// Size of this struct.
    pub size: usize,
    /// The parameters that the slot keeps. On a locked volume they are a stranger's bytes.
    pub parameters: *const c_void,
    /// How many bytes they are.
    pub parameters_size: usize,
    /// Which volume.
    pub volume_id: [u8; 16],
    /// Bound to the slot; the secret depends on it.
    pub challenge: [u8; 32],
}

/// A factor that the caller answers for.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_external_callbacks {
    /// Size of this struct.
    pub size: usize,
    /// Passed to each callback. Must stay valid until `release` is called.
    pub context: *mut c_void,
    /// Name of the provider, 1 to 64 bytes, by convention a reversed domain name. Slots ask for it. Copied.
    pub provider: *const c_char,
    /// Required. Writes the secret for the request to `secret`, 16 bytes at least and
    /// TENLOCK_EXTERNAL_SECRET_SIZE at most, and how many to `length`; the same bytes for the same request.
    /// Returns 0; TENLOCK_ERROR_CANCELLED, TENLOCK_ERROR_EXTERNAL_TIMED_OUT; any other number if it failed. The
    /// attempt is charged when it is called, and taken back if it fails. The library wipes `secret`.
    pub respond: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            request: *const tenlock_external_request,
            secret: *mut u8,
            length: *mut usize,
        ) -> i32,
    >,
    /// Called once, when the credential is freed. Not called if the function that took the table fails.
    /// NULL: not told.
    pub release: Option<unsafe extern "C-unwind" fn(context: *mut c_void)>,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_external_request {}
// SAFETY: as above.
unsafe impl Versioned for tenlock_external_callbacks {}

type Respond = unsafe extern "C-unwind" fn(
    *mut c_void,
    *const tenlock_external_request,
    *mut u8,
    *mut usize,
) -> i32;

/// A table of callbacks as an external factor.
pub(super) struct CallbackFactor {
    provider: String,
    respond: Respond,
    context: Context,
}

impl CallbackFactor {
    /// # Safety
    /// The provider's name in the table is NULL or ends with a zero byte.
    pub(super) unsafe fn new(table: &tenlock_external_callbacks) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        let provider = unsafe { memory::some_text(table.provider) }?.to_owned();
        let respond = table.respond.ok_or(TENLOCK_ERROR_NULL_POINTER)?;
        // Last, for its drop gives the context back.
        let context = Context::new(table.context, table.release);
        Ok(Self {
            provider,
            respond,
            context,
        })
    }
}

impl ExternalFactor for CallbackFactor {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn respond(&self, request: &ExternalRequest<'_>) -> Result<Secret, ExternalError> {
        let mut secret = Secret::zeroed(TENLOCK_EXTERNAL_SECRET_SIZE).map_err(failed)?;
        let request = tenlock_external_request {
            size: size_of::<tenlock_external_request>(),
            parameters: request.params.as_ptr().cast(),
            parameters_size: request.params.len(),
            volume_id: *request.volume.as_bytes(),
            challenge: request.challenge,
        };
        let mut length = 0;
        let to = secret.expose_mut().as_mut_ptr();
        // SAFETY: the caller's function with his context; the other pointers are ours.
        let number = unsafe {
            (self.respond)(
                self.context.pointer(),
                &raw const request,
                to,
                &raw mut length,
            )
        };
        match tenlock_code::of(number) {
            Some(TENLOCK_OK) => {}
            Some(TENLOCK_ERROR_CANCELLED) => return Err(ExternalError::Cancelled),
            Some(TENLOCK_ERROR_EXTERNAL_TIMED_OUT) => return Err(ExternalError::TimedOut),
            _ => {
                return Err(ExternalError::Failed(format!(
                    "the program returned {number}"
                )));
            }
        }
        let given = secret.expose().get(..length).ok_or_else(|| {
            ExternalError::Failed("the program gave more bytes than there is room for".to_owned())
        })?;
        Secret::copy_of(given).map_err(failed)
    }
}

fn failed(error: CryptoError) -> ExternalError {
    ExternalError::Failed(error.to_string())
}
