//! Which slots can be opened, and which of them a credential is meant for.

use tenlock::format::{Action, Factor};
use tenlock::volume::{Info, Role, SlotChoice, SlotInfo, SlotStatus};

/// The slots that can be opened.
pub(crate) fn in_force(info: &Info) -> impl Iterator<Item = &SlotInfo> {
    info.slots
        .iter()
        .filter(|slot| slot.status == SlotStatus::InForce)
}

/// The slots that can be opened and are not ruled out by the choice.
pub(crate) fn chosen(info: &Info, choice: SlotChoice) -> Vec<&SlotInfo> {
    in_force(info)
        .filter(|slot| match choice {
            SlotChoice::Slot(index) => slot.index == index,
            SlotChoice::Role(role) => slot.role == role,
            _ => true,
        })
        .collect()
}

/// Whether a passphrase and nothing else opens the slot.
pub(crate) fn asks_for_passphrase_alone(slot: &SlotInfo) -> bool {
    matches!(slot.factors[..], [Factor::Passphrase(_)])
}

/// Attempts left where a passphrase that a person types will be tried, on the slot with the fewest, and what happens after them.
pub(crate) fn attempts_left(info: &Info, choice: SlotChoice) -> Option<(u8, Action)> {
    let asks = |slot: &&SlotInfo| {
        let is_passphrase = |factor: &Factor| matches!(factor, Factor::Passphrase(_));
        slot.factors.iter().any(is_passphrase)
    };
    let mut slots: Vec<_> = chosen(info, choice).into_iter().filter(asks).collect();
    let users = slots.iter().filter(|slot| slot.role == Role::User).count();
    if choice == SlotChoice::Obvious && users == 1 {
        slots.retain(|slot| slot.role == Role::User);
    }
    slots
        .into_iter()
        .filter_map(|slot| slot.attempts)
        .map(|attempts| (attempts.remaining, attempts.action))
        .min_by_key(|(remaining, _)| *remaining)
}

/// Whether the attempts on a slot are used up that still can be opened: acting upon that is due.
pub(crate) fn is_exhausted(info: &Info) -> bool {
    in_force(info)
        .filter_map(|slot| slot.attempts)
        .any(|attempts| attempts.remaining == 0)
}
