//! The threads behind [`Workers`](super::Workers): kept, and awake while requests come one after
//! the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a thread waits awake for the next request. Waking one that sleeps takes tens of
/// microseconds, as long as a quarter of a request of 1 MiB; so who waits about as long as that
/// before he sleeps loses at most twice what the best foresight would (Karlin, Manasse, `McGeoch`,
/// Owicki 1990, "Competitive Randomized Algorithms for Non-Uniform Problems").
const AWAKE: Duration = Duration::from_micros(200);

/// Threads that help the caller's one.
#[derive(Debug)]
pub(super) struct Pool {
    threads: rayon::ThreadPool,
    /// How many requests have begun: a thread that waits awake sees by it that it is wanted.
    begun: Arc<AtomicU64>,
}

impl Pool {
    /// # Errors
    /// The system gives no more threads.
    pub(super) fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("tenlock-{index}"))
            .build()?;
        Ok(Self {
            threads,
            begun: Arc::default(),
        })
    }

    /// Runs `own` on the caller's thread and `help` on at most so many others. Returns when all of
    /// them have.
    pub(super) fn run(&self, helpers: usize, help: impl Fn() + Sync, own: impl FnOnce() + Send) {
        let helpers = helpers.min(self.threads.current_num_threads());
        let request = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        self.threads.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| help());
            }
            own();
        });
        for _ in 0..helpers {
            let begun = Arc::clone(&self.begun);
            self.threads
                .spawn(move || wait_awake_for(&begun, request, AWAKE));
        }
    }
}

/// Until a request after this one begins, but not for long.
fn wait_awake_for(begun: &AtomicU64, request: u64, limit: Duration) {
    let start = Instant::now();
    while begun.load(Ordering::Relaxed) == request && start.elapsed() < limit {
        // Whoever else wants this processor gets it.
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn both_the_caller_and_the_helpers_run_and_no_more_than_asked_for() {
        let pool = Pool::new(3).unwrap();
        for helpers in [0, 1, 3, 9] {
            let ran = Mutex::new(Vec::new());
            let note = || ran.lock().unwrap().push(std::thread::current().id());
            pool.run(helpers, note, note);
            let ran = ran.into_inner().unwrap();
            assert_eq!(ran.len(), helpers.min(3) + 1);
            assert!(ran.contains(&std::thread::current().id()));
        }
    }

    #[test]
    fn a_thread_that_waits_awake_stops_when_a_request_begins() {
        // With no limit of time, a wait that missed the request would never end.
        let begun = AtomicU64::new(2);
        wait_awake_for(&begun, 1, Duration::MAX);
    }
}
