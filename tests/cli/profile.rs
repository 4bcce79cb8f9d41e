//! Profiles: a volume with all its slots and rules at once, and what becomes of it.

use std::fs;

use serde_json::{Value, json};
use tenlock::crypto::PrivateKey;

use super::desk::{Desk, OTHER};

/// A desk with the key of the head office in `office.key` and a profile of an MSP in `msp/profile.json`.
fn msp() -> (Desk, Value) {
    let desk = Desk::new();
    fs::create_dir(desk.path("msp")).unwrap();
    fs::copy(desk.path("right"), desk.path("msp/admin.txt")).unwrap();
    desk.write("other", OTHER);
    desk.write("msp/badge", b"\0bytes of a badge");
    let key = PrivateKey::generate().unwrap();
    desk.write("office.key", key.to_text().unwrap().expose());
    let profile = json!({
        "slots": [
            { "role": "admin", "name": "Desk", "credential": { "passphrase_file": "admin.txt" } },
            { "role": "user", "name": "Technician", "attempts": 3, "action": "erase_slot", "index": 5,
              "credential": { "passphrase_file": "../other" } },
            { "role": "user", "name": "Robot", "read_only": true, "kdf": { "passes": 3, "memory": "19M", "lanes": 1 },
              "credential": { "passphrase_file": "../other", "key_file": "badge" } },
            { "role": "recovery", "one_time": true, "credential": { "new_recovery_key_file": "../key" } },
            { "role": "escrow", "credential": { "public_key": key.public_key().to_string() } },
        ],
        "policy": { "min_length": 12, "required_roles": ["escrow"], "auto_lock_seconds": 300 },
        "label": { "owner": "Smith LLP", "asset_tag": "4711" },
        "kdf": { "memory": "19M", "passes": 2, "lanes": 1 },
        "size": "1M", "sector_size": 512, "filesystem": "none",
    });
    put(&desk, &profile);
    (desk, profile)
}

fn put(desk: &Desk, profile: &Value) {
    desk.write("msp/profile.json", profile.to_string());
}

const CREATE: [&str; 4] = ["create", "v.img", "--profile", "msp/profile.json"];

#[test]
fn a_drive_from_its_profile_to_its_return() {
    let (desk, _) = msp();
    desk.run(&CREATE).done();

    // The technician works with it, and decides nothing.
    let as_technician = ["--passphrase-file", "other"];
    let by_technician = |args: &[&str]| desk.run(&[args, &as_technician].concat());
    desk.run_with(
        &[&["write", "v.img"], &as_technician[..]].concat(),
        b"shares",
    )
    .done();
    by_technician(&[
        "policy",
        "set",
        "v.img",
        "--min-length",
        "0",
        "--role",
        "user",
    ])
    .fails(1, "a slot of the role user may not change the policy");

    // He forgets his passphrase, and somebody tries his luck.
    for code in [3, 3, 4] {
        desk.guess(&[]).exits(code);
    }
    by_technician(&["try", "v.img"]).fails(2, "slots 0, 5");
    desk.as_admin(&[
        "slot",
        "reset",
        "v.img",
        "5",
        "--new-passphrase-file",
        "other",
        "--must-change",
    ])
    .done();
    desk.write("third", "a third passphrase of somebody");
    by_technician(&["slot", "change", "v.img", "--new-passphrase-file", "third"]).done();

    // He forgets it again, far from home, and the key in his safe works once.
    let recover = [
        "recover",
        "v.img",
        "--slot",
        "5",
        "--recovery-key-file",
        "key",
    ];
    let recover = [&recover[..], &["--new-passphrase-file", "other"]].concat();
    desk.run(&recover).done();
    by_technician(&["read", "v.img", "--length", "6"]).done();
    desk.run(&recover).exits(1);

    // The head office gets in without any of them.
    let read = [
        "read",
        "v.img",
        "--length",
        "6",
        "--private-key-file",
        "office.key",
    ];
    assert_eq!(desk.run(&read).done().stdout, b"shares");

    let log = desk.as_admin(&["log", "v.img", "--json"]).done().json();
    let kinds: Vec<_> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["kind"])
        .collect();
    let mut from = 0;
    for kind in [
        "created",
        "slot_erased",
        "slot_reset",
        "slot_changed",
        "recovered",
        "unlocked",
    ] {
        let found = kinds[from..].iter().position(|found| *found == kind);
        from += found.unwrap_or_else(|| panic!("{kind} is not in {kinds:?} from {from} on")) + 1;
    }
}

#[test]
fn the_volume_is_what_the_profile_says() {
    let (desk, _) = msp();
    let json = desk.run(&[&CREATE[..], &["--json"]].concat()).done().json();
    let info = desk.info();
    assert_eq!(
        (&json["slots"], &json["filesystem"]),
        (&info["slots"], &json!("none"))
    );
    let shown: Vec<_> = info["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| {
            json!([
                slot["index"],
                slot["role"],
                slot["name"],
                slot["attempts"]["limit"]
            ])
        })
        .collect();
    let expected = [
        json!([0, "admin", "Desk", 10]),
        json!([1, "user", "Robot", 10]),
        json!([2, "recovery", "", null]),
        json!([3, "escrow", "", null]),
        json!([5, "user", "Technician", 3]),
    ];
    assert_eq!(shown, expected);
    let robot = &info["slots"][1];
    assert_eq!(robot["factors"], json!(["passphrase", "key_file"]));
    assert_eq!(
        (&robot["flags"]["read_only"], &robot["kdf"]["passes"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(info["slots"][2]["flags"]["one_time"], true);
    assert_eq!(
        (
            &info["policy"]["min_length"],
            &info["policy"]["auto_lock_seconds"]
        ),
        (&json!(12), &json!(300))
    );
    assert_eq!(
        (
            &info["policy"]["not_the_label"],
            &info["policy"]["required_roles"]
        ),
        (&json!(true), &json!(["escrow"]))
    );
    assert_eq!(
        (&info["label"]["owner"], &info["label"]["asset_tag"]),
        (&json!("Smith LLP"), &json!("4711"))
    );
    assert_eq!(
        (&info["sector_size"], &info["payload_length"]),
        (&json!(512), &json!(1 << 20))
    );
    desk.run(&[
        "try",
        "v.img",
        "--passphrase-file",
        "other",
        "--key-file",
        "msp/badge",
    ])
    .done();
}

/// A change to a profile, and the exit code and words that it leads to.
type Mistake = (&'static str, Value, i32, &'static str);

#[test]
fn a_profile_with_a_mistake_makes_nothing() {
    let (desk, good) = msp();
    let mistakes: [Mistake; 16] = [
        ("/colour", json!("red"), 2, "unknown field `colour`"),
        ("/policy/colour", json!("red"), 2, "unknown field `colour`"),
        (
            "/slots/0/credential/pin",
            json!(1),
            2,
            "unknown field `pin`",
        ),
        (
            "/slots/0/role",
            json!("user"),
            2,
            "the first slot must be an admin's",
        ),
        ("/slots", json!([]), 2, "the first slot must be an admin's"),
        ("/slots/1/role", json!("boss"), 2, "`role`: give admin"),
        (
            "/slots/1/action",
            json!("explode"),
            2,
            "`action`: give erase-slot",
        ),
        ("/slots/1/credential", json!({}), 2, "give at least one"),
        ("/slots/1/attempts", json!(11), 2, "choose 1 to 10"),
        ("/slots/1/index", json!(32), 2, "0 to 31"),
        (
            "/slots/3/credential/passphrase_file",
            json!("../other"),
            2,
            "can be guessed",
        ),
        (
            "/slots/4/credential/public_key",
            json!("tenlock1x"),
            2,
            "copy all of it",
        ),
        ("/policy/min_length", json!(33), 2, "32 character(s)"),
        (
            "/policy/required_roles",
            json!(["guest"]),
            2,
            "`required_roles`: give",
        ),
        ("/size", json!("1X"), 2, "`size`: give a whole number"),
        ("/filesystem", json!("ntfs"), 2, "give exfat, fat32 or none"),
    ];
    for (place, value, code, words) in mistakes {
        let mut profile = good.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        profile.pointer_mut(parent).unwrap()[name] = value;
        put(&desk, &profile);
        desk.run(&CREATE).fails(code, words);
        for file in ["v.img", "v.img.part", "key"] {
            assert!(!desk.path(file).exists(), "{file} after {place}");
        }
    }
    desk.write("msp/profile.json", "{");
    desk.run(&CREATE).fails(2, "msp/profile.json: EOF");
    desk.run(&["create", "v.img", "--profile", "nowhere"])
        .fails(9, "cannot read the profile nowhere");
}

#[test]
fn nobody_is_asked_and_nothing_is_overwritten() {
    let (desk, good) = msp();
    desk.write("key", "precious");
    desk.run(&CREATE).fails(1, "is there already");
    assert!(!desk.path("v.img").exists());
    assert_eq!(fs::read(desk.path("key")).unwrap(), b"precious");
    fs::remove_file(desk.path("key")).unwrap();
    let mut profile = good;
    profile["slots"][1]["credential"] = json!({ "passphrase_file": "missing" });
    put(&desk, &profile);
    desk.run(&CREATE)
        .fails(9, "cannot read the passphrase from msp");
    desk.run(&[&CREATE[..], &["--owner", "Eve"]].concat())
        .fails(2, "cannot be used with");
    desk.run(&[&CREATE[..], &["--passphrase-file", "right"]].concat())
        .fails(2, "cannot be used with");
    assert!(!desk.path("key").exists());
}

#[cfg(unix)]
#[test]
fn a_passphrase_may_come_from_a_descriptor_and_the_size_from_the_command_line() {
    let (desk, mut profile) = msp();
    profile["slots"][1]["credential"] = json!({ "passphrase_fd": 0 });
    put(&desk, &profile);
    let create = [&CREATE[..], &["--size", "2M", "--json"]].concat();
    let json = desk.run_with(&create, OTHER.as_bytes()).done().json();
    assert_eq!(json["payload_length"], 2 << 20);
    desk.run(&["try", "v.img", "--passphrase-file", "other"])
        .done();
    profile["slots"][0]["credential"] = json!({ "passphrase_fd": 0 });
    put(&desk, &profile);
    desk.run_with(&CREATE, b"x").exits(1);
    desk.run_with(&[&CREATE[..], &["--overwrite"]].concat(), b"x")
        .fails(2, "cannot give two secrets");
}
