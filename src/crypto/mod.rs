//! Cryptographic constructions. No IO but reading what the caller opened, and no knowledge of
//! format, storage or volume.
//!
//! | file | construction | source |
//! |---|---|---|
//! | `secret` | locked, wiped memory for every key and passphrase | – |
//! | `random` | the operating system's generator, nothing in between | – |
//! | `passphrase` | UTF-8 in Normalization Form C | Unicode Annex 15 |
//! | `kdf` | Argon2id version 0x13 | RFC 9106 |
//! | `hash` | SHA-256; HMAC; HKDF | FIPS 180-4; RFC 2104; RFC 5869 |
//! | `wrap` | AES-256-GCM-SIV under a committed key | RFC 8452 and the papers named there |
//! | `sign` | Ed25519, strict verification | RFC 8032 |
//! | `hpke` | HPKE base mode; its keys as bech32m | RFC 9180; BIP 350 |
//! | `key_file` | SHA-256 of a whole file, HMAC | FIPS 180-4; RFC 2104 |
//! | `recovery_key` | 128 bits as bech32m, in characters or words | BIP 350; words of BIP 39 |
//! | `xts` | XTS-AES-256 on whole sectors | IEEE 1619-2018, NIST SP 800-38E |
//!
//! # Where secrets live
//! Keys, passphrases and everything derived from them are [`Secret`]s: pages of their own that are
//! locked where the system permits it, left out of core dumps and forked children on Linux, and
//! wiped on drop. Three things are secret and are not `Secret`s: the AES round keys of the portable
//! [`Kernel`], on the heap and wiped on drop; the memory of a running Argon2id, which is wiped
//! but not locked because it exceeds what a process may lock; and during an HPKE operation the
//! private key and what is derived from it, on the stack and wiped on drop by the `hpke` crate. The
//! plaintext that [`hpke_open`] returns is the caller's to wipe.
//!
//! Not wiped: registers, stack frames of the ciphers, the hashes and Argon2id's compression
//! function (round keys while they are in use, HKDF and normalisation state), the hash key of
//! AES-GCM in HPKE, which is used once, and XTS tweaks. A memory image taken *while* the host works
//! with an open volume holds its keys in any case.
//!
//! # Constant time
//! No branch or address depends on a key, on derived key material or on the plaintext:
//! comparison ([`ct_eq`], [`Secret::ct_eq`]), the XTS arithmetic, Ed25519 signing, X25519, and AES
//! where the processor has instructions for it or by bit slicing otherwise.
//!
//! Not constant time: normalisation of a passphrase (depends on its characters), Argon2id from
//! the second half of its first pass on (by design, RFC 9106 section 3.4.1.3), keys and
//! recovery keys between bytes and text (tables, looked up once per key), signature
//! verification and hashing of public data. Lengths are always public.

mod error;
mod hash;
mod hpke;
mod kdf;
mod key_file;
mod pages;
mod passphrase;
mod random;
mod recovery_key;
mod secret;
mod sign;
#[cfg(test)]
mod testing;
mod wrap;
mod xts;

pub use error::CryptoError;
pub use hash::{ct_eq, hkdf_expand_sha256, hkdf_extract_sha256, hkdf_sha256, hmac_sha256, sha256};
pub use hpke::{
    HPKE_SUITE, HPKE_TAG_LEN, KeyTextError, PrivateKey, RecipientPublicKey, Sealed,
    hpke_export_from, hpke_export_to, hpke_open, hpke_seal,
};
pub use kdf::{
    Argon2Cost, CostError, Options as Argon2Options, Progress as Argon2Progress,
    Threads as Argon2Threads, WorkMemory, argon2id, argon2id_in, argon2id_with, calibrate,
};
pub use key_file::{KeyFile, KeyFileError};
pub use passphrase::{MAX_PASSPHRASE_LEN, Passphrase, PassphraseError};
pub use random::fill as fill_random;
pub use recovery_key::{RecoveryKey, RecoveryKeyError};
pub use secret::Secret;
pub use sign::{PublicKey, SigningKey};
pub use wrap::{WRAPPED_LEN, Wrapped, unwrap, wrap};
pub use xts::{Kernel, SectorSize, Xts};

#[cfg(any(test, fuzzing))]
#[allow(unused_imports)] // For the tests of the attempt counter.
pub(crate) use kdf::derivations;
