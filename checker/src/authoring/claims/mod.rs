//! Claims: what the documents say, listed in `lessons/claims/`, each shown by a scenario or given a reason why none can.

pub mod coverage;
pub mod pages;
pub mod standing;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::lesson::LessonId;

/// What we found when we ran a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It is true.
    Holds,
    /// It is wrong in part or in whole; `instead` says what is true.
    Corrected,
    /// It is true on some machines; `instead` says on what it depends.
    Depends,
    /// It is advice, and nothing could refute it.
    Opinion,
    /// It cannot be tried on one machine.
    NotCheckable,
}

impl Finding {
    /// The name that a reader sees, as the files have it.
    pub fn name(self) -> &'static str {
        match self {
            Finding::Holds => "holds",
            Finding::Corrected => "corrected",
            Finding::Depends => "depends",
            Finding::Opinion => "opinion",
            Finding::NotCheckable => "not-checkable",
        }
    }
}

/// One statement of a document, in our own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The letter of the document and a number, `A7`.
    pub id: String,
    /// The section of the document.
    pub section: String,
    /// The statement.
    pub statement: String,
    /// What we found.
    pub verdict: Finding,
    /// What is true instead, or on what it depends.
    #[serde(default)]
    pub instead: Option<String>,
    /// What a reader should know besides.
    #[serde(default)]
    pub note: Option<String>,
    /// The number of the lesson that shows it, or will when it is written: `8.2`.
    pub lesson: String,
}

impl Claim {
    /// The lesson that shows it, or will.
    pub fn home(&self) -> LessonId {
        LessonId(format!("lesson-{}", self.lesson))
    }
}

/// One of the source documents with its claims: the content of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What the document is called.
    pub title: String,
    /// The file.
    #[serde(skip)]
    pub file: PathBuf,
    /// All its claims, in the document's order.
    #[serde(default, rename = "claim")]
    pub claims: Vec<Claim>,
}

impl Document {
    /// The letter that its claims begin with: `A` for `a.toml`.
    pub fn letter(&self) -> String {
        let stem = self.file.file_stem().unwrap_or_default();
        stem.to_string_lossy().to_uppercase()
    }

    fn parse(file: &Path, text: &str) -> Result<Document, Vec<Problem>> {
        let mut document: Document = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text[..start].lines().count().max(1);
            vec![Problem::at(file, line, error.message())]
        })?;
        file.clone_into(&mut document.file);
        let problems = document.contradictions();
        if problems.is_empty() {
            Ok(document)
        } else {
            Err(problems)
        }
    }

    fn contradictions(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let letter = self.letter();
        if letter.len() != 1 || !letter.chars().all(|sign| sign.is_ascii_uppercase()) {
            found.push("has to be named with one letter, as its claims are".to_owned());
        }
        for (index, claim) in self.claims.iter().enumerate() {
            let id = &claim.id;
            let due = format!("{letter}{}", index + 1);
            if *id != due {
                found.push(format!("claim `{id}` stands where `{due}` is due"));
            }
            let needed = matches!(claim.verdict, Finding::Corrected | Finding::Depends);
            match (needed, &claim.instead) {
                (true, None) => {
                    found.push(format!("claim `{id}` does not say what is true `instead`"));
                }
                (false, Some(_)) => found.push(format!(
                    "claim `{id}` has an `instead` that its verdict does not need; say it in `note`"
                )),
                _ => {}
            }
            if !is_number(&claim.lesson) {
                found.push(format!(
                    "claim `{id}` names lesson `{}`, which is no number like 8.2",
                    claim.lesson
                ));
            }
        }
        found
            .into_iter()
            .map(|what| Problem::of_file(&self.file, what))
            .collect()
    }
}

/// Whether a text is the number of a lesson, `8.2`.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(digits)
}

/// The claims of all documents: one file for each, below `lessons/claims/`.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The documents, in the order of their letters.
    pub documents: Vec<Document>,
}

impl Claims {
    /// The folder that holds the files, below that of the lessons.
    pub fn folder(lessons: &Path) -> PathBuf {
        lessons.join("claims")
    }

    /// Reads every file of the folder, and holds each against its own rules.
    ///
    /// # Errors
    /// All that is wrong with the files, or with the folder.
    pub fn load(folder: &Path) -> Result<Claims, Vec<Problem>> {
        let unreadable =
            |path: &Path, error| vec![Problem::of_file(path, format!("cannot be read: {error}"))];
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().is_some_and(|it| it == "toml"))
            .collect();
        files.sort();
        let mut documents = Vec::new();
        let mut problems = Vec::new();
        for file in files {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, error));
            match text.and_then(|text| Document::parse(&file, &text)) {
                Ok(document) => documents.push(document),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(Claims { documents })
        } else {
            Err(problems)
        }
    }

    /// Every claim, document by document.
    pub fn all(&self) -> impl Iterator<Item = &Claim> {
        self.documents.iter().flat_map(|document| &document.claims)
    }

    /// The claim with this id.
    pub fn get(&self, id: &str) -> Option<&Claim> {
        self.all().find(|claim| claim.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: &str = r#"
title = "T"
[[claim]]
id = "A1"
section = "7"
statement = "One."
verdict = "holds"
lesson = "7.1"
[[claim]]
id = "A2"
section = "7"
statement = "Two."
verdict = "corrected"
instead = "Three."
lesson = "7.1"
"#;

    #[test]
    fn a_file_that_contradicts_itself_is_refused() {
        let file = Path::new("a.toml");
        assert_eq!(Document::parse(file, CLAIMS).unwrap().claims.len(), 2);
        for (old, new, expected) in [
            ("A2", "A3", "a.toml: claim `A3` stands where `A2` is due"),
            ("A2", "B2", "a.toml: claim `B2` stands where `A2` is due"),
            (
                "instead = \"Three.\"\n",
                "",
                "a.toml: claim `A2` does not say what is true `instead`",
            ),
            ("holds", "corrected", "a.toml: claim `A1` does not say"),
            ("corrected", "holds", "a.toml: claim `A2` has an `instead`"),
            ("corrected", "maybe", "a.toml:13: unknown variant `maybe`"),
            ("lesson = \"7.1\"\n", "", "missing field `lesson`"),
            (
                "7.1",
                "seven",
                "a.toml: claim `A1` names lesson `seven`, which is no number",
            ),
            ("title = \"T\"", "", "missing field `title`"),
        ] {
            let found = Document::parse(file, &CLAIMS.replace(old, new)).unwrap_err();
            let told: Vec<String> = found.iter().map(Problem::to_string).collect();
            assert!(
                told.iter().any(|line| line.contains(expected)),
                "{expected}: {told:?}"
            );
        }
        let other = Document::parse(Path::new("article.toml"), CLAIMS).unwrap_err();
        assert!(other[0].to_string().contains("named with one letter"));
    }

    #[test]
    fn the_lists_of_this_repository_have_all_claims_of_the_documents() {
        let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons");
        let claims = Claims::load(&Claims::folder(&lessons)).unwrap();
        let counted: Vec<(String, usize)> = claims
            .documents
            .iter()
            .map(|document| (document.letter(), document.claims.len()))
            .collect();
        let due = [("A", 62), ("B", 96), ("C", 20), ("D", 93), ("E", 26)];
        assert_eq!(
            counted,
            due.map(|(letter, count)| (letter.to_owned(), count))
        );
    }
}
