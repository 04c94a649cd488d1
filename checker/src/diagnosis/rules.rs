//! From evidence to a class: rules in the order of how much they prove.

use std::sync::LazyLock;

use regex::Regex;

use super::declarations::{self, Fault, Header, Mismatch};
use super::evidence::{End, Evidence, Run, Source};
use super::sanitizer::{self, Access, Memory, Reports};
use super::stack::{Frame, Line, PythonThread, python_threads};
use super::{Class, Finding, Rung, debugger, messages};
use crate::value::Value;
use crate::variant::Bridge;

/// With what the sanitizer run fills memory that was just allocated, local variables, and memory that was freed.
pub const FRESH: [u8; 3] = [0xBE, 0xFE, 0xCD];
/// What freed memory is filled with: by the sanitizer, and by Python's checking allocator.
pub const FREED: [u8; 2] = [0xDF, 0xDD];

/// Functions that read a string up to its NUL.
const READ_TO_NUL: [&str; 11] = [
    "strlen", "strdup", "strcpy", "strcat", "strchr", "printf", "puts", "atoi", "strcmp", "strtol",
    "strstr",
];

/// The evidence, read.
pub struct Facts<'a> {
    pub(super) evidence: &'a Evidence,
    /// What the sanitizers said in the second run.
    pub(super) reports: Reports,
    /// What they said in the run that counts leaks.
    leaks: Reports,
    threads: Vec<PythonThread>,
    later_threads: Vec<PythonThread>,
    header: Header,
    mismatches: Vec<Mismatch>,
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
        let header = Header::parse(&all_headers(evidence));
        let mismatches = contradictions(evidence, &header);
        Facts {
            reports: sanitizer::read(&said(&evidence.second)),
            leaks: sanitizer::read(&said(&evidence.leaks)),
            threads: python_threads(&evidence.first.stderr),
            later_threads: python_threads(&said(&evidence.second)),
            header,
            mismatches,
            evidence,
        }
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
    fn is_in_a_call(&self) -> bool {
        if self.evidence.variant.bridge == Bridge::Ext {
            return true;
        }
        let line = self.python_line();
        let text = line.as_ref().and_then(|line| self.evidence.text_at(line));
        text.is_some_and(|text| self.header.names().any(|name| text.contains(name)))
    }

    /// The line of the bridge that calls the C library, when there is just one.
    fn only_call(&self) -> Option<Line> {
        let mut calls = self.evidence.python_files().flat_map(|source| {
            let lines = source.text.lines().enumerate();
            let calling = lines.filter(|(_, line)| {
                self.header
                    .names()
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

    fn own_python_line(&self, frames: &[Line]) -> Option<Line> {
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
    fn raised_at(&self) -> Option<Line> {
        static STEP: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^(\S+?):(\d+)(?: in (.+))?$").expect("a fixed pattern"));
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

    /// The innermost frame that belongs to the C library or to a hand-written extension.
    fn own_c_line(&self, stack: &[Frame]) -> Option<Line> {
        stack.iter().find_map(|frame| self.as_own(frame))
    }

    fn as_own(&self, frame: &Frame) -> Option<Line> {
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
                .header
                .names()
                .filter(|name| text.contains(&format!("{name}(")));
            called.next().map(str::to_owned)
        });
        from_python
            .or_else(|| c.map(|line| line.function.clone()))
            .unwrap_or_default()
    }

    /// The first contradiction with one of these faults; one on the failing function goes first.
    fn mismatch(&self, faults: &[Fault]) -> Option<&Mismatch> {
        let line = self.python_line();
        let text = line
            .as_ref()
            .and_then(|line| self.evidence.text_at(line))
            .unwrap_or_default();
        let mut fitting = self
            .mismatches
            .iter()
            .filter(|it| faults.contains(&it.fault));
        let named = fitting.clone().find(|it| text.contains(&it.name));
        named.or_else(|| fitting.next())
    }

    /// A contradiction as a finding.
    fn declared(&self, class: Class, faults: &[Fault]) -> Option<Finding> {
        let it = self.mismatch(faults)?;
        Some(
            Finding::new(class, Rung::Declarations, it.words.clone())
                .in_python(Some(it.place.clone())),
        )
    }

    fn has_callback(&self) -> bool {
        ["CFUNCTYPE", "ffi.callback", "extern \"Python\""]
            .iter()
            .any(|it| self.evidence.bridge_holds(it))
    }

    fn closes_library(&self) -> bool {
        self.evidence.bridge_holds("dlclose")
    }

    /// Whether functions of Python are called through a loader that lets go of the GIL.
    fn calls_python_without_gil(&self) -> bool {
        static THROUGH: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"CDLL\(None\)|dlopen\(None\)|\.Py[A-Z]\w+_\w+\(").expect("a fixed pattern")
        });
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

fn all_headers(evidence: &Evidence) -> String {
    let headers = evidence
        .clib
        .iter()
        .filter(|source| source.name.ends_with(".h"));
    headers
        .map(|source| source.text.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

fn contradictions(evidence: &Evidence, header: &Header) -> Vec<Mismatch> {
    let of = match evidence.variant.bridge {
        Bridge::Ctypes => declarations::of_ctypes,
        Bridge::Abi | Bridge::Api => declarations::of_cdef,
        Bridge::Ext => return Vec::new(),
    };
    evidence
        .python_files()
        .flat_map(|source| of(header, &source.shown, &source.text))
        .collect()
}

/// The first rule that applies.
pub fn find(facts: &Facts) -> Option<Finding> {
    let first = &facts.evidence.first;
    if let Some(finding) = from_exceptions(facts) {
        return Some(finding);
    }
    if first.end == End::TimedOut {
        return from_hang(facts);
    }
    let said = messages::on_standard_error(&first.stderr).map(|it| placed(facts, it));
    let precise = |finding: &Finding| {
        // What the C library notices is the damage; the sanitizer saw the act.
        !matches!(
            finding.class,
            Class::DoubleFree | Class::BadFree | Class::BufferOverflow | Class::StackSmash
        )
    };
    if let Some(finding) = said.clone().filter(precise) {
        return Some(finding);
    }
    from_memory_report(facts)
        .or_else(|| from_second_messages(facts))
        .or_else(|| from_undefined(facts))
        .or(said)
        .or_else(|| from_debugger(facts))
        .or_else(|| from_signal(facts))
        .or_else(|| from_fill(facts))
        .or_else(|| from_leaks(facts))
        .or_else(|| from_declarations(facts))
}

/// A finding of a message with the names that a reader knows, and with the C line of the second run.
fn placed(facts: &Facts, mut finding: Finding) -> Finding {
    finding.c = match finding.c {
        Some(line) => {
            let source = facts
                .evidence
                .c_files()
                .find(|source| source.is_at(&line.file));
            Some(Line {
                file: source.map_or(line.file.clone(), |it| it.shown.clone()),
                ..line
            })
        }
        None => facts
            .reports
            .memory
            .as_ref()
            .and_then(|memory| facts.own_c_line(&memory.stack)),
    };
    finding
}

fn from_exceptions(facts: &Facts) -> Option<Finding> {
    let raised = facts.evidence.first.raised.as_ref()?;
    let calls_back = facts.has_callback() || facts.evidence.bridge_holds("PyObject_Call");
    if raised.class == "RecursionError" && !calls_back {
        return None;
    }
    let found = messages::in_exception(raised, &facts.evidence.symbols)?;
    if found.class == Class::StructLayout
        && let Some(it) = facts.mismatch(&[Fault::Fields])
    {
        return Some(
            found
                .and(raised.message.clone())
                .and(it.words.clone())
                .in_python(Some(it.place.clone())),
        );
    }
    if found.class == Class::RustPanic {
        // Rust wrote the place of the panic before PyO3 made an exception of it.
        let at = messages::panicked_at(&facts.evidence.first.stderr);
        return Some(placed(facts, found.in_c(at)));
    }
    Some(if found.evidence[0].contains(raised.message.as_str()) {
        found
    } else {
        found.and(format!("{}: {}", raised.class, raised.message))
    })
}

/// The silence that shows that no thread of Python could run, seconds. A beat comes every 0.1 s where one can; a busy
/// machine may keep it waiting for some of them.
const SILENCE: f64 = 1.5;

/// Whether a thread of Python could still run while the process hung; read from the beats of the second run, whose
/// times count from its start. None when it was stopped too soon to tell.
fn gil_was_free(run: &Run) -> Option<bool> {
    let beats = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("[watch] beat "));
    let last: f64 = beats.filter_map(|it| it.parse().ok()).next_back()?;
    let wall = run.wall.as_secs_f64();
    (wall > SILENCE).then_some(wall - last < SILENCE)
}

/// CPU time that starting Python takes, seconds.
const STARTING: f64 = 0.2;

fn from_hang(facts: &Facts) -> Option<Finding> {
    let first = &facts.evidence.first;
    let second = facts
        .evidence
        .second
        .as_ref()
        .filter(|run| run.end == End::TimedOut);
    let free = second.and_then(gil_was_free);
    let stack = facts
        .reports
        .memory
        .as_ref()
        .map(|memory| memory.stack.as_slice())
        .unwrap_or_default();
    let place = facts.own_c_line(stack);
    if place.is_none() && !facts.is_in_a_call() {
        return None;
    }
    let innermost = stack
        .iter()
        .take_while(|frame| facts.as_own(frame).is_none());
    let waits = !stack.is_empty() && innermost.clone().any(Frame::is_waiting);
    // Starting Python takes CPU time too, and on a busy machine a loop gets little of it.
    let computed = first.cpu.as_secs_f64() - STARTING > 0.05 * first.wall.as_secs_f64();
    let busy = if place.is_some() { !waits } else { computed };
    let rhythm = format!(
        "it {}: {:.1} s of CPU time in {:.1} s",
        if busy { "computed" } else { "waited" },
        first.cpu.as_secs_f64(),
        first.wall.as_secs_f64()
    );
    let class = match (busy, free) {
        (true, Some(false)) => Class::GilHeld,
        (true, _) => Class::EndlessLoop,
        (false, Some(false)) => Class::GilDeadlock,
        (false, _) => Class::Deadlock,
    };
    let rung = if second.is_some() {
        Rung::Sanitizer
    } else {
        Rung::Run
    };
    let mut finding = Finding::new(class, rung, rhythm).in_c(place);
    if let Some(frame) = innermost.clone().find(|frame| frame.is_waiting()) {
        finding = finding.and(format!(
            "its innermost C frames wait in `{}`",
            frame.function
        ));
    }
    match free {
        Some(true) => {
            finding = finding.and("the GIL was free: in a second run another Python thread went on")
        }
        Some(false) => {
            finding =
                finding.and("the GIL was held: in a second run no other Python thread could go on")
        }
        None => {}
    }
    Some(finding)
}

fn from_memory_report(facts: &Facts) -> Option<Finding> {
    let memory = facts.reports.memory.as_ref()?;
    let place = facts.own_c_line(&memory.stack);
    let found = match memory.kind.as_str() {
        "heap-use-after-free" => used_after_free(memory),
        "attempting double-free" => freed_twice(facts, memory),
        "attempting free" => freed_wrongly(memory),
        "alloc-dealloc-mismatch" => Finding::new(
            Class::AllocatorMismatch,
            Rung::Sanitizer,
            "the block was made by one allocator and freed by another",
        ),
        "heap-buffer-overflow"
        | "global-buffer-overflow"
        | "stack-buffer-overflow"
        | "dynamic-stack-buffer-overflow"
        | "stack-buffer-underflow" => overflow(facts, memory, place.as_ref()),
        "stack-use-after-return" | "stack-use-after-scope" => Finding::new(
            Class::DanglingLocal,
            Rung::Sanitizer,
            "the address is that of a local variable whose function has returned",
        ),
        "stack-overflow" => stack_full(facts, memory),
        "FPE" => Finding::new(
            Class::DivisionByZero,
            Rung::Sanitizer,
            "the processor refused an integer division",
        ),
        "ABRT" => {
            let calls = memory
                .stack
                .iter()
                .any(|frame| frame.function.contains("abort"));
            // The message that came before says why.
            let told = messages::on_standard_error(&facts.evidence.first.stderr);
            if !calls || told.is_some() {
                return None;
            }
            Finding::new(Class::Aborted, Rung::Sanitizer, "the C code called abort()")
        }
        "SEGV" | "BUS" | "ILL" => return Some(bad_address(facts, memory, place)),
        kind if kind.ends_with("param-overlap") || kind.starts_with("negative-size") => {
            Finding::new(
                Class::BufferOverflow,
                Rung::Sanitizer,
                format!("AddressSanitizer reports {kind}"),
            )
        }
        _ => return None,
    };
    // The innermost frame of a recursion is somewhere; the next one stands at the call.
    let calls: Vec<Line> = memory
        .stack
        .iter()
        .filter_map(|it| facts.as_own(it))
        .take(2)
        .collect();
    let place = match memory.kind.as_str() {
        "stack-overflow" => calls.last().cloned(),
        _ => place,
    };
    Some(
        found.in_c(
            place
                .or_else(|| facts.own_c_line(&memory.freed))
                .or_else(|| facts.own_c_line(&memory.allocated)),
        ),
    )
}

/// Whether the block was handled by Python's own code, judged by the frames next to the allocator.
fn by_python(stack: &[Frame]) -> bool {
    let named = stack.iter().filter(|frame| !frame.function.is_empty());
    let mut after = named
        .filter(|frame| !frame.function.contains("interceptor") && !is_allocator(&frame.function));
    after.next().is_some_and(Frame::is_python)
}

fn is_allocator(function: &str) -> bool {
    ["malloc", "calloc", "realloc", "free"].contains(&function)
}

fn used_after_free(memory: &Memory) -> Finding {
    let touched = touched(memory);
    let class = if by_python(&memory.freed) {
        Class::DanglingBuffer
    } else {
        Class::UseAfterFree
    };
    let by = if class == Class::DanglingBuffer {
        "Python freed it, with the object that owned it"
    } else {
        "it had been freed"
    };
    Finding::new(class, Rung::Sanitizer, format!("{touched}, and {by}"))
        .and(history("freed", &memory.freed))
}

/// Frames of an allocation or a release, in a sentence.
fn history(verb: &str, stack: &[Frame]) -> String {
    let named = stack
        .iter()
        .filter(|frame| !frame.function.is_empty() && !frame.function.contains("interceptor"));
    let names: Vec<&str> = named
        .map(|frame| frame.function.as_str())
        .filter(|name| !is_allocator(name))
        .take(2)
        .collect();
    if names.is_empty() {
        return format!("it was {verb} by a function without a name");
    }
    format!("it was {verb} in {}", names.join(", called by "))
}

fn touched(memory: &Memory) -> String {
    let verb = match memory.access {
        Some(Access::Write) => "wrote",
        _ => "read",
    };
    let region = if memory.region.is_empty() {
        String::new()
    } else {
        format!(", {}", memory.region)
    };
    match memory.bytes {
        0 => format!("the code {verb} the memory{region}"),
        1 => format!("the code {verb} 1 byte{region}"),
        bytes => format!("the code {verb} {bytes} bytes{region}"),
    }
}

fn freed_twice(facts: &Facts, memory: &Memory) -> Finding {
    let class = if facts.evidence.variant.bridge == Bridge::Ext
        && by_python(&memory.stack)
        && by_python(&memory.freed)
    {
        Class::ReferenceCount
    } else {
        Class::DoubleFree
    };
    Finding::new(
        class,
        Rung::Sanitizer,
        "a block was freed that had been freed before",
    )
    .and(history("freed first", &memory.freed))
}

fn freed_wrongly(memory: &Memory) -> Finding {
    if by_python(&memory.allocated) {
        return Finding::new(
            Class::AllocatorMismatch,
            Rung::Sanitizer,
            "free() was given memory that Python's allocator made",
        )
        .and(history("allocated", &memory.allocated));
    }
    let words = match memory.region.as_str() {
        "" => "free() was given an address that no allocator gave".to_owned(),
        region => format!("free() was given an address {region}"),
    };
    Finding::new(Class::BadFree, Rung::Sanitizer, words)
}

fn overflow(facts: &Facts, memory: &Memory, place: Option<&Line>) -> Finding {
    let line = place
        .and_then(|place| facts.evidence.text_at(place))
        .unwrap_or_default();
    if line.contains("->")
        && by_python(&memory.allocated)
        && let Some(it) = facts.mismatch(&[Fault::Fields])
    {
        return Finding::new(Class::StructLayout, Rung::Sanitizer, touched(memory))
            .and(it.words.clone())
            .in_python(Some(it.place.clone()));
    }
    let on_stack = memory.kind.contains("stack");
    let innermost = memory
        .stack
        .first()
        .map(|frame| frame.function.as_str())
        .unwrap_or_default();
    if memory.access == Some(Access::Read) {
        let to_nul = READ_TO_NUL.iter().any(|name| innermost.contains(name));
        return if to_nul {
            Finding::new(Class::UnterminatedString, Rung::Sanitizer, touched(memory)).and(format!(
                "{} reads until it finds a NUL",
                innermost.trim_start_matches("__interceptor_")
            ))
        } else {
            Finding::new(Class::OutOfBoundsRead, Rung::Sanitizer, touched(memory))
        };
    }
    if on_stack {
        return Finding::new(
            Class::StackSmash,
            Rung::Sanitizer,
            format!("{}; it is a local array", touched(memory)),
        );
    }
    Finding::new(Class::BufferOverflow, Rung::Sanitizer, touched(memory))
        .and(history("allocated", &memory.allocated))
}

/// Frames of Python that no program of a lesson has without recursion.
const MANY_FRAMES: usize = 50;

fn stack_full(facts: &Facts, memory: &Memory) -> Finding {
    let crosses = memory
        .stack
        .iter()
        .any(|frame| frame.is_callback_entry() || frame.function.contains("_PyEval"))
        || facts
            .threads
            .iter()
            .any(|thread| thread.current && thread.frames.len() > MANY_FRAMES);
    let repeated = memory
        .stack
        .first()
        .map(|frame| frame.function.clone())
        .unwrap_or_default();
    if crosses {
        return Finding::new(
            Class::BorderRecursion,
            Rung::Sanitizer,
            "the C stack is full, and its frames alternate between C and Python",
        );
    }
    Finding::new(
        Class::StackExhausted,
        Rung::Sanitizer,
        format!("the C stack is full, and its innermost frames are all of `{repeated}`"),
    )
}

/// Whether the byte stands in an address again and again.
fn is_filled_with(address: u64, bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| {
        address
            .to_be_bytes()
            .iter()
            .filter(|it| *it == byte)
            .count()
            >= 5
    })
}

/// Whether an address looks like one that went through 32 bits.
fn is_cut(address: u64) -> bool {
    let high = address >> 31;
    address >= 1 && (high == 0 || high == u64::from(u32::MAX) << 1 | 1)
}

fn bad_address(facts: &Facts, memory: &Memory, place: Option<Line>) -> Finding {
    let finding = classify_address(facts, memory, place.as_ref());
    finding.in_c(place)
}

fn classify_address(facts: &Facts, memory: &Memory, place: Option<&Line>) -> Finding {
    let found = |class, words: String| Finding::new(class, Rung::Sanitizer, words);
    let address = memory.address;
    let outermost_own = memory
        .stack
        .iter()
        .position(|frame| facts.as_own(frame).is_some());
    let above = &memory.stack[..outermost_own.unwrap_or(0)];
    if memory.wild_jump {
        let to = format!(
            "the processor was sent to address {:#x}, where no code is",
            address.unwrap_or(0)
        );
        return match (facts.closes_library(), facts.has_callback()) {
            (true, _) => found(Class::UnloadedLibrary, to).and("the bridge closes the library"),
            (false, true) => found(Class::CollectedCallback, to).and("the bridge makes callbacks"),
            (false, false) => found(Class::BadPointer, to),
        };
    }
    let nowhere = memory
        .stack
        .first()
        .is_some_and(|frame| frame.module.contains("<unknown"));
    if facts.has_callback() && (nowhere || above.iter().any(Frame::is_callback_entry)) {
        return found(
            Class::CollectedCallback,
            "it crashed in the entry code of a callback, before any Python ran".to_owned(),
        );
    }
    let in_python = memory
        .stack
        .iter()
        .find(|frame| !frame.function.is_empty())
        .is_some_and(|frame| frame.function.starts_with("Py") || frame.function.starts_with("_Py"));
    if in_python && (memory.other_thread || facts.calls_python_without_gil()) {
        let name = memory.stack[0].function.clone();
        let why = if memory.other_thread {
            "the thread is one that C started"
        } else {
            "the bridge calls it through a loader that lets go of the GIL first"
        };
        return found(
            Class::GilNotHeld,
            format!("it crashed in `{name}`, a function of Python"),
        )
        .and(why);
    }
    if address.is_some_and(|it| it > 0 && is_cut(it))
        && let Some(it) = facts.mismatch(&[Fault::PointerAsInt])
    {
        return found(
            Class::CutPointer,
            format!(
                "address {:#x} fits into 32 bits; addresses here are longer",
                address.unwrap_or(0)
            ),
        )
        .and(it.words.clone())
        .in_python(Some(it.place.clone()));
    }
    if let Some(address) = address.filter(|it| is_filled_with(*it, &FREED)) {
        return freed_fill(facts, address);
    }
    if facts.evidence.variant.bridge == Bridge::Ext && place.is_none() {
        return found(
            Class::ReferenceCount,
            "it crashed in Python's own code, after the extension had returned".to_owned(),
        )
        .and(history("the crash came", &memory.stack));
    }
    if address.is_some_and(|it| it < 4096) {
        return found(
            Class::NullPointer,
            format!(
                "address {:#x} is NULL, or a member of a struct at NULL",
                address.unwrap_or(0)
            ),
        );
    }
    if let Some(it) = facts.mismatch(&[Fault::Kind, Fault::PointerAsInt]) {
        return found(Class::WrongTypes, it.words.clone()).in_python(Some(it.place.clone()));
    }
    if address.is_some_and(|it| is_filled_with(it, &FRESH)) {
        return found(Class::Uninitialised, "the address is made of the byte with which the second run fills memory that nobody wrote".to_owned());
    }
    if let Some(it) = facts.mismatch(&[Fault::Fields]) {
        return found(Class::StructLayout, it.words.clone()).in_python(Some(it.place.clone()));
    }
    let in_a_file = |address: u64| {
        let mut files = facts.reports.files.iter();
        files.any(|(start, end)| (*start..*end).contains(&address))
    };
    if memory.access == Some(Access::Write) && address.is_some_and(in_a_file) {
        return found(
            Class::ReadOnlyWrite,
            "the memory is there, and may be read, not written".to_owned(),
        );
    }
    found(
        Class::BadPointer,
        "nothing of the process is at that address".to_owned(),
    )
}

fn freed_fill(facts: &Facts, address: u64) -> Finding {
    let class = if facts.evidence.variant.bridge == Bridge::Ext {
        Class::ReferenceCount
    } else {
        Class::UseAfterFree
    };
    Finding::new(
        class,
        Rung::Sanitizer,
        format!("address {address:#x} is made of the byte with which freed memory is filled"),
    )
}

/// Messages that came only in the second run, whose allocators check more.
fn from_second_messages(facts: &Facts) -> Option<Finding> {
    let second = facts.evidence.second.as_ref()?;
    let mut finding = messages::on_standard_error(&second.stderr)
        .or_else(|| messages::in_exception(second.raised.as_ref()?, &facts.evidence.symbols))?;
    finding.rung = Rung::Sanitizer;
    Some(placed(facts, finding))
}

fn from_undefined(facts: &Facts) -> Option<Finding> {
    const KINDS: [(&str, Class); 9] = [
        ("null pointer", Class::NullPointer),
        ("division by zero", Class::DivisionByZero),
        ("misaligned address", Class::Misaligned),
        ("signed integer overflow", Class::SignedOverflow),
        ("shift exponent", Class::SignedOverflow),
        ("left shift of", Class::SignedOverflow),
        ("cannot be represented", Class::SignedOverflow),
        ("out of bounds", Class::OutOfBoundsRead),
        ("insufficient space", Class::OutOfBoundsRead),
    ];
    let all = facts.reports.undefined.iter().chain(&facts.leaks.undefined);
    all.filter_map(|report| {
        let (_, class) = KINDS.iter().find(|(part, _)| report.what.contains(part))?;
        let place = facts.own_c_line(&report.stack)?;
        let words = format!("UndefinedBehaviorSanitizer reports: {}", report.what);
        Some(Finding::new(*class, Rung::Sanitizer, words).in_c(Some(place)))
    })
    .next()
}

fn from_debugger(facts: &Facts) -> Option<Finding> {
    let text = &facts.evidence.tool.as_ref()?.stderr;
    if let Some(memory) = debugger::valgrind(text)
        .into_iter()
        .find(|it| facts.own_c_line(&it.stack).is_some())
    {
        let place = facts.own_c_line(&memory.stack);
        let found = match (memory.kind.as_str(), memory.access) {
            ("uninitialised", _) => Finding::new(
                Class::Uninitialised,
                Rung::Debugger,
                "valgrind saw a decision that depends on memory nobody wrote",
            ),
            ("heap-use-after-free", _) => used_after_free(&memory),
            ("attempting double-free", _) => freed_twice(facts, &memory),
            (_, Some(Access::Write)) => Finding::new(
                Class::BufferOverflow,
                Rung::Debugger,
                "valgrind saw a write outside of every block",
            ),
            _ => Finding::new(
                Class::OutOfBoundsRead,
                Rung::Debugger,
                "valgrind saw a read outside of every block",
            ),
        };
        return Some(
            Finding {
                rung: Rung::Debugger,
                ..found
            }
            .in_c(place),
        );
    }
    let stack = debugger::gdb_stack(text);
    let place = facts.own_c_line(&stack)?;
    let memory = Memory {
        kind: "SEGV".to_owned(),
        address: debugger::gdb_address(text),
        stack,
        ..Memory::default()
    };
    if facts.evidence.first.end != End::Signal("SIGSEGV".to_owned()) {
        return None;
    }
    let mut found = classify_address(facts, &memory, Some(&place));
    found.rung = Rung::Debugger;
    Some(found.in_c(Some(place)))
}

/// Without a sanitizer: what the signal and the declarations suggest.
fn from_signal(facts: &Facts) -> Option<Finding> {
    let End::Signal(name) = &facts.evidence.first.end else {
        return None;
    };
    match name.as_str() {
        "SIGFPE" => {
            return Some(Finding::new(
                Class::DivisionByZero,
                Rung::Run,
                "only an integer division raises SIGFPE",
            ));
        }
        "SIGABRT" => {
            let found = Finding::new(
                Class::Aborted,
                Rung::Run,
                "the process sent SIGABRT to itself",
            );
            let stack = facts
                .reports
                .memory
                .as_ref()
                .map(|memory| memory.stack.as_slice())
                .unwrap_or_default();
            return Some(found.in_c(facts.own_c_line(stack)));
        }
        _ => {}
    }
    facts
        .declared(Class::CutPointer, &[Fault::PointerAsInt])
        .or_else(|| facts.declared(Class::WrongTypes, &[Fault::Kind]))
        .or_else(|| facts.declared(Class::StructLayout, &[Fault::Fields]))
        .or_else(|| {
            if matches!(name.as_str(), "SIGSEGV" | "SIGBUS" | "SIGILL") {
                return Some(Finding::new(
                    Class::BadPointer,
                    Rung::Run,
                    format!("{name}, and no tool tells more"),
                ));
            }
            None
        })
}

/// Memory that was never written, or was freed, shows as the byte that the second run fills it with.
fn from_fill(facts: &Facts) -> Option<Finding> {
    let second = facts.evidence.second.as_ref()?;
    let (before, after) = (
        facts.evidence.first.observed.as_ref(),
        second.observed.as_ref()?,
    );
    if before == Some(after) {
        return None;
    }
    let holds = |bytes: &[u8]| bytes.iter().any(|byte| filled(after, *byte));
    let words = |what: &str| {
        format!(
            "with {what} memory filled, the answer is {after}, made of the byte it was filled with"
        )
    };
    if holds(&FREED) {
        let class = if facts.evidence.bridge_holds("free(") {
            Class::UseAfterFree
        } else {
            Class::DanglingBuffer
        };
        return Some(Finding::new(class, Rung::Sanitizer, words("freed")));
    }
    holds(&FRESH).then(|| Finding::new(Class::Uninitialised, Rung::Sanitizer, words("fresh")))
}

/// Whether a value holds a number or text that is made of one byte.
fn filled(value: &Value, byte: u8) -> bool {
    match value {
        Value::Int(digits) => {
            let Ok(number) = digits.parse::<i128>() else {
                return false;
            };
            [4, 8].iter().any(|length| {
                let pattern = (0..*length).fold(0_i128, |sum, _| (sum << 8) | i128::from(byte));
                let negative = pattern - (1_i128 << (8 * length));
                number == pattern || number == negative
            })
        }
        Value::Bytes(bytes) => {
            bytes.len() >= 2 && bytes.iter().filter(|it| **it == byte).count() * 2 > bytes.len()
        }
        Value::Str(text) => {
            let as_char = |c: char| u32::from(c) == u32::from(byte) || c == '\u{fffd}';
            let length = text.chars().count();
            length >= 2 && text.chars().filter(|c| as_char(*c)).count() * 2 > length
        }
        Value::List(items) | Value::Tuple(items) => items.iter().any(|item| filled(item, byte)),
        _ => false,
    }
}

fn from_leaks(facts: &Facts) -> Option<Finding> {
    let leak = facts
        .leaks
        .leaks
        .iter()
        .find_map(|leak| Some((leak, facts.own_c_line(&leak.stack)?)));
    if let Some((leak, place)) = leak {
        let words = format!(
            "{} bytes in {} blocks were left, and nothing points to them",
            leak.bytes, leak.blocks
        );
        return Some(Finding::new(Class::MemoryLeak, Rung::Sanitizer, words).in_c(Some(place)));
    }
    let run = facts.evidence.leaks.as_ref()?;
    let open: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("[watch] open "))
        .collect();
    if open.is_empty() {
        return None;
    }
    let words = format!(
        "{} descriptors are open at the end that were not at the start: {}",
        open.len(),
        open.join(", ")
    );
    let finding = Finding::new(Class::DescriptorLeak, Rung::Sanitizer, words);
    let mut openers = opening_lines(facts);
    Some(match openers.len() {
        0 => finding,
        1 => finding.in_c(openers.pop()),
        // Which of them it was, the run does not tell.
        _ => {
            let places = openers.iter().map(|it| format!("{}:{}", it.file, it.line));
            let places: Vec<String> = places.collect();
            finding.and(format!("descriptors come from {}", places.join(", ")))
        }
    })
}

/// The lines of the C library that open something.
fn opening_lines(facts: &Facts) -> Vec<Line> {
    static OPENER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:open|openat|creat|fopen|opendir|socket|accept|pipe2?|dup2?|mkstemp)\(")
            .expect("a fixed pattern")
    });
    let lines_of = |source: &Source| {
        let lines = source.text.lines().enumerate();
        let opening = lines.filter(|(_, line)| {
            !line.trim_start().starts_with(['*', '/']) && OPENER.is_match(line)
        });
        opening
            .map(|(at, _)| Line {
                file: source.shown.clone(),
                line: u32::try_from(at + 1).unwrap_or(u32::MAX),
                function: String::new(),
            })
            .collect::<Vec<_>>()
    };
    facts.evidence.c_files().flat_map(lines_of).collect()
}

/// What is wrong without any sign at run time but a wrong value.
fn from_declarations(facts: &Facts) -> Option<Finding> {
    // A lesson may declare something wrongly to show it; only an answer that went wrong makes that a bug.
    facts.evidence.call.as_ref()?;
    facts
        .declared(Class::CutPointer, &[Fault::PointerAsInt])
        .or_else(|| facts.declared(Class::WrongTypes, &[Fault::Kind]))
        .or_else(|| facts.declared(Class::StructLayout, &[Fault::Fields]))
        .or_else(|| facts.declared(Class::IntegerWidth, &[Fault::Width]))
        .or_else(|| facts.declared(Class::WrittenBytes, &[Fault::Constant]))
        .or_else(|| lost_errno(facts))
}

/// `get_errno` reads a copy that exists only for libraries opened with `use_errno`.
fn lost_errno(facts: &Facts) -> Option<Finding> {
    let source = facts.evidence.python_files().find(|source| {
        source.text.contains("get_errno(") && !source.text.contains("use_errno=True")
    })?;
    let at = source
        .text
        .lines()
        .position(|line| line.contains("DLL("))
        .unwrap_or(0);
    let place = Line {
        file: source.shown.clone(),
        line: u32::try_from(at + 1).unwrap_or(0),
        function: String::new(),
    };
    let words =
        "the bridge reads errno with get_errno, and opens the library without use_errno=True";
    Some(Finding::new(Class::ErrnoLost, Rung::Declarations, words).in_python(Some(place)))
}
