//! Slots, and what opens them.

use std::fmt::Write;

use serde_json::{Value, json};
use tenlock::crypto::RecipientPublicKey;
use tenlock::format::{Action, Factor, VolumeState};
use tenlock::volume::{Attempts, Info, SlotInfo, SlotStatus};

use crate::output::escape;
use crate::terms::action_name;
use crate::units::show_time;

/// The slots as JSON; none once the key is erased, for they open nothing any more.
pub(crate) fn slots_json(info: &Info) -> Value {
    let slots = match info.state {
        VolumeState::Locked => &info.slots[..],
        VolumeState::Erasing | VolumeState::Erased => &[],
    };
    slots.iter().map(slot_json).collect()
}

/// The slots as a table.
pub(crate) fn slots_text(info: &Info) -> String {
    let names: Vec<_> = info.slots.iter().map(|slot| escape(&slot.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or(0).max(16);
    let mut text = format!(
        "Slot  Role      {:<width$}  Attempts left             Opens with\n",
        "Name"
    );
    for (slot, name) in info.slots.iter().zip(names) {
        let attempts = slot
            .attempts
            .map_or_else(|| "not counted".to_owned(), attempts_text);
        let _ = writeln!(
            text,
            "{:>4}  {:<8}  {name:<width$}  {attempts:<24}  {}",
            slot.index,
            slot.role.name(),
            opens_with(slot)
        );
    }
    text
}

/// What opens these slots, each way once.
pub(crate) fn ways_in(slots: &[&SlotInfo]) -> String {
    let mut ways: Vec<String> = Vec::new();
    for slot in slots {
        let names: Vec<_> = slot.factors.iter().map(factor_title).collect();
        let way = names.join(" and ");
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join(", or ")
}

/// The cost of the first key derivation for people, if there is one.
pub(crate) fn cost_text(info: &Info) -> Option<String> {
    let mut factors = info.slots.iter().flat_map(|slot| &slot.factors);
    factors.find_map(|factor| match factor {
        Factor::Passphrase(cost) => Some(argon2_text(cost.memory_kib, cost.passes, cost.lanes)),
        _ => None,
    })
}

fn argon2_text(memory_kib: u32, passes: u32, lanes: u32) -> String {
    let lanes = if lanes == 1 {
        "1 lane".to_owned()
    } else {
        format!("{lanes} lanes")
    };
    format!("Argon2id, {memory_kib} KiB, {passes} passes, {lanes}")
}

fn slot_json(slot: &SlotInfo) -> Value {
    let kdf = slot.factors.iter().find_map(|factor| match factor {
        Factor::Passphrase(cost) => Some(cost_json(cost.memory_kib, cost.passes, cost.lanes)),
        _ => None,
    });
    let public_key = slot.factors.iter().find_map(|factor| match factor {
        Factor::PublicKey { public_key, .. } => Some(RecipientPublicKey(*public_key).to_string()),
        _ => None,
    });
    json!({
        "index": slot.index,
        "role": slot.role.name(),
        "name": slot.name,
        "status": status_name(slot.status),
        "factors": slot.factors.iter().map(factor_name).collect::<Vec<_>>(),
        "attempts": slot.attempts.map(attempts_json),
        "flags": {
            "one_time": slot.flags.one_time,
            "read_only": slot.flags.read_only,
            "last_attempt_reserved": slot.flags.last_attempt_reserved,
        },
        "must_change": slot.must_change,
        "changed": show_time(slot.changed),
        "kdf": kdf,
        "public_key": public_key,
    })
}

fn cost_json(memory_kib: u32, passes: u32, lanes: u32) -> Value {
    json!({ "algorithm": "argon2id", "memory_kib": memory_kib, "passes": passes, "lanes": lanes })
}

fn attempts_json(attempts: Attempts) -> Value {
    json!({
        "limit": attempts.limit,
        "failed": attempts.failed,
        "remaining": attempts.remaining,
        "reserved": attempts.reserved,
        "action": action_name(attempts.action),
    })
}

fn attempts_text(attempts: Attempts) -> String {
    let then = match attempts.action {
        Action::EraseSlot => "erases slot",
        Action::EraseVolume => "erases volume",
    };
    format!("{} of {}, {then}", attempts.remaining, attempts.limit)
}

/// The factors, and what else a holder has to know.
fn opens_with(slot: &SlotInfo) -> String {
    let mut text = match slot.status {
        SlotStatus::InForce => {
            let factors: Vec<_> = slot.factors.iter().map(factor_text).collect();
            factors.join(" and ")
        }
        SlotStatus::Erased => "nothing: erased".to_owned(),
        SlotStatus::Spent => "nothing: spent by its use".to_owned(),
    };
    let reserved = slot.attempts.is_some_and(|attempts| attempts.reserved);
    for (said, words) in [
        (slot.must_change, "must be changed"),
        (slot.flags.one_time, "opens once"),
        (slot.flags.read_only, "read-only"),
        (slot.flags.last_attempt_reserved, "last attempt reserved"),
        (reserved, "an admin has to allow it"),
    ] {
        if said {
            let _ = write!(text, "; {words}");
        }
    }
    text
}

fn status_name(status: SlotStatus) -> &'static str {
    match status {
        SlotStatus::InForce => "in_force",
        SlotStatus::Erased => "erased",
        SlotStatus::Spent => "spent",
    }
}

fn factor_name(factor: &Factor) -> &'static str {
    match factor {
        Factor::Passphrase(_) => "passphrase",
        Factor::KeyFile { .. } => "key_file",
        Factor::RecoveryKey { .. } => "recovery_key",
        Factor::PublicKey { .. } => "public_key",
        Factor::External { .. } => "external",
        _ => "unknown",
    }
}

fn factor_text(factor: &Factor) -> String {
    match factor {
        Factor::Passphrase(cost) => format!(
            "passphrase ({})",
            argon2_text(cost.memory_kib, cost.passes, cost.lanes)
        ),
        Factor::External { provider, .. } => format!("external ({})", escape(provider)),
        other => factor_title(other),
    }
}

fn factor_title(factor: &Factor) -> String {
    match factor {
        Factor::PublicKey { .. } => "private key".to_owned(),
        other => factor_name(other).replace('_', " "),
    }
}
