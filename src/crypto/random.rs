//! Random bytes.

use super::CryptoError;

/// Fills `bytes` from the operating system's generator (`getrandom`, `ProcessPrng`, `getentropy`).
///
/// There is no generator of our own in between: nothing to seed, to fork or to leak.
/// On [`CryptoError::Random`] the content of `bytes` is unspecified and must not be used.
pub fn fill(bytes: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(bytes).map_err(|_| CryptoError::Random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        fill(&mut a).unwrap();
        fill(&mut b).unwrap();
        assert_ne!(a, b);
    }
}
