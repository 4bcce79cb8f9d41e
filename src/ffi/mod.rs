//! The C interface, `include/tenlock.h`. For programs in other languages; Rust programs use
//! [`volume`](crate::volume).
//!
//! The conventions are on one page, `docs/c-api.md`, and at the top of the header. How they are kept:
//!
//! | file | keeps |
//! |---|---|
//! | `boundary` | no panic crosses; each export is one call of it, which a test checks |
//! | `table` | a handle is a number that is looked up and never a pointer that is followed |
//! | `memory` | what a caller points to is copied in or out, by the size that he says it has |
//! | `code`, `fault` | each error has a code for ever |
//! | the others | the functions, one file for each kind of handle |
//!
//! # Safety
//!
//! All exports have one contract. A pointer is NULL where that is allowed, or points to what its type
//! says: a struct of at least the `size` in its first member, a text that ends with a zero byte, as
//! many bytes as the length beside it says, or a place for one value. It is not used by anybody else
//! during the call. Handles can be any number: a wrong one is an error. Callbacks can be called
//! from any thread with their context, for as long as the function that took them says.

#![allow(
    unsafe_code,
    reason = "C callers hand over pointers; each block says on what it relies"
)]
#![allow(
    non_camel_case_types,
    reason = "the names are those of the header, which C programs know"
)]
#![allow(
    clippy::enum_glob_use,
    reason = "the codes begin with TENLOCK_, as all names of the header"
)]
#![allow(
    clippy::doc_markdown,
    reason = "the comments are those of the header, where TENLOCK_… needs no marks"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "one contract for all exports, stated above and in the header"
)]

mod backup;
mod boundary;
mod callback;
mod code;
mod create;
mod credential;
mod event_log;
mod external;
mod fault;
mod info;
mod json;
mod json_header;
mod keys;
mod library;
mod locked;
mod memory;
mod options;
mod report;
mod rollback;
mod rules;
mod slots;
mod storage;
mod storage_callbacks;
mod table;
mod text;
mod volume;
mod workers;

pub use backup::*;
pub use code::{tenlock_code, tenlock_code_class, tenlock_code_name, tenlock_code_text};
pub use create::*;
pub use credential::*;
pub use event_log::*;
pub use external::*;
pub use fault::{TENLOCK_ERROR_TEXT_SIZE, tenlock_error};
pub use info::*;
pub use keys::*;
pub use library::*;
pub use locked::*;
pub use options::*;
pub use report::*;
pub use rollback::*;
pub use rules::*;
pub use slots::*;
pub use storage::*;
pub use storage_callbacks::*;
pub use text::*;
pub use volume::*;
pub use workers::*;
