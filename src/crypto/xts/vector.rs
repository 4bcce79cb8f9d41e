//! What the streaming code needs of a vector register that holds one or more AES blocks.
#![allow(unsafe_code)] // Each operation is an instruction that the processor must have.
#![allow(clippy::inline_always)] // Left as a call, an operation would pass its registers through memory.

/// One block of AES, 16 bytes.
pub(super) type Block = [u8; 16];

/// A register of blocks. Each operation acts on each block by itself.
///
/// All methods are plain arithmetic on public addresses: no branch or table on the content.
///
/// # Safety
/// The methods may be called only where the processor has the instructions that the implementing
/// type names. That is their whole contract, except for those that take a pointer.
pub(super) trait Vector: Copy {
    /// Blocks in a register: 1, 2 or 4.
    const BLOCKS: usize;

    /// The same block everywhere.
    unsafe fn splat(block: &Block) -> Self;

    /// Any alignment; `from` must be readable for `16 * BLOCKS` bytes.
    unsafe fn load(from: *const u8) -> Self;

    /// Any alignment; `to` must be writable for `16 * BLOCKS` bytes.
    unsafe fn store(self, to: *mut u8);

    /// Asks for the cache line at `from`, which may be any address.
    unsafe fn prefetch(from: *const u8);

    /// Each half of a block plus that of `other`, modulo 2^64.
    unsafe fn add(self, other: Self) -> Self;

    unsafe fn xor(self, other: Self) -> Self;

    /// `SubBytes`, `ShiftRows`, `MixColumns`, `AddRoundKey` (FIPS 197).
    unsafe fn encrypt_round(self, key: Self) -> Self;

    /// `SubBytes`, `ShiftRows`, `AddRoundKey`.
    unsafe fn encrypt_last(self, key: Self) -> Self;

    /// `InvShiftRows`, `InvSubBytes`, `InvMixColumns`, `AddRoundKey`: a round of FIPS 197's
    /// equivalent inverse cipher.
    unsafe fn decrypt_round(self, key: Self) -> Self;

    /// `InvShiftRows`, `InvSubBytes`, `AddRoundKey`.
    unsafe fn decrypt_last(self, key: Self) -> Self;

    /// The block as little-endian number, shifted left by `LEFT` bytes and, second, shifted right
    /// by `RIGHT` bytes. `LEFT + RIGHT` is 16.
    unsafe fn slide<const LEFT: i32, const RIGHT: i32>(self) -> (Self, Self);

    /// The carry-less product of two halves, the upper one of `self` if `HALVES & 0x01`, and that
    /// of `other` if `HALVES & 0x10`.
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self;
}
