//! The automatic lock of the policy: after a time without use, what is kept is let go of.
//!
//! It has no thread of its own. The embedding program asks from its own timer, and the library keeps
//! the clock, asks back by callback, and drops what it keeps. Nothing here knows of volumes: what is
//! kept is any value whose drop wipes its keys.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A clock that never goes back.
pub trait Clock: Send + Sync {
    /// The time since some fixed moment.
    fn now(&self) -> Duration;
}

/// [`Instant`], since the clock was made.
///
/// Whether it goes on while the machine is suspended depends on the system: on Windows it does, on
/// Linux and macOS it does not. A program to which a night with the lid closed is idleness locks
/// when the system tells it of the suspension ([`AutoLock::lock_now`]), or brings a clock of its own.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// What the callback answers when the limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnIdle {
    /// Drop the value.
    Lock,
    /// Keep it, and begin to count anew: somebody is there after all.
    KeepOpen,
}

/// What [`AutoLock::check`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A use is running, or another thread is asking the callback.
    Busy,
    /// Open and not in use.
    Idle {
        /// For how long.
        since: Duration,
        /// How long until the limit is reached; `None` without a limit.
        left: Option<Duration>,
    },
    /// No use begins any more; a running one still holds the value, which goes when it ends.
    Locking,
    /// The value has been dropped, or handed out by [`AutoLock::lock_now`].
    Locked,
}

/// Keeps a value, such as an open volume, until it has not been used for some time.
///
/// ```text
///           use_it            check, limit reached: the callback answers
/// Idle ──────────────► Busy ─┐   Lock     ──► Locking ──last use ends──► Locked
///  ▲ ▲                       │   KeepOpen ──► Idle, counting anew
///  │ └───last use ends───────┘
///  └─ new                        lock_now ──► Locking ──last use ends──► Locked
/// ```
///
/// A use that is running is never idle, however long it takes. A panic in a use ends the use and
/// nothing else.
///
/// ```
/// use std::time::Duration;
/// use tenlock::volume::{AutoLock, Check, OnIdle};
///
/// // An open volume in place of the text; the callback is where its data would be flushed.
/// let kept = AutoLock::new(String::from("open"), Some(Duration::from_secs(600)), |idle| {
///     assert!(idle >= Duration::from_secs(600));
///     OnIdle::Lock
/// });
/// assert_eq!(kept.use_it(|text| text.len()), Some(4));
///
/// // The timer of the program: check, and again after as long as `next_check` says.
/// assert!(matches!(kept.check(), Check::Idle { left: Some(_), .. }));
/// assert!(kept.next_check().is_some());
///
/// assert_eq!(kept.lock_now().as_deref(), Some("open"));
/// assert_eq!(kept.use_it(|text| text.len()), None);
/// assert_eq!(kept.check(), Check::Locked);
/// ```
///
/// A volume and the limit of its policy. The callback flushes through a handle of its own, because
/// after [`OnIdle::Lock`] the volume is dropped, which wipes the keys and does not flush:
///
/// ```
/// # use tenlock::crypto::{Argon2Cost, Passphrase};
/// # use tenlock::storage::MemoryStorage;
/// # use tenlock::volume::{CreateOptions, create};
/// use std::sync::{Arc, OnceLock, Weak};
/// use std::time::Duration;
/// use tenlock::volume::{AutoLock, OnIdle, Volume};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut options = CreateOptions::default();
/// # options.payload_length = Some(1 << 20);
/// # options.cost = Argon2Cost::new(19_456, 2, 1)?;
/// # options.policy.auto_lock_seconds = 600;
/// # let passphrase = Passphrase::new("right")?;
/// # let volume = create(MemoryStorage::default(), &options, &passphrase)?;
/// let limit = Duration::from_secs(volume.policy().auto_lock_seconds.into());
/// let itself: Arc<OnceLock<Weak<AutoLock<Volume>>>> = Arc::default();
/// let of_callback = Arc::clone(&itself);
/// let kept = Arc::new(AutoLock::new(volume, Some(limit), move |_idle| {
///     let kept = of_callback.get().and_then(Weak::upgrade);
///     match kept.and_then(|kept| kept.use_it(Volume::flush)) {
///         Some(Err(_)) => OnIdle::KeepOpen, // tell somebody, and try again later
///         _ => OnIdle::Lock,
///     }
/// }));
/// let _ = itself.set(Arc::downgrade(&kept));
///
/// kept.use_it(|volume| volume.write_at(0, b"minutes")).ok_or("locked")??;
/// // The timer of the program: `kept.check()`, and again after `kept.next_check()`.
/// assert!(kept.next_check().is_some_and(|left| left <= limit));
///
/// // At the end of the work: the volume back, flushed and locked.
/// kept.lock_now().ok_or("locked")?.lock()?;
/// # Ok(())
/// # }
/// ```
pub struct AutoLock<T> {
    state: Mutex<State<T>>,
    use_ended: Condvar,
    limit: Option<Duration>,
    clock: Box<dyn Clock>,
    on_idle: Box<dyn Fn(Duration) -> OnIdle + Send + Sync>,
}

struct State<T> {
    /// `None` once locked. Uses hold clones.
    value: Option<Arc<T>>,
    /// Uses that hold the value or are dropping it.
    running: usize,
    /// Whether a thread is asking the callback.
    asking: bool,
    /// When the last use ended, or the callback answered [`OnIdle::KeepOpen`].
    last: Duration,
}

impl<T> AutoLock<T> {
    /// Keeps `value`, and asks `on_idle` once it has not been used for `limit`. `None` and zero, which
    /// is what the policy says for it, mean never.
    ///
    /// `on_idle` is called on the thread that checks, with the time without use. No lock is held: it
    /// may use the value, to flush it for instance, and may lock.
    pub fn new(
        value: T,
        limit: Option<Duration>,
        on_idle: impl Fn(Duration) -> OnIdle + Send + Sync + 'static,
    ) -> Self {
        Self::with_clock(value, limit, on_idle, SystemClock::default())
    }

    /// As [`new`](Self::new), with a clock of the caller's.
    pub fn with_clock(
        value: T,
        limit: Option<Duration>,
        on_idle: impl Fn(Duration) -> OnIdle + Send + Sync + 'static,
        clock: impl Clock + 'static,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                value: Some(Arc::new(value)),
                running: 0,
                asking: false,
                last: clock.now(),
            }),
            use_ended: Condvar::new(),
            limit: limit.filter(|limit| !limit.is_zero()),
            clock: Box::new(clock),
            on_idle: Box::new(on_idle),
        }
    }

    /// Does `work` with the value; `None` once it is locked. Many threads may do so at once. Idleness
    /// counts from the end of the last use.
    ///
    /// Should the limit have been reached without a check, the callback is asked first: a late timer
    /// does not prolong the limit.
    pub fn use_it<R>(&self, work: impl FnOnce(&T) -> R) -> Option<R> {
        self.ask_if_due();
        let running = self.begin_use()?;
        Some(work(&running.value))
    }

    /// Looks at the clock. If the limit is reached and no use is running, asks the callback, and after
    /// [`OnIdle::Lock`] drops the value. A use that has begun while the callback was asked is let
    /// finish first, on its own thread.
    pub fn check(&self) -> Check {
        self.ask_if_due();
        self.found()
    }

    /// Takes the value out at once: no new use begins, and those that are running are waited for. `None`
    /// if it is locked already, or is about to be.
    ///
    /// Do not call it from inside a use, which it would wait for.
    pub fn lock_now(&self) -> Option<T> {
        let Use { value, count } = self.take()?;
        drop(count);
        let mut state = self.state();
        while state.running > 0 {
            state = self
                .use_ended
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        // The uses have dropped theirs.
        Arc::into_inner(value)
    }

    /// After which time [`check`](Self::check) has something to do at the earliest; `None` for never:
    /// there is no limit, or it is locked.
    pub fn next_check(&self) -> Option<Duration> {
        match self.found() {
            Check::Idle { left, .. } => left,
            Check::Busy => self.limit,
            Check::Locking | Check::Locked => None,
        }
    }

    fn ask_if_due(&self) {
        let Some(asking) = self.begin_asking() else {
            return;
        };
        match (self.on_idle)(asking.idle) {
            OnIdle::KeepOpen => {
                let now = self.clock.now();
                self.state().last = now;
            }
            OnIdle::Lock => drop(self.take()),
        }
    }

    /// `None` if there is nothing to ask, or another thread does.
    fn begin_asking(&self) -> Option<Asking<'_, T>> {
        let limit = self.limit?;
        let now = self.clock.now();
        let mut state = self.state();
        let idle = now.saturating_sub(state.last);
        if state.value.is_none() || state.is_busy() || idle < limit {
            return None;
        }
        state.asking = true;
        Some(Asking { of: self, idle })
    }

    fn begin_use(&self) -> Option<Use<'_, T>> {
        let mut state = self.state();
        let value = Arc::clone(state.value.as_ref()?);
        Some(self.count(&mut state, value))
    }

    /// Lets no more uses begin. The caller counts as one, so that nothing is called locked before it
    /// has dropped what it took.
    fn take(&self) -> Option<Use<'_, T>> {
        let mut state = self.state();
        let value = state.value.take()?;
        Some(self.count(&mut state, value))
    }

    fn count(&self, state: &mut State<T>, value: Arc<T>) -> Use<'_, T> {
        state.running += 1;
        let count = Count { of: self };
        Use { value, count }
    }

    fn found(&self) -> Check {
        let now = self.clock.now();
        let state = self.state();
        match (&state.value, state.running) {
            (None, 0) => Check::Locked,
            (None, _) => Check::Locking,
            (Some(_), _) if state.is_busy() => Check::Busy,
            (Some(_), _) => {
                let since = now.saturating_sub(state.last);
                let left = self.limit.map(|limit| limit.saturating_sub(since));
                Check::Idle { since, left }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // No code of a caller runs while it is held, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn is_busy(&self) -> bool {
        self.running > 0 || self.asking
    }
}

impl<T> fmt::Debug for AutoLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoLock")
            .field("limit", &self.limit)
            .field("found", &self.found())
            .finish_non_exhaustive()
    }
}

/// A running use. Fields drop in order: the value is gone, and its keys wiped, before the use is
/// over, even if its drop panics.
struct Use<'a, T> {
    value: Arc<T>,
    count: Count<'a, T>,
}

/// One in the number of running uses.
struct Count<'a, T> {
    of: &'a AutoLock<T>,
}

impl<T> Drop for Count<'_, T> {
    fn drop(&mut self) {
        let now = self.of.clock.now();
        let mut state = self.of.state();
        state.running -= 1;
        // Another use may have ended after this one looked at the clock.
        state.last = state.last.max(now);
        if state.running == 0 {
            self.of.use_ended.notify_all();
        }
    }
}

/// The right to ask the callback, of one thread at a time.
struct Asking<'a, T> {
    of: &'a AutoLock<T>,
    idle: Duration,
}

impl<T> Drop for Asking<'_, T> {
    fn drop(&mut self) {
        self.of.state().asking = false;
    }
}

#[cfg(test)]
mod tests;
