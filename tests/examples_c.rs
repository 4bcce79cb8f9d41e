//! The examples in C, C++ and Python do what they say, built with strict warnings and watched by checkers.
//!
//! What is not installed is left out with a message, unless `TENLOCK_ALL_EXAMPLES` is set.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/capi_library.rs"]
mod capi_library;
#[path = "support/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use capi_library::libraries;
use tempfile::TempDir;
use tools::{command, is_there, succeed};

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
    let mut tests = command("python3", ["-W", "error", "-B", "test_life.py"]);
    tests.env("TENLOCK_LIBRARY", &libraries().shared);
    succeed(tests.current_dir(examples().join("python")));
}

#[test]
fn link_line_that_is_tried_is_the_documented_one() {
    let line = format!("tenlock.a {}", SYSTEM_LIBRARIES.join(" "));
    assert!(text("examples/c/README.md").contains(&line));
    assert!(text("examples/cpp/README.md").contains(&line));
    assert!(text("docs/c-api.md").contains(&line.replace("tenlock.a", "-ltenlock")));
}

#[test]
fn cplusplus_of_the_readme_compiles() {
    if !is_there(LIFE_IN_CPP.compiler) {
        return;
    }
    let readme = text("examples/cpp/README.md");
    let code = readme.split("```cpp\n").nth(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("readme.cpp");
    std::fs::write(&source, code.split("```").next().unwrap()).unwrap();
    let mut compile = command(LIFE_IN_CPP.compiler, LIFE_IN_CPP.language);
    compile.args(STRICT).arg("-fsyntax-only").arg("-I");
    compile.arg(root().join("include")).arg("-I");
    succeed(compile.arg(examples().join("cpp")).arg(source));
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
        compile.args(["-x", "none"]).arg(&libraries().archive);
        succeed(compile.args(SYSTEM_LIBRARIES));
        Some(Program { folder, path })
    }

    /// The compiler's command line, up to the library.
    fn compile(&self, program: &Path, more: &[&str]) -> Command {
        let mut compile = command(self.compiler, self.language);
        compile.args(STRICT).args(more).arg("-I");
        compile.arg(root().join("include"));
        compile.arg(examples().join(self.source));
        compile.arg("-o").arg(program);
        compile
    }
}

fn text(name: &str) -> String {
    let text = std::fs::read_to_string(root().join(name)).unwrap();
    text.replace("\r\n", "\n")
}

fn examples() -> PathBuf {
    root().join("examples")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
