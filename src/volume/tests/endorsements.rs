//! What a recovery key can still do after it was used, and what not.

use super::super::attempt::slot_index;
use super::super::draft::{Draft, Filling};
use super::super::keys::endorsement_message;
use super::*;
use crate::crypto::{Argon2Options, RecoveryKey, SigningKey, fill_random};
use crate::format::{Endorsement, Role, SlotBlock};

const USER: usize = 1;
const RECOVERY: usize = 2;

/// A volume with an admin, a user and a recovery key.
fn volume(one_time: bool) -> (Vec<u8>, RecoveryKey) {
    let storage = MemoryStorage::default();
    let keeper = storage.second_handle();
    let (right, user, key) = (
        passphrase("right"),
        passphrase("user"),
        RecoveryKey::generate().unwrap(),
    );
    let mut recovery = NewSlot::new(Role::Recovery);
    recovery.one_time = one_time;
    let grantees = [
        (NewSlot::new(Role::Admin), Credential::from(&right)),
        (NewSlot::new(Role::User), (&user).into()),
        (recovery, (&key).into()),
    ]
    .map(|(slot, credential)| Grantee { slot, credential });
    create_with_slots(storage, &options(), &grantees).unwrap();
    (keeper.contents(), key)
}

/// The volume after the user's slot was recovered for "new"; and the volume open as that user.
fn recovered(image: &[u8], key: &RecoveryKey) -> (Volume, Vec<u8>) {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let locked = LockedVolume::open(storage).unwrap().locked().unwrap();
    let new = passphrase("new");
    let volume = locked
        .recover(key, Some(USER), &new, &UnlockOptions::default())
        .unwrap();
    (volume, keeper.contents())
}

/// The volume after the admin did something.
fn by_admin(image: &[u8], work: impl FnOnce(&Volume)) -> Vec<u8> {
    let storage = MemoryStorage::from_vec(image.to_vec());
    let keeper = storage.second_handle();
    let admin = LockedVolume::open(storage)
        .and_then(Opened::locked)
        .unwrap()
        .unlock_with(&passphrase("right"), &any_slot())
        .unwrap();
    work(&admin);
    drop(admin);
    keeper.contents()
}

/// What somebody who has the header key writes: the user's slot filled for "thief", signed by `holder`
/// with `endorsement`.
fn forged(
    image: &[u8],
    volume: &Volume,
    holder: &SigningKey,
    endorsement: Option<Endorsement>,
) -> Vec<u8> {
    let header = header_of(image);
    let mut draft = Draft::new(header, volume.keys(), &fill_random, 0);
    let thief = passphrase("thief");
    let filling = Filling {
        credential: &(&thief).into(),
        cost: None,
        must_change: false,
        derivation: &Argon2Options::default(),
    };
    draft.fill(USER, &filling, holder, endorsement).unwrap();
    let mut next = draft.header;
    next.root.generation += 1;
    next.renew_sums();
    next.root.mac = volume.keys().root_mac(&next).unwrap();
    let mut image = image.to_vec();
    put_blocks(&mut image, &next, &next.encode());
    image
}

fn assert_refused(image: &[u8]) {
    for text in ["thief", "right"] {
        let (outcome, left) = derives(0, || unlock(image, text));
        assert!(
            matches!(
                outcome,
                Err(Error::Damaged(Damage::SlotChanged { slot: USER }))
            ),
            "{outcome:?}"
        );
        assert_eq!(failed(&left), 0);
    }
}

#[test]
fn a_recovered_user_is_shut_out_by_an_admins_reset_although_he_keeps_his_endorsement() {
    let (image, key) = volume(false);
    let (user, image) = recovered(&image, &key);
    let SlotBlock::Used(own) = header_of(&image).slots[USER].clone() else {
        panic!("the user's slot is in use")
    };
    let reset = by_admin(&image, |admin| {
        admin
            .reset_slot(USER, &passphrase("successor"), false, None)
            .unwrap();
    });
    assert!(opens(&reset, "successor") && !opens(&reset, "new"));
    assert_refused(&forged(
        &reset,
        &user,
        user.keys().holder(),
        own.endorsement,
    ));
}

#[test]
fn a_spent_recovery_key_endorses_nobody_once_the_authority_has_signed() {
    let (image, key) = volume(true);
    // Whoever used the key may have kept the seed that it opened.
    let locked = open_locked(&image);
    let opened = locked
        .open_slot(&(&key).into(), &UnlockOptions::default())
        .unwrap();
    let seed = opened.keys.holder().seed().expose().to_vec();
    drop(opened);
    let kept = SigningKey::from_seed(crate::crypto::Secret::copy_of(&seed).unwrap()).unwrap();
    let (user, image) = recovered(&image, &key);
    let signed = by_admin(&image, |admin| {
        admin.set_policy(&admin.policy()).unwrap();
    });
    assert!(opens(&signed, "new"));
    let header = header_of(&signed);
    let thief = SigningKey::from_seed(crate::crypto::Secret::random(32).unwrap()).unwrap();
    let since = header.root.slot_versions[USER] + 1;
    let holder = thief.public_key().0;
    let grant_id = header.policy.grants[USER].as_ref().unwrap().id;
    let message = endorsement_message(header.root.id, slot_index(USER), &grant_id, since, &holder);
    let endorsement = Endorsement {
        by: u8::try_from(RECOVERY).unwrap(),
        since,
        holder,
        signature: kept.sign(&message),
    };
    assert_refused(&forged(&signed, &user, &thief, Some(endorsement)));
}
