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
    if let Err(error) = checker::snapshot::settle_environment() {
        eprintln!("fault of the checker: {error:#}");
        return ExitCode::from(checker::exit::INTERNAL);
    }
    checker::cli::main()
}
