//! The event log: sealing records, and reading them as an admin (format page §3.9).
//!
//! Each record is sealed to the authority's log key, so that even a failed attempt, which knows no
//! secret, can be recorded, and a finder cannot read what is there. A record that cannot be sealed or
//! written is left out: the log is in nobody's way.

use super::error::Error;
use super::event::Event;
use super::keys::Keys;
use super::medium::{LogPlace, Medium};
use crate::crypto::{self, CryptoError, PrivateKey, RecipientPublicKey};
use crate::format::{Header, LogFault, Record, VolumeId};

/// The event log as an admin reads it, from [`Volume::event_log`](super::Volume::event_log).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLog {
    /// The entries that are there, oldest first.
    pub entries: Vec<LogEntry>,
    /// Where records are missing or do not follow each other.
    pub faults: Vec<LogFault>,
}

/// One entry of the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its number, from 1.
    pub sequence: u64,
    /// What happened; `None` if the record cannot be opened: somebody else has written it.
    pub event: Option<Event>,
}

/// Adds a record of `event` to the log and has `write` put its block on the medium, together with what
/// it tells of. A record that cannot be sealed or written is forgotten again: what a host remembers of
/// the log must be there.
///
/// `write` says whether the record was written to any copy.
pub(super) fn with_record(
    header: &mut Header,
    event: &Event,
    write: impl FnOnce(&Header, Option<LogPlace>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let before = header.log.clone();
    let place = append(header, event);
    let written = write(header, place);
    if !matches!(written, Ok(true)) {
        header.log = before;
    }
    written.map(drop)
}

/// Adds a record of something that has no other trace in the header.
pub(super) fn record(medium: &Medium, header: &mut Header, event: &Event) {
    // Without an error there is nothing to tell: the log is in nobody's way.
    let _ = with_record(header, event, |header, place| {
        Ok(place.is_some_and(|place| medium.write_record(header, place)))
    });
}

/// Adds a record to the log in memory; `None` if it could not be sealed.
pub(super) fn append(header: &mut Header, event: &Event) -> Option<LogPlace> {
    let id = header.root.id;
    let to = RecipientPublicKey(header.root.log_key);
    let head = header.log.head(id);
    let place = place(head.sequence.checked_add(1)?, &head.hash);
    let sealed = crypto::hpke_seal(&to, &info(id), &place, &event.encode()).ok()?;
    let ciphertext = sealed.ciphertext.try_into().ok()?;
    header
        .log
        .append(id, sealed.encapsulated, &ciphertext)
        .map(LogPlace)
}

/// Reads the log with an admin's keys; `None` for others.
pub(super) fn read(header: &Header, keys: &Keys) -> Result<Option<EventLog>, Error> {
    let Some(key) = keys.log_key()? else {
        return Ok(None);
    };
    let id = header.root.id;
    let entry = |record: &Record| {
        Ok(LogEntry {
            sequence: record.sequence,
            event: open(&key, id, record)?,
        })
    };
    let entries: Result<Vec<_>, CryptoError> = header.log.records().map(entry).collect();
    Ok(Some(EventLog {
        entries: entries?,
        faults: header.log.check_chain(id),
    }))
}

fn open(key: &PrivateKey, id: VolumeId, record: &Record) -> Result<Option<Event>, CryptoError> {
    let opened = crypto::hpke_open(
        key,
        &record.encapsulated,
        &info(id),
        &place(record.sequence, &record.previous),
        &record.ciphertext,
    )?;
    let bytes = opened.and_then(|bytes| <[u8; Event::LEN]>::try_from(bytes).ok());
    Ok(bytes.as_ref().and_then(Event::decode))
}

/// Where a record belongs: its number and the hash of the one before.
fn place(sequence: u64, previous: &[u8; 32]) -> Vec<u8> {
    [sequence.to_le_bytes().as_slice(), previous].concat()
}

fn info(id: VolumeId) -> Vec<u8> {
    [b"tenlock v1 event".as_slice(), id.as_bytes()].concat()
}
