//! What the C compiler refuses of C that CFFI has written, told as the mistake in `api_build.py` that it comes from.
//!
//! One forgotten typedef is an error wherever the generated C uses the name. The first one counts; the others follow from it, or come up again.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::border::printable;
use crate::inspect::python::{self, Expr};
use crate::pattern::pattern;

/// How compilers that follow gcc begin a message.
static MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.+?):(\d+):(?:\d+:)? (fatal error|error|warning|note): (.+)$"));
/// The function that the messages after this line are about.
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| pattern(r"In function ['‘](\w+)['’]:$"));
/// Functions of the generated C are called after what they are for.
static PURPOSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:_cffi_(?:checkfld|align|const|[a-z])_(?:typedef_|struct_|union_|enum_)?|rc_[a-z]+_)(\w+)$",
    )
});
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"['‘](?:struct |union |enum )?(\w+)['’]"));
/// A line of source below a message.
static SOURCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*\d+ \|(.*)$"));
/// Our engine has the compiler name the lines of each text of `cdef`.
static CDEF: LazyLock<Regex> = LazyLock::new(|| pattern(r"^<cdef(?: (\d+))?>$"));

/// The build script, as a reader knows it.
pub struct Script<'a> {
    /// Its name in reports.
    pub shown: &'a str,
    /// Its text.
    pub source: &'a str,
    /// The extension module that it describes, `_lesson_7_3`.
    pub module: &'a str,
}

/// What is told of a build.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// Messages, with a line end after each line.
    pub text: String,
    /// Errors in generated C that are left out.
    pub more: usize,
}

struct Message {
    file: String,
    line: usize,
    /// `error`, `fatal error` or `warning`.
    kind: String,
    text: String,
    /// In which function, by the compiler's words.
    function: Option<String>,
    /// The lines of the message itself and of the source below it.
    own: Vec<String>,
    /// The same of notes, each with the file that it names.
    notes: Vec<(String, Vec<String>)>,
}

/// A text that stands in the script: where it begins, and its lines.
struct Literal {
    line: usize,
    lines: Vec<String>,
}

/// What a failed build is told as; nothing where no error is in generated C, so that the compiler's own words are best.
pub fn told(said: &str, script: &Script) -> Option<Told> {
    let messages = messages(said);
    let errors: Vec<&Message> = messages
        .iter()
        .filter(|it| it.kind.ends_with("error"))
        .collect();
    if !errors.iter().any(|it| script.has_generated(&it.file)) {
        return None;
    }
    let (preamble, cdefs) = literals(script.source);
    let mut text = String::new();
    let mut generated: Vec<&Message> = Vec::new();
    for error in errors {
        if !script.has_generated(&error.file) {
            text += &lines(&error.own);
            text += &notes(error, script);
        } else if let Some(line) = written_by_hand(error, &preamble) {
            text += &script.message(error, line, None);
        } else {
            generated.push(error);
        }
    }
    let mut more = generated.len();
    if let (true, Some(first)) = (text.is_empty(), generated.first()) {
        let causes = generated.iter().map(|it| (it, cause(it, &cdefs)));
        more -= 1;
        text = match causes
            .into_iter()
            .find_map(|(it, cause)| Some((it, cause?)))
        {
            Some((error, (line, word))) => script.message(error, line, Some(&word)),
            None => lines(&first.own) + &notes(first, script),
        };
    }
    Some(Told { text, more })
}

impl Script<'_> {
    fn has_generated(&self, file: &str) -> bool {
        let is_module = Path::new(file)
            .file_stem()
            .is_some_and(|it| it == self.module);
        is_module || CDEF.is_match(file)
    }

    /// A message at a line of the script, with that line, and marks below the word that it is about.
    fn message(&self, of: &Message, line: usize, word: Option<&str>) -> String {
        let source = self.source.lines().nth(line - 1).unwrap_or_default();
        let at = word.and_then(|word| find_word(source, word));
        let blank = source.len() - source.trim_start().len();
        let column = source[..at.unwrap_or(blank)].chars().count() + 1;
        // What the compiler said is harmless already; the script is a participant's.
        let shown_source = printable(source.as_bytes());
        let mut text = format!(
            "{}:{line}:{column}: {}: {}\n{line:>5} | {shown_source}\n",
            self.shown, of.kind, of.text
        );
        if let (Some(word), Some(_)) = (word, at) {
            let marks = "^".repeat(word.chars().count());
            text += &format!("      | {}{marks}\n", " ".repeat(column - 1));
        }
        text + &notes(of, self)
    }
}

fn lines(of: &[String]) -> String {
    of.iter().map(|line| format!("{line}\n")).collect()
}

/// The notes of a message that are about files which somebody can read.
fn notes(of: &Message, script: &Script) -> String {
    let readable = of
        .notes
        .iter()
        .filter(|(file, _)| !script.has_generated(file));
    readable.map(|(_, own)| lines(own)).collect()
}

/// Takes what a compiler said apart. Lines that belong to no message, such as its last words, are left out.
fn messages(said: &str) -> Vec<Message> {
    let mut found: Vec<Message> = Vec::new();
    let mut function = None;
    for line in said.lines() {
        if let Some(parts) = MESSAGE.captures(line) {
            let own = vec![line.to_owned()];
            match (&parts[3], found.last_mut()) {
                ("note", Some(last)) => last.notes.push((parts[1].to_owned(), own)),
                _ => found.push(Message {
                    file: parts[1].to_owned(),
                    line: parts[2].parse().unwrap_or(1),
                    kind: parts[3].to_owned(),
                    text: parts[4].to_owned(),
                    function: function.clone(),
                    own,
                    notes: Vec::new(),
                }),
            }
        } else if let Some(parts) = FUNCTION.captures(line) {
            function = Some(parts[1].to_owned());
        } else if line.ends_with("At top level:") {
            function = None;
        } else if line.starts_with(' ')
            && !line.trim_start().starts_with("from ")
            && let Some(last) = found.last_mut()
        {
            let lines = last.notes.last_mut().map_or(&mut last.own, |(_, own)| own);
            lines.push(line.to_owned());
        }
    }
    found
}

/// The texts that `set_source` is given as C, and those of each `cdef`.
fn literals(source: &str) -> (Vec<Literal>, Vec<Option<Literal>>) {
    let literal = |value: Expr| match value {
        Expr::Text(text, line) => Some(Literal {
            line: usize::try_from(line).ok()?,
            lines: text.lines().map(str::to_owned).collect(),
        }),
        _ => None,
    };
    let (mut preamble, mut cdefs) = (Vec::new(), Vec::new());
    for statement in python::statements(source) {
        for arguments in python::calls(&statement, "cdef") {
            cdefs.push(arguments.into_iter().next().and_then(|it| literal(it.1)));
        }
        for arguments in python::calls(&statement, "set_source") {
            preamble.extend(arguments.into_iter().nth(1).and_then(|it| literal(it.1)));
        }
    }
    (preamble, cdefs)
}

/// The line of the script that the compiler shows below the message, if it stands in the C of `set_source`.
fn written_by_hand(error: &Message, preamble: &[Literal]) -> Option<usize> {
    let shown = error.own.iter().find_map(|line| SOURCE.captures(line))?;
    let shown = shown[1].trim();
    let places = preamble.iter().flat_map(|literal| {
        let lines = literal.lines.iter().enumerate();
        lines.map(|(index, line)| (literal.line + index, line.trim()))
    });
    let mut same = places.filter(|(_, line)| !shown.is_empty() && *line == shown);
    same.next().map(|(line, _)| line)
}

/// The line of a cdef that an error in the C made of it comes from, and the word there.
fn cause(error: &Message, cdefs: &[Option<Literal>]) -> Option<(usize, String)> {
    let mut words: Vec<&str> = QUOTED
        .captures_iter(&error.text)
        .filter_map(|it| it.get(1).map(|it| it.as_str()))
        .collect();
    let purpose = error.function.as_ref().and_then(|it| PURPOSE.captures(it));
    words.extend(purpose.and_then(|it| it.get(1)).map(|it| it.as_str()));
    let numbered = CDEF.captures(&error.file).map(|it| {
        let number = it.get(1).map_or(Ok(1), |it| it.as_str().parse::<usize>());
        number
            .ok()
            .and_then(|it| cdefs.get(it.checked_sub(1)?)?.as_ref())
    });
    if let Some(of) = numbered {
        let (literal, at) = (of?, error.line.checked_sub(1)?);
        let line = literal.lines.get(at)?;
        let word = words.iter().find(|word| find_word(line, word).is_some())?;
        return Some((literal.line + at, (*word).to_owned()));
    }
    words.iter().find_map(|word| {
        let mut places = cdefs.iter().flatten().flat_map(|literal| {
            let lines = literal.lines.iter().enumerate();
            lines.map(|(index, line)| (literal.line + index, line))
        });
        let found = places.find(|(_, line)| find_word(line, word).is_some())?;
        Some((found.0, (*word).to_owned()))
    })
}

/// Where the word stands in the line, not as a part of a longer one.
fn find_word(line: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = line.match_indices(word).map(|(index, _)| index);
    places.find(|index| {
        let before = line[..*index].chars().next_back();
        let after = line[index + word.len()..].chars().next();
        !word.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"ffibuilder.cdef("""
    int add(int a, int b);
    double tile_area(const tile *of);
""")
ffibuilder.set_source("_lesson_7_3", """
    #include "tiels.h"
    static int twice(int a) { return a + ; }
""", sources=["tiles.c"])
ffibuilder.cdef("typedef struct { int y; } swapped_tile;")
"#;

    fn told_of(said: &str) -> Option<Told> {
        let script = Script {
            shown: "api_build.py",
            source: SOURCE,
            module: "_lesson_7_3",
        };
        told(said, &script)
    }

    const SWAPPED: &str = "api_build.py:9:44: error: unknown type name 'swapped_tile'\n    9 | ffibuilder.cdef(\"typedef struct { int y; } swapped_tile;\")\n      |                                            ^^^^^^^^^^^^\n";

    #[test]
    fn one_cause_is_told_once_at_the_line_of_the_cdef() {
        let of_cffi = "_lesson_7_3.c:605:3: warning: unused variable 'i'\n  605 |   int i;\n_lesson_7_3.c:611:49: error: unknown type name 'swapped_tile'\n  611 | static void _cffi_checkfld_typedef_swapped_tile(swapped_tile *p)\n      |   ^~~~\n_lesson_7_3.c:619:51: error: unknown type name 'swapped_tile'\nIn file included from _lesson_7_3.c:70:\n_lesson_7_3.c:831:33: error: expected expression before ')' token\n  831 |         sizeof(((swapped_tile *)0)->y),\n      |                                 ^\n";
        let ours = "<cdef 2>:1:27: error: unknown type name 'swapped_tile'\nIn file included from _lesson_7_3.c:10:\n<cdef 2>:1:1: error: expected expression before ')' token\n<cdef 2>:1:31: error: 'swapped_tile' undeclared here (not in a function)\n";
        for said in [of_cffi, ours] {
            let told = told_of(said).unwrap();
            assert_eq!((told.text.as_str(), told.more), (SWAPPED, 2));
        }
    }

    #[test]
    fn a_function_is_found_by_its_name_and_by_the_one_that_was_made_for_it() {
        let call = "_lesson_7_3.c: In function '_cffi_d_add':\n_lesson_7_3.c:636:10: error: too many arguments to function 'add'\n  636 |   return add(x0, x1, x2);\n      |          ^~~\nIn file included from _lesson_7_3.c:582:\ntiles.h:28:5: note: declared here\n   28 | int add(int a, int b);\n_lesson_7_3.c:1:1: note: here\n";
        assert_eq!(
            told_of(call).unwrap().text,
            "api_build.py:2:9: error: too many arguments to function 'add'\n    2 |     int add(int a, int b);\n      |         ^^^\ntiles.h:28:5: note: declared here\n   28 | int add(int a, int b);\n"
        );
        let within = "_lesson_7_3.c: In function ‘_cffi_f_tile_area’:\n_lesson_7_3.c:636:10: error: expected ‘;’ before ‘const’\n";
        let text = told_of(within).unwrap().text;
        assert!(text.starts_with("api_build.py:3:"), "{text}");
    }

    #[test]
    fn what_was_written_by_hand_is_told_whole_and_first() {
        let said = "_lesson_7_3.c:583:40: error: expected expression before ';' token\n  583 |     static int twice(int a) { return a + ; }\n      |     ^\n_lesson_7_3.c:611:49: error: unknown type name 'swapped_tile'\n";
        let told = told_of(said).unwrap();
        assert_eq!(told.more, 1);
        assert!(
            told.text.starts_with("api_build.py:7:5: error: expected expression before ';' token\n    7 |     static int twice"),
            "{}",
            told.text
        );
        assert!(!told.text.contains("swapped"), "{}", told.text);
    }

    #[test]
    fn control_characters_of_the_script_are_not_repeated() {
        let script = Script {
            shown: "api_build.py",
            source: "ffi.cdef('int add(int a); /* \u{1b}[31m */')\n",
            module: "_lesson_7_3",
        };
        let text = told("<cdef>:1:5: error: conflicting types for 'add'", &script)
            .unwrap()
            .text;
        assert!(
            text.starts_with("api_build.py:1:15: error: conflicting") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_be_placed_stays_as_it_was_said() {
        let said = "_lesson_7_3.c:700:1: error: stray '\\302' in program\n  700 | x\n_lesson_7_3.c:701:1: error: expected expression\n";
        let told = told_of(said).unwrap();
        assert_eq!(told.more, 1);
        assert!(told.text.starts_with("_lesson_7_3.c:700:1: error: stray"));
        for other in [
            "",
            "Traceback",
            "tiles.c:3:1: error: expected ';'",
            "_lesson_7_3.c:3:1: warning: unused variable 'add'",
            "cc1: fatal error: tile.c: No such file or directory\ncompilation terminated.",
            "<cdef 9>:99999999999999999999:1: note: nothing",
        ] {
            assert_eq!(told_of(other), None, "{other}");
        }
        let beyond = told_of("<cdef 9>:7:1: error: 'x' undeclared").unwrap();
        assert!(beyond.text.starts_with("<cdef 9>:7:1: error"));
    }
}
