use std::thread;

use super::*;

fn id(number: u8) -> VolumeId {
    VolumeId::from_random([number; 16])
}

fn seen(generation: u64, policy_number: u64, log_sequence: u64) -> Remembered {
    Remembered {
        generation,
        policy_number,
        log_sequence,
    }
}

/// A memory in a folder of its own, which goes with the first of the two.
fn memory() -> (tempfile::TempDir, FileMemory) {
    let folder = tempfile::tempdir().unwrap();
    let memory = FileMemory::new(folder.path().join("volumes"));
    (folder, memory)
}

/// The error of reading a file with this text, which must still be there afterwards.
fn refused(text: &[u8]) -> String {
    let (_folder, memory) = memory();
    fs::write(&memory.path, text).unwrap();
    let recalled = memory.recall(id(1)).unwrap_err();
    assert!(memory.remember(id(1), seen(1, 1, 1)).is_err());
    assert!(memory.forget(id(1)).is_err());
    assert_eq!(recalled.kind(), io::ErrorKind::InvalidData);
    assert_eq!(fs::read(&memory.path).unwrap(), text, "changed");
    recalled.to_string()
}

#[test]
fn what_was_remembered_is_recalled_by_another_handle() {
    let (_folder, memory) = memory();
    memory.remember(id(1), seen(u64::MAX, 2, 3)).unwrap();
    memory.remember(id(2), seen(4, 5, 0)).unwrap();
    let other = FileMemory::new(&memory.path);
    assert_eq!(other.recall(id(1)).unwrap(), Some(seen(u64::MAX, 2, 3)));
    assert_eq!(other.recall(id(2)).unwrap(), Some(seen(4, 5, 0)));
    assert_eq!(other.recall(id(3)).unwrap(), None);
    let text = fs::read_to_string(&memory.path).unwrap();
    assert_eq!(
        text,
        "tenlock rollback memory 1\n\
         01010101-0101-4101-8101-010101010101 18446744073709551615 2 3\n\
         02020202-0202-4202-8202-020202020202 4 5 0\n"
    );
}

#[test]
fn a_missing_file_or_folder_remembers_nothing_and_is_not_made_by_asking() {
    let (folder, memory) = memory();
    assert_eq!(memory.recall(id(1)).unwrap(), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let nowhere = FileMemory::new(folder.path().join("no").join("volumes"));
    assert_eq!(nowhere.recall(id(1)).unwrap(), None);
    let error = nowhere.remember(id(1), seen(1, 1, 1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn no_number_is_ever_lowered() {
    let (_folder, memory) = memory();
    for numbers in [seen(5, 5, 5), seen(9, 1, 5), seen(1, 7, 4), seen(0, 0, 6)] {
        memory.remember(id(1), numbers).unwrap();
    }
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(9, 7, 6)));
}

#[test]
fn only_a_forgotten_volume_may_be_older() {
    let (_folder, memory) = memory();
    memory.remember(id(1), seen(5, 5, 5)).unwrap();
    memory.remember(id(2), seen(6, 6, 6)).unwrap();
    assert!(memory.forget(id(1)).unwrap());
    assert!(!memory.forget(id(1)).unwrap());
    memory.remember(id(1), seen(2, 2, 2)).unwrap();
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(2, 2, 2)));
    assert_eq!(memory.recall(id(2)).unwrap(), Some(seen(6, 6, 6)));
}

#[test]
fn threads_with_handles_of_their_own_lose_no_update() {
    let (_folder, memory) = memory();
    thread::scope(|scope| {
        for thread in 0..4 {
            let memory = FileMemory::new(&memory.path);
            scope.spawn(move || {
                for round in 1..=10 {
                    memory.remember(id(thread), seen(round, 1, 1)).unwrap();
                    let shared = seen(10 * u64::from(thread) + round, round, 1);
                    memory.remember(id(100), shared).unwrap();
                    assert!(memory.recall(id(thread)).unwrap().is_some());
                }
            });
        }
    });
    for thread in 0..4 {
        assert_eq!(memory.recall(id(thread)).unwrap(), Some(seen(10, 1, 1)));
    }
    assert_eq!(memory.recall(id(100)).unwrap(), Some(seen(40, 10, 1)));
}

#[test]
fn a_file_that_is_not_understood_is_an_error_and_stays() {
    const LINE: &str = "01010101-0101-4101-8101-010101010101 1 2 3\n";
    for wrong in [
        "nonsense 1 2 3\n",
        "01010101-0101-4101-8101-010101010101 1 2\n",
        "01010101-0101-4101-8101-010101010101 1 2 3 4\n",
        "01010101-0101-4101-8101-010101010101 1 -2 3\n",
        "01010101-0101-4101-8101-010101010101  1 2 3\n",
        "01010101-0101-4101-8101-010101010101 1 2 18446744073709551616\n",
        "\n",
    ] {
        let text = refused(format!("{TITLE}\n{wrong}").as_bytes());
        assert!(text.contains("line 2 is not a volume id"), "{text}");
    }
    let twice = refused(format!("{TITLE}\n{LINE}{LINE}").as_bytes());
    assert!(twice.contains("line 3 has the same volume"), "{twice}");
    let later = refused(b"tenlock rollback memory 2\n");
    assert!(later.contains("first line"), "{later}");
    assert!(
        later.contains("to forget all volumes, delete it"),
        "{later}"
    );
}

#[test]
fn a_file_that_was_cut_off_or_emptied_is_an_error() {
    let whole = encode(&[(id(1), seen(118, 3, 42))]);
    for length in 0..whole.len() {
        // Only between two lines can it be cut off without a trace.
        if length != TITLE.len() + 1 {
            refused(&whole.as_bytes()[..length]);
        }
    }
    refused(&[0xff; 40]);
    refused(&vec![b'\n'; usize::try_from(MAX_LEN).unwrap() + 1]);
}

#[test]
fn something_else_than_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let memory = FileMemory::new(folder.path());
    let error = memory.recall(id(1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn line_ends_of_a_windows_editor_are_understood() {
    let (_folder, memory) = memory();
    let text = encode(&[(id(1), seen(1, 2, 3))]).replace('\n', "\r\n");
    fs::write(&memory.path, text).unwrap();
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(1, 2, 3)));
}

#[test]
fn what_a_crash_left_over_does_no_harm() {
    let (folder, memory) = memory();
    memory.remember(id(1), seen(5, 5, 5)).unwrap();
    let new = beside(&memory.path, ".new");
    fs::write(&new, "tenlock rollback mem").unwrap();
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(5, 5, 5)));
    memory.remember(id(1), seen(6, 6, 6)).unwrap();
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(6, 6, 6)));
    assert!(!new.exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_is_known_already_writes_nothing() {
    let (_folder, memory) = memory();
    memory.remember(id(1), seen(5, 5, 5)).unwrap();
    let blocker = beside(&memory.path, ".new");
    fs::create_dir(&blocker).unwrap();
    memory.remember(id(1), seen(4, 5, 5)).unwrap();
    assert!(memory.remember(id(1), seen(6, 5, 5)).is_err());
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(5, 5, 5)));
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, memory) = memory();
    memory.remember(id(1), seen(1, 1, 1)).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_to_the_file_stays_one() {
    let (folder, memory) = memory();
    memory.remember(id(1), seen(1, 1, 1)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&memory.path, &link).unwrap();
    FileMemory::new(&link)
        .remember(id(1), seen(2, 2, 2))
        .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(memory.recall(id(1)).unwrap(), Some(seen(2, 2, 2)));
    assert!(!beside(&link, ".lock").exists());
}

#[cfg(unix)]
#[test]
fn a_left_over_link_in_place_of_the_new_file_is_not_followed() {
    let (folder, memory) = memory();
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, beside(&memory.path, ".new")).unwrap();
    memory.remember(id(1), seen(1, 1, 1)).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}
