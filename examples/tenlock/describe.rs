//! Volumes, slots and erase reports, for people and for programs.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use tenlock::crypto::Argon2Cost;
use tenlock::format::{
    Cause, CopyStatus, Factor, Label, LabelField, RegionKind, RegionResult, VolumeState,
};
use tenlock::volume::{EraseReport, Info, SlotInfo};

use crate::output::escape;
use crate::units::{show_bytes, show_time};

/// The public part as JSON.
pub(crate) fn info_json(info: &Info) -> Map<String, Value> {
    let value = json!({
        "format_version": info.format_version,
        "uuid": info.id.to_string(),
        "state": state_name(info.state),
        "generation": info.generation,
        "created": show_time(info.created),
        "sector_size": info.sector_size.bytes(),
        "payload_offset": info.payload_offset,
        "payload_length": info.payload_length,
        "cipher": info.cipher.name(),
        "slots": slots_json(info),
        "label": label_json(&info.label),
        "header_copies": copies_json(&info.copies),
    });
    if let Value::Object(object) = value {
        object
    } else {
        Map::new()
    }
}

/// What header copies A and B are like.
pub(crate) fn copies_json(copies: &[CopyStatus; 2]) -> Value {
    json!([copy_json("A", &copies[0]), copy_json("B", &copies[1])])
}

/// The public part as a table, without the slots.
pub(crate) fn info_text(info: &Info) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name:<16} {value}");
    };
    line("State", state_name(info.state));
    line("Volume id", &info.id.to_string());
    line("Format version", &info.format_version.to_string());
    line(
        "Created",
        &show_time(info.created).unwrap_or_else(|| "unknown".to_owned()),
    );
    line(
        "Room for data",
        &format!(
            "{}, from byte {} on",
            show_bytes(info.payload_length),
            info.payload_offset
        ),
    );
    line(
        "Sector size",
        &format!("{} bytes", info.sector_size.bytes()),
    );
    line("Cipher", info.cipher.name());
    line("Generation", &info.generation.to_string());
    line("Header copy A", &copy_text(&info.copies[0]));
    line("Header copy B", &copy_text(&info.copies[1]));
    for field in LabelField::ALL {
        let words = info.label.text(field);
        if !words.is_empty() {
            line(field_title(field), &escape(words));
        }
    }
    text
}

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
    let mut text = String::from("Slot  Role      Attempts left  Opens with\n");
    for slot in &info.slots {
        let attempts = slot.attempts.map_or_else(
            || "not counted".to_owned(),
            |left| format!("{} of {}", left.remaining, left.limit),
        );
        let factors: Vec<_> = slot.factors.iter().map(factor_text).collect();
        let _ = writeln!(
            text,
            "{:>4}  {:<8}  {attempts:<13}  {}",
            slot.index,
            slot.role.name(),
            factors.join(" and ")
        );
    }
    text
}

/// An erase report as JSON.
pub(crate) fn report_json(report: &EraseReport) -> Value {
    let (cause, slot) = match report.cause {
        Cause::AttemptsExhausted { slot } => ("attempts_exhausted", Some(slot)),
        Cause::Requested => ("requested", None),
    };
    let regions = report.regions.iter().map(|region| {
        json!({
            "kind": kind_name(region.kind),
            "offset": region.offset,
            "length": region.length,
            "result": result_name(region.result),
            "discarded": region.discarded,
        })
    });
    json!({
        "uuid": report.volume.to_string(),
        "software": concat!("tenlock ", env!("CARGO_PKG_VERSION")),
        "cause": cause,
        "slot": slot,
        "began": show_time(report.began),
        "ended": show_time(report.ended),
        "verified": report.is_verified(),
        "regions": regions.collect::<Vec<_>>(),
    })
}

/// An erase report, region by region.
pub(crate) fn report_text(report: &EraseReport) -> String {
    let time = |seconds| show_time(seconds).unwrap_or_else(|| "unknown".to_owned());
    let mut text = format!("Erase of volume {}: {report}\n", report.volume);
    let _ = writeln!(
        text,
        "Began {}, ended {}.",
        time(report.began),
        if report.ended == 0 {
            "not yet".to_owned()
        } else {
            time(report.ended)
        }
    );
    for region in &report.regions {
        let discarded = if region.discarded { "; discarded" } else { "" };
        let (kind, result) = (kind_name(region.kind), result_text(region.result));
        let _ = writeln!(
            text,
            "  {kind:<5}  byte {:>12}, {:>7} bytes: {result}{discarded}",
            region.offset, region.length
        );
    }
    text
}

/// The cost of a key derivation as JSON.
pub(crate) fn cost_json(memory_kib: u32, passes: u32, lanes: u32) -> Value {
    json!({ "algorithm": "argon2id", "memory_kib": memory_kib, "passes": passes, "lanes": lanes })
}

/// The cost of a key derivation for people.
pub(crate) fn cost_text(cost: Argon2Cost) -> String {
    argon2_text(cost.memory_kib(), cost.passes(), cost.lanes())
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
    let attempts = slot.attempts.map(
        |left| json!({ "limit": left.limit, "failed": left.failed, "remaining": left.remaining }),
    );
    let kdf = slot.factors.iter().find_map(|factor| match factor {
        Factor::Passphrase(cost) => Some(cost_json(cost.memory_kib, cost.passes, cost.lanes)),
        _ => None,
    });
    json!({
        "index": slot.index,
        "role": slot.role.name(),
        "factors": slot.factors.iter().map(factor_name).collect::<Vec<_>>(),
        "attempts": attempts,
        "kdf": kdf,
    })
}

fn label_json(label: &Label) -> Value {
    let texts = LabelField::ALL
        .into_iter()
        .map(|field| (field.name().to_owned(), json!(label.text(field))));
    Value::Object(texts.collect())
}

fn copy_json(name: &str, status: &CopyStatus) -> Value {
    let (condition, defects) = match status {
        CopyStatus::Whole => ("whole", Vec::new()),
        CopyStatus::Damaged(blocks) => (
            "damaged",
            blocks
                .iter()
                .map(|(block, defect)| json!({ "block": block, "defect": defect.to_string() }))
                .collect(),
        ),
        CopyStatus::Foreign(defect) => (
            "overwritten",
            vec![json!({ "block": null, "defect": defect.to_string() })],
        ),
    };
    json!({ "copy": name, "condition": condition, "defects": defects })
}

fn copy_text(status: &CopyStatus) -> String {
    match status {
        CopyStatus::Whole => "whole".to_owned(),
        CopyStatus::Damaged(blocks) => format!(
            "{} damaged or outdated block(s), repaired by the next unlock",
            blocks.len()
        ),
        CopyStatus::Foreign(_) => {
            "overwritten by something else; make a backup of the data".to_owned()
        }
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
        other => factor_name(other).replace('_', " "),
    }
}

fn field_title(field: LabelField) -> &'static str {
    match field {
        LabelField::Label => "Label",
        LabelField::Owner => "Owner",
        LabelField::Contact => "Contact",
        LabelField::Reward => "Reward",
        LabelField::AssetTag => "Asset tag",
        LabelField::Customer => "Customer",
        LabelField::Hint => "Passphrase hint",
        other => other.name(),
    }
}

fn state_name(state: VolumeState) -> &'static str {
    match state {
        VolumeState::Locked => "locked",
        VolumeState::Erasing => "erasing",
        VolumeState::Erased => "erased",
    }
}

fn kind_name(kind: RegionKind) -> &'static str {
    match kind {
        RegionKind::Seal => "seal",
        RegionKind::Slots => "slots",
    }
}

fn result_name(result: RegionResult) -> &'static str {
    match result {
        RegionResult::VerifiedOnMedium => "verified_on_medium",
        RegionResult::VerifiedInCache => "verified_in_cache",
        RegionResult::Mismatch => "mismatch",
        RegionResult::Unreadable => "unreadable",
        RegionResult::NotWritten => "not_written",
    }
}

fn result_text(result: RegionResult) -> &'static str {
    match result {
        RegionResult::VerifiedOnMedium => "overwritten, read back from the medium",
        RegionResult::VerifiedInCache => "overwritten, read back (perhaps from a cache)",
        RegionResult::Mismatch => "FAILED: other bytes were read back",
        RegionResult::Unreadable => "FAILED: could not be read back",
        RegionResult::NotWritten => "FAILED: could not be written",
    }
}
