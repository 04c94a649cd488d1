//! What the participant sees of the watch: a screen that is drawn again, or lines where there is no such screen.

use std::io;

use crossterm::terminal::size;

use crate::terminal::{self, cut, write};
use crate::words;

/// Clears the screen and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[H";
/// Goes to the first column and clears the line.
const LINE: &str = "\r\x1b[K";
/// Where texts go. A screen gives the terminal back when it is dropped.
#[derive(Debug)]
pub struct Screen {
    live: bool,
    body: String,
    status: String,
}

impl Screen {
    /// A screen on a terminal that can be drawn on and read from, else lines.
    pub fn open() -> Screen {
        let live = terminal::can_be_drawn_on() && terminal::take().is_ok();
        Screen {
            live,
            body: String::new(),
            status: String::new(),
        }
    }

    /// Only lines: for output that a program reads.
    pub fn lines() -> Screen {
        Screen {
            live: false,
            body: String::new(),
            status: String::new(),
        }
    }

    /// Whether keys can be read one by one.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Shows a text in place of everything before it.
    pub fn show(&mut self, text: &str) -> io::Result<()> {
        self.body = text.to_owned();
        if self.live { self.draw() } else { write(text) }
    }

    /// Shows a text below what is there.
    pub fn append(&mut self, text: &str) -> io::Result<()> {
        self.body += text;
        if self.live {
            write(&format!("{LINE}{}", raw(text)))?;
            self.draw_status()
        } else {
            write(text)
        }
    }

    /// Shows what is going on, on the last line; without a screen this is said once by [`Screen::append`] instead.
    pub fn status(&mut self, text: &str) -> io::Result<()> {
        self.status = text.to_owned();
        if self.live {
            self.draw_status()
        } else {
            Ok(())
        }
    }

    /// Draws everything again: the terminal has another size, or was used by somebody else.
    pub fn draw(&mut self) -> io::Result<()> {
        if !self.live {
            return Ok(());
        }
        write(&format!("{CLEAR}{}", raw(&self.body)))?;
        self.draw_status()
    }

    fn draw_status(&self) -> io::Result<()> {
        let width = size().map_or(80, |(columns, _)| usize::from(columns));
        let text = if self.status.is_empty() {
            keys(width)
        } else {
            cut(&self.status, width)
        };
        write(&format!("{LINE}{text}"))
    }

    /// Gives the terminal back for as long as somebody else uses it.
    pub fn leave(&self) {
        if self.live {
            let _ = write(LINE);
            terminal::give_back();
        }
    }

    /// Takes the terminal again after [`Screen::leave`].
    pub fn enter(&mut self) -> io::Result<()> {
        if self.live {
            terminal::take()?;
            self.draw()?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// In raw mode a line end does not go back to the first column.
fn raw(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// The longest of the lines of keys that fits.
fn keys(width: usize) -> String {
    let lines = [
        words!("watch-keys-long"),
        words!("watch-keys-middle"),
        words!("watch-keys-short"),
    ];
    let fitting = lines.into_iter().find(|line| line.chars().count() < width);
    fitting.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_never_fills_the_last_column() {
        for width in 0..100 {
            assert!(keys(width).len() < width.max(1), "{width}");
        }
        assert!(keys(80).contains("h hint") && keys(41).len() < 41);
    }
}
