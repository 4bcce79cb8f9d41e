//! Volumes, slots and erase reports, for people and for programs.

mod erase;
mod policy;
mod slots;

use std::fmt::Write;

use serde_json::{Map, Value, json};
use tenlock::format::{CopyStatus, Label, LabelField, VolumeState};
use tenlock::volume::Info;

pub(crate) use erase::{report_json, report_text};
pub(crate) use policy::{policy_json, policy_text};
pub(crate) use slots::{cost_text, slots_json, slots_text, ways_in};

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
        "policy": policy_json(&info.policy),
        "backups": info.backups,
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
    line("Header backups", &info.backups.to_string());
    line("Header copy A", &copy_text(&info.copies[0]));
    line("Header copy B", &copy_text(&info.copies[1]));
    text + &label_text(&info.label)
}

/// The texts of a label as a table, without those that are empty.
pub(crate) fn label_text(label: &Label) -> String {
    let mut text = String::new();
    for field in LabelField::ALL {
        let words = label.text(field);
        if !words.is_empty() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{:<16} {}", field_title(field), escape(words));
        }
    }
    text
}

/// The texts of a label as JSON.
pub(crate) fn label_json(label: &Label) -> Value {
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
