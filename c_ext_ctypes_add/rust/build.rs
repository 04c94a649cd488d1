//! Tells the code which Python it is built for (`cfg(Py_3_12)` and so on), and how it is optimised.

#[path = "../../c_ext_ffi_clib/rust/unwinder.rs"]
mod unwinder;

fn main() {
    unwinder::link();
    pyo3_build_config::use_pyo3_cfgs();
    let level = std::env::var("OPT_LEVEL").expect("cargo says how it optimises");
    println!("cargo::rustc-env=OPT_LEVEL={level}");
}
