//! AddressSanitizer and UndefinedBehaviorSanitizer of the C compiler, where they are installed.

use std::path::{Path, PathBuf};

use super::tools::Tools;
use crate::message;
use crate::message::Message;

/// What a build and a run under the sanitizers need.
#[derive(Clone, Debug)]
pub struct Sanitizers {
    /// The library that is loaded before all others, since Python itself is built without it.
    pub library: PathBuf,
    /// Flags for the compiler.
    pub flags: Vec<String>,
}

const FLAGS: [&str; 6] = [
    "-g",
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    // A sum that does not fit is to be reported, whatever other flags make of it.
    "-fno-wrapv",
    "-fsanitize=address,undefined",
    "-Wno-free-nonheap-object",
];

/// Fills local variables with a byte that shows when one is read too early; older compilers do not know it.
const FILLED: &str = "-ftrivial-auto-var-init=pattern";

/// Finds the sanitizers of the C compiler.
///
/// # Errors
/// In words, with the package that helps.
pub fn find(tools: &Tools) -> Result<Sanitizers, Message> {
    if !cfg!(target_os = "linux") {
        return Err(message!("explain-linux-only"));
    }
    let clang = tools.compiler.version.contains("clang");
    let name = match (clang, std::env::consts::ARCH) {
        (true, machine) => format!("libclang_rt.asan-{machine}.so"),
        (false, _) => "libasan.so".to_owned(),
    };
    let asked = tools
        .compiler
        .answer(&[&format!("-print-file-name={name}")]);
    let path = asked.as_deref().map(str::trim).unwrap_or_default();
    // A compiler that does not have the file repeats its bare name.
    let library = match Path::new(path).canonicalize() {
        Ok(library) if Path::new(path).is_absolute() => library,
        _ => {
            return Err(message!("explain-sanitizer-missing", file = name));
        }
    };
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    if clang {
        flags.push("-shared-libasan".to_owned());
    }
    if tools
        .compiler
        .answer(&[FILLED, "-E", "-x", "c", "/dev/null"])
        .is_some()
    {
        flags.push(FILLED.to_owned());
    }
    Ok(Sanitizers { library, flags })
}
