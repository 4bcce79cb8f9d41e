use super::*;

fn sample() -> Event {
    Event::new(
        EventKind::SlotReset,
        1_790_000_000,
        "büro-7",
        "tenlock-cli 0.1",
    )
    .with_slots([31, 0, 5])
    .with_role(Role::Admin)
}

#[test]
fn what_was_encoded_is_read_back() {
    let longest = Event::new(
        EventKind::Unknown(u16::MAX),
        u64::MAX,
        &"h".repeat(64),
        &"é".repeat(64),
    )
    .with_slots(0..32)
    .with_role(Role::Escrow);
    let least = Event::new(EventKind::Attempt, 0, "", "");
    for event in [sample(), longest, least] {
        assert_eq!(Event::decode(&event.encode()), Some(event));
    }
}

#[test]
fn the_bytes_are_those_of_the_format_page() {
    let bytes = sample().encode();
    assert_eq!(bytes[..8], [1, 0, 7, 0, 0x21, 0, 0, 0x80]);
    assert_eq!(bytes[8..16], 1_790_000_000u64.to_le_bytes());
    assert_eq!(bytes[16..24], [1, 7, 15, 0, 0, 0, 0, 0]);
    assert_eq!(&bytes[24..31], "büro-7".as_bytes());
    assert_eq!(&bytes[88..103], b"tenlock-cli 0.1");
    assert!(bytes[31..88].iter().chain(&bytes[103..]).all(|b| *b == 0));
}

#[test]
fn f105_every_byte_that_is_not_a_field_must_be_zero() {
    let bytes = sample().encode();
    for at in (19..24).chain(31..88).chain(103..488) {
        let mut changed = bytes;
        changed[at] = 1;
        assert_eq!(Event::decode(&changed), None, "byte {at}");
    }
}

#[test]
fn f103_to_f105_malformed_events_are_refused() {
    let cases = [
        (0, 2, "another version"),
        (16, 5, "unknown role"),
        (17, 65, "host over its room"),
        (17, 2, "host that ends within a character"),
        (18, 129, "agent over its room"),
        (18, 14, "agent longer than it says"),
        (24, 0xff, "host that is not UTF-8"),
        (24, 0x1b, "host with an escape"),
        (90, b'\n', "agent with a line feed"),
    ];
    for (at, byte, what) in cases {
        let mut bytes = sample().encode();
        bytes[at] = byte;
        assert_eq!(Event::decode(&bytes), None, "{what}");
    }
}

#[test]
fn whatever_is_read_encodes_to_the_same_bytes() {
    let bytes = sample().encode();
    for at in 0..Event::LEN {
        for value in 0..=255 {
            let mut changed = bytes;
            changed[at] = value;
            if let Some(event) = Event::decode(&changed) {
                assert_eq!(event.encode(), changed, "byte {at} = {value}");
            }
        }
    }
}

#[test]
fn texts_are_cut_between_characters() {
    let event = Event::new(EventKind::Created, 0, &"€".repeat(30), &"é".repeat(100));
    assert_eq!(event.host(), "€".repeat(21));
    assert_eq!(event.agent(), "é".repeat(64));
    let odd = format!("x{}", "é".repeat(100));
    let event = Event::new(EventKind::Created, 0, &odd, &odd);
    assert_eq!((event.host().len(), event.agent().len()), (63, 127));
}

#[test]
fn control_characters_do_not_reach_the_log() {
    let event = Event::new(EventKind::Created, 0, "a\u{1b}[2J", "b\n\u{9b}\0");
    assert_eq!(event.host(), "a\u{fffd}[2J");
    assert_eq!(event.agent(), "b\u{fffd}\u{fffd}\u{fffd}");
    // The replacement is longer than what it replaces.
    let event = Event::new(EventKind::Created, 0, &"\n".repeat(64), "");
    assert_eq!(event.host(), "\u{fffd}".repeat(21));
}

#[test]
fn slots_come_in_order_and_others_than_0_to_31_are_left_out() {
    let slots = |slots: &[usize]| -> Vec<usize> {
        let event = Event::new(EventKind::Attempt, 0, "", "");
        event.with_slots(slots.iter().copied()).slots().collect()
    };
    assert_eq!(slots(&[31, 2, 0, 2]), [0, 2, 31]);
    assert_eq!(slots(&[32, 64, usize::MAX, 1 << 32]), [0; 0]);
}

#[test]
fn numbers_and_names_of_the_kinds_are_each_used_once() {
    for (kind, number) in EventKind::ALL.into_iter().zip(1..) {
        assert_eq!(kind.number(), number);
        assert_eq!(EventKind::from_number(number), kind);
        let names = EventKind::ALL.map(EventKind::name);
        assert_eq!(names.iter().filter(|name| **name == kind.name()).count(), 1);
    }
}

#[test]
fn a_kind_of_a_later_version_is_kept() {
    let event = Event::new(EventKind::Unknown(999), 1, "h", "a");
    let read = Event::decode(&event.encode()).unwrap();
    assert_eq!(read.kind(), EventKind::Unknown(999));
    assert_eq!(read.kind().name(), "unknown");
}

#[test]
fn a_known_kind_cannot_pass_as_an_unknown_one() {
    let event = Event::new(EventKind::Unknown(2), 1, "h", "a");
    assert_eq!(event.kind(), EventKind::Unlocked);
}
