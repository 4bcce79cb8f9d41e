//! Random reads of 4 KiB through the C functions, against the same through the Rust API.
//!
//! Both take turns in one run; prints the medians and their ratio.

#![allow(unsafe_code, reason = "these are calls of C functions")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the benchmark is a C program: what it passes is right"
)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers"
)]

use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use tenlock::crypto::{Argon2Cost, Passphrase};
use tenlock::ffi::tenlock_code::TENLOCK_OK;
use tenlock::ffi::{
    tenlock_create, tenlock_create_options, tenlock_credential_add_passphrase,
    tenlock_credential_free, tenlock_credential_new, tenlock_error, tenlock_storage_free,
    tenlock_storage_in_memory, tenlock_volume, tenlock_volume_free, tenlock_volume_read,
    tenlock_volume_write,
};
use tenlock::storage::MemoryStorage;
use tenlock::volume::{CreateOptions, Volume, create};

const LENGTH: u64 = 64 << 20;
const SIZE: usize = 4 << 10;
const READS: usize = 20_000;
const ROUNDS: usize = 41;

fn main() {
    let (rust, c) = (rust_volume(), c_volume());
    let mut error = init::<tenlock_error>();
    write_all(&rust, c);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let mut measure_c = || measure(|at, to| read_by_c(c, at, to, &mut error));
        let measure_rust = || measure(|at, to| rust.read_at(at, to).unwrap());
        // Whoever is first is not always the same.
        let (by_rust, by_c) = if round % 2 == 0 {
            let by_rust = measure_rust();
            (by_rust, measure_c())
        } else {
            let by_c = measure_c();
            (measure_rust(), by_c)
        };
        // The first round warms up.
        if round > 0 {
            times[0].push(per_read(by_rust));
            times[1].push(per_read(by_c));
        }
    }
    let [by_rust, by_c] = times.map(median);
    println!("random 4 KiB read: Rust {by_rust:.0} ns, C {by_c:.0} ns");
    println!("C against Rust: {:.3} (target 0.95)", by_rust / by_c);
    assert_eq!(unsafe { tenlock_volume_free(c) }, TENLOCK_OK);
}

fn measure(mut read: impl FnMut(u64, &mut [u8])) -> Duration {
    let mut buffer = vec![0; SIZE];
    let blocks = LENGTH / 4096;
    let start = Instant::now();
    let mut block = 0;
    for _ in 0..READS {
        block = (block + 7919) % blocks;
        read(block * 4096, &mut buffer);
    }
    start.elapsed()
}

fn per_read(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(READS).unwrap())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Before anything is measured, so that no page is missing.
fn write_all(rust: &Volume, c: *const tenlock_volume) {
    let data = vec![0x5a_u8; usize::try_from(LENGTH).unwrap()];
    rust.write_at(0, &data).unwrap();
    let code = unsafe { tenlock_volume_write(c, 0, data.as_ptr().cast(), data.len(), null_mut()) };
    assert_eq!(code, TENLOCK_OK);
}

fn read_by_c(volume: *const tenlock_volume, at: u64, to: &mut [u8], error: &mut tenlock_error) {
    let (data, length) = (to.as_mut_ptr().cast(), to.len());
    let code = unsafe { tenlock_volume_read(volume, at, error, data, length) };
    assert_eq!(code, TENLOCK_OK);
}

fn rust_volume() -> Volume {
    let passphrase = Passphrase::new("benchmark").unwrap();
    let mut options = CreateOptions::default();
    options.payload_length = Some(LENGTH);
    options.cost = Argon2Cost::new(19_456, 2, 1).unwrap();
    create(MemoryStorage::default(), &options, &passphrase).unwrap()
}

fn c_volume() -> *mut tenlock_volume {
    let (mut storage, mut credential, mut volume) = (null_mut(), null_mut(), null_mut());
    let mut options = init::<tenlock_create_options>();
    options.payload_length = LENGTH;
    (options.kdf_memory_kib, options.kdf_passes) = (19_456, 2);
    options.kdf_lanes = 1;
    let none = null_mut();
    let codes = unsafe {
        [
            tenlock_storage_in_memory(null(), 0, none, &raw mut storage),
            tenlock_credential_new(none, &raw mut credential),
            tenlock_credential_add_passphrase(credential, c"benchmark".as_ptr().cast(), 9, none),
            tenlock_create(
                storage,
                credential,
                &raw const options,
                none,
                &raw mut volume,
            ),
            tenlock_credential_free(credential),
            tenlock_storage_free(storage),
        ]
    };
    assert_eq!(codes, [TENLOCK_OK; 6]);
    volume
}

fn init<T>() -> T {
    let mut value = std::mem::MaybeUninit::<T>::zeroed();
    unsafe {
        value.as_mut_ptr().cast::<usize>().write(size_of::<T>());
        value.assume_init()
    }
}
