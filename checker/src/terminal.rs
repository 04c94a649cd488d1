//! The terminal while it is drawn on: taken, heard, and given back whatever happens.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use crossterm::event::Event;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use nix::sys::signal::{Signal, raise};
use unicode_width::UnicodeWidthChar as _;

use crate::{border, output};

/// Another screen than the one with the participant's commands, without a cursor.
const OTHER_SCREEN: &str = "\x1b[?1049h\x1b[?25l";
const OWN_SCREEN: &str = "\x1b[?25h\x1b[?1049l";

static ON_OTHER_SCREEN: AtomicBool = AtomicBool::new(false);

/// Whether there is a terminal that can be drawn on and read from, and nobody asked for plain lines.
pub fn can_be_drawn_on() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    !output::is_plain() && !dumb && io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Reads keys one by one from now on, also when they would be signals.
///
/// # Errors
/// When the terminal does not allow it.
pub fn take() -> io::Result<()> {
    enable_raw_mode()?;
    give_back_at_panic();
    Ok(())
}

/// Undoes [`take`] and [`Canvas::open`].
pub fn give_back() {
    // There is nothing to be done about a terminal that is gone.
    if ON_OTHER_SCREEN.swap(false, Ordering::Relaxed) {
        let _ = write(OWN_SCREEN);
    }
    let _ = disable_raw_mode();
}

/// A message about a fault of ours has to be readable.
fn give_back_at_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
    });
}

/// A whole screen to draw on, given back when it is dropped.
#[derive(Debug)]
pub struct Canvas(());

impl Canvas {
    /// Takes the terminal, and hides what is there behind an empty screen.
    ///
    /// # Errors
    /// When the terminal does not allow it.
    pub fn open() -> io::Result<Canvas> {
        let canvas = Canvas(());
        canvas.enter()?;
        Ok(canvas)
    }

    fn enter(&self) -> io::Result<()> {
        take()?;
        ON_OTHER_SCREEN.store(true, Ordering::Relaxed);
        write(OTHER_SCREEN)
    }

    /// Gives the terminal back until somebody continues the process.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn suspend(&self) -> io::Result<()> {
        give_back();
        raise(Signal::SIGTSTP)?;
        self.enter()
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        give_back();
    }
}

/// Sends what the terminal tells, keys above all, as messages; the last one is an error.
pub fn hear<M: Send + 'static>(sender: Sender<M>, message: fn(io::Result<Event>) -> Option<M>) {
    std::thread::spawn(move || {
        loop {
            let event = crossterm::event::read();
            let closed = event.is_err();
            let heard = match message(event) {
                Some(message) => sender.send(message).is_ok(),
                None => true,
            };
            if closed || !heard {
                return;
            }
        }
    });
}

/// Sends a message when somebody wants the program to end.
///
/// # Errors
/// Whatever the kernel refuses.
pub fn hear_signals<M: Send + 'static>(sender: Sender<M>, message: fn() -> M) -> io::Result<()> {
    let mut pipe = border::signal_pipe(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])?;
    std::thread::spawn(move || {
        while pipe.read_exact(&mut [0]).is_ok() {
            if sender.send(message()).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Writes at once, as it is.
///
/// # Errors
/// When the terminal is gone.
pub fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// As much of a line as stays out of the last of `width` columns, with a mark where something is left out.
pub fn cut(text: &str, width: usize) -> String {
    let columns = |text: &str| -> usize { text.chars().filter_map(|c| c.width()).sum() };
    if columns(text) < width {
        return text.to_owned();
    }
    let mut head = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken > width.saturating_sub(4) {
            break;
        }
        head.push(c);
    }
    head + "..."
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_line_never_fills_the_last_column() {
        for width in 4..100 {
            assert!(cut(&"x".repeat(200), width).len() < width, "{width}");
            // Two columns each, three bytes each.
            let wide = cut(&"橋".repeat(100), width);
            let columns = wide.chars().filter(|c| *c == '橋').count() * 2 + 3;
            assert!(columns < width.max(4), "{width}: {wide}");
        }
        assert_eq!(cut("abc", 80), "abc");
        assert_eq!(cut("abc", 0), "...");
    }
}
