//! Progress bars on standard error, for what takes more than about a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// Shows how far a copy has come; nothing if a program reads along.
pub(crate) struct Progress {
    wanted: bool,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(out: &Output) -> Self {
        Self { wanted: !out.is_json() && stderr().is_terminal(), started: Instant::now(), bar: None }
    }

    /// `done` of `total` bytes are copied; `None`: nobody knows how many there are.
    pub(crate) fn advance(&mut self, done: u64, total: Option<u64>) {
        if self.wanted && self.bar.is_none() && self.started.elapsed() > PATIENCE {
            self.bar = Some(new_bar(done, total, self.started.elapsed()));
        }
        if let Some(bar) = &self.bar {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(done: u64, total: Option<u64>, elapsed: Duration) -> ProgressBar {
    let template = if total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let bar = bar.with_style(style).with_position(done).with_elapsed(elapsed);
    // What came before the bar would pass for a burst.
    bar.reset_eta();
    bar
}

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const WITH_TOTAL: &str = "{bar:30} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
const WITHOUT_TOTAL: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}";
