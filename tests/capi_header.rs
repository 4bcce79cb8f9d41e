//! `include/tenlock.h` and `include/tenlock.symbols` say what `src/ffi` has, and C compilers take it.
//!
//! `TENLOCK_UPDATE=1` writes both instead of comparing.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[cfg(target_os = "linux")]
#[path = "support/capi_library.rs"]
mod capi_library;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of the interface in the order in which a reader of the header wants them.
const FILES: [&str; 21] = [
    "library",
    "code",
    "fault",
    "storage",
    "storage_callbacks",
    "credential",
    "external",
    "options",
    "rollback",
    "workers",
    "create",
    "locked",
    "volume",
    "slots",
    "rules",
    "info",
    "report",
    "event_log",
    "backup",
    "keys",
    "text",
];

#[test]
fn header_is_what_the_source_says() {
    compare("tenlock.h", &header());
}

#[test]
fn symbol_list_is_what_the_source_exports() {
    let symbols: Vec<_> = exports().into_iter().collect();
    compare("tenlock.symbols", &(symbols.join("\n") + "\n"));
}

#[test]
fn header_declares_each_export_and_nothing_else() {
    let header = header();
    let code = without_comments(&header);
    let declared: BTreeSet<String> = code
        .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .zip(code.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
        .filter(|(name, with_next)| name.starts_with("tenlock_") && with_next.ends_with('('))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(declared, exports());
}

#[test]
fn header_is_plain_ascii() {
    let line = header()
        .lines()
        .find(|line| !line.is_ascii())
        .map(str::to_owned);
    assert_eq!(line, None);
}

/// The outermost statements of an export are a closure, if it needs one, and one call of the boundary.
#[test]
fn every_export_is_one_call_of_the_boundary() {
    for (name, body) in bodies() {
        let mut statements = body.iter().filter(|line| {
            line.starts_with("    ")
                && !line.starts_with("     ")
                && !line.trim_start().starts_with("//")
        });
        let first = statements.next().map_or("", |line| line.trim());
        let rest: Vec<_> = statements.map(|line| line.trim()).collect();
        let alone = first.starts_with("value(") && first.ends_with("|| {") && rest == ["})"]
            || first.starts_with("value(") && first.ends_with(')') && rest.is_empty()
            || first.starts_with("unsafe { call(") && first.ends_with(") }") && rest.is_empty();
        let of_two = first == "let work = || {" && rest == ["};", "unsafe { call(error, work) }"]
            || first.starts_with("let work = || ")
                && first.ends_with(';')
                && rest == ["unsafe { call(error, work) }"];
        assert!(
            alone || of_two,
            "{name} bypasses the boundary: {first} {rest:?}"
        );
    }
}

#[test]
fn strict_c_and_cplusplus_compilers_take_the_header_and_the_example_of_the_page() {
    let page = page();
    let example = page
        .split("```c\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for (compiler, standard, name) in [
        ("gcc", "c99", "page.c"),
        ("gcc", "c17", "page.c"),
        ("g++", "c++11", "page.cpp"),
        ("g++", "c++20", "page.cpp"),
        ("clang", "c99", "page.c"),
    ] {
        if Command::new(compiler).arg("--version").output().is_err() {
            continue;
        }
        tried += 1;
        let source = folder.path().join(name);
        let sizes = "\ntenlock_error an_error = TENLOCK_INIT(tenlock_error);\n";
        std::fs::write(&source, example.to_owned() + sizes).unwrap();
        let compiled = Command::new(compiler)
            .arg(format!("-std={standard}"))
            .args([
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Wundef",
                "-Werror",
                "-fsyntax-only",
                "-I",
            ])
            .arg(root().join("include"))
            .arg(&source)
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&compiled.stderr);
        assert!(
            compiled.status.success(),
            "{compiler} {standard}: {messages}"
        );
    }
    if tried == 0 {
        println!("no C compiler here: install gcc or clang to have the header tried");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn shared_library_exports_the_listed_symbols_and_no_others() {
    if Command::new("nm").arg("--version").output().is_err() {
        println!("no nm here: install binutils to have the shared library looked at");
        return;
    }
    let listed = Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=posix"])
        .arg(&capi_library::libraries().shared)
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let symbols: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        // The linker's, and the one by which debuggers find an unwinder.
        .filter(|name| !name.starts_with('_') && *name != "rust_eh_personality")
        .map(str::to_owned)
        .collect();
    assert_eq!(symbols, exports());
}

fn header() -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    config.header = Some(preamble());
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(source(file));
    }
    let mut bytes = Vec::new();
    builder.generate().unwrap().write(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// The conventions of the page as a comment.
fn preamble() -> String {
    let page = page();
    let conventions = page.split("\n## Conventions\n").nth(1).unwrap();
    let conventions = conventions.split("\n## ").next().unwrap().trim();
    let mut comment = format!(
        "/*\n * Tenlock {}: encrypted volumes for portable media.\n *\n * Made by cbindgen from src/ffi; \
         do not edit. docs/c-api.md has more.\n *\n * CONVENTIONS\n *\n",
        env!("CARGO_PKG_VERSION")
    );
    for line in conventions
        .replace("**", "")
        .replace("tenlock_*_free", "free function")
        .lines()
    {
        comment.push_str(format!(" * {line}").trim_end());
        comment.push('\n');
    }
    comment + " */"
}

/// The names of all exports.
fn exports() -> BTreeSet<String> {
    bodies().into_iter().map(|(name, _)| name).collect()
}

/// Each export with the lines of its body, from every file of the interface.
fn bodies() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for path in files_in(&root().join("src/ffi")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let before = found.len();
        for export in text.split("#[unsafe(no_mangle)]\n").skip(1) {
            let name = export.split("extern \"C\" fn ").nth(1).unwrap();
            let name = name.split('(').next().unwrap().to_owned();
            let lines = export
                .lines()
                .skip_while(|line| !line.ends_with('{'))
                .skip(1);
            let body = lines
                .take_while(|line| *line != "}")
                .map(str::to_owned)
                .collect();
            found.push((name, body));
        }
        let here = found.len() - before;
        let functions = text.matches("extern \"C\" fn ").count();
        assert_eq!(here, functions, "{}", path.display());
        assert_eq!(
            here,
            text.matches("no_mangle").count() + text.matches("export_name").count()
        );
        let listed = FILES.map(source).contains(&path);
        assert!(
            here == 0 || listed,
            "{} is not in the header",
            path.display()
        );
    }
    found
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn compare(name: &str, wanted: &str) {
    let path = root().join("include").join(name);
    if std::env::var_os("TENLOCK_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        found == wanted,
        "include/{name} is not current: run TENLOCK_UPDATE=1 cargo test --features capi --test capi_header"
    );
}

fn without_comments(text: &str) -> String {
    let parts = text.split("/*");
    parts
        .map(|part| part.split("*/").nth(1).unwrap_or(""))
        .collect()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/c-api.md"))
        .unwrap()
        .replace("\r\n", "\n")
}

fn source(name: &str) -> PathBuf {
    root().join("src/ffi").join(name).with_extension("rs")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
