//! The one error type of the constructions.

/// Why a cryptographic operation was not carried out. Never holds secret bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The operating system gave no memory for a secret or for Argon2id.
    #[error("not enough memory for a key or its derivation")]
    OutOfMemory,
    /// The caller broke off a key derivation.
    #[error("the key derivation was cancelled")]
    Cancelled,
    /// The operating system's random generator failed. Nothing may be encrypted.
    #[error("the random generator of the operating system failed")]
    Random,
    /// A key, plaintext or requested output has a length that the construction does not take.
    #[error("a key or its output has a length that the algorithm does not take")]
    Length,
    /// The two halves of an XTS key are equal, which voids its security proof
    /// (IEEE 1619-2018; FIPS 140 Implementation Guidance C.I).
    #[error("the two halves of an XTS key are equal")]
    EqualXtsKeys,
    /// No private key belongs to a public key, or its bytes are not the canonical ones. Nobody could
    /// decrypt what is encrypted to it.
    #[error("the public key to encrypt to is not valid: ask its owner for the right one")]
    PublicKey,
    /// The machine lacks the instructions of the [`Kernel`](super::Kernel) that was asked for.
    #[error("the processor does not support the kernel asked for")]
    KernelUnavailable,
}
