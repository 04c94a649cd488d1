//! The bug museum: each small wrong program gets the diagnosis that it must get, with class, place and bridge.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use checker::border::{self, Question};
use checker::build::compiler::Compiler;
use checker::build::sanitizers;
use checker::build::tools::Tools;
use checker::diagnosis::{Class, Diagnosis, Rung, taught_in};
use checker::judge;
use checker::judge::investigation::{Effort, Investigation};
use checker::lesson::{Lesson, Sources};
use checker::message::Message;
use checker::python::choose;
use checker::variant::Variant;
use checker::workspace::Workspace;
use serde::Deserialize;

/// One entry of museum.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exhibit {
    class: String,
    variants: Vec<String>,
    /// A file and a text in it; the diagnosis must name a line that holds it. None where Python's own code crashes later.
    at: Option<(String, String)>,
}

/// One program in one variant, with what came of it.
struct Seen {
    name: String,
    exhibit: Exhibit,
    variant: Variant,
    found: Option<Diagnosis>,
    problems: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn exhibits() -> BTreeMap<String, Exhibit> {
    let text = std::fs::read_to_string(root().join("checker/museum/museum.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn tools() -> Tools {
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    let root = root();
    let workspace = Workspace {
        cache: root.join("target/checker"),
        root,
    };
    let python = choose::choose(&workspace, None).unwrap();
    let compiler = Compiler::find(&workspace).unwrap();
    Tools::new(workspace, python, compiler)
}

fn folder(name: &str) -> PathBuf {
    root().join("checker/museum/exhibits").join(name)
}

fn lesson(name: &str) -> Lesson {
    let text = std::fs::read_to_string(folder(name).join("lesson.toml")).unwrap();
    Lesson {
        folder: folder(name),
        manifest: toml::from_str(&text).unwrap(),
    }
}

#[test]
fn every_exhibit_gets_its_diagnosis() {
    let chosen = std::env::var("MUSEUM").unwrap_or_default();
    let tools = tools();
    let missing = sanitizers::find(&tools).err();
    if let Some(why) = &missing {
        // Written past the test harness, which shows nothing of a test that passes.
        let mut terminal = std::io::stderr();
        let line = format!("SKIPPED, the exhibits that show under the sanitizers only: {why}\n");
        std::io::Write::write_all(&mut terminal, line.as_bytes()).unwrap();
    }
    let shows_without = rows_seen_by([Rung::Run, Rung::Declarations]);
    let all: Vec<(String, Exhibit, Variant)> = exhibits()
        .into_iter()
        .flat_map(|(name, exhibit)| {
            let variants = exhibit.variants.clone();
            let each =
                move |variant: String| (name.clone(), exhibit.clone(), variant.parse().unwrap());
            variants.into_iter().map(each).collect::<Vec<_>>()
        })
        .filter(|(name, _, variant)| format!("{name} {variant}").contains(&chosen))
        .filter(|(name, _, variant)| {
            missing.is_none() || shows_without.contains(&format!("`{name}` | {variant}"))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, exhibit, variant)) =
                    all.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let mut exhibit = exhibit.clone();
                    // The exact line often comes from the second run.
                    exhibit.at = exhibit.at.filter(|_| missing.is_none());
                    let one = look_at(&tools, name, &exhibit, *variant);
                    seen.lock().unwrap().push(one);
                }
            });
        }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|it| (it.name.clone(), it.variant));
    let problems: Vec<String> = seen
        .iter()
        .flat_map(|it| {
            it.problems
                .iter()
                .map(|problem| format!("{} in {}: {problem}", it.name, it.variant))
        })
        .collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
    if chosen.is_empty() && missing.is_none() {
        hold_against(&root().join("docs/bugs.md"), &page(&seen));
    }
}

/// The exhibits, each with its variant, that docs/bugs.md says one of these rungs shows.
fn rows_seen_by(rungs: [Rung; 2]) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/bugs.md")).unwrap();
    let cells = page.lines().map(|row| row.split(" | ").collect::<Vec<_>>());
    cells
        .filter(|cells| cells.len() == 6 && rungs.iter().any(|rung| rung.words() == cells[4]))
        .map(|cells| format!("{} | {}", cells[1], cells[2]))
        .collect()
}

fn look_at(tools: &Tools, name: &str, exhibit: &Exhibit, variant: Variant) -> Seen {
    let effort = Effort {
        thorough: true,
        ..Effort::default()
    };
    let question = Question {
        scenario: "shows".into(),
        given: Vec::new(),
    };
    let looked = judge::investigate(
        tools,
        &lesson(name),
        &Sources::Exercise,
        variant,
        Some(&question),
        effort,
    );
    let mut seen = Seen {
        name: name.to_owned(),
        exhibit: exhibit.clone(),
        variant,
        found: None,
        problems: Vec::new(),
    };
    let work: Investigation = match looked {
        Ok(Ok(work)) => work,
        Ok(Err(failure)) => {
            seen.problems.push(format!("does not build: {failure:?}"));
            return seen;
        }
        Err(error) => {
            seen.problems.push(format!("{error:#}"));
            return seen;
        }
    };
    seen.problems = problems(&seen, &work);
    seen.found = work.diagnosis;
    seen
}

fn problems(seen: &Seen, work: &Investigation) -> Vec<String> {
    let Some(found) = &work.diagnosis else {
        return vec![format!("no diagnosis\n{}", all_of(work))];
    };
    let mut problems = Vec::new();
    if found.class.name() != seen.exhibit.class {
        problems.push(format!(
            "is taken for {}: {:?}\n{}",
            found.class,
            found.evidence,
            all_of(work)
        ));
    }
    if found.variant != seen.variant.to_string() {
        problems.push(format!("is said to be in {}", found.variant));
    }
    if let Some((file, text)) = &seen.exhibit.at {
        let shown = format!("checker/museum/exhibits/{}/{file}", seen.name);
        let line = found
            .place()
            .filter(|place| place.file == shown)
            .map(|place| {
                let source = std::fs::read_to_string(root().join(&place.file)).unwrap();
                source
                    .lines()
                    .nth(place.line as usize - 1)
                    .unwrap_or_default()
                    .to_owned()
            });
        if !line.as_ref().is_some_and(|line| line.contains(text)) {
            let c = (&found.c, &found.python);
            problems.push(format!(
                "is placed at {:?} `{line:?}`, not at `{text}` ({c:?})\n{}",
                found.place(),
                all_of(work)
            ));
        }
    }
    problems
}

fn all_of(work: &Investigation) -> String {
    let mut text = format!(
        "  {}\n",
        work.steps
            .iter()
            .map(Message::english)
            .collect::<Vec<_>>()
            .join("\n  ")
    );
    for (name, report) in &work.reports {
        let lines: Vec<&str> = report.lines().take(45).collect();
        writeln!(text, "  -- {name}\n  {}", lines.join("\n  ")).unwrap();
    }
    text
}

#[test]
fn at_least_twenty_five_classes_are_on_show() {
    let exhibits = exhibits();
    let mut shown: Vec<&str> = exhibits.values().map(|it| it.class.as_str()).collect();
    shown.sort_unstable();
    shown.dedup();
    assert!(shown.len() >= 25, "{}", shown.len());
    for name in &shown {
        assert!(Class::named(name).is_some(), "no class {name}");
    }
    let folders = std::fs::read_dir(root().join("checker/museum/exhibits")).unwrap();
    let mut folders: Vec<String> = folders
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, exhibits.into_keys().collect::<Vec<_>>());
}

/// The page docs/bugs.md.
fn page(seen: &[Seen]) -> String {
    let classes: Vec<&Class> = Class::ALL
        .iter()
        .filter(|class| seen.iter().any(|it| it.exhibit.class == class.name()))
        .collect();
    let by = |rung: Rung| {
        seen.iter()
            .filter(|it| it.found.as_ref().is_some_and(|found| found.rung == rung))
            .count()
    };
    let mut text = format!(
        "# Bugs that the checker explains\n\n\
         `checker explain --list` lists the classes of bugs, `checker explain CLASS` tells about one, and `checker explain LESSON VARIANT` \n\
         looks for them in a variant. Each row is a small wrong program in `checker/museum/exhibits/`, run in the variants named; \n\
         `checker/tests/museum.rs` proves class, place and bridge, and writes this page when `MUSEUM_WRITE` is set.\n\n\
         {} classes are on show, in {} programs. Of {} runs, {} are explained by the ordinary run alone, {} by the\n\
         declarations beside the header, {} needed the second run under the sanitizers.\n\n\
         | class | exhibit | bridge | place | seen by | section |\n|---|---|---|---|---|---|\n",
        classes.len(),
        exhibits().len(),
        seen.len(),
        by(Rung::Run),
        by(Rung::Declarations),
        by(Rung::Sanitizer),
    ).replace(" \n", "\n");
    for class in classes {
        for it in seen.iter().filter(|it| it.exhibit.class == class.name()) {
            let Some(found) = &it.found else { continue };
            let place = found.place().map_or("-".to_owned(), |place| {
                let short = place
                    .file
                    .rsplit("/exhibits/")
                    .next()
                    .unwrap_or(&place.file);
                format!(
                    "`{}:{}`",
                    short.split_once('/').map_or(short, |(_, file)| file),
                    place.line
                )
            });
            writeln!(
                text,
                "| {} | `{}` | {} | {place} | {} | {} |",
                class.text().title,
                it.name,
                it.variant,
                found.rung.words(),
                taught_in(*class)
            )
            .unwrap();
        }
    }
    text
}

/// Writes the page when asked to, else compares it, without the figures, places and tools that depend on the machine.
fn hold_against(path: &Path, page: &str) {
    if std::env::var_os("MUSEUM_WRITE").is_some() {
        std::fs::write(path, page).unwrap();
    }
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| "));
        let stable = |row: &str| {
            let cells: Vec<&str> = row.split(" | ").collect();
            [0, 1, 2, 5]
                .map(|index| cells.get(index).copied().unwrap_or_default())
                .join(" | ")
        };
        rows.map(stable).collect()
    };
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let advice = "run this test with MUSEUM_WRITE=1";
    assert_eq!(
        rows(&kept),
        rows(page),
        "{} is not up to date; {advice}",
        path.display()
    );
}
