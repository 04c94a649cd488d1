//! Holds what the solution observed against the accepted transcripts.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::report::{LessonReport, ScenarioReport, VariantReport};
use crate::border::{Answer, Question};
use crate::build::tools::Tools;
use crate::lesson::{Lesson, Manifest, Scenario};
use crate::snapshot::{self, State};
use crate::transcript::{self, Block};
use crate::variant::Variant;
use crate::versions::Versions;
use crate::workspace::Workspace;

/// How one transcript stands to its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The stem of the snapshot's file.
    pub name: String,
    /// How they compare.
    pub state: State,
}

/// Checks the transcript of every behaviour that was judged, and the evidence.
///
/// Only variants that passed have a say, and since they agree, the first one speaks for all. A scenario that none of them
/// ran keeps its accepted block. An evidence scenario is looked at when all variants that it names have passed.
pub fn hold(tools: &Tools, lesson: &Lesson, report: &LessonReport) -> Vec<Transcript> {
    let versions = lesson.manifest.versions_of(tools.python.version);
    let passed = Passed {
        workspace: &tools.workspace,
        manifest: &lesson.manifest,
        report,
    };
    let mut found = Vec::new();
    for name in passed.behaviours() {
        let blocks = passed.blocks(name);
        if !blocks.is_empty() {
            let text =
                |old: Option<&str>| transcript::behaviour(&lesson.manifest, name, &blocks, old);
            found.push(compare(lesson, versions, name, &blocks, text));
        }
    }
    let blocks = passed.evidence();
    if !blocks.is_empty() {
        let text = |old: Option<&str>| transcript::evidence(&lesson.manifest, &blocks, old);
        let name = transcript::EVIDENCE;
        found.push(compare(lesson, versions, name, &blocks, text));
    }
    found
}

/// Holds a transcript against its snapshot. On versions that observe something else, the blocks that differ from the
/// snapshot have one of their own.
fn compare(
    lesson: &Lesson,
    versions: Option<&Versions>,
    name: &str,
    blocks: &[Block],
    text: impl FnOnce(Option<&str>) -> String,
) -> Transcript {
    let accepted = snapshot::accepted(&lesson.folder, name);
    let (name, state) = match (accepted, versions) {
        (Err(error), _) => (name.to_owned(), State::Broken(format!("{error:#}"))),
        (Ok(Some(common)), Some(versions)) => {
            let name = format!("{name}@{}", versions.name);
            let state = compare_versions(lesson, versions, &name, blocks, &common);
            (name, state)
        }
        (Ok(old), _) => {
            let state = snapshot::check(&lesson.folder, name, &text(old.as_deref()));
            (name.to_owned(), state)
        }
    };
    Transcript { name, state }
}

fn compare_versions(
    lesson: &Lesson,
    versions: &Versions,
    name: &str,
    blocks: &[Block],
    common: &str,
) -> State {
    let own = match snapshot::accepted(&lesson.folder, name) {
        Ok(own) => own,
        Err(error) => return State::Broken(format!("{error:#}")),
    };
    let manifest = &lesson.manifest;
    match transcript::of_versions(manifest, versions, name, blocks, common, own.as_deref()) {
        Some(text) => snapshot::check(&lesson.folder, name, &text),
        None if own.is_none() => State::Match,
        None => State::Broken(
            "nothing differs from the other versions of Python; remove the snapshot".to_owned(),
        ),
    }
}

/// What a scenario showed in the variants of one snapshot, beside what was accepted there.
pub struct Observed {
    /// The snapshot that holds what was accepted on this version of Python.
    pub snapshot: String,
    /// What was observed.
    pub block: Block,
    /// Whether exactly this was accepted.
    pub as_accepted: bool,
}

/// What the variants that passed observed, scenario by scenario.
///
/// # Errors
/// When a snapshot cannot be read.
pub fn observed(
    tools: &Tools,
    lesson: &Lesson,
    report: &LessonReport,
) -> anyhow::Result<Vec<Observed>> {
    let passed = Passed {
        workspace: &tools.workspace,
        manifest: &lesson.manifest,
        report,
    };
    let behaviours = passed.behaviours().into_iter();
    let told = behaviours.map(|name| (name, passed.blocks(name)));
    let mut found = Vec::new();
    for (name, blocks) in told.chain([(transcript::EVIDENCE, passed.evidence())]) {
        let common = snapshot::accepted(&lesson.folder, name)?.unwrap_or_default();
        let versions = lesson.manifest.versions_of(tools.python.version);
        let own = versions.map(|versions| format!("{name}@{}", versions.name));
        let accepted = match &own {
            Some(own) => snapshot::accepted(&lesson.folder, own)?.unwrap_or_default(),
            None => String::new(),
        };
        for block in blocks {
            let other = transcript::block_of(&accepted, &block.scenario).is_some();
            let (snapshot, text) = match &own {
                Some(own) if other => (own.as_str(), &accepted),
                _ => (name, &common),
            };
            found.push(Observed {
                snapshot: snapshot.to_owned(),
                as_accepted: transcript::agrees(text, &block),
                block,
            });
        }
    }
    Ok(found)
}

/// Whether a behaviour observes something else than the others, in a scenario that it shares with one of them; `None` if
/// it shares no scenario.
pub fn differs(
    workspace: &Workspace,
    lesson: &Lesson,
    report: &LessonReport,
    name: &str,
) -> Option<bool> {
    let passed = Passed {
        workspace,
        manifest: &lesson.manifest,
        report,
    };
    let own = passed.blocks(name);
    let others = passed
        .behaviours()
        .into_iter()
        .filter(|other| *other != name);
    let others: Vec<Block> = others.flat_map(|other| passed.blocks(other)).collect();
    let mut shared = false;
    for block in &own {
        for other in others
            .iter()
            .filter(|other| other.scenario == block.scenario)
        {
            shared = true;
            if other.text != block.text {
                return Some(true);
            }
        }
    }
    shared.then_some(false)
}

/// The variants of a report that passed.
struct Passed<'a> {
    workspace: &'a Workspace,
    manifest: &'a Manifest,
    report: &'a LessonReport,
}

impl<'a> Passed<'a> {
    /// The behaviours of the variants that passed, in the order of the course.
    fn behaviours(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        for variant in self.variants() {
            let name = self.manifest.behaviour_of(variant.variant);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn variants(&self) -> impl Iterator<Item = &'a VariantReport> {
        let variants = self.report.variants.iter();
        variants.filter(|variant| variant.verdict.passed())
    }

    /// One block for each scenario of a behaviour, from the first variant that ran it; the judge holds the others to it.
    fn blocks(&self, behaviour: &str) -> Vec<Block> {
        let own = self
            .variants()
            .filter(|variant| self.manifest.behaviour_of(variant.variant) == behaviour);
        let own: Vec<&VariantReport> = own.collect();
        let scenarios = self.manifest.scenarios.iter().filter(|one| !one.evidence);
        scenarios
            .filter_map(|scenario| {
                let first = own.iter().find(|variant| runs(scenario, variant.variant))?;
                Some(self.normal(transcript::block(scenario, &fixed_cases(first, scenario))))
            })
            .collect()
    }

    fn evidence(&self) -> Vec<Block> {
        let scenarios = self.manifest.scenarios.iter().filter(|one| one.evidence);
        scenarios
            .filter_map(|scenario| {
                let told: Option<Vec<_>> = Variant::all()
                    .filter(|variant| runs(scenario, *variant))
                    .map(|variant| {
                        let report = self.variants().find(|report| report.variant == variant)?;
                        Some((variant, fixed_cases(report, scenario)))
                    })
                    .collect();
                Some(self.normal(transcript::evidence_block(scenario, &told?)))
            })
            .collect()
    }

    fn normal(&self, block: Block) -> Block {
        let text = without_work_folders(&block.text, &self.workspace.cache);
        let text = transcript::normalise(&text, &[(&self.workspace.root, "[ROOT]")]);
        Block { text, ..block }
    }
}

fn runs(scenario: &Scenario, variant: Variant) -> bool {
    scenario
        .variants
        .iter()
        .any(|pattern| pattern.matches(variant))
}

fn fixed_cases(report: &VariantReport, scenario: &Scenario) -> Vec<(Question, Answer)> {
    let fixed = |one: &&ScenarioReport| !one.hidden && one.question.scenario == scenario.name;
    let cases = report.scenarios.iter().filter(fixed);
    cases
        .map(|one| (one.question.clone(), one.answer.clone()))
        .collect()
}

/// Each run has a folder of its own below `work/`, with a name drawn at random.
fn without_work_folders(text: &str, cache: &Path) -> String {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^/[\w.-]+").expect("valid"));
    let work = cache.join("work").display().to_string();
    let mut parts = text.split(&work);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("[WORK]");
        result.push_str(&NAME.replace(part, ""));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{LessonId, Sources};
    use crate::value::Value;
    use crate::verdict::Verdict;
    use std::path::PathBuf;

    const MANIFEST: &str = r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 1
[clib]
name = "add"
[[scenario]]
name = "adds"
title = "adds"
hidden = { a = "i8" }
[[scenario]]
name = "path"
title = "where"
variants = ["abi/*"]
[[scenario]]
name = "links"
title = "links"
variants = ["abi/*"]
evidence = true
[[behaviour]]
name = "cuts"
variants = ["ctypes/*"]
why = "W"
"#;

    fn variant(name: &str) -> Variant {
        Variant::all().find(|one| one.to_string() == name).unwrap()
    }

    fn answer(scenario: &str, hidden: bool, text: &str) -> ScenarioReport {
        ScenarioReport {
            title: scenario.to_owned(),
            question: Question {
                scenario: scenario.to_owned(),
                given: Vec::new(),
            },
            hidden,
            evidence: false,
            expected: None,
            answer: Answer::Observed(Value::Str(text.to_owned())),
            verdict: Verdict::Passed,
        }
    }

    fn reported(name: &str, adds: &str, verdict: Verdict) -> VariantReport {
        let variant = variant(name);
        VariantReport {
            scenarios: vec![
                answer("adds", false, adds),
                answer("adds", true, "drawn"),
                answer(
                    "path",
                    false,
                    "/workshop/cache/work/wX1.y/libadd.so of /workshop/lessons",
                ),
                answer("links", false, name),
            ],
            ..VariantReport::without_run(variant, 0, verdict)
        }
    }

    struct Bench {
        workspace: Workspace,
        lesson: Lesson,
        report: LessonReport,
    }

    fn bench(variants: Vec<VariantReport>) -> Bench {
        Bench {
            workspace: Workspace {
                root: PathBuf::from("/workshop"),
                cache: PathBuf::from("/workshop/cache"),
            },
            lesson: Lesson {
                folder: PathBuf::from("/nowhere/lesson-1"),
                manifest: toml::from_str(MANIFEST).unwrap(),
            },
            report: LessonReport {
                id: LessonId("lesson-1".to_owned()),
                title: "T".to_owned(),
                sources: Sources::Solution,
                variants,
                quizzes: Vec::new(),
                remarks: Vec::new(),
                transcripts: Vec::new(),
            },
        }
    }

    impl Bench {
        fn transcripts(&self) -> Passed<'_> {
            Passed {
                workspace: &self.workspace,
                manifest: &self.lesson.manifest,
                report: &self.report,
            }
        }

        fn differs(&self, name: &str) -> Option<bool> {
            differs(&self.workspace, &self.lesson, &self.report, name)
        }
    }

    #[test]
    fn the_first_variant_that_passed_speaks_for_its_behaviour() {
        let bench = bench(vec![
            reported("abi/stock", "1", Verdict::Wrong),
            reported("abi/rust", "2", Verdict::Passed),
            reported("ext/stock", "3", Verdict::Passed),
        ]);
        let transcripts = bench.transcripts();
        assert_eq!(transcripts.behaviours(), ["common"]);
        let blocks = transcripts.blocks("common");
        assert_eq!(
            blocks
                .iter()
                .map(|block| block.text.as_str())
                .collect::<Vec<_>>(),
            [
                "## adds: adds\nadds()\n    '2'\nand 3 hidden cases\n",
                "## path: where\npath()\n    '[WORK]/libadd.so of [ROOT]/lessons'\n"
            ]
        );
    }

    #[test]
    fn evidence_waits_for_all_its_variants() {
        let both = bench(vec![
            reported("abi/stock", "1", Verdict::Passed),
            reported("abi/rust", "1", Verdict::Passed),
        ]);
        let blocks = both.transcripts().evidence();
        assert_eq!(
            blocks[0].text,
            "## links: links\nlinks()\n  abi/stock\n    'abi/stock'\n  abi/rust\n    'abi/rust'\n"
        );
        let one = bench(vec![reported("abi/stock", "1", Verdict::Passed)]);
        assert_eq!(one.transcripts().evidence(), []);
    }

    #[test]
    fn behaviours_are_compared_where_they_share_a_scenario() {
        let passed = |name: &str, adds: &str| reported(name, adds, Verdict::Passed);
        let same = bench(vec![passed("ctypes/stock", "1"), passed("ext/stock", "1")]);
        assert_eq!(same.differs("cuts"), Some(false));
        let other = bench(vec![passed("ctypes/stock", "1"), passed("ext/stock", "2")]);
        assert_eq!(other.differs("cuts"), Some(true));
        let alone = bench(vec![passed("ctypes/stock", "1")]);
        assert_eq!(alone.differs("cuts"), None);
    }
}
