//! Handles. A handle is the number of a place in a table, and of how often the place was used before; it
//! looks like a pointer to C and is never followed. So a handle that was freed, is of another kind, or
//! never was one, is an error and nothing worse.
//!
//! ```text
//! top bit | use of the place | index of the place
//! ```
//!
//! The top bit makes it a number that is no address of a program. No call waits for a handle: what is in
//! use is an error, so that callbacks cannot wait for themselves.
//!
//! The table is the one thing here that is global. It grows with the number of handles that exist at
//! once, and is never given back.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    TryLockError,
};

use super::code::tenlock_code::{
    TENLOCK_ERROR_HANDLE, TENLOCK_ERROR_HANDLE_IN_USE, TENLOCK_ERROR_NULL_POINTER,
    TENLOCK_ERROR_TOO_MANY_HANDLES,
};
use super::fault::Fault;

/// A type that C knows as the target of a handle.
pub(super) trait Handle {
    /// What the handle stands for.
    type Content: Send + Sync + 'static;
}

/// How many handles exist.
pub(super) fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// A place for a new handle, taken in advance so that nothing can fail when there is something to put in
/// it.
pub(super) struct Vacant {
    index: usize,
}

impl Vacant {
    /// Takes a place.
    pub(super) fn take() -> Result<Self, Fault> {
        let mut free = free();
        let index = match free.places.pop() {
            Some(index) => index,
            None if free.begun < MAX_HANDLES => {
                free.begun += 1;
                free.begun - 1
            }
            None => return Err(TENLOCK_ERROR_TOO_MANY_HANDLES.into()),
        };
        Ok(Self { index })
    }

    /// Puts `content` there and returns the handle.
    pub(super) fn put<H: Handle>(self, content: H::Content) -> *mut H {
        let mut place = write(self.index);
        place.content = Some(Box::new(content));
        place.given = true;
        COUNT.fetch_add(1, Ordering::Relaxed);
        let handle = handle_of(self.index, place.uses);
        std::mem::forget(self);
        handle
    }
}

impl Drop for Vacant {
    fn drop(&mut self) {
        free().places.push(self.index);
    }
}

/// The content of a handle, which other calls can read at the same time.
pub(super) struct Shared<H> {
    place: RwLockReadGuard<'static, Place>,
    kind: PhantomData<H>,
}

/// Looks a handle up.
pub(super) fn shared<H: Handle>(handle: *const H) -> Result<Shared<H>, Fault> {
    let (index, uses) = parse(handle)?;
    let place = match place(index)?.try_read() {
        Ok(place) => place,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Err(TENLOCK_ERROR_HANDLE_IN_USE.into()),
    };
    place.check::<H>(uses)?;
    Ok(Shared {
        place,
        kind: PhantomData,
    })
}

impl<H: Handle> Deref for Shared<H> {
    type Target = H::Content;

    fn deref(&self) -> &H::Content {
        let content = self.place.content.as_ref();
        match content.and_then(|content| content.downcast_ref()) {
            Some(content) => content,
            None => unreachable!("checked when the handle was looked up"),
        }
    }
}

/// A handle that no other call can use meanwhile. A panic while it is held leaves what is in it by then: as
/// a rule nothing.
pub(super) struct Exclusive<H> {
    place: RwLockWriteGuard<'static, Place>,
    index: usize,
    kind: PhantomData<H>,
}

/// Looks a handle up for oneself.
pub(super) fn exclusive<H: Handle>(handle: *const H) -> Result<Exclusive<H>, Fault> {
    let (index, uses) = parse(handle)?;
    let place = try_write(index)?;
    place.check::<H>(uses)?;
    Ok(Exclusive {
        place,
        index,
        kind: PhantomData,
    })
}

impl<H: Handle> Exclusive<H> {
    /// The content, to be changed.
    pub(super) fn content(&mut self) -> Result<&mut H::Content, Fault> {
        let content = self.place.content.as_mut();
        content
            .and_then(|content| content.downcast_mut())
            .ok_or(TENLOCK_ERROR_HANDLE.into())
    }

    /// Takes the content out. Until it is put back the handle is good for nothing but freeing.
    pub(super) fn take(&mut self) -> Result<H::Content, Fault> {
        let content = self.place.content.take().ok_or(TENLOCK_ERROR_HANDLE)?;
        content
            .downcast()
            .map(|content| *content)
            .map_err(|_| TENLOCK_ERROR_HANDLE.into())
    }

    /// Puts content back.
    pub(super) fn put(&mut self, content: H::Content) {
        self.place.content = Some(Box::new(content));
    }

    /// Ends the handle and drops what is left in it.
    pub(super) fn close(mut self) {
        let content = end(&mut self.place);
        let index = self.index;
        // Before the content is dropped, which may call back.
        drop(self);
        free().places.push(index);
        drop(content);
    }
}

/// Frees a handle; NULL is none. Also one that has lost its content by a panic.
pub(super) fn release<H: Handle>(handle: *const H) -> Result<(), Fault> {
    if handle.is_null() {
        return Ok(());
    }
    let (index, uses) = parse(handle)?;
    let place = try_write(index)?;
    if place.content.is_some() || place.uses != uses || !place.given {
        place.check::<H>(uses)?;
    }
    let kind = PhantomData;
    Exclusive::<H> { place, index, kind }.close();
    Ok(())
}

type Content = Box<dyn Any + Send + Sync>;

#[derive(Default)]
struct Place {
    uses: usize,
    /// Whether a handle to it exists; also while its content is taken out, or lost by a panic.
    given: bool,
    content: Option<Content>,
}

impl Place {
    fn check<H: Handle>(&self, uses: usize) -> Result<(), Fault> {
        let is_its_kind = |content: &Content| content.is::<H::Content>();
        if self.uses == uses && self.content.as_ref().is_some_and(is_its_kind) {
            Ok(())
        } else {
            Err(TENLOCK_ERROR_HANDLE.into())
        }
    }
}

fn end(place: &mut Place) -> Option<Content> {
    place.uses = place.uses.wrapping_add(1) & USES_MASK;
    place.given = false;
    COUNT.fetch_sub(1, Ordering::Relaxed);
    place.content.take()
}

const TOP: usize = 1 << (usize::BITS - 1);
/// 24 on 64-bit machines, 12 on others.
const INDEX_BITS: u32 = usize::BITS * 3 / 8;
const USES_MASK: usize = (TOP >> INDEX_BITS) - 1;
/// Places in the first chunk; each chunk has twice those of the one before.
const FIRST_CHUNK: usize = 64;
const CHUNKS: usize = (INDEX_BITS - FIRST_CHUNK.ilog2()) as usize;
const MAX_HANDLES: usize = FIRST_CHUNK * ((1 << CHUNKS) - 1);

static CHUNK: [OnceLock<Box<[RwLock<Place>]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static FREE: Mutex<Free> = Mutex::new(Free {
    places: Vec::new(),
    begun: 0,
});

struct Free {
    /// Places that were used and are free now.
    places: Vec<usize>,
    /// How many were ever used.
    begun: usize,
}

fn free() -> MutexGuard<'static, Free> {
    // Nothing that can panic happens while it is held but for want of memory.
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(index: usize) -> RwLockWriteGuard<'static, Place> {
    let (chunk, at) = chunk_of(index);
    let places = CHUNK[chunk].get_or_init(|| {
        (0..FIRST_CHUNK << chunk)
            .map(|_| RwLock::default())
            .collect()
    });
    places[at].clear_poison();
    // Never long: whoever has an old handle to it finds that it is old.
    places[at].write().unwrap_or_else(PoisonError::into_inner)
}

fn place(index: usize) -> Result<&'static RwLock<Place>, Fault> {
    let (chunk, at) = chunk_of(index);
    let places = CHUNK.get(chunk).and_then(OnceLock::get);
    let place = places.and_then(|places| places.get(at));
    place.ok_or(TENLOCK_ERROR_HANDLE.into())
}

fn try_write(index: usize) -> Result<RwLockWriteGuard<'static, Place>, Fault> {
    match place(index)?.try_write() {
        Ok(place) => Ok(place),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(TENLOCK_ERROR_HANDLE_IN_USE.into()),
    }
}

fn chunk_of(index: usize) -> (usize, usize) {
    let chunk = (index / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, index - FIRST_CHUNK * ((1 << chunk) - 1))
}

fn handle_of<H>(index: usize, uses: usize) -> *mut H {
    std::ptr::without_provenance_mut(TOP | uses << INDEX_BITS | index)
}

fn parse<H>(handle: *const H) -> Result<(usize, usize), Fault> {
    let number = handle.addr();
    if number == 0 {
        return Err(TENLOCK_ERROR_NULL_POINTER.into());
    }
    if number & TOP == 0 {
        return Err(TENLOCK_ERROR_HANDLE.into());
    }
    let index = number & ((1 << INDEX_BITS) - 1);
    Ok((index, (number & !TOP) >> INDEX_BITS))
}

#[cfg(test)]
mod tests;
