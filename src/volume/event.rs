//! What is recorded in the event log: one event and its bytes before they are sealed (format page
//! §3.9).

mod kind;

use crate::format::{CIPHERTEXT_LEN, Role, SLOT_COUNT};
pub use kind::EventKind;

/// Bytes of an event, whatever happened: the length of a record tells nothing.
const LEN: usize = 488;
const VERSION: u16 = 1;
const HOST_ROOM: usize = 64;
const AGENT_ROOM: usize = 128;
const TAG_LEN: usize = 16;

const AT_KIND: usize = 2;
const AT_SLOTS: usize = 4;
const AT_TIME: usize = 8;
const AT_ROLE: usize = 16;
const AT_HOST_LEN: usize = 17;
const AT_AGENT_LEN: usize = 18;
const AT_HOST: usize = 24;
const AT_AGENT: usize = AT_HOST + HOST_ROOM;

const _: () = {
    assert!(LEN + TAG_LEN == CIPHERTEXT_LEN);
    assert!(AT_SLOTS + SLOT_COUNT / 8 == AT_TIME && AT_TIME + 8 == AT_ROLE);
    assert!(AT_AGENT == 88 && AT_AGENT + AGENT_ROOM == 216);
};

/// An event of the log.
///
/// Host and agent are what the writing program said of itself. Sealing an event takes no secret,
/// so an event that the root does not vouch for may be anybody's: escape its texts when printing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    kind: EventKind,
    time: u64,
    slots: u32,
    role: Option<Role>,
    host: String,
    agent: String,
}

impl Event {
    /// Bytes of an encoded event.
    pub const LEN: usize = LEN;

    /// An event of no slot and no role.
    ///
    /// `time` is in seconds since 1970 UTC, 0 if unknown. `host` names the machine, `agent` the
    /// program and its version; they are cut at the last whole character within 64 and 128 bytes
    /// of UTF-8, and control characters become U+FFFD.
    #[must_use]
    pub fn new(kind: EventKind, time: u64, host: &str, agent: &str) -> Self {
        Self {
            // A number that is known has one kind only.
            kind: EventKind::from_number(kind.number()),
            time,
            slots: 0,
            role: None,
            host: fitted(host, HOST_ROOM),
            agent: fitted(agent, AGENT_ROOM),
        }
    }

    /// The same event with these slots, 0 to 31; other numbers are left out.
    #[must_use]
    pub fn with_slots(mut self, slots: impl IntoIterator<Item = usize>) -> Self {
        self.slots = slots.into_iter().fold(0, |set, slot| set | bit(slot));
        self
    }

    /// The same event with the role under which it happened.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// When, in seconds since 1970 UTC by the clock of the host; 0 unknown.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The slots it concerns, in ascending order.
    pub fn slots(&self) -> impl Iterator<Item = usize> + use<> {
        let slots = self.slots;
        (0..SLOT_COUNT).filter(move |slot| slots & bit(*slot) != 0)
    }

    /// The role under which it happened, if there was one.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// The machine, at most 64 bytes; empty if unknown.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The program, at most 128 bytes; empty if unknown.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The bytes to seal.
    #[must_use]
    pub fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        put(&mut bytes, 0, &VERSION.to_le_bytes());
        put(&mut bytes, AT_KIND, &self.kind.number().to_le_bytes());
        put(&mut bytes, AT_SLOTS, &self.slots.to_le_bytes());
        put(&mut bytes, AT_TIME, &self.time.to_le_bytes());
        bytes[AT_ROLE] = self.role.map_or(0, |role| role as u8);
        bytes[AT_HOST_LEN] = self.host.len().to_le_bytes()[0];
        bytes[AT_AGENT_LEN] = self.agent.len().to_le_bytes()[0];
        put(&mut bytes, AT_HOST, self.host.as_bytes());
        put(&mut bytes, AT_AGENT, self.agent.as_bytes());
        bytes
    }

    /// Reads an opened event; `None` if it is of another version or malformed (F-103 to F-105). A kind that is not
    /// known is kept. What was read encodes to the same bytes again.
    #[must_use]
    pub fn decode(bytes: &[u8; LEN]) -> Option<Self> {
        let event = Self {
            kind: EventKind::from_number(u16::from_le_bytes(array_at(bytes, AT_KIND))),
            time: u64::from_le_bytes(array_at(bytes, AT_TIME)),
            slots: u32::from_le_bytes(array_at(bytes, AT_SLOTS)),
            role: decode_role(bytes[AT_ROLE])?,
            host: decode_text(&bytes[AT_HOST..AT_AGENT], bytes[AT_HOST_LEN])?,
            agent: decode_text(&bytes[AT_AGENT..][..AGENT_ROOM], bytes[AT_AGENT_LEN])?,
        };
        // Holds the version, the reserved bytes and the padding.
        (event.encode() == *bytes).then_some(event)
    }
}

/// The longest start of `text` that fits, without control characters, which could drive a terminal.
fn fitted(text: &str, room: usize) -> String {
    let mut kept = String::with_capacity(room);
    for character in text.chars() {
        let character = if character.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            character
        };
        if kept.len() + character.len_utf8() > room {
            break;
        }
        kept.push(character);
    }
    kept
}

fn bit(slot: usize) -> u32 {
    u32::try_from(slot)
        .ok()
        .and_then(|slot| 1u32.checked_shl(slot))
        .unwrap_or(0)
}

#[expect(
    clippy::option_option,
    reason = "a byte is unknown, no role or a role, and the first is refused"
)]
fn decode_role(byte: u8) -> Option<Option<Role>> {
    if byte == 0 {
        return Some(None);
    }
    [Role::Admin, Role::User, Role::Recovery, Role::Escrow]
        .into_iter()
        .find(|role| *role as u8 == byte)
        .map(Some)
}

fn decode_text(room: &[u8], length: u8) -> Option<String> {
    let text = core::str::from_utf8(room.get(..usize::from(length))?).ok()?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn put(bytes: &mut [u8; LEN], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn array_at<const N: usize>(bytes: &[u8; LEN], at: usize) -> [u8; N] {
    let mut value = [0; N];
    value.copy_from_slice(&bytes[at..at + N]);
    value
}

#[cfg(test)]
mod tests;
