//! The payload cipher: every kernel that this machine has, and every peer.

use std::error::Error;

use aes::Aes256;
use aes::cipher::KeyInit;
use tenlock::crypto::{Kernel, Secret, SectorSize, Xts};
use xts_mode::{Xts128, get_tweak_default};

use crate::rounds::{Contender, take_turns};
use crate::{evp, gcrypt};

/// Stays in the second-level cache.
const HOT_LEN: usize = 256 << 10;
/// Passes over the hot buffer in one turn, so that a turn is much longer than reading the clock.
const HOT_PASSES: usize = 16;
/// A turn on the hot buffer is short, so that it can have more of them.
const HOT_ROUNDS: usize = 7;
/// Larger than any cache.
const COLD_LEN: usize = 256 << 20;

const SIZES: [SectorSize; 2] = [SectorSize::B4096, SectorSize::B512];

/// Which way a cipher works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Plaintext to ciphertext.
    Encrypt,
    /// Ciphertext to plaintext.
    Decrypt,
}

/// Somebody's XTS-AES-256 under the key of [`test_key`].
pub struct Peer {
    /// Name of the library, or of our kernel.
    pub name: String,
    /// Version of the library, as it tells itself where it does.
    pub version: String,
    /// Works on whole sectors in place, the first of which is number 0.
    pub run: Run,
}

/// Works on sectors of so many bytes in place. XTS tweaks are sector numbers here.
pub type Run = Box<dyn Fn(Direction, SectorSize, &mut [u8])>;

/// Measures all, after a check that all agree.
pub fn measure(rounds: usize) -> Result<(), Box<dyn Error>> {
    let peers = all()?;
    for Peer { name, version, .. } in &peers {
        println!("version\t{name}\t{version}");
    }
    check(&peers)?;
    for (place, len, passes, rounds) in [
        ("256 KiB", HOT_LEN, HOT_PASSES, HOT_ROUNDS * rounds),
        ("256 MiB", COLD_LEN, 1, rounds),
    ] {
        let mut data = vec![0; len];
        for size in SIZES {
            for direction in [Direction::Encrypt, Direction::Decrypt] {
                let case = format!("{place} {} {direction:?}", size.bytes());
                let mut contenders: Vec<_> = peers
                    .iter()
                    .map(|peer| contender(peer, direction, size, passes))
                    .collect();
                take_turns(&case, len * passes, rounds, &mut data, &mut contenders);
            }
        }
    }
    Ok(())
}

fn contender(peer: &Peer, direction: Direction, size: SectorSize, passes: usize) -> Contender<'_> {
    let work = move |data: &mut [u8]| {
        for _ in 0..passes {
            (peer.run)(direction, size, data);
        }
    };
    Contender {
        name: &peer.name,
        work: Box::new(work),
    }
}

/// 64 bytes, data key then tweak key.
pub fn test_key() -> [u8; 64] {
    std::array::from_fn(|index| u8::try_from(index).unwrap_or(0))
}

fn all() -> Result<Vec<Peer>, Box<dyn Error>> {
    let mut peers = Vec::new();
    for kernel in Kernel::available() {
        peers.push(ours(kernel)?);
    }
    peers.extend([
        evp::openssl::peer(),
        evp::aws_lc::peer(),
        gcrypt::peer(),
        xts_mode(),
    ]);
    Ok(peers)
}

fn ours(kernel: Kernel) -> Result<Peer, Box<dyn Error>> {
    let key = Secret::copy_of(&test_key())?;
    let cipher = Xts::with_kernel(&key, kernel)?;
    Ok(Peer {
        name: format!("Tenlock {kernel:?}"),
        version: locked_version("tenlock"),
        run: Box::new(move |direction, size, data| match direction {
            Direction::Encrypt => cipher.encrypt_in_place(size, 0, data),
            Direction::Decrypt => cipher.decrypt_in_place(size, 0, data),
        }),
    })
}

fn xts_mode() -> Peer {
    let key = test_key();
    let aes = |half: &[u8]| Aes256::new_from_slice(half).expect("32 bytes");
    let cipher = Xts128::new(aes(&key[..32]), aes(&key[32..]));
    Peer {
        name: "xts-mode".into(),
        version: format!(
            "{} on aes {}",
            locked_version("xts-mode"),
            locked_version("aes")
        ),
        run: Box::new(move |direction, size, data| {
            // Our tweaks count units of 512 bytes whatever the sector.
            let tweak = |sector| get_tweak_default(sector * (size.bytes() as u128 / 512));
            match direction {
                Direction::Encrypt => cipher.encrypt_area(data, size.bytes(), 0, tweak),
                Direction::Decrypt => cipher.decrypt_area(data, size.bytes(), 0, tweak),
            }
        }),
    }
}

/// The version of a crate that this program was built with.
fn locked_version(name: &str) -> String {
    let after =
        include_str!("../Cargo.lock").split_once(&format!("name = \"{name}\"\nversion = \""));
    let version = after.and_then(|(_, after)| after.split_once('"'));
    version.map_or("unknown", |(version, _)| version).into()
}

/// All must make the same of the same bytes, both ways.
fn check(peers: &[Peer]) -> Result<(), Box<dyn Error>> {
    let plain: Vec<u8> = (0..251).cycle().take(HOT_LEN).collect();
    for size in SIZES {
        let mut expected = plain.clone();
        (peers[0].run)(Direction::Encrypt, size, &mut expected);
        if expected == plain {
            return Err("encryption changes nothing".into());
        }
        for peer in peers {
            let mut data = plain.clone();
            (peer.run)(Direction::Encrypt, size, &mut data);
            let same = data == expected;
            (peer.run)(Direction::Decrypt, size, &mut data);
            if !same || data != plain {
                return Err(
                    format!("{} disagrees with {} at {size:?}", peer.name, peers[0].name).into(),
                );
            }
        }
    }
    Ok(())
}
