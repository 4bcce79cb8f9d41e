//! Programs in C that are no examples: a storm of all exports, and a program of an older header.
//!
//! What is not installed is left out with a message, unless `TENLOCK_ALL_EXAMPLES` is set.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/capi_library.rs"]
mod capi_library;
#[path = "support/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};

use capi_library::libraries;
use tempfile::TempDir;
use tools::{command, is_there, succeed};

const STRICT: [&str; 6] = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wundef",
    "-Werror",
];
const SYSTEM_LIBRARIES: [&str; 3] = ["-lpthread", "-ldl", "-lm"];
const SANITIZERS: [&str; 4] = [
    "-g",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];
const VALGRIND: [&str; 6] = [
    "valgrind",
    "--quiet",
    "--error-exitcode=9",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];
const STORM: &str = "tests/capi/c/storm.c";
const HEADER: &str = "include";

#[test]
fn storm_of_calls_ends_without_a_crash_a_foreign_code_or_a_handle_left() {
    storm(&[], &[], ["2", "5000", "60"]);
}

#[test]
fn storm_of_calls_shows_nothing_to_the_sanitizers() {
    storm(&SANITIZERS, &[], ["1", "4000", "40"]);
}

#[test]
fn storm_of_calls_shows_nothing_to_valgrind() {
    if is_there("valgrind") {
        storm(&["-g"], &VALGRIND, ["1", "600", "2"]);
    }
}

#[test]
fn storm_calls_every_export() {
    let storm = ["storm.c", "storm_arguments.h", "storm_rounds.h"]
        .map(|name| text(&format!("tests/capi/c/{name}")))
        .concat();
    // One release function for each kind, made by a macro.
    let freed = |name: &str| {
        let kind = name.strip_prefix("tenlock_").unwrap();
        let kind = kind.strip_suffix("_free");
        kind.is_some_and(|kind| storm.contains(&format!("RELEASE({kind})")))
    };
    for name in text("include/tenlock.symbols").lines() {
        assert!(storm.contains(&format!("{name}(")) || freed(name), "{name}");
    }
}

#[test]
fn program_of_an_older_header_runs_against_this_library() {
    let source = "tests/data/capi-old/older.c";
    if let Some(program) = Program::build(source, "tests/data/capi-old", &SANITIZERS) {
        succeed(&mut command(&program.path, [] as [&str; 0]));
    }
}

/// Runs the storm: so many rounds, calls of each thread, and derivations.
#[allow(clippy::print_stdout, reason = "the seed repeats a failure")]
fn storm(flags: &[&str], by: &[&str], numbers: [&str; 3]) {
    let Some(program) = Program::build(STORM, HEADER, flags) else {
        return;
    };
    let mut words: Vec<_> = by.iter().map(PathBuf::from).collect();
    words.extend([program.path.clone(), program.folder.path().to_owned()]);
    words.extend(numbers.map(PathBuf::from));
    // To repeat a storm.
    words.extend(std::env::var_os("TENLOCK_STORM_SEED").map(PathBuf::from));
    println!("{}", succeed(&mut command(&words[0], &words[1..])));
}

/// A program that was built, in a folder of its own.
struct Program {
    folder: TempDir,
    path: PathBuf,
}

impl Program {
    /// Builds a source with a folder of headers and the static library; `None` if there is no compiler.
    fn build(source: &str, headers: &str, flags: &[&str]) -> Option<Self> {
        if !is_there("gcc") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let mut compile = command("gcc", STRICT);
        compile.args(flags).arg("-I").arg(root().join(headers));
        compile.arg(root().join(source)).arg("-o").arg(&path);
        compile.arg(&libraries().archive);
        succeed(compile.args(SYSTEM_LIBRARIES));
        Some(Self { folder, path })
    }
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
