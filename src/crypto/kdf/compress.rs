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
    ///
    /// Calls `early` with the first word of `out`, if it can before the other ones are known.
    pub(super) fn compress(
        self,
        left: &Block,
        right: &Block,
        out: &mut Block,
        early: impl FnOnce(u64),
    ) {
        self.dispatch::<false>(left, right, out, early);
    }

    /// `out` = `out` XOR G(`left`, `right`), as passes after the first have it.
    ///
    /// Calls `early` as [`compress`](Self::compress) does.
    pub(super) fn compress_xor(
        self,
        left: &Block,
        right: &Block,
        out: &mut Block,
        early: impl FnOnce(u64),
    ) {
        self.dispatch::<true>(left, right, out, early);
    }

    #[inline]
    fn dispatch<const XOR: bool>(
        self,
        left: &Block,
        right: &Block,
        out: &mut Block,
        early: impl FnOnce(u64),
    ) {
        match self.0 {
            // SAFETY: `available` alone makes this value, after it has found the instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::compress::<XOR>(left, right, out, early) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::compress::<XOR>(left, right, out, early) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Instructions::Neon => unsafe { neon::compress::<XOR>(left, right, out, early) },
            Instructions::Portable => portable::compress::<XOR>(left, right, out, early),
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
                let (mut expected, mut found, mut first) = (*old, *old, 0);
                portable::compress::<false>(&left, &right, &mut expected, |_| ());
                kernel.compress(&left, &right, &mut found, |word| first = word);
                prop_assert_eq!(first, found[0], "{:?}", kernel);
                prop_assert_eq!(found, expected, "{:?}", kernel);

                (expected, found) = (*old, *old);
                portable::compress::<true>(&left, &right, &mut expected, |_| ());
                kernel.compress_xor(&left, &right, &mut found, |word| first = word);
                prop_assert_eq!(first, found[0], "{:?}", kernel);
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
