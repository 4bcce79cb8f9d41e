//! The examples in C# and Go, and the CMake package, are built with strict warnings and run.
//!
//! Where a tool is missing, the test names it and passes; with `TENLOCK_ALL_EXAMPLES` set it fails. On Windows
//! they are not tried.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[cfg(not(unix))]
use std::fs::hard_link as link;
#[cfg(unix)]
use std::os::unix::fs::symlink as link;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{shared_library, static_library};

#[path = "support/shared_library.rs"]
mod support;

#[test]
fn example_in_csharp_builds_without_a_warning_and_lives_through_a_volume() {
    if is_missing(&["mcs", "mono"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("life.exe");
    let mut compiler = Command::new("mcs");
    compiler.args(["-langversion:7.2", "-warnaserror+", "-warn:4"]);
    compiler.arg(format!("-out:{}", program.display()));
    compiler.args(sources("csharp", "cs"));
    run(&mut compiler);
    let mut life = Command::new("mono");
    life.arg(&program)
        .arg(folder.path().join("example.tenlock"));
    let printed = run(with_library(&mut life));
    assert!(printed.contains("tenth wrong passphrase"), "{printed}");
    assert!(printed.ends_with("done\n"), "{printed}");
}

#[test]
fn example_in_go_passes_its_tests() {
    if is_missing(&["go", "gcc"]) {
        return;
    }
    let unformatted = run(Command::new("gofmt").arg("-l").arg(example("go")));
    assert_eq!(unformatted, "", "not formatted by gofmt");
    run(go().args(["vet", "./..."]));
    let printed = run(go().args(["test", "-count=1", "-v", "./..."]));
    assert!(printed.contains("tenth wrong passphrase"), "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn cmake_package_links_a_program_with_either_library() {
    if is_missing(&["cmake", "make", "gcc"]) {
        return;
    }
    for library_folder in ["lib", "lib64", "lib/x86_64-linux-gnu"] {
        let folder = tempfile::tempdir().unwrap();
        install(folder.path(), library_folder, "lib/cmake/Tenlock");
        build_consumer(folder.path());
    }
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "lib", "share/cmake/Tenlock");
    build_consumer(folder.path());
}

#[test]
fn cmake_package_says_what_is_missing() {
    if is_missing(&["cmake", "make", "gcc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "lib", "lib/cmake/Tenlock");
    std::fs::remove_file(folder.path().join("lib/libtenlock.a")).unwrap();
    let messages = refused(&mut configure(folder.path()));
    assert!(messages.contains("No library for static in"), "{messages}");
    std::fs::remove_file(folder.path().join("include/tenlock.h")).unwrap();
    let messages = refused(&mut configure(folder.path()));
    assert!(
        messages.contains("No include/tenlock.h above"),
        "{messages}"
    );
}

#[test]
fn cmake_package_has_the_version_of_the_library() {
    let file = std::fs::read_to_string(root().join("cmake/TenlockConfigVersion.cmake")).unwrap();
    let wanted = format!("set(PACKAGE_VERSION \"{}\")", env!("CARGO_PKG_VERSION"));
    assert!(file.contains(&wanted), "no {wanted}");
}

/// Go with the library that was built here; it downloads nothing and leaves the user's cache alone.
fn go() -> Command {
    let mut command = Command::new("go");
    let include = root().join("include");
    command
        .current_dir(example("go"))
        .env("GOFLAGS", "-mod=readonly")
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
        .env("CGO_ENABLED", "1")
        .env(
            "CGO_CFLAGS",
            format!("-I{} -Wall -Wextra -Werror", include.display()),
        )
        .env("CGO_LDFLAGS", format!("-L{}", shared_library().display()));
    with_library(&mut command);
    command
}

/// Lays out a prefix as `cargo cinstall` does.
fn install(prefix: &Path, library_folder: &str, package_folder: &str) {
    let place = |folder: &str, file: PathBuf| {
        let folder = prefix.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        link(&file, folder.join(file.file_name().unwrap())).unwrap();
    };
    place("include", root().join("include/tenlock.h"));
    let shared = format!("libtenlock{}", std::env::consts::DLL_SUFFIX);
    place(library_folder, shared_library().join(shared));
    place(library_folder, static_library().join("libtenlock.a"));
    let package = prefix.join(package_folder);
    std::fs::create_dir_all(&package).unwrap();
    for file in ["TenlockConfig.cmake", "TenlockConfigVersion.cmake"] {
        std::fs::copy(root().join("cmake").join(file), package.join(file)).unwrap();
    }
}

#[cfg(target_os = "linux")]
fn build_consumer(prefix: &Path) {
    run(&mut configure(prefix));
    let build = prefix.join("build");
    run(Command::new("cmake").arg("--build").arg(&build));
    run(Command::new("ctest")
        .arg("--output-on-failure")
        .current_dir(&build));
}

fn configure(prefix: &Path) -> Command {
    let mut command = Command::new("cmake");
    command
        .arg("-S")
        .arg(example("cmake"))
        .arg("-B")
        .arg(prefix.join("build"))
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
        .arg("-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror");
    command
}

/// The dynamic linker of the program finds the library that was built here.
fn with_library(command: &mut Command) -> &mut Command {
    let variable = if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    command.env(variable, shared_library())
}

/// Runs a command that must succeed and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{printed}{messages}");
    printed
}

/// Runs a command that must fail and returns its messages.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} succeeded");
    let messages = String::from_utf8_lossy(&output.stderr);
    // CMake wraps lines.
    messages.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_missing(tools: &[&str]) -> bool {
    if cfg!(windows) {
        println!("not tried on Windows: the compilers and paths here are those of Unix");
        return true;
    }
    let missing: Vec<_> = tools
        .iter()
        .filter(|tool| !is_in_path(tool))
        .copied()
        .collect();
    if missing.is_empty() {
        return false;
    }
    let message = format!(
        "not here: {}; on Debian, scripts/setup examples installs what is missing",
        missing.join(", ")
    );
    assert!(
        std::env::var_os("TENLOCK_ALL_EXAMPLES").is_none(),
        "{message}"
    );
    println!("{message}");
    true
}

fn is_in_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

fn sources(language: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(example(language)).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn example(language: &str) -> PathBuf {
    root().join("examples").join(language)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
