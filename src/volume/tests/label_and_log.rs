//! The label, which an admin signs, and the event log, which he alone reads.

use super::cast::{ADMIN, ESCROW, NEWCOMER, READER, RECOVERY, Stick, USER, cast, choosing};
use super::forge::Forge;
use super::*;
use crate::format::{LOG_FIRST_BLOCK, LabelField, Log, LogHead, Role};

fn label() -> Label {
    let mut label = Label::default();
    label.set(LabelField::Owner, "Kowalski").unwrap();
    label.set(LabelField::Contact, "+48 00 000 00 00").unwrap();
    label
}

#[test]
fn the_label_that_an_admin_sets_is_read_by_everybody() {
    let stick = cast().stick();
    stick.admin().set_label(&label()).unwrap();
    assert_eq!(stick.info().label, label());
    assert_eq!(stick.unlock(USER).unwrap().info().label, label());
    assert_eq!(stick.locked().info().label, label());
}

fn log_of(stick: &Stick) -> EventLog {
    stick.admin().event_log().unwrap()
}

/// The kinds of what was recorded after the first `skip` entries, with their slots.
fn recorded(log: &EventLog, skip: usize) -> Vec<(EventKind, Vec<usize>)> {
    let events = log.entries.iter().skip(skip);
    let events = events.map(|entry| entry.event.as_ref().unwrap());
    events
        .map(|event| (event.kind(), event.slots().collect()))
        .collect()
}

#[test]
fn everything_that_is_done_stands_in_the_log_with_its_slots() {
    let stick = cast().stick();
    let wrong = stick.unlock_with(&passphrase("wrong"), SlotChoice::Role(Role::User));
    assert!(wrong.is_err());
    stick.unlock(ESCROW).unwrap().export_key().unwrap();
    let user = stick.unlock(USER).unwrap();
    user.change_credential(&passphrase("new"), None).unwrap();
    drop(user);
    let options = choosing(SlotChoice::Slot(RECOVERY));
    let recovered = passphrase("recovered");
    stick
        .locked()
        .recover(
            cast().credential(RECOVERY),
            Some(READER),
            &recovered,
            &options,
        )
        .unwrap();
    let admin = stick.admin();
    let added = admin.add_slot(&NewSlot::new(Role::User), &passphrase("added"));
    assert_eq!(added.unwrap(), 8);
    admin.remove_slot(8, Removal::IfSafe).unwrap();
    admin
        .reset_slot(USER, &passphrase("given"), false, None)
        .unwrap();
    admin.reset_attempts(READER).unwrap();
    admin.allow_last_attempt(READER).unwrap();
    admin.set_lockout(READER, 3, Action::EraseSlot).unwrap();
    admin.set_policy(&PolicyRules::default()).unwrap();
    admin.set_label(&label()).unwrap();
    let log = admin.event_log().unwrap();
    assert_eq!(log.faults, []);
    let expected: Vec<(EventKind, &[usize])> = vec![
        (EventKind::Created, &[ADMIN]),
        (EventKind::Attempt, &[USER, READER, NEWCOMER]),
        (EventKind::Unlocked, &[ESCROW]),
        (EventKind::KeyExported, &[ESCROW]),
        (EventKind::Attempt, &[USER]),
        (EventKind::Unlocked, &[USER]),
        (EventKind::SlotChanged, &[USER]),
        (EventKind::Unlocked, &[RECOVERY]),
        (EventKind::Recovered, &[READER]),
        (EventKind::Attempt, &[ADMIN]),
        (EventKind::Unlocked, &[ADMIN]),
        (EventKind::SlotAdded, &[8]),
        (EventKind::SlotRemoved, &[8]),
        (EventKind::SlotReset, &[USER]),
        (EventKind::AttemptsAllowed, &[READER]),
        (EventKind::AttemptsAllowed, &[READER]),
        (EventKind::PolicyChanged, &[READER]),
        (EventKind::PolicyChanged, &[ADMIN]),
        (EventKind::LabelChanged, &[ADMIN]),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(kind, slots)| (kind, slots.to_vec()))
        .collect();
    assert_eq!(recorded(&log, 0), expected);
    let numbers: Vec<u64> = log.entries.iter().map(|entry| entry.sequence).collect();
    assert!(numbers.into_iter().eq(1..=19));
}

#[test]
fn a_slot_that_was_erased_stands_in_the_log() {
    let stick = cast().stick();
    for _ in 0..10 {
        let _ = stick.unlock_with(&passphrase("wrong"), SlotChoice::Slot(USER));
    }
    let events = recorded(&log_of(&stick), 11);
    assert_eq!(events[0], (EventKind::SlotErased, vec![USER]));
}

#[test]
fn the_log_says_who_and_where_and_with_which_role() {
    let stick = cast().stick();
    for (slot, text) in [(USER, "user"), (USER, "wrong"), (ADMIN, "right")] {
        let mut options = choosing(SlotChoice::Slot(slot));
        options.origin = Origin::new(format!("host of {text}"), "a program");
        let _ = stick.locked().unlock_with(&passphrase(text), &options);
    }
    let log = log_of(&stick);
    let events = log.entries[1..6].iter().map(|entry| entry.event.as_ref());
    let found: Vec<_> = events
        .map(|event| {
            let event = event.unwrap();
            assert_eq!(event.agent(), "a program");
            assert!(event.time() > 0);
            (event.kind(), event.host().to_owned(), event.role())
        })
        .collect();
    let host = |text: &str| format!("host of {text}");
    assert_eq!(
        found,
        [
            (EventKind::Attempt, host("user"), None),
            (EventKind::Unlocked, host("user"), Some(Role::User)),
            (EventKind::Attempt, host("wrong"), None),
            (EventKind::Attempt, host("right"), None),
            (EventKind::Unlocked, host("right"), Some(Role::Admin)),
        ]
    );
}

#[test]
fn two_hundred_events_leave_the_newest_in_a_whole_log() {
    let stick = cast().stick();
    for _ in 0..200 {
        drop(stick.unlock(ESCROW).unwrap());
    }
    let log = log_of(&stick);
    assert_eq!(log.faults, []);
    assert_eq!(log.entries.len(), 168);
    assert_eq!(log.entries.last().unwrap().sequence, 203);
    assert!(log.entries.iter().all(|entry| entry.event.is_some()));
    assert_eq!(stick.info().log_sequence, 203);
}

#[test]
fn events_that_an_admin_has_signed_and_that_were_pushed_out_since_are_not_missed() {
    let stick = cast().stick();
    stick.admin().set_label(&label()).unwrap();
    for _ in 0..180 {
        drop(stick.unlock(ESCROW).unwrap());
    }
    assert_eq!(log_of(&stick).faults, []);
}

/// A volume of which an admin has signed the log, with the log in it as it was before.
fn signed_log() -> (Stick, Log) {
    let stick = cast().stick();
    drop(stick.unlock(ESCROW).unwrap());
    let old = stick.header().log;
    for _ in 0..2 {
        stick.admin().set_label(&label()).unwrap();
    }
    let header = stick.header();
    assert!(header.policy.log_head.sequence > old.head(header.root.id).sequence);
    (stick, old)
}

/// `stick` with another log, which takes no key to write.
fn with_log(stick: &Stick, log: &Log) -> Stick {
    let mut image = stick.image();
    let header = stick.header();
    let blocks: Vec<_> = (0..24)
        .map(|number| {
            (
                LOG_FIRST_BLOCK + number,
                log.encode_block(header.root.id, number),
            )
        })
        .collect();
    put_blocks(&mut image, &header, &blocks);
    Stick::new(&image)
}

/// Appends records that nobody can open.
fn append(log: &mut Log, header: &Header, up_to: u64) {
    let id = header.root.id;
    while log.head(id).sequence < up_to {
        log.append(id, [1; 32], &[2; 504]).unwrap();
    }
}

#[test]
fn a_log_that_lacks_what_an_admin_has_signed_is_refused_unless_it_is_accepted() {
    let (stick, old) = signed_log();
    let header = stick.header();
    let mut replaced = old.clone();
    append(
        &mut replaced,
        &header,
        header.log.head(header.root.id).sequence,
    );
    for log in [Log::empty(), old, replaced] {
        let stick = with_log(&stick, &log);
        let before = stick.image();
        for slot in [ADMIN, USER, ESCROW] {
            let outcome = derives(0, || stick.unlock(slot));
            assert!(matches!(outcome, Err(Error::Damaged(Damage::Log))));
            assert!(stick.image() == before, "nothing is charged or changed");
        }
        let mut options = choosing(SlotChoice::Slot(ADMIN));
        options.accept_lost_log = true;
        let volume = stick
            .locked()
            .unlock_with(cast().credential(ADMIN), &options)
            .unwrap();
        volume.set_label(&label()).unwrap();
        drop(volume);
        assert!(stick.unlock(USER).is_ok(), "signed anew, it is accepted");
    }
}

#[test]
fn log_blocks_that_are_noise_in_both_copies_are_a_lost_log() {
    let (stick, _) = signed_log();
    let mut image = stick.image();
    for copy in [0, COPY_B] {
        image[copy + LOG_FIRST_BLOCK * BLOCK_LEN..][..24 * BLOCK_LEN].fill(0x5a);
    }
    let outcome = derives(0, || Stick::new(&image).unlock(ADMIN));
    assert!(matches!(outcome, Err(Error::Damaged(Damage::Log))));
}

#[test]
fn a_record_that_was_removed_or_replaced_is_a_fault_that_an_admin_reads() {
    let stick = cast().stick();
    for _ in 0..20 {
        drop(stick.unlock(ESCROW).unwrap());
    }
    let mut image = stick.image();
    for copy in [0, COPY_B] {
        // Records 8 to 14.
        let block = copy + (LOG_FIRST_BLOCK + 1) * BLOCK_LEN;
        image[block..][..BLOCK_LEN].fill(0);
    }
    let log = log_of(&Stick::new(&image));
    assert_eq!(log.faults, [LogFault::Missing { first: 8, last: 14 }]);
    let header = stick.header();
    let mut forged = Log::empty();
    append(&mut forged, &header, 10);
    let blocks = [(LOG_FIRST_BLOCK, forged.encode_block(header.root.id, 0))];
    let mut image = stick.image();
    put_blocks(&mut image, &header, &blocks);
    let log = log_of(&Stick::new(&image));
    assert_eq!(log.faults, [LogFault::Unlinked { sequence: 8 }]);
    assert!(log.entries[..7].iter().all(|entry| entry.event.is_none()));
}

/// The limit of the log: to write a record takes no key, so that whoever can write the medium can
/// push everything out with 168 records of his own. That he did stays to be read.
#[test]
fn whoever_floods_the_log_leaves_records_that_cannot_be_opened() {
    let (stick, _) = signed_log();
    let header = stick.header();
    let mut flooded = header.log.clone();
    let head: LogHead = flooded.head(header.root.id);
    append(&mut flooded, &header, head.sequence + 168);
    let log = log_of(&with_log(&stick, &flooded));
    assert_eq!(log.faults, []);
    let (own, foreign) = log.entries.split_at(166);
    assert!(own.iter().all(|entry| entry.event.is_none()));
    assert!(foreign.iter().all(|entry| entry.event.is_some()));
}

#[test]
fn nobody_but_an_admin_reads_the_log() {
    let stick = cast().stick();
    for slot in [USER, READER, RECOVERY, ESCROW] {
        let outcome = stick.unlock(slot).unwrap().event_log();
        assert!(matches!(outcome, Err(Error::NotPermitted { .. })));
    }
    // Nor with software of his own: his keys have no part of the authority.
    let Forge { header, keys } = stick.forge(USER);
    assert!(keys.authority().is_none());
    assert!(super::super::log::read(&header, &keys).unwrap().is_none());
}

#[test]
fn reading_the_log_and_giving_attempts_back_are_in_no_changes_way() {
    let stick = cast().stick();
    let admin = stick.admin();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..40 {
                admin.set_label(&label()).unwrap();
            }
        });
        for _ in 0..40 {
            admin.reset_attempts(USER).unwrap();
            assert_eq!(admin.event_log().unwrap().faults, []);
        }
    });
    assert!(admin.take_notices().is_empty(), "nothing was repaired");
    let log = admin.event_log().unwrap();
    assert_eq!(log.entries.len(), 83, "no record took the place of another");
    drop(admin);
    assert!(stick.unlock(USER).is_ok());
}
