//! Hash, MAC, key derivation from keys, and comparison.

use hkdf::Hkdf;
use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{CryptoError, Secret};

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`. For public data.
///
/// Nothing separates the parts: where more than one has a variable length, the caller encodes lengths.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA-256 (RFC 2104) of the concatenation of `parts`, which are not separated, as in [`sha256`].
///
/// The result is for the public; compare it with [`ct_eq`].
#[must_use]
pub fn hmac_sha256(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = new_hmac(key.expose());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869), extract and expand, with `info` concatenated unseparated.
///
/// `out_len` is at most 255 * 32 bytes, else [`CryptoError::Length`].
pub fn hkdf_sha256(
    salt: &[u8],
    ikm: &Secret,
    info: &[&[u8]],
    out_len: usize,
) -> Result<Secret, CryptoError> {
    expand(&Hkdf::new(Some(salt), ikm.expose()), info, out_len)
}

/// HKDF-Extract alone (RFC 5869 section 2.2): HMAC-SHA-256 with the public `salt` as its key, of the
/// concatenation of the secret `ikm`, which is not separated, as in [`sha256`]. 32 bytes.
pub fn hkdf_extract_sha256(salt: &[u8], ikm: &[&[u8]]) -> Result<Secret, CryptoError> {
    let mut mac = new_hmac(salt);
    for part in ikm {
        mac.update(part);
    }
    let mut prk = Secret::zeroed(32)?;
    mac.finalize_into(prk.expose_array_mut::<32>()?.into());
    Ok(prk)
}

/// HKDF-Expand alone (RFC 5869 section 2.3), for a `prk` that is a uniformly random key already.
///
/// [`CryptoError::Length`] if `prk` is shorter than 32 bytes or `out_len` above 255 * 32 bytes.
pub fn hkdf_expand_sha256(
    prk: &Secret,
    info: &[&[u8]],
    out_len: usize,
) -> Result<Secret, CryptoError> {
    let hkdf = Hkdf::from_prk(prk.expose()).map_err(|_| CryptoError::Length)?;
    expand(&hkdf, info, out_len)
}

/// Compares in time that depends on the lengths only; different lengths are unequal.
#[must_use]
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn expand(hkdf: &Hkdf<Sha256>, info: &[&[u8]], out_len: usize) -> Result<Secret, CryptoError> {
    let mut out = Secret::zeroed(out_len)?;
    hkdf.expand_multi_info(info, out.expose_mut())
        .map_err(|_| CryptoError::Length)?;
    Ok(out)
}

fn new_hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::super::testing::hex;
    use super::*;

    fn secret(hex_bytes: &str) -> Secret {
        Secret::copy_of(&hex(hex_bytes)).unwrap()
    }

    #[test]
    fn sha256_gives_the_known_answer_however_the_input_is_cut() {
        // FIPS 180-4 example "abc".
        let expected = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256(&[b"abc"])[..], expected);
        assert_eq!(sha256(&[b"a", b"", b"bc"])[..], expected);
    }

    #[test]
    fn hmac_gives_the_answers_of_rfc_4231() {
        // Test case 2, and 6 with a key longer than a block.
        let mac = hmac_sha256(&secret("4a656665"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            mac[..],
            hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        let mac = hmac_sha256(
            &Secret::copy_of(&[0xaa; 131]).unwrap(),
            &[b"Test Using Larger Than Block-Size Key - Hash Key First"],
        );
        assert_eq!(
            mac[..],
            hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        );
    }

    #[test]
    fn hkdf_gives_the_answers_of_rfc_5869() {
        // Test case 1, its info in two parts.
        let okm = hkdf_sha256(
            &hex("000102030405060708090a0b0c"),
            &secret(&"0b".repeat(22)),
            &[&hex("f0f1f2f3"), &hex("f4f5f6f7f8f9")],
            42,
        );
        let expected =
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert!(okm.unwrap().ct_eq(&hex(expected)));
        // Test case 2.
        let range = |from: u8, to: u8| (from..=to).collect::<Vec<_>>();
        let ikm = Secret::copy_of(&range(0, 0x4f)).unwrap();
        let okm = hkdf_sha256(&range(0x60, 0xaf), &ikm, &[&range(0xb0, 0xff)], 82);
        let expected = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c\
                        59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71\
                        cc30c58179ec3e87c14c01d5c1f3434f1d87";
        assert!(okm.unwrap().ct_eq(&hex(expected)));
        // Test case 3: no salt, no info.
        let okm = hkdf_sha256(b"", &secret(&"0b".repeat(22)), &[], 42);
        let expected =
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert!(okm.unwrap().ct_eq(&hex(expected)));
    }

    #[test]
    fn hkdf_extract_gives_the_answer_of_rfc_5869_however_the_input_is_cut() {
        // Test case 1.
        let expected = hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        let salt = hex("000102030405060708090a0b0c");
        let prk = hkdf_extract_sha256(&salt, &[&[0x0b; 22]]).unwrap();
        assert!(prk.ct_eq(&expected));
        let prk = hkdf_extract_sha256(&salt, &[&[0x0b; 20], b"", &[0x0b; 2]]).unwrap();
        assert!(prk.ct_eq(&expected));
    }

    #[test]
    fn hkdf_expand_gives_the_answer_of_rfc_5869() {
        // Test case 1 from its PRK.
        let prk = secret("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        let okm = hkdf_expand_sha256(&prk, &[&hex("f0f1f2f3f4f5f6f7f8f9")], 42);
        let expected =
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert!(okm.unwrap().ct_eq(&hex(expected)));
    }

    #[test]
    fn hkdf_refuses_lengths_outside_of_the_standard() {
        let ikm = secret("00");
        assert!(hkdf_sha256(b"", &ikm, &[], 255 * 32).is_ok());
        assert_eq!(
            hkdf_sha256(b"", &ikm, &[], 255 * 32 + 1).unwrap_err(),
            CryptoError::Length
        );
        let short = Secret::zeroed(31).unwrap();
        assert_eq!(
            hkdf_expand_sha256(&short, &[], 32).unwrap_err(),
            CryptoError::Length
        );
    }

    #[test]
    fn comparison_sees_each_byte_and_the_length() {
        let a = [7; 32];
        assert!(ct_eq(&a, &a));
        for at in 0..a.len() {
            let mut b = a;
            b[at] ^= 1;
            assert!(!ct_eq(&a, &b));
        }
        assert!(!ct_eq(&a, &a[..31]));
    }
}
