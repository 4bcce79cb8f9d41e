//! Memory pages that belong to one secret.
#![allow(unsafe_code)] // Pages come from the system as raw pointers; see the argument at each block.

use std::ptr::NonNull;
use std::slice;

use super::CryptoError;

/// A run of whole pages shared with nothing else, wiped before it goes back to the system.
///
/// Whole pages because locks do not nest: unlocking one of two secrets in a page would unlock both.
pub(super) struct Pages {
    base: NonNull<u64>,
    len: usize,
    locked: bool,
}

impl Pages {
    /// At least `len` zero bytes for long-lived keys: locked, not dumped, zeroed in forked
    /// children; each as far as the system offers and permits it.
    pub(super) fn for_secret(len: usize) -> Result<Self, CryptoError> {
        let len = whole_pages(len)?;
        let base = sys::map(len).ok_or(CryptoError::OutOfMemory)?;
        sys::hide(base, len);
        let locked = sys::lock(base, len);
        Ok(Self { base, len, locked })
    }

    /// At least `len` zero bytes for the work of a key derivation: in huge pages and not dumped
    /// where the system offers it. Not locked: few processes may lock so much.
    pub(super) fn for_work(len: usize) -> Result<Self, CryptoError> {
        let len = whole_pages(len)?;
        let base = sys::map_for_work(len).ok_or(CryptoError::OutOfMemory)?;
        Ok(Self {
            base,
            len,
            locked: false,
        })
    }

    /// All bytes of the pages, those behind the length asked for included.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `base` is the start of `len` readable bytes that live as long as `self`; they
        // came zeroed and are only written through `&mut self`, as bytes or as words.
        unsafe { slice::from_raw_parts(self.base.cast().as_ptr(), self.len) }
    }

    /// As [`bytes`](Self::bytes), to be written.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; `&mut self` makes the borrow the only one.
        unsafe { slice::from_raw_parts_mut(self.base.cast().as_ptr(), self.len) }
    }

    /// All words of the pages, to be written.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `bytes_mut`; pages are whole, aligned words, and each bit pattern is one.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len / size_of::<u64>()) }
    }

    /// Whether the system keeps these pages out of the swap file.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }
}

/// `len` rounded up to whole pages, unless that is more than a slice may span.
fn whole_pages(len: usize) -> Result<usize, CryptoError> {
    len.checked_next_multiple_of(sys::page_size())
        .filter(|len| isize::try_from(*len).is_ok())
        .ok_or(CryptoError::OutOfMemory)
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().fill(0);
        zeroize::optimization_barrier(self.bytes());
        #[cfg(test)]
        tests::about_to_unmap(self.bytes());
        // SAFETY: `map` made this mapping with this length, and nothing borrows it any more.
        unsafe { sys::unmap(self.base, self.len) };
    }
}

// SAFETY: `Pages` owns its memory as a `Box<[u8]>` would, and the system's calls on it may come
// from any thread.
unsafe impl Send for Pages {}
// SAFETY: `&Pages` only reads.
unsafe impl Sync for Pages {}

#[cfg(test)]
pub(super) use tests::unmapped_by_this_thread;

#[cfg(unix)]
mod sys {
    use std::ptr::{NonNull, null_mut};

    use rustix::mm::{MapFlags, ProtFlags, mlock, mmap_anonymous, munmap};

    pub(super) fn page_size() -> usize {
        rustix::param::page_size()
    }

    pub(super) fn map(len: usize) -> Option<NonNull<u64>> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: without a wished address or `MAP_FIXED` no existing mapping is touched.
        let base = unsafe { mmap_anonymous(null_mut(), len, protection, MapFlags::PRIVATE) };
        base.ok().and_then(|base| NonNull::new(base.cast()))
    }

    /// # Safety
    /// `base` and `len` are those of one `map`, and nothing borrows the memory.
    pub(super) unsafe fn unmap(base: NonNull<u64>, len: usize) {
        // SAFETY: the caller's promise. It also unlocks. It cannot fail for a whole mapping, and
        // the content is wiped already.
        let _ = unsafe { munmap(base.as_ptr().cast(), len) };
    }

    pub(super) fn lock(base: NonNull<u64>, len: usize) -> bool {
        // SAFETY: changes where the pages may be kept, not what they hold.
        unsafe { mlock(base.as_ptr().cast(), len) }.is_ok()
    }

    #[cfg(target_os = "linux")]
    pub(super) fn hide(base: NonNull<u64>, len: usize) {
        use rustix::mm::Advice;
        advise(base, len, Advice::LinuxDontDump);
        advise(base, len, Advice::LinuxWipeOnFork);
    }

    /// Starts on a huge page, because what lies before the first whole one gets small pages: each
    /// access there is likely to miss the processor's table of pages.
    #[cfg(target_os = "linux")]
    pub(super) fn map_for_work(len: usize) -> Option<NonNull<u64>> {
        use rustix::mm::Advice;

        let mapped = map(len.checked_add(HUGE_PAGE)?)?;
        let before = mapped.addr().get().wrapping_neg() % HUGE_PAGE;
        // SAFETY: both ends are whole pages of the mapping just made, outside of the `len` bytes
        // kept, and nothing borrows them.
        let base = unsafe {
            let base = mapped.byte_add(before);
            cut(mapped, before);
            cut(base.byte_add(len), HUGE_PAGE - before);
            base
        };
        advise(base, len, Advice::LinuxDontDump);
        advise(base, len, Advice::LinuxHugepage);
        Some(base)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) use map as map_for_work;

    /// As [`unmap`], of nothing, too.
    ///
    /// # Safety
    /// As of [`unmap`], for whole pages of a mapping.
    #[cfg(target_os = "linux")]
    unsafe fn cut(base: NonNull<u64>, len: usize) {
        if len > 0 {
            // SAFETY: the caller's promise.
            unsafe { unmap(base, len) };
        }
    }

    /// On x86-64, and on aarch64 with pages of 4 KiB. Where it is another, only time is lost.
    #[cfg(target_os = "linux")]
    const HUGE_PAGE: usize = 2 << 20;

    #[cfg(target_os = "linux")]
    fn advise(base: NonNull<u64>, len: usize, advice: rustix::mm::Advice) {
        // SAFETY: the advices used here change dumps, forks and page sizes, not what this process
        // reads. An old kernel refuses them; then there is less protection, and no way to get it.
        let _ = unsafe { rustix::mm::madvise(base.as_ptr().cast(), len, advice) };
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn hide(_base: NonNull<u64>, _len: usize) {}
}

#[cfg(windows)]
mod sys {
    use std::ptr::{NonNull, null};

    use windows_sys::Win32::System::Memory::{
        MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree,
        VirtualLock,
    };

    /// All Windows targets that Rust knows have pages of 4 KiB; allocations start on 64 KiB.
    pub(super) fn page_size() -> usize {
        4096
    }

    pub(super) fn map(len: usize) -> Option<NonNull<u64>> {
        // SAFETY: without a wished address no existing allocation is touched.
        let base = unsafe { VirtualAlloc(null(), len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
        NonNull::new(base.cast())
    }

    /// # Safety
    /// `base` is that of one `map`, and nothing borrows the memory.
    pub(super) unsafe fn unmap(base: NonNull<u64>, _len: usize) {
        // SAFETY: the caller's promise. Release takes length 0; it also unlocks. It cannot fail
        // for a whole allocation, and the content is wiped already.
        let _ = unsafe { VirtualFree(base.as_ptr().cast(), 0, MEM_RELEASE) };
    }

    pub(super) fn lock(base: NonNull<u64>, len: usize) -> bool {
        // SAFETY: changes where the pages may be kept, not what they hold.
        unsafe { VirtualLock(base.as_ptr().cast(), len) != 0 }
    }

    pub(super) fn hide(_base: NonNull<u64>, _len: usize) {}

    /// Huge pages need a privilege here that users lack.
    pub(super) use map as map_for_work;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        /// Length and "all zero" of each mapping this thread gave back.
        static UNMAPPED: RefCell<Vec<(usize, bool)>> = const { RefCell::new(Vec::new()) };
    }

    /// What this thread gave back since it last asked.
    pub(in crate::crypto) fn unmapped_by_this_thread() -> Vec<(usize, bool)> {
        UNMAPPED.take()
    }

    pub(super) fn about_to_unmap(bytes: &[u8]) {
        let wiped = bytes.iter().all(|byte| *byte == 0);
        UNMAPPED.with_borrow_mut(|unmapped| unmapped.push((bytes.len(), wiped)));
    }

    #[test]
    fn dropping_wipes_every_byte_before_the_pages_are_given_back() {
        for len in [1, 100, 4096, 4097, 100_000] {
            let mut pages = Pages::for_secret(len).unwrap();
            pages.bytes_mut().fill(0xff);
            let mapped = pages.bytes().len();
            drop(pages);
            assert_eq!(unmapped_by_this_thread(), [(mapped, true)]);
        }
    }

    #[test]
    fn dropping_wipes_the_work_of_a_derivation() {
        let mut pages = Pages::for_work(100 << 10).unwrap();
        pages.words_mut().fill(u64::MAX);
        assert!(pages.bytes().iter().all(|byte| *byte == 0xff));
        drop(pages);
        assert!(unmapped_by_this_thread()[0].1);
    }

    #[test]
    fn work_that_no_machine_has_memory_for_is_an_error() {
        // The last of these fits a slice, and no address space.
        for len in [usize::MAX, usize::MAX / 2, usize::MAX / 2 - (8 << 20)] {
            let refusal = Pages::for_work(len).err();
            assert_eq!(refusal, Some(CryptoError::OutOfMemory), "{len}");
        }
    }

    #[test]
    fn secrets_share_no_page() {
        let (a, b) = (Pages::for_secret(1).unwrap(), Pages::for_secret(1).unwrap());
        for pages in [&a, &b] {
            assert_eq!(pages.base.addr().get() % sys::page_size(), 0);
            assert_eq!(pages.bytes().len(), sys::page_size());
        }
        assert_ne!(a.base, b.base);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_neither_dumps_nor_forks_nor_swaps_secrets() {
        let pages = Pages::for_secret(32).unwrap();
        let flags = linux_flags(pages.base.addr().get());
        assert!(flags.contains(" dd "), "{flags}");
        assert!(flags.contains(" wf "), "{flags}");
        assert_eq!(flags.contains(" lo "), pages.is_locked(), "{flags}");
        // Each secret of this test process takes one page.
        if linux_lock_limit() >= 1 << 20 {
            assert!(pages.is_locked());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_starts_on_a_huge_page_and_asks_for_more_of_them() {
        for len in [1, 4096, (2 << 20) - 1, 2 << 20, (6 << 20) + 1] {
            let pages = Pages::for_work(len).unwrap();
            let start = pages.base.addr().get();
            assert_eq!(start % (2 << 20), 0);
            assert_eq!(pages.bytes().len(), len.next_multiple_of(sys::page_size()));
            let flags = linux_flags(start);
            assert!(flags.contains(" hg "), "{flags}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_does_not_dump_the_work_of_a_derivation() {
        let pages = Pages::for_work(1 << 20).unwrap();
        let flags = linux_flags(pages.base.addr().get());
        assert!(flags.contains(" dd "), "{flags}");
        assert!(!flags.contains(" lo "), "{flags}");
    }

    /// How many bytes this process may lock.
    #[cfg(target_os = "linux")]
    fn linux_lock_limit() -> u64 {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let row = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max locked memory"))
            .unwrap();
        // A word instead of a number: unlimited.
        row.split_whitespace()
            .next()
            .unwrap()
            .parse()
            .unwrap_or(u64::MAX)
    }

    /// The `VmFlags` line (proc(5)) of the mapping that holds `address`.
    #[cfg(target_os = "linux")]
    fn linux_flags(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let holds = |line: &&str| {
            let range = line
                .split(' ')
                .next()
                .and_then(|range| range.split_once('-'));
            let parse = |hex| usize::from_str_radix(hex, 16).ok();
            range
                .and_then(|(start, end)| Some(parse(start)?..parse(end)?))
                .is_some_and(|range| range.contains(&address))
        };
        let mut lines = maps.lines().skip_while(|line| !holds(line));
        lines
            .find(|line| line.starts_with("VmFlags:"))
            .unwrap()
            .to_owned()
            + " "
    }
}
