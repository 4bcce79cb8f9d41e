//! Descriptions as JSON, with the members that the command-line tool prints. Times are numbers, seconds
//! since 1970 UTC, and 0 if unknown.

use serde_json::{Value, json};

use super::fault::Fault;
use super::text::Text;
use crate::format::{
    Action, Cause, CopyStatus, Factor, Label, LabelField, LogFault, Region, RegionKind,
    RegionResult, Role, VolumeState,
};
use crate::volume::{
    Attempts, EraseReport, EventLog, Info, LogEntry, Notice, PolicyRules, SlotInfo, SlotStatus,
};

/// A value as a text.
pub(super) fn text(value: &Value) -> Result<Text, Fault> {
    Text::new(value.to_string().as_bytes())
}

/// A count or index that C has as 32 bits.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The public part of a volume.
pub(super) fn info(info: &Info) -> Value {
    json!({
        "format_version": info.format_version,
        "uuid": info.id.to_string(),
        "state": match info.state {
            VolumeState::Locked => "locked",
            VolumeState::Erasing => "erasing",
            VolumeState::Erased => "erased",
        },
        "generation": info.generation,
        "created": info.created,
        "sector_size": info.sector_size.bytes(),
        "payload_offset": info.payload_offset,
        "payload_length": info.payload_length,
        "cipher": info.cipher.name(),
        "slots": info.slots.iter().map(slot).collect::<Value>(),
        "policy": policy(&info.policy),
        "policy_number": info.policy_number,
        "backups": info.backups,
        "log_sequence": info.log_sequence,
        "label": label(&info.label),
        "header_copies": [copy("A", &info.copies[0]), copy("B", &info.copies[1])],
    })
}

/// What was erased.
pub(super) fn report(report: &EraseReport) -> Value {
    let (cause, slot) = match report.cause {
        Cause::AttemptsExhausted { slot } => ("attempts_exhausted", Some(slot)),
        Cause::Requested => ("requested", None),
    };
    json!({
        "uuid": report.volume.to_string(),
        "software": concat!("tenlock ", env!("CARGO_PKG_VERSION")),
        "cause": cause,
        "slot": slot,
        "began": report.began,
        "ended": report.ended,
        "verified": report.is_verified(),
        "regions": report.regions.iter().map(region).collect::<Value>(),
    })
}

/// The event log.
pub(super) fn event_log(log: &EventLog) -> Value {
    json!({
        "entries": log.entries.iter().map(log_entry).collect::<Value>(),
        "faults": log.faults.iter().map(log_fault).collect::<Value>(),
    })
}

/// What was out of order.
pub(super) fn notices(notices: &[Notice]) -> Value {
    notices.iter().map(ToString::to_string).collect()
}

fn slot(slot: &SlotInfo) -> Value {
    let kdf = slot.factors.iter().find_map(|factor| match factor {
        Factor::Passphrase(kdf) => Some(json!({
            "algorithm": "argon2id",
            "memory_kib": kdf.memory_kib,
            "passes": kdf.passes,
            "lanes": kdf.lanes,
        })),
        _ => None,
    });
    json!({
        "index": slot.index,
        "role": slot.role.name(),
        "name": slot.name,
        "status": match slot.status {
            SlotStatus::InForce => "in_force",
            SlotStatus::Erased => "erased",
            SlotStatus::Spent => "spent",
        },
        "factors": slot.factors.iter().map(factor).collect::<Value>(),
        "attempts": slot.attempts.map(attempts),
        "flags": {
            "one_time": slot.flags.one_time,
            "read_only": slot.flags.read_only,
            "last_attempt_reserved": slot.flags.last_attempt_reserved,
        },
        "must_change": slot.must_change,
        "changed": slot.changed,
        "kdf": kdf,
    })
}

fn factor(factor: &Factor) -> &'static str {
    match factor {
        Factor::Passphrase(_) => "passphrase",
        Factor::KeyFile { .. } => "key_file",
        Factor::RecoveryKey { .. } => "recovery_key",
        Factor::PublicKey { .. } => "public_key",
        Factor::External { .. } => "external",
        Factor::Unknown { .. } => "unknown",
    }
}

fn attempts(attempts: Attempts) -> Value {
    json!({
        "limit": attempts.limit,
        "failed": attempts.failed,
        "remaining": attempts.remaining,
        "reserved": attempts.reserved,
        "action": match attempts.action {
            Action::EraseSlot => "erase_slot",
            Action::EraseVolume => "erase_volume",
        },
    })
}

fn policy(rules: &PolicyRules) -> Value {
    json!({
        "min_length": rules.passphrases.min_chars,
        "min_strength_bits": rules.passphrases.min_strength_bits,
        "not_the_label": rules.passphrases.not_the_label,
        "min_kdf_memory_kib": rules.min_kdf_memory_kib,
        "min_kdf_passes": rules.min_kdf_passes,
        "auto_lock_seconds": rules.auto_lock_seconds,
        "required_roles": rules.required_roles.iter().map(|role| role.name()).collect::<Value>(),
    })
}

fn label(label: &Label) -> Value {
    let texts = LabelField::ALL.map(|field| (field.name().to_owned(), json!(label.text(field))));
    Value::Object(texts.into_iter().collect())
}

fn copy(name: &str, status: &CopyStatus) -> Value {
    let defect = |block: Option<usize>, text: String| json!({ "block": block, "defect": text });
    let (condition, defects) = match status {
        CopyStatus::Whole => ("whole", Vec::new()),
        CopyStatus::Damaged(blocks) => (
            "damaged",
            blocks
                .iter()
                .map(|(block, found)| defect(Some(*block), found.to_string()))
                .collect(),
        ),
        CopyStatus::Foreign(found) => ("overwritten", vec![defect(None, found.to_string())]),
    };
    json!({ "copy": name, "condition": condition, "defects": defects })
}

fn region(region: &Region) -> Value {
    json!({
        "kind": match region.kind {
            RegionKind::Seal => "seal",
            RegionKind::Slots => "slots",
        },
        "offset": region.offset,
        "length": region.length,
        "result": match region.result {
            RegionResult::VerifiedOnMedium => "verified_on_medium",
            RegionResult::VerifiedInCache => "verified_in_cache",
            RegionResult::Mismatch => "mismatch",
            RegionResult::Unreadable => "unreadable",
            RegionResult::NotWritten => "not_written",
        },
        "discarded": region.discarded,
    })
}

fn log_entry(entry: &LogEntry) -> Value {
    let Some(event) = &entry.event else {
        return json!({ "sequence": entry.sequence, "kind": null });
    };
    json!({
        "sequence": entry.sequence,
        "time": event.time(),
        "kind": event.kind().name(),
        "kind_number": event.kind().number(),
        "slots": event.slots().collect::<Value>(),
        "role": event.role().map(Role::name),
        "host": event.host(),
        "agent": event.agent(),
    })
}

fn log_fault(fault: &LogFault) -> Value {
    match fault {
        LogFault::Missing { first, last } => {
            json!({ "fault": "missing", "first": first, "last": last })
        }
        LogFault::Unlinked { sequence } => json!({ "fault": "unlinked", "sequence": sequence }),
    }
}
