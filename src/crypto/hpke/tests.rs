//! Published answers, and what must not open.

use ::hpke::aead::Aead;
use ::hpke::kdf::Kdf;

use super::super::testing::hex;
use super::*;
use crate::crypto::hkdf_expand_sha256;

/// From `test-vectors.json` beside RFC 9180 (cfrg/draft-irtf-cfrg-hpke): mode 0, our suite, first
/// encryption.
mod vector {
    pub(super) const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    pub(super) const IKM_E: &str =
        "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9";
    pub(super) const SK_RM: &str =
        "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d";
    pub(super) const PK_RM: &str =
        "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c";
    pub(super) const ENC: &str = "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256";
    pub(super) const AAD: &[u8] = b"Count-0";
    pub(super) const PT: &[u8] = b"Beauty is truth, truth beauty";
    pub(super) const CT: &str = "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a";
    /// Context and exported value.
    pub(super) const EXPORTS: [(&[u8], &str); 3] = [
        (
            b"",
            "ded6cffafaea6b812cbf3e241e88332adbc077aca81512914213810ee291770a",
        ),
        (
            b"\0",
            "04d3cb6cc116b28ffd22ad5bc276c60d31fec71ceb87ae24db811c64b7507339",
        ),
        (
            b"TestContext",
            "7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0886aac94d2",
        ),
    ];
}

fn array(digits: &str) -> [u8; 32] {
    hex(digits).try_into().unwrap()
}

fn secret(digits: &str) -> Secret {
    Secret::copy_of(&hex(digits)).unwrap()
}

fn recipient() -> PrivateKey {
    PrivateKey::from_secret(secret(vector::SK_RM)).unwrap()
}

/// `None` if the ciphertext of the vector, changed so, does not open.
fn open(encapsulated: &[u8; 32], info: &[u8], aad: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    hpke_open(&recipient(), encapsulated, info, aad, ciphertext).unwrap()
}

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..8 * bytes.len()).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[test]
fn suite_is_the_one_that_is_named() {
    let ids = [
        X25519HkdfSha256::KEM_ID,
        HkdfSha256::KDF_ID,
        AesGcm256::AEAD_ID,
    ];
    assert_eq!(HPKE_SUITE, ids);
}

#[test]
fn public_key_is_that_of_the_rfc() {
    assert_eq!(recipient().public_key().0, array(vector::PK_RM));
}

#[test]
fn message_of_the_rfc_opens() {
    let opened = open(
        &array(vector::ENC),
        &hex(vector::INFO),
        vector::AAD,
        &hex(vector::CT),
    );
    assert_eq!(opened.unwrap(), vector::PT);
}

#[test]
fn exported_secrets_are_those_of_the_rfc() {
    for (context, expected) in vector::EXPORTS {
        let exported = hpke_export_from(
            &recipient(),
            &array(vector::ENC),
            &hex(vector::INFO),
            context,
        );
        assert!(exported.unwrap().unwrap().ct_eq(&hex(expected)));
    }
}

#[test]
fn sealing_with_the_entropy_of_the_rfc_gives_its_message() {
    let sealed = seal_with(
        &RecipientPublicKey(array(vector::PK_RM)),
        &hex(vector::INFO),
        vector::AAD,
        vector::PT,
        &secret(vector::IKM_E),
    )
    .unwrap();
    assert_eq!(sealed.encapsulated, array(vector::ENC));
    assert_eq!(sealed.ciphertext, hex(vector::CT));
    assert_eq!(sealed.ciphertext.len(), vector::PT.len() + HPKE_TAG_LEN);
}

#[test]
fn each_changed_bit_is_refused() {
    let (enc, info, ct) = (array(vector::ENC), hex(vector::INFO), hex(vector::CT));
    for enc in flipped(&enc) {
        assert_eq!(
            open(&enc.try_into().unwrap(), &info, vector::AAD, &ct),
            None
        );
    }
    for ct in flipped(&ct) {
        assert_eq!(open(&enc, &info, vector::AAD, &ct), None);
    }
    for info in flipped(&info) {
        assert_eq!(open(&enc, &info, vector::AAD, &ct), None);
    }
    for aad in flipped(vector::AAD) {
        assert_eq!(open(&enc, &info, &aad, &ct), None);
    }
}

#[test]
fn shortened_or_lengthened_message_is_refused() {
    let (enc, info, ct) = (array(vector::ENC), hex(vector::INFO), hex(vector::CT));
    for len in 0..ct.len() {
        assert_eq!(open(&enc, &info, vector::AAD, &ct[..len]), None);
    }
    let longer = [&ct[..], &[0]].concat();
    assert_eq!(open(&enc, &info, vector::AAD, &longer), None);
}

#[test]
fn other_key_does_not_open() {
    let other = PrivateKey::generate().unwrap();
    let (enc, info, ct) = (array(vector::ENC), hex(vector::INFO), hex(vector::CT));
    let opened = hpke_open(&other, &enc, &info, vector::AAD, &ct).unwrap();
    assert_eq!(opened, None);
}

#[test]
fn sealed_message_of_any_length_opens() {
    let key = PrivateKey::generate().unwrap();
    for len in [0, 1, 15, 16, 17, 100_000] {
        let plaintext = vec![7; len];
        let sealed = hpke_seal(&key.public_key(), b"info", b"aad", &plaintext).unwrap();
        let opened = hpke_open(
            &key,
            &sealed.encapsulated,
            b"info",
            b"aad",
            &sealed.ciphertext,
        );
        assert_eq!(opened.unwrap().unwrap(), plaintext);
    }
}

#[test]
fn each_encapsulation_is_fresh() {
    let to = recipient().public_key();
    let seal = || hpke_seal(&to, b"", b"", b"same").unwrap();
    let (a, b) = (seal(), seal());
    assert_ne!(a.encapsulated, b.encapsulated);
    assert_ne!(a.ciphertext, b.ciphertext);
    let export = || hpke_export_to(&to, b"", b"").unwrap();
    let (a, b) = (export(), export());
    assert_ne!(a.0, b.0);
    assert!(!a.1.ct_eq(b.1.expose()));
}

#[test]
fn both_sides_agree_on_a_secret_only_with_the_same_key_info_and_context() {
    let key = PrivateKey::generate().unwrap();
    let (enc, sent) = hpke_export_to(&key.public_key(), b"info", b"context").unwrap();
    let agrees = |key: &PrivateKey, info: &[u8], context: &[u8]| {
        let received = hpke_export_from(key, &enc, info, context).unwrap().unwrap();
        sent.ct_eq(received.expose())
    };
    assert_eq!(sent.len(), 32);
    assert!(agrees(&key, b"info", b"context"));
    assert!(!agrees(&key, b"Info", b"context"));
    assert!(!agrees(&key, b"info", b"Context"));
    assert!(!agrees(
        &PrivateKey::generate().unwrap(),
        b"info",
        b"context"
    ));
}

/// The points of small order, whose product with any key is zero (Bernstein 2006, "Curve25519",
/// section 3 and the list on its web page), in canonical form.
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

#[test]
fn points_of_small_order_are_refused_on_both_sides() {
    for point in SMALL_ORDER {
        let to = RecipientPublicKey(array(point));
        assert!(to.is_canonical());
        assert_eq!(
            hpke_seal(&to, b"", b"", b"").unwrap_err(),
            CryptoError::PublicKey
        );
        assert_eq!(
            hpke_export_to(&to, b"", b"").unwrap_err(),
            CryptoError::PublicKey
        );
        let enc = array(point);
        assert_eq!(open(&enc, b"", b"", &[0; 16]), None);
        let exported = hpke_export_from(&recipient(), &enc, b"", b"").unwrap();
        assert!(exported.is_none());
    }
}

#[test]
fn nothing_is_encrypted_to_another_form_of_a_key() {
    let refused = |key: [u8; 32]| {
        let error = hpke_seal(&RecipientPublicKey(key), b"", b"", b"").map(|_| ());
        error == Err(CryptoError::PublicKey)
    };
    let mut high_bit = array(vector::PK_RM);
    high_bit[31] |= 0x80;
    assert!(refused(high_bit));
    // 9, the base point, plus 2^255 - 19.
    let mut base_point = [0xff; 32];
    (base_point[0], base_point[31]) = (0xf6, 0x7f);
    assert!(refused(base_point));
    assert!(!refused(array(
        "0900000000000000000000000000000000000000000000000000000000000000"
    )));
    // The greatest canonical ones that are no points of small order.
    for (low, second, high) in [(0xeb, 0xff, 0x7f), (0xf6, 0xfe, 0x7f), (0xf6, 0xff, 0x7e)] {
        let mut key = [0xff; 32];
        (key[0], key[1], key[31]) = (low, second, high);
        assert!(!refused(key), "{low:x} {second:x} {high:x}");
    }
}

#[test]
fn too_little_entropy_is_an_error() {
    let to = recipient().public_key();
    let short = Secret::random(31).unwrap();
    assert_eq!(
        seal_with(&to, b"", b"", b"", &short).unwrap_err(),
        CryptoError::Random
    );
}

#[test]
fn derived_key_depends_on_seed_and_info() {
    let seed = secret(vector::IKM_E);
    let derive = |seed, info| PrivateKey::derive(seed, info).unwrap().public_key();
    let expected = hkdf_expand_sha256(&seed, &[b"log"], 32).unwrap();
    let expected = PrivateKey::from_secret(expected).unwrap().public_key();
    assert_eq!(derive(&seed, b"log"), expected);
    assert_ne!(derive(&seed, b"other"), expected);
    assert_ne!(derive(&secret(vector::SK_RM), b"log"), expected);
    let short = Secret::zeroed(31).unwrap();
    assert_eq!(
        PrivateKey::derive(&short, b"").unwrap_err(),
        CryptoError::Length
    );
}

#[test]
fn private_key_of_another_length_is_an_error() {
    for len in [0, 31, 33] {
        let secret = Secret::zeroed(len).unwrap();
        assert_eq!(
            PrivateKey::from_secret(secret).unwrap_err(),
            CryptoError::Length
        );
    }
}

#[test]
fn debug_shows_the_public_key_only() {
    let shown = format!("{:?}", recipient());
    assert!(shown.contains("secret: Secret(..)"), "{shown}");
}
