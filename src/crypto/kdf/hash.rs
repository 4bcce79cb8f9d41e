//! Where Argon2 is `BLAKE2b` (RFC 7693): what goes into its memory, and what comes out.

use blake2::digest::Digest;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512};
use zeroize::Zeroizing;

use super::compress::{BLOCK_WORDS, Block};
use crate::crypto::{CryptoError, Secret};

/// What RFC 9106 section 3.1 lets a caller choose, but for the length of the tag.
///
/// Each part is shorter than 2^32 bytes.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) passphrase: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) secret: &'a [u8],
    pub(super) associated: &'a [u8],
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// The type of Argon2 that is called Argon2id.
pub(super) const TYPE: u32 = 2;

/// `H_0` (RFC 9106 section 3.2), from which the first two blocks of each lane come.
pub(super) struct Seed(Zeroizing<[u8; HASH_LEN]>);

impl Seed {
    pub(super) fn new(input: &Input<'_>) -> Self {
        let mut hash = Blake2b512::new();
        for number in [
            input.lanes,
            TAG_LEN_FIELD,
            input.memory_kib,
            input.passes,
            VERSION,
            TYPE,
        ] {
            hash.update(number.to_le_bytes());
        }
        for part in [input.passphrase, input.salt, input.secret, input.associated] {
            let len = u32::try_from(part.len()).expect("shorter than 2^32 bytes");
            hash.update(len.to_le_bytes());
            hash.update(part);
        }
        Self(finish(hash))
    }

    /// Writes block `index`, 0 or 1, of `lane`: `H'` of 1024 bytes (RFC 9106 section 3.3).
    pub(super) fn expand(&self, index: u32, lane: u32, block: &mut Block) {
        let mut hash = Blake2b512::new();
        hash.update(BLOCK_LEN_FIELD.to_le_bytes());
        hash.update(*self.0);
        hash.update(index.to_le_bytes());
        hash.update(lane.to_le_bytes());
        let mut link = finish(hash);
        // Half of each link of the chain, and all of the last.
        let (halves, last) = block.split_at_mut(BLOCK_WORDS - HASH_LEN / 8);
        for half in halves.chunks_exact_mut(HASH_LEN / 16) {
            read_words(&*link, half);
            link = finish(Blake2b512::new_with_prefix(*link));
        }
        read_words(&*link, last);
    }
}

/// The tag: `H'` of 32 bytes (RFC 9106 section 3.3) of `block`.
pub(super) fn tag(block: &Block) -> Result<Secret, CryptoError> {
    let mut hash = Blake2b::<U32>::new();
    hash.update(TAG_LEN_FIELD.to_le_bytes());
    for word in block {
        hash.update(word.to_le_bytes());
    }
    let mut tag = Secret::zeroed(TAG_LEN)?;
    let out: &mut [u8; TAG_LEN] = tag
        .expose_mut()
        .try_into()
        .map_err(|_| CryptoError::Length)?;
    hash.finalize_into(out.into());
    Ok(tag)
}

const VERSION: u32 = 0x13;
const TAG_LEN: usize = 32;
const TAG_LEN_FIELD: u32 = 32;
const BLOCK_LEN_FIELD: u32 = 1024;
const HASH_LEN: usize = 64;

fn finish(hash: Blake2b512) -> Zeroizing<[u8; HASH_LEN]> {
    let mut out = Zeroizing::new([0; HASH_LEN]);
    hash.finalize_into((&mut *out).into());
    out
}

/// As many words as `words` takes, from the start of `bytes`.
fn read_words(bytes: &[u8], words: &mut [u64]) {
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
}
