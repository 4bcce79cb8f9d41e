//! The example command-line tool.
#[allow(dead_code, unused_imports, reason = "the commands that call it follow")]
mod fs;

fn main() {}
