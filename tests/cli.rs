//! The command-line tool as its users meet it: output, exit codes, and what is left on the disk.

#![allow(clippy::unwrap_used, reason = "the helpers are test code too")]

#[path = "cli/credentials.rs"]
mod credentials;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/header.rs"]
mod header;
#[path = "cli/keygen.rs"]
mod keygen;
#[path = "cli/policy.rs"]
mod policy;
#[path = "cli/profile.rs"]
mod profile;
#[path = "cli/readme.rs"]
mod readme;
#[path = "cli/recovery.rs"]
mod recovery;
#[path = "cli/slots.rs"]
mod slots;
#[path = "cli/stranger.rs"]
mod stranger;

use std::fs;

use serde_json::Value;
use tenlock::format::COPY_LEN;
use tenlock::storage::FileStorage;
use tenlock::volume::LockedVolume;

use desk::{BARE, CHEAP, Desk, RIGHT, contains, set_read_only, tree};
use stranger::set_owner;

#[test]
fn info_describes_a_volume_without_a_key() {
    let desk = Desk::new();
    let label = [
        "--label",
        "Smith LLP",
        "--contact",
        "desk",
        "--attempts",
        "7",
        "--sector-size",
        "512",
    ];
    desk.run(
        &[
            &[
                "create",
                "v.img",
                "--size",
                "1000001",
                "--passphrase-file",
                "right",
            ],
            &BARE[..],
            &label,
        ]
        .concat(),
    )
    .done();
    let info = desk.info();
    assert_eq!(info["format_version"], 1);
    assert_eq!(info["uuid"].as_str().unwrap().len(), 36);
    assert_eq!(
        (&info["state"], &info["cipher"]),
        (&"locked".into(), &"aes-xts-plain64".into())
    );
    assert_eq!(
        (
            &info["sector_size"],
            &info["payload_offset"],
            &info["payload_length"]
        ),
        (&512.into(), &COPY_LEN.into(), &1_003_520.into())
    );
    let changed = &info["slots"][0]["changed"];
    assert!(changed.as_str().unwrap().ends_with('Z'));
    let slot = serde_json::json!({
        "index": 0, "role": "admin", "name": "", "status": "in_force", "factors": ["passphrase"],
        "attempts": {
            "limit": 7, "failed": 0, "remaining": 7, "reserved": false, "action": "erase_volume",
        },
        "flags": { "one_time": false, "read_only": false, "last_attempt_reserved": false },
        "must_change": false, "changed": changed, "public_key": null,
        "kdf": { "algorithm": "argon2id", "memory_kib": 19456, "passes": 2, "lanes": 1 },
    });
    assert_eq!(info["slots"], Value::Array(vec![slot]));
    let policy = serde_json::json!({
        "min_length": 0, "min_strength_bits": 0, "not_the_label": true, "min_kdf_memory_kib": 0,
        "min_kdf_passes": 0, "auto_lock_seconds": 0, "required_roles": [],
    });
    assert_eq!((&info["policy"], &info["backups"]), (&policy, &0.into()));
    let texts = [
        "label",
        "owner",
        "contact",
        "reward",
        "asset_tag",
        "customer",
        "hint",
    ]
    .map(|field| info["label"][field].as_str().unwrap());
    assert_eq!(texts, ["Smith LLP", "", "desk", "", "", "", ""]);
    assert_eq!(
        (&info["generation"], &info["header_copies"][1]["condition"]),
        (&1.into(), &"whole".into())
    );
    assert!(info["created"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        desk.run(&["slot", "list", "v.img", "--json"]).done().json()["slots"],
        info["slots"]
    );
    let text = desk.run(&["info", "v.img"]).done().text();
    assert!(
        text.contains("Smith LLP") && text.contains("7 of 7"),
        "{text}"
    );
}

#[test]
fn what_was_written_is_read_back() {
    let desk = Desk::with_volume();
    let data: Vec<u8> = (0..100_000_u32)
        .map(|i| u8::try_from(i % 251).unwrap())
        .collect();
    let written = desk
        .run_with(
            &[
                "write",
                "v.img",
                "--offset",
                "777",
                "--passphrase-file",
                "right",
                "--json",
            ],
            &data,
        )
        .done();
    assert_eq!(written.json()["written"], 100_000);
    assert!(!contains(
        &fs::read(desk.path("v.img")).unwrap(),
        &data[..64]
    ));
    let read = |range: [&str; 4]| {
        desk.run(&[&["read", "v.img", "--passphrase-file", "right"], &range[..]].concat())
    };
    assert_eq!(
        read(["--offset", "777", "--length", "100000"])
            .done()
            .stdout,
        data
    );
    assert_eq!(
        read(["--offset", "1K", "--length", "1"]).done().stdout,
        data[1024 - 777..][..1]
    );
    assert_eq!(read(["--offset", "1M", "--length", "0"]).done().stdout, b"");
    read(["--offset", "1M", "--length", "1"]).fails(2, "not inside the payload");
    assert_eq!(
        desk.run(&["read", "v.img", "--passphrase-file", "right"])
            .done()
            .stdout
            .len(),
        1 << 20
    );
}

#[test]
fn input_that_does_not_fit_is_written_up_to_the_end_and_reported() {
    let desk = Desk::with_volume();
    let args = [
        "write",
        "v.img",
        "--offset",
        "1048570",
        "--passphrase-file",
        "right",
    ];
    desk.run_with(&args, b"123456").done();
    desk.run_with(&args, b"abcdefg")
        .fails(1, "it is full after 6 bytes");
    let json = desk
        .run_with(&[&args[..], &["--json"]].concat(), b"ABCDEFGH")
        .exits(1)
        .json();
    assert_eq!(
        (&json["error"], &json["written"]),
        (&"no_space".into(), &6.into())
    );
    assert_eq!(
        desk.run(&[
            "read",
            "v.img",
            "--offset",
            "1048570",
            "--passphrase-file",
            "right"
        ])
        .done()
        .stdout,
        b"ABCDEF"
    );
}

#[test]
fn ten_wrong_passphrases_destroy_the_key_and_the_right_one_comes_too_late() {
    let desk = Desk::with_volume();
    for left in (1..=9).rev() {
        let json = desk.guess(&["--json"]).exits(3).json();
        assert_eq!(
            (&json["error"], &json["code"]),
            (&"wrong_credential".into(), &3.into())
        );
        assert_eq!(json["attempts_remaining"], left);
        assert_eq!(
            json["warnings"].as_array().unwrap().len(),
            usize::from(left <= 3),
            "{left} left"
        );
        assert_eq!(desk.info()["slots"][0]["attempts"]["remaining"], left);
    }
    let json = desk.guess(&["--json"]).exits(4).json();
    assert_eq!(
        (&json["error"], &json["attempts_remaining"]),
        (&"erased".into(), &0.into())
    );
    assert_eq!(json["erase"]["cause"], "attempts_exhausted");
    desk.open(&[]).fails(4, "cannot be read by anybody");
    let info = desk.info();
    assert_eq!(
        (&info["state"], &info["slots"]),
        (&"erased".into(), &Value::Array(Vec::new()))
    );
    assert_eq!(
        (
            &info["erase"]["verified"],
            info["erase"]["regions"].as_array().unwrap().len()
        ),
        (&true.into(), 4)
    );
}

#[test]
fn each_failure_tells_the_attempts_left_and_the_last_three_warn() {
    let desk = Desk::new();
    desk.run(
        &[
            &[
                "create",
                "v.img",
                "--size",
                "1M",
                "--attempts",
                "5",
                "--passphrase-file",
                "right",
            ],
            &BARE[..],
        ]
        .concat(),
    )
    .done();
    let four = desk.guess(&[]).fails(3, "4 attempt(s) left");
    assert!(!four.stderr.contains("warning"));
    let three = desk.guess(&[]).fails(3, "3 attempt(s) left");
    assert!(three.stderr.contains("warning: only 3 attempts are left. After that the key is destroyed and nobody can read the data."));
    desk.guess(&[]).fails(3, "only 2 attempts are left");
    desk.guess(&[]).fails(3, "only 1 attempt is left");
    desk.open(&[]).done();
    desk.guess(&[]).fails(3, "4 attempt(s) left");
}

#[test]
fn a_folder_comes_back_as_it_was() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("in/Akten Müller/empty")).unwrap();
    fs::write(desk.path("in/Akten Müller/brief.txt"), "hello").unwrap();
    fs::write(desk.path("in/big.bin"), vec![7; 3_000_001]).unwrap();
    for filesystem in ["exfat", "fat32"] {
        let args = [
            "pack",
            "in",
            "v.img",
            "--overwrite",
            "--passphrase-file",
            "right",
            "--filesystem",
            filesystem,
        ];
        let packed = desk
            .run(&[&args, &CHEAP[..], &["--json"]].concat())
            .done()
            .json();
        assert_eq!(
            (&packed["files"], &packed["folders"], &packed["bytes"]),
            (&2.into(), &2.into(), &3_000_006.into())
        );
        let listed = desk
            .run(&[
                "ls",
                "v.img",
                "/Akten Müller",
                "--passphrase-file",
                "right",
                "--json",
            ])
            .done()
            .json();
        let names: Vec<_> = listed["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (&entry["name"], &entry["kind"]))
            .collect();
        assert_eq!(
            names,
            [
                (&"brief.txt".into(), &"file".into()),
                (&"empty".into(), &"folder".into())
            ]
        );
        desk.run(&["unpack", "v.img", filesystem, "--passphrase-file", "right"])
            .done();
        assert_eq!(tree(&desk.path(filesystem)), tree(&desk.path("in")));
    }
    desk.run(&["unpack", "v.img", "exfat", "--passphrase-file", "right"])
        .fails(1, "is not an empty folder");
    desk.run(&["ls", "v.img", "nowhere", "--passphrase-file", "right"])
        .fails(1, "does not exist on the volume");
    assert!(
        desk.run(&["ls", "v.img", "--passphrase-file", "right"])
            .done()
            .text()
            .contains("Akten Müller/\n")
    );
}

#[cfg(unix)]
#[test]
fn a_copy_that_leaves_something_out_is_finished_and_exits_with_1() {
    let desk = Desk::new();
    fs::create_dir(desk.path("in")).unwrap();
    fs::write(desk.path("in/kept"), "kept").unwrap();
    std::os::unix::fs::symlink("kept", desk.path("in/link")).unwrap();
    let args = [
        &["pack", "in", "v.img", "--passphrase-file", "right"],
        &CHEAP[..],
    ]
    .concat();
    desk.run(&args).fails(1, "in/link\": skipped");
    let json = desk
        .run(&[&args[..], &["--overwrite", "--json"]].concat())
        .exits(1)
        .json();
    assert_eq!(
        (&json["error"], &json["files"], &json["losses"]),
        (&"incomplete".into(), &1.into(), &1.into())
    );
    assert!(json["warnings"][0].as_str().unwrap().contains("in/link"));
    desk.run(&["unpack", "v.img", "out", "--passphrase-file", "right"])
        .done();
    assert_eq!(fs::read(desk.path("out/kept")).unwrap(), b"kept");
}

#[test]
fn pack_refuses_what_cannot_work_and_leaves_no_file() {
    let desk = Desk::new();
    fs::create_dir(desk.path("in")).unwrap();
    fs::write(desk.path("in/file"), vec![1; 8 << 20]).unwrap();
    let pack = |image: &str, more: &[&str]| {
        desk.run(
            &[
                &["pack", "in", image, "--passphrase-file", "right"],
                &CHEAP[..],
                more,
            ]
            .concat(),
        )
    };
    pack("in/v.img", &[]).fails(2, "inside the folder");
    pack("v.img", &["--size", "4M"]).fails(2, "larger --size");
    pack("v.img", &["--filesystem", "none"]).fails(2, "exfat or fat32");
    assert!(!desk.path("v.img").exists() && !desk.path("in/v.img").exists());
}

#[test]
fn create_overwrites_nothing_unless_told_to() {
    let desk = Desk::new();
    fs::write(desk.path("v.img"), vec![b'x'; 5 << 20]).unwrap();
    let create = [
        &[
            "create",
            "v.img",
            "--size",
            "1M",
            "--passphrase-file",
            "right",
        ],
        &BARE[..],
    ]
    .concat();
    desk.run(&create).fails(1, "--overwrite");
    assert_eq!(fs::read(desk.path("v.img")).unwrap(), vec![b'x'; 5 << 20]);
    desk.run(&[&create[..], &["--overwrite"]].concat()).done();
    assert_eq!(fs::metadata(desk.path("v.img")).unwrap().len(), 3 << 20);
    desk.open(&[]).done();
    desk.run(&create).fails(1, "--overwrite");
}

#[test]
fn a_create_that_fails_leaves_no_file() {
    let desk = Desk::new();
    let create = |more: &[&str]| {
        desk.run(
            &[
                &["create", "v.img", "--passphrase-file", "right"],
                &BARE[..6],
                more,
            ]
            .concat(),
        )
    };
    create(&["--size", "1M", "--attempts", "11"]).fails(2, "choose 1 to 10");
    create(&["--size", "512K"]).fails(2, "--filesystem none");
    create(&["--size", "8E"]).fails(2, "K, M, G or T");
    create(&["--size", "8388608T", "--filesystem", "none"]).fails(2, "exceeds 2^63");
    create(&["--size", "1M", "--label", "two\nlines"]).fails(2, "control character");
    create(&[]).fails(2, "--size");
    assert!(!desk.path("v.img").exists());
}

#[test]
fn a_changed_passphrase_replaces_the_old_one() {
    let desk = Desk::with_volume();
    fs::write(desk.path("new"), "a third passphrase\r\n").unwrap();
    let change = [
        "slot",
        "change",
        "v.img",
        "--passphrase-file",
        "right",
        "--new-passphrase-file",
        "new",
    ];
    desk.run(&change).done();
    desk.open(&[]).fails(3, "9 attempt(s) left");
    fs::write(desk.path("new"), "a third passphrase").unwrap();
    desk.run(&["try", "v.img", "--passphrase-file", "new"])
        .done();
    desk.run(&change).exits(3);
}

#[test]
fn erase_needs_yes_but_no_passphrase_and_reports_each_region() {
    let desk = Desk::with_volume();
    desk.run(&["erase", "v.img"]).fails(2, "--yes");
    desk.open(&[]).done();
    let text = desk.run(&["erase", "v.img", "--yes"]).done().text();
    assert_eq!(text.matches("overwritten, read back").count(), 4, "{text}");
    let again = desk
        .run(&["erase", "v.img", "--yes", "--json"])
        .done()
        .json();
    assert_eq!(
        (&again["erase"]["cause"], &again["erase"]["verified"]),
        (&"requested".into(), &true.into())
    );
    assert!(
        again["erase"]["regions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|region| region["result"].is_string() && region["length"].is_u64())
    );
    // Told before a passphrase is asked for: none is given.
    desk.run(&["try", "v.img", "--passphrase-file", "missing"])
        .exits(4);
}

#[test]
fn the_exported_key_is_64_bytes_in_hex() {
    let desk = Desk::with_volume();
    desk.run(&["export-key", "v.img", "--passphrase-file", "right"])
        .fails(2, "--yes");
    let export = ["export-key", "v.img", "--yes", "--passphrase-file", "right"];
    let ran = desk.run(&export).done();
    let key = ran.text();
    assert!(
        key.len() == 129 && key.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    assert!(ran.stderr.contains("keep it as safe as the data"));
    assert_eq!(
        desk.run(&[&export[..], &["--json"]].concat()).done().json()["key"],
        key.trim_end()
    );
}

#[test]
fn texts_of_a_stranger_are_escaped_for_people() {
    let desk = Desk::with_volume();
    let path = desk.path("v.img");
    let mut image = fs::read(&path).unwrap();
    set_owner(&mut image, "Eve\u{1b}[2J\u{202e}gpj");
    fs::write(&path, image).unwrap();
    assert_eq!(desk.info()["label"]["owner"], "Eve\u{1b}[2J\u{202e}gpj");
    let text = desk.run(&["info", "v.img"]).done().text();
    assert!(text.contains(r"Eve\u{1b}[2J\u{202e}gpj"), "{text}");
    // Nobody with a key has signed this.
    desk.open(&[]).fails(6, "changed by somebody");
}

#[test]
fn what_no_passphrase_can_change_is_told_before_one_is_asked_for() {
    let desk = Desk::with_volume();
    fs::write(desk.path("noise"), vec![b'x'; 1 << 20]).unwrap();
    let image = fs::read(desk.path("v.img")).unwrap();
    fs::write(desk.path("cut"), &image[..image.len() / 2]).unwrap();
    let attempt = |image: &str| desk.run(&["try", image, "--passphrase-file", "missing"]);
    attempt("noise").fails(5, "not a Tenlock volume");
    attempt(".").exits(5);
    attempt("cut").fails(6, "damaged");
    attempt("nowhere").fails(9, "there is no such file");
    attempt("v.img").fails(9, "cannot read the passphrase from missing");
    assert_eq!(desk.info()["slots"][0]["attempts"]["failed"], 0);
}

#[test]
fn a_volume_that_is_open_elsewhere_is_busy_and_can_still_be_looked_at() {
    let desk = Desk::with_volume();
    let held = LockedVolume::open(FileStorage::open(desk.path("v.img")).unwrap()).unwrap();
    desk.guess(&[]).fails(7, "in use");
    assert_eq!(desk.info()["slots"][0]["attempts"]["failed"], 0);
    drop(held);
    desk.open(&[]).done();
}

#[test]
fn a_write_protected_volume_is_described_but_not_unlocked() {
    let desk = Desk::with_volume();
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
    desk.run_unprivileged(&["info", "v.img", "--json"])
        .done()
        .json();
    // Told before a passphrase is asked for: there is none to be read.
    desk.run_unprivileged(&["try", "v.img", "--passphrase-file", "missing"])
        .fails(8, "cannot be written");
    desk.run_unprivileged(&["erase", "v.img", "--yes"])
        .fails(8, "cannot be written");
    set_read_only(&desk.path("v.img"), false);
}

#[test]
fn passphrases_come_from_files_and_descriptors_and_nothing_else() {
    let desk = Desk::with_volume();
    desk.run(&["try", "v.img"])
        .fails(2, "--passphrase-file or --passphrase-fd");
    desk.run(&["slot", "change", "v.img", "--passphrase-file", "right"])
        .fails(2, "--new-passphrase-file or --new-passphrase-fd");
    desk.run(&["try", "v.img", "--passphrase", "x"])
        .fails(2, "unexpected argument");
    fs::write(desk.path("large"), vec![b'x'; 4097]).unwrap();
    desk.run(&["try", "v.img", "--passphrase-file", "large"])
        .fails(2, "more than 4096 bytes");
    fs::write(desk.path("latin1"), b"M\xfcller").unwrap();
    desk.run(&["try", "v.img", "--passphrase-file", "latin1"])
        .fails(2, "not valid UTF-8");
    fs::write(desk.path("empty"), "\r\n").unwrap();
    desk.run(&["try", "v.img", "--passphrase-file", "empty"])
        .fails(2, "empty");
    let by_descriptor = desk.run_with(
        &["try", "v.img", "--passphrase-fd", "0"],
        format!("{RIGHT}\r\n").as_bytes(),
    );
    if cfg!(unix) {
        by_descriptor.done();
        desk.run(&["write", "v.img", "--passphrase-fd", "0"])
            .fails(2, "standard input holds the data");
    } else {
        by_descriptor.fails(2, "--passphrase-file");
    }
    assert_eq!(desk.info()["slots"][0]["attempts"]["failed"], 0);
}

#[test]
fn a_weak_new_passphrase_is_accepted_with_advice() {
    let desk = Desk::new();
    fs::write(desk.path("weak"), "letmein1").unwrap();
    let create = [
        &[
            "create",
            "v.img",
            "--size",
            "1M",
            "--new-passphrase-file",
            "weak",
        ],
        &BARE[..],
    ]
    .concat();
    let ran = desk.run(&create).done();
    assert!(
        ran.stderr.contains("weak") && !ran.stderr.contains("letmein1"),
        "{}",
        ran.stderr
    );
    desk.run(&["try", "v.img", "--passphrase-file", "weak"])
        .done();
}

#[test]
fn programs_get_one_object_also_for_usage_errors() {
    let desk = Desk::new();
    for args in [
        &["--json", "no-such-command"][..],
        &["info", "--json"],
        &["create", "v.img", "--json", "--size", "+5M"],
    ] {
        let json = desk.run(args).exits(2).json();
        assert_eq!(
            (&json["error"], &json["code"]),
            (&"usage".into(), &2.into()),
            "{args:?}"
        );
    }
    let json = desk.run(&["read", "v.img", "--json"]).exits(2).json();
    assert!(
        json["message"]
            .as_str()
            .unwrap()
            .contains("leave out --json")
    );
    assert!(desk.run(&["--help"]).done().text().contains("Exit codes:"));
}

#[test]
fn a_closed_pipe_ends_read_in_silence() {
    let desk = Desk::with_volume();
    let mut child = desk
        .command(&["read", "v.img", "--passphrase-file", "right"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(9), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
