//! What macOS does beyond other Unix systems.

// The size of a device takes two ioctls without safe bindings.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use rustix::ioctl::{Getter, Opcode, ioctl, opcode};

use super::Backing;

/// Opening a mounted device for writing fails with `EBUSY` by itself here.
pub(super) fn device_geometry(file: &File) -> io::Result<Backing> {
    // `_IOR('d', 24, uint32_t)` and `_IOR('d', 25, uint64_t)` in sys/disk.h.
    const DKIOCGETBLOCKSIZE: Opcode = opcode::read::<u32>(b'd', 24);
    const DKIOCGETBLOCKCOUNT: Opcode = opcode::read::<u64>(b'd', 25);
    // SAFETY: for this opcode the kernel writes one `u32`.
    let block_size = unsafe { ioctl(file, Getter::<DKIOCGETBLOCKSIZE, u32>::new()) }?;
    // SAFETY: for this opcode the kernel writes one `u64`.
    let block_count = unsafe { ioctl(file, Getter::<DKIOCGETBLOCKCOUNT, u64>::new()) }?;
    let len = block_count
        .checked_mul(u64::from(block_size))
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(Backing::Device { len, block_size })
}
