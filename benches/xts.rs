//! The payload cipher on 256 KiB that stay in the cache: throughput by criterion, then the ratio to
//! `xts-mode` on the same AES, as medians of rounds that take turns, so that a noisy machine slows
//! both.
#![allow(missing_docs)] // Of what criterion's macros make.
#![allow(clippy::print_stdout)] // The ratios are for people.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aes::Aes256;
use aes::cipher::KeyInit;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tenlock::crypto::{Secret, SectorSize, Xts};
use xts_mode::{Xts128, get_tweak_default};

const LEN: usize = 256 * 1024;
const LEN_U64: u64 = 256 * 1024;
const ROUNDS: usize = 15;

type Operation<'a> = dyn Fn(&mut [u8]) + 'a;

fn throughput(criterion: &mut Criterion) {
    let xts = cipher();
    let mut group = criterion.benchmark_group("xts");
    group.throughput(Throughput::Bytes(LEN_U64));
    let mut data = vec![0; LEN];
    for size in [SectorSize::B4096, SectorSize::B512] {
        group.bench_function(format!("encrypt {}", size.bytes()), |bencher| {
            bencher.iter(|| xts.encrypt_in_place(size, 0, &mut data));
        });
        group.bench_function(format!("decrypt {}", size.bytes()), |bencher| {
            bencher.iter(|| xts.decrypt_in_place(size, 0, &mut data));
        });
    }
}

fn ratios(_: &mut Criterion) {
    let (ours, other) = (cipher(), reference());
    for size in [SectorSize::B4096, SectorSize::B512] {
        let bytes = size.bytes();
        print_ratio(
            &format!("encrypt {bytes}"),
            &|data| ours.encrypt_in_place(size, 0, data),
            &|data| other.encrypt_area(data, bytes, 0, get_tweak_default),
        );
        print_ratio(
            &format!("decrypt {bytes}"),
            &|data| ours.decrypt_in_place(size, 0, data),
            &|data| other.decrypt_area(data, bytes, 0, get_tweak_default),
        );
    }
}

fn print_ratio(name: &str, ours: &Operation<'_>, other: &Operation<'_>) {
    let mut data = vec![0; LEN];
    let (mut our_times, mut other_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(ours, &mut data));
        other_times.push(time(other, &mut data));
    }
    let ratio = median(other_times).div_duration_f64(median(our_times));
    println!("ratio {name}: {ratio:.1} times as fast as xts-mode");
}

fn time(operation: &Operation<'_>, data: &mut [u8]) -> Duration {
    let start = Instant::now();
    for _ in 0..8 {
        operation(black_box(data));
    }
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn cipher() -> Xts {
    let key = Secret::random(64).expect("random key");
    Xts::new(&key).expect("random halves differ")
}

fn reference() -> Xts128<Aes256> {
    Xts128::new(Aes256::new(&[1; 32].into()), Aes256::new(&[2; 32].into()))
}

criterion_group!(benches, throughput, ratios);
criterion_main!(benches);
