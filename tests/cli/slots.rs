//! Slots: who may open a volume, how often they may guess, and who decides.

use serde_json::json;

use super::desk::{Desk, OTHER};

#[test]
fn an_added_slot_opens_the_volume_and_says_what_it_is() {
    let desk = Desk::with_volume();
    desk.add_user(&["--name", "Technician", "--attempts", "5", "--read-only"]);
    let slot = desk.slot(1);
    assert_eq!(
        (&slot["role"], &slot["name"], &slot["status"]),
        (&json!("user"), &json!("Technician"), &json!("in_force"))
    );
    let attempts = json!({
        "limit": 5, "failed": 0, "remaining": 5, "reserved": false, "action": "erase_slot",
    });
    assert_eq!(slot["attempts"], attempts);
    assert_eq!(slot["flags"]["read_only"], true);
    let tried = desk
        .run(&["try", "v.img", "--passphrase-file", "other", "--json"])
        .done()
        .json();
    assert_eq!(
        (&tried["slot"], &tried["role"], &tried["name"]),
        (&json!(1), &json!("user"), &json!("Technician"))
    );
    assert_eq!(
        (&tried["must_change"], &tried["one_time"]),
        (&json!(false), &json!(false))
    );
    let text = desk.run(&["slot", "list", "v.img"]).done().text();
    for words in [
        "Technician",
        "5 of 5, erases slot",
        "10 of 10, erases volume",
        "read-only",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
    let write = ["write", "v.img", "--passphrase-file", "other"];
    desk.run_with(&write, b"x").fails(1, "may only read");
}

#[test]
fn add_reports_the_slot_and_refuses_what_makes_no_sense() {
    let desk = Desk::with_volume();
    desk.write("other", OTHER);
    let add = |more: &[&str]| {
        let add = ["slot", "add", "v.img", "--new-passphrase-file", "other"];
        desk.as_admin(&[&add, more].concat())
    };
    let added = add(&["--new-role", "user", "--index", "7", "--json"])
        .done()
        .json();
    assert_eq!(
        (&added["slot"], &added["role"]),
        (&json!(7), &json!("user"))
    );
    add(&["--new-role", "user", "--index", "7"]).fails(2, "slot 7 is in use");
    add(&["--new-role", "user", "--index", "32"]).fails(2, "0 to 31");
    add(&["--new-role", "guest"]).fails(2, "give admin, user, recovery or escrow");
    add(&["--new-role", "user", "--attempts", "11"]).fails(2, "choose 1 to 10");
    add(&["--new-role", "user", "--one-time"]).fails(2, "only a recovery slot");
    add(&["--new-role", "recovery"]).fails(2, "can be guessed");
    assert_eq!(desk.info()["slots"].as_array().unwrap().len(), 2);
}

#[test]
fn typing_errors_of_a_user_are_not_charged_to_the_admin() {
    let desk = Desk::with_volume();
    desk.add_user(&["--attempts", "2"]);
    let json = desk.guess(&["--json"]).exits(3).json();
    assert_eq!(
        (&json["attempts_remaining"], &json["at_the_limit"]),
        (&json!(1), &json!("erase_slot"))
    );
    let warning = json["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("After that the slot is erased"),
        "{warning}"
    );
    let json = desk.guess(&["--json"]).exits(4).json();
    assert_eq!(
        (&json["error"], &json["attempts_remaining"]),
        (&json!("slot_erased"), &json!(0))
    );
    assert_eq!(desk.slot(1)["status"], "erased");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 0);
    // Whoever does not know that his slot is erased must not use up the admin's attempts.
    desk.guess(&[]).fails(2, "slots 0, 1");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 0);
    desk.open(&["--role", "admin"]).done();
    assert_eq!(desk.info()["state"], "locked");
}

#[test]
fn the_slot_that_is_meant_can_be_named() {
    let desk = Desk::with_volume();
    desk.add_user(&[]);
    desk.add_user(&[]);
    let json = desk.open(&["--json"]).exits(2).json();
    assert_eq!(
        (&json["error"], &json["slots"]),
        (&json!("ambiguous_slot"), &json!([0, 1, 2]))
    );
    desk.open(&[])
        .fails(2, "--slot N, --role ROLE or --any-slot");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 0);
    desk.open(&["--slot", "0"]).done();
    desk.open(&["--role", "admin"]).done();
    desk.open(&["--any-slot"]).done();
    desk.open(&["--role", "user"]).fails(3, "9 attempt(s) left");
    assert_eq!(desk.slot(0)["attempts"]["failed"], 0);
    desk.open(&["--slot", "5"])
        .fails(1, "no slot of this volume opens");
    desk.open(&["--slot", "1", "--role", "user"])
        .fails(2, "cannot be used with");
}

#[test]
fn a_credential_that_must_be_changed_opens_nothing_before() {
    let desk = Desk::with_volume();
    desk.add_user(&["--must-change"]);
    desk.write("third", "a third passphrase of somebody");
    let tried = desk
        .run(&["try", "v.img", "--passphrase-file", "other", "--json"])
        .done()
        .json();
    assert_eq!(tried["must_change"], true);
    let text = desk
        .run(&["try", "v.img", "--passphrase-file", "other"])
        .done()
        .text();
    assert!(text.contains("tenlock slot change"), "{text}");
    let read = ["read", "v.img", "--length", "1", "--passphrase-file"];
    desk.run(&[&read[..], &["other"]].concat())
        .fails(1, "must be changed now");
    let change = ["slot", "change", "v.img", "--passphrase-file", "other"];
    desk.run(&[&change[..], &["--new-passphrase-file", "third"]].concat())
        .done();
    assert_eq!(desk.slot(1)["must_change"], false);
    desk.run(&[&read[..], &["third"]].concat()).done();
    desk.run(&[&read[..], &["other"]].concat()).exits(3);
}

#[test]
fn a_change_may_make_the_derivation_dearer_also_where_it_is_forced() {
    let desk = Desk::with_volume();
    desk.add_user(&["--must-change"]);
    desk.write("third", "a third passphrase of somebody");
    let change = |old: &str, new: &str, passes: &str| {
        let change = ["slot", "change", "v.img", "--passphrase-file", old];
        let with = ["--new-passphrase-file", new, "--kdf-memory", "19M"];
        let cost = ["--kdf-lanes", "1", "--kdf-passes", passes];
        desk.run(&[&change[..], &with, &cost].concat())
    };
    change("other", "third", "3").done();
    assert_eq!(desk.slot(1)["kdf"]["passes"], 3);
    change("third", "other", "2").done();
    assert_eq!(desk.slot(1)["kdf"]["passes"], 2);
    desk.as_admin(&["policy", "set", "v.img", "--min-kdf-passes", "3"])
        .done();
    change("other", "third", "2").fails(2, "at least 0 KiB and 3 passes");
    let reset = ["slot", "reset", "v.img", "1", "--must-change"];
    desk.as_admin(&[&reset[..], &["--new-passphrase-file", "other"]].concat())
        .done();
    change("other", "third", "2").fails(2, "at least 0 KiB and 3 passes");
    assert_eq!(desk.slot(1)["must_change"], true, "the old one is in force");
}

#[test]
fn an_admin_resets_a_slot_and_its_holder_changes_it() {
    let desk = Desk::with_volume();
    desk.add_user(&["--attempts", "1"]);
    desk.guess(&[]).fails(4, "the last attempt of its slot");
    let reset = ["slot", "reset", "v.img", "1", "--must-change"];
    let new = ["--new-passphrase-file", "other", "--json"];
    let json = desk.as_admin(&[&reset[..], &new].concat()).done().json();
    assert_eq!(
        (&json["slot"], &json["role"], &json["must_change"]),
        (&json!(1), &json!("user"), &json!(true))
    );
    let slot = desk.slot(1);
    assert_eq!(
        (
            &slot["status"],
            &slot["must_change"],
            &slot["attempts"]["remaining"]
        ),
        (&json!("in_force"), &json!(true), &json!(1))
    );
    desk.run(&["try", "v.img", "--passphrase-file", "other"])
        .done();
    let by_user = ["slot", "reset", "v.img", "0", "--passphrase-file", "other"];
    let with_new = ["--new-passphrase-file", "other", "--role", "user"];
    desk.run(&[&by_user[..], &with_new].concat())
        .fails(1, "must be changed");
    desk.as_admin(&[
        "slot",
        "reset",
        "v.img",
        "9",
        "--new-passphrase-file",
        "other",
    ])
    .fails(2, "slot 9 is not in use");
}

#[test]
fn the_reserved_last_attempt_waits_for_an_admin() {
    let desk = Desk::with_volume();
    desk.add_user(&["--attempts", "2", "--reserve-last-attempt"]);
    desk.guess(&[]).exits(3);
    let json = desk.guess(&["--json"]).exits(1).json();
    assert_eq!(
        (&json["error"], &json["slot"]),
        (&json!("attempt_reserved"), &json!(1))
    );
    assert_eq!(desk.slot(1)["attempts"]["reserved"], true);
    let allow = ["slot", "allow", "v.img", "1"];
    let allowed = desk
        .as_admin(&[&allow[..], &["--json"]].concat())
        .done()
        .json();
    assert_eq!(
        (
            &allowed["attempts"]["remaining"],
            &allowed["attempts"]["reserved"]
        ),
        (&json!(1), &json!(false))
    );
    desk.as_admin(&allow).fails(2, "--all");
    let lockout = ["slot", "lockout", "v.img", "1", "--reserve-last-attempt"];
    desk.as_admin(&lockout).done();
    desk.guess(&[]).fails(1, "tenlock slot allow");
    desk.as_admin(&[&allow[..], &["--all"]].concat()).done();
    assert_eq!(desk.slot(1)["attempts"]["remaining"], 2);
    desk.run(&["try", "v.img", "--passphrase-file", "other"])
        .done();
}

#[test]
fn limit_and_action_can_be_changed_one_by_one() {
    let desk = Desk::with_volume();
    desk.add_user(&[]);
    let lockout = |more: &[&str]| {
        let lockout = ["slot", "lockout", "v.img", "1", "--json"];
        desk.as_admin(&[&lockout, more].concat())
    };
    let json = lockout(&["--attempts", "3"]).done().json();
    assert_eq!(
        (&json["attempts"]["limit"], &json["attempts"]["action"]),
        (&json!(3), &json!("erase_slot"))
    );
    let json = lockout(&["--action", "erase-volume"]).done().json();
    assert_eq!(
        (&json["attempts"]["limit"], &json["attempts"]["action"]),
        (&json!(3), &json!("erase_volume"))
    );
    let json = desk.guess(&["--json"]).exits(3).json();
    let warning = json["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("the key is destroyed and nobody"),
        "{warning}"
    );
    lockout(&["--attempts", "0"]).exits(2);
    lockout(&[]).exits(2);
}

#[test]
fn an_admins_passphrase_given_without_a_role_costs_no_user_an_attempt() {
    let desk = Desk::with_volume();
    desk.add_user(&[]);
    let commands: [&[&str]; 11] = [
        &["log", "v.img"],
        &["policy", "set", "v.img", "--min-length", "9"],
        &["label", "set", "v.img", "--owner", "Eve"],
        &["export-key", "v.img", "--yes"],
        &[
            "header", "backup", "v.img", "--plain", "--yes", "--output", "b",
        ],
        &[
            "slot",
            "add",
            "v.img",
            "--new-role",
            "user",
            "--new-passphrase-file",
            "other",
        ],
        &["slot", "remove", "v.img", "1"],
        &[
            "slot",
            "reset",
            "v.img",
            "1",
            "--new-passphrase-file",
            "other",
        ],
        &["slot", "allow", "v.img", "1"],
        &["slot", "allow", "v.img", "1", "--all"],
        &["slot", "lockout", "v.img", "1", "--attempts", "5"],
    ];
    for command in commands {
        desk.run(&[command, &["--passphrase-file", "right"]].concat())
            .fails(2, "add --role admin");
    }
    assert_eq!(desk.slot(1)["attempts"]["failed"], 0);
    desk.as_admin(&["log", "v.img"]).done();
    // Where no user's slot asks for the same, nothing needs to be said.
    desk.as_admin(&["slot", "remove", "v.img", "1"]).done();
    desk.run(&["log", "v.img", "--passphrase-file", "right"])
        .done();
}

#[test]
fn removing_is_refused_where_it_could_lock_people_out_unless_forced() {
    let desk = Desk::with_volume();
    desk.add_user(&[]);
    let remove = |more: &[&str]| {
        let remove = ["slot", "remove", "v.img"];
        desk.as_admin(&[&remove, more].concat())
    };
    remove(&["0"]).fails(1, "force it");
    remove(&["5"]).fails(2, "slot 5 is not in use");
    let by_user = ["slot", "remove", "v.img", "0", "--passphrase-file", "other"];
    desk.run(&[&by_user[..], &["--role", "user"]].concat())
        .fails(1, "a slot of the role user may not remove a slot");
    let json = remove(&["1", "--json"]).done().json();
    assert_eq!((&json["slot"], desk.slot(1).is_null()), (&json!(1), true));
    desk.add_recovery(&[]);
    remove(&["0", "--force"]).done();
    desk.open(&[]).fails(1, "no slot of this volume opens");
    desk.run(&["try", "v.img", "--recovery-key-file", "key"])
        .done();
}
