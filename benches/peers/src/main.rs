//! Measures Tenlock side by side with what a user would pick instead. scripts/compare runs it,
//! pins it to processors and makes sense of what it prints; docs/performance.md has the results.
//!
//! Usage: tenlock-peers kernels ROUNDS
//!        tenlock-peers file ROUNDS DIRECTORY     (needs 1.1 GB there)
//!
//! Prints one line for each thing measured, fields separated by tabs:
//!     version  PEER     TEXT
//!     sample   CASE     CONTENDER  BYTES  NANOSECONDS
//!     memory   CASE     BYTES

mod evp;
mod file;
mod gcrypt;
mod kernels;
mod rounds;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["kernels", rounds] => kernels::measure(rounds.parse()?),
        ["file", rounds, directory] => file::measure(rounds.parse()?, Path::new(directory)),
        _ => Err("usage: tenlock-peers kernels ROUNDS | file ROUNDS DIRECTORY".into()),
    }
}
