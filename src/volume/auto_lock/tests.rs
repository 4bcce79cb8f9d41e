use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Barrier, OnceLock};
use std::thread;

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A clock that goes when told.
#[derive(Clone, Default)]
struct Manual(Arc<AtomicU64>);

impl Manual {
    fn advance(&self, by: u64) {
        self.0.fetch_add(by, SeqCst);
    }
}

impl Clock for Manual {
    fn now(&self) -> Duration {
        seconds(self.0.load(SeqCst))
    }
}

/// Says when it is dropped, as wiped keys would be gone.
#[derive(Clone, Default)]
struct Dropped(Arc<AtomicBool>);

impl Dropped {
    fn is_dropped(&self) -> bool {
        self.0.load(SeqCst)
    }
}

struct Keys(Dropped);

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.0.store(true, SeqCst);
    }
}

/// A lock of 60 seconds that answers `answer`, its clock, what tells of the drop, and how often the
/// callback was asked.
fn kept(answer: OnIdle) -> (AutoLock<Keys>, Manual, Dropped, Arc<AtomicUsize>) {
    let (clock, dropped, asked) = (
        Manual::default(),
        Dropped::default(),
        Arc::<AtomicUsize>::default(),
    );
    let count = Arc::clone(&asked);
    let on_idle = move |_| {
        count.fetch_add(1, SeqCst);
        answer
    };
    let kept = AutoLock::with_clock(Keys(dropped.clone()), Some(LIMIT), on_idle, clock.clone());
    (kept, clock, dropped, asked)
}

#[test]
fn the_value_is_dropped_at_the_limit_and_not_before() {
    let (kept, clock, dropped, asked) = kept(OnIdle::Lock);
    clock.advance(59);
    let idle = Check::Idle {
        since: seconds(59),
        left: Some(seconds(1)),
    };
    assert_eq!(kept.check(), idle);
    assert_eq!(kept.next_check(), Some(seconds(1)));
    assert!(!dropped.is_dropped());
    clock.advance(1);
    assert_eq!(kept.next_check(), Some(Duration::ZERO));
    assert_eq!(kept.check(), Check::Locked);
    assert!(dropped.is_dropped());
    assert_eq!(kept.use_it(|_| ()), None);
    assert!(kept.lock_now().is_none());
    assert_eq!(kept.next_check(), None);
    assert_eq!((kept.check(), asked.load(SeqCst)), (Check::Locked, 1));
}

#[test]
fn the_end_of_a_use_restarts_the_clock() {
    let (kept, clock, _, asked) = kept(OnIdle::Lock);
    clock.advance(50);
    kept.use_it(|_| clock.advance(30)).unwrap();
    clock.advance(59);
    let idle = Check::Idle {
        since: seconds(59),
        left: Some(seconds(1)),
    };
    assert_eq!((kept.check(), asked.load(SeqCst)), (idle, 0));
}

#[test]
fn a_running_use_is_never_idle() {
    let (kept, clock, dropped, asked) = kept(OnIdle::Lock);
    kept.use_it(|_| {
        clock.advance(3600);
        assert_eq!(kept.check(), Check::Busy);
        assert_eq!(kept.next_check(), Some(LIMIT));
    })
    .unwrap();
    assert!(!dropped.is_dropped());
    assert_eq!(asked.load(SeqCst), 0);
}

#[test]
fn keeping_it_open_restarts_the_clock() {
    let (kept, clock, dropped, asked) = kept(OnIdle::KeepOpen);
    for times in 1..=3 {
        clock.advance(60);
        let idle = Check::Idle {
            since: Duration::ZERO,
            left: Some(LIMIT),
        };
        assert_eq!((kept.check(), asked.load(SeqCst)), (idle, times));
    }
    assert!(!dropped.is_dropped());
    assert_eq!(kept.use_it(|_| 7), Some(7));
}

#[test]
fn a_use_after_the_limit_is_no_way_around_a_late_timer() {
    let (locking, clock, dropped, _) = kept(OnIdle::Lock);
    clock.advance(60);
    assert_eq!(locking.use_it(|_| ()), None);
    assert!(dropped.is_dropped());
    let (keeping, clock, _, asked) = kept(OnIdle::KeepOpen);
    clock.advance(60);
    assert_eq!(keeping.use_it(|_| 7), Some(7));
    assert_eq!(asked.load(SeqCst), 1);
}

#[test]
fn no_limit_and_a_limit_of_zero_never_lock() {
    for limit in [None, Some(Duration::ZERO)] {
        let clock = Manual::default();
        let kept = AutoLock::with_clock((), limit, |_| OnIdle::Lock, clock.clone());
        clock.advance(1 << 40);
        let since = seconds(1 << 40);
        assert_eq!(kept.check(), Check::Idle { since, left: None });
        assert_eq!(kept.next_check(), None);
        assert_eq!(kept.use_it(|()| 7), Some(7));
    }
}

#[test]
fn a_clock_that_goes_back_locks_nothing() {
    let (kept, clock, _, _) = kept(OnIdle::Lock);
    clock.advance(50);
    kept.use_it(|_| ());
    clock.0.store(5, SeqCst);
    assert!(matches!(kept.check(), Check::Idle { since, .. } if since.is_zero()));
}

#[test]
fn many_uses_run_at_once_and_a_lock_waits_for_all() {
    let (kept, _, dropped, _) = kept(OnIdle::Lock);
    let all_inside = Barrier::new(5);
    let (leave, left) = (Barrier::new(5), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                kept.use_it(|_| {
                    all_inside.wait();
                    leave.wait();
                    left.fetch_add(1, SeqCst);
                })
                .unwrap();
            });
        }
        all_inside.wait();
        let locker = scope.spawn(|| {
            let keys = kept.lock_now();
            assert_eq!(left.load(SeqCst), 4, "a use was still running");
            keys
        });
        while kept.check() == Check::Busy {
            thread::yield_now();
        }
        assert_eq!(kept.check(), Check::Locking);
        assert_eq!(kept.use_it(|_| ()), None);
        assert!(!dropped.is_dropped());
        leave.wait();
        let keys = locker.join().unwrap();
        assert!(keys.is_some() && !dropped.is_dropped());
        drop(keys);
    });
    assert!(dropped.is_dropped());
    assert_eq!(kept.check(), Check::Locked);
}

#[test]
fn a_use_that_began_while_the_callback_was_asked_ends_before_the_keys_go() {
    let (clock, dropped) = (Manual::default(), Dropped::default());
    let (asked, (answer, answers)) = (mpsc::channel(), mpsc::channel());
    let (asked, was_asked) = (Mutex::new(Some(asked.0)), asked.1);
    let answers = Mutex::new(answers);
    let on_idle = move |_| {
        // Asked a second time, it has nobody to tell and no answer to wait for.
        asked.lock().unwrap().take().unwrap().send(()).unwrap();
        answers.lock().unwrap().recv().unwrap()
    };
    let kept = AutoLock::with_clock(Keys(dropped.clone()), Some(LIMIT), on_idle, clock.clone());
    clock.advance(60);
    thread::scope(|scope| {
        let timer = scope.spawn(|| kept.check());
        was_asked.recv().unwrap();
        assert_eq!(kept.check(), Check::Busy, "asked twice at once");
        kept.use_it(|_| {
            answer.send(OnIdle::Lock).unwrap();
            assert_eq!(timer.join().unwrap(), Check::Locking);
            assert!(!dropped.is_dropped());
            assert_eq!(kept.use_it(|_| ()), None);
        })
        .unwrap();
    });
    assert!(dropped.is_dropped());
    assert_eq!(kept.check(), Check::Locked);
}

#[test]
fn the_callback_may_use_the_value_and_lock() {
    static KEPT: OnceLock<AutoLock<u8>> = OnceLock::new();
    static OUT: Mutex<Vec<Option<u8>>> = Mutex::new(Vec::new());
    let clock = Manual::default();
    let on_idle = |_| {
        let kept = KEPT.get().unwrap();
        let mut out = OUT.lock().unwrap();
        out.push(kept.use_it(|value| *value));
        out.push(kept.lock_now());
        OnIdle::Lock
    };
    let kept = KEPT.get_or_init(|| AutoLock::with_clock(7, Some(LIMIT), on_idle, clock.clone()));
    clock.advance(60);
    assert_eq!(kept.check(), Check::Locked);
    assert_eq!(*OUT.lock().unwrap(), [Some(7), Some(7)]);
}

#[test]
fn a_panic_in_a_use_ends_the_use_and_nothing_else() {
    let (kept, clock, dropped, _) = kept(OnIdle::Lock);
    let panicked = catch_unwind(AssertUnwindSafe(|| kept.use_it(|_| panic!("expected"))));
    assert!(panicked.is_err());
    assert_eq!(kept.use_it(|_| 7), Some(7));
    clock.advance(60);
    assert_eq!(kept.check(), Check::Locked);
    assert!(dropped.is_dropped());
}

#[test]
fn a_panic_in_the_callback_is_asked_again() {
    let clock = Manual::default();
    let times = AtomicUsize::new(0);
    let on_idle = move |_| {
        assert!(times.fetch_add(1, SeqCst) > 0, "expected");
        OnIdle::Lock
    };
    let kept = AutoLock::with_clock((), Some(LIMIT), on_idle, clock.clone());
    clock.advance(60);
    assert!(catch_unwind(AssertUnwindSafe(|| kept.check())).is_err());
    assert_eq!(kept.check(), Check::Locked);
}

#[test]
fn a_panic_while_the_value_is_dropped_does_not_leave_a_use_behind() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("expected");
        }
    }
    let clock = Manual::default();
    let kept = AutoLock::with_clock(Panics, Some(LIMIT), |_| OnIdle::Lock, clock.clone());
    clock.advance(60);
    assert!(catch_unwind(AssertUnwindSafe(|| kept.check())).is_err());
    assert_eq!(kept.check(), Check::Locked);
}

#[test]
fn nothing_is_called_locked_before_the_value_is_gone() {
    static KEPT: OnceLock<AutoLock<Asks>> = OnceLock::new();
    static ANSWERS: Mutex<Vec<Check>> = Mutex::new(Vec::new());
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            ANSWERS.lock().unwrap().push(KEPT.get().unwrap().check());
        }
    }
    let clock = Manual::default();
    let kept = AutoLock::with_clock(Asks, Some(LIMIT), |_| OnIdle::Lock, clock.clone());
    let kept = KEPT.get_or_init(|| kept);
    clock.advance(60);
    assert_eq!(kept.check(), Check::Locked);
    assert_eq!(*ANSWERS.lock().unwrap(), [Check::Locking]);
}

#[test]
fn debug_shows_the_state_and_nothing_of_the_value() {
    let kept = AutoLock::new("hunter2", Some(LIMIT), |_| OnIdle::Lock);
    let shown = format!("{kept:?}");
    assert!(
        shown.contains("Idle") && !shown.contains("hunter2"),
        "{shown}"
    );
}
