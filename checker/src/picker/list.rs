//! What is shown, what is selected, and what a key does to it. Nothing here touches a terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Picked;
use crate::terminal::cut;
use crate::words;

/// Something that can be chosen.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its line.
    pub line: String,
    /// Lines that are shown while it is selected.
    pub details: Vec<String>,
    /// What a search looks at, in lower case.
    pub searched: String,
}

/// What follows on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    On,
    Suspend,
    End(Picked),
}

/// The entries, the search and the selection.
#[derive(Debug)]
pub struct List {
    entries: Vec<Entry>,
    /// Indexes of the entries that the search has left.
    found: Vec<usize>,
    /// A place in `found`.
    selected: usize,
    /// The first place in `found` that is drawn.
    top: usize,
    search: String,
    typing: bool,
    /// How many entries were drawn last: a page.
    page: usize,
}

impl List {
    pub fn new(entries: Vec<Entry>, selected: usize) -> List {
        List {
            found: (0..entries.len()).collect(),
            selected: selected.min(entries.len().saturating_sub(1)),
            entries,
            top: 0,
            search: String::new(),
            typing: false,
            page: 1,
        }
    }

    pub fn press(&mut self, key: KeyEvent) -> Step {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => return Step::End(Picked::Interrupted),
            KeyCode::Char('z') if control => return Step::Suspend,
            KeyCode::Char('u') if control => self.set_search(String::new()),
            KeyCode::Char(_) if control => {}
            KeyCode::Up => self.go(-1),
            KeyCode::Down => self.go(1),
            KeyCode::PageUp => self.go(-self.a_page()),
            KeyCode::PageDown => self.go(self.a_page()),
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = self.found.len().saturating_sub(1),
            KeyCode::Enter => {
                if let Some(index) = self.found.get(self.selected) {
                    return Step::End(Picked::One(*index));
                }
            }
            KeyCode::Backspace => {
                let mut shorter = self.search.clone();
                if shorter.pop().is_none() {
                    self.typing = false;
                }
                self.set_search(shorter);
            }
            KeyCode::Esc if self.typing || !self.search.is_empty() => {
                self.typing = false;
                self.set_search(String::new());
            }
            KeyCode::Esc => return Step::End(Picked::None),
            KeyCode::Char(letter) if self.typing => self.search_more(letter),
            KeyCode::Char('q') => return Step::End(Picked::None),
            KeyCode::Char('k') => self.go(-1),
            KeyCode::Char('j') => self.go(1),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char(letter) => self.search_more(letter),
            _ => {}
        }
        Step::On
    }

    fn a_page(&self) -> isize {
        isize::try_from(self.page).unwrap_or(1)
    }

    fn go(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    fn search_more(&mut self, letter: char) {
        self.typing = true;
        let more = format!("{}{letter}", self.search);
        self.set_search(more);
    }

    /// Searches anew; what was selected stays so while it is found.
    fn set_search(&mut self, search: String) {
        let before = self.found.get(self.selected).copied();
        self.search = search;
        let lower = self.search.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let is_found = |entry: &Entry| words.iter().all(|word| entry.searched.contains(word));
        self.found = (0..self.entries.len())
            .filter(|index| is_found(&self.entries[*index]))
            .collect();
        let place = self.found.iter().position(|index| Some(*index) == before);
        self.selected = place.unwrap_or(0);
    }

    /// Everything that stands on a terminal of that size, from its first cell on.
    pub fn drawn(&mut self, columns: usize, rows: usize) -> String {
        let details = self.details();
        // The head, an empty line and the keys take three; details give way before entries do.
        let room = rows.saturating_sub(3).max(1);
        let for_details = if details.len() + 1 < room.div_ceil(2) {
            details.len() + 1
        } else {
            0
        };
        self.page = room - for_details;
        self.top = self.top.min(self.selected);
        self.top = self.top.max((self.selected + 1).saturating_sub(self.page));
        let mut lines = vec![cut(&self.head(), columns)];
        let shown = self.found.iter().enumerate().skip(self.top);
        for (place, index) in shown.take(self.page) {
            lines.push(line(&self.entries[*index], place == self.selected, columns));
        }
        if self.found.is_empty() {
            lines.push(cut(
                &format!("  {}", words!("list-search-nothing")),
                columns,
            ));
        }
        if for_details > 0 {
            lines.push(String::new());
            lines.extend(details.iter().map(|it| cut(&format!("    {it}"), columns)));
        }
        while lines.len() + 1 < rows {
            lines.push(String::new());
        }
        lines.push(cut(&self.keys(), columns));
        lines.truncate(rows);
        let text = lines.join("\x1b[K\r\n");
        format!("\x1b[H{text}\x1b[K\x1b[J")
    }

    fn details(&self) -> Vec<String> {
        let selected = self.found.get(self.selected);
        selected.map_or_else(Vec::new, |index| self.entries[*index].details.clone())
    }

    fn head(&self) -> String {
        let count = words!(
            "list-count",
            found = self.found.len(),
            all = self.entries.len(),
        );
        if self.typing || !self.search.is_empty() {
            format!("{}: {}_   {count}", words!("list-search"), self.search)
        } else {
            count
        }
    }

    fn keys(&self) -> String {
        if self.typing {
            words!("list-keys-search")
        } else {
            words!("list-keys")
        }
    }
}

/// The mark says what reverse video shows.
fn line(entry: &Entry, selected: bool, columns: usize) -> String {
    if selected {
        let text = cut(&format!("> {}", entry.line), columns);
        format!("\x1b[7m{text}\x1b[0m")
    } else {
        cut(&format!("  {}", entry.line), columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> List {
        let entry = |index: usize| Entry {
            line: format!("lesson-{index}  Title {index}"),
            details: vec![format!("exercise {index}")],
            searched: format!("lesson-{index} title {index}"),
        };
        List::new((0..count).map(entry).collect(), 0)
    }

    fn press(list: &mut List, keys: &str) -> Step {
        let mut step = Step::On;
        for letter in keys.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                '\u{8}' => KeyCode::Backspace,
                other => KeyCode::Char(other),
            };
            step = list.press(code.into());
        }
        step
    }

    #[test]
    fn keys_move_the_selection_and_stop_at_the_ends() {
        let mut list = list(3);
        assert_eq!(press(&mut list, "k\n"), Step::End(Picked::One(0)));
        assert_eq!(press(&mut list, "jjjjj\n"), Step::End(Picked::One(2)));
        assert_eq!(press(&mut list, "k\n"), Step::End(Picked::One(1)));
        list.press(KeyCode::PageUp.into());
        list.press(KeyCode::End.into());
        assert_eq!(press(&mut list, "\n"), Step::End(Picked::One(2)));
        assert_eq!(press(&mut list, "q"), Step::End(Picked::None));
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(list.press(control), Step::End(Picked::Interrupted));
    }

    #[test]
    fn typing_searches_and_escape_shows_all_again() {
        let mut list = list(12);
        press(&mut list, "TITLE 1");
        assert_eq!(list.found, [1, 10, 11]);
        assert!(
            list.drawn(80, 24)
                .contains("search: TITLE 1_   3 of 12 lessons")
        );
        press(&mut list, "1");
        assert_eq!(press(&mut list, "\n"), Step::End(Picked::One(11)));
        press(&mut list, "\u{8}\u{8}q");
        assert!(list.found.is_empty(), "in a search q is a letter");
        assert_eq!(press(&mut list, "\n"), Step::On);
        assert!(list.drawn(80, 24).contains("nothing has all these words"));
        assert_eq!(press(&mut list, "\u{1b}"), Step::On);
        assert_eq!(list.found.len(), 12);
        press(&mut list, "/jk");
        assert!(list.found.is_empty(), "after / these are letters");
        assert_eq!(press(&mut list, "\u{1b}\u{1b}"), Step::End(Picked::None));
    }

    #[test]
    fn every_size_holds_the_selection_and_no_line_is_too_long() {
        let mut list = list(50);
        press(&mut list, &"j".repeat(37));
        for rows in 1..60 {
            for columns in [1, 5, 17, 40, 200] {
                let drawn = list.drawn(columns, rows);
                let plain = anstream::adapter::strip_str(&drawn).to_string();
                let lines: Vec<&str> = plain.split("\r\n").collect();
                assert!(lines.len() <= rows, "{rows}: {lines:?}");
                assert!(
                    lines.iter().all(|it| it.len() < columns.max(4)),
                    "{columns}"
                );
                if rows >= 4 && columns >= 17 {
                    assert!(
                        drawn.contains("\x1b[7m> lesson-37"),
                        "{rows} {columns}: {drawn:?}"
                    );
                }
            }
        }
        assert!(list.drawn(80, 24).contains("    exercise 37"));
    }
}
