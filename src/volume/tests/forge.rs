//! Headers with any contents, signed with the right keys: what an admin, or a hostile one, could write.

use super::super::attempt::slot_index;
use super::super::create::{Grantee, Material, New};
use super::super::draft::Draft;
use super::super::genuine;
use super::super::keys::{Keys, policy_message, slot_message};
use super::*;
use crate::crypto::{Argon2Options, Secret, SigningKey, fill_random};
use crate::format::{Factor, PassphraseFactor, Role, Seal, SlotBlock, VolumeId};

/// A header in the making, with its keys. Slot 0 is an admin's and opens with "right".
pub(super) struct Forge {
    pub(super) header: Box<Header>,
    pub(super) keys: Keys,
}

impl Forge {
    pub(super) fn new() -> Self {
        let id = VolumeId::from_random([3; 16]);
        let seal = Seal::generate(id, 64, fill_random).unwrap();
        let material = Material {
            id,
            seal,
            volume_key: Secret::random(32).unwrap(),
            authority: random_authority(),
        };
        let right = passphrase("right");
        let admin = Grantee {
            slot: NewSlot::new(Role::Admin),
            credential: (&right).into(),
        };
        let New { header, keys, .. } = material
            .build(
                &options(),
                PAYLOAD as u64,
                &[admin],
                &Argon2Options::default(),
                &fill_random,
                0,
            )
            .unwrap();
        Self { header, keys }
    }

    /// The passphrase factor of slot 0, which the others share as a rule.
    pub(super) fn factor(&self) -> PassphraseFactor {
        match self.header.slots[0].slot().unwrap().factors.as_slice() {
            [Factor::Passphrase(factor)] => *factor,
            other => panic!("slot 0 has a passphrase: {other:?}"),
        }
    }

    /// Grants a user's slot that opens with `text`.
    pub(super) fn add_user(&mut self, slot: usize, text: &str, limit: u8) {
        let mut user = NewSlot::new(Role::User);
        (user.index, user.attempt_limit) = (Some(slot), limit);
        self.add(&user, &passphrase(text));
    }

    /// Grants a slot.
    pub(super) fn add<'a>(&mut self, slot: &NewSlot, credential: impl Into<Credential<'a>>) {
        let mut draft = Draft::new(self.header.clone(), &self.keys, &fill_random, 0);
        let credential = credential.into();
        draft
            .add(slot, &credential, &Argon2Options::default())
            .unwrap();
        draft.sign().unwrap();
        self.header = draft.header;
    }

    /// Signs a slot as its holder would, who is the one that the keys belong to.
    pub(super) fn sign_slot(&mut self, index: usize) {
        let id = self.header.root.id;
        if let SlotBlock::Used(slot) = &mut self.header.slots[index] {
            let message = slot_message(slot, id, slot_index(index));
            slot.signature = self.keys.holder().sign(&message);
        }
    }

    /// Signs the policy and the label, and authenticates the root.
    pub(super) fn signed(mut self) -> Self {
        self.renew_signed_sums();
        let authority = self.keys.authority().unwrap();
        self.header.policy.signature = authority.sign(&policy_message(&self.header));
        self.authenticated()
    }

    /// As [`signed`](Self::signed), by another authority.
    pub(super) fn signed_by(mut self, authority: &SigningKey) -> Self {
        self.renew_signed_sums();
        self.header.policy.signature = authority.sign(&policy_message(&self.header));
        self.authenticated()
    }

    fn renew_signed_sums(&mut self) {
        self.header.renew_sums();
        self.header.policy.static_sum = genuine::static_sum(&self.header);
        self.header.policy.label_sum = self.header.root.label_sum;
    }

    /// Authenticates the root as a holder of any credential can.
    pub(super) fn authenticated(mut self) -> Self {
        self.header.renew_sums();
        self.header.root.mac = self.keys.root_mac(&self.header).unwrap();
        self
    }

    /// The bytes of the volume.
    pub(super) fn image(&self) -> Vec<u8> {
        let mut image = vec![0; COPY_B + COPY];
        put_blocks(&mut image, &self.header, &self.header.encode());
        image
    }
}

pub(super) fn random_authority() -> SigningKey {
    SigningKey::from_seed(Secret::random(32).unwrap()).unwrap()
}

#[test]
fn a_forged_volume_opens_like_one_that_was_created() {
    let mut forge = Forge::new();
    forge.add_user(4, "user", 3);
    let image = forge.signed().image();
    assert_eq!(unlock(&image, "right").0.unwrap().slot(), 0);
    assert_eq!(unlock(&image, "user").0.unwrap().slot(), 4);
}
