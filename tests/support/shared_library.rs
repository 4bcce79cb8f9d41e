//! The C libraries as a program in another language gets them: built once for each test program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder with the shared library, which has the profile of these tests.
pub(crate) fn shared_library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    folder_of(BUILT.get_or_init(|| build("cdylib", std::env::consts::DLL_SUFFIX)))
}

/// The folder with the static library.
pub(crate) fn static_library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    folder_of(BUILT.get_or_init(|| build("staticlib", ".a")))
}

/// The path of what cargo built and whose name ends like this.
fn build(crate_type: &str, suffix: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--locked", "--lib"])
        .args(["--features", "capi", "--crate-type", crate_type])
        .args(["--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{messages}");
    String::from_utf8(built.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|message| Some(message.get("filenames")?.as_array()?.clone()))
        .flatten()
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.contains("tenlock") && name.ends_with(suffix)
        })
        .expect("cargo names what it has built")
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap()
}
