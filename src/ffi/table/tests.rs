use super::*;

struct Number;
impl Handle for Number {
    type Content = u32;
}
struct Word;
impl Handle for Word {
    type Content = String;
}

fn new(number: u32) -> *mut Number {
    Vacant::take().unwrap().put(number)
}

#[test]
fn handle_finds_its_content_until_it_is_freed_and_never_again() {
    let mut old = Vec::new();
    for number in 0..200 {
        let handle = new(number);
        assert_eq!(*shared(handle).unwrap(), number);
        assert!(!old.contains(&handle));
        release(handle).unwrap();
        assert_eq!(shared(handle).err().unwrap().code, TENLOCK_ERROR_HANDLE);
        assert_eq!(release(handle).unwrap_err().code, TENLOCK_ERROR_HANDLE);
        old.push(handle);
    }
}

#[test]
fn handle_of_another_kind_and_any_number_are_refused() {
    let handle = new(1);
    assert!(shared(handle.cast::<Word>()).is_err());
    assert!(release(handle.cast::<Word>()).is_err());
    for number in [
        1,
        8,
        4096,
        TOP,
        TOP - 1,
        usize::MAX,
        handle.addr() ^ 1 << INDEX_BITS,
    ] {
        let wrong = std::ptr::without_provenance::<Number>(number);
        if wrong != handle {
            assert_eq!(shared(wrong).err().unwrap().code, TENLOCK_ERROR_HANDLE);
        }
    }
    release(handle).unwrap();
    release(std::ptr::null::<Number>()).unwrap();
}

#[test]
fn nobody_waits_for_a_handle_in_use() {
    let handle = new(1);
    let reader = shared(handle).unwrap();
    assert!(shared(handle).is_ok());
    assert_eq!(
        exclusive(handle).err().unwrap().code,
        TENLOCK_ERROR_HANDLE_IN_USE
    );
    assert_eq!(
        release(handle).unwrap_err().code,
        TENLOCK_ERROR_HANDLE_IN_USE
    );
    drop(reader);
    let writer = exclusive(handle).unwrap();
    assert_eq!(
        shared(handle).err().unwrap().code,
        TENLOCK_ERROR_HANDLE_IN_USE
    );
    drop(writer);
    release(handle).unwrap();
}

#[test]
fn handle_that_a_panic_has_emptied_can_be_freed_once() {
    let handle = new(1);
    let panicked = std::panic::catch_unwind(|| {
        let mut writer = exclusive(handle).unwrap();
        writer.take().unwrap();
        panic!("with the content out");
    });
    assert!(panicked.is_err());
    assert_eq!(shared(handle).err().unwrap().code, TENLOCK_ERROR_HANDLE);
    release(handle).unwrap();
    assert_eq!(release(handle).unwrap_err().code, TENLOCK_ERROR_HANDLE);
}

#[test]
fn places_are_numbered_without_a_gap() {
    let mut expected = (0, 0);
    for index in 0..10_000 {
        assert_eq!(chunk_of(index), expected);
        expected.1 += 1;
        if expected.1 == FIRST_CHUNK << expected.0 {
            expected = (expected.0 + 1, 0);
        }
    }
    assert_eq!(chunk_of(MAX_HANDLES - 1).0, CHUNKS - 1);
}

/// Its place is there, and nobody was given the number: the last of a chunk is, as a rule, never used.
#[test]
fn freeing_a_number_that_was_never_given_out_is_refused_and_changes_nothing() {
    let handle = new(1);
    let (chunk, _) = chunk_of(parse(handle).unwrap().0);
    let last = FIRST_CHUNK * ((1 << (chunk + 1)) - 1) - 1;
    let never = handle_of::<Number>(last, 0);
    assert_eq!(release(never).unwrap_err().code, TENLOCK_ERROR_HANDLE);
    release(handle).unwrap();
    let numbers = [new(2), new(3)];
    assert_ne!(numbers[0], numbers[1]);
    for number in numbers {
        release(number).unwrap();
    }
}
