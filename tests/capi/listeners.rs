//! Progress, external factors, memory and log of the program's own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

use super::*;

struct Reporter {
    calls: AtomicU32,
    cancel_at: u32,
}

unsafe extern "C-unwind" fn report(context: *mut c_void, done: u32, total: u32) -> i32 {
    let reporter = unsafe { &*context.cast::<Reporter>() };
    assert!(done >= 1 && done <= total);
    i32::from(reporter.calls.fetch_add(1, SeqCst) + 1 == reporter.cancel_at)
}

fn progress(reporter: &Reporter) -> tenlock_progress {
    let mut progress = init::<tenlock_progress>();
    progress.context = std::ptr::from_ref(reporter).cast_mut().cast();
    progress.report = Some(report);
    progress
}

#[test]
fn every_key_derivation_reports_and_can_be_cancelled() {
    let right = passphrase("right");
    let never = Reporter {
        calls: AtomicU32::new(0),
        cancel_at: 0,
    };
    let reports = progress(&never);
    let mut counted = 0;
    let mut has_reported = || {
        let calls = never.calls.load(SeqCst);
        assert!(calls > counted);
        counted = calls;
    };
    // Each call needs a reporter of its own, for it cancels once.
    let cancelling = || Reporter {
        calls: AtomicU32::new(0),
        cancel_at: 2,
    };
    let storage = memory();
    let (mut volume, mut slot) = (null_mut(), 99);

    let mut options = cheap();
    let stop = cancelling();
    let stops = progress(&stop);
    options.progress = &raw const stops;
    refused(TENLOCK_ERROR_CANCELLED, |error| unsafe {
        tenlock_create(storage, right, &raw const options, error, &raw mut volume)
    });
    options.progress = &raw const reports;
    let volume = create(storage, &options, right);
    has_reported();

    let mut user = init::<tenlock_slot_options>();
    user.role = TENLOCK_ROLE_USER;
    let stop = cancelling();
    refused(TENLOCK_ERROR_CANCELLED, |error| unsafe {
        tenlock_volume_add_slot(
            volume,
            &raw const user,
            right,
            &progress(&stop),
            error,
            &raw mut slot,
        )
    });
    done(|error| unsafe {
        tenlock_volume_add_slot(
            volume,
            &raw const user,
            right,
            &raw const reports,
            error,
            &raw mut slot,
        )
    });
    has_reported();
    let stop = cancelling();
    refused(TENLOCK_ERROR_CANCELLED, |error| unsafe {
        tenlock_volume_reset_slot(volume, slot, right, null(), &progress(&stop), error)
    });
    let stop = cancelling();
    refused(TENLOCK_ERROR_CANCELLED, |error| unsafe {
        tenlock_volume_change_credential(volume, right, null(), &progress(&stop), error)
    });
    done(|error| unsafe { tenlock_volume_remove_slot(volume, slot, 0, error) });

    let locked = lock(volume);
    for _ in 0..12 {
        let stop = cancelling();
        let stops = progress(&stop);
        let mut options = init::<tenlock_unlock_options>();
        options.progress = &raw const stops;
        let mut out = null_mut();
        refused(TENLOCK_ERROR_CANCELLED, |error| unsafe {
            tenlock_unlock(locked, right, &raw const options, error, &raw mut out)
        });
    }
    let mut options = init::<tenlock_unlock_options>();
    options.progress = &raw const reports;
    options.derivation_threads = 1;
    made(|error, out| unsafe { tenlock_unlock(locked, right, &raw const options, error, out) });
    has_reported();
}

/// A guard server.
struct Guard {
    returns: AtomicI32,
    length: usize,
    released: AtomicU32,
}

unsafe extern "C-unwind" fn respond(
    context: *mut c_void,
    request: *const tenlock_external_request,
    secret: *mut u8,
    length: *mut usize,
) -> i32 {
    let (guard, request) = unsafe { (&*context.cast::<Guard>(), &*request) };
    let parameters = unsafe {
        std::slice::from_raw_parts(request.parameters.cast::<u8>(), request.parameters_size)
    };
    assert_eq!(parameters, b"key 7");
    unsafe {
        secret.copy_from(request.challenge.as_ptr(), 32);
        *length = guard.length;
    }
    guard.returns.load(SeqCst)
}

unsafe extern "C-unwind" fn release_guard(context: *mut c_void) {
    unsafe { &*context.cast::<Guard>() }
        .released
        .fetch_add(1, SeqCst);
}

#[test]
fn external_factor_is_asked_and_its_failures_cost_no_attempt() {
    let guard = |length| Guard {
        returns: AtomicI32::new(0),
        length,
        released: AtomicU32::new(0),
    };
    let (good, short, long) = (guard(32), guard(15), guard(1025));
    let name = c("org.example.guard");
    let with = |guard: &Guard, parameters: &[u8]| {
        let credential = passphrase("right");
        let mut table = init::<tenlock_external_callbacks>();
        table.context = std::ptr::from_ref(guard).cast_mut().cast();
        table.provider = name.as_ptr();
        table.respond = Some(respond);
        table.release = Some(release_guard);
        let bytes = if parameters.is_empty() {
            null()
        } else {
            parameters.as_ptr().cast()
        };
        done(|error| unsafe {
            tenlock_credential_add_external(
                credential,
                &raw const table,
                bytes,
                parameters.len(),
                error,
            )
        });
        credential
    };
    let new = with(&good, b"key 7");
    let locked = lock(create(memory(), &cheap(), new));
    assert_eq!(unsafe { tenlock_credential_free(new) }, TENLOCK_OK);
    assert_eq!(good.released.load(SeqCst), 1);
    let mut out = null_mut();
    let mut attempt = |with: *mut tenlock_credential, code| {
        refused(code, |error| unsafe {
            tenlock_unlock(locked, with, null(), error, &raw mut out)
        });
    };
    let credential = with(&good, b"");
    for _ in 0..6 {
        for (number, code) in [
            (TENLOCK_ERROR_CANCELLED as i32, TENLOCK_ERROR_CANCELLED),
            (
                TENLOCK_ERROR_EXTERNAL_TIMED_OUT as i32,
                TENLOCK_ERROR_EXTERNAL_TIMED_OUT,
            ),
            (-1, TENLOCK_ERROR_EXTERNAL),
        ] {
            good.returns.store(number, SeqCst);
            attempt(credential, code);
        }
    }
    good.returns.store(0, SeqCst);
    attempt(with(&short, b""), TENLOCK_ERROR_EXTERNAL);
    attempt(with(&long, b""), TENLOCK_ERROR_EXTERNAL);
    unlock(locked, credential);
}

#[derive(Default)]
struct Host {
    seen: Mutex<Option<(Vec<u8>, u64)>>,
    recall: AtomicI32,
    remember: AtomicI32,
    lines: Mutex<Vec<String>>,
}

unsafe extern "C-unwind" fn recall(
    context: *mut c_void,
    _: *const u8,
    known: *mut u32,
    remembered: *mut tenlock_remembered,
) -> i32 {
    let host = unsafe { &*context.cast::<Host>() };
    if let Some((_, generation)) = &*host.seen.lock().unwrap() {
        let (policy_number, log_sequence) = (0, 0);
        unsafe {
            *known = 1;
            *remembered = tenlock_remembered {
                generation: *generation,
                policy_number,
                log_sequence,
            };
        }
    }
    host.recall.load(SeqCst)
}

unsafe extern "C-unwind" fn remember(
    context: *mut c_void,
    id: *const u8,
    seen: *const tenlock_remembered,
) -> i32 {
    let host = unsafe { &*context.cast::<Host>() };
    let id = unsafe { std::slice::from_raw_parts(id, 16) }.to_vec();
    *host.seen.lock().unwrap() = Some((id, unsafe { (*seen).generation }));
    host.remember.load(SeqCst)
}

unsafe extern "C-unwind" fn forget(context: *mut c_void, _: *const u8, known: *mut u32) -> i32 {
    let host = unsafe { &*context.cast::<Host>() };
    let forgotten = host.seen.lock().unwrap().take();
    unsafe { *known = forgotten.is_some().into() };
    0
}

unsafe extern "C-unwind" fn line(context: *mut c_void, text: *const c_char) {
    let host = unsafe { &*context.cast::<Host>() };
    let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    host.lines.lock().unwrap().push(text);
}

#[test]
fn older_copy_is_noticed_by_the_program_s_memory_and_trouble_goes_to_its_log() {
    let (host, right) = (Host::default(), passphrase("right"));
    let context: *mut c_void = std::ptr::from_ref(&host).cast_mut().cast();
    let mut memory_table = init::<tenlock_memory_callbacks>();
    memory_table.context = context;
    memory_table.recall = Some(recall);
    memory_table.remember = Some(remember);
    memory_table.forget = Some(forget);
    let mut log = init::<tenlock_log_callback>();
    log.context = context;
    log.line = Some(line);
    let mut options = init::<tenlock_unlock_options>();
    (options.memory, options.log) = (&raw const memory_table, &raw const log);
    let locked = lock(create(memory(), &cheap(), right));
    let open = |locked, options: &tenlock_unlock_options| {
        made(|error, out| unsafe { tenlock_unlock(locked, right, options, error, out) })
    };
    let locked = lock(open(locked, &options));
    assert_eq!(*host.lines.lock().unwrap(), Vec::<String>::new());

    host.seen.lock().unwrap().as_mut().unwrap().1 += 1000;
    let mut out = null_mut();
    refused(TENLOCK_ERROR_ROLLBACK, |error| unsafe {
        tenlock_unlock(locked, right, &raw const options, error, &raw mut out)
    });
    host.recall.store(-5, SeqCst);
    let detail = refused(TENLOCK_ERROR_HOST_MEMORY, |error| unsafe {
        tenlock_unlock(locked, right, &raw const options, error, &raw mut out)
    });
    assert_eq!(detail.os_error, 5);
    host.remember.store(-28, SeqCst);
    options.accept_rollback = 1;
    open(locked, &options);
    let lines = host.lines.lock().unwrap();
    assert!(
        lines[0].starts_with("what this host remembers"),
        "{lines:?}"
    );
}

#[test]
fn call_from_a_callback_on_the_handle_in_use_is_refused_and_does_not_wait() {
    struct Inside {
        locked: *mut tenlock_locked,
        codes: Mutex<Vec<tenlock_code>>,
    }
    unsafe extern "C-unwind" fn inside(context: *mut c_void, _: u32, _: u32) -> i32 {
        let inside = unsafe { &*context.cast::<Inside>() };
        let codes = unsafe {
            [
                tenlock_locked_free(inside.locked),
                tenlock_erase(inside.locked, null_mut()),
            ]
        };
        inside.codes.lock().unwrap().extend(codes);
        0
    }
    let right = passphrase("right");
    let locked = lock(create(memory(), &cheap(), right));
    let inside_context = Inside {
        locked,
        codes: Mutex::default(),
    };
    let mut progress = init::<tenlock_progress>();
    progress.context = std::ptr::from_ref(&inside_context).cast_mut().cast();
    progress.report = Some(inside);
    let mut options = init::<tenlock_unlock_options>();
    options.progress = &raw const progress;
    made(|error, out| unsafe { tenlock_unlock(locked, right, &raw const options, error, out) });
    let codes = inside_context.codes.into_inner().unwrap();
    assert!(!codes.is_empty());
    assert!(
        codes
            .iter()
            .all(|code| *code == TENLOCK_ERROR_HANDLE_IN_USE)
    );
}
