//! A folder in which the tool runs, and what came of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const RIGHT: &str = "seventeen purple tractors, Müller";
pub(crate) const WRONG: &str = "eighteen yellow tractors, Maier";
pub(crate) const OTHER: &str = "fourteen green lanterns, Schmidt";
/// The least cost there is, and no file system.
pub(crate) const BARE: [&str; 8] = [
    "--kdf-memory",
    "19M",
    "--kdf-passes",
    "2",
    "--kdf-lanes",
    "1",
    "--filesystem",
    "none",
];
pub(crate) const CHEAP: [&str; 6] = [
    "--kdf-memory",
    "19M",
    "--kdf-passes",
    "2",
    "--kdf-lanes",
    "1",
];

/// A folder with passphrase files in which the tool runs.
pub(crate) struct Desk(TempDir);

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path("right"), format!("{RIGHT}\n")).unwrap();
        fs::write(desk.path("wrong"), WRONG).unwrap();
        desk
    }

    /// With `v.img`: 1 MiB of room, no file system.
    pub(crate) fn with_volume() -> Self {
        let desk = Self::new();
        desk.run(
            &[
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
            .concat(),
        )
        .done();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// Runs with the admin's passphrase.
    pub(crate) fn as_admin(&self, args: &[&str]) -> Ran {
        let admin = ["--passphrase-file", "right", "--role", "admin"];
        self.run(&[args, &admin].concat())
    }

    /// Adds a user's slot that [`OTHER`] in the file `other` opens.
    pub(crate) fn add_user(&self, more: &[&str]) {
        self.write("other", OTHER);
        let add = ["slot", "add", "v.img", "--new-role", "user"];
        let with = ["--new-passphrase-file", "other"];
        self.as_admin(&[&add[..], &with, more].concat()).done();
    }

    /// Adds a slot that the recovery key in the new file `key` opens.
    pub(crate) fn add_recovery(&self, more: &[&str]) {
        let add = ["slot", "add", "v.img", "--new-role", "recovery"];
        let with = ["--new-recovery-key-file", "key"];
        self.as_admin(&[&add[..], &with, more].concat()).done();
    }

    /// The slot with this index.
    pub(crate) fn slot(&self, index: usize) -> Value {
        let info = self.info();
        let slots = info["slots"].as_array().unwrap();
        let slot = slots.iter().find(|slot| slot["index"] == index);
        slot.cloned().unwrap_or(Value::Null)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // The tool may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        for secret in [RIGHT, WRONG, OTHER] {
            assert!(
                !stderr.contains(secret) && !contains(&output.stdout, secret.as_bytes()),
                "{args:?} shows a passphrase"
            );
        }
        Ran {
            code: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr,
        }
    }

    /// As a user whom write protection stops: it does not stop root.
    pub(crate) fn run_unprivileged(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        #[cfg(unix)]
        if fs::File::options()
            .write(true)
            .open(self.path("v.img"))
            .is_ok()
        {
            self.hand_to_nobody(&mut command, args);
        }
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Replaces the command by one that runs a copy of the tool, which anybody can reach, as user *nobody*.
    #[cfg(unix)]
    fn hand_to_nobody(&self, command: &mut Command, args: &[&str]) {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::process::CommandExt;
        fs::set_permissions(self.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(self.path("v.img"), fs::Permissions::from_mode(0o444)).unwrap();
        let copy = self.path("tenlock");
        // By another process: a descriptor that can write the copy, inherited by the child of a test that runs beside this one, would
        // keep it from being run (ETXTBSY).
        assert!(
            Command::new("cp")
                .arg(tool())
                .arg(&copy)
                .status()
                .unwrap()
                .success()
        );
        *command = Command::new(copy);
        command
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .uid(65534)
            .gid(65534);
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(tool());
        command
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn guess(&self, more: &[&str]) -> Ran {
        self.run(&[&["try", "v.img", "--passphrase-file", "wrong"], more].concat())
    }

    pub(crate) fn open(&self, more: &[&str]) -> Ran {
        self.run(&[&["try", "v.img", "--passphrase-file", "right"], more].concat())
    }

    pub(crate) fn info(&self) -> Value {
        self.run(&["info", "v.img", "--json"]).done().json()
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            code,
            "stdout: {}\nstderr: {}",
            self.text(),
            self.stderr
        );
        self
    }

    /// Fails with `code` and says `words` on standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &str) -> Self {
        let ran = self.exits(code);
        assert!(
            ran.stderr.contains(words),
            "{words:?} is not in {:?}",
            ran.stderr
        );
        assert!(ran.stdout.is_empty(), "{:?}", ran.text());
        ran
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The one object that standard output holds.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value: Value = serde_json::from_slice(&self.stdout).unwrap();
        assert!(value.is_object() && self.text().lines().count() == 1);
        assert!(self.stderr.is_empty(), "{:?}", self.stderr);
        value
    }
}

/// Paths below `folder` with contents; `None` for folders.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let contents = if path.is_dir() {
                None
            } else {
                Some(fs::read(&path).unwrap())
            };
            found.push((path.strip_prefix(folder).unwrap().to_owned(), contents));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

pub(crate) fn set_read_only(path: &Path, read_only: bool) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(path, permissions).unwrap();
}

/// The tool, which cargo builds beside the tests.
fn tool() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let tool = target
        .join("examples")
        .join(format!("tenlock{}", std::env::consts::EXE_SUFFIX));
    assert!(
        tool.exists(),
        "{} is missing: run scripts/test, or cargo build --example tenlock",
        tool.display()
    );
    tool
}
