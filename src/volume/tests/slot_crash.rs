//! Every change of slots, rules and label is cut off at every instant: the old header is in force or
//! the new one, as a whole and for everybody.

use super::super::attempt::{failed, slot_state};
use super::super::genuine;
use super::recording::{CrashState, Recording, report};
use super::team::*;
use super::*;
use crate::crypto::PrivateKey;
use crate::format::{CopyStatus, Label, SLOT_COUNT, STATE_BLOCK, SlotState};

/// What somebody does to an open volume.
pub(super) type Operation<'a> = &'a dyn Fn(&Volume);

/// A change, and who can open the volume before and after it.
pub(super) struct Change<'a> {
    pub(super) name: &'a str,
    pub(super) start: Vec<u8>,
    pub(super) by: Way,
    pub(super) operation: Operation<'a>,
    /// Of these, one is tried in each state, in turn.
    pub(super) always: Vec<Way>,
    pub(super) before: Vec<Way>,
    pub(super) after: Vec<Way>,
    /// In each state with a number that this divides, somebody opens the volume.
    pub(super) each: usize,
}

impl Change<'_> {
    /// A change by the admin that keeps nobody out.
    pub(super) fn by_admin<'a>(name: &'a str, operation: Operation<'a>) -> Change<'a> {
        Change {
            name,
            start: team().image.clone(),
            by: (ADMIN, text("admin")),
            operation,
            always: team().ways(),
            before: Vec::new(),
            after: Vec::new(),
            each: 1,
        }
    }

    /// Cuts the change off at every instant; returns the states in which it is done.
    pub(super) fn cut(&self) -> Vec<Vec<u8>> {
        let recording = Recording::new(self.start.clone());
        let volume = open_as(recording.clone(), &self.by);
        recording.restart();
        let before = recording.contents();
        (self.operation)(&volume);
        drop(volume);
        self.judge(&recording, &before)
    }

    /// Judges each state between `before` and what the recording ends with.
    pub(super) fn judge(&self, recording: &Recording, before: &[u8]) -> Vec<Vec<u8>> {
        let headers = [before, &recording.contents()].map(header_of);
        let mut done = Vec::new();
        let mut number = 0;
        let count = recording.crash_states(|state| {
            let is_done = self.judge_header(&headers, &state);
            if number % self.each == 0 || state.returned {
                self.judge_ways(is_done, number / self.each, &state.image);
            }
            if is_done {
                done.push(state.image);
            }
            number += 1;
        });
        report(self.name, count);
        done
    }

    /// Whether the change is done. Asserts that it is done as a whole or not at all.
    fn judge_header(&self, [before, after]: &[Box<Header>; 2], state: &CrashState) -> bool {
        let header = header_of(&state.image);
        let done = header.root == after.root;
        assert!(done || header.root == before.root, "{}", self.name);
        assert!(done || !state.returned, "{}: undone", self.name);
        assert_genuine(&header, self.name);
        assert_same_slots(&header, if done { after } else { before }, self.name);
        done
    }

    /// Asserts that it is done for everybody or for nobody.
    fn judge_ways(&self, done: bool, turn: usize, image: &[u8]) {
        let always = self.always.iter().cycle().skip(turn % self.always.len());
        let expected = always.take(1).map(|way| (way, true));
        let before = self.before.iter().map(|way| (way, !done));
        let after = self.after.iter().map(|way| (way, done));
        for (way, opens) in expected.chain(before).chain(after) {
            let slot = way.0;
            assert_eq!(can_open(image, way), opens, "{}, slot {slot}", self.name);
        }
    }
}

fn assert_genuine(header: &Header, name: &str) {
    genuine::check(header).unwrap_or_else(|damage| panic!("{name}: {damage}"));
    genuine::check_log(header).unwrap_or_else(|damage| panic!("{name}: {damage}"));
}

/// Asserts that both headers have the same slots, at the same stand, with the same failures.
fn assert_same_slots(found: &Header, expected: &Header, name: &str) {
    assert!(found.slots == expected.slots && found.policy == expected.policy);
    for slot in 0..SLOT_COUNT {
        assert_eq!(failed(found, slot), failed(expected, slot), "{name} {slot}");
        assert_eq!(
            slot_state(found, slot),
            slot_state(expected, slot),
            "{name} {slot}"
        );
    }
}

#[test]
fn an_interrupted_grant_of_a_slot_leaves_it_granted_or_not() {
    Change {
        after: vec![(6, text("added"))],
        ..Change::by_admin("add a slot", &|volume| {
            let slot = volume.add_slot(&NewSlot::new(Role::User), text("added"));
            assert_eq!(slot.unwrap(), 6);
        })
    }
    .cut();
}

#[test]
fn an_interrupted_removal_leaves_the_slot_there_or_gone_and_nobody_else_out() {
    for slot in [USER, RECOVERY] {
        let removed = team()
            .ways()
            .into_iter()
            .filter(|way| way.0 == slot)
            .collect();
        Change {
            always: team().ways_without(&[slot]),
            before: removed,
            ..Change::by_admin("remove a slot", &|volume| {
                volume.remove_slot(slot, Removal::IfSafe).unwrap();
            })
        }
        .cut();
    }
}

#[test]
fn an_interrupted_change_of_the_own_credential_leaves_exactly_one_in_force() {
    let key = Box::leak(Box::new(PrivateKey::generate().unwrap()));
    let replaced = [
        ((ADMIN, text("admin")), text("new")),
        ((USER, text("user")), text("new")),
        ((ESCROW, (&team().escrow).into()), Credential::from(&*key)),
    ];
    for (old, new) in replaced {
        Change {
            by: old.clone(),
            always: team().ways_without(&[old.0]),
            after: vec![(old.0, new.clone())],
            before: vec![old],
            ..Change::by_admin("change of a credential", &|volume| {
                volume.change_credential(&new, None).unwrap();
            })
        }
        .cut();
    }
}

/// A reset of the user's slot, which begins as `start`; the old credential opens it or not.
fn reset(name: &str, start: Vec<u8>, old_opens: bool) -> Vec<Vec<u8>> {
    let old = (USER, text("user"));
    Change {
        start,
        always: team().ways_without(&[USER]),
        before: if old_opens { vec![old] } else { Vec::new() },
        after: vec![(USER, text("new"))],
        ..Change::by_admin(name, &|volume| {
            volume.reset_slot(USER, text("new"), false, None).unwrap();
        })
    }
    .cut()
}

#[test]
fn an_interrupted_reset_gives_attempts_back_with_the_new_credential_only() {
    reset("reset of a slot", team().image.clone(), true);
    let failures = failed_on(team().image.clone(), USER, 9);
    for done in reset("reset after nine failures", failures, true) {
        // What is left of the old header must not lend its count to the new one, nor get ten more.
        let (outcome, left) = try_way(&done, &(USER, text("user")));
        assert!(matches!(
            outcome,
            Err(Error::WrongCredential {
                remaining: Some(9),
                ..
            })
        ));
        assert_eq!(failed(&header_of(&left), USER), 1);
    }
}

#[test]
fn an_interrupted_reset_of_an_erased_slot_never_loses_the_new_credential() {
    let erased = exhausted(&team().image, USER);
    for done in reset("reset of an erased slot", erased, false)
        .iter()
        .step_by(7)
    {
        let opened_again = try_way(done, &(USER, text("new"))).1;
        assert!(can_open(&opened_again, &(USER, text("new"))));
    }
}

#[test]
fn an_interrupted_reset_of_a_slot_whose_erase_is_unfinished_never_loses_the_new_credential() {
    let way = (USER, text("new"));
    let recording = Recording::new(exhausted(&team().image, USER));
    let volume = open_as(recording.clone(), &(ADMIN, text("admin")));
    // A storage that could not confirm the erase leaves this.
    let mut unfinished = header_of(&recording.contents());
    let version = unfinished.root.slot_versions[USER];
    unfinished.state.set_slot(USER, version, SlotState::Erasing);
    let block = unfinished.state.encode(unfinished.root.id);
    for copy in copies(&unfinished) {
        crate::storage::Storage::write_at(&recording, block_offset(copy, STATE_BLOCK), &*block)
            .unwrap();
    }
    recording.restart();
    let before = header_of(&recording.contents());
    volume.reset_slot(USER, &way.1, false, None).unwrap();
    drop(volume);
    let mut done = 0;
    let count = recording.crash_states(|state| {
        let is_new = header_of(&state.image).root != before.root;
        assert!(is_new || !state.returned);
        // Who opens finishes the erase that was begun, and nothing else.
        let (outcome, left) = try_way(&state.image, &(RECOVERY, (&team().recovery).into()));
        assert_eq!(outcome.unwrap(), RECOVERY);
        assert_eq!(can_open(&left, &way), is_new);
        done += usize::from(is_new);
    });
    assert!(done > 0);
    report("reset of a slot whose erase is unfinished", count);
}

#[test]
fn an_interrupted_change_of_limits_rules_or_label_leaves_the_old_or_the_new_ones() {
    let mut label = Label::default();
    label.set(LabelField::ALL[0], "bring it back").unwrap();
    let mut rules = PolicyRules::default();
    rules.passphrases.min_chars = 12;
    let operations: [(&str, Operation<'_>); 3] = [
        ("limit", &|volume| {
            volume.set_lockout(USER, 4, Action::EraseVolume).unwrap();
        }),
        ("rules", &|volume| volume.set_policy(&rules).unwrap()),
        ("label", &|volume| volume.set_label(&label).unwrap()),
    ];
    for (name, operation) in operations {
        Change {
            start: failed_on(team().image.clone(), USER, 2),
            each: 5,
            ..Change::by_admin(name, operation)
        }
        .cut();
    }
}

#[test]
fn an_interrupted_permission_of_the_last_attempt_gives_it_or_not() {
    let storage = MemoryStorage::from_vec(team().image.clone());
    let keeper = storage.second_handle();
    let volume = open_as(storage, &(ADMIN, text("admin")));
    volume.reserve_last_attempt(USER).unwrap();
    drop(volume);
    Change {
        start: failed_on(keeper.contents(), USER, 9),
        always: team().ways_without(&[USER]),
        after: vec![(USER, text("user"))],
        each: 3,
        ..Change::by_admin("allow the last attempt", &|volume| {
            volume.allow_last_attempt(USER).unwrap();
        })
    }
    .cut();
}

#[test]
fn an_interrupted_reset_of_attempts_leaves_the_old_count_or_none() {
    let start = failed_on(team().image.clone(), USER, 7);
    let recording = Recording::new(failed_on(start, OTHER, 2));
    let volume = open_as(recording.clone(), &(ADMIN, text("admin")));
    recording.restart();
    volume.reset_attempts(USER).unwrap();
    drop(volume);
    let count = recording.crash_states(|state| {
        let header = header_of(&state.image);
        assert_genuine(&header, "reset of attempts");
        let found = failed(&header, USER);
        assert!(found == 0 || found == 7 && !state.returned, "{found}");
        assert_eq!(failed(&header, OTHER), 2);
        assert!(can_open(&state.image, &(USER, text("user"))));
    });
    report("reset of attempts", count);
}

#[test]
fn after_a_change_that_was_seen_the_old_credential_never_comes_back() {
    let (old, new) = ((USER, text("user")), (USER, text("new")));
    let done = reset("reset of a slot", team().image.clone(), true);
    let mut count = 0;
    for state in done.iter().step_by(23) {
        let recording = Recording::new(state.clone());
        let volume = open_as(recording.clone(), &new);
        drop(volume);
        count += recording.crash_states(|state| {
            assert!(!can_open(&state.image, &old) && can_open(&state.image, &new));
            if state.returned {
                let whole = [CopyStatus::Whole, CopyStatus::Whole];
                assert_eq!(header_of(&state.image).copies, whole);
            }
        });
    }
    report("repair after a reset", count);
}
