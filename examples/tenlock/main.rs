//! The example command-line tool.
fn main() {}
