//! The drive of a managed service provider in the README, command by command as it stands there.

use std::fs;
use std::path::Path;

use super::desk::{Desk, OTHER, RIGHT};

const PROFILE: &str = "examples/tenlock/profile.json";
/// Bytes of a header copy; the volume of the profile has two, and 64 MiB of room between them.
const COPY: usize = 1 << 20;

/// What a person types at the prompts of a command that begins like this, as files.
const TYPED: [(&str, &[&str]); 8] = [
    (
        "keygen",
        &["--private-key-passphrase-file", "key-passphrase"],
    ),
    ("header backup", &OFFICE),
    (
        "slot change",
        &[
            "--passphrase-file",
            "technician.txt",
            "--new-passphrase-file",
            "other",
        ],
    ),
    ("recover", &["--new-passphrase-file", "third"]),
    ("log", &OFFICE),
    ("slot add drive.tenlock --new-role recovery", &OFFICE),
    (
        "slot add drive.tenlock --new-role user",
        &[
            "--passphrase-file",
            "office.txt",
            "--new-passphrase-file",
            "other",
        ],
    ),
    ("slot remove", &OFFICE),
];
const OFFICE: [&str; 2] = ["--passphrase-file", "office.txt"];

#[test]
fn the_drive_of_the_readme_is_made_used_and_mended_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desk = Desk::new();
    fs::copy(root.join(PROFILE), desk.path("technician.json")).unwrap();
    desk.write("office.txt", RIGHT);
    desk.write("technician.txt", "nine purple kettles on the roof");
    desk.write("other", OTHER);
    desk.write("third", "a third passphrase of somebody");
    desk.write("key-passphrase", "what the private key is under");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut run = Vec::new();
    for command in commands(&readme) {
        match command.as_str() {
            "header check drive.tenlock" => lose(&desk, &[0]),
            restore if restore.starts_with("header restore") => lose(&desk, &[0, 65]),
            _ => {}
        }
        let typed = TYPED.iter().find(|(start, _)| command.starts_with(start));
        let mut args: Vec<_> = command.split(' ').collect();
        args.extend(typed.map_or(&[][..], |(_, typed)| typed));
        if command.starts_with("header restore") {
            args.extend(["--private-key-passphrase-file", "key-passphrase"]);
        }
        let expected = if command.starts_with("header check") {
            6
        } else {
            0
        };
        desk.run(&args).exits(expected);
        run.push(command);
    }
    assert_eq!(run.len(), 14, "{run:?}");
    // The header of the backup: the technician is there again, and has one attempt left.
    desk.run(&[
        "try",
        "drive.tenlock",
        "--passphrase-file",
        "technician.txt",
    ])
    .done();
}

/// The commands between the first that takes the profile's keys and the end of their block.
fn commands(readme: &str) -> Vec<String> {
    let (_, block) = readme
        .split_once("cp examples/tenlock/profile.json")
        .unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block
        .lines()
        .filter_map(|line| line.strip_prefix("tenlock "))
        .map(|command| {
            command
                .split('#')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}

/// Overwrites these MiB.
fn lose(desk: &Desk, places: &[usize]) {
    let mut image = fs::read(desk.path("drive.tenlock")).unwrap();
    for place in places {
        image[place * COPY..][..COPY].fill(0);
    }
    desk.write("drive.tenlock", image);
}
