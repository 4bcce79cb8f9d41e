//! What a reader refuses.

/// Why a block or a header is refused; each case is a rule of the format page.
///
/// Code above decides by what the defect means for the user (damaged, newer format, not a volume);
/// the case itself is for the message, for `info` and for the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the case is")]
pub enum Defect {
    #[error("it could not be read from the storage")]
    Unreadable,
    #[error("it is not a block of the kind that belongs here (F-01)")]
    Magic,
    #[error("its format version is {found}, this software reads version 1 (F-02)")]
    Version { found: u16 },
    #[error("its checksum is wrong (F-03)")]
    Checksum,
    #[error("it carries the number of another block (F-04)")]
    Index,
    #[error("it belongs to another volume (F-05)")]
    VolumeId,
    #[error("a reserved byte at {offset} is not zero (F-06)")]
    Reserved { offset: usize },
    #[error("it uses features {bits:#x} that this software does not know (F-10)")]
    Features { bits: u64 },
    #[error("its header length is not 1 MiB (F-11)")]
    HeaderLength,
    #[error("its sector size is neither 512 nor 4096 (F-12)")]
    SectorSize,
    #[error("its cipher is unknown (F-13)")]
    Cipher,
    #[error("its number of slots is not 32 (F-14)")]
    SlotCount,
    #[error("its number of seal blocks is not 16 to 64 (F-15)")]
    SealBlocks,
    #[error("its payload offset is inside the header or not a multiple of 4096 (F-16)")]
    PayloadOffset,
    #[error("its payload length is 0 or not a multiple of 4096 (F-17)")]
    PayloadLength,
    #[error("its areas do not add up to its volume length (F-18)")]
    VolumeLength,
    #[error("its generation is 0 (F-19)")]
    Generation,
    #[error("no root is complete: blocks that belong to it are missing from both copies (F-20)")]
    Incomplete,
    #[error("the two header copies contradict each other (F-21)")]
    Contradiction,
    #[error("its state is unknown (F-30)")]
    State,
    #[error("its cause or slot of erase does not fit its state (F-31)")]
    Cause,
    #[error("it has an unknown slot state (F-32)")]
    SlotState,
    #[error("its erase report is malformed (F-33)")]
    Report,
    #[error("a rule of the policy is out of range (F-40)")]
    PolicyRules,
    #[error("a grant has an unknown role (F-41)")]
    GrantRole,
    #[error("a grant has an attempt limit or an action that does not fit its role (F-42)")]
    GrantLimit,
    #[error("an empty grant is not all zero (F-43)")]
    GrantNotEmpty,
    #[error("a grant has unknown flags or a malformed name (F-44)")]
    GrantText,
    #[error("it names a holder for a slot that is not granted (F-45)")]
    GrantHolder,
    #[error("a text is too long, not UTF-8 or not padded with zero bytes (F-50)")]
    LabelText,
    #[error("it has an unknown role (F-60)")]
    SlotRole,
    #[error("it is empty and yet not all zero (F-61)")]
    SlotNotEmpty,
    #[error("its number of factors is not 1 to 4 (F-62)")]
    FactorCount,
    #[error("its factors do not fill their area (F-63)")]
    FactorArea,
    #[error("a byte between or behind its factors is not zero (F-64)")]
    FactorPadding,
    #[error("it has unknown flags (F-65)")]
    SlotFlags,
    #[error("a factor has the wrong length or a malformed name (F-66)")]
    FactorBody,
    #[error("its key derivation is unknown or outside the accepted cost (F-67)")]
    KdfCost,
    #[error("its version is 0 (F-69)")]
    SlotVersion,
    #[error("its endorsement is malformed (F-71)")]
    SlotEndorsement,
    #[error("its slots need more than 4 different key derivations (F-68)")]
    KdfVariety,
    #[error("the seal is damaged in both copies, or differs between them (F-70)")]
    Seal,
    #[error("a record of the event log is not at the place of its number (F-100)")]
    LogPlace,
    #[error("an empty record of the event log is not all zero (F-101)")]
    LogNotEmpty,
    #[error("a record of the event log has a number above 2^63 - 1 (F-102)")]
    LogSequence,
    #[error("it is neither sealed nor plain (F-130)")]
    BackupKind,
    #[error("it is plain and yet has a recipient (F-131)")]
    BackupEnvelope,
    #[error("it is shorter or longer than a header backup is (F-132)")]
    BackupLength,
    #[error("the checksum of its body is wrong (F-133)")]
    BackupChecksum,
    #[error("its body is not the whole header of which its head speaks (F-134)")]
    BackupContents,
}

impl Defect {
    /// Whether the block was written by a version of the format that this software does not know,
    /// rather than damaged.
    #[must_use]
    pub fn is_newer(self) -> bool {
        matches!(self, Self::Version { found } if found > 1)
            || matches!(self, Self::Features { .. })
    }
}
