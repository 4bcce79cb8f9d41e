//! Keys from passphrases: Argon2id, version 0x13 (RFC 9106).

#[cfg(any(test, fuzzing))]
mod memo;

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::pages::Pages;
use super::{CryptoError, Passphrase, Secret};

#[cfg(any(test, fuzzing))]
pub(crate) use memo::derivations;

/// Cost of one derivation, within the bounds below: a header from a stranger's medium
/// can ask for neither a cheap derivation nor an endless one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Argon2Cost {
    /// 64 MiB, 3 passes, 4 lanes: the second recommendation of RFC 9106 section 4.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

impl Argon2Cost {
    /// Least memory: 19 MiB, the OWASP minimum.
    pub const MIN_MEMORY_KIB: u32 = 19 * 1024;
    /// Most memory: 2 GiB, which a 32-bit process can just about map.
    pub const MAX_MEMORY_KIB: u32 = 2 * 1024 * 1024;
    /// Fewest passes; RFC 9106 allows 1, the OWASP minimum at 19 MiB is 2.
    pub const MIN_PASSES: u32 = 2;
    /// Most passes.
    pub const MAX_PASSES: u32 = 64;
    /// Fewest lanes.
    pub const MIN_LANES: u32 = 1;
    /// Most lanes.
    pub const MAX_LANES: u32 = 16;
    /// Most memory times passes, in KiB: 8 GiB, some ten seconds on one slow core.
    pub const MAX_WORK_KIB: u64 = 8 * 1024 * 1024;

    /// `memory_kib` KiB (RFC 9106: m), `passes` over it (t), in `lanes` (p).
    ///
    /// Checks the bounds and does no work.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        if !(Self::MIN_MEMORY_KIB..=Self::MAX_MEMORY_KIB).contains(&memory_kib) {
            return Err(CostError::Memory(memory_kib));
        }
        if !(Self::MIN_PASSES..=Self::MAX_PASSES).contains(&passes) {
            return Err(CostError::Passes(passes));
        }
        if !(Self::MIN_LANES..=Self::MAX_LANES).contains(&lanes) {
            return Err(CostError::Lanes(lanes));
        }
        let cost = Self {
            memory_kib,
            passes,
            lanes,
        };
        match cost.work_kib() {
            ..=Self::MAX_WORK_KIB => Ok(cost),
            work => Err(CostError::Work(work)),
        }
    }

    /// Memory in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes, the degree of parallelism.
    #[must_use]
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

/// Which bound of [`Argon2Cost`] was left, with the value that left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// Memory in KiB.
    #[error(
        "Argon2id memory of {0} KiB is outside of {min} to {max} KiB",
        min = Argon2Cost::MIN_MEMORY_KIB,
        max = Argon2Cost::MAX_MEMORY_KIB
    )]
    Memory(u32),
    /// Number of passes.
    #[error(
        "{0} Argon2id passes are outside of {min} to {max}",
        min = Argon2Cost::MIN_PASSES,
        max = Argon2Cost::MAX_PASSES
    )]
    Passes(u32),
    /// Number of lanes.
    #[error(
        "{0} Argon2id lanes are outside of {min} to {max}",
        min = Argon2Cost::MIN_LANES,
        max = Argon2Cost::MAX_LANES
    )]
    Lanes(u32),
    /// Memory in KiB times passes.
    #[error(
        "Argon2id memory times passes of {0} KiB is above {max} KiB", max = Argon2Cost::MAX_WORK_KIB)]
    Work(u64),
}

/// Derives 32 bytes from `passphrase` and `salt` with Argon2id, without secret or associated data.
///
/// Takes about a second by design, and `cost.memory_kib()` of memory that is wiped before it is
/// given back. [`CryptoError::OutOfMemory`] if the system does not give it.
pub fn argon2id(
    passphrase: &Passphrase,
    salt: &[u8; 32],
    cost: Argon2Cost,
) -> Result<Secret, CryptoError> {
    #[cfg(not(any(test, fuzzing)))]
    return derive(passphrase.expose(), salt, cost);
    #[cfg(any(test, fuzzing))]
    memo::derive(passphrase.expose(), salt, cost)
}

/// A cost for new key slots that takes about `target` on this machine: 4 lanes, 64 to 256 MiB but
/// no more than `max_memory_kib`, at least 3 passes.
///
/// Never less than 64 MiB and 3 passes, whatever `target` and `max_memory_kib` say. Measures one
/// derivation of half that.
pub fn calibrate(target: Duration, max_memory_kib: u32) -> Result<Argon2Cost, CryptoError> {
    let start = Instant::now();
    derive(b"calibration", &[0; 32], PROBE)?;
    Ok(scale(start.elapsed(), target, max_memory_kib))
}

const LANES: u32 = 4;
const KEY_LEN: usize = 32;
const CALIBRATED_PASSES: u32 = 3;
const CALIBRATED_MEMORY_KIB: std::ops::RangeInclusive<u32> = 64 * 1024..=256 * 1024;
const PROBE: Argon2Cost = Argon2Cost {
    memory_kib: 48 * 1024,
    passes: 2,
    lanes: LANES,
};

/// The cost that takes `target` where [`PROBE`] took `measured`: memory first, then passes.
fn scale(measured: Duration, target: Duration, max_memory_kib: u32) -> Argon2Cost {
    let work = u128::from(PROBE.work_kib()) * target.as_nanos() / measured.as_nanos().max(1);
    let work = u32::try_from(work).unwrap_or(u32::MAX);
    let (least, most) = (*CALIBRATED_MEMORY_KIB.start(), *CALIBRATED_MEMORY_KIB.end());
    let memory_kib = (work / CALIBRATED_PASSES).clamp(least, max_memory_kib.clamp(least, most));
    // Whole MiB: a figure that people read.
    let memory_kib = memory_kib / 1024 * 1024;
    let most_passes = u32::try_from(Argon2Cost::MAX_WORK_KIB / u64::from(memory_kib))
        .map_or(Argon2Cost::MAX_PASSES, |passes| {
            passes.min(Argon2Cost::MAX_PASSES)
        });
    let passes = (work / memory_kib).clamp(CALIBRATED_PASSES, most_passes);
    Argon2Cost {
        memory_kib,
        passes,
        lanes: LANES,
    }
}

fn derive(passphrase: &[u8], salt: &[u8; 32], cost: Argon2Cost) -> Result<Secret, CryptoError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN))
        .expect("the bounds of Argon2Cost are within those of RFC 9106");
    run(
        &Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        passphrase,
        salt,
    )
}

/// Runs `context` in memory of our own, because the crate's would neither be wiped nor be huge
/// pages.
fn run(context: &Argon2<'_>, passphrase: &[u8], salt: &[u8]) -> Result<Secret, CryptoError> {
    let len = context
        .params()
        .block_count()
        .checked_mul(Block::SIZE)
        .ok_or(CryptoError::OutOfMemory)?;
    let mut memory = Pages::for_work(len)?;
    let mut key = Secret::zeroed(KEY_LEN)?;
    context
        .hash_password_into_with_memory(passphrase, salt, key.expose_mut(), memory.argon2_blocks())
        .map_err(|_| CryptoError::Length)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};

    use super::super::testing::hex;
    use super::*;

    const FLOOR: (u32, u32, u32) = (19_456, 2, 1);

    fn cost((memory_kib, passes, lanes): (u32, u32, u32)) -> Argon2Cost {
        Argon2Cost::new(memory_kib, passes, lanes).unwrap()
    }

    #[test]
    fn our_memory_gives_the_answer_of_rfc_9106() {
        // Section 5.3.
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .output_len(32)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let context = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params);
        let key = run(&context.unwrap(), &[1; 32], &[2; 16]).unwrap();
        assert!(key.ct_eq(&hex(
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        )));
    }

    #[test]
    fn argon2id_gives_the_answers_of_the_reference_implementation() {
        // The C reference implementation, through Python's argon2-cffi (`low_level.hash_secret_raw`).
        let passphrase = Passphrase::new("correct horse battery sta\u{308}ple").unwrap();
        let salt: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        for (parameters, expected) in [
            (
                FLOOR,
                "e8ae7b6ee04dc9424a4381cf2349be56a10a19d90427ce1b8517ba6a21f2c201",
            ),
            (
                (65_536, 3, 4),
                "2841f1e791501eb20a46942893422ae2000c8439bf82e143e19b77e550d6247c",
            ),
        ] {
            let key = argon2id(&passphrase, &salt, cost(parameters)).unwrap();
            assert!(key.ct_eq(&hex(expected)));
        }
    }

    #[test]
    fn each_bound_is_inclusive_and_named_when_left() {
        for accepted in [
            FLOOR,
            (2 * 1024 * 1024, 4, 16),
            (19_456, 64, 1),
            (128 * 1024, 64, 1),
        ] {
            cost(accepted);
        }
        let refusal = |memory, passes, lanes| Argon2Cost::new(memory, passes, lanes).unwrap_err();
        assert_eq!(refusal(19_455, 2, 1), CostError::Memory(19_455));
        assert_eq!(refusal(0, 0, 0), CostError::Memory(0));
        assert_eq!(refusal(2_097_153, 2, 1), CostError::Memory(2_097_153));
        assert_eq!(
            refusal(u32::MAX, u32::MAX, u32::MAX),
            CostError::Memory(u32::MAX)
        );
        assert_eq!(refusal(19_456, 1, 1), CostError::Passes(1));
        assert_eq!(refusal(19_456, 65, 1), CostError::Passes(65));
        assert_eq!(refusal(19_456, 2, 0), CostError::Lanes(0));
        assert_eq!(refusal(19_456, 2, 17), CostError::Lanes(17));
        assert_eq!(refusal(2_097_152, 5, 1), CostError::Work(10_485_760));
        assert_eq!(refusal(131_073, 64, 1), CostError::Work(8_388_672));
    }

    #[test]
    fn cost_errors_say_what_is_allowed() {
        let text = |error: CostError| error.to_string();
        assert_eq!(
            text(CostError::Memory(5)),
            "Argon2id memory of 5 KiB is outside of 19456 to 2097152 KiB"
        );
        assert_eq!(
            text(CostError::Passes(1)),
            "1 Argon2id passes are outside of 2 to 64"
        );
        assert_eq!(
            text(CostError::Lanes(17)),
            "17 Argon2id lanes are outside of 1 to 16"
        );
        assert_eq!(
            text(CostError::Work(9)),
            "Argon2id memory times passes of 9 KiB is above 8388608 KiB"
        );
    }

    #[test]
    fn scaling_spends_time_on_memory_first_then_on_passes() {
        let probe = Duration::from_millis(100);
        let scaled = |millis, max_kib| scale(probe, Duration::from_millis(millis), max_kib);
        // The probe's 96 MiB of work take 100 ms.
        assert_eq!(scaled(600, u32::MAX), cost((192 * 1024, 3, 4)));
        assert_eq!(scaled(1600, u32::MAX), cost((256 * 1024, 6, 4)));
        assert_eq!(scaled(1600, 100 * 1024), cost((100 * 1024, 15, 4)));
    }

    #[test]
    fn scaling_never_leaves_its_bounds() {
        let floor = cost((64 * 1024, 3, 4));
        let nothing = Duration::ZERO;
        assert_eq!(scale(Duration::MAX, nothing, 0), floor);
        assert_eq!(
            scale(Duration::from_secs(100), Duration::from_secs(1), 0),
            floor
        );
        assert_eq!(scale(nothing, Duration::MAX, 0), cost((64 * 1024, 64, 4)));
        assert_eq!(
            scale(nothing, Duration::MAX, u32::MAX),
            cost((256 * 1024, 32, 4))
        );
    }

    #[test]
    fn calibration_gives_a_cost_within_its_bounds() {
        let cost = calibrate(Duration::ZERO, 0).unwrap();
        assert_eq!(cost, self::cost((64 * 1024, 3, 4)));
    }

    #[test]
    fn each_input_changes_the_key() {
        let (one, other) = (
            Passphrase::new("one").unwrap(),
            Passphrase::new("other").unwrap(),
        );
        let keys = [
            argon2id(&one, &[0; 32], cost(FLOOR)).unwrap(),
            argon2id(&other, &[0; 32], cost(FLOOR)).unwrap(),
            argon2id(&one, &[1; 32], cost(FLOOR)).unwrap(),
            argon2id(&one, &[0; 32], cost((19_456, 3, 1))).unwrap(),
            argon2id(&one, &[0; 32], cost((19_456, 2, 2))).unwrap(),
            argon2id(&one, &[0; 32], cost((19_457, 2, 1))).unwrap(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(
                keys[..index]
                    .iter()
                    .all(|earlier| !earlier.ct_eq(key.expose()))
            );
        }
    }

    #[test]
    fn each_derivation_counts_for_its_thread_also_when_remembered() {
        let passphrase = Passphrase::new("counted").unwrap();
        let before = derivations();
        let first = argon2id(&passphrase, &[9; 32], cost(FLOOR)).unwrap();
        let second = argon2id(&passphrase, &[9; 32], cost(FLOOR)).unwrap();
        assert!(first.ct_eq(second.expose()));
        assert!(
            first.ct_eq(
                derive(passphrase.expose(), &[9; 32], cost(FLOOR))
                    .unwrap()
                    .expose()
            )
        );
        assert_eq!(derivations() - before, 2);
        assert_eq!(std::thread::spawn(derivations).join().unwrap(), 0);
    }
}
