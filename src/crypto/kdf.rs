//! Keys from passphrases: Argon2id, version 0x13 (RFC 9106).
//!
//! | file | RFC 9106 |
//! |---|---|
//! | `cost` | – (what headers may ask for) |
//! | `calibrate` | section 4, the choice of parameters |
//! | `hash` | section 3.2 steps 1, 3, 4 and 7; `H'`, section 3.3 |
//! | `shape` | section 3.2 step 2; references, section 3.4 |
//! | `fill` | section 3.2 steps 5 and 6 |
//! | `compress` | G, section 3.5; P, section 3.6 |

mod calibrate;
mod compress;
mod cost;
mod fill;
mod hash;
#[cfg(any(test, fuzzing))]
mod memo;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::thread;

use zeroize::Zeroizing;

use self::compress::{BLOCK_WORDS, Kernel};
use self::fill::Means;
use self::hash::{Input, Seed};
use self::shape::Shape;
use super::pages::Pages;
use super::{CryptoError, Passphrase, Secret};

pub use calibrate::calibrate;
pub use cost::{Argon2Cost, CostError};
#[cfg(any(test, fuzzing))]
pub(crate) use memo::derivations;

/// Derives 32 bytes from `passphrase` and `salt` with Argon2id, without secret or associated data.
///
/// Takes about a second by design, on as many threads as there are lanes and processors, and
/// `cost.memory_kib()` of memory that is wiped before it is given back. See
/// [`argon2id_with`] for fewer threads, progress and cancelling.
///
/// [`CryptoError::OutOfMemory`] if the system does not give the memory. A system that promises
/// more than it has, as Linux does by default, may instead end the process when it is touched; no
/// program can rule that out.
pub fn argon2id(
    passphrase: &Passphrase,
    salt: &[u8; 32],
    cost: Argon2Cost,
) -> Result<Secret, CryptoError> {
    argon2id_with(passphrase, salt, cost, &Options::default())
}

/// As [`argon2id`], with a say in how it is done. The key does not depend on `options`.
///
/// [`CryptoError::Cancelled`] if `options.progress` broke off. The memory is wiped then, too.
pub fn argon2id_with(
    passphrase: &Passphrase,
    salt: &[u8; 32],
    cost: Argon2Cost,
    options: &Options<'_>,
) -> Result<Secret, CryptoError> {
    argon2id_in(
        &mut WorkMemory::for_cost(cost)?,
        passphrase,
        salt,
        cost,
        options,
    )
}

/// As [`argon2id_with`], in memory that was taken before.
///
/// [`CryptoError::OutOfMemory`] if `memory` is too small for `cost`.
pub fn argon2id_in(
    memory: &mut WorkMemory,
    passphrase: &Passphrase,
    salt: &[u8; 32],
    cost: Argon2Cost,
    options: &Options<'_>,
) -> Result<Secret, CryptoError> {
    #[cfg(not(any(test, fuzzing)))]
    return derive_in(&mut memory.0, passphrase.expose(), salt, cost, options);
    #[cfg(any(test, fuzzing))]
    memo::derive(&mut memory.0, passphrase.expose(), salt, cost, options)
}

/// The memory of derivations, wiped on drop.
///
/// For those who must not run out of memory half way: it is touched when it is taken, so that a
/// system that promises more than it has fails, or ends the process, before anything depends on
/// the derivation.
pub struct WorkMemory(Pages);

/// Shows nothing.
impl fmt::Debug for WorkMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkMemory").finish_non_exhaustive()
    }
}

impl WorkMemory {
    /// Memory for derivations of this cost, or of less.
    ///
    /// [`CryptoError::OutOfMemory`] if the system does not give it.
    pub fn for_cost(cost: Argon2Cost) -> Result<Self, CryptoError> {
        const PAGE_WORDS: usize = 4096 / size_of::<u64>();
        let kib = usize::try_from(cost.memory_kib()).map_err(|_| CryptoError::OutOfMemory)?;
        let len = kib.checked_mul(1024).ok_or(CryptoError::OutOfMemory)?;
        let mut pages = Pages::for_work(len)?;
        for page in pages.words_mut().chunks_mut(PAGE_WORDS) {
            page[0] = 0;
        }
        Ok(Self(pages))
    }
}

/// How a derivation is done.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Options<'a> {
    /// How many threads it may use.
    pub threads: Threads,
    /// Called on the caller's thread after each of `total`, four per pass, equal steps, with how
    /// many are `done`, from 1 to `total`. [`ControlFlow::Break`] ends the derivation.
    pub progress: Option<&'a Progress<'a>>,
}

/// What [`Options::progress`] calls, with the steps done and their total.
pub type Progress<'a> = dyn Fn(u32, u32) -> ControlFlow<()> + Sync + 'a;

/// Shows all but the function.
impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// How many threads a derivation may use, the caller's included; never more than lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Threads {
    /// As many as the system has processors for this process.
    #[default]
    Available,
    /// At most so many; 1 starts none.
    AtMost(NonZeroUsize),
}

impl Threads {
    fn count(self) -> usize {
        match self {
            Self::Available => thread::available_parallelism().map_or(1, NonZeroUsize::get),
            Self::AtMost(count) => count.get(),
        }
    }
}

/// In memory of its own.
fn derive(
    passphrase: &[u8],
    salt: &[u8; 32],
    cost: Argon2Cost,
    options: &Options<'_>,
) -> Result<Secret, CryptoError> {
    derive_in(
        &mut WorkMemory::for_cost(cost)?.0,
        passphrase,
        salt,
        cost,
        options,
    )
}

fn derive_in(
    memory: &mut Pages,
    passphrase: &[u8],
    salt: &[u8; 32],
    cost: Argon2Cost,
    options: &Options<'_>,
) -> Result<Secret, CryptoError> {
    let input = Input {
        passphrase,
        salt,
        secret: &[],
        associated: &[],
        memory_kib: cost.memory_kib(),
        passes: cost.passes(),
        lanes: cost.lanes(),
    };
    let progress = |done, total| {
        options
            .progress
            .map_or(ControlFlow::Continue(()), |told| told(done, total))
    };
    run_in(
        memory,
        &input,
        &Means {
            kernel: Kernel::best(),
            threads: options.threads.count(),
            progress: &progress,
        },
    )
}

/// In memory of its own, for inputs that no header may ask for.
#[cfg(test)]
fn run(input: &Input<'_>, means: &Means<'_>) -> Result<Secret, CryptoError> {
    let len = Shape::new(input).blocks().checked_mul(8 * BLOCK_WORDS);
    let mut pages = Pages::for_work(len.ok_or(CryptoError::OutOfMemory)?)?;
    run_in(&mut pages, input, means)
}

fn run_in(memory: &mut Pages, input: &Input<'_>, means: &Means<'_>) -> Result<Secret, CryptoError> {
    let shape = Shape::new(input);
    let blocks = memory.words_mut().as_chunks_mut().0;
    let memory = blocks
        .get_mut(..shape.blocks())
        .ok_or(CryptoError::OutOfMemory)?;
    if fill::fill(memory, shape, &Seed::new(input), means).is_break() {
        return Err(CryptoError::Cancelled);
    }
    let mut last = Zeroizing::new([0; BLOCK_WORDS]);
    fill::last_column(memory, shape, &mut last);
    hash::tag(&last)
}
