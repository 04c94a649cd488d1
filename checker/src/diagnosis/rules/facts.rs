//! The evidence, read: what every rule asks of it.

use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use super::super::declarations::{self, Mismatch};
use super::super::evidence::{Evidence, Run};
use super::super::sanitizer::{self, Reports};
use super::super::stack::{Frame, Line, PythonThread, python_threads};
use super::super::{Class, Finding, Rung};
use crate::inspect::compare::Sort;
use crate::inspect::types::Side;
use crate::pattern::pattern;
use crate::variant::Bridge;

/// The evidence, read.
pub struct Facts<'a> {
    pub(in super::super) evidence: &'a Evidence,
    /// What the sanitizers said in the second run.
    pub(in super::super) reports: Reports,
    /// What they said in the run that counts leaks.
    pub(super) leaks: Reports,
    pub(super) threads: Vec<PythonThread>,
    pub(super) later_threads: Vec<PythonThread>,
    /// Read when a rule asks: most failures are told by what came before.
    header: OnceCell<Side>,
    mismatches: OnceCell<Vec<Mismatch>>,
}

impl<'a> Facts<'a> {
    /// Reads the evidence.
    pub fn of(evidence: &'a Evidence) -> Facts<'a> {
        let said = |run: &Option<Run>| {
            run.as_ref()
                .map(|run| run.stderr.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Facts {
            reports: sanitizer::read(&said(&evidence.second)),
            leaks: sanitizer::read(&said(&evidence.leaks)),
            threads: python_threads(&evidence.first.stderr),
            later_threads: python_threads(&said(&evidence.second)),
            header: OnceCell::new(),
            mismatches: OnceCell::new(),
            evidence,
        }
    }

    fn header(&self) -> &Side {
        self.header
            .get_or_init(|| declarations::header(self.evidence))
    }

    fn mismatches(&self) -> &[Mismatch] {
        self.mismatches
            .get_or_init(|| declarations::contradictions(self.evidence, self.header()))
    }

    /// The line of Python at fault: the innermost of the bridge's own, else the innermost of the scenarios.
    pub fn python_line(&self) -> Option<Line> {
        let from_threads = |threads: &[PythonThread]| {
            let current = threads
                .iter()
                .find(|thread| thread.current)
                .or(threads.first())?;
            self.own_python_line(&current.frames)
        };
        from_threads(&self.threads)
            .or_else(|| self.raised_at())
            .or_else(|| from_threads(&self.later_threads))
            .or_else(|| self.only_call())
    }

    /// Whether the Python line may be inside of a call of C: it names a function of the header, or calls an extension.
    pub(super) fn is_in_a_call(&self) -> bool {
        if self.evidence.variant.bridge == Bridge::Ext {
            return true;
        }
        let line = self.python_line();
        let text = line.as_ref().and_then(|line| self.evidence.text_at(line));
        text.is_some_and(|text| {
            self.header()
                .function_names()
                .any(|name| text.contains(name))
        })
    }

    /// The line of the bridge that calls the C library, when there is just one.
    pub(super) fn only_call(&self) -> Option<Line> {
        let mut calls = self.evidence.python_files().flat_map(|source| {
            let lines = source.text.lines().enumerate();
            let calling = lines.filter(|(_, line)| {
                self.header()
                    .function_names()
                    .any(|name| line.contains(&format!(".{name}(")))
            });
            calling.map(|(at, _)| Line {
                file: source.shown.clone(),
                line: u32::try_from(at + 1).unwrap_or(u32::MAX),
                function: String::new(),
            })
        });
        calls.next().filter(|_| calls.next().is_none())
    }

    pub(super) fn own_python_line(&self, frames: &[Line]) -> Option<Line> {
        let known = |frame: &Line| {
            let source = self
                .evidence
                .python_files()
                .find(|source| source.is_at(&frame.file))?;
            Some(Line {
                file: source.shown.clone(),
                ..frame.clone()
            })
        };
        frames.iter().find_map(known)
    }

    /// The innermost own line of the exception's traceback.
    pub(super) fn raised_at(&self) -> Option<Line> {
        static STEP: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\S+?):(\d+)(?: in (.+))?$"));
        let raised = self.evidence.first.raised.as_ref()?;
        let frames: Vec<Line> = raised
            .traceback
            .lines()
            .rev()
            .filter_map(|line| {
                let found = STEP.captures(line)?;
                Some(Line {
                    file: found[1].to_owned(),
                    line: found[2].parse().ok()?,
                    function: found
                        .get(3)
                        .map(|it| it.as_str().to_owned())
                        .unwrap_or_default(),
                })
            })
            .collect();
        self.own_python_line(&frames)
    }

    /// The frames of the sanitizer's report, innermost first; none where it has no report.
    pub(super) fn reported_stack(&self) -> &[Frame] {
        let memory = self.reports.memory.as_ref();
        memory.map_or(&[], |memory| &memory.stack)
    }

    /// The innermost frame that belongs to the C library or to a hand-written extension.
    pub(super) fn own_c_line(&self, stack: &[Frame]) -> Option<Line> {
        stack.iter().find_map(|frame| self.as_own(frame))
    }

    /// The innermost line of a hand-written extension in the sanitizer's report.
    pub fn extension_line(&self) -> Option<Line> {
        let own = |line: &Line| {
            let mut bridge = self.evidence.bridge.iter();
            bridge.any(|source| source.shown == line.file)
        };
        let mut lines = self.reported_stack().iter();
        lines.find_map(|frame| self.as_own(frame).filter(own))
    }

    /// The frames down to the outermost function of the C library, when the fault came in one of them: its calls into
    /// Python left out. Without debug information they have no lines.
    pub(super) fn library_frames<'f>(&self, stack: &'f [Frame]) -> &'f [Frame] {
        let python = stack.iter().position(Frame::is_python);
        let inner = &stack[..python.unwrap_or(stack.len())];
        let of_library = |frame: &Frame| self.evidence.symbols.contains(&frame.function);
        let outermost = inner.iter().rposition(of_library);
        &inner[..outermost.map_or(0, |index| index + 1)]
    }

    pub(super) fn as_own(&self, frame: &Frame) -> Option<Line> {
        let path = frame.file.as_deref()?;
        let source = self.evidence.c_files().find(|source| source.is_at(path))?;
        Some(Line {
            file: source.shown.clone(),
            line: frame.line,
            function: frame.function.clone(),
        })
    }

    /// The C function that the Python line calls, or the one that the C line is in.
    pub fn called_function(&self, python: Option<&Line>, c: Option<&Line>) -> String {
        let from_python = python.and_then(|line| {
            let text = self.evidence.text_at(line)?;
            let mut called = self
                .header()
                .function_names()
                .filter(|name| text.contains(&format!("{name}(")));
            called.next().map(str::to_owned)
        });
        from_python
            .or_else(|| c.map(|line| line.function.clone()))
            .unwrap_or_default()
    }

    /// The first contradiction with one of these sorts; one on the failing function goes first.
    pub(super) fn mismatch(&self, sorts: &[Sort]) -> Option<&Mismatch> {
        let line = self.python_line();
        let text = line
            .as_ref()
            .and_then(|line| self.evidence.text_at(line))
            .unwrap_or_default();
        let mut fitting = self
            .mismatches()
            .iter()
            .filter(|it| sorts.contains(&it.sort));
        let named = fitting.clone().find(|it| text.contains(&it.name));
        named.or_else(|| fitting.next())
    }

    /// A contradiction as a finding.
    pub(super) fn declared(&self, class: Class, sorts: &[Sort]) -> Option<Finding> {
        let it = self.mismatch(sorts)?;
        Some(
            Finding::new(class, Rung::Declarations, it.words.clone())
                .in_python(Some(it.place.clone())),
        )
    }

    pub(super) fn has_callback(&self) -> bool {
        ["CFUNCTYPE", "ffi.callback", "extern \"Python\""]
            .iter()
            .any(|it| self.evidence.bridge_holds(it))
    }

    pub(super) fn closes_library(&self) -> bool {
        self.evidence.bridge_holds("dlclose")
    }

    /// Whether functions of Python are called through a loader that lets go of the GIL.
    pub(super) fn calls_python_without_gil(&self) -> bool {
        static THROUGH: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"CDLL\(None\)|dlopen\(None\)|\.Py[A-Z]\w+_\w+\("));
        if !matches!(self.evidence.variant.bridge, Bridge::Ctypes | Bridge::Abi) {
            return false;
        }
        self.evidence.python_files().any(|source| {
            THROUGH.is_match(&source.text)
                && !source.text.contains("pythonapi")
                && !source.text.contains("PyDLL")
        })
    }
}
