//! Gathers evidence about a failing variant, from what costs nothing to what costs seconds, and has it explained.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::inputs::Files;
use super::plan::Asked;
use super::work::{self, Checks, Prepared};
use super::{Courtroom, diagnosis};
use crate::border::{Answer, Ended, Ending, Interrogation, Limit, Loading, printable, signal_name};
use crate::build::sanitizers::{self, Sanitizers};
use crate::build::store::write_atomically;
use crate::build::{self};
use crate::diagnosis::evidence::{Call, End, Evidence, Raised, Run, Source};
use crate::diagnosis::{Diagnosis, debugger, explain, sanitizer};
use crate::errors::ExpectedError;
use crate::lesson::Sources;
use crate::message;
use crate::message::Message;
use crate::python::probe;
use crate::transcript;
use crate::variant::{Bridge, Variant};

/// Python code that tells about the GIL and about open descriptors while the scenarios run.
const WATCH: &str = include_str!("../diagnosis/watch.py");

/// How long a hang is looked at the second time, seconds; starting under the sanitizers takes a part of it.
const HANG: u64 = 5;

/// How long a process may take to print its C frames, whose names have to be looked up.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How much more memory a process needs under the sanitizers.
const MEMORY_FACTOR: u64 = 3;

/// A variant that was run once.
pub struct Trial<'a> {
    pub(super) court: &'a Courtroom<'a>,
    pub(super) variant: Variant,
    pub(super) sources: &'a Sources,
    pub(super) files: &'a Files,
    pub(super) prepared: &'a Prepared,
    pub(super) asked: &'a [Asked],
    pub(super) told: &'a Interrogation,
}

/// How far to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Whether to look for what does not show in the ordinary run, and to run again after a hang.
    pub thorough: bool,
    /// Whether to have gdb show the frames.
    pub gdb: bool,
    /// Whether to run under valgrind.
    pub valgrind: bool,
    /// Whether what was found in the same files before may be told again.
    pub recall: bool,
}

impl Effort {
    /// Whether what is found may be kept: what a debugger shows is asked for to be seen as it is now.
    pub(super) fn may_be_kept(self) -> bool {
        self.recall && self.thorough && !self.gdb && !self.valgrind
    }
}

/// What was done, and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Investigation {
    /// The bug, when one of a known class was found.
    pub diagnosis: Option<Diagnosis>,
    /// What was run, in order, in words.
    pub steps: Vec<Message>,
    /// What could not be done, and why.
    pub missing: Vec<Message>,
    /// What tools wrote, each with its name; safe to print.
    pub reports: Vec<(Message, String)>,
}

/// Looks at one variant. `suspect` is the question that went wrong, where the judge knows it.
///
/// # Errors
/// When the border fails, or something of ours does not build.
pub fn investigate(
    trial: &Trial,
    suspect: Option<usize>,
    effort: Effort,
) -> anyhow::Result<Investigation> {
    let mut work = Investigation::default();
    let suspect = trial.interrupted_at().or(trial.raised_at()).or(suspect);
    let mut evidence = trial.evidence(suspect);
    let ordinary = message!("explain-run-ordinary");
    work.steps.push(in_words(ordinary, &evidence.first));
    work.report(message!("explain-said-ordinary"), &evidence.first);
    let crashed = matches!(evidence.first.end, End::Signal(_));
    let hangs = evidence.first.end == End::TimedOut;
    let raised = evidence.first.raised.is_some();
    if crashed || (effort.thorough && !raised) {
        match sanitizers::find(trial.court.tools) {
            Err(why) => work.missing.push(why),
            Ok(tools) => {
                let builder = Builder {
                    tools: &tools,
                    lines: effort.thorough,
                };
                evidence.second = trial.second(&builder, suspect, &evidence.first, &mut work)?;
                let quiet = !crashed && !hangs;
                if quiet
                    && explain(&evidence)
                        .is_none_or(|found| found.rung == crate::diagnosis::Rung::Declarations)
                {
                    evidence.leaks = trial.leaks(&builder, &mut work)?;
                }
            }
        }
    }
    if effort.gdb || effort.valgrind {
        trial.use_debuggers(&mut evidence, suspect, effort, &mut work)?;
    }
    work.diagnosis = explain(&evidence);
    Ok(work)
}

impl Investigation {
    /// What was found before, when it is kept there.
    pub(super) fn recall(path: &Path) -> Option<Investigation> {
        let mut kept: Investigation = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        kept.steps.push(message!("explain-done-before"));
        Some(kept)
    }

    /// Keeps it, if it found something and missed nothing: a search without result is worth another.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) fn keep(&self, path: &Path) -> anyhow::Result<()> {
        if self.diagnosis.is_none() || !self.missing.is_empty() {
            return Ok(());
        }
        write_atomically(path, &serde_json::to_vec(self)?)
            .map_err(|cause| ExpectedError::cache(path, cause).into())
    }

    fn report(&mut self, name: Message, run: &Run) {
        let text = printable(run.stderr.as_bytes());
        let kept: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("[watch] beat") && sanitizer::mapped(line).is_none())
            .collect();
        let text = kept.join("\n").trim().to_owned();
        if !text.is_empty() {
            self.reports.push((name, text));
        }
    }
}

impl Trial<'_> {
    /// The diagnosis that comes with an ordinary run: a second run is made after a crash only. What reading the
    /// declarations tells of a wrong answer would be the solution; that has to be asked for.
    pub(super) fn diagnose(&self, suspect: Option<usize>) -> anyhow::Result<Option<Diagnosis>> {
        let told = investigate(self, suspect, Effort::default())?.diagnosis;
        let broken = self.interrupted_at().or(self.raised_at()).is_some()
            || matches!(self.told.loading, Loading::Failed { .. })
            || self.told.ended.ending != Ending::Exited(0);
        Ok(told.filter(|_| broken))
    }

    /// The question that ended a process; the number of questions for the end of the process.
    fn interrupted_at(&self) -> Option<usize> {
        let interruption = self.told.interruptions.first()?;
        // Nothing can be asked of a bridge that does not load.
        Some(interruption.question.unwrap_or(usize::MAX))
    }

    fn raised_at(&self) -> Option<usize> {
        let raised = |answer: &Answer| matches!(answer, Answer::Raised { .. });
        self.told.answers.iter().position(raised)
    }

    fn evidence(&self, suspect: Option<usize>) -> Evidence {
        let ended = match self.told.interruptions.first() {
            Some(interruption) => &interruption.ended,
            None => &self.told.ended,
        };
        let mut first = run_of(ended, self.told, suspect);
        if self.told.interruptions.is_empty() && ended.ending == Ending::Exited(0) {
            first.end = End::InOrder;
        }
        let asked = suspect.and_then(|index| self.asked.get(index));
        Evidence {
            variant: self.variant,
            call: asked.map(|asked| Call {
                text: transcript::call(&asked.question),
            }),
            first,
            second: None,
            leaks: None,
            tool: None,
            bridge: self.bridge_sources(),
            clib: self.clib_sources(),
            symbols: self.symbols(),
        }
    }

    fn bridge_sources(&self) -> Vec<Source> {
        let scenarios = ("scenarios.py", self.court.scenarios.as_slice());
        let own = self.files.entries().chain([scenarios]);
        own.map(|(name, bytes)| {
            let shown = self
                .prepared
                .names()
                .iter()
                .find(|(staged, _)| staged == name);
            source(name, shown.map_or(name, |(_, shown)| shown), bytes)
        })
        .collect()
    }

    fn clib_sources(&self) -> Vec<Source> {
        let folder = self.court.lesson.folder.join("clib");
        let shown = |name: &str| {
            self.court
                .tools
                .workspace
                .shown(&folder.join(name))
                .display()
                .to_string()
        };
        self.court
            .clib
            .entries()
            .map(|(name, bytes)| source(name, &shown(name), bytes))
            .collect()
    }

    /// The names that the C library exports; none when it cannot be read, which the loader has said already.
    fn symbols(&self) -> Vec<String> {
        let file = format!("lib{}.so", self.court.lesson.manifest.clib.name);
        clib::inspect::read(&self.prepared.job().work_dir.join(file))
            .map(|contents| contents.exports.iter().map(ToString::to_string).collect())
            .unwrap_or_default()
    }

    /// The questions of a second run: the suspect, or all of them where only the end of the process showed something.
    fn questions(&self, suspect: Option<usize>) -> &[Asked] {
        match suspect {
            Some(usize::MAX) => &[],
            Some(index) if index < self.asked.len() => &self.asked[index..=index],
            _ => self.asked,
        }
    }

    /// The same question again, with the C code built for the sanitizers.
    fn second(
        &self,
        builder: &Builder,
        suspect: Option<usize>,
        first: &Run,
        work: &mut Investigation,
    ) -> anyhow::Result<Option<Run>> {
        let Some(mut prepared) = self.prepare(builder, work)? else {
            return Ok(None);
        };
        let hangs = first.end == End::TimedOut;
        let aborted = hangs || first.end == End::Signal("SIGABRT".to_owned());
        sanitize(
            &mut prepared,
            builder.tools,
            self.variant,
            Focus {
                aborted,
                leaks: false,
            },
        );
        if hangs {
            let limits = &mut prepared.job_mut().limits;
            limits.wall_seconds = HANG;
            limits.cpu_seconds = None;
            let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
            let began = format!("{}.{:09}", now.tv_sec(), now.tv_nsec());
            let watch = WATCH.replace("@what@", "beats");
            prepared.add_to_scenarios(&watch.replace("@began@", &began))?;
        }
        let mut run = self.run(&prepared, self.questions(suspect))?;
        let found_nothing = run.end == End::InOrder && !run.stderr.contains("runtime error");
        if found_nothing
            && matches!(suspect, Some(index) if index > 0 && index < self.asked.len())
            && !hangs
        {
            // What an earlier question did may be what makes this one fail.
            run = self.run(&prepared, &self.asked[..=suspect.unwrap_or(0)])?;
        }
        work.steps
            .push(in_words(message!("explain-run-second"), &run));
        work.report(message!("explain-said-second"), &run);
        Ok(Some(run))
    }

    /// All questions once more, with an account of what is left at the end.
    fn leaks(&self, builder: &Builder, work: &mut Investigation) -> anyhow::Result<Option<Run>> {
        let Some(mut prepared) = self.prepare(builder, work)? else {
            return Ok(None);
        };
        sanitize(
            &mut prepared,
            builder.tools,
            self.variant,
            Focus {
                aborted: false,
                leaks: true,
            },
        );
        prepared.job_mut().access.tracing = true;
        prepared.add_to_scenarios(&WATCH.replace("@what@", "descriptors"))?;
        let run = self.run(&prepared, self.asked)?;
        match sanitizer::gave_up(&run.stderr) {
            // How the process ended is then no fact about the participant's code.
            Some(why) => work
                .missing
                .push(message!("explain-leaks-unchecked", why = why)),
            None => work
                .steps
                .push(in_words(message!("explain-run-leaks"), &run)),
        }
        work.report(message!("explain-said-leaks"), &run);
        Ok(Some(run))
    }

    fn prepare(
        &self,
        builder: &Builder,
        work: &mut Investigation,
    ) -> anyhow::Result<Option<Prepared>> {
        match work::prepare(
            self.court,
            self.variant,
            self.sources,
            self.files,
            builder.checks(),
        ) {
            Ok(Ok(prepared)) => Ok(Some(prepared)),
            Ok(Err(failure)) => {
                let why = diagnosis::of_build(failure).text;
                work.missing
                    .push(message!("explain-extension-unbuilt", why = why));
                Ok(None)
            }
            // The ordinary build succeeded, so it is the sanitizers that this compiler cannot link.
            Err(error) => {
                work.missing.push(message!(
                    "explain-library-unbuilt",
                    why = format!("{error:#}"),
                ));
                Ok(None)
            }
        }
    }

    fn run(&self, prepared: &Prepared, asked: &[Asked]) -> anyhow::Result<Run> {
        let told = prepared.interrogate(asked)?;
        let interruption = told.interruptions.first();
        let ended = interruption.map_or(&told.ended, |it| &it.ended);
        let at = interruption
            .and_then(|it| it.question)
            .or(asked.len().checked_sub(1));
        let mut run = run_of(ended, &told, at);
        if interruption.is_none() && ended.ending == Ending::Exited(0) {
            run.end = End::InOrder;
        }
        Ok(run)
    }

    /// gdb and valgrind, where they are asked for and installed. The build has debug information and no sanitizer.
    fn use_debuggers(
        &self,
        evidence: &mut Evidence,
        suspect: Option<usize>,
        effort: Effort,
        work: &mut Investigation,
    ) -> anyhow::Result<()> {
        let wanted = [(effort.gdb, "gdb"), (effort.valgrind, "valgrind")];
        for (_, name) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
            let Some(program) = probe::find_program(name.as_ref()) else {
                work.missing
                    .push(message!("explain-tool-missing", tool = name));
                continue;
            };
            let flags: Vec<String> = ["-g", "-O0", "-fno-omit-frame-pointer"]
                .map(str::to_owned)
                .into();
            let prepared = work::prepare(
                self.court,
                self.variant,
                self.sources,
                self.files,
                Checks {
                    flags: &flags,
                    lines: true,
                },
            )?;
            let Ok(mut prepared) = prepared else { continue };
            let job = prepared.job_mut();
            job.wrapper = command(name, program);
            job.python_variables = true;
            job.access.tracing = true;
            job.access.last_words = Some(LAST_WORDS);
            job.env.push(("PYTHONMALLOC".into(), "malloc".into()));
            // valgrind runs code some thirty times slower.
            job.limits.wall_seconds = if name == "gdb" {
                job.limits.wall_seconds + 10
            } else {
                120
            };
            job.limits.cpu_seconds = None;
            job.limits.memory_mib *= MEMORY_FACTOR;
            let told = prepared.interrogate(self.questions(suspect))?;
            let ended = told
                .interruptions
                .first()
                .map_or(&told.ended, |it| &it.ended);
            let mut run = run_of(ended, &told, None);
            // gdb reports on standard output, valgrind on standard error.
            run.stderr = build::output_of(ended);
            let end = match name {
                "gdb" => debugger::gdb_end(&run.stderr),
                _ => Some(in_words(message!("explain-run-valgrind"), &run)),
            };
            work.steps
                .push(end.unwrap_or_else(|| message!("explain-gdb-silent")));
            work.report(message!("explain-said-tool", tool = name), &run);
            evidence.tool = Some(run);
        }
        Ok(())
    }
}

fn command(name: &str, program: PathBuf) -> Vec<OsString> {
    let args: &[&str] = match name {
        "gdb" => &[
            "--batch",
            "-nx",
            "-iex",
            "set auto-load off",
            "-ex",
            "set disable-randomization off",
            "-ex",
            "set debuginfod enabled off",
            "-ex",
            "set pagination off",
            "-ex",
            "set confirm off",
            "-ex",
            "run",
            "-ex",
            "print $_siginfo",
            "-ex",
            "bt 40",
            "-ex",
            "kill",
            "--args",
        ],
        _ => &[
            "--error-limit=no",
            "--num-callers=20",
            "--undef-value-errors=yes",
            "--",
        ],
    };
    let args = args.iter().filter(|arg| **arg != "--").map(OsString::from);
    [program.into_os_string()].into_iter().chain(args).collect()
}

/// How what runs under the sanitizers is built.
struct Builder<'a> {
    tools: &'a Sanitizers,
    /// Whether frames of Rust have lines.
    lines: bool,
}

impl Builder<'_> {
    fn checks(&self) -> Checks<'_> {
        Checks {
            flags: &self.tools.flags,
            lines: self.lines,
        }
    }
}

/// What a run under the sanitizers looks for besides memory errors.
#[derive(Clone, Copy)]
struct Focus {
    /// C frames at an abort. Python's own frames are printed then only if faulthandler comes first.
    aborted: bool,
    /// Memory that nothing points to at the end.
    leaks: bool,
}

/// Starts Python with AddressSanitizer in front.
///
/// The sanitizer keeps SIGSEGV and its like for itself, since it alone can tell the address and the C frames; it then
/// aborts, and faulthandler answers that with the Python frames. The signal that the learner's run died of is known
/// from the first run.
fn sanitize(prepared: &mut Prepared, tools: &Sanitizers, variant: Variant, focus: Focus) {
    let job = prepared.job_mut();
    let mut options = String::from(
        "abort_on_error=1:handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:detect_stack_use_after_return=1:\
         max_malloc_fill_size=65536:malloc_fill_byte=190:max_free_fill_size=65536:free_fill_byte=223:\
         allocator_may_return_null=1:print_module_map=2:color=never",
    );
    options += if focus.aborted {
        ":handle_abort=1"
    } else {
        ":handle_abort=0"
    };
    options += if focus.leaks {
        ":detect_leaks=1:exitcode=0"
    } else {
        ":detect_leaks=0"
    };
    let malloc = if variant.bridge == Bridge::Ext {
        "malloc_debug"
    } else {
        "malloc"
    };
    let variables: [(&str, OsString); 4] = [
        ("LD_PRELOAD", tools.library.clone().into()),
        ("ASAN_OPTIONS", options.into()),
        ("UBSAN_OPTIONS", "print_stacktrace=1".into()),
        ("PYTHONMALLOC", malloc.into()),
    ];
    job.env
        .extend(variables.map(|(name, value)| (name.into(), value)));
    job.python_variables = true;
    job.access.last_words = Some(LAST_WORDS);
    job.access
        .readable
        .extend(tools.library.parent().map(PathBuf::from));
    job.limits.memory_mib = job.limits.memory_mib.saturating_mul(MEMORY_FACTOR);
}

fn source(name: &str, shown: &str, bytes: &[u8]) -> Source {
    Source {
        name: name.to_owned(),
        shown: shown.to_owned(),
        text: String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn run_of(ended: &Ended, told: &Interrogation, at: Option<usize>) -> Run {
    let end = match ended.ending {
        Ending::Exited(code) => End::Exited(code),
        Ending::Signaled(number) => End::Signal(signal_name(number)),
        Ending::Stopped(Limit::Time) => End::TimedOut,
        Ending::Stopped(_) | Ending::Dismissed => End::Otherwise,
    };
    let answer = at.and_then(|index| told.answers.get(index));
    let raised = match (&told.loading, answer) {
        (
            Loading::Failed {
                class,
                message,
                traceback,
                ..
            },
            _,
        )
        | (
            _,
            Some(Answer::Raised {
                class,
                message,
                traceback,
            }),
        ) => Some(Raised {
            class: class.clone(),
            message: message.clone(),
            traceback: traceback.clone(),
        }),
        _ => None,
    };
    let observed = match answer {
        Some(Answer::Observed(value)) => Some(value.clone()),
        _ => None,
    };
    Run {
        end,
        stderr: build::captured_text(&ended.stderr),
        raised,
        observed,
        wall: ended.wall,
        cpu: ended.cpu,
    }
}

/// How a run ended; `subject` names it.
fn in_words(subject: Message, run: &Run) -> Message {
    let seconds = format!("{:.1}", run.wall.as_secs_f64());
    match &run.end {
        End::InOrder => match &run.raised {
            Some(raised) => message!(
                "explain-run-raised",
                run = subject,
                class = raised.class.as_str(),
                seconds = seconds,
            ),
            None => message!("explain-run-in-order", run = subject, seconds = seconds),
        },
        End::Exited(code) => message!(
            "explain-run-exit",
            run = subject,
            code = code.to_string(),
            seconds = seconds,
        ),
        End::Signal(name) => message!(
            "explain-run-signal",
            run = subject,
            signal = name.as_str(),
            seconds = seconds,
        ),
        End::TimedOut => message!("explain-run-timeout", run = subject, seconds = seconds),
        End::Otherwise => message!("explain-run-limit", run = subject, seconds = seconds),
    }
}
