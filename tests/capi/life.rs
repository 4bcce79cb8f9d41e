//! A volume from its creation to its erase.

use super::*;

#[test]
fn what_was_written_is_read_after_lock_and_unlock_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = c(folder.path().join("a.tenlock").to_str().unwrap());
    let right = passphrase("correct horse");
    let storage = made(|error, out| unsafe {
        tenlock_storage_open(path.as_ptr(), TENLOCK_STORAGE_CREATE, error, out)
    });
    let volume = create(storage, &cheap(), right);
    write(volume, 4000, b"minutes of the meeting");
    done(|error| unsafe { tenlock_volume_flush(volume, error) });
    done(|error| unsafe { tenlock_volume_lock(volume, error, null_mut()) });
    unsafe { tenlock_storage_free(storage) };

    let storage = made(|error, out| unsafe {
        tenlock_storage_open(path.as_ptr(), TENLOCK_STORAGE_OPEN, error, out)
    });
    let volume = unlock(open(storage), right);
    assert_eq!(read(volume, 4000, 22), b"minutes of the meeting");
    let mut facts = init::<tenlock_volume_facts>();
    done(|error| unsafe { tenlock_volume_describe(volume, error, &raw mut facts) });
    assert_eq!((facts.length, facts.sector_size), (1 << 20, 4096));
    assert_eq!(
        (facts.slot, facts.role, facts.read_only),
        (0, TENLOCK_ROLE_ADMIN, 0)
    );

    let mut length = 0;
    done(|error| unsafe { tenlock_storage_length(storage, error, &raw mut length) });
    assert_eq!(length, (1 << 20) + (2 << 20));
    let mut start = [0u8; 7];
    done(|error| unsafe { tenlock_storage_read(storage, 0, error, at(&mut start), 7) });
    assert_eq!(&start, b"TENLOCK");
    unsafe {
        tenlock_storage_free(storage);
        tenlock_volume_free(volume);
        tenlock_credential_free(right);
    }
}

#[test]
fn last_wrong_passphrase_erases_and_the_same_handle_has_the_report() {
    let storage = memory();
    let mut options = cheap();
    options.attempt_limit = 2;
    let (right, wrong) = (passphrase("right"), passphrase("wrong"));
    let locked = lock(create(storage, &options, right));
    let mut volume = null_mut();
    let mut attempt = |with: *const tenlock_credential, code| {
        refused(code, |error| unsafe {
            tenlock_unlock(locked, with, null(), error, &raw mut volume)
        })
    };
    let detail = attempt(wrong, TENLOCK_ERROR_WRONG_CREDENTIAL);
    assert_eq!((detail.remaining, detail.erases_volume), (1, 1));
    assert_eq!(attempt(wrong, TENLOCK_ERROR_ERASED).remaining, 0);
    attempt(right, TENLOCK_ERROR_ERASED);
    assert!(volume.is_null());

    let mut state = 0;
    done(|error| unsafe { tenlock_locked_state(locked, error, &raw mut state) });
    assert_eq!(state, TENLOCK_STATE_ERASED);
    let report = made(|error, out| unsafe { tenlock_locked_report(locked, error, out) });
    let mut facts = init::<tenlock_report_facts>();
    done(|error| unsafe { tenlock_report_describe(report, error, &raw mut facts) });
    assert_eq!(
        (facts.cause, facts.slot),
        (TENLOCK_CAUSE_ATTEMPTS_EXHAUSTED, 0)
    );
    assert_eq!((facts.verified, facts.regions), (1, 4));
    let mut region = init::<tenlock_region>();
    done(|error| unsafe { tenlock_report_region(report, 3, error, &raw mut region) });
    assert_eq!(region.result, TENLOCK_REGION_VERIFIED_ON_MEDIUM);
    refused(TENLOCK_ERROR_ARGUMENT, |error| unsafe {
        tenlock_report_region(report, 4, error, &raw mut region)
    });
    let json = taken(made(|error, out| unsafe {
        tenlock_report_json(report, error, out)
    }));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["cause"], "attempts_exhausted");
    assert_eq!(json["regions"].as_array().unwrap().len(), 4);

    // It opens, as what it is.
    unsafe { tenlock_locked_free(locked) };
    let locked = open(storage);
    done(|error| unsafe { tenlock_locked_state(locked, error, &raw mut state) });
    assert_eq!(state, TENLOCK_STATE_ERASED);
    refused(TENLOCK_ERROR_ERASED, |error| unsafe {
        tenlock_erase(locked, error)
    });
}

#[test]
fn erase_on_request_is_reported_and_only_then() {
    let right = passphrase("right");
    let locked = lock(create(memory(), &cheap(), right));
    let mut report = null_mut();
    refused(TENLOCK_ERROR_ARGUMENT, |error| unsafe {
        tenlock_locked_report(locked, error, &raw mut report)
    });
    done(|error| unsafe { tenlock_erase(locked, error) });
    let report = made(|error, out| unsafe { tenlock_locked_report(locked, error, out) });
    let mut facts = init::<tenlock_report_facts>();
    done(|error| unsafe { tenlock_report_describe(report, error, &raw mut facts) });
    assert_eq!(
        (facts.cause, facts.slot),
        (TENLOCK_CAUSE_REQUESTED, TENLOCK_NO_SLOT)
    );
}

#[test]
fn info_tells_the_same_as_struct_and_as_json_open_locked_and_inspected() {
    let storage = memory();
    let owner = c("Søn & Co");
    let mut label = init::<tenlock_label>();
    label.owner = owner.as_ptr();
    let mut policy = init::<tenlock_policy>();
    policy.min_characters = 4;
    policy.auto_lock_seconds = 600;
    policy.required_roles = 1 << TENLOCK_ROLE_ADMIN;
    let mut options = cheap();
    (options.label, options.policy) = (&raw const label, &raw const policy);
    let right = passphrase("right");
    let volume = create(storage, &options, right);
    let check = |info: *mut tenlock_info| {
        let mut facts = init::<tenlock_info_facts>();
        done(|error| unsafe { tenlock_info_describe(info, error, &raw mut facts) });
        assert_eq!(
            (facts.format_version, facts.state),
            (1, TENLOCK_STATE_LOCKED)
        );
        assert_eq!((facts.payload_length, facts.slots), (1 << 20, 1));
        assert_eq!(
            (facts.copy_a, facts.copy_b),
            (TENLOCK_COPY_WHOLE, TENLOCK_COPY_WHOLE)
        );
        let mut slot = init::<tenlock_slot_facts>();
        done(|error| unsafe { tenlock_info_slot(info, 0, error, &raw mut slot) });
        assert_eq!(
            (slot.counted, slot.attempt_limit, slot.remaining),
            (1, 10, 10)
        );
        assert_eq!(
            (slot.action, slot.factors),
            (TENLOCK_ACTION_ERASE_VOLUME, TENLOCK_FACTOR_PASSPHRASE)
        );
        assert_eq!(
            (slot.kdf_memory_kib, slot.kdf_passes, slot.kdf_lanes),
            (19_456, 2, 1)
        );
        let mut rules = init::<tenlock_policy>();
        done(|error| unsafe { tenlock_info_policy(info, error, &raw mut rules) });
        assert_eq!((rules.min_characters, rules.required_roles), (4, 2));
        let text = |field| {
            taken(made(|error, out| unsafe {
                tenlock_info_label(info, field, error, out)
            }))
        };
        assert_eq!(
            (text(TENLOCK_LABEL_OWNER), text(TENLOCK_LABEL_HINT)),
            ("Søn & Co".into(), String::new())
        );
        let json = taken(made(|error, out| unsafe {
            tenlock_info_json(info, error, out)
        }));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["state"], "locked");
        assert_eq!(json["label"]["owner"], "Søn & Co");
        assert_eq!(json["slots"][0]["attempts"]["remaining"], 10);
        assert_eq!(json["policy"]["auto_lock_seconds"], 600);
        assert_eq!(unsafe { tenlock_info_free(info) }, TENLOCK_OK);
    };
    check(made(|error, out| unsafe {
        tenlock_volume_info(volume, error, out)
    }));
    check(made(|error, out| unsafe {
        tenlock_inspect(storage, error, out)
    }));
    let (mut idle, mut limit) = (u64::MAX, 0);
    done(|error| unsafe { tenlock_volume_idle(volume, error, &raw mut idle, &raw mut limit) });
    assert!(idle < u64::MAX);
    assert_eq!(limit, 600_000);
    let locked = lock(volume);
    check(made(|error, out| unsafe {
        tenlock_locked_info(locked, error, out)
    }));
}

#[test]
fn buffers_are_read_and_written_one_after_the_other_by_any_threads() {
    let right = passphrase("right");
    let mut options = cheap();
    let workers = made(|error, out| unsafe { tenlock_workers_new(1, error, out) });
    options.workers = workers;
    let volume = create(memory(), &options, right);
    unsafe { tenlock_workers_free(workers) };
    let (mut one, mut two) = (*b"minutes ", *b"of the meeting");
    let buffers = [
        tenlock_buffer {
            data: at(&mut one),
            length: one.len(),
        },
        tenlock_buffer {
            data: at(&mut two),
            length: two.len(),
        },
    ];
    done(|error| unsafe { tenlock_volume_write_vectored(volume, 100, buffers.as_ptr(), 2, error) });
    (one, two) = ([0; 8], [0; 14]);
    done(|error| unsafe { tenlock_volume_read_vectored(volume, 100, error, buffers.as_ptr(), 2) });
    assert_eq!((&one, &two), (b"minutes ", b"of the meeting"));
    refused(TENLOCK_ERROR_OUT_OF_RANGE, |error| unsafe {
        tenlock_volume_write_vectored(volume, (1 << 20) - 9, buffers.as_ptr(), 2, error)
    });
    let address = volume.addr();
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            scope.spawn(move || {
                let volume = std::ptr::without_provenance_mut(address);
                let offset = u64::from(thread) * 100_000;
                for round in 0..20 {
                    let data = vec![thread * 20 + round; 70_000];
                    write(volume, offset, &data);
                    assert_eq!(read(volume, offset, data.len()), data);
                }
            });
        }
    });
    done(|error| unsafe { tenlock_volume_discard(volume, 0, 1 << 20, error) });
}

#[test]
fn versions_are_those_of_the_header_and_handles_are_counted() {
    let version = unsafe { CStr::from_ptr(tenlock_version()) }
        .to_str()
        .unwrap();
    let numbers = [
        TENLOCK_VERSION_MAJOR,
        TENLOCK_VERSION_MINOR,
        TENLOCK_VERSION_PATCH,
    ];
    assert_eq!(version, numbers.map(|number| number.to_string()).join("."));
    assert_eq!(tenlock_abi_version(), TENLOCK_ABI_VERSION);
    let features = unsafe { CStr::from_ptr(tenlock_features()) }
        .to_str()
        .unwrap();
    assert_eq!(features.contains("parallel"), cfg!(feature = "parallel"));
    // Other tests run beside this one: only that there is one more than none can be said.
    let one = passphrase("one");
    assert!(tenlock_handle_count() >= 1);
    unsafe { tenlock_credential_free(one) };
}
