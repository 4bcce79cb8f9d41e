//! Recovery keys: where they go, what they open, and that they open it once.

use std::fs;

use serde_json::json;

use super::desk::{Desk, set_read_only};

#[test]
fn a_user_gets_back_in_and_a_key_that_opens_once_is_spent() {
    let desk = Desk::with_volume();
    desk.add_user(&["--attempts", "1"]);
    desk.add_recovery(&["--one-time", "--name", "Safe"]);
    desk.guess(&[]).exits(4);
    let key = ["--recovery-key-file", "key"];
    let tried = desk
        .run(&[&["try", "v.img", "--json"], &key[..]].concat())
        .done()
        .json();
    assert_eq!(
        (&tried["slot"], &tried["role"], &tried["one_time"]),
        (&json!(2), &json!("recovery"), &json!(true))
    );
    desk.run(&[&["read", "v.img"], &key[..]].concat())
        .fails(1, "tenlock recover");
    assert_eq!(desk.slot(2)["status"], "in_force");
    let recover = [
        "recover",
        "v.img",
        "--new-passphrase-file",
        "other",
        "--json",
    ];
    let json = desk.run(&[&recover, &key[..]].concat()).done().json();
    assert_eq!(
        (&json["slot"], &json["recovery_slots_left"]),
        (&json!(1), &json!(0))
    );
    assert!(
        json["warnings"][0]
            .as_str()
            .unwrap()
            .contains("no recovery key is left")
    );
    assert_eq!(desk.slot(2)["status"], "spent");
    desk.run(&[
        "read",
        "v.img",
        "--length",
        "1",
        "--passphrase-file",
        "other",
    ])
    .done();
    desk.run(&[&recover[..4], &key[..]].concat())
        .fails(1, "no recovery slot opens with a key of this kind");
    desk.run(&[&["try", "v.img"], &key[..]].concat())
        .fails(1, "no slot of this volume opens");
}

#[test]
fn a_key_that_lasts_recovers_the_slot_that_is_named() {
    let desk = Desk::with_volume();
    desk.add_user(&[]);
    desk.add_user(&[]);
    desk.add_recovery(&[]);
    desk.write("third", "a third passphrase of somebody");
    let recover = |more: &[&str]| {
        let recover = ["recover", "v.img", "--recovery-key-file", "key"];
        desk.run(&[&recover[..], &["--new-passphrase-file", "third"], more].concat())
    };
    recover(&[]).fails(2, "slots 1, 2: say whose slot is meant with --slot N");
    desk.run(&[
        "recover",
        "v.img",
        "--passphrase-file",
        "wrong",
        "--new-passphrase-file",
        "third",
    ])
    .fails(1, "no recovery slot opens with a key of this kind");
    assert_eq!(
        desk.slot(0)["attempts"]["failed"],
        0,
        "not one to be charged"
    );
    recover(&["--slot", "0"]).fails(2, "slot 0 is not in use");
    recover(&["--slot", "2"]).done();
    let open = ["try", "v.img", "--passphrase-file"];
    desk.run(&[&open[..], &["third", "--slot", "2"]].concat())
        .done();
    desk.run(&[&open[..], &["third", "--slot", "1"]].concat())
        .exits(3);
    assert_eq!(desk.slot(3)["status"], "in_force");
    // It opens the data as well.
    desk.run(&[
        "read",
        "v.img",
        "--length",
        "1",
        "--recovery-key-file",
        "key",
    ])
    .done();
    let policy = ["policy", "set", "v.img", "--min-length", "5"];
    desk.run(&[&policy[..], &["--recovery-key-file", "key"]].concat())
        .fails(1, "may not change the policy");
}

#[test]
fn a_new_key_overwrites_nothing_and_is_for_its_owner_only() {
    let desk = Desk::with_volume();
    desk.write("key", "precious");
    let add = ["slot", "add", "v.img", "--new-role", "recovery"];
    desk.as_admin(&[&add[..], &["--new-recovery-key-file", "key"]].concat())
        .fails(1, "is there already");
    assert_eq!(fs::read(desk.path("key")).unwrap(), b"precious");
    assert!(desk.slot(1).is_null());
    fs::remove_file(desk.path("key")).unwrap();
    desk.add_recovery(&[]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = fs::read_to_string(desk.path("key")).unwrap();
    let secret: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((secret.len(), secret[0].len()), (1, 39), "groups of four");
    let words = text.lines().last().unwrap().trim_start_matches("# ");
    desk.write("words", words);
    desk.run(&["try", "v.img", "--recovery-key-file", "words"])
        .done();
}

#[test]
fn the_file_of_a_key_that_got_no_slot_goes_away_again() {
    let desk = Desk::with_volume();
    let add = ["slot", "add", "v.img", "--new-role", "recovery"];
    let wrong = ["--new-recovery-key-file", "key", "--must-change"];
    desk.as_admin(&[&add[..], &wrong].concat()).exits(2);
    assert!(!desk.path("key").exists());
    desk.as_admin(&[&add[..], &["--new-recovery-key"]].concat())
        .fails(2, "use --new-recovery-key-file FILE");
    desk.as_admin(&add)
        .fails(2, "add --new-recovery-key-file FILE");
}

#[test]
fn a_typing_error_is_told_and_a_wrong_key_costs_nothing() {
    let desk = Desk::with_volume();
    desk.add_recovery(&[]);
    let text = fs::read_to_string(desk.path("key")).unwrap();
    let secret = text.lines().find(|line| !line.starts_with('#')).unwrap();
    let first = if secret.starts_with('Q') { "P" } else { "Q" };
    desk.write("typo", format!("{first}{}", &secret[1..]));
    let attempt = |file: &str, more: &[&str]| {
        desk.run(&[&["try", "v.img", "--recovery-key-file", file], more].concat())
    };
    attempt("typo", &[]).fails(2, "typing error");
    assert_eq!(
        attempt("typo", &["--json"]).exits(2).json()["error"],
        "recovery_key"
    );
    let elsewhere = Desk::with_volume();
    elsewhere.add_recovery(&[]);
    fs::copy(elsewhere.path("key"), desk.path("foreign")).unwrap();
    let json = attempt("foreign", &["--json"]).exits(3).json();
    assert_eq!(
        (&json["error"], &json["attempts_remaining"]),
        (&json!("wrong_credential"), &json!(null))
    );
    assert_eq!(json["warnings"], json!([]));
}

#[test]
fn on_a_write_protected_medium_only_what_cannot_be_guessed_opens() {
    let desk = Desk::with_volume();
    desk.add_recovery(&[]);
    // Whoever runs the tool here may read it.
    let text = fs::read(desk.path("key")).unwrap();
    desk.write("readable", text);
    set_read_only(&desk.path("v.img"), true);
    if cfg!(windows)
        && fs::File::options()
            .write(true)
            .open(desk.path("v.img"))
            .is_ok()
    {
        eprintln!("not tested: under Wine root writes to write-protected files");
        return;
    }
    let read = ["read", "v.img", "--length", "4"];
    desk.run_unprivileged(&[&read[..], &["--passphrase-file", "missing"]].concat())
        .fails(8, "cannot be written");
    desk.run_unprivileged(&read).fails(8, "cannot be written");
    let with_key = [&read[..], &["--recovery-key-file", "readable"]].concat();
    assert_eq!(desk.run_unprivileged(&with_key).done().stdout.len(), 4);
    set_read_only(&desk.path("v.img"), false);
}
