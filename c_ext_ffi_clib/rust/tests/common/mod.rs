//! Compiles C for the tests with the compiler that crate cc finds.

use std::path::{Path, PathBuf};

/// Compiles `source` in `folder` to a shared library, or to a program when `shared` is false.
pub fn compile(folder: &Path, name: &str, source: &str, shared: bool) -> PathBuf {
    let system = if cfg!(target_vendor = "apple") {
        "apple-darwin"
    } else {
        "unknown-linux-gnu"
    };
    let target = format!("{}-{system}", std::env::consts::ARCH);
    let input = folder.join(format!("{name}.c"));
    std::fs::write(&input, source).unwrap();
    let output = folder.join(if shared {
        format!("lib{name}.so")
    } else {
        name.to_owned()
    });
    let mut build = cc::Build::new();
    build
        .target(&target)
        .host(&target)
        .opt_level(1)
        .out_dir(folder)
        .cargo_metadata(false);
    let mut command = build.get_compiler().to_command();
    if shared {
        command.args(["-shared", "-fPIC"]);
    }
    // The warnings would be about bit-fields that hold all ones, which is the point.
    let made = command
        .args(["-w", "-o"])
        .arg(&output)
        .arg(&input)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    output
}
