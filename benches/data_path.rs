//! Reads and writes through a volume, and the same through its storage alone.
//!
//! Prints criterion's report and, for each operation, how much of the plain storage's speed the volume keeps.

#![allow(
    missing_docs,
    reason = "criterion's macros make functions that nobody calls by name"
)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers"
)]

use std::cell::Cell;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tenlock::crypto::{Argon2Cost, Passphrase};
use tenlock::storage::{FileStorage, MemoryStorage, Storage};
use tenlock::volume::{CreateOptions, Volume, create};

const LEN: u64 = 64 << 20;
const SEQUENTIAL: usize = 1 << 20;
const RANDOM: usize = 4 << 10;

criterion_group!(benches, data_path);
criterion_main!(benches);

fn data_path(criterion: &mut Criterion) {
    compare_all(
        criterion,
        "memory",
        &MemoryStorage::from_vec(noise()),
        volume_on(MemoryStorage::default()),
    );
    let directory = TempDir::new().unwrap();
    let file = |name| FileStorage::create_new(directory.path().join(name)).unwrap();
    let plain = file("plain");
    plain.set_len(LEN).unwrap();
    plain.write_at(0, &noise()).unwrap();
    compare_all(criterion, "file", &plain, volume_on(file("volume")));
}

fn compare_all(criterion: &mut Criterion, place: &str, plain: &dyn Storage, volume: Volume) {
    for (name, size, stride) in [
        ("sequential 1 MiB", SEQUENTIAL, 1),
        ("random 4 KiB", RANDOM, 7919),
    ] {
        let offsets = Offsets::new(size, stride);
        let mut buf = vec![0; size];
        let mut compare = Comparison::new(criterion, &format!("{place}, {name}"), size);
        compare.run("read", "plain", || {
            plain.read_at(offsets.next(), &mut buf).unwrap();
        });
        compare.run("read", "volume", || {
            volume.read_at(offsets.next(), &mut buf).unwrap();
        });
        compare.run("write", "plain", || {
            plain.write_at(offsets.next(), &buf).unwrap();
        });
        compare.run("write", "volume", || {
            volume.write_at(offsets.next(), &buf).unwrap();
        });
    }
    drop(volume);
}

/// One size of request at one place, by both ways.
struct Comparison<'a> {
    criterion: &'a mut Criterion,
    name: String,
    size: usize,
    plain_nanos: u128,
}

impl<'a> Comparison<'a> {
    fn new(criterion: &'a mut Criterion, name: &str, size: usize) -> Self {
        Self {
            criterion,
            name: name.into(),
            size,
            plain_nanos: 0,
        }
    }

    /// Measures, and after the run over the volume prints how it compares with the one over plain storage before it.
    fn run(&mut self, operation: &str, way: &str, mut request: impl FnMut()) {
        let (mut total, mut requests) = (Duration::ZERO, 0_u64);
        let mut group = self
            .criterion
            .benchmark_group(format!("{}, {operation}", self.name));
        group
            .throughput(Throughput::Bytes(self.size as u64))
            .sample_size(20)
            .measurement_time(Duration::from_secs(2));
        group.bench_function(way, |bencher| {
            bencher.iter_custom(|count| {
                let start = Instant::now();
                (0..count).for_each(|_| request());
                let elapsed = start.elapsed();
                (total, requests) = (total + elapsed, requests + count);
                elapsed
            });
        });
        group.finish();
        // A filter on the command line may have left it out.
        if requests == 0 {
            return;
        }
        let each = total.as_nanos() / u128::from(requests);
        if way == "plain" {
            self.plain_nanos = each;
        } else if self.plain_nanos > 0 {
            let share = 100 * self.plain_nanos / each.max(1);
            println!(
                "{}, {operation}: the volume has {share} % of the speed of plain storage\n",
                self.name
            );
        }
    }
}

/// Places of requests of one size, over and over: one after the other, or scattered by a stride.
struct Offsets {
    size: u64,
    stride: u64,
    position: Cell<u64>,
}

impl Offsets {
    fn new(size: usize, stride: u64) -> Self {
        Self {
            size: size as u64,
            stride,
            position: Cell::new(0),
        }
    }

    fn next(&self) -> u64 {
        let position = (self.position.get() + self.stride) % (LEN / self.size);
        self.position.set(position);
        position * self.size
    }
}

fn volume_on(storage: impl Storage + 'static) -> Volume {
    let mut options = CreateOptions::default();
    options.payload_length = Some(LEN);
    options.cost = Argon2Cost::new(19_456, 2, 1).unwrap();
    let volume = create(storage, &options, &Passphrase::new("bench").unwrap()).unwrap();
    volume.write_at(0, &noise()).unwrap();
    volume
}

/// Written before anything is measured: no page is missing, no block is sparse.
fn noise() -> Vec<u8> {
    (0..LEN)
        .map(|index| index.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[7])
        .collect()
}
