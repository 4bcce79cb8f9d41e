//! Headers with any contents, signed with the right keys: what an admin, or a hostile one, could write.

use super::super::create::{Material, slot_for};
use super::super::keys::{Keys, SlotContext, derive, signed_message};
use super::super::unlocked::new_passphrase_factor;
use super::*;
use crate::crypto::{Secret, SigningKey};
use crate::format::{Action, Factor, Grant, PassphraseFactor, Role, Seal, SlotBlock, VolumeId};

/// A header in the making, with its keys. Slot 0 is an admin's and opens with "right".
pub(super) struct Forge {
    pub(super) header: Box<Header>,
    pub(super) keys: Keys,
}

impl Forge {
    pub(super) fn new() -> Self {
        let id = VolumeId::from_random([3; 16]);
        let seal = Seal::generate(id, 64, crate::crypto::fill_random).unwrap();
        let grant_id = [1; 16];
        let factor = new_passphrase_factor(options().cost).unwrap();
        let material = Material {
            id,
            seal,
            volume_key: Secret::random(32).unwrap(),
            authority: random_authority(),
            grant_id,
            slot: slot_for(Role::Admin, grant_id, factor).unwrap(),
        };
        let (header, keys) = material
            .build(&options(), PAYLOAD as u64, &passphrase("right"))
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

    /// The same cost with another salt.
    pub(super) fn other_factor(&self, salt: u8) -> PassphraseFactor {
        PassphraseFactor {
            salt: [salt; 32],
            ..self.factor()
        }
    }

    /// Grants a user's slot that opens with `text`.
    pub(super) fn add_user(
        &mut self,
        slot: usize,
        text: &str,
        factor: PassphraseFactor,
        limit: u8,
    ) {
        let id = [u8::try_from(slot).unwrap() + 1; 16];
        let lockout = Some((limit, Action::EraseSlot));
        self.header.policy.grants[slot] = Some(Grant {
            role: Role::User,
            lockout,
            flags: 0,
            id,
            created: 0,
            name: String::new(),
        });
        let authority = self.keys.authority.take();
        self.wrap(slot, Role::User, id, text, factor);
        self.keys.authority = authority;
    }

    /// Wraps the keys as they are now for slot 0.
    pub(super) fn wrap_admin(&mut self) {
        self.wrap(0, Role::Admin, [1; 16], "right", self.factor());
    }

    fn wrap(
        &mut self,
        index: usize,
        role: Role,
        grant_id: [u8; 16],
        text: &str,
        factor: PassphraseFactor,
    ) {
        let output = derive(&passphrase(text), &factor).unwrap();
        let mut slot = slot_for(role, grant_id, factor).unwrap();
        let context = SlotContext::of(&self.header).unwrap();
        context
            .wrap(
                &mut slot,
                u16::try_from(index).unwrap(),
                &output,
                &self.keys,
            )
            .unwrap();
        self.header.slots[index] = SlotBlock::Used(slot);
    }

    /// Signs the policy, the label and the list of slots, and authenticates the root.
    pub(super) fn signed(mut self) -> Self {
        self.header.policy.signature = self
            .keys
            .authority
            .as_ref()
            .unwrap()
            .sign(&signed_message(&self.header));
        self.authenticated()
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
    forge.add_user(4, "user", forge.factor(), 3);
    let image = forge.signed().image();
    assert_eq!(unlock(&image, "right").0.unwrap().slot(), 0);
    assert_eq!(unlock(&image, "user").0.unwrap().slot(), 4);
}
