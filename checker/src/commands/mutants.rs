//! `checker verify --mutants`: whether the scenarios of lessons tell programs that differ a little from the solution.

use serde_json::{Value as Json, json};

use crate::authoring::mutants::{self, Fate, Mutant, Outcome, Sample};
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::lesson::Lesson;
use crate::{exit, output, report};

/// Judges the mutants of each lesson; the exit code says whether each lesson tells nine in ten of them.
///
/// # Errors
/// When mutants cannot be judged here.
pub fn run(
    tools: &Tools,
    lessons: &[Lesson],
    sample: Sample,
    global: &Global,
) -> anyhow::Result<u8> {
    let mut enough = true;
    let mut told = Vec::new();
    for lesson in lessons {
        let outcome = {
            let _step = tools
                .progress
                .step(&format!("judging mutants of {}", lesson.manifest.id));
            mutants::judge_all(tools, lesson, sample)?
        };
        enough &= outcome.enough() && outcome.problems.is_empty();
        if global.json {
            told.push(entry(tools, lesson, &outcome));
        } else {
            output::result(&text(tools, lesson, &outcome))?;
        }
    }
    if global.json {
        output::json(&json!({ "schema_version": report::SCHEMA_VERSION, "lessons": told }))?;
    }
    Ok(if enough {
        exit::PASSED
    } else {
        exit::NOT_PASSED
    })
}

/// How many mutants had which fate.
struct Counts {
    judged: usize,
    killed: usize,
    not_viable: usize,
    equivalent: usize,
    survived: usize,
}

impl Counts {
    fn of(outcome: &Outcome) -> Counts {
        Counts {
            judged: outcome.mutants.len(),
            killed: outcome.count(|fate| matches!(fate, Fate::Killed(_))),
            not_viable: outcome.count(|fate| *fate == Fate::NotViable),
            equivalent: outcome.count(|fate| *fate == Fate::Equivalent),
            survived: outcome.count(|fate| *fate == Fate::Survived),
        }
    }
}

fn text(tools: &Tools, lesson: &Lesson, outcome: &Outcome) -> String {
    let counts = Counts::of(outcome);
    let (killed, viable) = outcome.killed_of();
    let share = match viable {
        0 => "nothing to tell".to_owned(),
        viable => format!("{killed} of {viable} told, {} %", killed * 100 / viable),
    };
    let word = if outcome.enough() && outcome.problems.is_empty() {
        "ok    "
    } else {
        "FAILED"
    };
    let sampled = match outcome.possible - counts.judged {
        0 => String::new(),
        _ => format!(" of {}", outcome.possible),
    };
    let mut text = format!(
        "{word} {:11} {share}; {}{sampled} mutants, {} do not build, {} equivalent\n",
        lesson.manifest.id.to_string(),
        counts.judged,
        counts.not_viable,
        counts.equivalent,
    );
    for problem in &outcome.problems {
        text += &format!("         {}\n", problem.below(&tools.workspace.root));
    }
    for mutant in survivors(outcome) {
        text += &format!(
            "         {}:{} in {}: {}\n",
            place(tools, lesson, mutant),
            mutant.line,
            mutant.variant,
            mutant.kind
        );
        for (sign, lines) in [('-', &mutant.old), ('+', &mutant.new)] {
            for line in lines.lines() {
                text += &format!("           {sign} {}\n", line.trim());
            }
        }
    }
    text
}

fn survivors(outcome: &Outcome) -> impl Iterator<Item = &Mutant> {
    outcome
        .mutants
        .iter()
        .filter(|(_, fate)| *fate == Fate::Survived)
        .map(|(mutant, _)| mutant)
}

fn place(tools: &Tools, lesson: &Lesson, mutant: &Mutant) -> String {
    let path = lesson.folder.join("solution").join(&mutant.file);
    tools.workspace.shown(&path).display().to_string()
}

fn entry(tools: &Tools, lesson: &Lesson, outcome: &Outcome) -> Json {
    let counts = Counts::of(outcome);
    let mutants: Vec<Json> = outcome
        .mutants
        .iter()
        .map(|(mutant, fate)| {
            let (word, verdict) = match fate {
                Fate::Killed(verdict) => ("killed", Some(verdict.name())),
                Fate::NotViable => ("not-viable", None),
                Fate::Equivalent => ("equivalent", None),
                Fate::Survived => ("survived", None),
            };
            json!({
                "file": place(tools, lesson, mutant),
                "line": mutant.line,
                "variant": mutant.variant,
                "kind": mutant.kind,
                "old": mutant.old,
                "new": mutant.new,
                "fate": word,
                "verdict": verdict,
            })
        })
        .collect();
    let problems = outcome.problems.iter();
    json!({
        "lesson": lesson.manifest.id,
        "possible": outcome.possible,
        "judged": counts.judged,
        "killed": counts.killed,
        "not_viable": counts.not_viable,
        "equivalent": counts.equivalent,
        "survived": counts.survived,
        "enough": outcome.enough(),
        "problems": problems.map(|it| it.below(&tools.workspace.root).to_string()).collect::<Vec<_>>(),
        "mutants": mutants,
    })
}
