//! The C interface as a shared and a static library, built for the tests that use them from outside.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Where the libraries lie.
pub(crate) struct Libraries {
    /// `libtenlock.so` and the like.
    #[allow(dead_code, reason = "not every test loads it")]
    pub(crate) shared: PathBuf,
    /// `libtenlock.a`.
    #[allow(dead_code, reason = "not every test links it")]
    pub(crate) archive: PathBuf,
}

/// Both libraries; built by the first who asks, with the dependencies that the test itself was built with.
pub(crate) fn libraries() -> &'static Libraries {
    static BUILT: OnceLock<Libraries> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> Libraries {
    let built = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--locked", "--lib"])
        .args(["--features", "capi", "--crate-type", "cdylib,staticlib"])
        .args(["--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{messages}");
    let built = String::from_utf8(built.stdout).unwrap();
    let file = |ending: &str| {
        let mut words = built.split('"');
        let found = words.find(|word| word.ends_with(&format!("tenlock{ending}")));
        PathBuf::from(found.unwrap_or_else(|| panic!("cargo has not built {ending}: {built}")))
    };
    Libraries {
        shared: file(std::env::consts::DLL_SUFFIX),
        archive: file(".a"),
    }
}
