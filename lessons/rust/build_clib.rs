//! The build script of every lesson: compiles all C files of the lesson's `clib/` and links them into its cdylib.
//!
//! A lesson's own `rust/Cargo.toml` names it with `build = "../../rust/build_clib.rs"`; the C library is then part of the
//! extension module, and no shared library has to be found at run time.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest_folder =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo runs build scripts")?);
    let clib = manifest_folder.join("../clib");
    println!("cargo::rerun-if-changed={}", clib.display());
    cc::Build::new()
        .files(c_files(&clib)?)
        .include(&clib)
        .flag_if_supported("-std=c99")
        .warnings(true)
        .extra_warnings(true)
        // With debug information as without it, so that a crash looks at the same values in the same registers.
        .force_frame_pointer(false)
        .try_compile("lesson_clib")?;
    Ok(())
}

/// The C files directly in `folder`, in the order of their names, so that two machines link them alike.
fn c_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no C file to compile", folder.display()).into());
    }
    Ok(files)
}
