//! What each role may do: every cell of the table in `docs/roles.md`, done for real.

use super::cast::{ADMIN, ESCROW, READER, RECOVERY, Stick, USER, cast, choosing};
use super::*;
use crate::crypto::PrivateKey;
use crate::format::Role;

const PAGE: &str = include_str!("../../../docs/roles.md");
const WHO: [&str; 5] = ["admin", "user", "recovery", "escrow", "nobody"];

/// An operation by somebody: by name, on a medium, with a slot of the cast or a wrong credential.
type Operation = fn(&Person<'_>) -> Result<(), Error>;

const OPERATIONS: [(&str, Operation); 22] = [
    ("info", |person| person.stick.open().map(drop)),
    ("try", |person| {
        let tried = person
            .locked()?
            .try_credential(&person.credential, &person.choosing())?;
        assert_eq!(tried.slot, person.slot);
        Ok(())
    }),
    ("unlock", |person| person.unlock().map(drop)),
    ("read", |person| person.unlock()?.read_at(5, &mut [0; 9])),
    ("write", |person| person.unlock()?.write_at(5, b"written")),
    ("discard", |person| person.unlock()?.discard(0, 8192)),
    ("change own credential", change_own_credential),
    ("recover a user's slot", |person| {
        let (new, options) = (passphrase("new"), person.choosing());
        let volume = person
            .locked()?
            .recover(&person.credential, Some(USER), &new, &options)?;
        assert_eq!((volume.slot(), volume.role()), (USER, Role::User));
        Ok(())
    }),
    ("add slot", |person| {
        let (new, volume) = (passphrase("new"), person.unlock()?);
        volume.add_slot(&NewSlot::new(Role::User), &new).map(drop)
    }),
    ("remove slot", |person| {
        person.unlock()?.remove_slot(READER, Removal::IfSafe)
    }),
    ("reset slot", |person| {
        let (new, volume) = (passphrase("new"), person.unlock()?);
        volume.reset_slot(READER, &new, false, None)
    }),
    ("set lockout", |person| {
        person.unlock()?.set_lockout(READER, 5, Action::EraseSlot)
    }),
    ("allow last attempt", |person| {
        person.unlock()?.allow_last_attempt(READER)
    }),
    ("reserve last attempt", |person| {
        person.unlock()?.reserve_last_attempt(READER)
    }),
    ("reset attempts", |person| {
        person.unlock()?.reset_attempts(READER)
    }),
    ("set policy", |person| {
        person.unlock()?.set_policy(&PolicyRules::default())
    }),
    ("set label", |person| {
        person.unlock()?.set_label(&Label::default())
    }),
    ("read event log", |person| {
        person.unlock()?.event_log().map(drop)
    }),
    ("export key", |person| {
        person.unlock()?.export_key().map(drop)
    }),
    ("back up header", |person| {
        let key = PrivateKey::generate().unwrap().public_key();
        person.unlock()?.backup_header(&key).map(drop)
    }),
    ("erase", |person| {
        let erased = person.locked()?.erase()?;
        assert!(erased.report().is_verified());
        Ok(())
    }),
    ("repair", |person| {
        Ok(person.locked()?.repair().map(drop)?)
    }),
];

/// Somebody who has a medium in his hands.
struct Person<'a> {
    stick: &'a Stick,
    slot: usize,
    credential: Credential<'a>,
}

impl Person<'_> {
    fn locked(&self) -> Result<LockedVolume, Error> {
        self.stick.open()?.locked()
    }

    fn choosing(&self) -> UnlockOptions<'static> {
        choosing(SlotChoice::Slot(self.slot))
    }

    fn unlock(&self) -> Result<Volume, Error> {
        Ok(self
            .locked()?
            .unlock_with(&self.credential, &self.choosing())?)
    }
}

fn change_own_credential(person: &Person<'_>) -> Result<(), Error> {
    let (text, key) = (passphrase("new"), PrivateKey::generate().unwrap());
    let new: Credential = if person.slot == ESCROW {
        (&key).into()
    } else {
        (&text).into()
    };
    let volume = person.unlock()?;
    volume.change_credential(&new, None)?;
    drop(volume);
    assert_eq!(person.stick.opened_by(&new).unwrap(), person.slot);
    Ok(())
}

/// Does the operation on a new medium; says whether bytes were changed, other than by the attempt.
fn outcome(operation: Operation, who: &str) -> (Result<(), Error>, bool) {
    let stick = cast().stick();
    let wrong = passphrase("wrong");
    let (slot, credential) = match who {
        "admin" => (ADMIN, cast().credential(ADMIN)),
        "user" => (USER, cast().credential(USER)),
        "recovery" => (RECOVERY, cast().credential(RECOVERY)),
        "escrow" => (ESCROW, cast().credential(ESCROW)),
        _ => (USER, (&wrong).into()),
    };
    let before = stick.header();
    let outcome = operation(&Person {
        stick: &stick,
        slot,
        credential,
    });
    let changed = outcome.is_err() && {
        let after = stick.header();
        after.root != before.root || after.policy != before.policy || after.label != before.label
    };
    (outcome, changed)
}

/// The rows of the table: the operation, and what comes of it for each of [`WHO`].
fn table() -> Vec<Vec<&'static str>> {
    let mut lines = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| operation |"));
    let cells = |line: &'static str| -> Vec<&'static str> {
        let line = line.trim_matches('|');
        line.split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect()
    };
    assert_eq!(cells(lines.next().unwrap())[1..], WHO);
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(cells).collect()
}

#[test]
fn each_role_may_do_what_the_page_says_and_nothing_else() {
    for row in table() {
        let operation = OPERATIONS.iter().find(|(name, _)| *name == row[0]);
        let (_, operation) = operation.unwrap_or_else(|| panic!("{} is not tested", row[0]));
        for (who, expected) in WHO.into_iter().zip(&row[1..]) {
            let (outcome, changed) = outcome(*operation, who);
            let found = outcome.as_ref().map_or_else(Error::name, |()| "yes");
            assert_eq!(&found, expected, "{who}: {}: {outcome:?}", row[0]);
            assert!(!changed, "{who}: {} changed something", row[0]);
        }
    }
}

#[test]
fn the_page_has_a_row_for_each_operation() {
    let rows: Vec<_> = table().into_iter().map(|row| row[0]).collect();
    for (name, _) in OPERATIONS {
        assert!(rows.contains(&name), "{name} is not on the page");
    }
}

#[test]
fn a_slot_that_may_only_read_reads_and_changes_its_credential_and_nothing_else() {
    let stick = cast().stick();
    let volume = stick.unlock(READER).unwrap();
    assert!(volume.is_read_only());
    let before = stick.image();
    volume.read_at(0, &mut [0; 9]).unwrap();
    assert!(matches!(volume.write_at(0, b"x"), Err(Error::ReadOnly)));
    assert!(matches!(volume.discard(0, 4096), Err(Error::ReadOnly)));
    let parts = [std::io::IoSlice::new(b"x")];
    let vectored = volume.write_vectored_at(0, &parts);
    assert!(matches!(vectored, Err(Error::ReadOnly)));
    assert!(std::io::Write::write(&mut volume.cursor(), b"x").is_err());
    assert!(before == stick.image());
    volume.change_credential(&passphrase("new"), None).unwrap();
    drop(volume);
    let volume = stick.unlock_with(&passphrase("new"), SlotChoice::Slot(READER));
    assert!(volume.unwrap().is_read_only());
}
