//! The event log: a ring of sealed records that name the record before them (format page §3.9).
//!
//! Each record has the hash of the one before it, so the newest hash fixes all that the ring
//! holds (a hash chain as in Haber and Stornetta, "How to time-stamp a digital document", 1991).
//! Nothing here can read an event: that takes the private key the records are sealed to.

mod record;

use core::cmp::Ordering;

use super::block::{Block, VolumeId};
use super::layout::{LOG_RECORDS, RECORDS_PER_BLOCK};
pub use record::{CIPHERTEXT_LEN, LogBlock, Record};
use record::{MAX_SEQUENCE, NO_HASH, place};

/// The newest record of a log, as the root names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogHead {
    /// Its number; 0 for an empty log.
    pub sequence: u64,
    /// Its hash; zero bytes for an empty log.
    pub hash: [u8; 32],
}

/// Where a log is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFault {
    /// These records ought to be there and are not.
    Missing {
        /// Number of the first.
        first: u64,
        /// Number of the last.
        last: u64,
    },
    /// The record before this one is not the one that it was written after: one of the two was
    /// changed.
    Unlinked {
        /// Number of the later record.
        sequence: u64,
    },
}

/// How many records there can be that the authority has not seen.
const MOST_UNSEEN: u64 = 1 << 32;

/// The last 168 records of a volume, put together from both header copies.
#[derive(Clone, PartialEq, Eq)]
pub struct Log {
    /// By place, [`LOG_RECORDS`] of them.
    records: Vec<Option<Record>>,
}

impl Log {
    /// A log without records.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            records: vec![None; LOG_RECORDS],
        }
    }

    /// Puts the log together from the valid blocks of the volume in copy A and then those in
    /// copy B.
    ///
    /// For each place the record with the higher number counts. Of two with the same number it is
    /// the one that the record after it names, else the one that names a record before it, else
    /// the first: two copies that were written without each other have one log again.
    ///
    /// Records with numbers far above that of `seen`, the newest that the authority has seen, do not
    /// count: nobody fails so often, and a stranger's could not be followed by any other.
    #[must_use]
    pub fn merge<'a>(
        id: VolumeId,
        seen: &LogHead,
        blocks: impl IntoIterator<Item = &'a LogBlock>,
    ) -> Self {
        let last = seen.sequence.saturating_add(MOST_UNSEEN);
        let mut found: Vec<Vec<&Record>> = vec![Vec::new(); LOG_RECORDS];
        let records = blocks.into_iter().flat_map(LogBlock::records);
        for record in records.filter(|record| record.sequence <= last) {
            add_candidate(&mut found[place(record.sequence)], record);
        }
        let mut sequences: Vec<u64> = found
            .iter()
            .filter_map(|candidates| Some(candidates.first()?.sequence))
            .collect();
        sequences.sort_unstable();
        let mut log = Self::empty();
        for sequence in sequences.into_iter().rev() {
            log.records[place(sequence)] = log.choose(id, &found, sequence).cloned();
        }
        log
    }

    /// The record with the highest number.
    #[must_use]
    pub fn newest(&self) -> Option<&Record> {
        self.present().max_by_key(|record| record.sequence)
    }

    /// Number and hash of the newest record. The next record has the number after it, and this
    /// hash as its `previous`.
    #[must_use]
    pub fn head(&self, id: VolumeId) -> LogHead {
        self.newest()
            .map_or_else(LogHead::default, |record| LogHead {
                sequence: record.sequence,
                hash: record.hash(id),
            })
    }

    /// The records that are there, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let mut records: Vec<&Record> = self.present().collect();
        records.sort_unstable_by_key(|record| record.sequence);
        records.into_iter()
    }

    /// What is missing or does not fit, in ascending order; nothing for a log that is whole.
    ///
    /// This alone does not show that the newest records were cut off, or all of them replaced: see
    /// [`follows`](Self::follows).
    #[must_use]
    pub fn check_chain(&self, id: VolumeId) -> Vec<LogFault> {
        let newest = self.head(id).sequence;
        let mut faults = Vec::new();
        for sequence in first_kept(newest)..=newest {
            match self.get(sequence) {
                None => add_missing(&mut faults, sequence),
                Some(record) if self.is_linked(id, record) => {}
                Some(_) => faults.push(LogFault::Unlinked { sequence }),
            }
        }
        faults
    }

    /// Whether this log goes on from `head`: the record that it names is there, or so many came
    /// after it that its place was needed. With a chain that [is whole](Self::check_chain), all
    /// records up to `head` are then as they were when it was taken.
    #[must_use]
    pub fn follows(&self, id: VolumeId, head: &LogHead) -> bool {
        let newest = self.newest().map_or(0, |record| record.sequence);
        if head.sequence < first_kept(newest) {
            return true;
        }
        self.get(head.sequence)
            .is_some_and(|record| record.hash(id) == head.hash)
    }

    /// Appends a record, which takes the place of the oldest when the ring is full. Returns the
    /// number of the block, within the log, that has to be written, and `None` if the newest record
    /// has the last number there is, which only a forged one can have.
    #[must_use = "the block has to be written"]
    pub fn append(
        &mut self,
        id: VolumeId,
        encapsulated: [u8; 32],
        ciphertext: &[u8; CIPHERTEXT_LEN],
    ) -> Option<usize> {
        let head = self.head(id);
        if head.sequence >= MAX_SEQUENCE {
            return None;
        }
        let sequence = head.sequence + 1;
        self.records[place(sequence)] = Some(Record {
            sequence,
            previous: head.hash,
            encapsulated,
            ciphertext: *ciphertext,
        });
        Some(place(sequence) / RECORDS_PER_BLOCK)
    }

    /// The block with this number within the log.
    ///
    /// # Panics
    /// If the number is not below [`LOG_BLOCKS`](super::LOG_BLOCKS).
    #[must_use]
    pub fn block(&self, number: usize) -> LogBlock {
        let start = number * RECORDS_PER_BLOCK;
        LogBlock::new(
            number,
            core::array::from_fn(|position| self.records[start + position].clone()),
        )
    }

    /// The bytes of that block.
    ///
    /// # Panics
    /// As [`block`](Self::block).
    #[must_use]
    pub fn encode_block(&self, id: VolumeId, number: usize) -> Box<Block> {
        self.block(number).encode(id)
    }

    fn present(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().flatten()
    }

    fn get(&self, sequence: u64) -> Option<&Record> {
        let record = self.records[place(sequence)].as_ref();
        record.filter(|record| record.sequence == sequence)
    }

    /// Whether the record before `record` is the one that it names, as far as that can be told.
    fn is_linked(&self, id: VolumeId, record: &Record) -> bool {
        match record.sequence {
            1 => record.previous == NO_HASH,
            sequence => self
                .get(sequence - 1)
                .is_none_or(|before| before.hash(id) == record.previous),
        }
    }

    /// Which of the records with this number counts; those with higher ones are chosen already.
    fn choose<'a>(
        &self,
        id: VolumeId,
        found: &[Vec<&'a Record>],
        sequence: u64,
    ) -> Option<&'a Record> {
        let candidates = &found[place(sequence)];
        if let [only] = candidates.as_slice() {
            return Some(only);
        }
        let named_by_next = |record: &Record| {
            self.get(sequence + 1)
                .is_some_and(|next| next.previous == record.hash(id))
        };
        let names_previous = |record: &Record| match sequence {
            1 => record.previous == NO_HASH,
            _ => found[place(sequence - 1)].iter().any(|before| {
                before.sequence == sequence - 1 && before.hash(id) == record.previous
            }),
        };
        let mut all = candidates.iter().copied();
        all.clone()
            .find(|record| named_by_next(record))
            .or_else(|| all.clone().find(|record| names_previous(record)))
            .or_else(|| all.next())
    }
}

/// Keeps the different records with the highest number.
fn add_candidate<'a>(candidates: &mut Vec<&'a Record>, record: &'a Record) {
    let highest = candidates.first().map_or(0, |first| first.sequence);
    match record.sequence.cmp(&highest) {
        Ordering::Less => {}
        Ordering::Equal if candidates.contains(&record) => {}
        Ordering::Equal => candidates.push(record),
        Ordering::Greater => *candidates = vec![record],
    }
}

/// The oldest number that a whole log has when this is its newest; 1 for an empty log.
fn first_kept(newest: u64) -> u64 {
    newest.saturating_sub(LOG_RECORDS as u64).saturating_add(1)
}

fn add_missing(faults: &mut Vec<LogFault>, sequence: u64) {
    if let Some(LogFault::Missing { last, .. }) = faults.last_mut()
        && *last + 1 == sequence
    {
        *last = sequence;
    } else {
        faults.push(LogFault::Missing {
            first: sequence,
            last: sequence,
        });
    }
}

#[cfg(test)]
mod tests;
