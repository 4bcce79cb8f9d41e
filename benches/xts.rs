//! The payload cipher on each kernel that the machine has: throughput by criterion, then ratios to
//! what bounds them, each as median of rounds in which subject and yardstick take turns, so that a
//! noisy machine slows both. `cargo bench --bench xts -- nothing` prints the ratios alone.
#![allow(missing_docs)] // Of what criterion's macros make.
#![allow(clippy::print_stdout)] // The ratios are for people.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aes::Aes256;
use aes::cipher::KeyInit;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tenlock::crypto::{Kernel, Secret, SectorSize, Xts};
use xts_mode::{Xts128, get_tweak_default};

/// Stays in the second-level cache.
const HOT_LEN: usize = 256 << 10;
/// Larger than any cache.
const COLD_LEN: usize = 256 << 20;
const HOT_ROUNDS: usize = 51;
const COLD_ROUNDS: usize = 9;

/// Works on the data, or as long as work on that much would take at least.
type Work = Box<dyn Fn(&mut [u8])>;

/// A kernel at one sector size in one direction.
struct Subject {
    name: String,
    kernel: Kernel,
    work: Work,
    /// `xts-mode` doing the same.
    reference: Work,
}

fn throughput(criterion: &mut Criterion) {
    for (place, len) in [("256 KiB", HOT_LEN), ("256 MiB", COLD_LEN)] {
        let mut data = vec![0; len];
        let mut group = criterion.benchmark_group(format!("xts {place}"));
        group.throughput(Throughput::Bytes(len as u64));
        for subject in subjects() {
            group.bench_function(&subject.name, |bencher| {
                bencher.iter(|| (subject.work)(&mut data));
            });
        }
    }
}

fn ratios(_: &mut Criterion) {
    let mut data = vec![0; HOT_LEN];
    for subject in subjects() {
        let Subject {
            name,
            kernel,
            work,
            reference,
        } = subject;
        if kernel == Kernel::Portable {
            let ratio = ratio(&work, &reference, &mut data, COLD_ROUNDS);
            println!("ratio {name}: {ratio:.1} times as fast as xts-mode");
        }
        if let Some(limit) = limit::of(kernel) {
            let ratio = ratio(&work, &limit, &mut data, HOT_ROUNDS);
            println!("ratio {name}: {ratio:.3} of the register limit");
        }
    }
    for size in [SectorSize::B4096, SectorSize::B512] {
        let (kernel, bytes) = (Kernel::best(), size.bytes());
        let ours = cipher(kernel);
        let each: Work = Box::new(move |data| {
            for (unit, sector) in (0..).step_by(bytes / 512).zip(data.chunks_exact_mut(bytes)) {
                ours.encrypt_in_place(size, unit, sector);
            }
        });
        if let Some(limit) = limit::of(kernel) {
            let ratio = ratio(&each, &limit, &mut data, HOT_ROUNDS);
            println!(
                "ratio {kernel:?} encrypt {bytes}, one sector a call: {ratio:.3} of the register limit"
            );
        }
    }
    let mut data = vec![0; COLD_LEN];
    for Subject {
        name, kernel, work, ..
    } in subjects()
    {
        if let Some(limit) = limit::of(kernel) {
            let ratio = ratio(&work, &limit, &mut data, COLD_ROUNDS);
            println!("ratio {name}, 256 MiB: {ratio:.3} of the register limit");
        }
    }
}

/// How many times as fast as the yardstick the work is.
fn ratio(work: &Work, yardstick: &Work, data: &mut [u8], rounds: usize) -> f64 {
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let (ours, theirs) = (time(work, data), time(yardstick, data));
        ratios.push(theirs.div_duration_f64(ours));
    }
    ratios.sort_by(f64::total_cmp);
    ratios[rounds / 2]
}

fn time(work: &Work, data: &mut [u8]) -> Duration {
    let repeats = if data.len() == HOT_LEN { 8 } else { 1 };
    let start = Instant::now();
    for _ in 0..repeats {
        work(black_box(data));
    }
    start.elapsed()
}

fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for kernel in Kernel::available() {
        for size in [SectorSize::B4096, SectorSize::B512] {
            let bytes = size.bytes();
            let (ours, other) = (cipher(kernel), reference());
            subjects.push(Subject {
                name: format!("{kernel:?} encrypt {bytes}"),
                kernel,
                work: Box::new(move |data| ours.encrypt_in_place(size, 0, data)),
                reference: Box::new(move |data| {
                    other.encrypt_area(data, bytes, 0, get_tweak_default);
                }),
            });
            let (ours, other) = (cipher(kernel), reference());
            subjects.push(Subject {
                name: format!("{kernel:?} decrypt {bytes}"),
                kernel,
                work: Box::new(move |data| ours.decrypt_in_place(size, 0, data)),
                reference: Box::new(move |data| {
                    other.decrypt_area(data, bytes, 0, get_tweak_default);
                }),
            });
        }
    }
    subjects
}

fn cipher(kernel: Kernel) -> Xts {
    let key = Secret::random(64).expect("random key");
    Xts::with_kernel(&key, kernel).expect("random halves differ, and the kernel is available")
}

fn reference() -> Xts128<Aes256> {
    Xts128::new(Aes256::new(&[1; 32].into()), Aes256::new(&[2; 32].into()))
}

/// What no AES-256 on these registers can beat: the 14 rounds of eight independent streams and
/// nothing else, no memory, no tweaks.
#[cfg(target_arch = "x86_64")]
mod limit {
    #![allow(unsafe_code)] // Functions for certain processors.

    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_aesenc_si128, _mm_setzero_si128, _mm256_aesenc_epi128,
        _mm256_setzero_si256, _mm512_aesenc_epi128, _mm512_setzero_si512,
    };
    use std::hint::black_box;

    use tenlock::crypto::Kernel;

    use super::Work;

    macro_rules! limit {
        ($name:ident, $features:literal, $register:ty, $zero:ident, $round:ident) => {
            #[target_feature(enable = $features)]
            fn $name(len: usize) {
                let key = black_box($zero());
                let mut streams = black_box([key; 8]);
                for _ in 0..len / size_of_val(&streams) {
                    for _ in 0..14 {
                        for stream in &mut streams {
                            *stream = $round(*stream, key);
                        }
                    }
                }
                black_box::<[$register; 8]>(streams);
            }
        };
    }

    limit!(xmm, "aes", __m128i, _mm_setzero_si128, _mm_aesenc_si128);
    limit!(
        ymm,
        "avx2,vaes",
        __m256i,
        _mm256_setzero_si256,
        _mm256_aesenc_epi128
    );
    limit!(
        zmm,
        "avx512f,vaes",
        __m512i,
        _mm512_setzero_si512,
        _mm512_aesenc_epi128
    );

    /// The limit of the registers that a kernel uses, if this machine has them.
    pub(super) fn of(kernel: Kernel) -> Option<Work> {
        if !kernel.is_available() {
            return None;
        }
        // SAFETY, of each block: the kernel is available, so the processor has its instructions.
        let limit: fn(usize) = match kernel {
            // SAFETY: see above.
            Kernel::Vaes512 => |len| unsafe { zmm(len) },
            // SAFETY: see above.
            Kernel::Vaes256 => |len| unsafe { ymm(len) },
            // SAFETY: see above.
            Kernel::AesNi => |len| unsafe { xmm(len) },
            _ => return None,
        };
        Some(Box::new(move |data| limit(data.len())))
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod limit {
    /// Not known here.
    pub(super) fn of(_: tenlock::crypto::Kernel) -> Option<super::Work> {
        None
    }
}

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
}

criterion_group!(name = benches; config = short(); targets = throughput, ratios);
criterion_main!(benches);
