//! Backups of the header, and its two copies: taken, lost, looked at, put back.

use std::fs;

use serde_json::json;
use tenlock::crypto::PrivateKey;

use super::desk::Desk;

/// Of the volume that a desk makes: both header copies and 1 MiB of room.
const COPY: usize = 1 << 20;
const BACKUP: [&str; 5] = ["header", "backup", "v.img", "--output", "v.backup"];

/// A desk with a volume and an office key.
fn desk() -> Desk {
    let desk = Desk::with_volume();
    let key = PrivateKey::generate().unwrap();
    desk.write("office.key", key.to_text().unwrap().expose());
    desk.write("office.pub", key.public_key().to_string());
    desk
}

fn damage(desk: &Desk, change: impl FnOnce(&mut [u8])) {
    let mut image = fs::read(desk.path("v.img")).unwrap();
    change(&mut image);
    desk.write("v.img", image);
}

#[test]
fn a_sealed_backup_brings_back_a_volume_of_which_both_headers_are_lost() {
    let desk = desk();
    desk.as_admin(&[&BACKUP[..], &["--to", "office.pub"]].concat())
        .done();
    assert_eq!(desk.info()["backups"], 1);
    damage(&desk, |image| {
        image[..COPY].fill(0);
        image[2 * COPY..].fill(0);
    });
    desk.as_admin(&["try", "v.img"]).exits(5);
    let restore = ["header", "restore", "v.img", "v.backup"];
    desk.run(&restore).fails(2, "give the private key with");
    let stranger = PrivateKey::generate().unwrap();
    desk.write("stranger", stranger.to_text().unwrap().expose());
    let with =
        |key: &str| desk.run(&[&restore[..], &["--private-key-file", key, "--json"]].concat());
    assert_ne!(with("stranger").code, 0);
    assert_eq!(with("office.key").done().json()["number"], 1);
    // The counters were lost with the headers: one attempt is left, and the right one resets it.
    assert_eq!(desk.slot(0)["attempts"]["remaining"], 1);
    desk.as_admin(&["try", "v.img"]).done();
    assert_eq!(desk.slot(0)["attempts"]["remaining"], 10);
    desk.run(&["header", "check", "v.img"]).done();
}

#[test]
fn an_unsealed_backup_has_to_be_asked_for_by_name() {
    let desk = desk();
    desk.as_admin(&BACKUP).fails(2, "--to");
    desk.as_admin(&[&BACKUP[..], &["--plain"]].concat())
        .fails(2, "--yes");
    assert_eq!(desk.info()["backups"], 0);
    let plain = [&BACKUP[..], &["--plain", "--yes"]].concat();
    let ran = desk.as_admin(&plain);
    assert!(ran.stderr.contains("outlives an erase"), "{}", ran.stderr);
    ran.done();
    desk.as_admin(&plain).fails(1, "is there already");
}

#[test]
fn a_backup_does_not_bring_back_what_was_erased_or_changed_unless_asked_to() {
    let desk = desk();
    desk.as_admin(&[&BACKUP[..], &["--to", "office.pub"]].concat())
        .done();
    desk.add_user(&[]);
    let restore = [
        "header",
        "restore",
        "v.img",
        "v.backup",
        "--private-key-file",
        "office.key",
        "--json",
    ];
    assert_eq!(desk.run(&restore).exits(1).json()["error"], "restore_older");
    desk.run(&restore[..6]).fails(1, "(with --older)");
    desk.run(&[&restore[..], &["--older"]].concat()).done();
    assert_eq!(desk.slot(1), json!(null));
    desk.run(&["erase", "v.img", "--yes"]).done();
    let refused = desk.run(&[&restore[..], &["--older"]].concat());
    assert_eq!(refused.json()["error"], "restore_erased");
}

#[test]
fn check_names_the_damaged_block_and_repair_mends_it() {
    let desk = desk();
    let check = ["header", "check", "v.img", "--json"];
    assert_eq!(
        desk.run(&check).done().json()["check"]["signatures"],
        "genuine"
    );
    damage(&desk, |image| image[3 * 4096 + 100] ^= 1);
    let found = desk.run(&check).exits(6).json();
    let faults = &found["check"]["copies"][0]["faults"];
    assert_eq!(
        (&faults[0]["kind"], &faults[0]["block"]),
        (&json!("policy"), &json!(3))
    );
    let repair = ["header", "repair", "v.img"];
    desk.run(&repair).fails(2, "--yes");
    let repaired = desk
        .run(&[&repair[..], &["--yes", "--json"]].concat())
        .done()
        .json();
    assert_eq!(repaired["repaired"][0]["kind"], "policy");
    desk.run(&check).done();
    damage(&desk, |image| image[..COPY].fill(0x11));
    desk.run(&check[..3]).fails(6, "not all is well");
    let text = desk.run(&[&repair[..], &["--yes"]].concat()).done().text();
    assert!(
        text.contains("blocks from 0 (root) to 127 (seal 63)") && text.lines().count() < 5,
        "{text}"
    );
    desk.run(&check).done();
    desk.run(&["erase", "v.img", "--yes"]).done();
    desk.run(&check).exits(4);
}
