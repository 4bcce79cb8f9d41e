use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::fs::{Entry, list, min_len};

fn write(path: PathBuf, contents: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

/// Accents in both forms, an emoji, nothing, a lot, deep and wide.
fn sample(folder: &Path) {
    // In folders of their own, since macOS takes them for the same name.
    write(folder.join("nfc/Caf\u{e9}.txt"), b"composed");
    write(folder.join("nfd/Cafe\u{301}.txt"), b"decomposed");
    write(folder.join("😀 report.pdf"), b"emoji");
    write(folder.join("empty.dat"), b"");
    write(folder.join(" leading space"), b"x");
    write(
        folder.join("a-name-of-255-units").join("n".repeat(255)),
        b"",
    );
    let large: Vec<u8> = (0..3_000_001_u32).map(|n| n.to_le_bytes()[1]).collect();
    write(folder.join("large.bin"), &large);
    write(folder.join("0/1/2/3/4/5/6/7/8/9/deep"), b"deep");
    for number in 0..300 {
        write(folder.join(format!("wide/file {number}.txt")), b"wide");
    }
    fs::create_dir_all(folder.join("empty/inner")).unwrap();
}

#[test]
fn a_tree_comes_back_as_it_was_and_fsck_finds_nothing() {
    let source = TempDir::new().unwrap();
    sample(source.path());
    for kind in BOTH {
        let payload = Memory::formatted(kind);
        let (report, warnings) = packed(source.path(), kind, &payload).unwrap();
        assert_eq!(warnings, []);
        assert_eq!((report.files, report.folders, report.losses), (308, 16, 0));
        assert_fsck_clean(&payload, kind);

        let target = TempDir::new().unwrap();
        let (back, warnings) = unpacked(&payload, target.path()).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(back, report);
        assert!(tree(source.path()) == tree(target.path()));
    }
}

#[test]
fn the_planned_length_is_enough() {
    let source = TempDir::new().unwrap();
    sample(source.path());
    let tiny = TempDir::new().unwrap();
    for number in 0..2000 {
        write(tiny.path().join(number.to_string()), b"x");
    }
    for folder in [source.path(), tiny.path()] {
        for kind in BOTH {
            let (plan, _) = measured(folder, kind);
            let payload = Memory::new(plan.payload_len);
            format(&payload, kind, None).unwrap();
            let (report, _) = packed(folder, kind, &payload).unwrap();
            let planned = (plan.files, plan.folders, plan.bytes);
            assert_eq!(planned, (report.files, report.folders, report.bytes));
        }
    }
}

#[test]
fn a_plan_counts_whole_clusters_of_files_and_folders() {
    let source = TempDir::new().unwrap();
    write(source.path().join("empty"), b"");
    write(source.path().join("small"), b"x");
    write(source.path().join("large"), &[0; 4097]);
    fs::create_dir(source.path().join("bare")).unwrap();
    // 3 entries of 32 bytes for each name on exFAT, 2 on FAT32.
    for number in 0..100 {
        write(source.path().join(format!("wide/{number}")), b"");
    }
    for (kind, folder) in [(FileSystemKind::ExFat, 9600), (FileSystemKind::Fat32, 6400)] {
        let (plan, _) = measured(source.path(), kind);
        let (top, bare) = (5 * 96, 1);
        let clusters = |size: u64| {
            let lens = [0, 1, 4097, folder, top, bare];
            lens.iter()
                .map(|len: &u64| len.div_ceil(size) * size)
                .sum::<u64>()
        };
        assert_eq!(plan.allocated(512), clusters(512));
        assert_eq!(plan.allocated(4096), clusters(4096));
    }
}

fn set_modified(path: &Path, time: SystemTime) {
    let times = FileTimes::new().set_modified(time);
    File::open(path).unwrap().set_times(times).unwrap();
}

/// How far the time of `path` differs after a round trip.
fn drift(kind: FileSystemKind, time: SystemTime) -> [Duration; 2] {
    let source = TempDir::new().unwrap();
    write(source.path().join("folder/file"), b"x");
    // More than a cluster of entries: growing must not touch the folder's time.
    for number in 0..200 {
        write(source.path().join(format!("folder/{number}")), b"");
    }
    set_modified(&source.path().join("folder/file"), time);
    set_modified(&source.path().join("folder"), time);
    let payload = Memory::formatted(kind);
    packed(source.path(), kind, &payload).unwrap();
    let target = TempDir::new().unwrap();
    unpacked(&payload, target.path()).unwrap();
    ["folder/file", "folder"].map(|name| {
        let metadata = fs::metadata(target.path().join(name)).unwrap();
        time.duration_since(metadata.modified().unwrap()).unwrap()
    })
}

#[test]
#[cfg_attr(windows, ignore = "folders open only on request there")]
fn times_come_back_to_the_resolution_of_the_file_system() {
    let odd_second = UNIX_EPOCH + Duration::new(1_700_000_001, 987_654_321);
    let exfat = drift(FileSystemKind::ExFat, odd_second);
    assert_eq!(exfat, [Duration::from_nanos(7_654_321); 2]);
    let fat32 = drift(FileSystemKind::Fat32, odd_second);
    assert_eq!(fat32, [Duration::from_nanos(1_987_654_321); 2]);
}

#[test]
fn list_shows_one_folder_or_one_file() {
    let source = TempDir::new().unwrap();
    write(source.path().join("B/x"), b"12345");
    write(source.path().join("a"), b"");
    let payload = Memory::formatted(FileSystemKind::ExFat);
    packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    let lines = |path: &str| -> Vec<(String, bool, u64)> {
        let line = |entry: Entry| (entry.name, entry.is_folder, entry.len);
        list(&payload, path)
            .unwrap()
            .into_iter()
            .map(line)
            .collect()
    };
    let top = vec![("B".to_owned(), true, 0), ("a".to_owned(), false, 0)];
    assert_eq!(lines("/"), top);
    assert_eq!(lines(""), top);
    let file = vec![("x".to_owned(), false, 5)];
    assert_eq!(lines("b"), file);
    assert_eq!(lines("/B/x"), file);
    for missing in ["/c", "/a/x", "../.."] {
        let found = list(&payload, missing);
        assert!(missing == "../.." || matches!(found, Err(Error::NotFound { .. })));
    }
}

#[test]
fn smallest_payloads_format_and_smaller_ones_are_told_what_is_needed() {
    for kind in BOTH {
        for sector_size in [512, 4096] {
            let needed = min_len(kind, sector_size);
            let mut payload = Memory::new(needed);
            payload.sector_size = sector_size;
            format(&payload, kind, None).unwrap();
            assert_fsck_clean(&payload, kind);

            let actual = needed - 4096;
            let mut payload = Memory::new(actual);
            payload.sector_size = sector_size;
            let error = format(&payload, kind, None).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::TooSmall { .. }), "{text}");
            assert!(text.contains(&needed.to_string()), "{text}");
        }
    }
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    for (kind, label) in [
        (FileSystemKind::ExFat, "twelve chars"),
        (FileSystemKind::Fat32, "Été"),
    ] {
        let payload = Memory::new(40 * MIB);
        let refused = format(&payload, kind, Some(label));
        assert!(matches!(refused, Err(Error::Label { .. })));
        assert_eq!(payload.writes.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_full_volume_is_refused_before_anything_is_written() {
    let source = TempDir::new().unwrap();
    write(source.path().join("large"), &vec![0; 41 << 20]);
    for kind in BOTH {
        let payload = Memory::formatted(kind);
        let before = payload.writes.load(Ordering::Relaxed);
        let refused = packed(source.path(), kind, &payload);
        assert!(matches!(refused, Err(Error::NoSpace { .. })), "{refused:?}");
        assert_eq!(payload.writes.load(Ordering::Relaxed), before);
    }
}

#[test]
fn a_file_that_grows_past_the_volume_ends_with_its_name_and_a_clean_volume() {
    let source = TempDir::new().unwrap();
    let path = source.path().join("grows");
    write(path.clone(), b"small");
    for kind in BOTH {
        let payload = Memory::formatted(kind);
        let (plan, _) = measured(source.path(), kind);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(41 << 20)
            .unwrap();
        let refused = pack(&plan, &payload, &mut go_on, &mut Vec::new());
        assert!(matches!(refused, Err(Error::VolumeFull { path: full }) if full == path));
        assert_fsck_clean(&payload, kind);
        write(path.clone(), b"small");
    }
}

#[test]
fn packing_again_overwrites_nothing() {
    let source = TempDir::new().unwrap();
    write(source.path().join("a.txt"), b"x");
    let payload = Memory::formatted(FileSystemKind::ExFat);
    packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    let (report, warnings) = packed(source.path(), FileSystemKind::ExFat, &payload).unwrap();
    assert_eq!((report.losses, warnings.len()), (0, 1));
    let names: Vec<String> = list(&payload, "/")
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert_eq!(names, ["a (2).txt", "a.txt"]);
}

#[test]
fn unpack_touches_no_folder_that_holds_something() {
    let payload = Memory::formatted(FileSystemKind::ExFat);
    let target = TempDir::new().unwrap();
    write(target.path().join("kept"), b"kept");
    let kept = target.path().join("kept");
    for taken in [target.path(), &kept] {
        let refused = unpacked(&payload, taken);
        assert!(matches!(refused, Err(Error::NotEmpty { .. })));
    }
    assert_eq!(fs::read(kept).unwrap(), b"kept");
    unpacked(&payload, &target.path().join("new")).unwrap();
}

#[test]
fn both_directions_stop_when_asked_and_leave_a_clean_volume() {
    let source = TempDir::new().unwrap();
    write(source.path().join("large"), &vec![1; 5 << 20]);
    let kind = FileSystemKind::ExFat;
    let payload = Memory::formatted(kind);
    let (plan, _) = measured(source.path(), kind);
    let mut stop = |done: u64, total: u64, path: &Path| {
        assert_eq!(total, 5 << 20);
        assert!(path.ends_with("large"));
        if done >= 2 << 20 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let stopped = pack(&plan, &payload, &mut stop, &mut Vec::new());
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert_fsck_clean(&payload, kind);

    let target = TempDir::new().unwrap();
    let mut stop = |_: u64, _: u64, _: &Path| ControlFlow::Break(());
    let stopped = unpack(&payload, target.path(), &mut stop, &mut Vec::new());
    assert!(matches!(stopped, Err(Error::Cancelled)));
}

#[test]
fn many_small_files_take_few_writes() {
    let source = TempDir::new().unwrap();
    for number in 0..500 {
        write(source.path().join(number.to_string()), &[7; 5000]);
    }
    for kind in BOTH {
        let payload = Memory::formatted(kind);
        let before = payload.writes.load(Ordering::Relaxed);
        packed(source.path(), kind, &payload).unwrap();
        let writes = payload.writes.load(Ordering::Relaxed) - before;
        assert!(writes < 50, "{kind}: {writes} writes for 500 files");
    }
}
