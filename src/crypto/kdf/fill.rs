//! Fills the memory: lane by lane within a slice, slice after slice.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::compress::{BLOCK_WORDS, Block, Kernel, prefetch};
use super::hash::{Seed, TYPE};
use super::shape::{Place, Shape, Slice};

/// How to fill, none of which changes the result.
pub(super) struct Means<'a> {
    pub(super) kernel: Kernel,
    /// Most threads, the caller's included.
    pub(super) threads: usize,
    /// Told after each slice how many are done, and of how many.
    pub(super) progress: &'a dyn Fn(u32, u32) -> ControlFlow<()>,
}

/// Fills `memory`, of `shape.blocks()` blocks, as RFC 9106 section 3.2 steps 3 to 6 have it, or
/// breaks off where `means.progress` says so.
pub(super) fn fill(
    memory: &mut [Block],
    shape: Shape,
    seed: &Seed,
    means: &Means<'_>,
) -> ControlFlow<()> {
    for (lane, blocks) in (0..).zip(memory.chunks_exact_mut(shape.lane())) {
        seed.expand(0, lane, &mut blocks[0]);
        seed.expand(1, lane, &mut blocks[1]);
    }
    let total = shape.passes * 4;
    for (done, slice) in (1..).zip(shape.slices()) {
        fill_slice(memory, shape, slice, means);
        (means.progress)(done, total)?;
    }
    ControlFlow::Continue(())
}

/// XOR of the last blocks of all lanes (RFC 9106 section 3.2 step 7), to be wiped by the caller.
pub(super) fn last_column(memory: &[Block], shape: Shape, sum: &mut Block) {
    for lane in memory.chunks_exact(shape.lane()) {
        for (sum, word) in sum.iter_mut().zip(&lane[lane.len() - 1]) {
            *sum ^= word;
        }
    }
}

/// Shares the lanes out to threads. Each lane writes its own segment only, and reads from other
/// lanes what is not of this slice only, so the borrow checker sees that threads do not meet.
fn fill_slice(memory: &mut [Block], shape: Shape, slice: Slice, means: &Means<'_>) {
    let (finished, mut lanes) = split(memory, shape, slice);
    let filler = Filler {
        shape,
        slice,
        kernel: means.kernel,
        finished,
    };
    let lanes_each = shape.lanes.div_ceil(means.threads);
    let helpers = shape.lanes.div_ceil(lanes_each) - 1;
    let parts = Mutex::new(lanes.chunks_mut(lanes_each));
    let work = || {
        loop {
            // A statement of its own, so that the lock is free again during the work.
            let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(part) = part else { break };
            filler.fill(part);
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers {
            // A thread that the system refuses leaves its part to the others.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

/// For each lane, what others may read in `slice`, and the segment to be written.
fn split(memory: &mut [Block], shape: Shape, slice: Slice) -> (Vec<Finished<'_>>, Vec<Lane<'_>>) {
    let lanes = memory.chunks_exact_mut(shape.lane()).enumerate();
    lanes
        .map(|(number, lane)| {
            let (before, rest) = lane.split_at_mut(slice.index * shape.segment);
            let (segment, after) = rest.split_at_mut(shape.segment);
            let finished = Finished { before, after };
            (
                finished,
                Lane {
                    number,
                    segment,
                    addresses: None,
                    next: Default::default(),
                },
            )
        })
        .unzip()
}

/// The blocks of a lane on both sides of the segment that is being written.
#[derive(Clone, Copy)]
struct Finished<'m> {
    before: &'m [Block],
    after: &'m [Block],
}

/// The segment of a lane that is being written.
struct Lane<'m> {
    number: usize,
    segment: &'m mut [Block],
    addresses: Option<Addresses>,
    /// What the next blocks refer to, by their index modulo [`AHEAD`].
    next: [Source; AHEAD],
}

/// A block by the part of a lane that it is in: before the segment, in it, after it.
#[derive(Clone, Copy, Default)]
struct Source {
    lane: usize,
    part: usize,
    index: usize,
}

/// What all lanes of a slice have in common.
struct Filler<'m> {
    shape: Shape,
    slice: Slice,
    kernel: Kernel,
    finished: Vec<Finished<'m>>,
}

impl Filler<'_> {
    /// Writes the segments of `lanes` in turns: while one is computed, what the next ones refer to
    /// is on its way from main memory.
    fn fill(&self, lanes: &mut [Lane<'_>]) {
        let first = self.slice.first();
        let ahead = if self.slice.is_independent() {
            AHEAD
        } else {
            1
        };
        for lane in &mut *lanes {
            if self.slice.is_independent() {
                lane.addresses = Some(Addresses::new(self.shape, self.slice, lane.number));
            }
            for index in first..self.shape.segment.min(first + ahead) {
                self.aim(lane, index);
            }
        }
        for index in first..self.shape.segment {
            for lane in &mut *lanes {
                self.write(lane, index);
                if self.slice.is_independent() && index + AHEAD < self.shape.segment {
                    self.aim(lane, index + AHEAD);
                }
            }
        }
    }

    /// Finds out what block `index` refers to, and has it fetched.
    #[inline]
    fn aim(&self, lane: &mut Lane<'_>, index: usize) {
        let random = match &mut lane.addresses {
            Some(addresses) => addresses.at(index, self.kernel),
            None => self.previous(lane.number, &lane.segment[..index])[0],
        };
        let place = self.shape.reference(self.slice, lane.number, index, random);
        lane.next[index % AHEAD] = self.fetch(place, lane.segment);
    }

    /// Writes block `index`; where that decides what the next one refers to, has it fetched.
    #[inline]
    fn write(&self, lane: &mut Lane<'_>, index: usize) {
        let (done, rest) = lane.segment.split_at_mut(index);
        let block = &mut rest[0];
        let previous = self.previous(lane.number, done);
        let reference = self.find(lane.next[index % AHEAD], done);
        let early = |random| {
            if !self.slice.is_independent() {
                let place = self
                    .shape
                    .reference(self.slice, lane.number, index + 1, random);
                // Never `block` itself: no block refers to the one before it.
                lane.next[(index + 1) % AHEAD] = self.fetch(place, done);
            }
        };
        if self.slice.pass == 0 {
            self.kernel.compress(previous, reference, block, early);
        } else {
            self.kernel.compress_xor(previous, reference, block, early);
        }
    }

    #[inline]
    fn fetch(&self, place: Place, segment: &[Block]) -> Source {
        let source = self.source(place);
        prefetch(self.find(source, segment));
        source
    }

    /// The block before the next one of `lane`, of whose segment `done` is written.
    #[inline]
    fn previous<'a>(&'a self, lane: usize, done: &'a [Block]) -> &'a Block {
        let Finished { before, after } = self.finished[lane];
        // Before the first block of a lane comes its last.
        done.last()
            .or(before.last())
            .or(after.last())
            .expect("a lane has four segments")
    }

    #[inline]
    fn source(&self, place: Place) -> Source {
        let start = self.slice.index * self.shape.segment;
        let starts = [0, start, start + self.shape.segment];
        let part = usize::from(place.block >= starts[1]) + usize::from(place.block >= starts[2]);
        Source {
            lane: place.lane,
            part,
            index: place.block - starts[part],
        }
    }

    /// The block at `source`, where `done` is what is written of the own segment: the rule for
    /// references never leads into the segment of another lane.
    #[inline]
    fn find<'a>(&'a self, source: Source, done: &'a [Block]) -> &'a Block {
        let Finished { before, after } = self.finished[source.lane];
        // Looked up, not branched to: which part it is cannot be predicted.
        &[before, done, after][source.part][source.index]
    }
}

/// How many blocks ahead references are followed where they do not depend on the passphrase.
const AHEAD: usize = 4;

/// Pseudo-random numbers that do not depend on the passphrase (RFC 9106 section 3.4.1.2).
struct Addresses {
    input: Block,
    numbers: Block,
}

impl Addresses {
    fn new(shape: Shape, slice: Slice, lane: usize) -> Self {
        let mut input = [0; BLOCK_WORDS];
        input[0] = slice.pass.into();
        input[1] = lane as u64;
        input[2] = slice.index as u64;
        input[3] = shape.blocks() as u64;
        input[4] = shape.passes.into();
        input[5] = TYPE.into();
        Self {
            input,
            numbers: [0; BLOCK_WORDS],
        }
    }

    /// That of block `index`. To be asked in rising order from the first block of a segment on.
    #[inline]
    fn at(&mut self, index: usize, kernel: Kernel) -> u64 {
        let wanted = (index / BLOCK_WORDS) as u64 + 1;
        if self.input[COUNTER] != wanted {
            self.input[COUNTER] = wanted;
            let zero = [0; BLOCK_WORDS];
            let mut middle = zero;
            kernel.compress(&zero, &self.input, &mut middle, |_| ());
            kernel.compress(&zero, &middle, &mut self.numbers, |_| ());
        }
        self.numbers[index % BLOCK_WORDS]
    }
}

/// Word of the input of [`Addresses`] that counts blocks of numbers from 1.
const COUNTER: usize = 6;
