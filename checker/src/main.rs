//! The command `checker`.

#![deny(unsafe_code)]

use std::process::ExitCode;

use checker::border;

fn main() -> ExitCode {
    // Before everything else: a supervisor is started for each run, and has no command line of its own.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == border::SUPERVISE)
    {
        return border::supervise();
    }
    checker::cli::main()
}
