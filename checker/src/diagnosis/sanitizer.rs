//! What AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer reported, as data.

use std::sync::LazyLock;

use regex::Regex;

use super::stack::{Frame, sanitizer_frame};
use crate::message;
use crate::message::Message;
use crate::pattern::pattern;

/// How memory was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It was read.
    Read,
    /// It was written.
    Write,
}

/// A report of AddressSanitizer; it ends the process, so there is at most one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What it calls the fault, for example `heap-use-after-free`, `SEGV` or `attempting double-free`.
    pub kind: String,
    /// The address at fault; `None` when the processor does not tell it.
    pub address: Option<u64>,
    /// What the base register held: in optimised code a value like any other.
    pub base: Option<u64>,
    /// Whether the processor could not run what stood at the address.
    pub wild_jump: bool,
    /// How the memory was touched.
    pub access: Option<Access>,
    /// How many bytes were touched.
    pub bytes: u64,
    /// How the address lies to a block, for example `4 bytes after a 16-byte region`.
    pub region: Option<Message>,
    /// The frames at the fault, innermost first.
    pub stack: Vec<Frame>,
    /// The frames that freed the block.
    pub freed: Vec<Frame>,
    /// The frames that allocated the block.
    pub allocated: Vec<Frame>,
    /// Whether another thread than the main one was at fault.
    pub other_thread: bool,
}

/// A report of UndefinedBehaviorSanitizer; the process goes on after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undefined {
    /// What happened, for example `division by zero`.
    pub what: String,
    /// Where: a frame without function when no stack was printed.
    pub stack: Vec<Frame>,
}

/// Memory that nothing points to at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leak {
    /// How much.
    pub bytes: u64,
    /// In how many blocks.
    pub blocks: u64,
    /// Who allocated it.
    pub stack: Vec<Frame>,
}

/// Everything that one run reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reports {
    /// The fault that ended the process.
    pub memory: Option<Memory>,
    /// What went wrong before.
    pub undefined: Vec<Undefined>,
    /// What was left behind.
    pub leaks: Vec<Leak>,
    /// The address ranges of the process that files were loaded into.
    pub files: Vec<(u64, u64)>,
}

static MAPPED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*0x([0-9a-f]+)-0x([0-9a-f]+)\s*(.*)$"));
static TOUCHED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(READ|WRITE) of size (\d+) at 0x[0-9a-f]+ thread T(\d+)"));
static LOCATED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"is located (\d+) bytes (to the right of|to the left of|inside of|after|before) (\d+)-byte region",
    )
});
static RUNTIME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(\S+?):(\d+)(?::\d+)?: runtime error: (.+)$"));
static LEAKED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object"));

/// The list that the next frames belong to.
enum Section {
    None,
    Fault,
    Freed,
    Allocated,
    Undefined,
    Leak,
}

/// Reads everything that sanitizers wrote on standard error.
pub fn read(text: &str) -> Reports {
    let mut reports = Reports::default();
    let mut section = Section::None;
    for line in text.lines() {
        if let Some(frame) = sanitizer_frame(line) {
            reports.add_frame(&section, frame);
        } else if let Some(range) = mapped(line) {
            reports.files.extend(range);
        } else if let Some(next) = reports.begin(line) {
            section = next;
        }
    }
    reports
}

/// Whether a line belongs to the map of the process, and the range that it gives when that is a file's.
pub fn mapped(line: &str) -> Option<Option<(u64, u64)>> {
    let found = MAPPED.captures(line)?;
    let number = |index: usize| u64::from_str_radix(&found[index], 16).ok();
    Some(if found[3].starts_with('/') {
        number(1).zip(number(2))
    } else {
        None
    })
}

/// The words in which LeakSanitizer says that it could not look at what is left, if it says so.
pub fn gave_up(text: &str) -> Option<String> {
    const WORDS: [&str; 2] = [
        "Tracer caught signal",
        "LeakSanitizer has encountered a fatal error",
    ];
    // A name of a process stands before them.
    text.lines().find_map(|line| {
        let at = WORDS.iter().find_map(|words| line.find(words))?;
        Some(line[at..].trim().to_owned())
    })
}

impl Reports {
    /// Takes a line that is no frame; tells which list it begins, if any.
    fn begin(&mut self, line: &str) -> Option<Section> {
        if let Some(found) = RUNTIME.captures(line) {
            self.undefined.push(Undefined {
                what: found[3].to_owned(),
                stack: vec![Frame {
                    file: Some(found[1].to_owned()),
                    line: found[2].parse().unwrap_or(0),
                    ..Frame::default()
                }],
            });
            return Some(Section::Undefined);
        }
        if let Some(found) = LEAKED.captures(line) {
            self.leaks.push(Leak {
                bytes: found[1].parse().unwrap_or(0),
                blocks: found[2].parse().unwrap_or(0),
                stack: Vec::new(),
            });
            return Some(Section::Leak);
        }
        if line.contains("ERROR: AddressSanitizer: ") && self.memory.is_none() {
            self.memory = Some(fault(line));
            return Some(Section::Fault);
        }
        let memory = self.memory.as_mut()?;
        if let Some(found) = TOUCHED.captures(line) {
            memory.access = Some(if &found[1] == "READ" {
                Access::Read
            } else {
                Access::Write
            });
            memory.bytes = found[2].parse().unwrap_or(0);
            memory.other_thread = &found[3] != "0";
            return Some(Section::Fault);
        }
        if line.contains("caused by a READ") {
            memory.access = Some(Access::Read);
        } else if line.contains("caused by a WRITE") {
            memory.access = Some(Access::Write);
        } else if line.contains("Maybe a wild jump") || line.contains("PC is at a non-executable") {
            memory.wild_jump = true;
        } else if let Some(found) = LOCATED.captures(line) {
            let side = match &found[2] {
                "to the right of" => "after",
                "to the left of" => "before",
                "inside of" => "inside",
                other => other,
            };
            memory.region = Some(message!(
                "found-region",
                bytes = &found[1],
                side = side,
                size = &found[3],
            ));
        } else if line.starts_with("freed by thread") {
            return Some(Section::Freed);
        } else if line.starts_with("previously allocated by") || line.starts_with("allocated by") {
            return Some(Section::Allocated);
        } else if line.starts_with("Thread T") || line.starts_with("SUMMARY") {
            return Some(Section::None);
        }
        None
    }

    fn add_frame(&mut self, section: &Section, frame: Frame) {
        let list = match (section, &mut self.memory) {
            (Section::Fault, Some(memory)) => &mut memory.stack,
            (Section::Freed, Some(memory)) => &mut memory.freed,
            (Section::Allocated, Some(memory)) => &mut memory.allocated,
            (Section::Leak, _) => match self.leaks.last_mut() {
                Some(leak) => &mut leak.stack,
                None => return,
            },
            (Section::Undefined, _) => match self.undefined.last_mut() {
                // The first frame says what the headline said, with the function besides.
                Some(report) if report.stack[0].function.is_empty() => {
                    report.stack[0].function = frame.function;
                    return;
                }
                Some(report) => &mut report.stack,
                None => return,
            },
            _ => return,
        };
        list.push(frame);
    }
}

/// The headline of a report: `==PID==ERROR: AddressSanitizer: KIND on address ADDRESS (pc ...)`.
fn fault(line: &str) -> Memory {
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_hexdigit).collect();
        u64::from_str_radix(&digits, 16).ok()
    };
    let said = line
        .split_once("AddressSanitizer: ")
        .map_or(line, |(_, said)| said);
    let (before, registers) = said.split_once(" (pc 0x").unwrap_or((said, ""));
    let (kind, place) = before.split_once(" on ").unwrap_or((before, ""));
    let kind = kind.split([':', '(']).next().unwrap_or_default().trim();
    let address = place.split_once("0x").and_then(|(_, rest)| number(rest));
    let base = registers
        .split_once(" bp 0x")
        .and_then(|(_, rest)| number(rest));
    let thread = said.rsplit(" T").next().unwrap_or_default();
    let thread: String = thread.chars().take_while(char::is_ascii_digit).collect();
    Memory {
        kind: kind.to_owned(),
        wild_jump: kind == "SEGV" && address.is_some() && address == number(registers),
        address,
        base,
        other_thread: !thread.is_empty() && thread != "0",
        ..Memory::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(name: &str) -> Reports {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/reports/");
        read(&std::fs::read_to_string(format!("{folder}{name}")).unwrap())
    }

    #[test]
    fn a_segmentation_fault_in_c() {
        let reports = recorded("asan-null.txt");
        let memory = reports.memory.unwrap();
        assert_eq!((memory.kind.as_str(), memory.address), ("SEGV", Some(0)));
        assert_eq!(memory.access, Some(Access::Read));
        assert!(!memory.wild_jump && !memory.other_thread);
        assert_eq!(memory.stack[0].function, "null_read");
        assert_eq!(memory.stack[0].line, 5);
        assert_eq!(
            reports.undefined[0].what,
            "load of null pointer of type 'int'"
        );
        assert_eq!(reports.undefined[0].stack[0].function, "null_read");
    }

    #[test]
    fn an_address_that_the_processor_does_not_tell() {
        let memory = recorded("asan-callback.txt").memory.unwrap();
        assert_eq!((memory.kind.as_str(), memory.address), ("SEGV", None));
        assert!(memory.stack[0].is_callback_entry());
        assert_eq!(memory.stack[2].function, "fire");
    }

    #[test]
    fn a_jump_to_nowhere() {
        let memory = recorded("asan-jump.txt").memory.unwrap();
        assert_eq!(memory.address, Some(0x12_3456_7890));
        assert!(memory.wild_jump);
    }

    #[test]
    fn blocks_with_their_history() {
        let memory = recorded("asan-use-after-free.txt").memory.unwrap();
        assert_eq!(memory.kind, "heap-use-after-free");
        assert_eq!(memory.access, Some(Access::Read));
        assert!(
            memory
                .freed
                .iter()
                .any(|frame| frame.function == "drop_label")
        );
        assert!(
            memory
                .allocated
                .iter()
                .any(|frame| frame.function == "make_label")
        );
        let memory = recorded("asan-double-free.txt").memory.unwrap();
        assert_eq!(memory.kind, "attempting double-free");
        let memory = recorded("asan-bad-free.txt").memory.unwrap();
        assert_eq!(memory.kind, "attempting free");
        let memory = recorded("asan-overflow.txt").memory.unwrap();
        assert_eq!(memory.kind, "heap-buffer-overflow");
        assert_eq!(memory.access, Some(Access::Write));
        let region = memory.region.unwrap().english();
        assert!(region.contains("after a 4-byte region"), "{region}");
    }

    #[test]
    fn leaks() {
        let leaks = recorded("lsan-leak.txt").leaks;
        assert_eq!((leaks[0].bytes, leaks[0].blocks), (320, 5));
        assert_eq!(leaks[0].stack[1].function, "label");
    }

    #[test]
    fn a_leak_check_that_could_not_be_made_says_why() {
        let caught = "Tracer caught signal 11: addr=0x7f0 pc=0x7f1 sp=0x7f2";
        let fatal = "LeakSanitizer has encountered a fatal error.";
        let hint = "==9==HINT: LeakSanitizer does not work under ptrace (strace, gdb, etc)";
        let both = format!("[watch] open 3\n{caught}\n==9=={fatal}\n{hint}\n");
        assert_eq!(gave_up(&both).as_deref(), Some(caught));
        let alone = format!("==9=={fatal}\n{hint}\n");
        assert_eq!(gave_up(&alone).as_deref(), Some(fatal));
        assert_eq!(
            gave_up("==9==ERROR: LeakSanitizer: detected memory leaks"),
            None
        );
    }

    #[test]
    fn nonsense_is_no_report() {
        for text in [
            "",
            "#",
            "    #0 0x",
            "==1==ERROR: AddressSanitizer: ",
            "a:b: runtime error:",
        ] {
            let reports = read(text);
            assert!(reports.leaks.is_empty() && reports.undefined.is_empty());
        }
    }
}
