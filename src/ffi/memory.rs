//! Memory of the caller: what is copied in, what is written out.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::path::PathBuf;

use super::code::tenlock_code::{
    TENLOCK_ERROR_BUFFER_SIZE, TENLOCK_ERROR_NOT_UTF8, TENLOCK_ERROR_NULL_POINTER,
    TENLOCK_ERROR_STRUCT_SIZE,
};
use super::fault::Fault;
use super::table::{Handle, Vacant};

/// A struct that can grow: its first member says how large the caller knows it, members are only added at
/// its end, zero means a member's default, and there is no padding.
///
/// # Safety
/// `repr(C)`, the first member is `size: usize`, and any member may have zero bytes.
pub(super) unsafe trait Versioned: Copy {
    /// The least size that is accepted.
    const LEAST: usize = size_of::<usize>();
}

/// Structs never get larger; a larger size is one that nobody has set.
const MOST: usize = 4096;

/// Copies a struct of the caller's. Members that he does not know are zero. What he has behind the members
/// that we know must be zero, since we cannot do as it says.
///
/// # Safety
/// `from` is NULL or points to a struct that is as long as its first member says.
pub(super) unsafe fn read<T: Versioned>(from: *const T) -> Result<T, Fault> {
    // SAFETY: as the caller promises.
    let size = unsafe { size_of_struct(from) }?;
    let bytes = from.cast::<u8>();
    for at in size_of::<T>()..size {
        // SAFETY: inside the struct.
        if unsafe { bytes.add(at).read() } != 0 {
            return Err(TENLOCK_ERROR_STRUCT_SIZE.into());
        }
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: so many bytes are there on both sides, which do not overlap: one is ours.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes, copy.as_mut_ptr().cast(), size.min(size_of::<T>()));
    }
    // SAFETY: zero bytes are a value of each member, and the others are the caller's.
    Ok(unsafe { copy.assume_init() })
}

/// As [`read`]; NULL is a struct of zeros, all defaults.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn read_or_default<T: Versioned>(from: *const T) -> Result<T, Fault> {
    if from.is_null() {
        // SAFETY: zero bytes are a value of each member.
        return Ok(unsafe { std::mem::zeroed() });
    }
    // SAFETY: as the caller promises.
    unsafe { read(from) }
}

/// Writes a struct to the caller's, but for its size, as far as he knows it.
///
/// # Safety
/// `to` is NULL or points to a struct that is as long as its first member says.
pub(super) unsafe fn write<T: Versioned>(to: *mut T, value: T) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    let size = unsafe { size_of_struct(to) }?;
    let end = size.min(size_of::<T>());
    let start = size_of::<usize>();
    let value = std::ptr::from_ref(&value).cast::<u8>();
    // SAFETY: start to end is inside both, which do not overlap: one is ours.
    unsafe {
        std::ptr::copy_nonoverlapping(value.add(start), to.cast::<u8>().add(start), end - start);
    }
    Ok(())
}

/// # Safety
/// As [`read`].
unsafe fn size_of_struct<T: Versioned>(at: *const T) -> Result<usize, Fault> {
    if at.is_null() {
        return Err(TENLOCK_ERROR_NULL_POINTER.into());
    }
    // SAFETY: the size is there, as the caller promises.
    let size = unsafe { at.cast::<usize>().read_unaligned() };
    if (T::LEAST..=MOST).contains(&size) && size.is_multiple_of(size_of::<usize>()) {
        Ok(size)
    } else {
        Err(TENLOCK_ERROR_STRUCT_SIZE.into())
    }
}

/// A struct of the caller's that is written at the end of a call.
pub(super) struct OutStruct<T>(*mut T);

impl<T: Versioned> OutStruct<T> {
    /// Refuses NULL and an impossible size before anything is done.
    ///
    /// # Safety
    /// As [`write()`], until the end of the call.
    pub(super) unsafe fn at(to: *mut T) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        unsafe { size_of_struct(to) }?;
        Ok(Self(to))
    }

    pub(super) fn put(self, value: T) -> Result<(), Fault> {
        // SAFETY: as whoever called `at` promised.
        unsafe { write(self.0, value) }
    }
}

/// A place for a number, written at the end of a call.
pub(super) struct Out<T>(*mut T);

impl<T: Copy> Out<T> {
    /// Refuses NULL before anything is done.
    ///
    /// # Safety
    /// `to` is NULL or can be written until the end of the call.
    pub(super) unsafe fn at(to: *mut T) -> Result<Self, Fault> {
        if to.is_null() {
            return Err(TENLOCK_ERROR_NULL_POINTER.into());
        }
        Ok(Self(to))
    }

    pub(super) fn put(self, value: T) {
        // SAFETY: as whoever called `at` promised.
        unsafe { self.0.write_unaligned(value) }
    }
}

/// A place for a new handle, NULL until the end of a call.
pub(super) struct OutHandle<H> {
    to: *mut *mut H,
    place: Vacant,
}

impl<H: Handle> OutHandle<H> {
    /// Writes NULL, and makes sure that there is room for a handle before anything is done.
    ///
    /// # Safety
    /// `to` is NULL or can be written until the end of the call.
    pub(super) unsafe fn at(to: *mut *mut H) -> Result<Self, Fault> {
        if to.is_null() {
            return Err(TENLOCK_ERROR_NULL_POINTER.into());
        }
        // SAFETY: as the caller promises.
        unsafe { to.write_unaligned(std::ptr::null_mut()) };
        let place = Vacant::take()?;
        Ok(Self { to, place })
    }

    /// As [`at`](Self::at), for an output that the caller need not want.
    ///
    /// # Safety
    /// As [`at`](Self::at).
    pub(super) unsafe fn at_unless_null(to: *mut *mut H) -> Result<Option<Self>, Fault> {
        // SAFETY: as the caller promises.
        (!to.is_null()).then(|| unsafe { Self::at(to) }).transpose()
    }

    pub(super) fn put(self, content: H::Content) {
        let handle = self.place.put(content);
        // SAFETY: as whoever called `at` promised.
        unsafe { self.to.write_unaligned(handle) }
    }
}

/// Bytes of the caller's. NULL is possible where there are none.
///
/// # Safety
/// `data` is NULL or points to `length` bytes that nobody changes while the result is used.
pub(super) unsafe fn bytes<'a>(data: *const c_void, length: usize) -> Result<&'a [u8], Fault> {
    if length == 0 {
        return Ok(&[]);
    }
    check_buffer(data, length)?;
    // SAFETY: as the caller promises; the length is one that a slice can have.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// A buffer of the caller's.
///
/// # Safety
/// `data` is NULL or points to `length` bytes that nobody else uses while the result is used.
pub(super) unsafe fn buffer<'a>(data: *mut c_void, length: usize) -> Result<&'a mut [u8], Fault> {
    if length == 0 {
        return Ok(&mut []);
    }
    check_buffer(data, length)?;
    // SAFETY: as the caller promises; the length is one that a slice can have. To the compiler memory of
    // the caller's is initialised, whatever its bytes are: it was allocated on the other side.
    Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), length) })
}

/// An array of the caller's, copied.
///
/// # Safety
/// `data` is NULL or points to `count` values.
pub(super) unsafe fn array<T: Copy>(data: *const T, count: usize) -> Result<Vec<T>, Fault> {
    if count > MOST {
        return Err(TENLOCK_ERROR_BUFFER_SIZE.into());
    }
    if data.is_null() && count > 0 {
        return Err(TENLOCK_ERROR_NULL_POINTER.into());
    }
    // SAFETY: as the caller promises.
    Ok((0..count)
        .map(|at| unsafe { data.add(at).read_unaligned() })
        .collect())
}

fn check_buffer(data: *const c_void, length: usize) -> Result<(), Fault> {
    if data.is_null() {
        return Err(TENLOCK_ERROR_NULL_POINTER.into());
    }
    let possible = isize::try_from(length).is_ok() && data.addr().checked_add(length).is_some();
    if possible {
        Ok(())
    } else {
        Err(TENLOCK_ERROR_BUFFER_SIZE.into())
    }
}

/// A text of the caller's; NULL is none.
///
/// # Safety
/// `text` is NULL or ends with a zero byte, and nobody changes it while the result is used.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<Option<&'a str>, Fault> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    match text.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(TENLOCK_ERROR_NOT_UTF8.into()),
    }
}

/// As [`text`], for one that must be there.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn some_text<'a>(from: *const c_char) -> Result<&'a str, Fault> {
    // SAFETY: as the caller promises.
    unsafe { text(from) }?.ok_or(TENLOCK_ERROR_NULL_POINTER.into())
}

/// A path: UTF-8 on Windows, any bytes elsewhere.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn path(from: *const c_char) -> Result<PathBuf, Fault> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        if from.is_null() {
            return Err(TENLOCK_ERROR_NULL_POINTER.into());
        }
        // SAFETY: as the caller promises.
        let bytes = unsafe { CStr::from_ptr(from) }.to_bytes();
        Ok(std::ffi::OsStr::from_bytes(bytes).into())
    }
    // SAFETY: as the caller promises.
    #[cfg(not(unix))]
    Ok(unsafe { some_text(from) }?.into())
}

/// Puts a text into an array, cut between characters, with zero bytes behind it.
pub(super) fn put_text(to: &mut [c_char], text: &str) {
    let mut end = text.len().min(to.len().saturating_sub(1));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let bytes = text[..end].bytes().take_while(|byte| *byte != 0);
    to.fill(0);
    for (place, byte) in to.iter_mut().zip(bytes) {
        #[allow(
            clippy::cast_possible_wrap,
            reason = "the bits are meant; signed on some machines"
        )]
        let character = byte as c_char;
        *place = character;
    }
}

#[cfg(test)]
mod tests;
