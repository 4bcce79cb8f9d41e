//! What can happen to a volume, with the numbers of the format page (§3.9).

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// An attempt was charged to the slots.
    Attempt,
    /// A slot was opened.
    Unlocked,
    /// The volume was created.
    Created,
    /// A slot was granted.
    SlotAdded,
    /// A slot was emptied.
    SlotRemoved,
    /// The credential of a slot was replaced by its holder.
    SlotChanged,
    /// The credential of a slot was replaced by an admin.
    SlotReset,
    /// A slot was erased: its last attempt failed, or it was asked for.
    SlotErased,
    /// A slot was given its attempts back by an admin.
    AttemptsAllowed,
    /// Rules or grants were changed.
    PolicyChanged,
    /// The label was changed.
    LabelChanged,
    /// Access was won back with a recovery or escrow credential.
    Recovered,
    /// A backup of the header was taken.
    HeaderBackup,
    /// The header was put back from a backup.
    HeaderRestored,
    /// The volume key was given out.
    KeyExported,
    /// A kind that this version does not know.
    Unknown(u16),
}

impl EventKind {
    /// The kinds that this version knows, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::Attempt,
        Self::Unlocked,
        Self::Created,
        Self::SlotAdded,
        Self::SlotRemoved,
        Self::SlotChanged,
        Self::SlotReset,
        Self::SlotErased,
        Self::AttemptsAllowed,
        Self::PolicyChanged,
        Self::LabelChanged,
        Self::Recovered,
        Self::HeaderBackup,
        Self::HeaderRestored,
        Self::KeyExported,
    ];

    /// Its number on the medium, which never changes.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Attempt => 1,
            Self::Unlocked => 2,
            Self::Created => 3,
            Self::SlotAdded => 4,
            Self::SlotRemoved => 5,
            Self::SlotChanged => 6,
            Self::SlotReset => 7,
            Self::SlotErased => 8,
            Self::AttemptsAllowed => 9,
            Self::PolicyChanged => 10,
            Self::LabelChanged => 11,
            Self::Recovered => 12,
            Self::HeaderBackup => 13,
            Self::HeaderRestored => 14,
            Self::KeyExported => 15,
            Self::Unknown(number) => number,
        }
    }

    /// Its name as tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Unlocked => "unlocked",
            Self::Created => "created",
            Self::SlotAdded => "slot_added",
            Self::SlotRemoved => "slot_removed",
            Self::SlotChanged => "slot_changed",
            Self::SlotReset => "slot_reset",
            Self::SlotErased => "slot_erased",
            Self::AttemptsAllowed => "attempts_allowed",
            Self::PolicyChanged => "policy_changed",
            Self::LabelChanged => "label_changed",
            Self::Recovered => "recovered",
            Self::HeaderBackup => "header_backup",
            Self::HeaderRestored => "header_restored",
            Self::KeyExported => "key_exported",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.number() == number)
            .unwrap_or(Self::Unknown(number))
    }
}
