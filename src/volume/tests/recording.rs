//! Storage that records what is done to it, and every state that a power cut could leave (format page §6.1).

use std::fs::TryLockError;
use std::io;
use std::sync::{Arc, Mutex};

use crate::crypto::derivations;
use crate::storage::{Discard, MemoryStorage, ReadBack, Storage};

/// A write may be torn at every multiple of this.
const PIECE: usize = 512;
/// Up to so many pending pieces, all combinations of lost and kept are tried.
const EXHAUSTIVE: usize = 8;
/// How many combinations are drawn where there are more.
const SAMPLES: usize = 24;
const SEED: u64 = 0x7465_6e6c_6f63_6b31;

/// Memory that keeps a log. A clone is the same handle.
#[derive(Clone)]
pub(super) struct Recording(Arc<Inner>);

struct Inner {
    memory: MemoryStorage,
    log: Mutex<Log>,
}

struct Log {
    start: Vec<u8>,
    derivations_before: u64,
    events: Vec<Event>,
}

struct Event {
    kind: Kind,
    /// Key derivations before the event, since the log began.
    derived: u64,
}

enum Kind {
    Write { offset: usize, data: Vec<u8> },
    SetLen(usize),
    Discard { offset: usize, len: usize },
    Flush,
}

/// What a power cut left.
pub(super) struct CrashState {
    /// The bytes on the medium.
    pub(super) image: Vec<u8>,
    /// The most key derivations that can have begun before it.
    pub(super) derived: u64,
    /// Whether the operation can have returned before it.
    pub(super) returned: bool,
}

/// The least that is lost or kept as a whole.
enum Piece {
    Bytes { offset: usize, data: Vec<u8> },
    Length(usize),
    Discard { offset: usize, len: usize },
}

impl Recording {
    pub(super) fn new(start: Vec<u8>) -> Self {
        let log = Log {
            start: start.clone(),
            derivations_before: derivations(),
            events: Vec::new(),
        };
        Self(Arc::new(Inner {
            memory: MemoryStorage::from_vec(start),
            log: Mutex::new(log),
        }))
    }

    /// Forgets the log: what is there now is durable.
    pub(super) fn restart(&self) {
        let log = Log {
            start: self.contents(),
            derivations_before: derivations(),
            events: Vec::new(),
        };
        *self.0.log.lock().unwrap() = log;
    }

    pub(super) fn contents(&self) -> Vec<u8> {
        self.0.memory.contents()
    }

    /// What a power cut right after the flush number `flushes` (from 1) leaves.
    pub(super) fn after_flush(&self, flushes: usize) -> Vec<u8> {
        let log = self.0.log.lock().unwrap();
        let mut image = log.start.clone();
        let flush = |event: &&Event| matches!(event.kind, Kind::Flush);
        let last = log
            .events
            .iter()
            .filter(flush)
            .nth(flushes - 1)
            .expect("so many flushes were made");
        let events = log
            .events
            .iter()
            .take_while(|event| !std::ptr::eq(*event, last));
        events.for_each(|event| event.apply(&mut image));
        image
    }

    /// Calls `check` with each state that a power cut at any instant can leave, or a fixed sample where they are too many; returns their number.
    ///
    /// What was flushed is durable. Of what was written since, each piece of 512 bytes is there or is not.
    pub(super) fn crash_states(&self, mut check: impl FnMut(CrashState)) -> usize {
        let log = self.0.log.lock().unwrap();
        let total = derivations() - log.derivations_before;
        let mut durable = log.start.clone();
        let mut random = Random(SEED);
        let mut count = 0;
        let mut rest = log.events.as_slice();
        loop {
            let flush = rest
                .iter()
                .position(|event| matches!(event.kind, Kind::Flush));
            let (pending, after) = rest.split_at(flush.unwrap_or(rest.len()));
            let derived = after.first().map_or(total, |event| event.derived);
            for image in combinations(&durable, pending, &mut random) {
                count += 1;
                check(CrashState {
                    image,
                    derived,
                    returned: flush.is_none(),
                });
            }
            for event in pending {
                event.apply(&mut durable);
            }
            match after.split_first() {
                Some((_, following)) => rest = following,
                None => return count,
            }
        }
    }

    fn record(&self, kind: Kind) {
        let mut log = self.0.log.lock().unwrap();
        let derived = derivations() - log.derivations_before;
        log.events.push(Event { kind, derived });
    }
}

impl Event {
    fn apply(&self, image: &mut Vec<u8>) {
        match &self.kind {
            Kind::Write { offset, data } => {
                image[*offset..*offset + data.len()].copy_from_slice(data);
            }
            Kind::SetLen(len) => image.resize(*len, 0),
            Kind::Discard { offset, len } => image[*offset..*offset + *len].fill(0),
            Kind::Flush => {}
        }
    }

    /// The pieces of the event that change `durable`.
    fn pieces(&self, durable: &[u8]) -> Vec<Piece> {
        match &self.kind {
            Kind::Write { offset, data } => {
                let starts = (*offset..).step_by(PIECE);
                let changed = |(start, piece): &(usize, &[u8])| {
                    durable.get(*start..start + piece.len()) != Some(piece)
                };
                let pieces = starts.zip(data.chunks(PIECE)).filter(changed);
                pieces
                    .map(|(offset, piece)| Piece::Bytes {
                        offset,
                        data: piece.to_vec(),
                    })
                    .collect()
            }
            Kind::SetLen(len) => vec![Piece::Length(*len)],
            Kind::Discard { offset, len } => vec![Piece::Discard {
                offset: *offset,
                len: *len,
            }],
            Kind::Flush => Vec::new(),
        }
    }
}

/// `durable` with each combination of the pieces of `pending` that is to be tried.
fn combinations<'a>(
    durable: &'a [u8],
    pending: &[Event],
    random: &mut Random,
) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    let events: Vec<Vec<Piece>> = pending.iter().map(|event| event.pieces(durable)).collect();
    let sizes: Vec<usize> = events.iter().map(Vec::len).collect();
    let pieces: Vec<Piece> = events.into_iter().flatten().collect();
    choices(&sizes, random)
        .into_iter()
        .map(move |kept| survivors(durable, &pieces, &kept))
}

/// For each combination, which pieces are kept. `sizes` are the numbers of pieces of each event.
fn choices(sizes: &[usize], random: &mut Random) -> Vec<Vec<bool>> {
    let total: usize = sizes.iter().sum();
    if total <= EXHAUSTIVE {
        return (0..1usize << total)
            .map(|bits| (0..total).map(|piece| bits >> piece & 1 == 1).collect())
            .collect();
    }
    // In order, cut between two events or in the middle of one; at most as many as the samples.
    let cuts = (0..=total).step_by((total / SAMPLES).max(1)).chain([total]);
    let in_order = cuts.map(|cut| (0..total).map(|piece| piece < cut).collect());
    let sampled = (0..SAMPLES).map(|_| {
        sizes
            .iter()
            .flat_map(|size| random.survivors_of_one_event(*size))
            .collect()
    });
    in_order.chain(sampled).collect()
}

fn survivors(durable: &[u8], pieces: &[Piece], kept: &[bool]) -> Vec<u8> {
    let mut image = durable.to_vec();
    let mut length = image.len();
    for (piece, kept) in pieces.iter().zip(kept) {
        match piece {
            Piece::Length(len) => {
                image.resize(*len, 0);
                length = if *kept { *len } else { length };
            }
            Piece::Bytes { offset, data } if *kept => {
                image[*offset..*offset + data.len()].copy_from_slice(data);
            }
            Piece::Discard { offset, len } if *kept => image[*offset..*offset + *len].fill(0),
            Piece::Bytes { .. } | Piece::Discard { .. } => {}
        }
    }
    // Where the new length was lost, so is what lay behind the old one.
    image.truncate(length);
    image
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same numbers in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end
    }

    /// An event is lost, kept, or torn.
    fn survivors_of_one_event(&mut self, pieces: usize) -> Vec<bool> {
        let fate = self.below(4);
        (0..pieces)
            .map(|_| fate == 0 || (fate > 1 && self.below(2) == 0))
            .collect()
    }
}

impl Storage for Recording {
    fn len(&self) -> io::Result<u64> {
        self.0.memory.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.record(Kind::SetLen(usize::try_from(len).unwrap()));
        self.0.memory.set_len(len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.0.memory.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.record(Kind::Write {
            offset: usize::try_from(offset).unwrap(),
            data: data.to_vec(),
        });
        self.0.memory.write_at(offset, data)
    }

    fn flush(&self) -> io::Result<()> {
        self.record(Kind::Flush);
        Ok(())
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        self.record(Kind::Discard {
            offset: usize::try_from(offset).unwrap(),
            len: usize::try_from(len).unwrap(),
        });
        self.0.memory.discard(offset, len)
    }

    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        self.0.memory.read_back(offset, buf)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.memory.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.0.memory.unlock()
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn block_size(&self) -> u32 {
        self.0.memory.block_size()
    }
}

/// Says how many states were checked, in the output that a failed or `--nocapture` run shows.
pub(super) fn report(operation: &str, states: usize) {
    println!("{operation}: {states} crash states (seed {SEED:#x})");
}

#[test]
fn pending_pieces_are_lost_or_kept_in_every_combination_and_flushed_ones_are_durable() {
    let recording = Recording::new(vec![0; 4 * PIECE]);
    recording.write_at(0, &[1; 512]).unwrap();
    recording.flush().unwrap();
    recording.write_at(512, &[2; 1024]).unwrap();
    let mut found = Vec::new();
    let count = recording
        .crash_states(|state| found.push([0, 1, 2, 3].map(|piece| state.image[piece * PIECE])));
    let before_the_flush = [[0, 0, 0, 0], [1, 0, 0, 0]];
    let after = [[1, 0, 0, 0], [1, 2, 0, 0], [1, 0, 2, 0], [1, 2, 2, 0]];
    assert_eq!(
        (found, count),
        ([before_the_flush.as_slice(), after.as_slice()].concat(), 6)
    );
}
