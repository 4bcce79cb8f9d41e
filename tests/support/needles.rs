//! Search of this process's memory for a secret that the searcher has masked only.

use std::fs::{File, read_to_string};
use std::io::{Read, Seek, SeekFrom};

use zeroize::Zeroizing;

const MASK: u8 = 0x95;
/// So many bytes in a row are no chance.
const PIECE: usize = 12;
const CHUNK: usize = 1 << 16;

/// A secret with every byte masked.
pub(crate) struct Needle {
    masked: Vec<u8>,
    /// Bytes at its start that are no secret.
    skipped: usize,
}

impl Needle {
    /// So many random letters.
    pub(crate) fn random(length: usize) -> Self {
        let mut masked = vec![0; length];
        getrandom::fill(&mut masked).unwrap();
        for byte in &mut masked {
            *byte = (b'a' + *byte % 26) ^ MASK;
        }
        let skipped = 0;
        Self { masked, skipped }
    }

    pub(crate) fn masking(plain: &[u8], skipped: usize) -> Self {
        let masked = plain.iter().map(|byte| byte ^ MASK).collect();
        Self { masked, skipped }
    }

    /// The secret itself.
    pub(crate) fn plain(&self) -> Zeroizing<Vec<u8>> {
        let plain: Vec<_> = self.masked.iter().map(|byte| byte ^ MASK).collect();
        Zeroizing::new(plain)
    }

    /// Where pieces of it lie in the readable memory of this process.
    pub(crate) fn found(&self) -> Vec<String> {
        let mut memory = File::open("/proc/self/mem").unwrap();
        let maps = read_to_string("/proc/self/maps").unwrap();
        let mut chunk = vec![0; CHUNK + PIECE];
        let mut found = Vec::new();
        for map in maps.lines().filter(|map| map.contains(" r")) {
            let (start, end) = range(map);
            for at in (start..end).step_by(CHUNK) {
                let wanted = usize::try_from(end - at).unwrap().min(chunk.len());
                // Guard pages and the kernel's own cannot be read.
                let there = memory.seek(SeekFrom::Start(at));
                let read = there.and_then(|_| memory.read(&mut chunk[..wanted]));
                let read = read.unwrap_or(0);
                for byte in &mut chunk[..read] {
                    *byte ^= MASK;
                }
                if self.is_in(&chunk[..read]) {
                    found.push(format!("{at:#x}: {map}"));
                }
            }
        }
        found
    }

    fn is_in(&self, masked: &[u8]) -> bool {
        let mut pieces = self.masked[self.skipped..].chunks_exact(PIECE);
        pieces.any(|piece| masked.windows(PIECE).any(|window| window == piece))
    }
}

fn range(map: &str) -> (u64, u64) {
    let (range, _) = map.split_once(' ').unwrap();
    let (start, end) = range.split_once('-').unwrap();
    let number = |text| u64::from_str_radix(text, 16).unwrap();
    (number(start), number(end))
}
