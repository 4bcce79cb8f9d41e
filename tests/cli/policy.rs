//! Policy, label and event log: what an admin decides and sees, and nobody else.

use serde_json::{Value, json};

use super::desk::Desk;

#[test]
fn rules_that_are_given_change_and_bind_new_passphrases() {
    let desk = Desk::with_volume();
    let set = |more: &[&str]| desk.as_admin(&[&["policy", "set", "v.img"], more].concat());
    let json = set(&["--min-length", "20", "--auto-lock-seconds", "600", "--json"])
        .done()
        .json();
    let expected = json!({
        "min_length": 20, "min_strength_bits": 0, "not_the_label": true, "min_kdf_memory_kib": 0,
        "min_kdf_passes": 0, "auto_lock_seconds": 600, "required_roles": [],
    });
    assert_eq!(json["policy"], expected);
    set(&["--not-the-label", "false", "--min-kdf-memory", "20M"]).done();
    let shown = desk
        .run(&["policy", "show", "v.img", "--json"])
        .done()
        .json();
    assert_eq!(shown["policy"], desk.info()["policy"]);
    assert_eq!(
        (
            &shown["policy"]["min_length"],
            &shown["policy"]["min_kdf_memory_kib"]
        ),
        (&json!(20), &json!(20 * 1024))
    );
    let text = desk.run(&["policy", "show", "v.img"]).done().text();
    assert!(
        text.contains("20 characters") && text.contains("600 seconds"),
        "{text}"
    );
    desk.write("short", "nineteen characters");
    let add = [
        "slot",
        "add",
        "v.img",
        "--new-role",
        "user",
        "--new-passphrase-file",
        "short",
    ];
    let json = desk
        .as_admin(&[&add[..], &["--json"]].concat())
        .exits(2)
        .json();
    assert_eq!(json["error"], "rule");
    assert!(
        json["message"]
            .as_str()
            .unwrap()
            .contains("19 character(s)")
    );
    desk.open(&[]).done();
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let desk = Desk::with_volume();
    let before = desk.info()["policy"].clone();
    let set = |more: &[&str]| desk.as_admin(&[&["policy", "set", "v.img"], more].concat());
    set(&[]).exits(2);
    set(&["--min-length", "70000"]).fails(2, "at most 1024");
    set(&["--min-strength-bits", "64"]).fails(2, "at most 63");
    set(&["--min-kdf-memory", "4G"]).exits(2);
    set(&["--required-roles", "admin,guest"]).fails(2, "give admin, user");
    set(&["--required-roles", "recovery"]).fails(1, "a slot of the role recovery");
    assert_eq!(desk.info()["policy"], before);
    desk.add_recovery(&[]);
    set(&["--required-roles", "admin,recovery"]).done();
    assert_eq!(
        desk.info()["policy"]["required_roles"],
        json!(["admin", "recovery"])
    );
    desk.as_admin(&["slot", "remove", "v.img", "1"])
        .fails(1, "a slot of the role recovery has to be there");
    set(&["--required-roles", "none"]).done();
    desk.as_admin(&["slot", "remove", "v.img", "1"]).done();
}

#[test]
fn a_label_changes_where_a_text_is_given_and_an_empty_one_is_removed() {
    let desk = Desk::with_volume();
    let set = |more: &[&str]| desk.as_admin(&[&["label", "set", "v.img"], more].concat());
    set(&["--owner", "Smith LLP", "--reward", "A cake"]).done();
    let json = set(&["--reward", "", "--hint", "the usual", "--json"])
        .done()
        .json();
    let expected = json!({
        "label": "", "owner": "Smith LLP", "contact": "", "reward": "", "asset_tag": "",
        "customer": "", "hint": "the usual",
    });
    assert_eq!(json["label"], expected);
    assert_eq!(desk.info()["label"], expected);
    let shown = desk
        .run(&["label", "show", "v.img", "--json"])
        .done()
        .json();
    assert_eq!(shown["label"], expected);
    let text = desk.run(&["label", "show", "v.img"]).done().text();
    assert!(
        text.contains("Smith LLP") && !text.contains("cake"),
        "{text}"
    );
    set(&[]).fails(2, "give at least one text");
    set(&["--label", &"x".repeat(63)]).fails(2, "shorten it");
    desk.add_user(&[]);
    desk.run(&[
        "label",
        "set",
        "v.img",
        "--owner",
        "Eve",
        "--passphrase-file",
        "other",
        "--role",
        "user",
    ])
    .fails(1, "may not change the label");
}

#[test]
fn the_log_shows_an_admin_what_happened_and_who_it_was() {
    let desk = Desk::with_volume();
    desk.guess(&[]).exits(3);
    desk.add_user(&[]);
    desk.as_admin(&["export-key", "v.img", "--yes"]).done();
    let mut command = desk.command(&["log", "v.img", "--json", "--passphrase-file", "right"]);
    command.args(["--role", "admin"]).env("USER", "doro");
    let log: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    assert_eq!(log["faults"], json!([]));
    let entries = log["entries"].as_array().unwrap();
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "created",
        "attempt",
        "attempt",
        "unlocked",
        "slot_added",
        "attempt",
        "unlocked",
        "key_exported",
        "attempt",
        "unlocked",
    ];
    assert_eq!(kinds, expected);
    let sequences: Vec<_> = entries
        .iter()
        .map(|entry| entry["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, (1..=10).collect::<Vec<_>>());
    let (added, last) = (&entries[4], &entries[9]);
    assert_eq!(
        (&added["slots"], &added["role"]),
        (&json!([1]), &json!("admin"))
    );
    assert!(added["time"].as_str().unwrap().ends_with('Z'));
    assert!(!last["host"].as_str().unwrap().is_empty());
    let agent = concat!("tenlock ", env!("CARGO_PKG_VERSION"), " (doro)");
    assert_eq!(last["agent"], agent);
    let text = desk.as_admin(&["log", "v.img"]).done().text();
    assert!(
        text.contains("key_exported") && text.contains(agent),
        "{text}"
    );
    let as_user = ["--passphrase-file", "other", "--role", "user"];
    desk.run(&[&["log", "v.img"][..], &as_user].concat())
        .fails(1, "may not read the event log");
}
