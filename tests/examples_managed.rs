//! The examples in C# and Go, and the `CMake` package, are built with strict warnings and run.
//!
//! What is not installed is left out with a message, unless `TENLOCK_ALL_EXAMPLES` is set. On Windows nothing
//! is tried.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/capi_library.rs"]
mod capi_library;
#[path = "support/tools.rs"]
mod tools;

#[cfg(not(unix))]
use std::fs::hard_link as link;
#[cfg(unix)]
use std::os::unix::fs::symlink as link;
use std::path::{Path, PathBuf};
use std::process::Command;

use capi_library::libraries;
use tools::{command, is_there, succeed};

#[test]
fn example_in_csharp_builds_without_a_warning_and_lives_through_a_volume() {
    if !are_there(&["mcs", "mono"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("life.exe");
    let strict = ["-langversion:7.2", "-warnaserror+", "-warn:4"];
    let mut compiler = command("mcs", strict);
    compiler.arg(format!("-out:{}", program.display()));
    succeed(compiler.args(sources("csharp", "cs")));
    let mut life = command("mono", [program, folder.path().join("example.tenlock")]);
    let said = succeed(with_library(&mut life));
    assert!(said.contains("tenth wrong passphrase"), "{said}");
    assert!(said.ends_with("done\n"), "{said}");
}

#[test]
fn example_in_go_passes_its_tests() {
    if !are_there(&["go", "gcc"]) {
        return;
    }
    let unformatted = succeed(command("gofmt", ["-l"]).arg(example("go")));
    assert_eq!(unformatted, "", "not formatted by gofmt");
    succeed(&mut go(&["vet", "./..."]));
    let said = succeed(&mut go(&["test", "-count=1", "-v", "./..."]));
    assert!(said.contains("tenth wrong passphrase"), "{said}");
}

#[test]
fn cmake_package_links_a_program_with_either_library() {
    if !are_there(&["cmake", "make", "gcc"]) {
        return;
    }
    // Where cargo-c puts them, also on Debian and Fedora, and where a packager might.
    for (library_folder, package_folder) in [
        ("lib", "share/cmake/Tenlock"),
        ("lib64", "share/cmake/Tenlock"),
        ("lib/x86_64-linux-gnu", "share/cmake/Tenlock"),
        ("lib", "lib/cmake/Tenlock"),
        ("lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu/cmake/Tenlock"),
    ] {
        if library_folder.contains("x86_64")
            && !cfg!(all(target_os = "linux", target_arch = "x86_64"))
        {
            continue;
        }
        let prefix = tempfile::tempdir().unwrap();
        install(prefix.path(), library_folder, package_folder);
        succeed(&mut configure(prefix.path()));
        let build = prefix.path().join("build");
        succeed(command("cmake", ["--build"]).arg(&build));
        succeed(command("ctest", ["--output-on-failure"]).current_dir(&build));
    }
}

#[test]
fn cmake_package_says_what_is_missing() {
    if !are_there(&["cmake", "make", "gcc"]) {
        return;
    }
    let prefix = tempfile::tempdir().unwrap();
    let remove = |file: &str| std::fs::remove_file(prefix.path().join(file)).unwrap();
    install(prefix.path(), "lib", "lib/cmake/Tenlock");
    remove("lib/libtenlock.a");
    let said = refused(&mut configure(prefix.path()));
    assert!(said.contains("No library for static in"), "{said}");
    remove("include/tenlock.h");
    let said = refused(&mut configure(prefix.path()));
    assert!(said.contains("No include/tenlock.h above"), "{said}");
}

#[test]
fn cmake_package_has_the_version_of_the_library() {
    let file = std::fs::read_to_string(root().join("cmake/TenlockConfigVersion.cmake")).unwrap();
    let wanted = format!("set(PACKAGE_VERSION \"{}\")", env!("CARGO_PKG_VERSION"));
    assert!(file.contains(&wanted), "no {wanted}");
}

/// Go with the library that was built here; it downloads nothing and leaves the user's cache alone.
fn go(arguments: &[&str]) -> Command {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let include = root().join("include");
    let mut go = command("go", arguments);
    go.current_dir(example("go"))
        .env("GOFLAGS", "-mod=readonly")
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOCACHE", cache)
        .env("CGO_ENABLED", "1")
        .env(
            "CGO_CFLAGS",
            format!("-I{} -Wall -Wextra -Werror", include.display()),
        )
        .env("CGO_LDFLAGS", format!("-L{}", library_folder().display()));
    with_library(&mut go);
    go
}

/// Lays out a prefix as `cargo cinstall` does.
fn install(prefix: &Path, library_folder: &str, package_folder: &str) {
    let place = |folder: &str, file: &Path| {
        let folder = prefix.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        link(file, folder.join(file.file_name().unwrap())).unwrap();
    };
    place("include", &root().join("include/tenlock.h"));
    place(library_folder, &libraries().shared);
    place(library_folder, &libraries().archive);
    // Copies: a link to the package would be followed, and the prefix looked for above the source.
    let package = prefix.join(package_folder);
    std::fs::create_dir_all(&package).unwrap();
    for file in ["TenlockConfig.cmake", "TenlockConfigVersion.cmake"] {
        std::fs::copy(root().join("cmake").join(file), package.join(file)).unwrap();
    }
}

fn configure(prefix: &Path) -> Command {
    let mut cmake = command(
        "cmake",
        ["-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror"],
    );
    cmake
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
        .arg("-S")
        .arg(example("cmake"))
        .arg("-B")
        .arg(prefix.join("build"));
    cmake
}

/// The dynamic linker of the program finds the library that was built here.
fn with_library(program: &mut Command) -> &mut Command {
    let variable = if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    program.env(variable, library_folder())
}

fn library_folder() -> &'static Path {
    libraries().shared.parent().unwrap()
}

/// Runs a command that must fail, and returns its messages without line breaks.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} succeeded");
    let said = String::from_utf8_lossy(&output.stderr);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn are_there(programs: &[&str]) -> bool {
    programs.iter().all(|program| is_there(program))
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
