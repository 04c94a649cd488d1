//! Finds lessons, reads their manifests and refuses those that contradict themselves.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::errors::ExpectedError;
use crate::lesson::{Lesson, Manifest};
use crate::message;
use crate::variant::{Variant, VariantPattern};
use crate::workspace::Workspace;

/// The version of the lesson format that this checker reads.
const FORMAT_VERSION: u32 = 1;

/// All lesson folders of a workshop, unread.
#[derive(Debug)]
pub struct Catalogue {
    folders: Vec<PathBuf>,
}

impl Catalogue {
    /// Finds all folders below `lessons/` that hold a `lesson.toml`, in the order of their names.
    pub fn open(workspace: &Workspace) -> Result<Catalogue, ExpectedError> {
        let lessons = workspace.lessons();
        let entries = fs::read_dir(&lessons).map_err(|error| ExpectedError::UnusableFile {
            path: lessons.clone(),
            problem: error.to_string().into(),
            next: message!("error-readable-folder"),
        })?;
        let mut folders: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|folder| folder.join("lesson.toml").exists())
            .collect();
        folders.sort();
        Ok(Catalogue { folders })
    }

    /// The folders, in the order of their names.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Reads every lesson, in the order of the course; the broken ones come back as errors.
    pub fn load_all(&self) -> (Vec<Lesson>, Vec<ExpectedError>) {
        let mut lessons = Vec::new();
        let mut broken = Vec::new();
        for folder in &self.folders {
            match load(folder) {
                Ok(lesson) => lessons.push(lesson),
                Err(error) => broken.push(error),
            }
        }
        lessons.sort_by_key(|lesson| (lesson.manifest.order, lesson.manifest.id.clone()));
        (lessons, broken)
    }

    /// Reads every lesson, in the order of the course.
    ///
    /// # Errors
    /// The first broken lesson's.
    pub fn load_whole(&self) -> Result<Vec<Lesson>, ExpectedError> {
        let (lessons, broken) = self.load_all();
        match broken.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(lessons),
        }
    }

    fn nearest(&self, asked: &str) -> Option<String> {
        self.folders
            .iter()
            .filter_map(|folder| folder.file_name()?.to_str())
            .map(|id| (likeness(id, asked), id))
            .filter(|(likeness, _)| *likeness > 0.4)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, id)| id.to_owned())
    }
}

/// From 0 to 1, how near what was typed comes to an id, with or without its `lesson-`.
fn likeness(id: &str, asked: &str) -> f64 {
    let short = id.strip_prefix("lesson-").unwrap_or(id);
    [id, short]
        .map(|name| strsim::normalized_damerau_levenshtein(name, asked))
        .into_iter()
        .fold(0.0, f64::max)
}

/// Reads the lesson with this id; `7.3` means `lesson-7.3`, and so does the path of a file in it.
pub fn find(workspace: &Workspace, asked: &str) -> Result<Lesson, ExpectedError> {
    if let Some(folder) = holding(workspace, asked) {
        return load(&folder);
    }
    let is_plain_name =
        !asked.is_empty() && !asked.contains(['/', '\\']) && !asked.starts_with('.');
    for id in [asked.to_owned(), format!("lesson-{asked}")] {
        let folder = workspace.lessons().join(id);
        if is_plain_name && folder.join("lesson.toml").exists() {
            return load(&folder);
        }
    }
    Err(ExpectedError::UnknownLesson {
        asked: asked.to_owned(),
        nearest: Catalogue::open(workspace)?.nearest(asked),
    })
}

/// The folder of the lesson in which a file or folder lies that exists.
fn holding(workspace: &Workspace, asked: &str) -> Option<PathBuf> {
    if !asked.contains('/') {
        return None;
    }
    let path = fs::canonicalize(asked).ok()?;
    let lessons = fs::canonicalize(workspace.lessons()).ok()?;
    let folder = path.strip_prefix(&lessons).ok()?.components().next()?;
    let folder = workspace.lessons().join(folder);
    folder.join("lesson.toml").exists().then_some(folder)
}

/// Reads one lesson folder.
pub fn load(folder: &Path) -> Result<Lesson, ExpectedError> {
    let path = folder.join("lesson.toml");
    let text = match fs::read(&path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            return Err(broken(&path, None, format!("not UTF-8 from byte {at} on")));
        }
        Err(error) => return Err(broken(&path, None, error.to_string())),
    };
    let manifest: Manifest = toml::from_str(&text).map_err(|error| {
        let place = error.span().map(|span| Place::new(&text, span));
        broken(&path, place, error.message().to_owned())
    })?;
    let lesson = Lesson {
        folder: folder.to_owned(),
        manifest,
    };
    match contradiction(&lesson) {
        None => Ok(lesson),
        Some(Contradiction { problem, needle }) => {
            let place = text
                .find(&needle)
                .map(|start| Place::new(&text, start..start + needle.len()));
            Err(broken(&path, place, problem))
        }
    }
}

/// A place in a text, for a message.
struct Place {
    line_column: (usize, usize),
    excerpt: String,
}

impl Place {
    fn new(text: &str, span: Range<usize>) -> Place {
        let start = floor_char_boundary(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        let number = text[..start].matches('\n').count() + 1;
        let column = text[line_start..start].chars().count() + 1;
        let rest_of_line = line.chars().count().saturating_sub(column - 1).max(1);
        let length = text
            .get(span)
            .map_or(1, |marked| marked.chars().count())
            .clamp(1, rest_of_line);
        let gutter = " ".repeat(number.to_string().len());
        let indent = " ".repeat(column - 1);
        let marks = "^".repeat(length);
        let excerpt = format!("\n  {number} | {line}\n  {gutter} | {indent}{marks}");
        Place {
            line_column: (number, column),
            excerpt,
        }
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len()))
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0)
}

fn broken(path: &Path, place: Option<Place>, problem: String) -> ExpectedError {
    let (line_column, excerpt) = match place {
        Some(place) => (Some(place.line_column), place.excerpt),
        None => (None, String::new()),
    };
    ExpectedError::BrokenManifest {
        path: path.to_owned(),
        line_column,
        problem,
        excerpt,
    }
}

/// What a manifest says that cannot be true, and the text where it says so.
struct Contradiction {
    problem: String,
    needle: String,
}

impl Contradiction {
    fn new(needle: impl Into<String>, problem: impl Into<String>) -> Option<Contradiction> {
        Some(Contradiction {
            problem: problem.into(),
            needle: needle.into(),
        })
    }
}

fn contradiction(lesson: &Lesson) -> Option<Contradiction> {
    let manifest = &lesson.manifest;
    identity(lesson)
        .or_else(|| unique_names(manifest))
        .or_else(|| one_exercise_each(manifest))
        .or_else(|| files_below_the_folder(manifest))
        .or_else(|| scenarios_exist(lesson))
        .or_else(|| hidden_kinds(manifest))
        .or_else(|| versions(manifest))
}

/// Snapshots are named for ranges of versions, and a version of Python has at most one.
fn versions(manifest: &Manifest) -> Option<Contradiction> {
    let known = &manifest.versions;
    if let Some(odd) = known.iter().find(|it| !is_name(&it.name)) {
        return Contradiction::new(
            format!("name = \"{}\"", odd.name),
            "the name of a range of versions is made of letters, digits, `_`, `-` and `.`",
        );
    }
    known.iter().enumerate().find_map(|(index, one)| {
        let earlier = known[..index]
            .iter()
            .find(|it| it.name == one.name || it.versions.overlaps(&one.versions))?;
        Contradiction::new(
            format!("name = \"{}\"", one.name),
            format!(
                "two [[python]] have the same name or share a version: `{}` ({}) and `{}` ({})",
                earlier.name, earlier.versions, one.name, one.versions
            ),
        )
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn identity(lesson: &Lesson) -> Option<Contradiction> {
    let manifest = &lesson.manifest;
    if manifest.format_version != FORMAT_VERSION {
        return Contradiction::new(
            "format_version",
            format!(
                "format_version is {}; this checker reads {FORMAT_VERSION}",
                manifest.format_version
            ),
        );
    }
    let folder = lesson
        .folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    if manifest.id.0 != folder {
        return Contradiction::new(
            format!("\"{}\"", manifest.id.0),
            format!(
                "the id is `{}`, but the folder is called `{folder}`",
                manifest.id
            ),
        );
    }
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    if !is_name(&manifest.clib.name) {
        return Contradiction::new(
            format!("name = \"{}\"", manifest.clib.name),
            "the name of a C library is made of letters, digits, `_` and `-`",
        );
    }
    None
}

fn unique_names(manifest: &Manifest) -> Option<Contradiction> {
    let lists: [(&str, &str, Vec<&str>); 5] = [
        (
            "exercise",
            "id",
            manifest.exercises.iter().map(|it| it.id.as_str()).collect(),
        ),
        (
            "quiz",
            "id",
            manifest.quizzes.iter().map(|it| it.id.as_str()).collect(),
        ),
        (
            "scenario",
            "name",
            manifest
                .scenarios
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
        ),
        (
            "behaviour",
            "name",
            manifest
                .behaviours
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
        ),
        (
            "wrong",
            "name",
            manifest
                .wrong_answers
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
        ),
    ];
    for (table, key, names) in lists {
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
            return Contradiction::new(
                format!("{key} = \"{twice}\""),
                format!("two [[{table}]] have the {key} `{twice}`"),
            );
        }
    }
    None
}

fn one_exercise_each(manifest: &Manifest) -> Option<Contradiction> {
    for variant in Variant::all() {
        let naming =
            |patterns: &[VariantPattern]| patterns.iter().any(|pattern| pattern.matches(variant));
        let owners: Vec<&str> = manifest
            .exercises
            .iter()
            .filter(|exercise| naming(&exercise.variants))
            .map(|exercise| exercise.id.as_str())
            .collect();
        if let [first, second, ..] = owners[..] {
            return Contradiction::new(
                format!("id = \"{second}\""),
                format!(
                    "{variant} belongs to the exercises `{first}` and `{second}`; it can earn points only once"
                ),
            );
        }
    }
    None
}

fn files_below_the_folder(manifest: &Manifest) -> Option<Contradiction> {
    let exercise_files = manifest
        .exercises
        .iter()
        .flat_map(|exercise| &exercise.files);
    let quiz_files = manifest.quizzes.iter().map(|quiz| &quiz.file);
    let stray = exercise_files.chain(quiz_files).find(|file| {
        !file
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
    })?;
    Contradiction::new(
        stray.display().to_string(),
        format!("`{}` leaves the folder `exercise/`", stray.display()),
    )
}

fn scenarios_exist(lesson: &Lesson) -> Option<Contradiction> {
    // A missing or unreadable scenarios.py is reported where it is copied, with its own message.
    let code = fs::read_to_string(lesson.folder.join("scenarios.py")).ok()?;
    let defined: HashSet<&str> = code
        .lines()
        .filter_map(|line| line.strip_prefix("def ")?.split('(').next())
        .map(str::trim)
        .collect();
    let missing = lesson
        .manifest
        .scenarios
        .iter()
        .find(|scenario| !defined.contains(scenario.name.as_str()))?;
    Contradiction::new(
        format!("name = \"{}\"", missing.name),
        format!("scenarios.py has no function `{}`", missing.name),
    )
}

fn hidden_kinds(manifest: &Manifest) -> Option<Contradiction> {
    let kinds = manifest
        .scenarios
        .iter()
        .flat_map(|scenario| scenario.hidden.values());
    kinds
        .into_iter()
        .find_map(|kind| match crate::judge::hidden::Kind::parse(kind) {
            Ok(_) => None,
            Err(problem) => Contradiction::new(format!("\"{kind}\""), problem),
        })
}
