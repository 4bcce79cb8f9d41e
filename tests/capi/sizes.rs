//! Programs that were built with an older or a newer header.

use super::*;

/// `tenlock_create_options` as an older header had it.
#[derive(Clone, Copy)]
#[repr(C)]
struct Older {
    size: usize,
    pointers: [*const c_void; 7],
    payload_length: u64,
    sector_size: u32,
    kdf_memory_kib: u32,
    kdf_passes: u32,
    kdf_lanes: u32,
}

/// `tenlock_volume_facts` as an older header had it.
#[repr(C)]
struct OlderFacts(usize, u64);

#[test]
fn program_with_smaller_structs_runs_against_this_library() {
    let right = passphrase("right");
    let older = Older {
        size: size_of::<Older>(),
        pointers: [null(); 7],
        payload_length: 8192,
        sector_size: 512,
        kdf_memory_kib: 19_456,
        kdf_passes: 2,
        kdf_lanes: 1,
    };
    // What lies behind an older struct is none of ours.
    let with_noise = (older, [0xff_u8; 64]);
    let volume = made(|error, out| unsafe {
        let options = (&raw const with_noise.0).cast();
        tenlock_create(memory(), right, options, error, out)
    });
    let mut facts = (OlderFacts(size_of::<OlderFacts>(), 0), [0xff_u8; 64]);
    done(|error| unsafe { tenlock_volume_describe(volume, error, (&raw mut facts.0).cast()) });
    assert_eq!((facts.0.0, facts.0.1), (size_of::<OlderFacts>(), 8192));
    assert_eq!(facts.1, [0xff; 64]);
}

#[test]
fn program_with_larger_structs_runs_as_long_as_it_asks_for_nothing_new() {
    #[repr(C)]
    struct Newer(tenlock_create_options, u64);
    let right = passphrase("right");
    let storage = memory();
    let mut newer = Newer(cheap(), 1);
    newer.0.size = size_of::<Newer>();
    let mut volume = null_mut();
    refused(TENLOCK_ERROR_STRUCT_SIZE, |error| unsafe {
        tenlock_create(storage, right, &raw const newer.0, error, &raw mut volume)
    });
    newer.1 = 0;
    create(storage, unsafe { &*(&raw const newer).cast() }, right);
}

#[test]
fn error_of_an_impossible_size_is_not_written_and_nothing_is_done() {
    for size in [0, 8, size_of::<tenlock_error>() - 8, 1 << 20] {
        let mut error = init::<tenlock_error>();
        (error.size, error.code) = (size, 77);
        let mut out = null_mut();
        let code = unsafe { tenlock_credential_new(&raw mut error, &raw mut out) };
        assert_eq!(code, TENLOCK_ERROR_STRUCT_SIZE);
        assert_eq!(error.code, 77);
        assert!(out.is_null());
    }
}

/// No padding, so that a member that is added is never where an older program has left noise.
#[test]
fn structs_have_no_padding() {
    const WORD: usize = size_of::<usize>();
    let pointers_u64s_u32s_bytes = [
        (size_of::<tenlock_error>(), [1, 1, 5 + 1, 512]),
        (size_of::<tenlock_storage_callbacks>(), [11, 0, 2, 0]),
        (size_of::<tenlock_external_request>(), [3, 0, 0, 48]),
        (size_of::<tenlock_external_callbacks>(), [5, 0, 0, 0]),
        (size_of::<tenlock_progress>(), [3, 0, 0, 0]),
        (size_of::<tenlock_log_callback>(), [3, 0, 0, 0]),
        (size_of::<tenlock_memory_callbacks>(), [5, 0, 0, 0]),
        (size_of::<tenlock_unlock_options>(), [8, 0, 6, 0]),
        (size_of::<tenlock_create_options>(), [8, 1, 6, 0]),
        (size_of::<tenlock_slot_options>(), [2, 0, 12, 0]),
        (size_of::<tenlock_policy>(), [1, 0, 8, 0]),
        (size_of::<tenlock_label>(), [8, 0, 0, 0]),
        (size_of::<tenlock_volume_facts>(), [1, 1, 4, 0]),
        (size_of::<tenlock_info_facts>(), [1, 6, 8, 16]),
        (size_of::<tenlock_slot_facts>(), [1, 1, 18, 40]),
        (size_of::<tenlock_report_facts>(), [1, 2, 4, 16]),
        (size_of::<tenlock_region>(), [1, 2, 4, 0]),
        (size_of::<tenlock_event>(), [1, 2, 4, 240]),
        (size_of::<tenlock_backup_facts>(), [1, 3, 2, 16 + 72]),
        (size_of::<tenlock_restore_options>(), [5, 0, 2, 0]),
    ];
    for (size, [words, u64s, u32s, bytes]) in pointers_u64s_u32s_bytes {
        assert_eq!(size, WORD * words + 8 * u64s + 4 * u32s + bytes);
    }
}
