//! What the tests of several constructions need.

/// The bytes that `digits` spell; white space is skipped.
pub(super) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    assert!(digits.len().is_multiple_of(2));
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).unwrap();
    digits.chunks_exact(2).map(byte).collect()
}
