//! The payload cipher: XTS-AES-256 (IEEE 1619-2018, NIST SP 800-38E) on whole sectors.
//!
//! Bit for bit what Linux's dm-crypt writes as `aes-xts-plain64`: the tweak of a sector is the
//! index of the 512-byte unit at which it starts, as 128-bit little-endian number, for both sector
//! sizes. No ciphertext stealing, because sectors are whole blocks; no integrity, because XTS has none.

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64;
mod chain;
mod kernel;
mod portable;
mod run;
mod schedule;
mod stream;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

use std::fmt;

pub use self::kernel::Kernel;

use self::kernel::Hardware;
use self::portable::Portable;
use self::run::{Direction, Run};
use super::{CryptoError, Secret, ct_eq};

/// Size of a sector, the XTS data unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectorSize {
    /// 512 bytes.
    B512,
    /// 4096 bytes.
    B4096,
}

impl SectorSize {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::B512 => 512,
            Self::B4096 => 4096,
        }
    }

    /// The size in units of 512 bytes, in which tweaks count.
    const fn units(self) -> u64 {
        match self {
            Self::B512 => 1,
            Self::B4096 => 8,
        }
    }
}

/// XTS-AES-256 under one key. Round keys are wiped on drop.
///
/// All operations take a run of whole sectors, the first of which starts at the 512-byte unit
/// `first_unit` of the payload; long runs are faster than many short ones.
pub struct Xts {
    kernel: Kernel,
    cipher: Cipher,
}

enum Cipher {
    Hardware(Hardware),
    Portable(Portable),
}

impl Xts {
    /// From 64 bytes, data key then tweak key, on the fastest kernel that this machine supports.
    ///
    /// [`CryptoError::Length`] for another length, and [`CryptoError::EqualXtsKeys`], found out in
    /// constant time, if the two keys are equal; [`CryptoError::OutOfMemory`] without memory for
    /// the round keys.
    pub fn new(key: &Secret) -> Result<Self, CryptoError> {
        Self::with_kernel(key, Kernel::best())
    }

    /// As [`new`](Self::new), on a certain kernel: for tests and measurements.
    ///
    /// [`CryptoError::KernelUnavailable`] if this machine does not support it.
    pub fn with_kernel(key: &Secret, kernel: Kernel) -> Result<Self, CryptoError> {
        let key = key.expose_array::<64>()?;
        let ([data, tweak], _) = key.as_chunks::<32>() else {
            return Err(CryptoError::Length);
        };
        if ct_eq(data, tweak) {
            return Err(CryptoError::EqualXtsKeys);
        }
        let cipher = match kernel {
            Kernel::Portable => Cipher::Portable(Portable::new(data, tweak)),
            _ => Cipher::Hardware(Hardware::new(kernel, data, tweak)?),
        };
        Ok(Self { kernel, cipher })
    }

    /// The kernel in use.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Encrypts the sectors of `src` to `dst`.
    ///
    /// # Panics
    /// If `src` and `dst` differ in length, if that is no multiple of the sector size, or if the
    /// run goes beyond unit 2^64 - 1: a sector written under another's tweak would be lost. In a
    /// child process made by a bare `fork`, where the round keys may be lost, see
    /// [`Secret::expose`].
    pub fn encrypt(&self, size: SectorSize, first_unit: u64, src: &[u8], dst: &mut [u8]) {
        self.run(Direction::Encrypt, size, first_unit, Some(src), dst);
    }

    /// Encrypts the sectors of `data` in place.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn encrypt_in_place(&self, size: SectorSize, first_unit: u64, data: &mut [u8]) {
        self.run(Direction::Encrypt, size, first_unit, None, data);
    }

    /// Decrypts the sectors of `src` to `dst`.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn decrypt(&self, size: SectorSize, first_unit: u64, src: &[u8], dst: &mut [u8]) {
        self.run(Direction::Decrypt, size, first_unit, Some(src), dst);
    }

    /// Decrypts the sectors of `data` in place.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn decrypt_in_place(&self, size: SectorSize, first_unit: u64, data: &mut [u8]) {
        self.run(Direction::Decrypt, size, first_unit, None, data);
    }

    fn run(
        &self,
        direction: Direction,
        size: SectorSize,
        first_unit: u64,
        src: Option<&[u8]>,
        dst: &mut [u8],
    ) {
        let units = u128::try_from(dst.len() / 512).unwrap_or(u128::MAX);
        assert!(
            u128::from(first_unit) + units <= 1 << 64,
            "sectors beyond unit 2^64 - 1"
        );
        self.process(Run::new(direction, size, first_unit.into(), src, dst));
    }

    fn process(&self, run: Run<'_>) {
        match &self.cipher {
            Cipher::Hardware(cipher) => cipher.process(run),
            Cipher::Portable(cipher) => cipher.process(run),
        }
    }
}

impl fmt::Debug for Xts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xts")
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}
