//! Asks the questions, compares the answers, decides the verdicts. Never loads a participant's code.

pub mod accepted;
pub mod diagnosis;
pub mod hidden;
pub mod inputs;
pub mod investigation;
pub mod keys;
pub mod plan;
pub mod quiz;
pub mod reference;
pub mod report;
pub mod salt;
pub mod work;

use std::sync::{Arc, OnceLock};

use crate::border::{self, Answer, Interrogation, Loading, Part, Question};
use crate::build::store::Key;
use crate::build::tools::Tools;
use crate::build::{Failure, sweep};
use crate::errors::ExpectedError;
use crate::interrupt;
use crate::lesson::{Lesson, Sources};
use crate::message;
use crate::parallel;
use crate::variant::{Bridge, Variant};
use crate::verdict::Verdict;
use inputs::Files;
use investigation::{Effort, Investigation, Trial};
use keys::Keys;
use reference::{Reference, References};
use report::{LessonReport, Problem, ScenarioReport, VariantReport};
use work::Prepared;

/// What to judge, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// The variants, in the order of the report.
    pub variants: Vec<Variant>,
    /// Whose files.
    pub sources: Sources,
    /// Whether to run everything again, with new hidden values.
    pub fresh: bool,
    /// Whether an earlier verdict on the same files may be given again.
    pub recall: bool,
    /// Which variants have to prove that they call C.
    pub proof: Proof,
    /// Whether to look for the reason of a failure. Without, a verdict is one of its own, and cheaper.
    pub explain: bool,
}

/// Which variants have to prove that they call C: that takes a second run, and a second build where C is compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Those that open a shared library, where nothing of theirs is built twice.
    Quick,
    /// All.
    Full,
}

/// A lesson with everything about it that all its variants share.
pub struct Courtroom<'a> {
    tools: &'a Tools,
    lesson: &'a Lesson,
    sources: &'a Sources,
    clib: Files,
    scenarios: Vec<u8>,
    keys: Keys<'a>,
    references: Arc<References>,
    /// Which variants prove that they call C; `None` in the court that they prove it in.
    proof: Option<Proof>,
    /// Whether the reason of a failure is looked for.
    explain: bool,
    /// What the court with the salted library has of its own, made when the first variant needs it.
    salted: OnceLock<Result<Salted, String>>,
    /// What a work folder shows of the C library: the lesson's own text.
    shown_clib: Files,
}

/// The C library with a secret number in its results, and what the solution observes with it.
struct Salted {
    clib: Files,
    references: Arc<References>,
}

/// Judges the variants of a lesson; whatever one of them does, the others are judged.
///
/// # Errors
/// When the lesson's own files cannot be read. A variant that cannot be run has its problem in the report.
pub fn judge(tools: &Tools, lesson: &Lesson, order: &Order) -> anyhow::Result<LessonReport> {
    let proof = (order.sources != Sources::Solution).then_some(order.proof);
    let court = Courtroom {
        proof,
        explain: order.explain,
        ..Courtroom::open(tools, lesson, &order.sources)?
    };
    let mut found: Vec<Option<VariantReport>> = order
        .variants
        .iter()
        .map(|variant| {
            if order.fresh || !order.recall {
                None
            } else {
                court.recall(*variant)
            }
        })
        .collect();
    if order.fresh {
        salt::forget(&court.salt_path())?;
    }
    if found.iter().any(Option::is_none) {
        interrupt::watch();
        sweep::sweep(&tools.workspace);
        court.judge_missing(&order.variants, &mut found, order.fresh);
    }
    let mut report = LessonReport {
        id: lesson.manifest.id.clone(),
        title: lesson.manifest.title.clone(),
        sources: order.sources.clone(),
        variants: found.into_iter().flatten().collect(),
        quizzes: quiz::judge(lesson, &order.sources),
        remarks: inputs::foreign_libraries(&tools.workspace, lesson),
        transcripts: Vec::new(),
    };
    if order.sources == Sources::Solution {
        report.transcripts = accepted::hold(tools, lesson, &report);
    }
    Ok(report)
}

/// Looks at one variant as closely as `effort` says, whatever its verdict is. The references of the judge are not asked:
/// which question went wrong without an exception or a crash is told by `suspect`.
///
/// # Errors
/// When the lesson's own files cannot be read, or the border fails; a participant's code that does not build is no error.
pub fn investigate(
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
    variant: Variant,
    suspect: Option<&Question>,
    effort: Effort,
) -> anyhow::Result<Result<Investigation, Failure>> {
    let court = Courtroom::open(tools, lesson, sources)?;
    let files = inputs::bridge_files(lesson, variant, sources)?;
    let kept = court.investigation_path(variant, &files, suspect)?;
    if effort.may_be_kept()
        && let Some(known) = Investigation::recall(&kept)
    {
        return Ok(Ok(known));
    }
    let prepared = match work::prepare(&court, variant, sources, &files, work::Checks::default())? {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut asked = plan::all_questions(lesson, variant, false, |_| hidden::Source::fresh_seed())
        .map_err(anyhow::Error::msg)?;
    if let Some(question) = suspect {
        // Hidden values are drawn anew each time; the one that went wrong has to be among them.
        asked.retain(|it| it.question != *question);
        asked.insert(
            0,
            plan::Asked {
                question: question.clone(),
                hidden: true,
            },
        );
    }
    let told = prepared.interrogate(&asked)?;
    let trial = Trial {
        court: &court,
        variant,
        sources,
        files: &files,
        prepared: &prepared,
        asked: &asked,
        told: &told,
    };
    let first = suspect.map(|_| 0);
    let found = investigation::investigate(&trial, first, effort)?;
    if effort.may_be_kept() {
        found.keep(&kept)?;
    }
    Ok(Ok(found))
}

/// Builds one variant of these sources and fills its work folder, without running it.
///
/// # Errors
/// When something of ours, or of the machine, is in the way; code that does not build is no error.
pub fn prepare(
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
    variant: Variant,
) -> anyhow::Result<Result<Prepared, Failure>> {
    let court = Courtroom::open(tools, lesson, sources)?;
    let files = inputs::bridge_files(lesson, variant, sources)?;
    work::prepare(&court, variant, sources, &files, work::Checks::default())
}

/// The same for all variants.
///
/// # Errors
/// When one of them does not build.
pub fn prepare_all(
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
) -> anyhow::Result<Vec<(Variant, Prepared)>> {
    Variant::all()
        .map(|variant| match prepare(tools, lesson, sources, variant)? {
            Ok(prepared) => Ok((variant, prepared)),
            Err(failure) => anyhow::bail!(
                "{variant} does not build:\n{}",
                diagnosis::of_build(failure).text
            ),
        })
        .collect()
}

impl<'a> Courtroom<'a> {
    fn open(
        tools: &'a Tools,
        lesson: &'a Lesson,
        sources: &'a Sources,
    ) -> anyhow::Result<Courtroom<'a>> {
        let clib = Files::of_folder(&lesson.folder.join("clib"))?;
        let scenarios = inputs::read(&lesson.folder, &lesson.folder.join("scenarios.py"))?;
        let keys = Keys::new(tools, lesson, &clib, &scenarios)?;
        let shown_clib = clib.clone();
        Ok(Courtroom {
            tools,
            lesson,
            sources,
            clib,
            scenarios,
            keys,
            references: Arc::default(),
            proof: None,
            explain: true,
            salted: OnceLock::new(),
            shown_clib,
        })
    }

    /// The same court with a secret number in what the C library returns.
    fn salted(&self) -> anyhow::Result<Courtroom<'a>> {
        let made = self.salted.get_or_init(|| {
            let functions = &self.lesson.manifest.clib.proof;
            let salt = salt::kept(&self.salt_path()).map_err(|error| error.to_string())?;
            Ok(Salted {
                clib: salt::salted(&self.clib, functions, salt)?,
                references: Arc::default(),
            })
        });
        let Salted { clib, references } = made
            .as_ref()
            .map_err(|words| anyhow::anyhow!("the C library cannot be salted: {words}"))?;
        Ok(Courtroom {
            tools: self.tools,
            lesson: self.lesson,
            sources: self.sources,
            clib: clib.clone(),
            scenarios: self.scenarios.clone(),
            keys: Keys::new(self.tools, self.lesson, clib, &self.scenarios)?,
            references: Arc::clone(references),
            proof: None,
            explain: self.explain,
            salted: OnceLock::new(),
            shown_clib: self.shown_clib.clone(),
        })
    }

    /// Where the secret number of this lesson is kept, so that builds with it are found again.
    fn salt_path(&self) -> std::path::PathBuf {
        let salts = self.tools.workspace.cache.join("salts");
        salts.join(self.lesson.manifest.id.to_string())
    }

    /// Whether a variant that observed everything right must prove that it called C.
    fn must_prove(&self, variant: Variant) -> bool {
        let quick = matches!(variant.bridge, Bridge::Ctypes | Bridge::Abi);
        !self.lesson.manifest.clib.proof.is_empty()
            && match self.proof {
                None => false,
                Some(Proof::Quick) => quick,
                Some(Proof::Full) => true,
            }
    }

    /// Runs a variant that passed once more, with a C library that returns something else.
    fn prove(
        &self,
        variant: Variant,
        files: &Files,
        passed: VariantReport,
    ) -> anyhow::Result<VariantReport> {
        let court = self.salted()?;
        let again = match work::prepare(
            &court,
            variant,
            self.sources,
            files,
            work::Checks::default(),
        )? {
            Ok(prepared) => court.examine(variant, files, &prepared, false)?,
            Err(failure) => VariantReport {
                diagnostics: vec![diagnosis::of_build(failure)],
                ..VariantReport::without_run(variant, self.possible(variant), Verdict::CompileError)
            },
        };
        if again.verdict.passed() {
            return Ok(passed);
        }
        let mut report = VariantReport {
            verdict: again.verdict,
            points: 0,
            diagnostics: again.diagnostics,
            ..passed
        };
        if report.verdict == Verdict::Wrong {
            report.verdict = Verdict::NotNative;
            report.diagnostics = vec![report::Diagnostic {
                from: report::Speaker::Judge,
                text: message!("judge-not-native"),
            }];
        }
        Ok(report)
    }

    /// Whether evidence is part of the questions: it is about the machine, so only the solution is asked.
    fn evidence(&self) -> bool {
        *self.sources == Sources::Solution
    }

    fn possible(&self, variant: Variant) -> u32 {
        self.lesson.manifest.points_of(variant)
    }

    /// The report that the cache holds for exactly these inputs.
    fn recall(&self, variant: Variant) -> Option<VariantReport> {
        let files = inputs::bridge_files(self.lesson, variant, self.sources).ok()?;
        let key = self.verdict_key(variant, &files).ok()?;
        let kept = std::fs::read(self.keys.verdict_path(&key)).ok()?;
        VariantReport::from_json(
            variant,
            self.possible(variant),
            &serde_json::from_slice(&kept).ok()?,
        )
    }

    /// The key of a verdict, which also depends on how it was found.
    fn verdict_key(&self, variant: Variant, files: &Files) -> anyhow::Result<String> {
        let key = self.keys.verdict(variant, files, self.evidence())?;
        Ok(Key::of("verdict with proof")
            .text(&key)
            .text(if self.must_prove(variant) {
                "proved"
            } else {
                ""
            })
            .text(border::wanted_isolation().name())
            .text(if self.explain { "" } else { "unexplained" })
            .finish())
    }

    /// Where an investigation of these files is kept. It names files and the question, so it depends on both.
    fn investigation_path(
        &self,
        variant: Variant,
        files: &Files,
        suspect: Option<&Question>,
    ) -> anyhow::Result<std::path::PathBuf> {
        let key = Key::of("investigation")
            .text(&self.keys.reference(variant, files)?)
            .text(&format!("{:?} {suspect:?}", self.sources))
            .text(border::wanted_isolation().name())
            .finish();
        Ok(self.keys.investigation_path(&key))
    }

    /// Judges what the cache did not know, several at a time.
    fn judge_missing(
        &self,
        variants: &[Variant],
        found: &mut [Option<VariantReport>],
        fresh: bool,
    ) {
        let missing: Vec<usize> = (0..variants.len())
            .filter(|index| found[*index].is_none())
            .collect();
        let reports = parallel::each(&missing, parallel::processors(), |index| {
            self.judge_variant(variants[*index], fresh)
        });
        for (index, report) in missing.into_iter().zip(reports) {
            found[index] = Some(report);
        }
    }

    fn judge_variant(&self, variant: Variant, fresh: bool) -> VariantReport {
        match self.try_variant(variant, fresh) {
            Ok(report) => report,
            Err(error) => self.not_run(variant, &error),
        }
    }

    /// A variant that could not be run: for a reason that we expect, or by a fault of ours.
    fn not_run(&self, variant: Variant, error: &anyhow::Error) -> VariantReport {
        let possible = self.possible(variant);
        match error.downcast_ref::<ExpectedError>() {
            Some(expected) => VariantReport {
                problem: Some(Problem::from(expected)),
                ..VariantReport::without_run(
                    variant,
                    possible,
                    Verdict::Skipped(first_line(expected)),
                )
            },
            None => VariantReport::without_run(
                variant,
                possible,
                Verdict::GraderFault(format!("{error:#}")),
            ),
        }
    }

    fn try_variant(&self, variant: Variant, fresh: bool) -> anyhow::Result<VariantReport> {
        let files = inputs::bridge_files(self.lesson, variant, self.sources)?;
        let (report, lasting) =
            match work::prepare(self, variant, self.sources, &files, work::Checks::default())? {
                Err(failure) => {
                    let lasting = matches!(failure, Failure::Refused(_));
                    let report = VariantReport {
                        diagnostics: vec![diagnosis::of_build(failure)],
                        ..VariantReport::without_run(
                            variant,
                            self.possible(variant),
                            Verdict::CompileError,
                        )
                    };
                    (report, lasting)
                }
                Ok(prepared) => {
                    let report = self.examine(variant, &files, &prepared, fresh)?;
                    let proves = report.verdict.passed() && self.must_prove(variant);
                    let report = if proves {
                        self.prove(variant, &files, report)?
                    } else {
                        report
                    };
                    (report, true)
                }
            };
        if lasting && report.verdict.repeatable() {
            let key = self.verdict_key(variant, &files)?;
            let path = self.keys.verdict_path(&key);
            crate::build::store::write_atomically(&path, &serde_json::to_vec(&report.to_json())?)
                .map_err(|cause| ExpectedError::cache(&path, cause))?;
        }
        Ok(report)
    }

    /// Asks a prepared variant everything, and holds the answers against those of its references.
    fn examine(
        &self,
        variant: Variant,
        files: &Files,
        prepared: &Prepared,
        fresh: bool,
    ) -> anyhow::Result<VariantReport> {
        let manifest = &self.lesson.manifest;
        let references = self.references_of(variant, fresh)?;
        let seed = |of: Variant| {
            references
                .iter()
                .find(|reference| reference.variant == of)
                .map_or(0, |it| it.seed)
        };
        let asked = plan::all_questions(self.lesson, variant, self.evidence(), seed)
            .map_err(anyhow::Error::msg)?;
        let interrogation = {
            let _step = self.tools.progress.step(&crate::words!(
                "step-running",
                variant = variant.to_string()
            ));
            prepared.interrogate(&asked)?
        };
        let mut scenarios = Vec::new();
        let mut index = 0;
        for scenario in manifest.scenarios_for(variant, self.evidence()) {
            let of = plan::reference_for(manifest, scenario, variant);
            let reference = references.iter().find(|reference| reference.variant == of);
            let own = asked[index..]
                .iter()
                .take_while(|it| it.question.scenario == scenario.name);
            for (number, asked) in own.enumerate() {
                let expected = match (scenario.evidence, reference) {
                    (true, _) | (false, None) => None,
                    (false, Some(reference)) => {
                        Some(reference.observation(&scenario.name, number)?.clone())
                    }
                };
                scenarios.push(ScenarioReport {
                    title: scenario.title.clone(),
                    question: asked.question.clone(),
                    hidden: asked.hidden,
                    evidence: scenario.evidence,
                    verdict: scenario_verdict(&interrogation, index, expected.as_ref()),
                    expected,
                    answer: without_traceback(&interrogation.answers[index]),
                });
                index += 1;
            }
        }
        let verdict = overall(&interrogation, &scenarios, variant);
        let points = if verdict.passed() {
            self.possible(variant)
        } else {
            0
        };
        let suspect = scenarios.iter().position(|it| !it.verdict.passed());
        let trial = Trial {
            court: self,
            variant,
            sources: self.sources,
            files,
            prepared,
            asked: &asked,
            told: &interrogation,
        };
        let diagnosis = if verdict.passed() || !self.explain {
            None
        } else {
            trial.diagnose(suspect)?
        };
        Ok(VariantReport {
            points,
            diagnosis,
            diagnostics: diagnosis::of_run(prepared, &interrogation, &verdict),
            scenarios,
            isolation: border::known_isolation().map(|found| found.isolation),
            ..VariantReport::without_run(variant, self.possible(variant), verdict)
        })
    }

    fn references_of(
        &self,
        variant: Variant,
        fresh: bool,
    ) -> anyhow::Result<Vec<std::sync::Arc<Reference>>> {
        plan::references(&self.lesson.manifest, variant)
            .into_iter()
            .map(|of| {
                self.references
                    .get(of, || self.observe_reference(of, fresh))
            })
            .collect()
    }

    /// What the solution observes in this variant; kept together with the seed of its hidden values.
    fn observe_reference(&self, variant: Variant, fresh: bool) -> anyhow::Result<Reference> {
        let files = inputs::bridge_files(self.lesson, variant, &Sources::Solution)?;
        let path = self
            .keys
            .reference_path(&self.keys.reference(variant, &files)?);
        if let (false, Some(reference)) = (fresh, Reference::recall(variant, &path)) {
            return Ok(reference);
        }
        let prepared = match work::prepare(
            self,
            variant,
            &Sources::Solution,
            &files,
            work::Checks::default(),
        )? {
            Ok(prepared) => prepared,
            Err(failure) => anyhow::bail!(
                "the solution in {variant} does not build, so there is nothing to compare with:\n{}",
                diagnosis::of_build(failure).text
            ),
        };
        let seed = hidden::Source::fresh_seed();
        let asked = plan::all_questions(self.lesson, variant, false, |_| seed)
            .map_err(anyhow::Error::msg)?;
        let interrogation = {
            let _step = self.tools.progress.step(&crate::words!(
                "step-solution",
                variant = variant.to_string()
            ));
            prepared.interrogate(&asked)?
        };
        let reference = Reference::new(variant, seed, &asked, &interrogation)?;
        reference
            .keep(&path)
            .map_err(|cause| ExpectedError::cache(&path, cause))?;
        Ok(reference)
    }
}

/// An answer as reports keep it: the first traceback is among the diagnostics, and the others say the same.
fn without_traceback(answer: &Answer) -> Answer {
    match answer {
        Answer::Raised { class, message, .. } => Answer::Raised {
            class: class.clone(),
            message: message.clone(),
            traceback: String::new(),
        },
        other => other.clone(),
    }
}

/// The outcome of one question.
fn scenario_verdict(
    interrogation: &Interrogation,
    index: usize,
    expected: Option<&crate::value::Value>,
) -> Verdict {
    match &interrogation.answers[index] {
        Answer::Observed(value) => match expected {
            Some(expected) if expected != value => Verdict::Wrong,
            _ => Verdict::Passed,
        },
        Answer::Raised { message, .. } if is_mismatch(message) => Verdict::AbiMismatch,
        Answer::Raised { .. } => Verdict::Exception,
        Answer::Unfinished => interrogation
            .interruptions
            .iter()
            .find(|interruption| interruption.question == Some(index))
            .and_then(|interruption| interruption.ended.cut_short())
            .unwrap_or(Verdict::MissingScenarios),
        Answer::NotAsked => Verdict::Skipped("the run had ended before".to_owned()),
    }
}

/// The outcome of the variant: the border's word first, then the comparison.
fn overall(
    interrogation: &Interrogation,
    scenarios: &[ScenarioReport],
    variant: Variant,
) -> Verdict {
    let uses_cffi = matches!(
        variant.bridge,
        crate::variant::Bridge::Abi | crate::variant::Bridge::Api
    );
    let mismatch = scenarios
        .iter()
        .any(|scenario| scenario.verdict == Verdict::AbiMismatch)
        || matches!(&interrogation.loading, Loading::Failed { part: Part::Bridge, message, .. } if is_mismatch(message));
    match interrogation.verdict() {
        Some(Verdict::Exception | Verdict::ImportError) if uses_cffi && mismatch => {
            Verdict::AbiMismatch
        }
        Some(verdict) => verdict,
        None if scenarios
            .iter()
            .any(|scenario| scenario.verdict == Verdict::Wrong) =>
        {
            Verdict::Wrong
        }
        None => Verdict::Passed,
    }
}

/// Whether an exception says that a cdef and the compiled code disagree; cffi has no class of its own for it.
fn is_mismatch(message: &str) -> bool {
    message.contains("cdef says") || message.contains("has the real value")
}

fn first_line(error: &ExpectedError) -> String {
    error
        .message()
        .english()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl From<&ExpectedError> for Problem {
    fn from(error: &ExpectedError) -> Problem {
        Problem {
            kind: error.kind(),
            message: error.message(),
            next: error.next_step(),
            exit_code: error.exit_code(),
        }
    }
}
