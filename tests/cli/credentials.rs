//! Where credentials come from, that several can be asked for together, and that older copies are noticed.

use std::fs;

use serde_json::json;

use super::desk::{BARE, Desk};

#[test]
fn a_slot_that_asks_for_two_factors_opens_with_both_and_with_neither_alone() {
    let desk = Desk::new();
    desk.write("badge", b"\0\x01bytes of a badge");
    let create = [
        "create",
        "v.img",
        "--size",
        "1M",
        "--new-passphrase-file",
        "right",
    ];
    desk.run(&[&create[..], &["--new-key-file", "badge"], &BARE].concat())
        .done();
    assert_eq!(desk.slot(0)["factors"], json!(["passphrase", "key_file"]));
    desk.open(&["--key-file", "badge"]).done();
    desk.open(&[]).fails(1, "no slot of this volume opens");
    desk.run(&["try", "v.img", "--key-file", "badge"])
        .fails(1, "no slot of this volume opens");
    desk.run(&["try", "v.img"])
        .fails(2, "which is passphrase and key file");
    desk.write("other badge", b"\0\x01bytes of another");
    desk.open(&["--key-file", "other badge"])
        .fails(3, "9 attempt(s) left");
    desk.write("empty", "");
    desk.open(&["--key-file", "empty"])
        .fails(2, "the key file is empty");
    desk.open(&["--key-file", "missing"])
        .fails(9, "cannot read the key file missing");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 1);
}

#[test]
fn a_holder_changes_from_one_kind_of_credential_to_another() {
    let desk = Desk::with_volume();
    desk.write("badge", b"\0\x01bytes of a badge");
    desk.as_admin(&["slot", "change", "v.img", "--new-key-file", "badge"])
        .done();
    desk.open(&[]).exits(1);
    desk.run(&["try", "v.img", "--key-file", "badge"]).done();
}

#[test]
fn a_passphrase_is_asked_for_only_where_one_opens_the_volume() {
    let desk = Desk::with_volume();
    desk.add_recovery(&[]);
    let remove = ["slot", "remove", "v.img", "0", "--force"];
    desk.as_admin(&remove).done();
    desk.run(&["read", "v.img"])
        .fails(2, "give what opens one, which is recovery key");
    desk.run(&["try", "v.img", "--role", "admin"])
        .fails(2, "no such slot can be opened");
}

#[cfg(unix)]
#[test]
fn one_file_descriptor_gives_one_secret() {
    let desk = Desk::with_volume();
    let change = [
        "slot",
        "change",
        "v.img",
        "--passphrase-fd",
        "0",
        "--new-passphrase-fd",
        "0",
    ];
    desk.run_with(&change, b"x")
        .fails(2, "cannot give two secrets");
    desk.add_recovery(&[]);
    desk.add_user(&[]);
    desk.run_with(
        &[
            "recover",
            "v.img",
            "--recovery-key-file",
            "key",
            "--new-passphrase-fd",
            "0",
        ],
        b"a third passphrase of somebody\n",
    )
    .done();
    desk.run_with(
        &["try", "v.img", "--passphrase-fd", "0"],
        b"a third passphrase of somebody",
    )
    .done();
}

#[test]
fn an_older_copy_is_refused_by_a_host_that_remembers() {
    let desk = Desk::with_volume();
    let remember = ["--remember", "memory"];
    desk.open(&remember).done();
    let old = fs::read(desk.path("v.img")).unwrap();
    desk.guess(&remember).exits(3);
    desk.write("v.img", &old);
    let json = desk
        .open(&[&remember[..], &["--json"]].concat())
        .exits(1)
        .json();
    assert_eq!(json["error"], "rollback");
    desk.open(&remember).fails(1, "--accept-rollback");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 0);
    desk.open(&[]).done();
    desk.open(&[&remember[..], &["--accept-rollback"]].concat())
        .done();
    desk.write("memory", "scrap");
    desk.open(&remember).fails(1, "mend or remove it");
}

#[test]
fn a_passphrase_from_the_label_is_refused_by_the_rule_of_new_volumes() {
    let desk = Desk::new();
    desk.write("poor", "Smith & Wesson LLP");
    let create = [
        "create",
        "v.img",
        "--size",
        "1M",
        "--owner",
        "Smith & Wesson LLP",
    ];
    desk.run(&[&create[..], &["--new-passphrase-file", "poor"], &BARE].concat())
        .fails(2, "which everybody can read");
    assert!(!desk.path("v.img").exists() && !desk.path("v.img.part").exists());
}
