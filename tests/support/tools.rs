//! Programs that the tests of the examples need and cargo does not bring.

use std::ffi::OsStr;
use std::process::Command;

/// Whether a program is there. If it is not the test has to be left out, and says so; where all examples are
/// demanded (`TENLOCK_ALL_EXAMPLES`, set by `.ci/run`) it fails.
///
/// Always false on Windows, where neither the compilers nor the checkers of these tests are at home.
#[allow(clippy::print_stdout, reason = "who runs the tests wants to know")]
pub(crate) fn is_there(program: &str) -> bool {
    if cfg!(windows) {
        println!("left out: the examples in other languages are run on Unix only");
        return false;
    }
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        let why = format!(
            "{program} is not installed: run scripts/setup examples, or install it by hand"
        );
        let demanded = std::env::var_os("TENLOCK_ALL_EXAMPLES").is_some();
        assert!(!demanded, "{why}");
        println!("left out: {why}");
    }
    there
}

/// Runs a command to its end, and fails unless it succeeds; returns all that it said.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
    said.into_owned()
}

/// A command of these words.
pub(crate) fn command<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
