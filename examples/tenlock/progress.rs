//! Progress bars on standard error, for what takes more than about a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// Shows how far a copy has come; nothing if a program reads along.
pub(crate) struct Progress {
    /// Hidden at first, but from the start on it measures the rate.
    bar: ProgressBar,
    /// When it is to appear, if ever.
    due: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(out: &Output) -> Self {
        let wanted = !out.is_json() && stderr().is_terminal();
        Self {
            bar: ProgressBar::hidden(),
            due: wanted.then(|| Instant::now() + PATIENCE),
        }
    }

    /// `done` of `total` bytes are copied; `None`: nobody knows how many there are.
    pub(crate) fn advance(&mut self, done: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if self.due.is_some_and(|due| Instant::now() > due) {
            self.due = None;
            let template = if total.is_some() {
                WITH_TOTAL
            } else {
                WITHOUT_TOTAL
            };
            self.bar.set_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const WITH_TOTAL: &str = "{bar:30} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
const WITHOUT_TOTAL: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}";
