//! The compression function G of RFC 9106 section 3.5, by the widest instructions there are.
#![allow(unsafe_code)] // Calls into the instruction sets, each behind proof that the processor has it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod portable;
mod prefetch;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
mod rounds;

pub(super) use prefetch::prefetch;

/// 1024 bytes, as the 64-bit words that RFC 9106 reads from them in little-endian order.
pub(super) type Block = [u64; BLOCK_WORDS];

/// Words in a block.
pub(super) const BLOCK_WORDS: usize = 128;

/// One implementation of G that this processor can run: having one is the proof of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel(Instructions);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    Neon,
    Portable,
}

impl Kernel {
    /// The fastest one.
    pub(super) fn best() -> Self {
        Self::available()
            .next()
            .unwrap_or(Self(Instructions::Portable))
    }

    /// All of them, the fastest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let candidates = [
            #[cfg(target_arch = "x86_64")]
            (
                Instructions::Avx512,
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
            ),
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx2, is_x86_feature_detected!("avx2")),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            (
                Instructions::Neon,
                std::arch::is_aarch64_feature_detected!("neon"),
            ),
            (Instructions::Portable, true),
        ];
        candidates
            .into_iter()
            .filter(|(_, available)| *available)
            .map(|(instructions, _)| Self(instructions))
    }

    /// `out` = G(`left`, `right`).
    pub(super) fn compress(self, left: &Block, right: &Block, out: &mut Block) {
        self.dispatch::<false>(left, right, out);
    }

    /// `out` = `out` XOR G(`left`, `right`), as passes after the first have it.
    pub(super) fn compress_xor(self, left: &Block, right: &Block, out: &mut Block) {
        self.dispatch::<true>(left, right, out);
    }

    fn dispatch<const XOR: bool>(self, left: &Block, right: &Block, out: &mut Block) {
        match self.0 {
            // SAFETY: `available` alone makes this value, after it has found the instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::compress::<XOR>(left, right, out) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::compress::<XOR>(left, right, out) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Instructions::Neon => unsafe { neon::compress::<XOR>(left, right, out) },
            Instructions::Portable => portable::compress::<XOR>(left, right, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = Box<Block>> {
        prop::collection::vec(any::<u64>(), BLOCK_WORDS)
            .prop_map(|words| Box::new(words.try_into().unwrap()))
    }

    proptest! {
        #[test]
        fn all_kernels_agree(left in block(), right in block(), old in block()) {
            for kernel in Kernel::available() {
                let (mut expected, mut found) = (*old, *old);
                portable::compress::<false>(&left, &right, &mut expected);
                kernel.compress(&left, &right, &mut found);
                prop_assert_eq!(found, expected, "{:?}", kernel);

                (expected, found) = (*old, *old);
                portable::compress::<true>(&left, &right, &mut expected);
                kernel.compress_xor(&left, &right, &mut found);
                prop_assert_eq!(found, expected, "{:?}", kernel);
            }
        }
    }

    #[test]
    fn the_portable_kernel_is_always_there_and_last() {
        assert_eq!(
            Kernel::available().last(),
            Some(Kernel(Instructions::Portable))
        );
    }
}
