//! `checker verify` over all lessons, as one test.
//!
//! This test is the checker: it has no harness and runs the same function as the binary, so that there is no second build
//! to wait for, and so that cargo-insta sees which snapshots the lessons refer to.

use std::ffi::OsString;
use std::process::ExitCode;

/// The name under which `cargo test FILTER` finds this test.
const NAME: &str = "verify";

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let words: Vec<&str> = args
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .collect();
    if words.contains(&"--list") {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    if !is_chosen(&words) {
        println!("{NAME} is filtered out");
        return ExitCode::SUCCESS;
    }
    checker::cli::start(["checker", "verify"].map(OsString::from).to_vec())
}

/// Options of cargo's own harness that are followed by a value, which is no filter.
const VALUED: [&str; 6] = [
    "--test-threads",
    "--format",
    "--color",
    "--logfile",
    "--shuffle-seed",
    "-Z",
];

/// Whether the words behind `cargo test` choose this test, as cargo's own harness would read them.
fn is_chosen(words: &[&str]) -> bool {
    let mut filters = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--ignored" => return false,
            "--skip" if words.next().is_some_and(|skip| NAME.contains(skip)) => return false,
            "--skip" => {}
            option if VALUED.contains(&option) => drop(words.next()),
            option if option.starts_with('-') => {}
            filter => filters.push(filter),
        }
    }
    filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter))
}
