//! The factors of a slot: what has to be presented to open it.

use super::defect::Defect;

/// Least and most Argon2id memory in KiB.
const MEMORY_KIB: core::ops::RangeInclusive<u32> = 19_456..=2 << 20;
/// Fewest and most Argon2id passes.
const PASSES: core::ops::RangeInclusive<u32> = 2..=64;
/// Fewest and most Argon2id lanes.
const LANES: core::ops::RangeInclusive<u32> = 1..=16;
/// Most memory × passes, KiB.
const MAX_WORK_KIB: u64 = 8 << 20;

const KIND_PASSPHRASE: u16 = 1;
const KIND_KEY_FILE: u16 = 2;
const KIND_RECOVERY_KEY: u16 = 3;
const KIND_PUBLIC_KEY: u16 = 4;
const KIND_EXTERNAL: u16 = 256;
const ALGORITHM_ARGON2ID: u16 = 1;

const SALT_LEN: usize = 32;
const PROVIDER_LEN: usize = 64;
const RECORD_HEAD: usize = 8;
const RECORD_ALIGN: usize = 8;

/// How a passphrase becomes 32 bytes: Argon2id (RFC 9106, version 0x13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PassphraseFactor {
    /// Memory in KiB, 19,456 to 2 Mi.
    pub memory_kib: u32,
    /// Passes over the memory, 2 to 64.
    pub passes: u32,
    /// Lanes, 1 to 16.
    pub lanes: u32,
    /// Salt, shared by all passphrase factors of the volume with the same cost.
    pub salt: [u8; SALT_LEN],
}

/// One input to the key of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Factor {
    /// Something known.
    Passphrase(PassphraseFactor),
    /// The contents of a file.
    KeyFile {
        /// Salt of the hash.
        salt: [u8; SALT_LEN],
    },
    /// A printed random key.
    RecoveryKey {
        /// Salt of the hash.
        salt: [u8; SALT_LEN],
    },
    /// A private key, to which the slot is sealed by HPKE (RFC 9180).
    PublicKey {
        /// KEM, KDF and AEAD ids.
        suite: [u16; 3],
        /// The holder's public key.
        public_key: [u8; 32],
        /// The encapsulated key.
        encapsulated: [u8; 32],
    },
    /// A secret that a provider outside this library gives.
    External {
        /// Which provider, at most 64 bytes.
        provider: String,
        /// The provider's own parameters.
        params: Vec<u8>,
    },
    /// A kind of a later version; the slot cannot be used here and is kept.
    Unknown {
        /// Number of the kind.
        kind: u16,
        /// Its body as stored.
        body: Vec<u8>,
    },
}

impl Factor {
    /// Reads `count` records that fill `area`.
    pub(super) fn parse_all(mut area: &[u8], count: u8) -> Result<Vec<Self>, Defect> {
        let mut factors = Vec::new();
        for _ in 0..count {
            let (factor, rest) = Self::parse_record(area)?;
            factors.push(factor);
            area = rest;
        }
        if area.is_empty() {
            Ok(factors)
        } else {
            Err(Defect::FactorArea)
        }
    }

    /// Appends the record.
    pub(super) fn encode_to(&self, area: &mut Vec<u8>) {
        let body = self.encode_body();
        area.extend_from_slice(&self.kind().to_le_bytes());
        area.extend_from_slice(&[0; 2]);
        area.extend_from_slice(&body.len().to_le_bytes()[..4]);
        area.extend_from_slice(&body);
        area.resize(area.len().next_multiple_of(RECORD_ALIGN), 0);
    }

    fn parse_record(area: &[u8]) -> Result<(Self, &[u8]), Defect> {
        let (head, rest) = area
            .split_first_chunk::<RECORD_HEAD>()
            .ok_or(Defect::FactorArea)?;
        let [k0, k1, r0, r1, l0, l1, l2, l3] = *head;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3]))
            .map_err(|_| Defect::FactorArea)?;
        let (body, rest) = rest.split_at_checked(length).ok_or(Defect::FactorArea)?;
        let padding = length.next_multiple_of(RECORD_ALIGN) - length;
        let (padding, rest) = rest.split_at_checked(padding).ok_or(Defect::FactorArea)?;
        if [r0, r1].iter().chain(padding).any(|byte| *byte != 0) {
            return Err(Defect::FactorPadding);
        }
        Ok((Self::parse_body(u16::from_le_bytes([k0, k1]), body)?, rest))
    }

    fn parse_body(kind: u16, body: &[u8]) -> Result<Self, Defect> {
        match kind {
            KIND_PASSPHRASE => parse_passphrase(body).map(Self::Passphrase),
            KIND_KEY_FILE => Ok(Self::KeyFile { salt: whole(body)? }),
            KIND_RECOVERY_KEY => Ok(Self::RecoveryKey { salt: whole(body)? }),
            KIND_PUBLIC_KEY => parse_public_key(body),
            KIND_EXTERNAL => parse_external(body),
            _ => Ok(Self::Unknown {
                kind,
                body: body.to_vec(),
            }),
        }
    }

    /// Number of the kind.
    #[must_use]
    pub fn kind(&self) -> u16 {
        match self {
            Self::Passphrase(_) => KIND_PASSPHRASE,
            Self::KeyFile { .. } => KIND_KEY_FILE,
            Self::RecoveryKey { .. } => KIND_RECOVERY_KEY,
            Self::PublicKey { .. } => KIND_PUBLIC_KEY,
            Self::External { .. } => KIND_EXTERNAL,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn encode_body(&self) -> Vec<u8> {
        match self {
            Self::Passphrase(factor) => encode_passphrase(factor),
            Self::KeyFile { salt } | Self::RecoveryKey { salt } => salt.to_vec(),
            Self::PublicKey {
                suite,
                public_key,
                encapsulated,
            } => {
                let mut body: Vec<u8> = suite.iter().flat_map(|id| id.to_le_bytes()).collect();
                body.extend_from_slice(&[0; 2]);
                body.extend_from_slice(public_key);
                body.extend_from_slice(encapsulated);
                body
            }
            Self::External { provider, params } => {
                let mut body = provider.as_bytes().to_vec();
                body.resize(PROVIDER_LEN, 0);
                body.extend_from_slice(params);
                body
            }
            Self::Unknown { body, .. } => body.clone(),
        }
    }
}

fn whole<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Defect> {
    bytes.try_into().map_err(|_| Defect::FactorBody)
}

fn parse_passphrase(body: &[u8]) -> Result<PassphraseFactor, Defect> {
    let body: [u8; 16 + SALT_LEN] = whole(body)?;
    let [
        a0,
        a1,
        r0,
        r1,
        m0,
        m1,
        m2,
        m3,
        t0,
        t1,
        t2,
        t3,
        p0,
        p1,
        p2,
        p3,
        salt @ ..,
    ] = body;
    let factor = PassphraseFactor {
        memory_kib: u32::from_le_bytes([m0, m1, m2, m3]),
        passes: u32::from_le_bytes([t0, t1, t2, t3]),
        lanes: u32::from_le_bytes([p0, p1, p2, p3]),
        salt,
    };
    let accepted = u16::from_le_bytes([a0, a1]) == ALGORITHM_ARGON2ID
        && MEMORY_KIB.contains(&factor.memory_kib)
        && PASSES.contains(&factor.passes)
        && LANES.contains(&factor.lanes)
        && u64::from(factor.memory_kib) * u64::from(factor.passes) <= MAX_WORK_KIB;
    match (accepted, [r0, r1]) {
        (true, [0, 0]) => Ok(factor),
        (true, _) => Err(Defect::FactorPadding),
        (false, _) => Err(Defect::KdfCost),
    }
}

fn encode_passphrase(factor: &PassphraseFactor) -> Vec<u8> {
    let mut body = ALGORITHM_ARGON2ID.to_le_bytes().to_vec();
    body.extend_from_slice(&[0; 2]);
    body.extend_from_slice(&factor.memory_kib.to_le_bytes());
    body.extend_from_slice(&factor.passes.to_le_bytes());
    body.extend_from_slice(&factor.lanes.to_le_bytes());
    body.extend_from_slice(&factor.salt);
    body
}

fn parse_public_key(body: &[u8]) -> Result<Factor, Defect> {
    let body: [u8; 72] = whole(body)?;
    let [k0, k1, d0, d1, a0, a1, r0, r1, keys @ ..] = body;
    if [r0, r1] != [0; 2] {
        return Err(Defect::FactorPadding);
    }
    let (public_key, encapsulated) = keys.split_at(32);
    let suite = [[k0, k1], [d0, d1], [a0, a1]].map(u16::from_le_bytes);
    Ok(Factor::PublicKey {
        suite,
        public_key: whole(public_key)?,
        encapsulated: whole(encapsulated)?,
    })
}

fn parse_external(body: &[u8]) -> Result<Factor, Defect> {
    let (provider, params) = body
        .split_at_checked(PROVIDER_LEN)
        .ok_or(Defect::FactorBody)?;
    let end = provider
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(PROVIDER_LEN);
    let (name, padding) = provider.split_at(end);
    let name = core::str::from_utf8(name).map_err(|_| Defect::FactorBody)?;
    if name.is_empty() || padding.iter().any(|byte| *byte != 0) {
        return Err(Defect::FactorBody);
    }
    Ok(Factor::External {
        provider: name.to_owned(),
        params: params.to_vec(),
    })
}
