use std::fs::{File, FileTimes};
use std::time::{Duration, UNIX_EPOCH};

use super::super::warning::BadName;
use super::*;
use crate::fs::{MAX_DEPTH, list};

const KIND: FileSystemKind = FileSystemKind::ExFat;

/// Packs `folder`, having checked that the plan foretold the same warnings.
fn warned(folder: &Path, kind: FileSystemKind) -> (Report, Vec<Warning>, Memory) {
    let payload = Memory::formatted(kind);
    let (report, warnings) = packed(folder, kind, &payload).unwrap();
    assert_eq!(measured(folder, kind).1, warnings);
    assert_fsck_clean(&payload, kind);
    (report, warnings, payload)
}

fn renamed(to: &str, why: BadName) -> Issue {
    let to = to.to_owned();
    Issue::Renamed { to, why }
}

fn names(payload: &Memory) -> Vec<String> {
    let entries = list(payload, "/").unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}

#[cfg(unix)]
#[test]
fn names_that_cannot_be_stored_are_changed_and_told() {
    use std::os::unix::ffi::OsStrExt;
    let source = TempDir::new().unwrap();
    for name in ["a:b", "dot.", "space ", "tab\t"] {
        fs::write(source.path().join(name), b"x").unwrap();
    }
    let broken = std::ffi::OsStr::from_bytes(b"br\xFFken");
    fs::write(source.path().join(broken), b"x").unwrap();
    for kind in BOTH {
        let (report, warnings, payload) = warned(source.path(), kind);
        assert_eq!((report.files, report.losses), (5, 0));
        assert_eq!(issue(&warnings, "a:b"), &renamed("a_b", BadName::Character));
        assert_eq!(
            issue(&warnings, "tab\t"),
            &renamed("tab_", BadName::Character)
        );
        assert_eq!(issue(&warnings, "dot."), &renamed("dot_", BadName::Ending));
        assert_eq!(
            issue(&warnings, "space "),
            &renamed("space_", BadName::Ending)
        );
        let encoding = renamed("br\u{FFFD}ken", BadName::Encoding);
        assert!(warnings.iter().any(|warning| warning.issue == encoding));
        assert_eq!(names(&payload).len(), 5);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_differ_in_case_only_are_both_kept() {
    let source = TempDir::new().unwrap();
    for name in ["A.txt", "a (2).txt", "a.txt", "É", "é"] {
        fs::write(source.path().join(name), name).unwrap();
    }
    for kind in BOTH {
        let (report, warnings, payload) = warned(source.path(), kind);
        assert_eq!((report.files, report.losses), (5, 0));
        assert_eq!(
            issue(&warnings, "a.txt"),
            &renamed("a (3).txt", BadName::Taken)
        );
        assert_eq!(issue(&warnings, "é"), &renamed("é (2)", BadName::Taken));
        let target = TempDir::new().unwrap();
        unpacked(&payload, target.path()).unwrap();
        let kept = fs::read(target.path().join("a (3).txt")).unwrap();
        assert_eq!(kept, b"a.txt");
    }
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_skipped_and_told() {
    let source = TempDir::new().unwrap();
    let secret = TempDir::new().unwrap();
    fs::write(secret.path().join("secret"), b"x").unwrap();
    std::os::unix::fs::symlink(secret.path(), source.path().join("folder link")).unwrap();
    std::os::unix::fs::symlink("nowhere", source.path().join("dangling")).unwrap();
    let socket = source.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(socket).unwrap();
    let (report, warnings, payload) = warned(source.path(), KIND);
    assert_eq!((report.files, report.losses), (0, 3));
    assert_eq!(issue(&warnings, "folder link"), &Issue::Link);
    assert_eq!(issue(&warnings, "dangling"), &Issue::Link);
    assert_eq!(issue(&warnings, "socket"), &Issue::Special);
    assert_eq!(names(&payload), [""; 0]);
}

#[test]
fn a_file_of_four_gib_is_skipped_on_fat32_only() {
    let source = TempDir::new().unwrap();
    let large = File::create(source.path().join("large")).unwrap();
    large.set_len(1 << 32).unwrap();
    let (report, warnings, _) = warned(source.path(), FileSystemKind::Fat32);
    assert_eq!((report.files, report.losses), (0, 1));
    assert_eq!(issue(&warnings, "large"), &Issue::FileTooLarge);
    assert_eq!(measured(source.path(), KIND).1, []);
    large.set_len((1 << 32) - 1).unwrap();
    assert_eq!(measured(source.path(), FileSystemKind::Fat32).1, []);
}

#[test]
fn a_time_before_1980_is_moved_and_told() {
    let source = TempDir::new().unwrap();
    let file = File::create(source.path().join("old")).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1);
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    let (report, warnings, payload) = warned(source.path(), KIND);
    assert_eq!(report.losses, 0);
    assert_eq!(issue(&warnings, "old"), &Issue::TimeNotKept);
    let first = UNIX_EPOCH + Duration::from_secs(315_532_800);
    assert_eq!(list(&payload, "/").unwrap()[0].modified, Some(first));
}

#[test]
fn folders_below_the_depth_limit_are_skipped_and_told() {
    let source = TempDir::new().unwrap();
    let deepest = vec!["d"; MAX_DEPTH].join("/") + "/too deep";
    fs::create_dir_all(source.path().join(deepest)).unwrap();
    let (report, warnings, payload) = warned(source.path(), KIND);
    assert_eq!(report.losses, 1);
    assert_eq!(issue(&warnings, "too deep"), &Issue::TooDeep);
    let target = TempDir::new().unwrap();
    let (back, _) = unpacked(&payload, target.path()).unwrap();
    assert_eq!((back.folders, back.losses), (report.folders, 0));
}

#[test]
fn a_folder_holds_no_more_than_fat32_allows() {
    let source = TempDir::new().unwrap();
    // 21 entries of the folder each.
    for number in 0..3200 {
        let name = format!("{number:0>250}");
        File::create(source.path().join(name)).unwrap();
    }
    let (report, warnings, _) = warned(source.path(), FileSystemKind::Fat32);
    assert_eq!(report.files, 65_533 / 21);
    assert!(
        warnings
            .iter()
            .all(|warning| warning.issue == Issue::FolderFull)
    );
    assert_eq!(report.files + report.losses, 3200);
}

/// Packs `folder` after `change`, which comes too late for the plan, and at
/// the first report of progress `meanwhile`.
fn packed_while(
    folder: &Path,
    change: impl FnOnce(),
    mut meanwhile: impl FnMut(),
) -> (Report, Vec<Warning>) {
    let payload = Memory::formatted(KIND);
    let (plan, _) = measured(folder, KIND);
    change();
    let mut warnings = Vec::new();
    let mut progress = |_: u64, _: u64, _: &Path| {
        meanwhile();
        ControlFlow::Continue(())
    };
    let report = pack(&plan, &payload, &mut progress, &mut warnings).unwrap();
    assert_fsck_clean(&payload, KIND);
    (report, warnings)
}

#[test]
fn a_file_that_vanishes_is_told() {
    let source = TempDir::new().unwrap();
    fs::write(source.path().join("a"), b"x").unwrap();
    fs::write(source.path().join("b"), b"x").unwrap();
    let remove = || drop(fs::remove_file(source.path().join("b")));
    let (report, warnings) = packed_while(source.path(), || (), remove);
    assert_eq!((report.files, report.losses), (1, 1));
    assert_eq!(issue(&warnings, "b"), &Issue::Vanished);
}

#[test]
fn a_file_that_grows_or_shrinks_is_told() {
    let source = TempDir::new().unwrap();
    let path = source.path().join("busy");
    for len in [3_u64 << 20, 1 << 20] {
        fs::write(&path, vec![0; 2 << 20]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let (report, warnings) = packed_while(source.path(), || (), || file.set_len(len).unwrap());
        assert_eq!((report.files, report.losses), (1, 1));
        assert_eq!(issue(&warnings, "busy"), &Issue::Changed);
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_packed() {
    use std::os::unix::fs::PermissionsExt;
    let source = TempDir::new().unwrap();
    let lock = |path: &Path| fs::set_permissions(path, PermissionsExt::from_mode(0o0)).unwrap();
    fs::write(source.path().join("a"), b"x").unwrap();
    fs::write(source.path().join("b"), b"x").unwrap();
    lock(&source.path().join("a"));
    fs::create_dir(source.path().join("folder")).unwrap();
    lock(&source.path().join("folder"));
    if File::open(source.path().join("a")).is_ok() {
        println!("root may read everything, nothing was tested");
        return;
    }
    let payload = Memory::formatted(KIND);
    let (report, warnings) = packed(source.path(), KIND, &payload).unwrap();
    assert_eq!((report.files, report.losses), (1, 2));
    for name in ["a", "folder"] {
        assert!(matches!(issue(&warnings, name), Issue::Failed(_)));
    }
}
