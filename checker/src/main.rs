//! The command `checker`.

#![deny(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    checker::cli::start(std::env::args_os().collect())
}
