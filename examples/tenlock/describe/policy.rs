//! The rules of a volume.

use std::fmt::Write;

use serde_json::{Value, json};
use tenlock::volume::{PolicyRules, Role};

/// The rules as JSON.
pub(crate) fn policy_json(rules: &PolicyRules) -> Value {
    json!({
        "min_length": rules.passphrases.min_chars,
        "min_strength_bits": rules.passphrases.min_strength_bits,
        "not_the_label": rules.passphrases.not_the_label,
        "min_kdf_memory_kib": rules.min_kdf_memory_kib,
        "min_kdf_passes": rules.min_kdf_passes,
        "auto_lock_seconds": rules.auto_lock_seconds,
        "required_roles": role_names(rules),
    })
}

/// The rules as a table, each as something that holds.
pub(crate) fn policy_text(rules: &PolicyRules) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name:<28} {value}");
    };
    let passphrases = rules.passphrases;
    let or_none = |count: u32, unit: &str| match count {
        0 => "no rule".to_owned(),
        count => format!("{count} {unit}"),
    };
    line(
        "Passphrases, least length",
        or_none(passphrases.min_chars.into(), "characters"),
    );
    line(
        "Passphrases, least strength",
        or_none(passphrases.min_strength_bits.into(), "bits"),
    );
    let label = if passphrases.not_the_label {
        "refused"
    } else {
        "no rule"
    };
    line("Passphrases from the label", label.to_owned());
    line(
        "Key derivation, memory",
        or_none(rules.min_kdf_memory_kib, "KiB at least"),
    );
    line(
        "Key derivation, passes",
        or_none(rules.min_kdf_passes, "at least"),
    );
    line(
        "Locks when unused for",
        or_none(rules.auto_lock_seconds, "seconds"),
    );
    let mut required = role_names(rules).join(", ");
    if required.is_empty() {
        "admin".clone_into(&mut required);
    }
    line("Roles that must exist", required);
    text
}

fn role_names(rules: &PolicyRules) -> Vec<&'static str> {
    rules
        .required_roles
        .iter()
        .map(|role: &Role| role.name())
        .collect()
}
