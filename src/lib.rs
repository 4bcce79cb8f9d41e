//! Encrypted portable-media volumes.

pub mod crypto;
pub mod format;
pub mod storage;
pub mod volume;
