//! Numbers with units, in and out.

use indicatif::BinaryBytes;

/// Parses a number of bytes: digits, then nothing or one of K, M, G, T for powers of 1024. Nothing else is taken: no sign, no space,
/// no fraction.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.char_indices().next_back() {
        Some((at, suffix)) if suffix.is_ascii_alphabetic() => {
            (&text[..at], factor(suffix).ok_or_else(how_to)?)
        }
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(how_to());
    }
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "the number is too large".to_owned())
}

/// Parses the room of a volume: at least 1 byte, rounded up to whole 4096-byte blocks.
pub(crate) fn parse_room(text: &str) -> Result<u64, String> {
    match parse_bytes(text)? {
        0 => Err("a volume needs room for at least one byte".to_owned()),
        bytes => bytes
            .checked_next_multiple_of(4096)
            .ok_or_else(|| "the number is too large".to_owned()),
    }
}

/// Parses an amount of memory that is whole KiB, and gives it in KiB.
pub(crate) fn parse_kib(text: &str) -> Result<u32, String> {
    let bytes = parse_bytes(text)?;
    if !bytes.is_multiple_of(1024) {
        return Err("give whole KiB, for example 64M".to_owned());
    }
    u32::try_from(bytes / 1024).map_err(|_| "the number is too large".to_owned())
}

/// Parses a count: digits only.
pub(crate) fn parse_count(text: &str) -> Result<u32, String> {
    let only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| only_digits)
        .ok_or_else(|| "give a whole number".to_owned())
}

/// A number of bytes for people: rounded with a unit, and exact.
pub(crate) fn show_bytes(bytes: u64) -> String {
    if bytes < 1024 {
        format!("{bytes} bytes")
    } else {
        format!("{} ({bytes} bytes)", BinaryBytes(bytes))
    }
}

/// Seconds since 1970 as RFC 3339 in UTC; `None` if unknown (0) or absurd.
pub(crate) fn show_time(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}

fn factor(suffix: char) -> Option<u64> {
    match suffix.to_ascii_uppercase() {
        'K' => Some(1 << 10),
        'M' => Some(1 << 20),
        'G' => Some(1 << 30),
        'T' => Some(1 << 40),
        _ => None,
    }
}

fn how_to() -> String {
    "give a whole number of bytes, or one with K, M, G or T for powers of 1024, for example 64M"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_powers_of_1024() {
        let cases = [
            ("0", 0),
            ("512", 512),
            ("1K", 1024),
            ("64M", 64 << 20),
            ("3g", 3 << 30),
            ("2T", 2 << 40),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "K", "+5", "-5", " 5", "5 K", "5KB", "5KiB", "1_000", "1.5G", "0x10", "5é", "٣",
        ] {
            assert_eq!(parse_bytes(text), Err(how_to()), "{text}");
        }
        for text in ["18446744073709551616", "16777216T"] {
            assert!(
                parse_bytes(text).unwrap_err().contains("too large"),
                "{text}"
            );
        }
    }

    #[test]
    fn room_is_whole_blocks_and_never_nothing() {
        assert_eq!(
            (parse_room("1"), parse_room("4096"), parse_room("4097")),
            (Ok(4096), Ok(4096), Ok(8192))
        );
        assert!(parse_room("0").is_err() && parse_room("18446744073709551615").is_err());
    }

    #[test]
    fn memory_is_whole_kib() {
        assert_eq!(
            (parse_kib("19M"), parse_kib("1024")),
            (Ok(19 * 1024), Ok(1))
        );
        assert!(parse_kib("1000").is_err() && parse_kib("4T").is_err());
    }

    #[test]
    fn counts_are_digits_only() {
        assert_eq!((parse_count("0"), parse_count("64")), (Ok(0), Ok(64)));
        for text in ["", "+3", "-3", "3 ", "4294967296", "3K"] {
            assert!(parse_count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_utc_and_unknown_ones_are_left_out() {
        assert_eq!(
            show_time(1_700_000_000).as_deref(),
            Some("2023-11-14T22:13:20Z")
        );
        assert_eq!((show_time(0), show_time(u64::MAX)), (None, None));
    }
}
