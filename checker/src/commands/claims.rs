//! `checker claims`: what the documents say, what is true, and what shows it.

use std::collections::BTreeMap;

use anstyle::Style;
use serde_json::{Value as Json, json};

use crate::authoring::Problem;
use crate::authoring::claims::standing::{Evidence, Standing, standings};
use crate::authoring::claims::{Claims, Finding};
use crate::authoring::difference;
use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::catalogue::Catalogue;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::judge::accepted::{self, Observed};
use crate::judge::{self, Order, Proof};
use crate::lesson::{LessonId, Sources};
use crate::python::{choose, venv};
use crate::variant::Variant;
use crate::workspace::Workspace;
use crate::{exit, output, report};

/// Say what the documents claim, which of it holds, what is true instead, and what shows it.
///
/// With claims named it prints the evidence: the scenario and what was observed. Without, it lists the claims in one line each.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Claims by id, for example A7; all when none is named.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Only those that belong to this lesson, or are shown there, for example 8.2.
    #[arg(long, conflicts_with = "ids")]
    lesson: Option<String>,
    /// Only those of one document, by its letter.
    #[arg(long, conflicts_with = "ids", value_name = "LETTER")]
    document: Option<String>,
    /// Only those with this finding, whether a lesson shows it yet or not.
    #[arg(long, conflicts_with = "ids", value_enum)]
    verdict: Option<Finding>,
    /// Only those that wait for their lesson.
    #[arg(long, conflicts_with = "ids")]
    open: bool,
    /// Observe it again now: run the solutions of the lessons that show it.
    #[arg(long)]
    run: bool,
}

/// Lists the chosen claims; with `--run` the exit code says whether everything was observed as it was accepted.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let claims = Claims::load(&Claims::folder(&workspace.lessons()))
        .map_err(|problems| unusable(&workspace, &problems))?;
    let lessons = Catalogue::open(&workspace)?.load_whole()?;
    let all = standings(&claims, &lessons);
    let chosen = args.choose(&claims, &all)?;
    let now = match args.run {
        true => Some(Now::observe(&workspace, global, &chosen)?),
        false => None,
    };
    if global.json {
        output::json(&document(&chosen, now.as_ref())?)?;
    } else if args.ids.is_empty() {
        output::result(&list(&chosen, now.as_ref()))?;
    } else {
        output::result(&details(&chosen, now.as_ref())?)?;
    }
    Ok(match &now {
        Some(now) if !chosen.iter().all(|it| now.confirms(it)) => exit::NOT_PASSED,
        _ => exit::PASSED,
    })
}

fn unusable(workspace: &Workspace, problems: &[Problem]) -> ExpectedError {
    let told: Vec<String> = problems
        .iter()
        .map(|one| one.below(&workspace.root).to_string())
        .collect();
    ExpectedError::UnusableFile {
        path: Claims::folder(&workspace.lessons()),
        problem: told.join("\n").into(),
        next: "correct the lists as docs/lesson-format.md describes them".into(),
    }
}

impl Args {
    fn choose<'s, 'a>(
        &self,
        claims: &Claims,
        all: &'s [Standing<'a>],
    ) -> Result<Vec<&'s Standing<'a>>, ExpectedError> {
        if !self.ids.is_empty() {
            let named = self.ids.iter().map(|id| by_id(claims, all, id));
            return named.collect();
        }
        let lesson = self.lesson.as_deref().map(|named| {
            let number = named.strip_prefix("lesson-").unwrap_or(named);
            LessonId(format!("lesson-{number}"))
        });
        if let Some(lesson) = &lesson
            && !all.iter().any(|it| it.concerns(lesson))
        {
            return Err(ExpectedError::NoClaim {
                what: format!("no claim belongs to {lesson}").into(),
                next: format!("claims belong to the lessons {}", numbers(all).join(" ")).into(),
            });
        }
        let letter = self.document.as_ref().map(|letter| letter.to_uppercase());
        if let Some(letter) = &letter
            && !claims.documents.iter().any(|it| it.letter() == *letter)
        {
            let known = claims.documents.iter();
            let known: Vec<String> = known
                .map(|it| format!("{} ({})", it.letter(), it.title))
                .collect();
            return Err(ExpectedError::NoClaim {
                what: format!("no document has the letter `{letter}`").into(),
                next: format!("the documents are {}", known.join(", ")).into(),
            });
        }
        let chosen = all.iter().filter(|it| {
            lesson.as_ref().is_none_or(|lesson| it.concerns(lesson))
                && letter
                    .as_ref()
                    .is_none_or(|letter| it.document.letter() == *letter)
                && self
                    .verdict
                    .is_none_or(|verdict| it.claim.verdict == verdict)
                && (!self.open || it.is_open())
        });
        Ok(chosen.collect())
    }
}

/// The numbers of all lessons that claims belong to, in the order of the course.
fn numbers(all: &[Standing]) -> Vec<String> {
    let key = |number: &str| -> Vec<u32> {
        number
            .split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    let mut numbers: Vec<String> = all.iter().map(|it| it.claim.lesson.clone()).collect();
    numbers.sort_by_key(|number| key(number));
    numbers.dedup();
    numbers
}

fn by_id<'s, 'a>(
    claims: &Claims,
    all: &'s [Standing<'a>],
    asked: &str,
) -> Result<&'s Standing<'a>, ExpectedError> {
    let id = asked.to_uppercase();
    if let Some(found) = all.iter().find(|it| it.claim.id == id) {
        return Ok(found);
    }
    let document = claims
        .documents
        .iter()
        .find(|document| id.starts_with(&document.letter()));
    let next = match document {
        Some(document) => format!(
            "document {0} has the claims {0}1 to {0}{1}",
            document.letter(),
            document.claims.len()
        ),
        None => "an id is a letter and a number; `checker claims` lists all".to_owned(),
    };
    Err(ExpectedError::NoClaim {
        what: format!("no claim is called `{asked}`").into(),
        next: next.into(),
    })
}

/// What the solutions observe now, and with what.
struct Now {
    /// Interpreter, cffi, compiler.
    with: String,
    /// By lesson: what its variants observed, and the variants that did not pass.
    lessons: BTreeMap<LessonId, (Vec<Observed>, Vec<String>)>,
}

impl Now {
    fn observe(
        workspace: &Workspace,
        global: &Global,
        chosen: &[&Standing],
    ) -> anyhow::Result<Now> {
        let python = choose::choose(workspace, global.python.as_deref())?;
        let compiler = Compiler::find(workspace)?;
        let tools = Tools::new(workspace.clone(), python, compiler);
        let mut wanted: BTreeMap<&LessonId, Vec<Evidence>> = BTreeMap::new();
        for evidence in chosen.iter().flat_map(|it| &it.evidence) {
            let id = &evidence.lesson.manifest.id;
            wanted.entry(id).or_default().push(*evidence);
        }
        let mut lessons = BTreeMap::new();
        for (id, evidence) in wanted {
            lessons.insert(id.clone(), observe_lesson(&tools, &evidence)?);
        }
        let cffi = venv::find(workspace, &tools.python)
            .and_then(|venv| venv.version_of("cffi"))
            .map_or_else(String::new, |version| format!(", cffi {version}"));
        Ok(Now {
            with: format!(
                "Python {}{cffi}, {}",
                tools.python.version_text(),
                tools.compiler.version
            ),
            lessons,
        })
    }

    /// What a scenario observed; nothing where one of its variants did not pass.
    fn of<'n>(&'n self, evidence: &Evidence) -> impl Iterator<Item = &'n Observed> {
        let name = evidence.scenario.name.clone();
        let own = self.lessons.get(&evidence.lesson.manifest.id);
        own.into_iter()
            .flat_map(|(observed, _)| observed)
            .filter(move |observed| observed.block.scenario == name)
    }

    /// The variants of a scenario's lesson that did not pass, each with its verdict.
    fn failures(&self, evidence: &Evidence) -> &[String] {
        let own = self.lessons.get(&evidence.lesson.manifest.id);
        own.map_or(&[], |(_, failed)| failed)
    }

    fn confirms_evidence(&self, evidence: &Evidence) -> bool {
        let mut observed = self.of(evidence).peekable();
        observed.peek().is_some() && observed.all(|it| it.as_accepted)
    }

    fn confirms(&self, standing: &Standing) -> bool {
        standing
            .evidence
            .iter()
            .all(|it| self.confirms_evidence(it))
    }
}

/// Runs the solution of one lesson in the variants that the evidence needs.
fn observe_lesson(
    tools: &Tools,
    evidence: &[Evidence],
) -> anyhow::Result<(Vec<Observed>, Vec<String>)> {
    let [Evidence { lesson, .. }, ..] = evidence else {
        return Ok((Vec::new(), Vec::new()));
    };
    let order = Order {
        variants: Variant::all()
            .filter(|variant| evidence.iter().any(|it| it.runs_in(*variant)))
            .collect(),
        sources: Sources::Solution,
        fresh: false,
        recall: true,
        proof: Proof::Quick,
        explain: true,
    };
    let report = judge::judge(tools, lesson, &order)?;
    let failed = report.variants.iter().filter(|it| !it.verdict.passed());
    let failed = failed.map(|it| format!("{}: {}", it.variant, it.verdict));
    Ok((
        accepted::observed(tools, lesson, &report)?,
        failed.collect(),
    ))
}

/// One line for each claim, below the title of its document, and the counts.
fn list(chosen: &[&Standing], now: Option<&Now>) -> String {
    let bold = Style::new().bold();
    let mut text = String::new();
    let mut document = None;
    for standing in chosen {
        let claim = standing.claim;
        if document != Some(standing.document.letter()) {
            let gap = if document.is_some() { "\n" } else { "" };
            document = Some(standing.document.letter());
            text += &format!(
                "{gap}{bold}{}  {}{bold:#}\n",
                standing.document.letter(),
                standing.document.title
            );
        }
        text += &format!(
            "{:4} {:5} {:14} {}\n",
            claim.id,
            claim.lesson,
            word(standing, now),
            claim.statement
        );
    }
    if let Some(now) = now {
        text += &format!("\nobserved with {}\n", now.with);
    }
    text + &format!("\n{}\n", summary(chosen))
}

/// How a claim stands; with a run, whether it was observed again.
fn word(standing: &Standing, now: Option<&Now>) -> String {
    let word = standing.word();
    match now {
        Some(now) if !now.confirms(standing) => format!("{word} ?"),
        _ => word.to_owned(),
    }
}

fn summary(chosen: &[&Standing]) -> String {
    let counts = counts(chosen);
    let counted: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let claims = if chosen.len() == 1 { "claim" } else { "claims" };
    if counted.is_empty() {
        return "no claim is so".to_owned();
    }
    format!("{} {claims}: {}", chosen.len(), counted.join(", "))
}

/// How many claims stand how, in the order in which the words are explained.
fn counts(chosen: &[&Standing]) -> Vec<(&'static str, usize)> {
    [
        "holds",
        "corrected",
        "depends",
        "opinion",
        "not-checkable",
        "open",
    ]
    .into_iter()
    .map(|word| (word, chosen.iter().filter(|it| it.word() == word).count()))
    .filter(|(_, count)| *count > 0)
    .collect()
}

/// Everything about each claim.
fn details(chosen: &[&Standing], now: Option<&Now>) -> anyhow::Result<String> {
    let mut parts = Vec::new();
    for standing in chosen {
        parts.push(detail(standing, now)?);
    }
    if let Some(now) = now {
        parts.push(format!("observed with {}\n", now.with));
    }
    Ok(parts.join("\n"))
}

fn detail(standing: &Standing, now: Option<&Now>) -> anyhow::Result<String> {
    let bold = Style::new().bold();
    let claim = standing.claim;
    let mut text = format!(
        "{bold}{}  {}{bold:#}\n{}, section {}\n",
        claim.id, claim.statement, standing.document.title, claim.section
    );
    text += &format!("found: {}\n", claim.verdict.name());
    for (what, said) in [("instead", &claim.instead), ("note", &claim.note)] {
        if let Some(said) = said {
            text += &format!("{what}: {said}\n");
        }
    }
    if let Some((lesson, why)) = standing.why_not {
        text += &format!("not checkable here ({lesson}): {why}\n");
    } else if standing.is_open() {
        text += &format!("open: lesson {} will show it\n", claim.lesson);
    }
    for evidence in &standing.evidence {
        text += &format!(
            "\nshown by {}, scenario `{}`\n",
            evidence.lesson.manifest.id, evidence.scenario.name
        );
        text += &match now {
            None => accepted_text(evidence)?,
            Some(now) => observed_text(now, evidence)?,
        };
    }
    Ok(text)
}

fn accepted_text(evidence: &Evidence) -> anyhow::Result<String> {
    let accepted = evidence.accepted()?;
    if accepted.is_empty() {
        return Ok("  nothing was accepted yet\n".to_owned());
    }
    let told = accepted.iter().map(|(name, block)| {
        format!(
            "  as accepted in snapshots/{name}.snap\n{}",
            indented(block)
        )
    });
    Ok(told.collect())
}

fn observed_text(now: &Now, evidence: &Evidence) -> anyhow::Result<String> {
    let mut text = String::new();
    for observed in now.of(evidence) {
        let block = observed.block.text.trim_end();
        if observed.as_accepted {
            text += &format!(
                "  observed now, as accepted in snapshots/{}.snap\n{}",
                observed.snapshot,
                indented(block)
            );
        } else {
            let accepted = evidence.accepted()?;
            let old = accepted
                .iter()
                .find(|(name, _)| *name == observed.snapshot)
                .map_or("", |(_, block)| block.as_str());
            text += &format!(
                "  observed now, but not as accepted in snapshots/{}.snap\n{}",
                observed.snapshot,
                indented(&difference::lines(old, block))
            );
        }
    }
    if text.is_empty() {
        let failed = now.failures(evidence);
        text += &format!("  not observed: {}\n", failed.join("; "));
    }
    Ok(text)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn document(chosen: &[&Standing], now: Option<&Now>) -> anyhow::Result<Json> {
    let claims: anyhow::Result<Vec<Json>> = chosen.iter().map(|it| entry(it, now)).collect();
    let counts: BTreeMap<&str, usize> = counts(chosen).into_iter().collect();
    Ok(json!({
        "schema_version": report::SCHEMA_VERSION,
        "observed_with": now.map(|now| &now.with),
        "counts": counts,
        "claims": claims?,
    }))
}

fn entry(standing: &Standing, now: Option<&Now>) -> anyhow::Result<Json> {
    let claim = standing.claim;
    let evidence: anyhow::Result<Vec<Json>> = standing
        .evidence
        .iter()
        .map(|evidence| {
            let block = |(snapshot, text): (String, String)| json!({ "snapshot": snapshot, "text": text });
            let accepted: Vec<Json> = evidence.accepted()?.into_iter().map(block).collect();
            let observed = now.map(|now| {
                let blocks = now.of(evidence).map(|it| {
                    json!({ "snapshot": it.snapshot, "text": it.block.text.trim_end(), "as_accepted": it.as_accepted })
                });
                blocks.collect::<Vec<_>>()
            });
            Ok(json!({
                "lesson": evidence.lesson.manifest.id,
                "scenario": evidence.scenario.name,
                "title": evidence.scenario.title,
                "accepted": accepted,
                "observed": observed,
                "confirmed": now.map(|now| now.confirms_evidence(evidence)),
            }))
        })
        .collect();
    Ok(json!({
        "id": claim.id,
        "document": standing.document.title,
        "section": claim.section,
        "statement": claim.statement,
        "found": claim.verdict,
        "instead": claim.instead,
        "note": claim.note,
        "lesson": claim.home(),
        "verdict": standing.word(),
        "why": standing.why_not.map(|(_, why)| why),
        "evidence": evidence?,
    }))
}
