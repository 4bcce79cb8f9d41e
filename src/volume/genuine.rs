//! Whether everything that the authority and the holders have to sign is signed (format page §4.5).
//!
//! Checked before an attempt is charged: a header that somebody has tampered with costs no attempts.
//! Whose authority it is shows only when a slot has opened ([`Keys::authenticate`]): until then, a
//! stranger may have signed everything himself.
//!
//! [`Keys::authenticate`]: super::keys::Keys::authenticate

use super::attempt::slot_index;
use super::credential::is_guessable;
use super::error::Damage;
use super::keys::{endorsement_message, policy_message, slot_message};
use crate::crypto::{PublicKey, sha256};
use crate::format::{Endorsement, Grant, Header, Role, SLOT_COUNT, Slot, SlotState};

/// How many changes of the header, or of a slot, there may be since the authority last signed. Each
/// number has room for as many signatures: whoever may count it on cannot use it up, and so keep an
/// admin from changing anything.
const MOST_UNSIGNED: u64 = 1 << 32;

/// Refuses a header in which something was changed by somebody who may not, by name of what was
/// changed. The log is checked apart.
pub(super) fn check(header: &Header) -> Result<(), Damage> {
    let (root, policy) = (&header.root, &header.policy);
    if !PublicKey(root.authority).verify(&policy_message(header), &policy.signature) {
        return Err(Damage::Policy);
    }
    if policy.static_sum != static_sum(header) {
        return Err(Damage::Layout);
    }
    if policy.label_sum != root.label_sum {
        return Err(Damage::Label);
    }
    let signed = policy.number.saturating_add(1);
    if root.generation > signed.saturating_mul(MOST_UNSIGNED) {
        return Err(Damage::Numbers);
    }
    (0..SLOT_COUNT).try_for_each(|slot| check_slot(header, slot))
}

/// Refuses a header whose event log lacks the newest record that the authority has seen, or has
/// another in its place.
pub(super) fn check_log(header: &Header) -> Result<(), Damage> {
    if header.log.follows(header.root.id, &header.policy.log_head) {
        Ok(())
    } else {
        Err(Damage::Log)
    }
}

/// SHA-256 of the part of the root that never changes.
pub(super) fn static_sum(header: &Header) -> [u8; 32] {
    sha256(&[&header.root.static_bytes()])
}

/// The public key that has to have signed `slot`: the one that the authority named, or a later one
/// that a recovery slot endorsed.
pub(super) fn holder_of(header: &Header, index: usize, slot: &Slot) -> Option<PublicKey> {
    match &slot.endorsement {
        None => Some(PublicKey(header.policy.holders[index])),
        Some(endorsement) => {
            is_endorsed(header, index, slot, endorsement).then_some(PublicKey(endorsement.holder))
        }
    }
}

fn check_slot(header: &Header, slot: usize) -> Result<(), Damage> {
    let version = header.root.slot_versions[slot];
    match version.checked_sub(header.policy.slot_floors[slot]) {
        None => return Err(Damage::OlderSlot { slot }),
        Some(unsigned) if unsigned > MOST_UNSIGNED => return Err(Damage::Numbers),
        Some(_) => {}
    }
    if header.state.of_slot(slot, version) != SlotState::InForce {
        return Ok(());
    }
    match (&header.policy.grants[slot], header.slots[slot].slot()) {
        (None, None) => Ok(()),
        // Spent, which the authority cannot have signed.
        (Some(grant), None) if grant.flags.one_time => Ok(()),
        (Some(_), None) => Err(Damage::SlotMissing { slot }),
        (None, Some(_)) => Err(Damage::NotGranted { slot }),
        (Some(grant), Some(contents)) => check_contents(header, slot, grant, contents),
    }
}

fn check_contents(
    header: &Header,
    slot: usize,
    grant: &Grant,
    contents: &Slot,
) -> Result<(), Damage> {
    let counted = grant.lockout.is_some() || !is_guessable(contents);
    if grant.role != contents.role || grant.id != contents.grant_id || !counted {
        return Err(Damage::NotGranted { slot });
    }
    if contents.version != header.root.slot_versions[slot] {
        return Err(Damage::OlderSlot { slot });
    }
    let message = slot_message(contents, header.root.id, slot_index(slot));
    let signed = holder_of(header, slot, contents)
        .is_some_and(|holder| holder.verify(&message, &contents.signature));
    if signed {
        Ok(())
    } else {
        Err(Damage::SlotChanged { slot })
    }
}

/// Whether a recovery slot that the authority has granted made this holder of a user's slot, and did
/// so after the authority last signed: it names the holders that it finds, and an endorsement from
/// before would bring back one whom it has replaced.
fn is_endorsed(header: &Header, index: usize, slot: &Slot, endorsement: &Endorsement) -> bool {
    let by = usize::from(endorsement.by);
    let by_recovery = header.policy.grants[by]
        .as_ref()
        .is_some_and(|grant| grant.role == Role::Recovery);
    let message = endorsement_message(
        header.root.id,
        slot_index(index),
        &slot.grant_id,
        endorsement.since,
        &endorsement.holder,
    );
    by_recovery
        && slot.role == Role::User
        && slot.version >= endorsement.since
        && endorsement.since > header.policy.slot_floors[index]
        && PublicKey(header.policy.holders[by]).verify(&message, &endorsement.signature)
}
