//! One file with machine code, described without loading it.

use std::path::Path;

use clib::inspect::{self as library, Contents, InspectError};
use serde_json::{Value as Json, json};

use super::debug_info::Missing;
use super::names::Symbol;
use super::page::Page;
use crate::border::printable;
use crate::errors::{self, ExpectedError};
use crate::message;
use crate::message::Message;

/// A file and what it holds.
#[derive(Debug)]
pub struct File {
    /// How a reader knows it.
    pub shown: String,
    /// Container, machine, libraries.
    pub contents: Contents,
    /// The symbols that it offers, in the order of their names.
    pub symbols: Vec<Symbol>,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// How many symbols are listed before the rest is counted.
const LISTED: usize = 60;

impl File {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or holds no machine code; the error says what it is instead, and what to do.
    pub fn read(path: &Path) -> Result<File, ExpectedError> {
        let refuse = |error: InspectError| ExpectedError::UnusableFile {
            path: path.to_owned(),
            problem: problem(&error),
            next: next_step(&error, path),
        };
        let data = library::bytes(path).map_err(refuse)?;
        let contents = library::parse(&data).map_err(refuse)?;
        let underscore = contents.target.system() == "macOS";
        let names = contents.exports.iter();
        let mut symbols: Vec<Symbol> = names.map(|name| Symbol::read(name, underscore)).collect();
        symbols.sort_by(|one, two| one.name.cmp(&two.name));
        symbols.dedup();
        Ok(File {
            shown: errors::shown(path),
            contents,
            symbols,
            data,
        })
    }

    /// What a loader needs to know, for people.
    pub fn describe(&self, page: &mut Page) {
        const COLUMN: usize = 10;
        let target = self.contents.target;
        let order = match target.is_little_endian() {
            true => "lowest byte first",
            false => "highest byte first",
        };
        page.words(0, &safe(&self.shown));
        page.row("kind", COLUMN, &self.contents.kind.to_string());
        let machine = format!("{} ({order}), {}", target.machine(), target.system());
        page.row("machine", COLUMN, &machine);
        let needed = safe(&self.contents.needed.join(", "));
        page.row("needs", COLUMN, or_none(&needed));
        if self.contents.search.is_empty() && target.system() != "Windows" {
            page.row("rpath", COLUMN, "none, runpath neither");
        }
        for search in &self.contents.search {
            page.row(&search.kind.to_string(), COLUMN, &safe(&search.folders));
        }
        let mangled = self.mangled().count();
        let count = match (self.symbols.len(), mangled) {
            (0, _) => "nothing: no symbol is visible from outside".to_owned(),
            (all, 0) => format!("{}, none mangled", counted(all, "symbol")),
            (all, some) => format!("{}, {some} mangled", counted(all, "symbol")),
        };
        page.row("exports", COLUMN, &count);
        for symbol in self.symbols.iter().take(LISTED) {
            page.words(4, &safe(&symbol.name));
            if let Some(language) = symbol.mangled {
                let readable = symbol.readable.as_deref().map(safe);
                let readable = readable.unwrap_or_else(|| "a name that cannot be read".to_owned());
                page.words(6, &format!("mangled by {language}: {readable}"));
            }
        }
        if let Some(more @ 1..) = self.symbols.len().checked_sub(LISTED) {
            page.words(4, &format!("and {more} more; --json lists all"));
        }
        if mangled > 0 {
            page.words(
                2,
                "A bridge finds a function by the name in the file. A mangled one holds the types of one compiler; declare \
                 the function extern \"C\" (in Rust also #[unsafe(no_mangle)]), and its plain name is exported.",
            );
        }
    }

    /// The same for programs.
    pub fn document(&self) -> Json {
        let target = self.contents.target;
        let search = self.contents.search.iter();
        let symbols = self.symbols.iter();
        json!({
            "file": self.shown,
            "kind": self.contents.kind.to_string(),
            "shared": self.contents.shared,
            "machine": target.machine(),
            "system": target.system(),
            "little_endian": target.is_little_endian(),
            "needs": self.contents.needed,
            "search": search.map(|it| json!({ "kind": it.kind.to_string(), "folders": it.folders })).collect::<Vec<_>>(),
            "symbols": symbols.map(|it| json!({
                "name": it.name,
                "mangled": it.mangled.map(|language| language.to_string()),
                "readable": it.readable,
            })).collect::<Vec<_>>(),
        })
    }

    fn mangled(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter().filter(|it| it.mangled.is_some())
    }
}

/// A number and a word in the right form.
pub fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

/// A name from a file, on one line and harmless to a terminal.
pub fn safe(text: &str) -> String {
    printable(text.replace(['\n', '\t'], " ").as_bytes())
}

/// Why a file says nothing of types, and how it comes to say it.
pub fn no_debug_info(path: &Path, missing: &Missing) -> ExpectedError {
    let (problem, next) = debug_info_words(missing);
    ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem,
        next,
    }
}

/// What is missing, and what to do about it.
pub fn debug_info_words(missing: &Missing) -> (Message, Message) {
    let next = match missing {
        Missing::None => message!("inspect-no-debug-info-next"),
        Missing::Elsewhere => message!("inspect-debug-info-elsewhere-next"),
        Missing::Broken(_) => message!("inspect-debug-info-broken-next"),
    };
    let problem = match missing {
        Missing::None => message!("inspect-no-debug-info"),
        Missing::Elsewhere => message!("inspect-debug-info-elsewhere"),
        Missing::Broken(why) => message!("inspect-debug-info-broken", why = safe(why)),
    };
    (problem, next)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

fn problem(error: &InspectError) -> Message {
    match error {
        InspectError::Open(cause) => message!("inspect-unreadable", why = cause.to_string()),
        InspectError::NotAFile => message!("inspect-device"),
        InspectError::Empty => message!("error-file-empty"),
        InspectError::Archive => message!("inspect-archive"),
        InspectError::Text => message!("inspect-text"),
        InspectError::TooLarge(_) | InspectError::Unknown(_) => {
            printable(error.to_string().as_bytes()).into()
        }
    }
}

fn next_step(error: &InspectError, path: &Path) -> Message {
    match error {
        InspectError::Open(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            message!("inspect-no-file-next")
        }
        InspectError::Open(_) => message!("inspect-unreadable-next"),
        InspectError::NotAFile if path.is_dir() => message!("inspect-folder-next"),
        InspectError::NotAFile => message!("inspect-device-next"),
        InspectError::TooLarge(_) => message!("inspect-too-large-next"),
        InspectError::Empty => message!("inspect-empty-next"),
        InspectError::Archive => message!("inspect-archive-next"),
        InspectError::Text => message!("inspect-text-next"),
        InspectError::Unknown(_) => message!("inspect-unknown-next"),
    }
}
