//! Looking at a header block by block, without a key, without the lock and without a write.

use std::fmt;

use super::attempt::{Due, due};
use super::blocks::{BlockFault, copy_name};
use super::error::{Damage, Error};
use super::genuine;
use super::medium::{COPY_A, copies, copy_b_at_the_end, length, read_copy, read_header};
use crate::format::{
    CopyStatus, Header, HeaderCopy, LogFault, MAX_SEAL_BLOCKS, VolumeId, VolumeState,
};
use crate::storage::Storage;

/// How often a header that a writer is at is looked at.
const TRIES: usize = 3;

/// What the header of a volume is like.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeaderCheck {
    /// The volume; `None` if nothing of one is there.
    pub volume: Option<VolumeId>,
    /// Copies A and B.
    pub copies: [CopyCheck; 2],
    /// What the blocks of the seal are like.
    pub seal: SealCheck,
    /// Whether all that the authority and the holders have to sign is signed, as far as that can be
    /// told without a key; `None` if there is no header to look at.
    pub signatures: Option<Result<(), Damage>>,
    /// Where the event log is not whole.
    pub log: Vec<LogFault>,
    /// What an open and unlock would do.
    pub prospect: Prospect,
}

/// What a header copy is like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyCheck {
    /// Where it begins, bytes from the start of the storage; `None` if there is no room for it.
    pub offset: Option<u64>,
    /// Whether anything of the volume is there.
    pub found: bool,
    /// The generation that its root names, if it is valid.
    pub generation: Option<u64>,
    /// The blocks that are not as they should be.
    pub faults: Vec<BlockFault>,
}

/// What the blocks of the seal are like. It is needed whole, from both copies together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealCheck {
    /// How many are the same in both copies.
    pub agreeing: usize,
    /// Those that are valid in one copy only.
    pub single: Vec<usize>,
    /// Those that are valid in both and differ: the volume cannot be opened.
    pub different: Vec<usize>,
    /// Those that are valid in neither: the volume cannot be opened.
    pub lost: Vec<usize>,
}

/// What an open and unlock would do.
#[derive(Debug)]
pub enum Prospect {
    /// A right credential opens the volume.
    Opens {
        /// Copies that the unlock repairs; 0 is A, 1 is B.
        repairs: Vec<usize>,
        /// Copies that a repair has to be asked for.
        missing: Vec<usize>,
    },
    /// The open erases these slots first, whose attempts are used up.
    ErasesSlots(Vec<usize>),
    /// The open erases the key: the attempts are used up, or an erase was interrupted.
    Erases,
    /// The key is erased.
    Erased,
    /// It fails before any attempt is charged.
    Fails(Error),
}

/// Looks at both header copies block by block. Takes no lock, costs no attempt, writes nothing.
///
/// ```
/// # use tenlock::crypto::{Argon2Cost, Passphrase};
/// # use tenlock::volume::{CreateOptions, create};
/// use tenlock::storage::{MemoryStorage, Storage};
/// use tenlock::volume::{LockedVolume, Prospect, check_header};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut options = CreateOptions::default();
/// # options.payload_length = Some(1 << 20);
/// # options.cost = Argon2Cost::new(19_456, 2, 1)?;
/// # let medium = MemoryStorage::default();
/// # create(medium.second_handle(), &options, &Passphrase::new("right")?)?.lock()?;
/// assert!(check_header(&medium)?.is_whole());
///
/// // A quick format.
/// medium.write_at(0, &[0; 1 << 20])?;
/// let check = check_header(&medium)?;
/// assert!(matches!(check.prospect, Prospect::Opens { ref missing, .. } if *missing == [0]));
/// LockedVolume::open(medium.second_handle())?.locked()?.repair()?;
/// assert!(check_header(&medium)?.is_whole());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Io`]: the storage does not even tell its length.
pub fn check_header(storage: &dyn Storage) -> Result<HeaderCheck, Error> {
    let mut check = look(storage)?;
    // As `inspect`: a writer may have been at one copy and then at the other.
    for _ in 1..TRIES {
        if !matches!(check.prospect, Prospect::Fails(Error::Damaged(_))) {
            break;
        }
        check = look(storage)?;
    }
    Ok(check)
}

impl HeaderCheck {
    /// Whether nothing at all is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let whole = |copy: &CopyCheck| copy.found && copy.faults.is_empty();
        self.copies.iter().all(whole)
            && self.generations_agree()
            && matches!(self.signatures, Some(Ok(())))
            && self.log.is_empty()
            && matches!(self.prospect, Prospect::Opens { .. })
    }

    /// Whether the roots of both copies are valid and of one generation.
    #[must_use]
    pub fn generations_agree(&self) -> bool {
        let [a, b] = &self.copies;
        a.generation.is_some() && a.generation == b.generation
    }
}

fn look(storage: &dyn Storage) -> Result<HeaderCheck, Error> {
    let length = length(storage)?;
    let header = read_header(storage);
    let a = read_copy(storage, COPY_A);
    let place_b = match (&header, a.root()) {
        (Ok(header), _) => Some(copies(header)[1]),
        (Err(_), Ok(root)) => Some(root.copy_b_offset()),
        (Err(_), Err(_)) => copy_b_at_the_end(length),
    };
    let b = place_b.map_or_else(|| HeaderCopy::parse(&[]), |place| read_copy(storage, place));
    let found = header.as_deref().ok();
    let id = found.map(|header| header.root.id);
    let volume = id.or(a.any_id()).or(b.any_id());
    let both = [(&a, Some(COPY_A)), (&b, place_b)];
    let mut index = 0..;
    Ok(HeaderCheck {
        volume,
        copies: both.map(|(copy, offset)| {
            check_copy(index.next().unwrap_or(0), copy, offset, volume, found)
        }),
        seal: check_seal([&a, &b], volume, seal_blocks([&a, &b], found)),
        signatures: found
            .filter(|header| header.seal.is_some())
            .map(genuine::check),
        log: found.map_or_else(Vec::new, |header| header.log.check_chain(header.root.id)),
        prospect: header.map_or_else(Prospect::Fails, |header| prospect(&header)),
    })
}

fn check_copy(
    number: usize,
    copy: &HeaderCopy,
    offset: Option<u64>,
    volume: Option<VolumeId>,
    header: Option<&Header>,
) -> CopyCheck {
    // Without any valid block, each is refused for a reason of its own, whatever the volume.
    let id = volume.unwrap_or_else(|| VolumeId::from_random([0; 16]));
    let faults = match header.map(|header| &header.copies[number]) {
        Some(CopyStatus::Whole) => Vec::new(),
        Some(CopyStatus::Damaged(faults)) => faults.clone(),
        Some(CopyStatus::Foreign(_)) | None => copy.defects(id, seal_blocks([copy, copy], header)),
    };
    CopyCheck {
        offset,
        found: copy.has_blocks_of(id),
        generation: copy.root().ok().map(|root| root.generation),
        faults: faults
            .into_iter()
            .map(|fault| BlockFault::new(number, fault))
            .collect(),
    }
}

/// The number of blocks of the seal by the header, else by any valid root, else the default.
fn seal_blocks(both: [&HeaderCopy; 2], header: Option<&Header>) -> u16 {
    let roots = both.into_iter().filter_map(|copy| copy.root().ok());
    header
        .map(|header| &header.root)
        .or(roots.into_iter().next())
        .map_or(u16::try_from(MAX_SEAL_BLOCKS).unwrap_or(u16::MAX), |root| {
            root.seal_blocks
        })
}

fn check_seal(both: [&HeaderCopy; 2], volume: Option<VolumeId>, blocks: u16) -> SealCheck {
    let mut check = SealCheck::default();
    for index in 0..usize::from(blocks) {
        let block = |copy: &HeaderCopy| copy.seal_block(volume?, index).copied();
        match both.map(block) {
            [Some(a), Some(b)] if a == b => check.agreeing += 1,
            [Some(_), Some(_)] => check.different.push(index),
            [None, None] => check.lost.push(index),
            _ => check.single.push(index),
        }
    }
    check
}

fn prospect(header: &Header) -> Prospect {
    match (header.state.volume, due(header)) {
        (VolumeState::Erased, _) => return Prospect::Erased,
        (VolumeState::Erasing, _) | (_, Some(Due::EraseVolume(_))) => return Prospect::Erases,
        (VolumeState::Locked, Some(Due::EraseSlots(slots))) => {
            return Prospect::ErasesSlots(slots);
        }
        (VolumeState::Locked, None) => {}
    }
    if let Err(damage) = genuine::check(header).and_then(|()| genuine::check_log(header)) {
        return Prospect::Fails(damage.into());
    }
    let copies = |wanted: fn(&CopyStatus) -> bool| {
        let all = header.copies.iter().enumerate();
        all.filter(|(_, status)| wanted(status))
            .map(|(copy, _)| copy)
            .collect()
    };
    Prospect::Opens {
        repairs: copies(|status| matches!(status, CopyStatus::Damaged(_))),
        missing: copies(|status| !status.is_ours()),
    }
}

impl fmt::Display for HeaderCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(volume) = self.volume {
            writeln!(f, "volume {volume}")?;
        }
        for (copy, check) in self.copies.iter().enumerate() {
            writeln!(f, "header copy {}: {check}", copy_name(copy))?;
            // Of a copy that is not there, each block would be said to be missing.
            for fault in check.faults.iter().filter(|_| check.found) {
                writeln!(f, "  {fault}")?;
            }
        }
        if self.volume.is_some() {
            writeln!(f, "seal: {}", self.seal)?;
        }
        match &self.signatures {
            Some(Ok(())) => writeln!(f, "signatures: all verify")?,
            Some(Err(damage)) => writeln!(f, "signatures: {damage}")?,
            None => {}
        }
        for fault in &self.log {
            writeln!(f, "event log: {}", LogText(*fault))?;
        }
        self.prospect.fmt(f)
    }
}

impl fmt::Display for CopyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.found, self.generation) {
            (false, _) => f.write_str("nothing of a volume is there")?,
            (true, Some(generation)) => write!(f, "generation {generation}")?,
            (true, None) => f.write_str("without a valid root")?,
        }
        match self.faults.len() {
            _ if !self.found => Ok(()),
            0 => f.write_str(", whole"),
            count => write!(f, ", {count} block(s) damaged or outdated"),
        }
    }
}

impl fmt::Display for SealCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} block(s) agree", self.agreeing)?;
        for (text, blocks) in [
            ("valid in one copy only", &self.single),
            ("different in the two copies", &self.different),
            ("lost in both copies", &self.lost),
        ] {
            if !blocks.is_empty() {
                write!(f, ", {} {text}", blocks.len())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Prospect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opens { repairs, missing } => {
                f.write_str("an unlock opens the volume")?;
                for copy in repairs {
                    write!(f, ", repairs header copy {}", copy_name(*copy))?;
                }
                for copy in missing {
                    let name = copy_name(*copy);
                    write!(
                        f,
                        ", leaves header copy {name} alone until a repair is asked for"
                    )?;
                }
                Ok(())
            }
            Self::ErasesSlots(slots) => write!(
                f,
                "the next open erases {} slot(s), whose attempts are used up",
                slots.len()
            ),
            Self::Erases => f.write_str("the next open erases the key"),
            Self::Erased => f.write_str("the key is erased"),
            Self::Fails(error) => write!(f, "an open fails: {error}"),
        }
    }
}

/// A fault of the event log for people.
struct LogText(LogFault);

impl fmt::Display for LogText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            LogFault::Missing { first, last } => {
                write!(f, "records {first} to {last} are missing")
            }
            LogFault::Unlinked { sequence } => {
                write!(f, "record {sequence} does not follow the one before it")
            }
        }
    }
}
