//! Names on the host and on the volume.

use std::ffi::OsStr;

use super::FileSystemKind;
use super::warning::BadName;

/// What a name may be, on the side where it is to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// exFAT and the long names of FAT32 (exFAT specification, section 7.7.3).
    Volume,
    /// A folder on Windows: the same, and no names of devices.
    Windows,
    /// A folder elsewhere: any bytes but `/` and NUL, 255 of them.
    Unix,
}

impl Rules {
    /// Those of the host.
    pub(super) fn host() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else {
            Self::Unix
        }
    }

    fn allows(self, ch: char) -> bool {
        match self {
            Self::Unix => !matches!(ch, '/' | '\0'),
            Self::Volume | Self::Windows => ch >= ' ' && !r#""*/:<>?\|"#.contains(ch),
        }
    }

    /// What counts towards [`LIMIT`].
    fn length(self, name: &str) -> usize {
        match self {
            Self::Unix => name.len(),
            Self::Volume | Self::Windows => name.encode_utf16().count(),
        }
    }

    /// Replaces an ending that is not allowed, among them `.` and `..`.
    fn mend_ending(self, name: &str) -> Option<String> {
        let kept = match self {
            Self::Unix if !matches!(name, "" | "." | "..") => name,
            Self::Unix => "",
            Self::Volume | Self::Windows => name.trim_end_matches(['.', ' ']),
        };
        let missing = (name.len() - kept.len()).max(usize::from(name.is_empty()));
        (missing > 0).then(|| kept.to_owned() + &"_".repeat(missing))
    }
}

/// The name to store for a host name, and what was wrong with it if it is not
/// the same.
pub(super) fn stored(host: &OsStr) -> (String, Option<BadName>) {
    let (name, bad) = adapt(&host.to_string_lossy(), Rules::Volume);
    let encoding = host.to_str().is_none().then_some(BadName::Encoding);
    (name, encoding.or(bad))
}

/// The nearest name that `rules` allow, and what was wrong if it is not `name`.
///
/// The result is a single path component, never `.`, `..` or empty.
pub(super) fn adapt(name: &str, rules: Rules) -> (String, Option<BadName>) {
    let mut bad = None;
    let mut adapted = name.to_owned();
    if !name.chars().all(|ch| rules.allows(ch)) {
        bad = Some(BadName::Character);
        adapted = name.replace(|ch| !rules.allows(ch), "_");
    }
    if let Some(mended) = rules.mend_ending(&adapted) {
        bad = bad.or(Some(BadName::Ending));
        adapted = mended;
    }
    if rules == Rules::Windows && is_device(&adapted) {
        bad = bad.or(Some(BadName::Device));
        let stem = adapted.find('.').unwrap_or(adapted.len());
        adapted.insert(stem, '_');
    }
    if rules.length(&adapted) > LIMIT {
        bad = bad.or(Some(BadName::Length));
        adapted = with_suffix(&adapted, "", rules);
    }
    (adapted, bad)
}

/// `name`, then `name (2)`, `name (3)` and so on, before the extension.
pub(super) fn candidates(name: &str, rules: Rules) -> impl Iterator<Item = String> {
    let numbered = (2..=MAX_NUMBER).map(move |n| with_suffix(name, &format!(" ({n})"), rules));
    std::iter::once(name.to_owned()).chain(numbered)
}

/// A key under which names that differ in letter case only are the same.
/// Nearly the table of the volume, which decides in the end.
pub(super) fn folded(name: &str) -> String {
    name.to_uppercase()
}

/// Directory entries of 32 bytes that a name takes, at most.
pub(super) fn slots(kind: FileSystemKind, name: &str) -> u64 {
    let units = super::len_u64(name.encode_utf16().count());
    match kind {
        FileSystemKind::ExFat => 2 + units.div_ceil(15),
        FileSystemKind::Fat32 => 1 + units.div_ceil(13),
    }
}

/// Puts `suffix` before the extension and cuts the rest to [`LIMIT`].
fn with_suffix(name: &str, suffix: &str, rules: Rules) -> String {
    let dot = name.rfind('.').filter(|dot| *dot > 0);
    let dot = dot.filter(|dot| name.len() - dot <= LONGEST_EXTENSION);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let tail = suffix.to_owned() + extension;
    let room = LIMIT - rules.length(&tail);
    let mut kept = stem;
    while rules.length(kept) > room {
        let last = kept.chars().next_back().map_or(1, char::len_utf8);
        kept = kept[..kept.len() - last].trim_end_matches(['.', ' ']);
    }
    kept.to_owned() + &tail
}

/// Names that Windows gives to devices in every folder, whatever the extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.trim_end_matches(' ').to_uppercase();
    let Some((port, number)) = stem.char_indices().nth(3).map(|(at, _)| stem.split_at(at)) else {
        return ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str());
    };
    let mut number = number.chars();
    let is_number = |ch: char| ch.is_ascii_digit() || "¹²³".contains(ch);
    let numbered = number.next().is_some_and(is_number) && number.next().is_none();
    (numbered && ["COM", "LPT"].contains(&port)) || ["CONIN$", "CONOUT$"].contains(&stem.as_str())
}

/// Longest name: UTF-16 units, or bytes outside Windows.
const LIMIT: usize = 255;
/// Longest part after the last dot, in bytes with the dot, that is kept whole
/// when a name is cut.
const LONGEST_EXTENSION: usize = 17;
/// Highest number tried for a name that is taken.
const MAX_NUMBER: u32 = 9999;
