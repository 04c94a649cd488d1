//! Two transcripts side by side in one column, for a review.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

/// The lines that differ, marked `-` for `old` and `+` for `new`, with a few equal lines around them. Colour repeats what
/// the marks say.
pub fn lines(old: &str, new: &str) -> String {
    marked(old, new, [" ", "-", "+"])
}

/// The same with these marks for lines of both, of `old` and of `new`.
pub fn marked(old: &str, new: &str, [both, only_old, only_new]: [&str; 3]) -> String {
    let diff = TextDiff::from_lines(old.trim_end(), new.trim_end());
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            text.push_str("  ...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, style) = match change.tag() {
                ChangeTag::Equal => (both, Style::new()),
                ChangeTag::Delete => (only_old, Style::new().fg_color(Some(AnsiColor::Red.into()))),
                ChangeTag::Insert => (
                    only_new,
                    Style::new().fg_color(Some(AnsiColor::Green.into())),
                ),
            };
            let line = change.value().trim_end_matches('\n');
            writeln!(text, "{style}{mark} {line}{style:#}").expect("a String takes everything");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(old: &str, new: &str) -> String {
        anstream::adapter::strip_str(&lines(old, new)).to_string()
    }

    #[test]
    fn changes_are_marked_and_far_ones_apart() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = old.replace("2\n3", "two\n3").replace("11\n", "");
        assert_eq!(
            plain(old, &new),
            "  1\n- 2\n+ two\n  3\n  4\n  5\n  ...\n  8\n  9\n  10\n- 11\n  12\n"
        );
    }

    #[test]
    fn a_missing_line_end_is_no_difference() {
        assert_eq!(plain("a\n", "a"), "");
        assert_eq!(plain("", "a\n"), "+ a\n");
    }
}
