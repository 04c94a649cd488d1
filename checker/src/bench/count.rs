//! Instructions, counted by valgrind's callgrind: exact where a time is only near.
//!
//! Each variant has a process of its own, which calls `mark` around a short loop and a loop twice as long. The difference
//! of the two counts is the cost of the calls alone; the same difference of an empty loop is subtracted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::errors::ExpectedError;
use crate::python::probe;

/// Finds valgrind.
///
/// # Errors
/// When it is not installed.
pub fn valgrind() -> Result<PathBuf, ExpectedError> {
    probe::find_program("valgrind".as_ref()).ok_or_else(|| ExpectedError::Tool {
        tool: "valgrind".into(),
        cause: "it counts the instructions, and no program of this name is on PATH".into(),
        next: "install it (on Debian and Ubuntu `sudo apt install valgrind`, on Fedora `sudo dnf install valgrind`), or leave \
               out --instructions to measure times".into(),
    })
}

/// The instructions between two marks, by the number of the mark that ends them: `counts.1` ends at the first.
pub fn between_marks(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let mut counts = Vec::new();
    loop {
        let file = folder.join(format!("counts.{}", counts.len() + 1));
        if !file.exists() {
            return Ok(counts);
        }
        counts
            .push(total(&fs::read_to_string(&file)?).with_context(|| file.display().to_string())?);
    }
}

/// The instructions of a whole process, from the file that callgrind writes at its end.
pub fn of_process(folder: &Path) -> anyhow::Result<u64> {
    let file = folder.join("counts");
    total(&fs::read_to_string(&file)?).with_context(|| file.display().to_string())
}

/// The sum in a file of callgrind's.
fn total(text: &str) -> anyhow::Result<u64> {
    let line = text
        .lines()
        .rev()
        .find_map(|line| {
            line.strip_prefix("totals:")
                .or_else(|| line.strip_prefix("summary:"))
        })
        .context("callgrind wrote no sum")?;
    Ok(line.trim().parse()?)
}

/// What one loop cost, in its short and in its long form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Instructions of `calls` calls, and of everything around them.
    pub short: u64,
    /// Instructions of twice as many.
    pub long: u64,
}

impl Loop {
    /// The cost of one call with its share of the loop.
    pub fn per_call(self, calls: u32) -> f64 {
        (self.long as f64 - self.short as f64) / f64::from(calls)
    }
}

/// Three marks for each cell: before the short loop, between the two, after the long one.
///
/// # Errors
/// When there are not three marks for each cell.
pub fn loops(counts: &[u64], cells: usize) -> anyhow::Result<Vec<Loop>> {
    if counts.len() != 3 * cells {
        bail!("{} marks for {cells} cells", counts.len());
    }
    Ok(counts
        .chunks_exact(3)
        .map(|marks| Loop {
            short: marks[1],
            long: marks[2],
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_loop_cancels_out() {
        let cell = Loop {
            short: 1000 + 200 * 50,
            long: 1000 + 400 * 50,
        };
        assert_eq!(cell.per_call(200), 50.0);
    }

    #[test]
    fn the_count_before_the_first_loop_is_not_part_of_it() {
        let loops = loops(&[9_999_999, 30, 50, 77, 100, 190], 2).unwrap();
        let costs: Vec<f64> = loops.iter().map(|cell| cell.per_call(10)).collect();
        assert_eq!(costs, [2.0, 9.0]);
    }

    #[test]
    fn a_mark_too_few_is_noticed() {
        assert!(loops(&[1, 2], 1).is_err());
    }

    #[test]
    fn the_sum_is_found_in_either_form() {
        assert_eq!(
            total("version: 1\nfn=x\n0 5\ntotals: 12345\n").unwrap(),
            12345
        );
        assert_eq!(total("summary: 77\nfn=x\n").unwrap(), 77);
        assert!(total("fn=x\n").is_err());
    }
}
