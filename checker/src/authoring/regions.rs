//! Markers in solution files: regions that a README includes, and tasks that a starter leaves open.
//!
//! A marker is a comment on a line of its own. One pass over the file pairs them on a stack, so regions nest, and neither
//! a region nor a task can cross the border of the other.

use std::path::Path;

use super::Problem;

/// A file whose markers are understood.
#[derive(Debug)]
pub struct Marked {
    lines: Vec<Line>,
    blocks: Vec<Block>,
}

/// A line, without its line end.
#[derive(Debug)]
struct Line {
    text: String,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Belongs to the file as everybody reads it.
    Kept,
    /// Belongs to the solution only.
    Solution,
    /// Belongs to the starter only; the text is already unwrapped.
    Starter,
    /// A marker, which nobody gets to see.
    Marker,
}

/// A named stretch of lines; the first and the last are its markers.
#[derive(Debug)]
struct Block {
    name: String,
    first: usize,
    last: usize,
    task: bool,
}

/// What a line says to this module.
#[derive(Debug, PartialEq, Eq)]
enum Marker<'a> {
    Region(&'a str),
    EndRegion(&'a str),
    Task(&'a str),
    Starter,
    StarterLine(&'a str),
    EndTask(&'a str),
}

/// The sign that begins a line comment in a file of this name, if markers are looked for in it at all.
pub fn comment_sign(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()? {
        "py" | "pyi" | "toml" => Some("#"),
        "c" | "h" | "rs" => Some("//"),
        _ => None,
    }
}

/// Finds and pairs the markers of a file; every marker that makes no sense becomes a problem with its line.
pub fn parse(file: &Path, text: &str) -> Result<Marked, Vec<Problem>> {
    let Some(sign) = comment_sign(file) else {
        return Ok(Marked::plain(text));
    };
    let mut reader = Reader {
        file,
        marked: Marked::plain(""),
        open: Vec::new(),
        problems: Vec::new(),
    };
    for line in text.lines() {
        reader.read(line, sign);
    }
    reader.finish()
}

impl Marked {
    fn plain(text: &str) -> Self {
        let keep = |text: &str| Line {
            text: text.to_owned(),
            role: Role::Kept,
        };
        Marked {
            lines: text.lines().map(keep).collect(),
            blocks: Vec::new(),
        }
    }

    /// Whether the file has any marker; one without is copied byte for byte.
    pub fn has_markers(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// The file as a participant first gets it: tasks open, no marker left.
    pub fn starter(&self) -> String {
        self.select(0..self.lines.len(), Role::Starter)
    }

    /// The file as the reference has it, no marker left.
    pub fn solution(&self) -> String {
        self.select(0..self.lines.len(), Role::Solution)
    }

    /// The lines of the region or task of this name, as the reference has them, moved to the left margin.
    pub fn region(&self, name: &str) -> Option<String> {
        let block = self.blocks.iter().find(|block| block.name == name)?;
        Some(dedent(
            &self.select(block.first..block.last, Role::Solution),
        ))
    }

    /// The names of all regions and tasks, in the order in which they end.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|block| block.name.as_str())
    }

    /// What the tasks hide: each one's name and its lines in the reference.
    pub fn tasks(&self) -> impl Iterator<Item = (&str, String)> {
        let tasks = self.blocks.iter().filter(|block| block.task);
        tasks.map(|task| {
            let lines = self.select(task.first..task.last, Role::Solution);
            (task.name.as_str(), lines)
        })
    }

    /// The lines of each task that only the reference has, counted from 0.
    pub fn task_lines(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let tasks = self.blocks.iter().filter(|block| block.task);
        tasks.map(|task| {
            let own = |at: &usize| self.lines[*at].role == Role::Solution;
            let last = (task.first..task.last).rev().find(own);
            task.first + 1..last.map_or(task.first + 1, |last| last + 1)
        })
    }

    /// The lines that `with` may see. Empty lines on both sides of a marker count once, as formatters like it: the
    /// longer run stays. None stays at the end.
    fn select(&self, range: std::ops::Range<usize>, with: Role) -> String {
        let mut text = String::new();
        let (mut empty, mut counted) = (0, 0);
        for line in &self.lines[range] {
            if line.role == Role::Marker {
                counted = empty;
            } else if line.role == Role::Kept || line.role == with {
                if line.text.is_empty() && counted > 0 {
                    counted -= 1;
                    continue;
                }
                counted = 0;
                empty = if line.text.is_empty() { empty + 1 } else { 0 };
                text.push_str(&line.text);
                text.push('\n');
            }
        }
        text.truncate(text.trim_end_matches('\n').len() + usize::from(!text.is_empty()));
        text
    }
}

/// An open region or task.
struct Open {
    name: String,
    first: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Region,
    /// A task; `starter` tells whether its starter lines have begun.
    Task {
        starter: bool,
    },
}

struct Reader<'a> {
    file: &'a Path,
    marked: Marked,
    open: Vec<Open>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self, line: &str, sign: &str) {
        let marker = marker(line, sign);
        let in_starter = self
            .open
            .iter()
            .any(|open| open.kind == Kind::Task { starter: true });
        match marker {
            Some(Marker::StarterLine(text)) if in_starter => {
                let indent = &line[..line.len() - line.trim_start().len()];
                let text = if text.is_empty() {
                    String::new()
                } else {
                    format!("{indent}{text}")
                };
                return self.push(text, Role::Starter);
            }
            Some(Marker::Region(name)) => self.begin(name, Kind::Region),
            Some(Marker::Task(name)) => self.begin(name, Kind::Task { starter: false }),
            Some(Marker::Starter) => self.begin_starter(),
            Some(Marker::EndRegion(name)) => self.end(name, false),
            Some(Marker::EndTask(name)) => self.end(name, true),
            Some(Marker::StarterLine(_)) | None => {
                if in_starter {
                    self.complain(format!(
                        "between `starter:` and `endtask` each line begins with `{sign} |`"
                    ));
                }
                let role = if self.in_task() {
                    Role::Solution
                } else {
                    Role::Kept
                };
                return self.push(line.to_owned(), role);
            }
        }
        self.push(String::new(), Role::Marker);
    }

    fn in_task(&self) -> bool {
        self.open.iter().any(|open| open.kind != Kind::Region)
    }

    fn push(&mut self, text: String, role: Role) {
        self.marked.lines.push(Line { text, role });
    }

    /// Notes a problem of the line that is being read.
    fn complain(&mut self, what: impl Into<String>) {
        let line = self.marked.lines.len() + 1;
        self.problems.push(Problem::at(self.file, line, what));
    }

    fn begin(&mut self, name: &str, kind: Kind) {
        let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(well_formed) {
            self.complain(format!(
                "`{name}` is no name for a region or task: use letters, digits, `-` and `_`"
            ));
        }
        let taken = self.marked.names().any(|other| other == name)
            || self.open.iter().any(|open| open.name == name);
        if taken {
            self.complain(format!("the name `{name}` is used twice in this file"));
        }
        if kind != Kind::Region && self.in_task() {
            self.complain(format!("task `{name}` begins inside another task"));
        }
        self.open.push(Open {
            name: name.to_owned(),
            first: self.marked.lines.len(),
            kind,
        });
    }

    fn begin_starter(&mut self) {
        match self.open.last_mut() {
            Some(Open {
                kind: Kind::Task { starter },
                ..
            }) if !*starter => *starter = true,
            Some(Open {
                kind: Kind::Task { .. },
                ..
            }) => self.complain("this task has a `starter:` already"),
            Some(Open { name, .. }) => {
                let what = format!("`starter:` inside region `{name}`, which is still open");
                self.complain(what);
            }
            None => self.complain("`starter:` outside a task"),
        }
    }

    fn end(&mut self, name: &str, task: bool) {
        let word = if task { "endtask" } else { "endregion" };
        let Some(open) = self.open.pop() else {
            return self.complain(format!("`{word}` without a beginning"));
        };
        if task != (open.kind != Kind::Region) {
            self.complain(format!(
                "`{word}` while `{}`, begun in line {}, is still open",
                open.name,
                open.first + 1
            ));
        } else if !name.is_empty() && name != open.name {
            self.complain(format!("`{word} {name}` ends `{}`", open.name));
        } else if open.kind == (Kind::Task { starter: false }) {
            self.complain(format!(
                "task `{}` has no `starter:`; for an empty starter write it without lines",
                open.name
            ));
        }
        self.marked.blocks.push(Block {
            name: open.name,
            first: open.first,
            last: self.marked.lines.len(),
            task,
        });
    }

    fn finish(mut self) -> Result<Marked, Vec<Problem>> {
        for open in &self.open {
            let what = format!("`{}` is never ended", open.name);
            self.problems
                .push(Problem::at(self.file, open.first + 1, what));
        }
        if self.problems.is_empty() {
            Ok(self.marked)
        } else {
            Err(self.problems)
        }
    }
}

/// Reads a line as a marker. Formatters put a space behind the comment sign, so one there is never significant.
fn marker<'a>(line: &'a str, sign: &str) -> Option<Marker<'a>> {
    let comment = line.trim_start().strip_prefix(sign)?;
    let comment = comment.strip_prefix(' ').unwrap_or(comment);
    if let Some(text) = comment.strip_prefix('|') {
        let text = text.strip_prefix(' ').unwrap_or(text);
        return Some(Marker::StarterLine(text.trim_end()));
    }
    let comment = comment.trim();
    if comment == "starter:" {
        return Some(Marker::Starter);
    }
    if let Some((word, name)) = comment.split_once(':') {
        match word {
            "region" => return Some(Marker::Region(name.trim())),
            "task" => return Some(Marker::Task(name.trim())),
            _ => {}
        }
    }
    let (word, name) = comment.split_once(' ').unwrap_or((comment, ""));
    match word {
        "endregion" => Some(Marker::EndRegion(name.trim())),
        "endtask" => Some(Marker::EndTask(name.trim())),
        _ => None,
    }
}

/// Takes away the indentation that all lines share; lines of blanks only become empty.
fn dedent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let written = text.lines().filter(|line| !line.trim().is_empty());
    let shared = written.map(indent).min().unwrap_or(0);
    let mut result = String::new();
    for line in text.lines() {
        result.push_str(line.get(shared..).unwrap_or("").trim_end());
        result.push('\n');
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: &str = "\
import ctypes

# region: load
lib = ctypes.CDLL(\"libadd.so\")
# endregion


def declare(lib):
    # task: declare
    lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
    lib.add.restype = ctypes.c_int
    # starter:
    # | # TODO: say what `add` takes and what it returns.
    #|
    # | if True:
    # |     pass
    # endtask
";

    fn parsed(name: &str, text: &str) -> Marked {
        parse(Path::new(name), text).unwrap()
    }

    fn complaints(text: &str) -> Vec<String> {
        let problems = parse(Path::new("bridge.py"), text).unwrap_err();
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn the_starter_leaves_tasks_open_and_drops_markers() {
        let expected = "\
import ctypes

lib = ctypes.CDLL(\"libadd.so\")


def declare(lib):
    # TODO: say what `add` takes and what it returns.

    if True:
        pass
";
        assert_eq!(parsed("bridge.py", BRIDGE).starter(), expected);
    }

    #[test]
    fn the_solution_has_neither_markers_nor_starter_lines() {
        let solution = parsed("bridge.py", BRIDGE).solution();
        assert!(solution.contains("restype"), "{solution}");
        assert!(
            !solution.contains("TODO") && !solution.contains("# "),
            "{solution}"
        );
    }

    #[test]
    fn regions_and_tasks_are_included_at_the_left_margin() {
        let marked = parsed("bridge.py", BRIDGE);
        assert_eq!(
            marked.region("load").unwrap(),
            "lib = ctypes.CDLL(\"libadd.so\")\n"
        );
        assert!(
            marked
                .region("declare")
                .unwrap()
                .starts_with("lib.add.argtypes")
        );
        assert_eq!(marked.region("missing"), None);
        assert_eq!(marked.names().collect::<Vec<_>>(), ["load", "declare"]);
        assert_eq!(
            marked.tasks().map(|(name, _)| name).collect::<Vec<_>>(),
            ["declare"]
        );
    }

    #[test]
    fn c_and_rust_use_their_own_comment_sign() {
        let text = "// task: body\nreturn a + b;\n// starter:\n//| return 0;\n// endtask body\n# task: x\n";
        assert_eq!(parsed("m.c", text).starter(), "return 0;\n# task: x\n");
        assert_eq!(parsed("m.rs", text).starter(), "return 0;\n# task: x\n");
        assert!(!parsed("notes.txt", text).has_markers());
    }

    #[test]
    fn regions_nest_and_may_hold_tasks() {
        let text = "# region: a\n1\n# region: b\n2\n# task: t\n3\n# starter:\n# endtask\n# endregion b\n# endregion\n";
        let marked = parsed("x.py", text);
        assert_eq!(marked.region("a").unwrap(), "1\n2\n3\n");
        assert_eq!(marked.region("b").unwrap(), "2\n3\n");
        assert_eq!(marked.starter(), "1\n2\n");
    }

    #[test]
    fn ordinary_comments_are_no_markers() {
        let text = "# region of memory\n# | a | table |\n# a task: none\n#: doc\n# endregions\n";
        let marked = parsed("x.py", text);
        assert!(!marked.has_markers());
        assert_eq!(marked.starter(), text);
    }

    #[test]
    fn each_marker_out_of_place_is_named_with_its_line() {
        let cases = [
            (
                "# task: a\n1\n# endtask\n",
                "bridge.py:3: task `a` has no `starter:`",
            ),
            (
                "x\n# endregion\n",
                "bridge.py:2: `endregion` without a beginning",
            ),
            ("# region: a\n", "bridge.py:1: `a` is never ended"),
            (
                "# region: a b\n# endregion\n",
                "bridge.py:1: `a b` is no name",
            ),
            ("# region:\n# endregion\n", "bridge.py:1: `` is no name"),
            (
                "# region: a\n# endtask\n",
                "bridge.py:2: `endtask` while `a`, begun in line 1, is still open",
            ),
            (
                "# region: a\n# endregion b\n",
                "bridge.py:2: `endregion b` ends `a`",
            ),
            (
                "# region: a\n# endregion\n# region: a\n# endregion\n",
                "bridge.py:3: the name `a` is used twice in this file",
            ),
            (
                "# task: a\n# starter:\nx = 1\n# endtask\n",
                "bridge.py:3: between `starter:` and `endtask` each line begins with `# |`",
            ),
            (
                "# task: a\n# task: b\n# starter:\n# endtask\n# starter:\n# endtask\n",
                "bridge.py:2: task `b` begins inside another task",
            ),
            (
                "# task: a\n# starter:\n# starter:\n# endtask\n",
                "bridge.py:3: this task has a `starter:` already",
            ),
            ("# starter:\n", "bridge.py:1: `starter:` outside a task"),
            (
                "# task: a\n# region: r\n# starter:\n# endregion\n# starter:\n# endtask\n",
                "bridge.py:3: `starter:` inside region `r`",
            ),
        ];
        for (text, expected) in cases {
            let found = complaints(text);
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{text:?}: {found:?}"
            );
        }
    }

    #[test]
    fn empty_lines_around_a_marker_count_once() {
        let text = "# region: a\ndef f():\n    pass\n\n\n# endregion\n\n\n# region: b\n\nx = 1\n\n\n# endregion\n";
        let marked = parsed("bridge.py", text);
        assert_eq!(marked.starter(), "def f():\n    pass\n\n\nx = 1\n");
        assert_eq!(marked.region("b").unwrap(), "\nx = 1\n");
    }

    #[test]
    fn windows_line_ends_are_understood() {
        let marked = parsed("x.py", "# region: a\r\n1\r\n# endregion\r\n");
        assert_eq!(marked.region("a").unwrap(), "1\n");
    }
}
