//! Passes on the machine's name, which cc wants to be told outside a build script.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=RUST_CFFI_API_HOST={target}");
}
