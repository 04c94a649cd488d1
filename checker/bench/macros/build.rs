//! Compiles `calls.c`, and tells the module how it is optimised itself.

fn main() {
    println!("cargo::rerun-if-changed=../calls.c");
    println!("cargo::rerun-if-changed=../calls.h");
    // Optimised in every profile: what differs between two builds shall be the Rust code alone.
    cc::Build::new()
        .file("../calls.c")
        .opt_level(2)
        .compile("bench_calls");
    let level = std::env::var("OPT_LEVEL").expect("cargo says how it optimises");
    println!("cargo::rustc-env=OPT_LEVEL={level}");
}
