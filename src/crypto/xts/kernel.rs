//! The choice of kernel, and the kernels that need instructions of the processor.
#![allow(unsafe_code)] // Calls functions that need instructions which not all processors have.

use super::super::CryptoError;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use super::aarch64 as arch;
use super::run::Run;
use super::schedule::{Expand, Keys, Schedule};
#[cfg(target_arch = "x86_64")]
use super::x86 as arch;

/// An implementation of [`Xts`](super::Xts). All give the same result, and none has a branch or
/// address that depends on the key or the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kernel {
    /// x86-64 with VAES, VPCLMULQDQ and AVX-512: four blocks in a register.
    Vaes512,
    /// x86-64 with VAES, VPCLMULQDQ and AVX2: two blocks in a register.
    Vaes256,
    /// x86-64 with AES-NI and PCLMULQDQ.
    AesNi,
    /// 64-bit Arm with the AES extension.
    AArch64,
    /// Any processor, by the `aes` crate, which uses AES instructions where it knows them and
    /// bit slicing elsewhere.
    Portable,
}

impl Kernel {
    const FASTEST_FIRST: [Self; 5] = [
        Self::Vaes512,
        Self::Vaes256,
        Self::AesNi,
        Self::AArch64,
        Self::Portable,
    ];

    /// The kernels that this machine supports, fastest first; [`Portable`](Self::Portable) is
    /// always among them.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::FASTEST_FIRST
            .into_iter()
            .filter(|kernel| kernel.is_available())
    }

    /// The fastest kernel that this machine supports.
    #[must_use]
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::Portable)
    }

    /// Whether this machine, processor and operating system, supports the kernel.
    #[must_use]
    pub fn is_available(self) -> bool {
        self == Self::Portable || arch::functions(self).is_some()
    }
}

/// The functions of a kernel. Exists only where the processor has the instructions that they need.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    pub(super) expand: Expand,
    pub(super) process: Process,
}

/// Encrypts or decrypts a run.
pub(super) type Process = unsafe fn(keys: &Keys<'_>, run: Run<'_>);

/// A kernel other than the portable one, under one key.
pub(super) struct Hardware {
    functions: Functions,
    schedule: Schedule,
}

impl Hardware {
    /// [`CryptoError::KernelUnavailable`] if the machine does not support the kernel.
    pub(super) fn new(
        kernel: Kernel,
        data: &[u8; 32],
        tweak: &[u8; 32],
    ) -> Result<Self, CryptoError> {
        let functions = arch::functions(kernel).ok_or(CryptoError::KernelUnavailable)?;
        // SAFETY: that there are functions shows that the processor has their instructions.
        let schedule = unsafe { Schedule::new(data, tweak, functions.expand)? };
        Ok(Self {
            functions,
            schedule,
        })
    }

    /// Encrypts or decrypts a run.
    pub(super) fn process(&self, run: Run<'_>) {
        // SAFETY: as in `new`.
        unsafe { (self.functions.process)(&self.schedule.keys(), run) }
    }
}

/// For processors without a kernel of their own.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
)))]
mod arch {
    pub(super) fn functions(_: super::Kernel) -> Option<super::Functions> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    #[test]
    fn key_expansion_is_that_of_fips_197() {
        // Appendix A.3: the key, and the first and the last words made from it.
        let key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let key: &[u8; 32] = key[..].try_into().unwrap();
        for kernel in Kernel::available().filter(|kernel| *kernel != Kernel::Portable) {
            let hardware = Hardware::new(kernel, key, key).unwrap();
            let Keys {
                encrypt,
                decrypt,
                tweak,
            } = hardware.schedule.keys();
            assert_eq!(encrypt[..2].as_flattened(), key);
            assert_eq!(encrypt[2][..], hex("9ba354118e6925afa51a8b5f2067fcde"));
            assert_eq!(encrypt[14][..], hex("fe4890d1e6188d0b046df344706c631e"));
            assert_eq!(tweak, encrypt);
            assert_eq!((decrypt[0], decrypt[14]), (encrypt[14], encrypt[0]));
        }
    }
}
