//! What a host remembers of a volume, held against older copies of it.

use std::io;
use std::sync::{Arc, Mutex};

use super::super::locked::remembered;
use super::faulty::Faulty;
use super::team::*;
use super::*;
use crate::format::{LOG_BLOCKS, LOG_FIRST_BLOCK};

/// A memory that fails where it is told to.
#[derive(Default)]
struct Host {
    seen: Mutex<Option<Remembered>>,
    recall_fails: bool,
    remember_fails: bool,
}

impl RollbackMemory for Host {
    fn recall(&self, _: VolumeId) -> io::Result<Option<Remembered>> {
        if self.recall_fails {
            return Err(io::Error::other("the disk is gone"));
        }
        Ok(*self.seen.lock().unwrap())
    }

    fn remember(&self, _: VolumeId, seen: Remembered) -> io::Result<()> {
        if self.remember_fails {
            return Err(io::Error::other("the disk is full"));
        }
        let mut known = self.seen.lock().unwrap();
        *known = Some(known.map_or(seen, |known| known.latest(seen)));
        Ok(())
    }

    fn forget(&self, _: VolumeId) -> io::Result<bool> {
        Ok(self.seen.lock().unwrap().take().is_some())
    }
}

/// A medium and a host that remembers it.
struct Place {
    storage: MemoryStorage,
    host: Arc<dyn RollbackMemory>,
}

impl Place {
    fn new(image: &[u8]) -> Self {
        Self::with_host(image, Arc::new(Host::default()))
    }

    fn with_host(image: &[u8], host: Arc<dyn RollbackMemory>) -> Self {
        Self {
            storage: MemoryStorage::from_vec(image.to_vec()),
            host,
        }
    }

    fn options(&self, slot: usize) -> UnlockOptions<'static> {
        UnlockOptions {
            memory: Some(Arc::clone(&self.host)),
            ..on_slot(slot)
        }
    }

    fn unlock(&self, (slot, credential): &Way) -> Result<Volume, Error> {
        self.unlock_with(credential, &self.options(*slot))
    }

    fn unlock_with<'a>(
        &self,
        credential: impl Into<Credential<'a>>,
        options: &UnlockOptions<'_>,
    ) -> Result<Volume, Error> {
        LockedVolume::open(self.storage.second_handle())
            .and_then(Opened::locked)
            .and_then(|volume| Ok(volume.unlock_with(credential, options)?))
    }

    fn image(&self) -> Vec<u8> {
        self.storage.contents()
    }

    /// Puts an earlier copy back.
    fn put_back(&self, image: &[u8]) {
        crate::storage::Storage::write_at(&self.storage, 0, image).unwrap();
    }

    /// Of a credential that was wrong only the log counts: a stranger may have written the rest.
    fn assert_remembers_the_log(&self) {
        let header = header_of(&self.image());
        let known = self.host.recall(header.root.id).unwrap().unwrap();
        assert_eq!(known.log_sequence, remembered(&header).log_sequence);
    }

    fn assert_remembers_the_medium(&self, after: &str) {
        let header = header_of(&self.image());
        let known = self.host.recall(header.root.id).unwrap();
        assert_eq!(known, Some(remembered(&header)), "{after}");
    }
}

fn admin() -> Way {
    (ADMIN, text("admin"))
}

fn wrong() -> Way {
    (USER, text("wrong"))
}

#[test]
fn a_copy_put_back_to_get_attempts_back_is_refused_and_charged_nothing() {
    let place = Place::new(&team().image);
    drop(place.unlock(&(USER, text("user"))).unwrap());
    let earlier = place.image();
    for _ in 0..3 {
        assert!(place.unlock(&wrong()).is_err());
    }
    place.put_back(&earlier);
    for way in [wrong(), (USER, text("user")), admin()] {
        let outcome = derives(0, || place.unlock(&way));
        assert!(matches!(outcome, Err(Error::Rollback(found))
            if found.remembered.log_sequence == found.found.log_sequence + 3));
    }
    assert!(place.image() == earlier, "nothing was written");
}

#[test]
fn one_failed_attempt_is_enough_to_tell_copies_apart() {
    let place = Place::new(&team().image);
    assert!(place.unlock(&wrong()).is_err());
    place.put_back(&team().image);
    assert!(matches!(place.unlock(&admin()), Err(Error::Rollback(_))));
}

#[test]
fn a_wrong_credential_teaches_the_host_no_number_that_a_stranger_can_write() {
    let mut forged = team().image.clone();
    let mut header = header_of(&forged);
    header.root.generation = 1 << 32;
    let blocks = header.encode();
    put_blocks(&mut forged, &header, &blocks);
    let place = Place::new(&forged);
    assert!(place.unlock(&wrong()).is_err());
    let log = header_of(&place.image()).log;
    let mut genuine = team().image.clone();
    let mut header = header_of(&genuine);
    header.log = log;
    let blocks = header.encode();
    put_blocks(&mut genuine, &header, &blocks);
    place.put_back(&genuine);
    assert!(place.unlock(&admin()).is_ok());
}

#[test]
fn an_older_generation_or_policy_is_refused() {
    let place = Place::new(&team().image);
    let user = place.unlock(&(USER, text("user"))).unwrap();
    let earlier = place.image();
    user.change_credential(text("new"), None).unwrap();
    drop(user);
    place.put_back(&earlier);
    let outcome = place.unlock(&(USER, text("user")));
    assert!(matches!(outcome, Err(Error::Rollback(found))
        if found.found.generation < found.remembered.generation));

    let place = Place::new(&team().image);
    let volume = place.unlock(&admin()).unwrap();
    let earlier = place.image();
    volume.remove_slot(USER, Removal::IfSafe).unwrap();
    drop(volume);
    place.put_back(&earlier);
    let outcome = place.unlock(&(USER, text("user")));
    assert!(matches!(outcome, Err(Error::Rollback(found))
        if found.found.policy_number < found.remembered.policy_number));
}

#[test]
fn a_copy_that_the_owner_put_back_counts_from_when_he_opened_it_on_that_word() {
    let place = Place::new(&team().image);
    let volume = place.unlock(&admin()).unwrap();
    volume.set_policy(&PolicyRules::default()).unwrap();
    drop(volume);
    place.put_back(&team().image);
    let accepting = |slot| UnlockOptions {
        accept_rollback: true,
        ..place.options(slot)
    };
    // Who cannot open it has no word in it.
    let wrong = place.unlock_with(text("wrong"), &accepting(USER));
    assert!(matches!(wrong, Err(Error::WrongCredential { .. })));
    assert!(matches!(place.unlock(&admin()), Err(Error::Rollback(_))));
    drop(place.unlock_with(text("admin"), &accepting(ADMIN)).unwrap());
    place.assert_remembers_the_medium("an accepted older copy");
    assert!(place.unlock(&admin()).is_ok());
}

#[test]
fn a_memory_that_cannot_be_read_refuses_the_attempt_and_charges_nothing() {
    let host = Host {
        recall_fails: true,
        ..Host::default()
    };
    let place = Place::with_host(&team().image, Arc::new(host));
    for way in [admin(), wrong(), (RECOVERY, (&team().recovery).into())] {
        let outcome = derives(0, || place.unlock(&way));
        assert!(matches!(outcome, Err(Error::Memory(_))));
    }
    assert!(place.image() == team().image);
}

#[test]
fn a_memory_that_cannot_be_written_is_told_and_keeps_nobody_out() {
    let host = Host {
        remember_fails: true,
        ..Host::default()
    };
    let place = Place::with_host(&team().image, Arc::new(host));
    let volume = place.unlock(&admin()).unwrap();
    let told = |volume: &Volume| matches!(volume.take_notices()[..], [Notice::NotRemembered(_)]);
    assert!(told(&volume));
    volume.set_policy(&PolicyRules::default()).unwrap();
    assert!(told(&volume));
}

#[test]
fn what_the_medium_has_is_remembered_after_every_attempt_and_every_change() {
    let place = Place::new(&team().image);
    assert!(place.unlock(&wrong()).is_err());
    place.assert_remembers_the_log();
    for way in team().ways_without(&[ONCE]) {
        drop(place.unlock(&way).unwrap());
        place.assert_remembers_the_medium("an unlock");
    }
    let volume = place.unlock(&admin()).unwrap();
    let changes: [(&str, &dyn Fn()); 7] = [
        ("add", &|| {
            drop(volume.add_slot(&NewSlot::new(Role::User), text("added")));
        }),
        ("reset", &|| {
            volume.reset_slot(USER, text("user"), false, None).unwrap();
        }),
        ("attempts", &|| volume.reset_attempts(USER).unwrap()),
        ("limit", &|| {
            volume.set_lockout(USER, 5, Action::EraseSlot).unwrap();
        }),
        ("own", &|| {
            volume.change_credential(text("admin"), None).unwrap();
        }),
        ("export", &|| drop(volume.export_key().unwrap())),
        ("remove", &|| {
            volume.remove_slot(OTHER, Removal::IfSafe).unwrap();
        }),
    ];
    for (name, change) in changes {
        change();
        place.assert_remembers_the_medium(name);
    }
    drop(volume);
    let locked = LockedVolume::open(place.storage.second_handle())
        .and_then(Opened::locked)
        .unwrap();
    let recovered = locked
        .recover(&team().once, Some(USER), text("new"), &place.options(ONCE))
        .unwrap();
    place.assert_remembers_the_medium("recovery");
    drop(recovered);
}

#[test]
fn the_copy_from_before_a_recovery_that_was_spent_is_refused() {
    let place = Place::new(&team().image);
    let recover = |text_: &str| {
        let locked = LockedVolume::open(place.storage.second_handle()).and_then(Opened::locked)?;
        let new = text(text_);
        Ok::<_, Error>(locked.recover(&team().once, Some(USER), &new, &place.options(ONCE))?)
    };
    drop(recover("new").unwrap());
    place.put_back(&team().image);
    assert!(matches!(recover("thief"), Err(Error::Rollback(_))));
}

#[test]
fn an_erased_slot_does_not_come_back_by_an_earlier_copy() {
    let place = Place::new(&failed_on(team().image.clone(), USER, 9));
    let earlier = place.image();
    assert!(matches!(place.unlock(&wrong()), Err(Error::SlotErased)));
    place.put_back(&earlier);
    let outcome = place.unlock(&(USER, text("user")));
    assert!(matches!(outcome, Err(Error::Rollback(_))));
}

#[test]
fn a_log_that_cannot_be_written_is_no_rollback() {
    let log = [0, COPY_B].map(|copy| {
        let start = (copy + LOG_FIRST_BLOCK * BLOCK_LEN) as u64;
        start..start + (LOG_BLOCKS * BLOCK_LEN) as u64
    });
    let host: Arc<dyn RollbackMemory> = Arc::new(Host::default());
    let mut image = team().image.clone();
    for way in [admin(), (USER, text("user")), admin()] {
        let storage = Faulty {
            unwritable: log.to_vec(),
            ..Faulty::new(&image)
        };
        let keeper = storage.memory.second_handle();
        let options = UnlockOptions {
            memory: Some(Arc::clone(&host)),
            ..on_slot(way.0)
        };
        let volume = LockedVolume::open(storage)
            .and_then(Opened::locked)
            .unwrap()
            .unlock_with(&way.1, &options)
            .unwrap();
        if way.0 == ADMIN {
            volume.set_policy(&PolicyRules::default()).unwrap();
            volume.reset_attempts(USER).unwrap();
            volume.export_key().unwrap();
        }
        drop(volume);
        image = keeper.contents();
    }
}

#[test]
fn a_file_remembers_across_programs_until_it_is_told_to_forget() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volumes");
    let file = || Arc::new(FileMemory::new(&path));
    let place = Place::with_host(&team().image, file());
    drop(place.unlock(&admin()).unwrap());
    assert!(place.unlock(&wrong()).is_err());
    place.assert_remembers_the_log();
    let again = Place::with_host(&team().image, file());
    assert!(matches!(again.unlock(&admin()), Err(Error::Rollback(_))));
    assert!(file().forget(header_of(&team().image).root.id).unwrap());
    drop(again.unlock(&admin()).unwrap());

    std::fs::write(&path, "tenlock rollback memory 9\n").unwrap();
    assert!(matches!(again.unlock(&admin()), Err(Error::Memory(_))));
}
