//! Argon2id against `argon2-rust` and the `argon2` crate, both as they come: ratios of medians of
//! rounds that take turns, so that a noisy machine slows all of them. Lower is better for us.
//!
//! Each run follows an untimed one of ours: whoever comes after one in small pages would otherwise
//! pay for putting huge pages together again.
#![allow(missing_docs)] // Nothing is public.
#![allow(clippy::print_stdout)] // The ratios are for people.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use argon2_rust::params::{Memory, TagLen};
use tenlock::crypto::{Argon2Cost, Argon2Options, Argon2Threads, Passphrase, argon2id_with};

const PASSPHRASE: &str = "correct horse battery staple";
const SALT: [u8; 32] = [7; 32];

const ONE: Argon2Threads = Argon2Threads::AtMost(NonZeroUsize::MIN);

fn main() {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    println!("{cores} cores; time relative to argon2-rust, and to the argon2 crate");
    for (memory_kib, lanes, rounds) in [(64 * 1024, 4, 15), (256 * 1024, 1, 9)] {
        let cost = Argon2Cost::new(memory_kib, 3, lanes).expect("within the bounds");
        for threads in [
            Argon2Threads::Available,
            Argon2Threads::AtMost(NonZeroUsize::MIN),
        ] {
            compare(cost, threads, rounds);
        }
    }
}

fn compare(cost: Argon2Cost, threads: Argon2Threads, rounds: usize) {
    let contenders: [&dyn Fn() -> [u8; 32]; 3] = [
        &|| ours(cost, threads),
        &|| argon2_rust(cost, threads),
        &|| argon2_crate(cost),
    ];
    let mut times = [const { Vec::new() }; 3];
    // The first round warms up.
    for round in 0..=rounds {
        let mut keys = Vec::new();
        for (contender, times) in contenders.iter().zip(&mut times) {
            ours(cost, threads);
            let start = Instant::now();
            keys.push(contender());
            if round > 0 {
                times.push(start.elapsed());
            }
        }
        assert!(keys.iter().all(|key| *key == keys[0]), "the keys differ");
    }
    let [ours, argon2_rust, argon2_crate] = times.map(median);
    println!(
        "{} MiB t={} p={} on {threads:?}: {:.2}, {:.2} ({ours:.0?}, {argon2_rust:.0?}, {argon2_crate:.0?})",
        cost.memory_kib() / 1024,
        cost.passes(),
        cost.lanes(),
        ours.div_duration_f64(argon2_rust),
        ours.div_duration_f64(argon2_crate),
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ours(cost: Argon2Cost, threads: Argon2Threads) -> [u8; 32] {
    let passphrase = Passphrase::new(PASSPHRASE).expect("a passphrase");
    let mut options = Argon2Options::default();
    options.threads = threads;
    let key = argon2id_with(&passphrase, &SALT, cost, &options).expect("enough memory");
    *key.expose_array().expect("32 bytes")
}

fn argon2_rust(cost: Argon2Cost, threads: Argon2Threads) -> [u8; 32] {
    use argon2_rust::{Algorithm, Argon2, Params, Version};
    let params = Params::builder()
        .memory(Memory::kib(cost.memory_kib().into()))
        .passes(cost.passes())
        .lanes(cost.lanes())
        .threads(if threads == ONE { 1 } else { cost.lanes() })
        .tag_len(TagLen::bytes(32))
        .build();
    let context = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.expect("accepted"),
    );
    let mut key = [0; 32];
    context
        .hash_into(PASSPHRASE.as_bytes(), &SALT, &mut key)
        .expect("enough memory");
    key
}

fn argon2_crate(cost: Argon2Cost) -> [u8; 32] {
    use argon2::{Algorithm, Argon2, Params, Version};
    let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(32));
    let context = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.expect("accepted"),
    );
    let mut key = [0; 32];
    context
        .hash_password_into(PASSPHRASE.as_bytes(), &SALT, &mut key)
        .expect("enough memory");
    key
}
