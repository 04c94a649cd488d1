//! A list on the terminal from which one entry can be chosen: arrow keys, and typing to search.

mod list;

use std::io;
use std::sync::mpsc::channel;

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use crossterm::terminal::size;

use crate::terminal::{self, Canvas};
use list::{List, Step};

pub use list::Entry;

/// Fewer columns, or rows, give no room for a list that is worth more than its lines.
const FEWEST_COLUMNS: u16 = 40;
const FEWEST_ROWS: u16 = 6;

/// How the choosing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picked {
    /// The entry with this index.
    One(usize),
    /// None.
    None,
    /// Somebody wanted the program to end.
    Interrupted,
}

enum Heard {
    Key(KeyEvent),
    Resized,
    Closed,
    Signal,
}

/// Whether the terminal has room for it, and there is one.
pub fn is_possible() -> bool {
    terminal::can_be_drawn_on()
        && size().is_ok_and(|(columns, rows)| columns >= FEWEST_COLUMNS && rows >= FEWEST_ROWS)
}

/// Shows the entries until one is chosen, the one at `selected` first.
///
/// # Errors
/// When the terminal cannot be drawn on, or goes away.
pub fn pick(entries: Vec<Entry>, selected: usize) -> io::Result<Picked> {
    let (sender, receiver) = channel();
    terminal::hear_signals(sender.clone(), || Heard::Signal)?;
    let canvas = Canvas::open()?;
    terminal::hear(sender, heard);
    let mut list = List::new(entries, selected);
    loop {
        let (columns, rows) = size()?;
        terminal::write(&list.drawn(columns.into(), rows.into()))?;
        match receiver.recv() {
            Ok(Heard::Key(key)) => match list.press(key) {
                Step::On => {}
                Step::Suspend => canvas.suspend()?,
                Step::End(picked) => return Ok(picked),
            },
            Ok(Heard::Resized) => {}
            Ok(Heard::Signal) => return Ok(Picked::Interrupted),
            Ok(Heard::Closed) | Err(_) => return Ok(Picked::None),
        }
    }
}

fn heard(event: io::Result<Event>) -> Option<Heard> {
    match event {
        Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Some(Heard::Key(key)),
        Ok(Event::Resize(..)) => Some(Heard::Resized),
        Ok(_) => None,
        Err(_) => Some(Heard::Closed),
    }
}
