//! What was genuine once and is put back, and endorsements that nobody may give.

use std::sync::{Arc, Mutex};

use super::super::keys::endorsement_message;
use super::cast::{ADMIN, ESCROW, ONE_TIME, READER, RECOVERY, Stick, USER, cast, choosing};
use super::forge::Forge;
use super::tampering::assert_refused;
use super::*;
use crate::format::{Endorsement, SlotBlock};

/// The volume after `change` by an admin, in which a user who still has his keys writes.
///
/// He has kept the header from before.
fn after(change: impl FnOnce(&Volume)) -> (Forge, Box<Header>) {
    let stick = cast().stick();
    let Forge { header: old, keys } = stick.forge(USER);
    change(&stick.admin());
    let header = stick.header();
    (Forge { header, keys }, old)
}

fn assert_old_slot_is_refused(change: impl Fn(&Volume), slot: usize) {
    // With the number that it had, and with the one that is due.
    for version in [1, 2] {
        let (mut forge, old) = after(&change);
        assert_eq!(forge.header.root.slot_versions[slot], 2);
        forge.header.slots[slot] = old.slots[slot].clone();
        forge.header.root.slot_versions[slot] = version;
        assert_old(forge, slot);
    }
}

/// Asserts that the admin, who may have another passphrase by now, and escrow refuse it.
fn assert_old(forge: Forge, slot: usize) {
    let image = forge.authenticated().image();
    for opener in [ADMIN, ESCROW, RECOVERY] {
        let stick = Stick::new(&image);
        let outcome = derives(0, || stick.unlock(opener));
        assert!(
            matches!(outcome, Err(Error::Damaged(Damage::OlderSlot { slot: told })) if told == slot),
            "{outcome:?}"
        );
        assert!(stick.image() == image);
    }
}

#[test]
fn the_admins_slot_from_before_his_change_is_refused() {
    let change = |admin: &Volume| {
        admin
            .change_credential(&passphrase("changed"), None)
            .unwrap();
    };
    assert_old_slot_is_refused(change, ADMIN);
}

#[test]
fn a_users_slot_from_before_a_reset_is_refused() {
    let reset = |admin: &Volume| {
        admin
            .reset_slot(USER, &passphrase("given"), false, None)
            .unwrap();
    };
    assert_old_slot_is_refused(reset, USER);
}

#[test]
fn a_slot_that_was_removed_is_refused() {
    for version in [1, 2, 3] {
        let (mut forge, old) = after(|admin| {
            admin.remove_slot(USER, Removal::IfSafe).unwrap();
        });
        forge.header.slots[USER] = old.slots[USER].clone();
        forge.header.root.slot_versions[USER] = version;
        if version == 1 {
            assert_old(forge, USER);
        } else {
            assert_refused_by_admin(forge, Damage::NotGranted { slot: USER });
        }
    }
}

fn assert_refused_by_admin(forge: Forge, expected: Damage) {
    let stick = Stick::new(&forge.authenticated().image());
    let outcome = derives(0, || stick.unlock(ADMIN));
    assert!(
        matches!(outcome, Err(Error::Damaged(damage)) if damage == expected),
        "{outcome:?}"
    );
}

#[test]
fn who_held_a_slot_before_a_reset_cannot_sign_it_any_more() {
    let (mut forge, old) = after(|admin| {
        let given = passphrase("given");
        admin.reset_slot(USER, &given, false, None).unwrap();
    });
    put_signed(&mut forge, &old, 3);
    assert_refused_by_admin(forge, Damage::SlotChanged { slot: USER });
}

/// Puts the user's slot back under a new number, signed by the holder that he was.
fn put_signed(forge: &mut Forge, old: &Header, version: u64) {
    forge.header.slots[USER] = old.slots[USER].clone();
    forge.header.root.slot_versions[USER] = version;
    if let SlotBlock::Used(slot) = &mut forge.header.slots[USER] {
        slot.version = version;
    }
    forge.sign_slot(USER);
}

/// A slot whose holder is that of `forge`, endorsed by it in the name of `by`.
fn endorse(forge: &mut Forge, by: usize, slot: usize) {
    let id = forge.header.root.id;
    let version = forge.header.root.slot_versions[slot] + 1;
    forge.header.root.slot_versions[slot] = version;
    let index = u16::try_from(slot).unwrap();
    let holder = forge.keys.holder().public_key().0;
    if let SlotBlock::Used(contents) = &mut forge.header.slots[slot] {
        let message = endorsement_message(id, index, &contents.grant_id, version, &holder);
        contents.version = version;
        contents.endorsement = Some(Endorsement {
            by: u8::try_from(by).unwrap(),
            since: version,
            holder,
            signature: forge.keys.holder().sign(&message),
        });
    }
    forge.sign_slot(slot);
}

#[test]
fn a_recovery_slot_endorses_the_slots_of_users_whatever_software_it_uses() {
    let mut forge = cast().stick().forge(RECOVERY);
    endorse(&mut forge, RECOVERY, READER);
    let stick = Stick::new(&forge.authenticated().image());
    assert!(stick.unlock(ADMIN).is_ok());
}

#[test]
fn nobody_else_endorses_and_nobody_endorses_other_slots() {
    for (forger, by, slot) in [
        (USER, USER, READER),
        (USER, RECOVERY, READER),
        (USER, ONE_TIME, READER),
        (USER, 31, READER),
        (ESCROW, ESCROW, READER),
        (ESCROW, RECOVERY, READER),
        (RECOVERY, ONE_TIME, READER),
        (RECOVERY, RECOVERY, ADMIN),
        (RECOVERY, RECOVERY, ONE_TIME),
        (RECOVERY, RECOVERY, ESCROW),
    ] {
        let mut forge = cast().stick().forge(forger);
        endorse(&mut forge, by, slot);
        assert_refused(forge, Damage::SlotChanged { slot });
    }
}

#[test]
fn an_endorsement_is_of_one_slot() {
    let mut forge = cast().stick().forge(RECOVERY);
    endorse(&mut forge, RECOVERY, READER);
    let endorsement = forge.header.slots[READER].slot().unwrap().endorsement;
    let mut forge = cast().stick().forge(USER);
    if let SlotBlock::Used(slot) = &mut forge.header.slots[USER] {
        slot.endorsement = endorsement;
    }
    assert_refused(forge, Damage::SlotChanged { slot: USER });
}

/// What a user who was recovered once can do after an admin has reset his slot.
#[test]
fn an_endorsement_from_before_an_admins_reset_is_worth_nothing() {
    let stick = cast().stick();
    let options = choosing(SlotChoice::Slot(RECOVERY));
    let recovered = passphrase("recovered");
    stick
        .locked()
        .recover(
            cast().credential(RECOVERY),
            Some(USER),
            &recovered,
            &options,
        )
        .unwrap();
    let options = choosing(SlotChoice::Slot(USER));
    let opened = stick.locked().open_slot(&(&recovered).into(), &options);
    let opened = opened.unwrap();
    let old = opened.volume.header.clone();
    drop(opened.volume);
    let given = passphrase("given");
    stick.admin().reset_slot(USER, &given, false, None).unwrap();
    let mut forge = Forge {
        header: stick.header(),
        keys: opened.keys,
    };
    assert!(old.slots[USER].slot().unwrap().endorsement.is_some());
    let version = forge.header.root.slot_versions[USER] + 1;
    put_signed(&mut forge, &old, version);
    assert_refused_by_admin(forge, Damage::SlotChanged { slot: USER });
}

/// A host that remembers.
#[derive(Default)]
struct Host(Mutex<Option<Remembered>>);

impl RollbackMemory for Host {
    fn recall(&self, _: VolumeId) -> std::io::Result<Option<Remembered>> {
        Ok(*self.0.lock().unwrap())
    }

    fn remember(&self, _: VolumeId, seen: Remembered) -> std::io::Result<()> {
        let mut known = self.0.lock().unwrap();
        *known = Some(known.map_or(seen, |known| known.latest(seen)));
        Ok(())
    }

    fn forget(&self, _: VolumeId) -> std::io::Result<bool> {
        Ok(self.0.lock().unwrap().take().is_some())
    }
}

fn unlock_at(host: &Arc<Host>, stick: &Stick) -> Result<Volume, Error> {
    let mut options = choosing(SlotChoice::Slot(ADMIN));
    options.memory = Some(host.clone());
    Ok(stick
        .locked()
        .unlock_with(cast().credential(ADMIN), &options)?)
}

/// The limit of what a medium can tell by itself, and what a host adds to it.
#[test]
fn a_whole_older_policy_is_told_by_the_memory_of_a_host_and_not_without_it() {
    let host = Arc::new(Host::default());
    let stick = cast().stick();
    let Forge { header: old, keys } = stick.forge(USER);
    stick.admin().remove_slot(USER, Removal::IfSafe).unwrap();
    drop(unlock_at(&host, &stick).unwrap());
    let mut header = old;
    header.root.generation = stick.header().root.generation + 5;
    header.log = stick.header().log;
    let forge = Forge { header, keys };
    let put_back = Stick::new(&forge.authenticated().image());
    assert_eq!(put_back.unlock(USER).unwrap().slot(), USER, "back in");
    assert!(put_back.unlock(ADMIN).is_ok());
    match derives(0, || unlock_at(&host, &put_back)) {
        Err(Error::Rollback(Rollback { remembered, found })) => {
            assert!(found.policy_number < remembered.policy_number);
            assert!(found.generation > remembered.generation);
        }
        other => panic!("the older policy should be told: {other:?}"),
    }
}

/// The other limit: what no admin has signed since is protected by nothing but the key that all
/// share.
#[test]
fn what_users_did_since_an_admin_last_signed_can_be_undone_by_another_user() {
    let stick = cast().stick();
    let kept = stick.header();
    let user = stick.unlock(USER).unwrap();
    user.change_credential(&passphrase("changed"), None)
        .unwrap();
    drop(user);
    let mut forge = stick.forge(READER);
    forge.header.slots[USER] = kept.slots[USER].clone();
    forge.header.root.slot_versions[USER] = kept.root.slot_versions[USER];
    let put_back = Stick::new(&forge.authenticated().image());
    assert!(put_back.unlock(USER).is_ok());

    stick.admin().set_label(&Label::default()).unwrap();
    let mut forge = stick.forge(READER);
    forge.header.slots[USER] = kept.slots[USER].clone();
    forge.header.root.slot_versions[USER] = kept.root.slot_versions[USER];
    assert_old(forge, USER);
}
