//! Factors that are answered for outside this library: a guard server, a FIDO2 token, a smart card.
//!
//! The slot keeps parameters for the provider. To open it, the provider gets them and a challenge, and
//! returns secret bytes, the same ones each time for the same parameters and challenge. The
//! challenge is fresh whenever the slot is wrapped anew, so that the answer to an old one opens
//! nothing.

use crate::crypto::Secret;
use crate::format::VolumeId;

/// A provider of secrets.
///
/// ```
/// use tenlock::crypto::{Secret, hmac_sha256};
/// use tenlock::volume::{Credential, ExternalError, ExternalFactor, ExternalRequest};
///
/// /// A token that answers with an HMAC under a key that never leaves it.
/// struct Token(Secret);
///
/// impl ExternalFactor for Token {
///     fn provider(&self) -> &str {
///         "com.example.token"
///     }
///
///     fn respond(&self, request: &ExternalRequest<'_>) -> Result<Secret, ExternalError> {
///         let answer = hmac_sha256(&self.0, &[&request.challenge]);
///         Secret::copy_of(&answer).map_err(|error| ExternalError::Failed(error.to_string()))
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token = Token(Secret::random(32)?);
/// // For a new slot, with what the provider needs to find its key again; and to open it.
/// let to_grant = Credential::new_external(&token, b"key 7");
/// let to_open = Credential::external(&token);
/// # let _ = (to_grant, to_open);
/// # Ok(())
/// # }
/// ```
///
/// Asked after the attempt has been charged and before anything is compared. If it fails, the attempt
/// was not made and is taken back. When a slot is added or changed, it is asked while the
/// [`Volume`](super::Volume) holds its header: it must not call that volume, not even
/// [`info`](super::Volume::info), which would wait for ever.
pub trait ExternalFactor: Send + Sync {
    /// Name of the provider, 1 to 64 bytes; by convention a reversed domain name. Slots ask for it.
    fn provider(&self) -> &str;

    /// The secret for this request: 16 bytes at least, and as hard to guess as a key. The same
    /// request always gives the same bytes.
    ///
    /// How long it may take is the provider's decision.
    fn respond(&self, request: &ExternalRequest<'_>) -> Result<Secret, ExternalError>;
}

/// What a provider is asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ExternalRequest<'a> {
    /// Which volume.
    pub volume: VolumeId,
    /// The parameters that the slot keeps. On a locked volume they are a stranger's bytes.
    pub params: &'a [u8],
    /// 32 bytes that are bound to the slot, SHA-256 of its prefix.
    pub challenge: [u8; 32],
}

/// Why a provider gave no secret. No attempt was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalError {
    /// Somebody broke it off.
    #[error("the external factor was cancelled: try again")]
    Cancelled,
    /// It did not answer in time.
    #[error("the external factor did not answer in time: check that it is connected and try again")]
    TimedOut,
    /// It refused, or is not there.
    #[error("the external factor failed: {0}")]
    Failed(String),
    /// The secret has fewer than 16 bytes.
    #[error("the external factor gave fewer than 16 bytes: use another provider")]
    TooShort,
}

/// Bytes of a provider's secret at least.
pub(super) const MIN_SECRET_LEN: usize = 16;
