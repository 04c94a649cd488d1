//! For the build scripts of the engines: links the unwinder into the module.
//!
//! rustc takes libgcc_s, a library of its own, which nothing else in an interpreter needs: to load it and to look its
//! functions up would be a tenth of the time that an engine takes to be imported. No panic leaves a module, so that it
//! can have an unwinder to itself.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the C compiler has a static unwinder, it is linked in place of libgcc_s.
pub fn link() {
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") || !is_there() {
        return;
    }
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names a folder"));
    let script = folder.join("libgcc_s.so");
    std::fs::write(&script, "INPUT(-lgcc_eh)\n").expect("the folder is ours to write");
    println!("cargo::rustc-link-search=native={}", folder.display());
}

fn is_there() -> bool {
    let compiler = std::env::var_os("RUSTC_LINKER").unwrap_or("cc".into());
    let said = Command::new(compiler)
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    // A compiler that has none repeats the name.
    said.is_ok_and(|said| {
        said.status.success()
            && Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_absolute()
    })
}
