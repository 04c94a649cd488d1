//! Names of files in what is printed, as links that a terminal opens (OSC 8). What is read stays the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use regex::{Captures, Regex};
use supports_hyperlinks::Stream;

use crate::cli::Colour;
use crate::workspace::Workspace;

/// When names of files are links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal that is known to open them, unless `--color never` is given.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

static CHOICE: OnceLock<When> = OnceLock::new();

/// A word that may name a file of the workshop, with the line after it as compilers and as Python write it. Styles are taken
/// as words of their own, so that none is taken for the beginning of a name.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"\x1b\[[0-9;]*m|([A-Za-z0-9_.~/-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_])(?::(\d+)(?::\d+)?|", line (\d+))?"#,
    )
    .expect("a test uses the pattern")
});

/// Decides for the whole process; `--color never` is a wish for no escape sequences at all.
pub fn choose(when: When, colour: Colour) {
    let choice = match when {
        When::Auto if colour == Colour::Never => When::Never,
        other => other,
    };
    // Set once, where the command line is read.
    let _ = CHOICE.set(choice);
}

/// Whether links are written to this stream.
pub fn on(stream: Stream) -> bool {
    match CHOICE.get().copied().unwrap_or(When::Never) {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
            !dumb && supports_hyperlinks::on(stream)
        }
    }
}

/// The text with a link around each name of a file of the workshop that exists.
pub fn marked(text: &str) -> String {
    static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let root = ROOT.get_or_init(|| Workspace::find().ok()?.root.canonicalize().ok());
    match root {
        Some(root) => marked_below(text, root, &host()),
        None => text.to_owned(),
    }
}

fn marked_below(text: &str, root: &Path, host: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let link = |found: &Captures| {
        let shown = &found[0];
        let Some(name) = found.get(1).map(|name| name.as_str()) else {
            return shown.to_owned();
        };
        // A path that a report tells is below the root; one to type here may begin elsewhere.
        let file = [root.join(name), here.join(name)]
            .into_iter()
            .filter_map(|path| path.canonicalize().ok())
            .find(|path| path.starts_with(root) && path.is_file());
        let Some(path) = file else {
            return shown.to_owned();
        };
        let line = found
            .get(2)
            .or(found.get(3))
            .map_or_else(String::new, |line| format!("#{}", line.as_str()));
        let target = format!("file://{host}{}{line}", escaped(&path));
        format!("\x1b]8;;{target}\x1b\\{shown}\x1b]8;;\x1b\\")
    };
    NAMED.replace_all(text, link).into_owned()
}

/// The name of this machine: a terminal that shows another one does not open its own file of that name.
fn host() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        .collect()
}

/// A path as a URI has it: bytes that have a meaning there, or are no visible ASCII, as `%` and two digits.
fn escaped(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(*byte));
            }
            other => write!(text, "%{other:02X}").expect("a String takes all text"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn existing_files_are_links_and_what_is_read_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("a b");
        fs::create_dir_all(root.join("lessons/x/exercise")).unwrap();
        fs::write(root.join("lessons/x/exercise/m.c"), "").unwrap();
        let text = "edit lessons/x/exercise/m.c, then\n at lessons/x/exercise/m.c:12:5: error; \
                    File \"lessons/x/exercise/m.c\", line 7 in f\n\x1b[1mlessons/x/exercise/m.c\x1b[0m\n\
                    `lessons/x/exercise/gone.c:3`, lessons/x/exercise/. /bin/sh\n";
        let marked = marked_below(text, &root, "host");
        let plain = |text: &str| anstream::adapter::strip_str(text).to_string();
        assert_eq!(plain(&marked), plain(text));
        let uri = format!("file://host{}/lessons/x/exercise/m.c", escaped(&root));
        assert!(uri.contains("/a%20b/"), "{uri}");
        let whole =
            format!("\x1b]8;;{uri}#12\x1b\\lessons/x/exercise/m.c:12:5\x1b]8;;\x1b\\: error");
        assert!(marked.contains(&whole), "{marked:?}");
        assert!(marked.contains(&format!(
            "\x1b]8;;{uri}\x1b\\lessons/x/exercise/m.c\x1b]8;;\x1b\\, then"
        )));
        assert!(marked.contains(&format!("{uri}#7\x1b")));
        assert!(marked.contains(&format!("\x1b[1m\x1b]8;;{uri}\x1b")));
        assert_eq!(marked.matches("file://").count(), 4, "{marked:?}");
    }
}
