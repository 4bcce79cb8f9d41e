//! Slots, roles, rules and the event log.

use super::*;

fn add(
    volume: *mut tenlock_volume,
    options: &tenlock_slot_options,
    with: *mut tenlock_credential,
) -> u32 {
    let mut slot = 99;
    done(|error| unsafe {
        tenlock_volume_add_slot(volume, options, with, null(), error, &raw mut slot)
    });
    slot
}

fn of_role(role: u32) -> tenlock_slot_options {
    let mut options = init::<tenlock_slot_options>();
    options.role = role;
    options
}

/// Makes a recovery key and what opens with it.
fn recovery_key() -> *mut tenlock_credential {
    let (mut text, mut words) = (null_mut(), null_mut());
    done(|error| unsafe { tenlock_recovery_key_generate(error, &raw mut text, &raw mut words) });
    assert_eq!(taken(text).len(), 39);
    let words = taken(words);
    let key = made(|error, out| unsafe { tenlock_credential_new(error, out) });
    done(|error| unsafe {
        tenlock_credential_add_recovery_key(key, words.as_ptr().cast(), words.len(), error)
    });
    key
}

#[test]
fn volume_with_all_roles_is_made_at_once_and_each_credential_opens_its_slot() {
    let (mut private, mut public) = (null_mut(), null_mut());
    done(|error| unsafe { tenlock_private_key_generate(error, &raw mut private, &raw mut public) });
    let (private, public) = (taken(private), taken(public));
    let credential = || made(|error, out| unsafe { tenlock_credential_new(error, out) });
    let (to_public, with_private) = (credential(), credential());
    done(|error| unsafe {
        tenlock_credential_add_public_key(to_public, public.as_ptr().cast(), public.len(), error)
    });
    done(|error| unsafe {
        tenlock_credential_add_private_key(
            with_private,
            private.as_ptr().cast(),
            private.len(),
            error,
        )
    });
    let key = recovery_key();
    let (admin, user) = (passphrase("the admin's"), passphrase("the user's"));
    done(|error| unsafe {
        tenlock_credential_add_key_file_content(user, b"any bytes".as_ptr().cast(), 9, error)
    });
    let roles = [
        TENLOCK_ROLE_ADMIN,
        TENLOCK_ROLE_USER,
        TENLOCK_ROLE_RECOVERY,
        TENLOCK_ROLE_ESCROW,
    ];
    let slots = roles.map(of_role);
    let slots = [0, 1, 2, 3].map(|at: usize| &raw const slots[at]);
    let credentials = [admin, user, key, to_public].map(<*mut _>::cast_const);
    let options = cheap();
    let volume = made(|error, out| unsafe {
        tenlock_create_with_slots(
            memory(),
            slots.as_ptr(),
            credentials.as_ptr(),
            4,
            &raw const options,
            error,
            out,
        )
    });
    let locked = lock(volume);
    for (expected, with) in [admin, user, key, with_private].into_iter().enumerate() {
        let (mut slot, mut role) = (99, 99);
        let mut unlocking = init::<tenlock_unlock_options>();
        unlocking.choice = TENLOCK_CHOOSE_ANY;
        done(|error| unsafe {
            tenlock_try(
                locked,
                with,
                &raw const unlocking,
                error,
                &raw mut slot,
                &raw mut role,
            )
        });
        assert_eq!(
            (slot, role),
            (u32::try_from(expected).unwrap(), roles[expected])
        );
    }
    refused(TENLOCK_ERROR_NO_MATCHING_SLOT, |error| unsafe {
        let mut out = null_mut();
        tenlock_unlock(locked, to_public, null(), error, &raw mut out)
    });
}

#[test]
fn user_must_change_loses_it_and_recovers_with_a_key_that_is_spent() {
    let admin = passphrase("the admin's");
    let volume = create(memory(), &cheap(), admin);
    let (first, second, third) = (
        passphrase("first"),
        passphrase("second"),
        passphrase("third"),
    );
    let mut user = of_role(TENLOCK_ROLE_USER);
    let name = c("Ola");
    (user.name, user.must_change, user.attempt_limit) = (name.as_ptr(), 1, 1);
    (user.has_index, user.index) = (1, 5);
    assert_eq!(add(volume, &user, first), 5);
    let key = recovery_key();
    let mut once = of_role(TENLOCK_ROLE_RECOVERY);
    once.one_time = 1;
    assert_eq!(add(volume, &once, key), 1);
    let locked = lock(volume);

    let mut out = null_mut();
    let detail = refused(TENLOCK_ERROR_MUST_CHANGE, |error| unsafe {
        tenlock_unlock(locked, first, null(), error, &raw mut out)
    });
    assert_eq!(detail.slots, 1 << 5);
    let volume = made(|error, out| unsafe {
        tenlock_unlock_and_change(locked, first, second, null(), error, out)
    });
    refused(TENLOCK_ERROR_NOT_PERMITTED, |error| unsafe {
        tenlock_volume_reset_attempts(volume, 5, error)
    });
    let locked = lock(volume);
    refused(TENLOCK_ERROR_SLOT_ERASED, |error| unsafe {
        tenlock_unlock(locked, first, null(), error, &raw mut out)
    });
    refused(TENLOCK_ERROR_ONE_TIME, |error| unsafe {
        tenlock_unlock(locked, key, null(), error, &raw mut out)
    });
    let volume = made(|error, out| unsafe {
        tenlock_recover(locked, key, TENLOCK_NO_SLOT, third, null(), error, out)
    });
    let locked = lock(volume);
    refused(TENLOCK_ERROR_NO_MATCHING_SLOT, |error| unsafe {
        tenlock_unlock(locked, key, null(), error, &raw mut out)
    });
    unlock(locked, third);
}

#[test]
fn admin_changes_slots_rules_and_label_and_reads_it_all_in_the_log() {
    let (host, agent) = (c("bench-7"), c("backup 2.1"));
    let mut options = cheap();
    (options.host, options.agent) = (host.as_ptr(), agent.as_ptr());
    let (admin, user, other) = (
        passphrase("the admin's"),
        passphrase("user"),
        passphrase("other"),
    );
    let volume = create(memory(), &options, admin);
    let slot = add(volume, &of_role(TENLOCK_ROLE_USER), user);
    done(|error| unsafe {
        tenlock_volume_set_lockout(volume, slot, 3, TENLOCK_ACTION_ERASE_SLOT, error)
    });
    done(|error| unsafe { tenlock_volume_reserve_last_attempt(volume, slot, error) });
    done(|error| unsafe { tenlock_volume_allow_last_attempt(volume, slot, error) });
    done(|error| unsafe { tenlock_volume_reset_slot(volume, slot, other, null(), null(), error) });
    done(|error| unsafe { tenlock_volume_reset_attempts(volume, slot, error) });
    done(|error| unsafe { tenlock_volume_change_credential(volume, admin, null(), null(), error) });
    let mut policy = init::<tenlock_policy>();
    done(|error| unsafe { tenlock_volume_policy(volume, error, &raw mut policy) });
    policy.min_characters = 30;
    done(|error| unsafe { tenlock_volume_set_policy(volume, &raw const policy, error) });
    refused(TENLOCK_ERROR_RULE, |error| unsafe {
        tenlock_volume_change_credential(volume, other, null(), null(), error)
    });
    policy.min_characters = 70_000;
    refused(TENLOCK_ERROR_POLICY_RULES, |error| unsafe {
        tenlock_volume_set_policy(volume, &raw const policy, error)
    });
    let hint = c("tab\there");
    let mut label = init::<tenlock_label>();
    label.hint = hint.as_ptr();
    refused(TENLOCK_ERROR_LABEL, |error| unsafe {
        tenlock_volume_set_label(volume, &raw const label, error)
    });
    label.hint = host.as_ptr();
    done(|error| unsafe { tenlock_volume_set_label(volume, &raw const label, error) });
    refused(TENLOCK_ERROR_OWN_SLOT, |error| unsafe {
        tenlock_volume_remove_slot(volume, 0, 0, error)
    });
    done(|error| unsafe { tenlock_volume_remove_slot(volume, slot, 0, error) });
    let mut key = [0u8; 64];
    done(|error| unsafe { tenlock_volume_export_key(volume, error, at(&mut key), 64) });
    assert_ne!(key[..32], key[32..]);

    let log = made(|error, out| unsafe { tenlock_volume_event_log(volume, error, out) });
    let (mut entries, mut faults) = (0, 99);
    done(|error| unsafe { tenlock_event_log_count(log, error, &raw mut entries, &raw mut faults) });
    assert_eq!(faults, 0);
    let mut kinds = Vec::new();
    for index in 0..entries {
        let mut event = init::<tenlock_event>();
        done(|error| unsafe { tenlock_event_log_entry(log, index, error, &raw mut event) });
        let text = |text: &[c_char]| unsafe { CStr::from_ptr(text.as_ptr()) }.to_owned();
        assert_eq!(
            (text(&event.host), text(&event.agent)),
            (host.clone(), agent.clone())
        );
        assert_eq!(event.sequence, u64::from(index) + 1);
        kinds.push(text(&event.name).into_string().unwrap());
    }
    let expected = [
        "created",
        "slot_added",
        "policy_changed",
        "policy_changed",
        "attempts_allowed",
        "slot_reset",
        "attempts_allowed",
        "slot_changed",
        "policy_changed",
        "label_changed",
        "slot_removed",
        "key_exported",
    ];
    assert_eq!(kinds, expected);
    let json = taken(made(|error, out| unsafe {
        tenlock_event_log_json(log, error, out)
    }));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["entries"][1]["kind"], "slot_added");
    assert_eq!(json["entries"][1]["host"], "bench-7");
}

#[test]
fn host_remembers_in_a_file_and_forgets_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = c(folder.path().join("volumes").to_str().unwrap());
    let right = passphrase("right");
    let locked = lock(create(memory(), &cheap(), right));
    let mut options = init::<tenlock_unlock_options>();
    options.memory_path = path.as_ptr();
    let volume =
        made(|error, out| unsafe { tenlock_unlock(locked, right, &raw const options, error, out) });
    let info = made(|error, out| unsafe { tenlock_volume_info(volume, error, out) });
    let mut facts = init::<tenlock_info_facts>();
    done(|error| unsafe { tenlock_info_describe(info, error, &raw mut facts) });
    for expected in [1, 0] {
        let mut known = 99;
        done(|error| unsafe {
            tenlock_memory_forget(
                path.as_ptr(),
                facts.volume_id.as_ptr(),
                error,
                &raw mut known,
            )
        });
        assert_eq!(known, expected);
    }
}

#[test]
fn costs_and_strengths_can_be_asked_for_without_a_volume() {
    let mut cost = tenlock_cost {
        memory_kib: 0,
        passes: 0,
        lanes: 0,
    };
    done(|error| unsafe { tenlock_calibrate(0, 0, error, &raw mut cost) });
    assert_eq!((cost.memory_kib, cost.passes, cost.lanes), (65_536, 3, 4));
    let mut bits = 99;
    let code = unsafe {
        tenlock_passphrase_strength(b"123456".as_ptr().cast(), 6, null_mut(), &raw mut bits)
    };
    if cfg!(feature = "strength") {
        assert_eq!(code, TENLOCK_OK);
        assert!(bits < 10);
    } else {
        assert_eq!(code, TENLOCK_ERROR_UNSUPPORTED);
    }
}
