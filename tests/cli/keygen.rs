//! Keys for escrow: made once, kept elsewhere, and they open what was given to them.

use std::fs;

use serde_json::json;
use tenlock::crypto::PrivateKey;

use super::desk::Desk;

#[test]
fn a_pair_of_keys_is_made_and_the_private_one_opens_with_its_passphrase() {
    let desk = Desk::with_volume();
    let keygen = [
        "keygen",
        "--private-key-file",
        "office.key",
        "--public-key-file",
        "office.pub",
    ];
    let keygen = [
        &keygen[..],
        &["--private-key-passphrase-file", "right", "--json"],
    ]
    .concat();
    let public_key = desk.run(&keygen).done().json()["public_key"].clone();
    let in_file = fs::read_to_string(desk.path("office.pub")).unwrap();
    assert_eq!(public_key, in_file.trim_end());
    let private = fs::read_to_string(desk.path("office.key")).unwrap();
    assert!(private.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("office.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    desk.run(&keygen).exits(1);
    assert_eq!(
        fs::read_to_string(desk.path("office.key")).unwrap(),
        private
    );

    let add = [
        "slot",
        "add",
        "v.img",
        "--new-role",
        "escrow",
        "--new-public-key",
        "office.pub",
    ];
    desk.as_admin(&add).done();
    let slot = desk.slot(1);
    assert_eq!(
        (&slot["role"], &slot["attempts"], &slot["public_key"]),
        (&json!("escrow"), &json!(null), &public_key)
    );
    let open = [
        "read",
        "v.img",
        "--length",
        "1",
        "--private-key-file",
        "office.key",
    ];
    let with =
        |file: &str| desk.run(&[&open[..], &["--private-key-passphrase-file", file]].concat());
    with("right").done();
    with("wrong").fails(2, "no attempt was charged");
    desk.run(&open).fails(2, "--private-key-passphrase-file");
    let torn = &private[..private.len() / 2];
    desk.write("office.key", torn);
    with("right").fails(2, "use another copy");
}

#[test]
fn escrow_exports_the_key_and_changes_no_policy() {
    let desk = Desk::with_volume();
    let key = PrivateKey::generate().unwrap();
    let text = key.to_text().unwrap();
    desk.write(
        "office.key",
        [b"# head office\n", text.expose(), b"\n"].concat(),
    );
    let public = key.public_key().to_string();
    let add = [
        "slot",
        "add",
        "v.img",
        "--new-role",
        "escrow",
        "--new-public-key",
        &public,
    ];
    desk.as_admin(&add).done();
    let private = ["--private-key-file", "office.key"];
    let run = |args: &[&str]| desk.run(&[args, &private].concat());
    let exported = run(&["export-key", "v.img", "--yes"]).done().text();
    let by_admin = desk
        .as_admin(&["export-key", "v.img", "--yes"])
        .done()
        .text();
    assert_eq!(exported, by_admin);
    run(&["policy", "set", "v.img", "--min-length", "5"])
        .fails(1, "a slot of the role escrow may not change the policy");
    run(&["log", "v.img"]).fails(1, "may not read the event log");
}

#[test]
fn keys_that_are_none_are_refused_by_name() {
    let desk = Desk::with_volume();
    let add = |key: &str| {
        let add = [
            "slot",
            "add",
            "v.img",
            "--new-role",
            "escrow",
            "--new-public-key",
            key,
        ];
        desk.as_admin(&add)
    };
    let key = PrivateKey::generate().unwrap();
    let text = key.public_key().to_string();
    let other = if &text[20..21] == "q" { "p" } else { "q" };
    let typo = format!("{}{other}{}", &text[..20], &text[21..]);
    add(&typo).fails(2, "typing error");
    add(&text[..30]).fails(2, "copy all of it");
    add("nowhere.pub").fails(9, "cannot read the public key from nowhere.pub");
    desk.write("scrap", "scrap");
    add("scrap").fails(2, "this is no public key of Tenlock");
    let attempt = |file: &str| desk.run(&["try", "v.img", "--private-key-file", file, "--json"]);
    assert_eq!(attempt("scrap").exits(2).json()["error"], "private_key");
    desk.write("public", text);
    attempt("public").exits(2);
    desk.as_admin(&["slot", "add", "v.img", "--new-role", "escrow"])
        .fails(2, "--new-public-key");
    // A key to which nothing was given.
    let stranger = key.to_text().unwrap();
    desk.write("stranger", stranger.expose());
    assert_eq!(
        attempt("stranger").exits(1).json()["error"],
        "no_matching_slot"
    );
}
