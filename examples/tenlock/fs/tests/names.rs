use super::super::names::{Rules, adapt, candidates};
use super::super::warning::BadName;

#[track_caller]
fn assert_adapts(rules: Rules, from: &str, to: &str, why: Option<BadName>) {
    assert_eq!(adapt(from, rules), (to.to_owned(), why));
}

#[test]
fn names_that_a_host_allows_stay() {
    for name in ["a", "ä é", "e\u{301}", "😀.txt", "...x", " x", "CON"] {
        assert_adapts(Rules::Unix, name, name, None);
        assert_adapts(Rules::Volume, name, name, None);
    }
    assert_adapts(Rules::Unix, "a:b\\c. ", "a:b\\c. ", None);
    for name in ["CONSOLE", "COM", "COM10", "nul_", "a.con"] {
        assert_adapts(Rules::Windows, name, name, None);
    }
}

#[test]
fn no_name_leads_out_of_its_folder() {
    for rules in [Rules::Unix, Rules::Windows, Rules::Volume] {
        for name in ["", ".", "..", "/", "/etc/x", "../x", "a/../../x", "\0"] {
            let (adapted, why) = adapt(name, rules);
            assert!(why.is_some(), "{name:?}");
            assert!(!adapted.contains(['/', '\0']), "{adapted:?}");
            assert!(!["", ".", ".."].contains(&adapted.as_str()), "{name:?}");
        }
    }
    for name in ["..\\x", "C:", "C:\\x", "x:stream", "\\\\host\\x"] {
        let (adapted, why) = adapt(name, Rules::Windows);
        assert_eq!(why, Some(BadName::Character));
        assert!(!adapted.contains([':', '\\']), "{adapted:?}");
    }
}

#[test]
fn characters_and_endings_that_windows_forbids_are_replaced() {
    let bad = Some(BadName::Character);
    assert_adapts(Rules::Volume, "a?b*c|\u{1}.txt", "a_b_c__.txt", bad);
    assert_adapts(Rules::Volume, "a. .", "a___", Some(BadName::Ending));
}

#[test]
fn windows_device_names_are_defused() {
    let device = Some(BadName::Device);
    assert_adapts(Rules::Windows, "con", "con_", device);
    assert_adapts(Rules::Windows, "NUL.tar.gz", "NUL_.tar.gz", device);
    assert_adapts(Rules::Windows, "lpt9 .x", "lpt9 _.x", device);
    assert_adapts(Rules::Windows, "COM¹", "COM¹_", device);
    assert_adapts(Rules::Windows, "CONOUT$", "CONOUT$_", device);
}

#[test]
fn a_long_name_is_cut_to_the_limit_of_its_side_and_keeps_its_extension() {
    let name = "é".repeat(300) + ".docx";
    let (stored, why) = adapt(&name, Rules::Volume);
    assert_eq!(why, Some(BadName::Length));
    assert_eq!(stored, "é".repeat(250) + ".docx");
    let (unpacked, why) = adapt(&stored, Rules::Unix);
    assert_eq!(why, Some(BadName::Length));
    assert_eq!(unpacked, "é".repeat(125) + ".docx");
}

#[test]
fn taken_names_are_numbered_before_the_extension_within_the_limit() {
    let names: Vec<String> = candidates("a.txt", Rules::Volume).take(3).collect();
    assert_eq!(names, ["a.txt", "a (2).txt", "a (3).txt"]);
    let hidden = candidates(".profile", Rules::Volume).nth(1);
    assert_eq!(hidden.as_deref(), Some(".profile (2)"));
    let long = "x".repeat(255);
    let second = candidates(&long, Rules::Volume).nth(1).unwrap();
    assert_eq!(second, "x".repeat(251) + " (2)");
}
