//! What several integration tests share.

use tenlock::crypto::{Argon2Cost, Passphrase};
use tenlock::volume::CreateOptions;

/// The passphrase of the volumes that one person uses.
#[allow(dead_code, reason = "some volumes have several people")]
pub(crate) const RIGHT: &str = "right horse battery staple";
/// Another one.
#[allow(dead_code, reason = "not every test guesses")]
pub(crate) const WRONG: &str = "wrong horse battery staple";

pub(crate) fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// A volume with the cheapest attempt that the format admits, and `payload_length` bytes of payload.
pub(crate) fn options(payload_length: u64) -> CreateOptions {
    let mut options = CreateOptions::default();
    options.payload_length = Some(payload_length);
    options.cost = Argon2Cost::new(19_456, 2, 1).unwrap();
    options
}
