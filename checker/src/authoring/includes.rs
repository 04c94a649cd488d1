//! Code blocks of a README, held against the files that they come from.
//!
//! `<!-- include: solution/ctypes_bridge.py#declare -->` stands directly above its block. Whatever the block holds, what it
//! ought to hold is a function of the named file, so checking and writing are one pass with two uses.

use std::fs;
use std::path::{Component, Path};

use super::markdown::{self, Part};
use super::{Problem, regions};
use crate::{snapshot, transcript};

/// A README with every included block as it ought to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// The whole text.
    pub text: String,
    /// The blocks that the old text has otherwise.
    pub stale: Vec<Problem>,
}

/// Fills in the included blocks of `readme`, which lies in the folder `lesson` of the repository at `root`.
///
/// An include without a block below it gets one. A file or region that cannot be found is a problem.
pub fn refresh(root: &Path, lesson: &Path, readme: &str) -> Result<Refreshed, Vec<Problem>> {
    let file = lesson.join("README.md");
    let lines = markdown::scan(readme);
    let mut text = String::new();
    let mut stale = Vec::new();
    let mut problems = Vec::new();
    let mut next = 0;
    while let Some((part, line)) = lines.get(next) {
        next += 1;
        text.push_str(line);
        text.push('\n');
        let source = match (part, include_of(line)) {
            (Part::Prose, Some(source)) => source,
            _ => continue,
        };
        let content = match content_of(root, lesson, source) {
            Ok(content) => content,
            Err(what) => {
                problems.push(Problem::at(&file, next, what));
                continue;
            }
        };
        let old = block_at(&lines, next);
        next += old.as_ref().map_or(0, Vec::len);
        let new = block(line, source, old.as_deref(), &content);
        if old.is_none_or(|old| old.join("\n") != new.trim_end_matches('\n')) {
            let what = format!("the code block below differs from `{source}`");
            let below = text.lines().count();
            stale.push(Problem::at(&file, below, what));
        }
        text.push_str(&new);
    }
    if problems.is_empty() {
        Ok(Refreshed { text, stale })
    } else {
        Err(problems)
    }
}

/// Blocks of code that are typed by hand: their lines and their languages. Sessions and plain text may be.
pub fn typed_blocks(readme: &str) -> Vec<(usize, String)> {
    let lines = markdown::scan(readme);
    let mut typed = Vec::new();
    for (index, (part, line)) in lines.iter().enumerate() {
        let above = index.checked_sub(1).map(|above| lines[above].1);
        let free = ["console", "text", "mermaid"].contains(&markdown::language(line));
        if *part == Part::Open && !free && above.and_then(include_of).is_none() {
            typed.push((index + 1, markdown::language(line).to_owned()));
        }
    }
    typed
}

/// The source that an include line names: `FILE` or `FILE#NAME`.
fn include_of(line: &str) -> Option<&str> {
    let comment = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(comment.trim().strip_prefix("include:")?.trim())
}

fn content_of(root: &Path, lesson: &Path, source: &str) -> Result<String, String> {
    let (file, name) = match source.split_once('#') {
        Some((file, name)) => (file, Some(name)),
        None => (source, None),
    };
    let path = lesson.join(file);
    if Path::new(file).is_absolute() || !stays_inside(root, &path) {
        return Err(format!("`{file}` lies outside the repository"));
    }
    let text =
        fs::read_to_string(&path).map_err(|error| format!("cannot read `{file}`: {error}"))?;
    if file.ends_with(".snap") {
        return transcript_excerpt(&path, file, name);
    }
    let marked = regions::parse(&path, &text).map_err(|problems| {
        let count = problems.len();
        format!("`{file}` has markers out of place ({count}); `checker derive` names them")
    })?;
    match name {
        None => Ok(marked.solution()),
        Some(name) => marked.region(name).ok_or_else(|| {
            let names: Vec<&str> = marked.names().collect();
            format!(
                "`{file}` has no region `{name}`; it has: {}",
                names.join(", ")
            )
        }),
    }
}

/// What a scenario's block of an accepted transcript says below its heading; without a name the whole transcript.
fn transcript_excerpt(path: &Path, file: &str, name: Option<&str>) -> Result<String, String> {
    let text = snapshot::read(path).map_err(|error| format!("{error:#}"))?;
    let Some(name) = name else {
        return Ok(text);
    };
    let block = transcript::block_of(&text, name)
        .ok_or_else(|| format!("`{file}` has no scenario `{name}`"))?;
    let (_, below) = block.split_once('\n').unwrap_or((block, ""));
    Ok(format!("{below}\n"))
}

/// Whether a path below `root` stays there when its `..` are taken literally.
pub(super) fn stays_inside(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else {
        return false;
    };
    let mut depth = 0_i32;
    below.components().all(|part| {
        depth += match part {
            Component::ParentDir => -1,
            Component::Normal(_) => 1,
            _ => 0,
        };
        depth >= 0
    })
}

/// The lines of the code block that begins at this index, if one does.
fn block_at<'a>(lines: &[(Part, &'a str)], start: usize) -> Option<Vec<&'a str>> {
    if lines.get(start)?.0 != Part::Open {
        return None;
    }
    let length = lines[start..]
        .iter()
        .position(|(part, _)| *part == Part::Close)?;
    let block = &lines[start..=start + length];
    Some(block.iter().map(|(_, line)| *line).collect())
}

/// The block as it ought to be, indented like its include line.
fn block(include: &str, source: &str, old: Option<&[&str]>, content: &str) -> String {
    let indent = &include[..include.len() - include.trim_start().len()];
    let file = source.split('#').next().unwrap_or(source);
    let language = language_of(Path::new(file))
        .or_else(|| Some(markdown::language(old?.first()?)))
        .unwrap_or("text");
    let fence = fence_around(content);
    let mut block = format!("{indent}{fence}{language}\n");
    for line in content.trim_end_matches('\n').lines() {
        if !line.is_empty() {
            block.push_str(indent);
            block.push_str(line);
        }
        block.push('\n');
    }
    block.push_str(indent);
    block.push_str(&fence);
    block.push('\n');
    block
}

/// A fence that is longer than any within the content.
fn fence_around(content: &str) -> String {
    let longest = content
        .lines()
        .map(|line| line.trim_start())
        .map(|line| line.len() - line.trim_start_matches('`').len())
        .max()
        .unwrap_or(0);
    "`".repeat(3.max(longest + 1))
}

fn language_of(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()? {
        "py" => Some("python"),
        "c" | "h" => Some("c"),
        "rs" => Some("rust"),
        "toml" => Some("toml"),
        "snap" => Some("text"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "\
# Title

<!-- include: solution/bridge.py#declare -->
```python
lib.add.restype = ctypes.c_int
```

Text.
";

    fn lesson() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let solution = folder.path().join("lesson/solution");
        fs::create_dir_all(&solution).unwrap();
        let bridge = "def f():\n    # region: declare\n    lib.add.restype = ctypes.c_int\n    # endregion\n";
        fs::write(solution.join("bridge.py"), bridge).unwrap();
        fs::write(
            folder.path().join("lesson/add.h"),
            "int add(int a, int b);\n",
        )
        .unwrap();
        fs::write(folder.path().join("Makefile"), "all:\n\tcc\n").unwrap();
        folder
    }

    fn refreshed(readme: &str) -> Result<Refreshed, Vec<Problem>> {
        let folder = lesson();
        refresh(folder.path(), &folder.path().join("lesson"), readme)
    }

    #[test]
    fn a_fresh_block_is_left_alone() {
        let fresh = refreshed(README).unwrap();
        assert_eq!(fresh.text, README);
        assert_eq!(fresh.stale, []);
    }

    #[test]
    fn a_stale_block_is_named_with_its_line_and_written_anew() {
        for stale in [
            README.replace("c_int", "c_long"),
            README.replace("```python", "```py"),
            README.replace("lib.add.restype = ctypes.c_int\n", ""),
            README.replace("```python\nlib.add.restype = ctypes.c_int\n```\n", ""),
        ] {
            let fresh = refreshed(&stale).unwrap();
            assert_eq!(fresh.text, README);
            assert_eq!(fresh.stale.len(), 1);
            assert_eq!(fresh.stale[0].line, Some(3));
        }
    }

    #[test]
    fn whole_files_and_files_of_the_repository_can_be_included() {
        let fresh = refreshed("<!-- include: add.h -->\n<!-- include: ../Makefile -->\n").unwrap();
        assert_eq!(
            fresh.text,
            "<!-- include: add.h -->\n```c\nint add(int a, int b);\n```\n\
             <!-- include: ../Makefile -->\n```text\nall:\n\tcc\n```\n"
        );
    }

    #[test]
    fn a_scenario_of_a_transcript_can_be_included() {
        let folder = lesson();
        let snap =
            "---\nsource: x\n---\n# t\n\n## adds: adds\nadds(a=2)\n    5\n\n## x: y\nx()\n    1\n";
        fs::write(folder.path().join("lesson/common.snap"), snap).unwrap();
        let include = |source: &str| {
            let readme = format!("<!-- include: {source} -->\n");
            refresh(folder.path(), &folder.path().join("lesson"), &readme)
        };
        assert_eq!(
            include("common.snap#adds").unwrap().text,
            "<!-- include: common.snap#adds -->\n```text\nadds(a=2)\n    5\n```\n"
        );
        let problems = include("common.snap#gone").unwrap_err();
        assert!(problems[0].what.contains("has no scenario `gone`"));
    }

    #[test]
    fn a_block_in_a_list_keeps_its_indentation() {
        let fresh = refreshed("1. First:\n   <!-- include: add.h -->\n").unwrap();
        assert!(
            fresh
                .text
                .ends_with("   ```c\n   int add(int a, int b);\n   ```\n"),
            "{}",
            fresh.text
        );
        assert_eq!(refreshed(&fresh.text).unwrap().stale, []);
    }

    #[test]
    fn what_cannot_be_included_is_named() {
        for (source, expected) in [
            ("solution/missing.py", "cannot read `solution/missing.py`"),
            (
                "solution/bridge.py#nothing",
                "has no region `nothing`; it has: declare",
            ),
            ("../../etc/passwd", "outside the repository"),
            ("/etc/passwd", "outside the repository"),
        ] {
            let problems = refreshed(&format!("\n<!-- include: {source} -->\n")).unwrap_err();
            let text = problems[0].to_string();
            assert!(text.contains(expected), "{text}");
            assert!(text.contains("README.md:2: "), "{text}");
        }
    }

    #[test]
    fn includes_within_code_are_text() {
        let text = "```text\n<!-- include: nowhere -->\n```\n";
        assert_eq!(refreshed(text).unwrap().text, text);
    }

    #[test]
    fn code_typed_by_hand_is_found() {
        let text = "```c\nint x;\n```\n```console\n$ ls\n```\n```\nplain\n```\n";
        assert_eq!(typed_blocks(text), [(1, "c".into()), (7, String::new())]);
        assert_eq!(typed_blocks(README), []);
    }
}
