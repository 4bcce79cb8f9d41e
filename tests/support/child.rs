//! The test program itself as a child process, so that a test can kill it at any instant on any platform.
//!
//! A child is one test of the program, run alone. Without a task from its parent it has nothing to do, and passes.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const IMAGE: &str = "TENLOCK_TEST_CHILD_IMAGE";
const MANNER: &str = "TENLOCK_TEST_CHILD_MANNER";
/// What the child says stands behind this, apart from what the test harness prints.
const MARK: &str = "> ";

/// What a parent wants of this process.
pub(crate) struct Task {
    pub(crate) image: PathBuf,
    pub(crate) manner: String,
}

/// The task of this process if it is a child. Returns when the parent says [`go`](Running::go).
pub(crate) fn task() -> Option<Task> {
    let image = env::var_os(IMAGE)?.into();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    Some(Task {
        image,
        manner: env::var(MANNER).unwrap(),
    })
}

/// Tells the parent something, at once.
pub(crate) fn say(text: &str) {
    // The harness has left its own text without an end of line.
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "\n{MARK}{text}\n")
        .and_then(|()| stdout.flush())
        .unwrap();
}

/// A child; it is killed when this is dropped.
pub(crate) struct Running {
    process: Child,
    gate: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Running {
    /// Starts the test with the name `child` on `image`; it waits for [`go`](Self::go).
    pub(crate) fn start(child: &str, image: &Path, manner: &str) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([child, "--exact", "--nocapture"])
            .env(IMAGE, image)
            .env(MANNER, manner)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let gate = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            gate,
            output,
        }
    }

    /// Lets the child begin.
    pub(crate) fn go(&mut self) {
        self.gate = None;
    }

    /// The next thing the child says; `None` when it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut lines = self.output.by_ref().lines().map(Result::unwrap);
        lines.find_map(|line| line.strip_prefix(MARK).map(str::to_owned))
    }

    /// The last thing the child says, when it has ended; `None` if it had nothing left to say.
    pub(crate) fn last_word(&mut self) -> Option<String> {
        std::iter::from_fn(|| self.hear()).last()
    }

    /// Ends the child wherever it is: SIGKILL, or `TerminateProcess`.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
