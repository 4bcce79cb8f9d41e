//! Costs that take a wished time on this machine.

use std::time::{Duration, Instant};

use super::{Argon2Cost, Options, derive};
use crate::crypto::CryptoError;

/// A cost for new key slots that takes about `target` on this machine, to about 20 percent where
/// the bounds allow it: 4 lanes, 64 to 256 MiB but no more than `max_memory_kib`, at least 3 passes.
///
/// Never less than 64 MiB and 3 passes, whatever `target` and `max_memory_kib` say.
/// `max_memory_kib` is what a derivation may take on the smallest machine that has to open the
/// volume: each one needs as much memory as this one did.
///
/// Measures derivations of that least cost and one of three passes over the memory found, which
/// can take as long as `target`. [`CryptoError::OutOfMemory`] if this machine lacks the memory.
pub fn calibrate(target: Duration, max_memory_kib: u32) -> Result<Argon2Cost, CryptoError> {
    // Not the first one: processor clock and page tables have to warm up.
    measure(PROBE)?;
    calibrate_by(target, max_memory_kib, measure)
}

/// As [`calibrate`], by any clock.
fn calibrate_by(
    target: Duration,
    max_memory_kib: u32,
    mut measure: impl FnMut(Argon2Cost) -> Result<Duration, CryptoError>,
) -> Result<Argon2Cost, CryptoError> {
    let guess = scale(PROBE, measure(PROBE)?, target, max_memory_kib);
    if guess.memory_kib == PROBE.memory_kib {
        return Ok(guess);
    }
    // More memory costs more per byte, because less of it fits into caches.
    let probe = Argon2Cost {
        memory_kib: guess.memory_kib,
        ..PROBE
    };
    Ok(scale(probe, measure(probe)?, target, max_memory_kib))
}

/// The faster of two runs: what else the machine does can only slow them down.
fn measure(cost: Argon2Cost) -> Result<Duration, CryptoError> {
    let mut fastest = Duration::MAX;
    for _ in 0..2 {
        let start = Instant::now();
        derive(b"calibration", &[0; 32], cost, &Options::default())?;
        fastest = fastest.min(start.elapsed());
    }
    Ok(fastest)
}

const MIN_MEMORY_KIB: u32 = 64 * 1024;
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MIN_PASSES: u32 = 3;

/// The least cost.
const PROBE: Argon2Cost = Argon2Cost {
    memory_kib: MIN_MEMORY_KIB,
    passes: MIN_PASSES,
    lanes: 4,
};

/// The cost that takes `target` where `probe` took `measured`: memory first, then passes.
fn scale(
    probe: Argon2Cost,
    measured: Duration,
    target: Duration,
    max_memory_kib: u32,
) -> Argon2Cost {
    let work = u128::from(probe.work_kib()) * target.as_nanos() / measured.as_nanos().max(1);
    let work = u32::try_from(work).unwrap_or(u32::MAX);
    let most_memory = max_memory_kib.clamp(MIN_MEMORY_KIB, MAX_MEMORY_KIB);
    let memory_kib = (work / MIN_PASSES).clamp(MIN_MEMORY_KIB, most_memory);
    // Whole MiB: a figure that people read.
    let memory_kib = memory_kib / 1024 * 1024;
    let most_passes = u32::try_from(Argon2Cost::MAX_WORK_KIB / u64::from(memory_kib))
        .map_or(Argon2Cost::MAX_PASSES, |passes| {
            passes.min(Argon2Cost::MAX_PASSES)
        });
    // To the nearest: at most a seventh off.
    let passes = (work.saturating_add(memory_kib / 2) / memory_kib).clamp(MIN_PASSES, most_passes);
    Argon2Cost {
        memory_kib,
        passes,
        lanes: PROBE.lanes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost((memory_kib, passes, lanes): (u32, u32, u32)) -> Argon2Cost {
        Argon2Cost::new(memory_kib, passes, lanes).unwrap()
    }

    #[test]
    fn scaling_spends_time_on_memory_first_then_on_passes() {
        // The probe's 192 MiB of work take 200 ms.
        let scaled = |millis, max_kib| {
            scale(
                PROBE,
                Duration::from_millis(200),
                Duration::from_millis(millis),
                max_kib,
            )
        };
        assert_eq!(scaled(600, u32::MAX), cost((192 * 1024, 3, 4)));
        assert_eq!(scaled(1600, u32::MAX), cost((256 * 1024, 6, 4)));
        assert_eq!(scaled(1600, 100 * 1024), cost((100 * 1024, 15, 4)));
        assert_eq!(scaled(1600, 64 * 1024), cost((64 * 1024, 24, 4)));
        assert_eq!(scaled(240, 64 * 1024), cost((64 * 1024, 4, 4)));
    }

    #[test]
    fn scaling_never_leaves_its_bounds() {
        let floor = cost((64 * 1024, 3, 4));
        let nothing = Duration::ZERO;
        assert_eq!(scale(PROBE, Duration::MAX, nothing, 0), floor);
        assert_eq!(
            scale(PROBE, Duration::from_secs(100), Duration::from_secs(1), 0),
            floor
        );
        assert_eq!(
            scale(PROBE, nothing, Duration::MAX, 0),
            cost((64 * 1024, 64, 4))
        );
        assert_eq!(
            scale(PROBE, nothing, Duration::MAX, u32::MAX),
            cost((256 * 1024, 32, 4))
        );
    }

    /// A machine that takes 1 ms per MiB and pass at 64 MiB, and up to half more beyond that.
    fn machine(cost: Argon2Cost) -> Duration {
        let mib = u64::from(cost.memory_kib() / 1024);
        Duration::from_micros((1000 + 500 * (mib - 64) / 192) * mib * u64::from(cost.passes()))
    }

    #[test]
    fn the_target_is_met_within_a_fifth_where_the_bounds_allow_it() {
        for millis in [200, 300, 500, 700, 1000, 1500, 2000, 5000] {
            for max_memory_kib in [64 * 1024, 100 * 1024, 256 * 1024, u32::MAX] {
                let target = Duration::from_millis(millis);
                let cost = calibrate_by(target, max_memory_kib, |cost| Ok(machine(cost))).unwrap();
                let ratio = machine(cost).div_duration_f64(target);
                assert!(
                    (0.8..=1.2).contains(&ratio),
                    "{ratio} of {target:?} by {cost:?}"
                );
                assert!(cost.memory_kib() <= max_memory_kib);
            }
        }
    }

    #[test]
    fn no_memory_is_measured_that_the_smallest_machine_lacks() {
        for max_memory_kib in [0, 64 * 1024, 70_000, 200 * 1024] {
            let measured = |cost: Argon2Cost| {
                assert!(cost.memory_kib() <= max_memory_kib.max(64 * 1024));
                Ok(machine(cost))
            };
            calibrate_by(Duration::from_secs(3), max_memory_kib, measured).unwrap();
        }
    }

    #[test]
    fn calibration_passes_errors_on() {
        let failing = |_| Err(CryptoError::OutOfMemory);
        assert_eq!(
            calibrate_by(Duration::ZERO, 0, failing),
            Err(CryptoError::OutOfMemory)
        );
    }

    #[test]
    fn calibration_gives_a_cost_within_its_bounds() {
        assert_eq!(
            calibrate(Duration::ZERO, 0).unwrap(),
            cost((64 * 1024, 3, 4))
        );
    }
}
