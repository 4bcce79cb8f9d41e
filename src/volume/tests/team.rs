//! A volume of several people, and who of them can open it.

use super::super::attempt::set_failed;
use super::*;
use crate::crypto::{PrivateKey, RecoveryKey};

/// Slot of the admin, whose passphrase is "admin".
pub(super) const ADMIN: usize = 0;
/// Slot of the user whose passphrase is "user".
pub(super) const USER: usize = 1;
/// Slot of the user whose passphrase is "other"; three attempts.
pub(super) const OTHER: usize = 2;
/// Slot of the recovery key that opens again and again.
pub(super) const RECOVERY: usize = 3;
/// Slot of the recovery key that opens once.
pub(super) const ONCE: usize = 4;
/// Slot of the escrow's private key.
pub(super) const ESCROW: usize = 5;

/// A slot, and a credential for it.
pub(super) type Way = (usize, Credential<'static>);

/// The volume, and the secrets that are no passphrases.
pub(super) struct Team {
    pub(super) image: Vec<u8>,
    pub(super) recovery: RecoveryKey,
    pub(super) once: RecoveryKey,
    pub(super) escrow: PrivateKey,
}

/// The same volume for all tests.
pub(super) fn team() -> &'static Team {
    static TEAM: LazyLock<Team> = LazyLock::new(Team::new);
    &TEAM
}

impl Team {
    fn new() -> Self {
        let mut team = Self {
            image: Vec::new(),
            recovery: RecoveryKey::generate().unwrap(),
            once: RecoveryKey::generate().unwrap(),
            escrow: PrivateKey::generate().unwrap(),
        };
        let storage = MemoryStorage::default();
        let keeper = storage.second_handle();
        create_with_slots(storage, &options(), &team.grantees()).unwrap();
        team.image = keeper.contents();
        team
    }

    /// What the volume is made of.
    pub(super) fn grantees(&self) -> Vec<Grantee<'_>> {
        let mut other = NewSlot::new(Role::User);
        other.attempt_limit = 3;
        let mut once = NewSlot::new(Role::Recovery);
        once.one_time = true;
        vec![
            grantee(NewSlot::new(Role::Admin), text("admin")),
            grantee(NewSlot::new(Role::User), text("user")),
            grantee(other, text("other")),
            grantee(NewSlot::new(Role::Recovery), &self.recovery),
            grantee(once, &self.once),
            grantee(NewSlot::new(Role::Escrow), self.escrow.public_key()),
        ]
    }

    /// Every slot of the volume with its credential.
    pub(super) fn ways(&'static self) -> Vec<Way> {
        vec![
            (ADMIN, text("admin")),
            (USER, text("user")),
            (OTHER, text("other")),
            (RECOVERY, (&self.recovery).into()),
            (ONCE, (&self.once).into()),
            (ESCROW, (&self.escrow).into()),
        ]
    }

    /// Every slot of the volume but these, with its credential.
    pub(super) fn ways_without(&'static self, slots: &[usize]) -> Vec<Way> {
        let mut ways = self.ways();
        ways.retain(|(slot, _)| !slots.contains(slot));
        ways
    }
}

fn grantee<'a>(slot: NewSlot, credential: impl Into<Credential<'a>>) -> Grantee<'a> {
    Grantee {
        slot,
        credential: credential.into(),
    }
}

/// A passphrase that lives as long as the tests do.
pub(super) fn text(text: &str) -> Credential<'static> {
    Credential::from(&*Box::leak(Box::new(passphrase(text))))
}

/// To be tried on this slot only.
pub(super) fn on_slot(slot: usize) -> UnlockOptions<'static> {
    UnlockOptions {
        choice: SlotChoice::Slot(slot),
        ..UnlockOptions::default()
    }
}

/// Opens `image` as the one who has this credential.
pub(super) fn open_as(storage: impl crate::storage::Storage + 'static, way: &Way) -> Volume {
    LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock_with(&way.1, &on_slot(way.0))
        .unwrap()
}

/// Tries a credential on its slot; also gives the bytes that this leaves.
pub(super) fn try_way(image: &[u8], (slot, credential): &Way) -> (Result<usize, Error>, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let outcome = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .and_then(|volume| Ok(volume.try_credential(credential, &on_slot(*slot))?));
    (outcome.map(|tried| tried.slot), keeper.contents())
}

/// Whether the credential opens its slot.
pub(super) fn can_open(image: &[u8], way: &Way) -> bool {
    match try_way(image, way).0 {
        Ok(slot) => {
            assert_eq!(slot, way.0);
            true
        }
        Err(
            Error::WrongCredential { .. }
            | Error::SlotErased
            | Error::NoMatchingSlot
            | Error::AttemptReserved { .. },
        ) => false,
        Err(error) => panic!("neither right nor wrong for slot {}: {error}", way.0),
    }
}

/// `image` with so many failed attempts on a slot, in both copies.
pub(super) fn failed_on(mut image: Vec<u8>, slot: usize, failed: u8) -> Vec<u8> {
    let mut header = header_of(&image);
    set_failed(&mut header, slot, failed);
    let block = header.counters.encode(header.root.id);
    put_blocks(&mut image, &header, &[(COUNTERS_BLOCK, block)]);
    image
}

/// `image` after the last attempt on a user's slot has failed.
pub(super) fn exhausted(image: &[u8], slot: usize) -> Vec<u8> {
    let limit = super::super::attempt::limit(&header_of(image), slot).unwrap();
    let last = failed_on(image.to_vec(), slot, limit - 1);
    let (outcome, left) = try_way(&last, &(slot, text("wrong")));
    assert!(matches!(outcome, Err(Error::SlotErased)));
    left
}

#[test]
fn everybody_of_the_team_opens_the_volume_and_the_log_is_whole() {
    for way in team().ways() {
        assert!(can_open(&team().image, &way), "slot {}", way.0);
    }
    let volume = open_as(
        MemoryStorage::from_vec(team().image.clone()),
        &(ADMIN, text("admin")),
    );
    assert!(volume.event_log().unwrap().faults.is_empty());
}
