//! One volume with a slot of every kind, and all that opens it.

use super::super::create::Grantee;
use super::super::locked::OpenSlot;
use super::forge::Forge;
use super::*;
use crate::crypto::{KeyFile, PrivateKey, RecoveryKey};
use crate::format::Role;

pub(super) const ADMIN: usize = 0;
pub(super) const USER: usize = 1;
pub(super) const RECOVERY: usize = 2;
/// Recovery that opens once only.
pub(super) const ONE_TIME: usize = 3;
/// Sealed to a public key.
pub(super) const ESCROW: usize = 4;
/// A user with a passphrase and a key file.
pub(super) const TWO_FACTORS: usize = 5;
/// A user who may only read.
pub(super) const READER: usize = 6;
/// A user who must change his passphrase.
pub(super) const NEWCOMER: usize = 7;
pub(super) const ALL: [usize; 8] = [
    ADMIN,
    USER,
    RECOVERY,
    ONE_TIME,
    ESCROW,
    TWO_FACTORS,
    READER,
    NEWCOMER,
];

/// Everybody's credentials.
pub(super) struct Cast {
    image: Vec<u8>,
    passphrases: [Passphrase; 5],
    recovery: RecoveryKey,
    one_time: RecoveryKey,
    escrow: PrivateKey,
    key_file: KeyFile,
}

/// The cast of all tests: its volume is made once.
pub(super) fn cast() -> &'static Cast {
    static CAST: LazyLock<Cast> = LazyLock::new(Cast::new);
    &CAST
}

pub(super) fn key_file(content: &str) -> KeyFile {
    KeyFile::from_reader(content.as_bytes()).unwrap()
}

impl Cast {
    fn new() -> Self {
        let mut cast = Self {
            image: Vec::new(),
            passphrases: ["right", "user", "two", "reader", "newcomer"].map(passphrase),
            recovery: RecoveryKey::generate().unwrap(),
            one_time: RecoveryKey::generate().unwrap(),
            escrow: PrivateKey::generate().unwrap(),
            key_file: key_file("what the key file holds"),
        };
        let storage = MemoryStorage::default();
        let keeper = storage.second_handle();
        create_with_slots(storage, &options(), &cast.grantees()).unwrap();
        cast.image = keeper.contents();
        cast
    }

    fn grantees(&self) -> Vec<Grantee<'_>> {
        ALL.map(|slot| Grantee {
            slot: new_slot(slot),
            credential: if slot == ESCROW {
                self.escrow.public_key().into()
            } else {
                self.credential(slot)
            },
        })
        .into()
    }

    /// What opens this slot.
    pub(super) fn credential(&self, slot: usize) -> Credential<'_> {
        let [right, user, two, reader, newcomer] = &self.passphrases;
        match slot {
            ADMIN => right.into(),
            USER => user.into(),
            RECOVERY => (&self.recovery).into(),
            ONE_TIME => (&self.one_time).into(),
            ESCROW => (&self.escrow).into(),
            TWO_FACTORS => Credential::from(two).and(&self.key_file),
            READER => reader.into(),
            NEWCOMER => newcomer.into(),
            other => panic!("nobody has slot {other}"),
        }
    }

    pub(super) fn key_file(&self) -> &KeyFile {
        &self.key_file
    }

    /// A medium with this volume.
    pub(super) fn stick(&self) -> Stick {
        Stick::new(&self.image)
    }
}

fn new_slot(slot: usize) -> NewSlot {
    let mut new = NewSlot::new(match slot {
        ADMIN => Role::Admin,
        RECOVERY | ONE_TIME => Role::Recovery,
        ESCROW => Role::Escrow,
        _ => Role::User,
    });
    new.one_time = slot == ONE_TIME;
    new.read_only = slot == READER;
    new.must_change = slot == NEWCOMER;
    new
}

/// A medium that is opened and closed many times.
pub(super) struct Stick(MemoryStorage);

impl Stick {
    pub(super) fn new(image: &[u8]) -> Self {
        Self(MemoryStorage::from_vec(image.to_vec()))
    }

    pub(super) fn image(&self) -> Vec<u8> {
        self.0.contents()
    }

    pub(super) fn header(&self) -> Box<Header> {
        read_header(&self.0).unwrap()
    }

    pub(super) fn info(&self) -> Info {
        inspect(&self.0).unwrap()
    }

    /// What anybody reads of a slot that is granted.
    pub(super) fn slot(&self, index: usize) -> SlotInfo {
        let slots = self.info().slots;
        slots.into_iter().find(|slot| slot.index == index).unwrap()
    }

    /// Failed attempts on each slot.
    pub(super) fn failed(&self) -> [u8; 32] {
        let header = self.header();
        std::array::from_fn(|slot| super::super::attempt::failed(&header, slot))
    }

    pub(super) fn open(&self) -> Result<Opened, Error> {
        LockedVolume::open(self.0.second_handle())
    }

    pub(super) fn locked(&self) -> LockedVolume {
        self.open().and_then(Opened::locked).unwrap()
    }

    pub(super) fn unlock_with<'a>(
        &self,
        credential: impl Into<Credential<'a>>,
        choice: SlotChoice,
    ) -> Result<Volume, Error> {
        let locked = self.open().and_then(Opened::locked)?;
        Ok(locked.unlock_with(credential, &choosing(choice))?)
    }

    /// The volume as the holder of this slot of the cast opens it.
    pub(super) fn unlock(&self, slot: usize) -> Result<Volume, Error> {
        self.unlock_with(cast().credential(slot), SlotChoice::Slot(slot))
    }

    pub(super) fn admin(&self) -> Volume {
        self.unlock(ADMIN).unwrap()
    }

    /// Which slot, of all, opens with this credential.
    pub(super) fn opened_by<'a>(
        &self,
        credential: impl Into<Credential<'a>>,
    ) -> Result<usize, Error> {
        let locked = self.open().and_then(Opened::locked)?;
        Ok(locked
            .try_credential(credential, &choosing(SlotChoice::Any))?
            .slot)
    }

    /// What somebody with the credential of this slot of the cast can do with software of his own.
    pub(super) fn forge(&self, slot: usize) -> Forge {
        let options = choosing(SlotChoice::Slot(slot));
        let OpenSlot { volume, keys, .. } = self
            .locked()
            .open_slot(&cast().credential(slot), &options)
            .unwrap();
        Forge {
            header: volume.header,
            keys,
        }
    }
}

pub(super) fn choosing(choice: SlotChoice) -> UnlockOptions<'static> {
    UnlockOptions {
        choice,
        ..UnlockOptions::default()
    }
}

/// Asserts that nothing of what was wrapped in a slot of `before` is left anywhere in `after`.
pub(super) fn assert_no_trace(before: &Header, slot: usize, after: &[u8]) {
    let wrapped = before.slots[slot].slot().unwrap().wrapped;
    for needle in [&wrapped.commitment[..], &wrapped.ciphertext[..32]]
        .into_iter()
        .chain(wrapped.ciphertext.chunks_exact(32).skip(1))
    {
        assert!(
            !after
                .windows(needle.len())
                .step_by(8)
                .any(|bytes| bytes == needle),
            "wrapped bytes of slot {slot} are left"
        );
    }
}

#[test]
fn each_of_the_cast_opens_his_own_slot_and_a_trace_of_it_is_seen() {
    let stick = cast().stick();
    for slot in ALL {
        assert_eq!(stick.opened_by(cast().credential(slot)).unwrap(), slot);
    }
    let seen = || assert_no_trace(&stick.header(), USER, &stick.image());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(seen)).is_err());
}
