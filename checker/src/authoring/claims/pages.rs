//! The pages that follow from the claims and the lessons: `docs/claims.md`, and the corrections in the README.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::standing::{Standing, standings};
use super::{Claims, Finding};
use crate::authoring::Problem;
use crate::lesson::Lesson;

const BEGIN: &str = "<!-- corrections: written by checker derive -->";
const END: &str = "<!-- corrections end -->";

/// A page as it should be.
pub struct Page {
    /// The file.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    /// Whether the file has this text.
    pub fresh: bool,
}

/// Both pages, as far as the workshop has a place for them: a folder `docs`, and the two comments in its README.
///
/// # Errors
/// When the README cannot be read, or has lost one of the comments.
pub fn pages(root: &Path, claims: &Claims, lessons: &[Lesson]) -> Result<Vec<Page>, Problem> {
    let standings = standings(claims, lessons);
    let mut pages = Vec::new();
    let docs = root.join("docs");
    if docs.is_dir() {
        let path = docs.join("claims.md");
        let text = page(claims, lessons, &standings);
        let fresh = fs::read_to_string(&path).is_ok_and(|old| old == text);
        pages.push(Page { path, text, fresh });
    }
    let path = root.join("README.md");
    if path.is_file() {
        let old = fs::read_to_string(&path)
            .map_err(|error| Problem::of_file(&path, format!("cannot be read: {error}")))?;
        if let Some(text) = with_corrections(&path, &old, &standings)? {
            let fresh = text == old;
            pages.push(Page { path, text, fresh });
        }
    }
    Ok(pages)
}

/// The page of all claims, a table for each document.
fn page(claims: &Claims, lessons: &[Lesson], standings: &[Standing]) -> String {
    let mut text = String::from(
        "# What the documents claim\n\n\
         Written by `checker derive`. Five documents were the start of this workshop. Each of their claims stands here in our own\n\
         words, with what we found when we ran it, and with the scenario that shows it: `checker claims A7` prints what was observed,\n\
         `checker claims A7 --run` observes it again on your machine. An open claim waits for its lesson.\n",
    );
    for document in &claims.documents {
        let _ = write!(
            text,
            "\n## {}: {}\n\n| id | section | claim | found | what is true, what to know | shown by |\n|---|---|---|---|---|---|\n",
            document.letter(),
            document.title
        );
        let own = standings
            .iter()
            .filter(|it| it.document.letter() == document.letter());
        for standing in own {
            let claim = standing.claim;
            let remarks = [&claim.instead, &claim.note];
            let remarks: Vec<&str> = remarks.into_iter().flatten().map(String::as_str).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                claim.id,
                cell(&claim.section),
                cell(&claim.statement),
                claim.verdict.name(),
                cell(&remarks.join(" ")),
                cell(&shown_by(standing, lessons))
            );
        }
    }
    text
}

fn shown_by(standing: &Standing, lessons: &[Lesson]) -> String {
    if let Some((lesson, why)) = standing.why_not {
        return format!("{}: not checkable here, {why}", link("../", &lesson.0));
    }
    if standing.is_open() {
        return format!("open: {}", standing.claim.lesson);
    }
    let of_lesson = |lesson: &Lesson| {
        let id = &lesson.manifest.id;
        let own = standing
            .evidence
            .iter()
            .filter(|it| it.lesson.manifest.id == *id);
        let names: Vec<String> = own.map(|it| format!("`{}`", it.scenario.name)).collect();
        (!names.is_empty()).then(|| format!("{} {}", link("../", &id.0), names.join(" ")))
    };
    let shown: Vec<String> = lessons.iter().filter_map(of_lesson).collect();
    shown.join("; ")
}

/// The README with the table of corrections between its two comments; none if it has no place for it.
fn with_corrections(
    path: &Path,
    old: &str,
    standings: &[Standing],
) -> Result<Option<String>, Problem> {
    let Some((before, rest)) = old.split_once(BEGIN) else {
        return Ok(None);
    };
    let Some((_, after)) = rest.split_once(END) else {
        return Err(Problem::of_file(
            path,
            format!("has no `{END}` after `{BEGIN}`"),
        ));
    };
    let mut table = String::from("| claim | what is true | seen in |\n|---|---|---|\n");
    let corrected = standings
        .iter()
        .filter(|it| it.claim.verdict == Finding::Corrected && !it.evidence.is_empty());
    for standing in corrected {
        let claim = standing.claim;
        let _ = writeln!(
            table,
            "| {} ({}) | {} | {} |",
            cell(&claim.statement),
            claim.id,
            cell(claim.instead.as_deref().unwrap_or_default()),
            link("", &claim.home().0)
        );
    }
    Ok(Some(format!("{before}{BEGIN}\n\n{table}\n{END}{after}")))
}

fn link(up: &str, lesson: &str) -> String {
    let number = lesson.strip_prefix("lesson-").unwrap_or(lesson);
    format!("[{number}]({up}lessons/{lesson}/README.md)")
}

/// A text as it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: &str = r#"
title = "T"
[[claim]]
id = "A1"
section = "7"
statement = "One | two."
verdict = "corrected"
instead = "Two."
lesson = "1"
[[claim]]
id = "A2"
section = "7"
statement = "Three."
verdict = "holds"
note = "Four."
lesson = "2"
[[claim]]
id = "A3"
section = "8"
statement = "Five."
verdict = "opinion"
lesson = "1"
"#;

    const LESSON: &str = r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 1
claims = ["A1"]
[clib]
name = "add"
[[scenario]]
name = "adds"
title = "T"
claims = ["A1"]
[[not_checkable]]
claim = "A3"
why = "it is advice"
"#;

    fn made(readme: &str) -> Result<Vec<Page>, Problem> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        fs::write(folder.path().join("a.toml"), CLAIMS).unwrap();
        fs::write(folder.path().join("README.md"), readme).unwrap();
        let claims = Claims::load(folder.path()).unwrap();
        let lesson = Lesson {
            folder: folder.path().join("lesson-1"),
            manifest: toml::from_str(LESSON).unwrap(),
        };
        pages(folder.path(), &claims, &[lesson])
    }

    #[test]
    fn the_page_tells_how_each_claim_stands() {
        let pages = made("# R\n").unwrap();
        assert_eq!(pages.len(), 1);
        assert!(!pages[0].fresh);
        for line in [
            "\n## A: T\n",
            "| A1 | 7 | One \\| two. | corrected | Two. | [1](../lessons/lesson-1/README.md) `adds` |\n",
            "| A2 | 7 | Three. | holds | Four. | open: 2 |\n",
            "| A3 | 8 | Five. | opinion |  | [1](../lessons/lesson-1/README.md): not checkable here, it is advice |\n",
        ] {
            assert!(pages[0].text.contains(line), "{}", pages[0].text);
        }
    }

    #[test]
    fn the_readme_has_the_corrections_that_are_shown() {
        let readme = format!("# R\n{BEGIN}\nold\n{END}\nrest\n");
        let pages = made(&readme).unwrap();
        let wanted = format!(
            "# R\n{BEGIN}\n\n| claim | what is true | seen in |\n|---|---|---|\n\
             | One \\| two. (A1) | Two. | [1](lessons/lesson-1/README.md) |\n\n{END}\nrest\n"
        );
        assert_eq!(pages[1].text, wanted);
        assert!(made(&wanted).unwrap()[1].fresh);
        let Err(problem) = made(&format!("{BEGIN}\n")) else {
            panic!("a lost comment was not told");
        };
        assert!(problem.what.contains("has no `<!-- corrections end"));
    }
}
