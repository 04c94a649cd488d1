//! Compiles the few lines of C that Rust cannot say, and tells which Python this is built for, and how it
//! is optimised.

#[path = "../../c_ext_ffi_clib/rust/unwinder.rs"]
mod unwinder;

fn main() {
    unwinder::link();
    pyo3_build_config::use_pyo3_cfgs();
    let level = std::env::var("OPT_LEVEL").expect("cargo says how it optimises");
    println!("cargo::rustc-env=OPT_LEVEL={level}");
    println!("cargo::rerun-if-changed=csrc");
    cc::Build::new()
        .files(["csrc/machine.c", "csrc/testfunc.c"])
        .std("c99")
        .warnings(true)
        .compile("rust_cffi_machine");
}
