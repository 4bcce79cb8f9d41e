//! The examples in C, C++ and Python do what they say, built with strict warnings and watched by checkers.
//!
//! What is not installed is left out with a message, unless `TENLOCK_ALL_EXAMPLES` is set.

#![cfg(not(windows))]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/capi_library.rs"]
mod capi_library;
#[path = "support/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use capi_library::libraries;
use tempfile::TempDir;
use tools::{command, is_there, leave_out, succeed};

/// All warnings that a strict house turns on, as errors.
const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"];
/// What the static library needs; `docs/c-api.md` and the READMEs say the same.
const SYSTEM_LIBRARIES: [&str; 3] = ["-lpthread", "-ldl", "-lm"];
const SANITIZERS: [&str; 4] = [
    "-g",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// A compiler, its arguments before the source, and the source.
struct Build {
    compiler: &'static str,
    language: &'static [&'static str],
    source: &'static str,
}

const LIFE_IN_C: Build = Build {
    compiler: "gcc",
    language: &["-std=c11"],
    source: "c/life.c",
};
const STORAGE_IN_C: Build = Build {
    compiler: "gcc",
    language: &["-std=c11"],
    source: "c/storage.c",
};
const LIFE_IN_CPP: Build = Build {
    compiler: "g++",
    language: &["-std=c++17"],
    source: "cpp/life.cpp",
};
const ALL: [Build; 3] = [LIFE_IN_C, STORAGE_IN_C, LIFE_IN_CPP];

#[test]
fn c_and_cplusplus_examples_hold_with_the_static_library() {
    for build in ALL {
        let Some(program) = build.program(&[]) else {
            return;
        };
        succeed(&mut program.start(&[]));
    }
}

#[test]
fn c_examples_hold_with_the_shared_library() {
    if !is_there(LIFE_IN_C.compiler) {
        return;
    }
    for build in [LIFE_IN_C, STORAGE_IN_C] {
        let folder = tempfile::tempdir().unwrap();
        let program = Program {
            path: folder.path().join("program"),
            folder,
        };
        let mut compile = build.compile(&program.path, &[]);
        succeed(compile.arg(&libraries().shared));
        let path = libraries().shared.parent().unwrap();
        let mut run = program.start(&[]);
        run.env("LD_LIBRARY_PATH", path);
        succeed(run.env("DYLD_LIBRARY_PATH", path));
    }
}

#[test]
fn c_examples_are_cplusplus_as_well() {
    for source in [LIFE_IN_C.source, STORAGE_IN_C.source] {
        let build = Build {
            compiler: "g++",
            language: &["-std=c++11", "-x", "c++"],
            source,
        };
        let Some(program) = build.program(&[]) else {
            return;
        };
        succeed(&mut program.start(&[]));
    }
}

#[test]
fn address_and_undefined_behaviour_sanitizers_find_nothing() {
    for build in ALL {
        let Some(program) = build.program(&SANITIZERS) else {
            return;
        };
        succeed(&mut program.start(&[]));
    }
}

#[test]
fn valgrind_finds_nothing() {
    if !is_there("valgrind") {
        return;
    }
    for build in ALL {
        let Some(program) = build.program(&["-g"]) else {
            return;
        };
        succeed(&mut program.start(&[
            "valgrind",
            "--quiet",
            "--error-exitcode=9",
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite",
        ]));
    }
}

#[test]
fn python_module_passes_its_tests() {
    if !is_there("python3") {
        return;
    }
    if cfg!(target_env = "musl") {
        return leave_out("the C library of this Python may be another than that of a musl build");
    }
    let mut tests = command("python3", ["-W", "error", "-B", "test_life.py"]);
    tests.env("TENLOCK_LIBRARY", &libraries().shared);
    succeed(tests.current_dir(examples().join("python")));
}

/// An example that was built, in a folder of its own.
struct Program {
    folder: TempDir,
    path: PathBuf,
}

impl Program {
    /// The command that runs it, by another program if `by` names one.
    fn start(&self, by: &[&str]) -> Command {
        let mut words: Vec<_> = by.iter().map(PathBuf::from).collect();
        words.push(self.path.clone());
        // A file that is not there; those that need none ignore it.
        words.push(self.folder.path().join("new.tenlock"));
        command(&words[0], &words[1..])
    }
}

impl Build {
    /// The example with the static library; `None` if there is no compiler.
    fn program(&self, more: &[&str]) -> Option<Program> {
        if !is_there(self.compiler) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let mut compile = self.compile(&path, more);
        compile.args(["-x", "none"]).arg(&libraries().fixed);
        succeed(compile.args(SYSTEM_LIBRARIES));
        Some(Program { folder, path })
    }

    /// The compiler's command line, up to the library.
    fn compile(&self, program: &Path, more: &[&str]) -> Command {
        let mut compile = command(self.compiler, self.language);
        compile.args(STRICT).args(more).arg("-I");
        compile.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"));
        compile.arg(examples().join(self.source));
        compile.arg("-o").arg(program);
        compile
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}
