use super::super::code::tenlock_code::{self, TENLOCK_ERROR_STRUCT_SIZE};
use super::*;

/// A struct as a later version of the library has it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Now {
    size: usize,
    first: u64,
    later: u64,
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for Now {}

const SIZE: usize = size_of::<Now>();

fn now(size: usize) -> Now {
    let (first, later) = (1, 2);
    Now { size, first, later }
}

fn read_as(size: usize) -> Result<(u64, u64), tenlock_code> {
    let value = now(size);
    // SAFETY: the struct is at least as long as each size used here.
    let read = unsafe { read(&raw const value) };
    read.map(|read| (read.first, read.later))
        .map_err(|fault| fault.code)
}

#[test]
fn members_that_an_older_program_does_not_know_are_zero() {
    assert_eq!(read_as(SIZE), Ok((1, 2)));
    assert_eq!(read_as(SIZE - 8), Ok((1, 0)));
    assert_eq!(read_as(size_of::<usize>()), Ok((0, 0)));
}

#[test]
fn impossible_sizes_are_refused_before_anything_is_read() {
    for size in [
        0,
        1,
        size_of::<usize>() - 1,
        SIZE - 1,
        MOST + size_of::<usize>(),
        usize::MAX,
    ] {
        assert_eq!(read_as(size), Err(TENLOCK_ERROR_STRUCT_SIZE), "{size}");
    }
}

#[test]
fn newer_program_is_served_unless_it_asks_for_what_is_not_known() {
    for (asked, expected) in [(0, Ok((1, 2))), (1, Err(TENLOCK_ERROR_STRUCT_SIZE))] {
        let newer = [(SIZE + 8) as u64, 1, 2, asked];
        if size_of::<usize>() == 8 {
            // SAFETY: the array is as long as its first element says.
            let read = unsafe { read(newer.as_ptr().cast::<Now>()) };
            let read = read.map(|read| (read.first, read.later));
            assert_eq!(read.map_err(|fault| fault.code), expected);
        }
    }
}

#[test]
fn nothing_is_written_behind_what_the_caller_knows_nor_to_his_size() {
    let mut theirs = Now {
        size: SIZE - 8,
        first: 7,
        later: 7,
    };
    // SAFETY: the struct is longer than it says.
    unsafe { write(&raw mut theirs, now(SIZE)) }.unwrap();
    assert_eq!(
        theirs,
        Now {
            size: SIZE - 8,
            first: 1,
            later: 7
        }
    );
}

#[test]
fn no_bytes_need_no_pointer_and_impossible_lengths_are_refused() {
    let length = |pointer, length| {
        // SAFETY: refused or without bytes.
        let bytes = unsafe { bytes(pointer, length) };
        bytes.map(<[u8]>::len).map_err(|fault| fault.code)
    };
    assert_eq!(length(std::ptr::null(), 0), Ok(0));
    assert_eq!(length(std::ptr::null(), 1), Err(TENLOCK_ERROR_NULL_POINTER));
    let one = 1u8;
    let byte = (&raw const one).cast();
    assert_eq!(length(byte, usize::MAX), Err(TENLOCK_ERROR_BUFFER_SIZE));
    assert_eq!(
        length(byte, usize::MAX / 2 + 1),
        Err(TENLOCK_ERROR_BUFFER_SIZE)
    );
}
