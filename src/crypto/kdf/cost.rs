//! What a derivation may cost.

/// Cost of one derivation, within the bounds below: a header from a stranger's medium
/// can ask for neither a cheap derivation nor an endless one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argon2Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
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

    pub(super) fn work_kib(self) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cost((memory_kib, passes, lanes): (u32, u32, u32)) -> Argon2Cost {
        Argon2Cost::new(memory_kib, passes, lanes).unwrap()
    }

    #[test]
    fn each_bound_is_inclusive_and_named_when_left() {
        for accepted in [
            (19_456, 2, 1),
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
}
