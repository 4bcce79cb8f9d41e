//! Volumes made by someone who wants to write elsewhere, or never to finish.

use super::super::warning::BadName;
use super::*;

/// An exFAT entry set: File, Stream Extension, File Name (exFAT specification,
/// sections 7.4, 7.6, 7.7).
struct EntrySet {
    at: usize,
}

impl EntrySet {
    /// The set of the entry `name`, which must be short.
    fn find(payload: &Memory, name: &str) -> Self {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes = payload.bytes.lock().unwrap();
        let starts = (0..bytes.len() - 96).step_by(32);
        let mut sets = starts.filter(|at| {
            let set = &bytes[*at..*at + 96];
            let kinds = [set[0], set[32], set[64]] == [0x85, 0xC0, 0xC1];
            let len = usize::from(set[35]) * 2;
            kinds && len == units.len() && set[66..66 + len] == units
        });
        let at = sets.next().unwrap();
        Self { at }
    }

    /// Overwrites bytes of the set and sets its checksum right (section 6.3.3).
    fn patch(&self, payload: &Memory, offset: usize, data: &[u8]) {
        let mut bytes = payload.bytes.lock().unwrap();
        let set = &mut bytes[self.at..self.at + 96];
        set[offset..offset + data.len()].copy_from_slice(data);
        let covered = set
            .iter()
            .enumerate()
            .filter(|(at, _)| ![2, 3].contains(at));
        let sum = covered.fold(0_u16, |sum, (_, byte)| {
            sum.rotate_right(1).wrapping_add(u16::from(*byte))
        });
        set[2..4].copy_from_slice(&sum.to_le_bytes());
    }

    fn bytes(&self, payload: &Memory, offset: usize, len: usize) -> Vec<u8> {
        let at = self.at + offset;
        payload.bytes.lock().unwrap()[at..at + len].to_vec()
    }
}

const FIRST_CLUSTER: usize = 32 + 20;
const VALID_LEN: usize = 32 + 8;
const LEN: usize = 32 + 24;
const NAME: usize = 64 + 2;

/// A volume with the folder `dd`, the file `dd/xx` and the file `ff`.
fn victim() -> Memory {
    let source = TempDir::new().unwrap();
    fs::create_dir(source.path().join("dd")).unwrap();
    fs::write(source.path().join("dd/xx"), b"inner").unwrap();
    fs::write(source.path().join("ff"), vec![7; 10_000]).unwrap();
    let payload = Memory::formatted(FileSystemKind::ExFat);
    packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    payload
}

/// Unpacks two folders deep and returns what the outer one holds then.
fn unpack_inside(payload: &Memory) -> (Report, Vec<Warning>, Vec<PathBuf>) {
    let outer = TempDir::new().unwrap();
    fs::create_dir(outer.path().join("middle")).unwrap();
    let target = outer.path().join("middle/target");
    let (report, warnings) = unpacked(payload, &target).unwrap();
    let found = tree(outer.path());
    let outside = found
        .iter()
        .filter(|(path, _)| !path.starts_with("middle/target"));
    let outside: Vec<&Path> = outside.map(|(path, _)| path.as_path()).collect();
    assert_eq!(outside, [Path::new("middle")]);
    (
        report,
        warnings,
        tree(&target).into_iter().map(|(path, _)| path).collect(),
    )
}

/// How many entries were not copied, apart from what the checker found.
fn skipped(warnings: &[Warning]) -> usize {
    let copy = |warning: &&Warning| !matches!(warning.issue, Issue::Inconsistent(_));
    warnings.iter().filter(copy).count()
}

#[test]
fn names_that_lead_elsewhere_write_nothing_outside() {
    for (name, evil) in [
        ("ff", ".."),
        ("dd", ".."),
        ("ff", "/x"),
        ("dd", "\0x"),
        ("xx", ".."),
    ] {
        let payload = victim();
        let units: Vec<u8> = evil.encode_utf16().flat_map(u16::to_le_bytes).collect();
        EntrySet::find(&payload, name).patch(&payload, NAME, &units);
        let (report, warnings, _) = unpack_inside(&payload);
        assert!(report.losses > 0, "{evil:?} for {name}: {warnings:?}");
    }
}

#[test]
fn a_folder_inside_itself_is_entered_once() {
    let payload = victim();
    let inner = EntrySet::find(&payload, "dd");
    let root = EntrySet::find(&payload, "ff");
    // The cluster that holds the root folder's entries.
    let bytes = payload.bytes.lock().unwrap()[96..100].to_vec();
    inner.patch(&payload, FIRST_CLUSTER, &bytes);
    assert!(root.at.abs_diff(inner.at) < 4096);
    let (report, warnings, found) = unpack_inside(&payload);
    assert_eq!(report.folders, 1);
    assert_eq!(skipped(&warnings), 1);
    let again = issue(&warnings, "dd/dd");
    assert!(matches!(again, Issue::Damaged(_)), "{again:?}");
    assert!(found.contains(&"dd/ff".into()));
}

#[test]
fn a_file_longer_than_the_volume_is_not_written() {
    let payload = victim();
    let set = EntrySet::find(&payload, "ff");
    set.patch(&payload, LEN, &(1_u64 << 50).to_le_bytes());
    // Nothing of it counts as written, so that it would read as zeros for ever.
    set.patch(&payload, VALID_LEN, &0_u64.to_le_bytes());
    let (_, warnings, _) = unpack_inside(&payload);
    assert_eq!(skipped(&warnings), 1);
    assert!(matches!(issue(&warnings, "ff"), Issue::Damaged(_)));
}

#[test]
fn two_entries_of_one_name_do_not_overwrite_each_other() {
    let payload = victim();
    let file = EntrySet::find(&payload, "ff");
    let folder = EntrySet::find(&payload, "dd");
    let hash = file.bytes(&payload, 32 + 4, 2);
    folder.patch(&payload, 32 + 4, &hash);
    folder.patch(&payload, NAME, &file.bytes(&payload, NAME, 4));
    let (report, _, found) = unpack_inside(&payload);
    assert_eq!(report.losses, 1);
    assert_eq!(found, [PathBuf::from("ff"), PathBuf::from("ff/xx")]);
}

#[test]
fn a_bad_block_in_a_file_costs_the_rest_of_that_file_only() {
    let source = TempDir::new().unwrap();
    fs::write(source.path().join("a"), vec![1; 3 << 20]).unwrap();
    fs::write(source.path().join("b"), b"after").unwrap();
    let mut payload = Memory::formatted(FileSystemKind::ExFat);
    packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    let bytes = payload.bytes.lock().unwrap();
    let start = bytes
        .windows(4096)
        .position(|run| run == [1; 4096])
        .unwrap();
    drop(bytes);
    payload.bad_offset = Some(super::super::len_u64(start) + (3 << 19));
    let target = TempDir::new().unwrap();
    let (report, warnings) = unpacked(&payload, target.path()).unwrap();
    assert_eq!((report.files, report.losses), (2, 1));
    let copied = 1 << 20;
    let why = "bad block".to_owned();
    assert_eq!(issue(&warnings, "a"), &Issue::Truncated { copied, why });
    assert_eq!(fs::read(target.path().join("b")).unwrap(), b"after");
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_in_place_of_the_destination_is_not_followed() {
    let payload = victim();
    let outer = TempDir::new().unwrap();
    fs::create_dir(outer.path().join("elsewhere")).unwrap();
    let link = outer.path().join("link");
    std::os::unix::fs::symlink("elsewhere", &link).unwrap();
    assert!(matches!(
        unpacked(&payload, &link),
        Err(Error::NotEmpty { .. })
    ));
    assert_eq!(tree(&outer.path().join("elsewhere")), []);
}

#[test]
fn a_payload_without_a_file_system_says_so() {
    for len in [0, 512, MIB] {
        let payload = Memory::new(len);
        let refused = crate::fs::list(&payload, "/");
        assert!(matches!(refused, Err(Error::NotAFileSystem)), "{refused:?}");
    }
}

#[test]
fn a_name_too_long_for_the_host_is_cut_and_told() {
    let source = TempDir::new().unwrap();
    fs::write(source.path().join("é".repeat(120)), b"x").unwrap();
    let payload = Memory::formatted(FileSystemKind::ExFat);
    packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    let mut volume =
        super::super::mount::mount(&payload, super::super::mount::Access::Write).unwrap();
    let root = volume.root();
    let long = "漢".repeat(200);
    let name = hadris_fs::Name::new(&long);
    volume
        .create(root, name, &hadris_fs::SetAttr::new())
        .unwrap();
    volume.sync().unwrap();
    drop(volume);
    let (report, warnings, found) = unpack_inside(&payload);
    assert_eq!((report.files, report.losses), (2, 0));
    let cut = "漢".repeat(85);
    if cfg!(unix) {
        let to = cut.clone();
        let why = BadName::Length;
        assert_eq!(issue(&warnings, &cut), &Issue::Renamed { to, why });
        assert!(found.contains(&cut.into()));
    }
}

#[test]
fn entries_that_the_driver_steps_over_make_the_copy_incomplete() {
    let payload = victim();
    let set = EntrySet::find(&payload, "xx");
    payload.bytes.lock().unwrap()[set.at + NAME] ^= 1;
    let destination = TempDir::new().unwrap();
    let (report, warnings) = unpacked(&payload, destination.path()).unwrap();
    assert!(report.losses > 0);
    assert!(
        warnings
            .iter()
            .any(|warning| matches!(warning.issue, Issue::Inconsistent(_))),
        "{warnings:?}"
    );
}
