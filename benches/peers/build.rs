//! Builds OpenSSL and links with it and with the system's libgcrypt.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    openssl_src::Build::new().build().print_cargo_metadata();
    println!("cargo:rustc-link-lib=gcrypt");
}
