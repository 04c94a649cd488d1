//! Text for a terminal of any width: nothing is cut, long lines go on below.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// What a line may take where nobody says how wide the terminal is, columns.
const USUAL: usize = 80;

/// Fewer columns are not reckoned with.
const FEWEST: usize = 30;

/// How wide standard output is: as COLUMNS says where it is set, else as its terminal does; `None` when there is none.
pub fn columns_of_terminal() -> Option<usize> {
    let named = std::env::var("COLUMNS").ok();
    let named = named.and_then(|columns| columns.trim().parse().ok());
    let measured = || {
        let terminal = std::io::stdout().is_terminal();
        let size = terminal.then(crossterm::terminal::size)?;
        Some(usize::from(size.ok()?.0))
    };
    named.or_else(measured)
}

/// A text that grows by lines of at most `width` columns.
#[derive(Debug)]
pub struct Page {
    width: usize,
    text: String,
}

impl Page {
    /// An empty page for a terminal of that many columns.
    pub fn new(width: usize) -> Page {
        Page {
            width: width.max(FEWEST),
            text: String::new(),
        }
    }

    /// An empty page for standard output: as wide as its terminal, but no wider than is pleasant to read; as wide as
    /// COLUMNS says where it is set.
    pub fn for_output() -> Page {
        Page::new(columns_of_terminal().unwrap_or(USUAL).min(USUAL))
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// An empty line, unless the page begins or the last line is empty.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One line as it is; trailing spaces go.
    pub fn line(&mut self, line: &str) {
        writeln!(self.text, "{}", line.trim_end()).expect("a String takes all text");
    }

    /// Words after `indent` spaces; further lines are indented by two more.
    pub fn words(&mut self, indent: usize, words: &str) {
        self.hanging(&" ".repeat(indent), indent + 2, words);
    }

    /// A name in a column of `column` columns, and words beside it; below it where there is no room.
    pub fn row(&mut self, name: &str, column: usize, words: &str) {
        let head = format!("  {name:<column$}");
        self.hanging(&head, (2 + column).min(self.width / 2), words);
    }

    fn hanging(&mut self, head: &str, indent: usize, words: &str) {
        let mut line = head.to_owned();
        let mut fresh = true;
        for word in words.split_whitespace() {
            let taken = line.chars().count() + usize::from(!fresh) + word.chars().count();
            if taken > self.width && !line.trim().is_empty() {
                self.line(&line);
                line = " ".repeat(indent);
                fresh = true;
            }
            if !fresh {
                line.push(' ');
            }
            line += word;
            fresh = false;
        }
        self.line(&line);
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_on_below_and_stay_within_the_width() {
        let mut page = Page::new(30);
        page.row("needed", 10, "libm.so.6, libc.so.6, ld-linux-x86-64.so.2");
        page.gap();
        page.gap();
        page.words(2, "one two three four five six seven");
        let text = page.finish();
        assert_eq!(
            text,
            "  needed    libm.so.6,\n            libc.so.6,\n            ld-linux-x86-64.so.2\n\n  one two three four five six\n    seven\n"
        );
    }

    #[test]
    fn a_word_that_is_too_long_is_not_cut() {
        let mut page = Page::new(30);
        let word = "w".repeat(40);
        page.words(0, &format!("a {word} b"));
        assert_eq!(page.finish(), format!("a\n  {word}\n  b\n"));
    }
}
