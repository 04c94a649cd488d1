//! The rules for a lesson's README, beyond its included blocks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::markdown::{self, Part};
use super::{Problem, includes};
use crate::lesson::Manifest;

/// How many words of prose a lesson may have.
pub const WORD_BUDGET: usize = 600;

static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\]\(\s*<?([^)\s>]+)|^\s*\[[^\]]+\]:\s+(\S+)").expect("valid"));
static CODE_SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`").expect("valid"));
static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->").expect("valid"));

/// Holds the README of a lesson in the repository at `root` against the rules of docs/lesson-format.md.
pub fn check(root: &Path, lesson: &Path, manifest: &Manifest, readme: &str) -> Vec<Problem> {
    let file = lesson.join("README.md");
    let mut problems = front_matter(&file, manifest, readme);
    problems.extend(links(root, lesson, readme));
    for (line, language) in includes::typed_blocks(readme) {
        let what = if language.is_empty() {
            "this code block names no language; `console` and `text` may be typed by hand"
                .to_owned()
        } else {
            format!("this `{language}` block is typed by hand; include it from a file")
        };
        problems.push(Problem::at(&file, line, what));
    }
    let words = prose_words(readme);
    if words > WORD_BUDGET {
        let what = format!("has {words} words of prose, of at most {WORD_BUDGET}");
        problems.push(Problem::of_file(&file, what));
    }
    let command = format!("run {}", manifest.id);
    if !readme.contains(&command) {
        let what = format!("does not show the command to run, `... {command}`");
        problems.push(Problem::of_file(&file, what));
    }
    problems
}

fn front_matter(file: &Path, manifest: &Manifest, readme: &str) -> Vec<Problem> {
    let stated: BTreeMap<&str, &str> = markdown::scan(readme)
        .into_iter()
        .filter(|(part, _)| *part == Part::FrontMatter)
        .filter_map(|(_, line)| line.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
        .collect();
    let due = [
        ("id", manifest.id.0.clone()),
        ("title", manifest.title.clone()),
        ("minutes", manifest.minutes.to_string()),
    ];
    let wrong = due.into_iter().filter_map(|(key, due)| {
        let what = match stated.get(key) {
            None => format!("the front matter lacks `{key}: {due}`"),
            Some(value) if *value != due => {
                format!("the front matter says `{key}: {value}`, lesson.toml says `{due}`")
            }
            Some(_) => return None,
        };
        Some(Problem::at(file, 1, what))
    });
    wrong.collect()
}

fn prose_words(readme: &str) -> usize {
    let mut prose = String::new();
    for (part, line) in markdown::scan(readme) {
        if part == Part::Prose {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    markdown::words(&COMMENT.replace_all(&prose, ""))
}

fn links(root: &Path, lesson: &Path, readme: &str) -> Vec<Problem> {
    let file = lesson.join("README.md");
    let mut problems = Vec::new();
    for (index, (part, line)) in markdown::scan(readme).into_iter().enumerate() {
        if part != Part::Prose {
            continue;
        }
        let line = CODE_SPAN.replace_all(line, "");
        for found in LINK.captures_iter(&line) {
            let target = found.get(1).or_else(|| found.get(2));
            let target = target.map_or("", |target| target.as_str());
            if let Some(what) = broken(root, lesson, readme, target) {
                problems.push(Problem::at(&file, index + 1, what));
            }
        }
    }
    problems
}

/// Why a link leads nowhere; none if it is sound or leads out of the repository by scheme.
fn broken(root: &Path, lesson: &Path, readme: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        let known = anchors(readme).any(|other| other == anchor);
        return (!known).then(|| format!("no heading of this file has the anchor `#{anchor}`"));
    }
    let absolute = lesson.join(path);
    if path.starts_with('/') || !includes::stays_inside(root, &absolute) {
        return Some(format!("the link `{target}` leaves the repository"));
    }
    (!absolute.exists()).then(|| format!("the link `{target}` leads to no file"))
}

/// The anchors that Markdown viewers make from the headings.
fn anchors(readme: &str) -> impl Iterator<Item = String> {
    markdown::scan(readme)
        .into_iter()
        .filter(|(part, line)| *part == Part::Prose && line.starts_with('#'))
        .map(|(_, line)| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            heading
                .chars()
                .filter(kept)
                .collect::<String>()
                .replace(' ', "-")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "\
---
id: lesson-1
title: \"CFFI: two modes\"
minutes: 45
---
# CFFI: two modes

See [the hints](hints.md), [the top](#cffi-two-modes), [the root](../Makefile) and [the web](https://example.org/x).

```console
$ cargo run -- run lesson-1
```
";

    fn complaints(readme: &str) -> Vec<String> {
        let manifest: Manifest = toml::from_str(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"CFFI: two modes\"\n\
             section = \"1\"\nminutes = 45\n[clib]\nname = \"add\"\n",
        )
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let lesson = folder.path().join("lesson-1");
        std::fs::create_dir(&lesson).unwrap();
        std::fs::write(lesson.join("hints.md"), "").unwrap();
        std::fs::write(folder.path().join("Makefile"), "").unwrap();
        let problems = check(folder.path(), &lesson, &manifest, readme);
        let lesson = format!("{}/", lesson.display());
        problems
            .iter()
            .map(|problem| problem.to_string().replace(&lesson, ""))
            .collect()
    }

    #[test]
    fn a_good_readme_has_no_problem() {
        assert_eq!(complaints(README), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_told_with_its_line() {
        let cases = [
            (
                README.replace("minutes: 45", "minutes: 40"),
                "README.md:1: the front matter says `minutes: 40`, lesson.toml says `45`",
            ),
            (
                README.replace("id: lesson-1\n", ""),
                "README.md:1: the front matter lacks `id: lesson-1`",
            ),
            (
                README.replace("(hints.md)", "(hint.md)"),
                "README.md:8: the link `hint.md` leads to no file",
            ),
            (
                README.replace("../Makefile", "../../Makefile"),
                "README.md:8: the link `../../Makefile` leaves the repository",
            ),
            (
                README.replace("#cffi-two-modes", "#cffi"),
                "README.md:8: no heading of this file has the anchor `#cffi`",
            ),
            (
                README.replace("run lesson-1", "run lesson-2"),
                "README.md: does not show the command to run, `... run lesson-1`",
            ),
            (
                README.replace("```console", "```python"),
                "README.md:10: this `python` block is typed by hand; include it from a file",
            ),
            (
                format!("{README}\n{}", "word ".repeat(600)),
                "README.md: has 613 words of prose, of at most 600",
            ),
        ];
        for (readme, expected) in cases {
            assert_eq!(complaints(&readme), [expected]);
        }
    }

    #[test]
    fn comments_code_and_code_spans_do_not_count() {
        let padding = format!(
            "<!-- {} -->\n```text\n{0}\n```\n`[x](nowhere)`\n",
            "word ".repeat(600)
        );
        assert_eq!(
            complaints(&format!("{README}\n{padding}")),
            Vec::<String>::new()
        );
    }
}
