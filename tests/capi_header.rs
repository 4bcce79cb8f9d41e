//! The header is what cbindgen makes of the source.
use std::path::Path;

#[test]
fn header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut b = cbindgen::Builder::new().with_config(config);
    let mut files: Vec<_> = std::fs::read_dir(root.join("src/ffi")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some()).collect();
    files.sort();
    for f in files { b = b.with_src(f); }
    b.generate().unwrap().write_to_file("/tmp/tenlock.h");
}
