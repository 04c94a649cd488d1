//! Frames of C and of Python, as sanitizers, debuggers and faulthandler print them.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::pattern::pattern;

/// A place in a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The file, as the tool names it or as a reader knows it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The function; empty when it is not known.
    pub function: String,
}

/// One frame of C.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function; empty when there is no symbol for it.
    pub function: String,
    /// Its source file, where debug information tells.
    pub file: Option<String>,
    /// The line in it.
    pub line: u32,
    /// The library, where nothing better is known.
    pub module: String,
}

impl Frame {
    /// The file's name without its folders.
    pub fn base_name(&self) -> &str {
        let path = self.file.as_deref().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the code is Python's or an engine's own, judged by the names that they use.
    pub fn is_python(&self) -> bool {
        const PARTS: [&str; 6] = ["dealloc", "_clear", "cdata", "GC_", "gc_", "vectorcall"];
        const MODULES: [&str; 5] = [
            "_cffi_backend",
            "_ctypes",
            "rust_cffi",
            "libpython",
            "bin/python",
        ];
        let name = self.function.as_str();
        if name.starts_with("ffi_call") {
            return false;
        }
        name.starts_with("Py")
            || name.starts_with("_Py")
            || name.starts_with("pymain")
            || PARTS.iter().any(|part| name.contains(part))
            || MODULES.iter().any(|part| self.module.contains(part))
    }

    /// Whether it waits for a lock, a thread or data.
    pub fn is_waiting(&self) -> bool {
        const PARTS: [&str; 10] = [
            "pthread_mutex",
            "lll_lock",
            "futex",
            "sem_",
            "pthread_cond",
            "pthread_join",
            "pthread_timedjoin",
            "pthread_clockjoin",
            "nanosleep",
            "poll",
        ];
        PARTS.iter().any(|part| self.function.contains(part))
    }

    /// Whether it belongs to the entry code of callbacks.
    pub fn is_callback_entry(&self) -> bool {
        const PARTS: [&str; 7] = [
            "closure_fcn",
            "_CallPythonObject",
            "ffi_closure",
            "invoke_callback",
            "general_invoke_callback",
            "cffi_call_python",
            "PyCFuncPtr",
        ];
        PARTS.iter().any(|part| self.function.contains(part))
            || (self.function.is_empty() && self.module.contains("libffi"))
    }
}

static SANITIZER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*#\d+ 0x[0-9a-f]+ +(?:in (\S+)(?:\(.*?\))? )?\s*(.*)$"));
static DEBUGGER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(.*?\)(?: at (\S+):(\d+)| from (\S+))?\s*$")
});
static VALGRIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^==\d+==\s+(?:at|by) 0x[0-9A-F]+: (\S+) \((?:in )?([^():]+)(?::(\d+))?\)")
});
static FAULTHANDLER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^\s*File "(.*)", line (\d+) in (.+)$"#));

/// A frame as AddressSanitizer and its relatives print it.
pub fn sanitizer_frame(line: &str) -> Option<Frame> {
    let found = SANITIZER.captures(line)?;
    let function = found.get(1).map_or("", |it| it.as_str());
    let rest = found.get(2).map_or("", |it| it.as_str()).trim();
    let (function, rest) = with_generics(function, rest);
    let mut frame = Frame {
        function,
        ..Frame::default()
    };
    if let Some(module) = rest.strip_prefix('(') {
        let end = module.find(['+', ')']).unwrap_or(module.len());
        module[..end].clone_into(&mut frame.module);
    } else {
        let mut parts = rest.splitn(3, ':');
        frame.file = parts.next().filter(|it| !it.is_empty()).map(str::to_owned);
        frame.line = parts
            .next()
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0);
    }
    Some(frame)
}

/// The name of a Rust function may go on after a blank, in the types that it stands for; the place comes after the last blank.
fn with_generics<'a>(function: &str, rest: &'a str) -> (String, &'a str) {
    let names = function.replace("->", "");
    let open = names.matches('<').count() > names.matches('>').count();
    match rest.rsplit_once(' ') {
        Some((more, place)) if open => (format!("{function} {more}"), place),
        _ => (function.to_owned(), rest),
    }
}

/// A frame as gdb prints it.
pub fn debugger_frame(line: &str) -> Option<Frame> {
    let found = DEBUGGER.captures(line)?;
    let text = |index: usize| found.get(index).map(|it| it.as_str().to_owned());
    let function = text(1)?;
    Some(Frame {
        function: if function == "??" {
            String::new()
        } else {
            function
        },
        file: text(2),
        line: text(3).and_then(|it| it.parse().ok()).unwrap_or(0),
        module: text(4).unwrap_or_default(),
    })
}

/// A frame as valgrind prints it.
pub fn valgrind_frame(line: &str) -> Option<Frame> {
    let found = VALGRIND.captures(line)?;
    let text = |index: usize| found.get(index).map(|it| it.as_str().to_owned());
    let number: Option<u32> = text(3).and_then(|it| it.parse().ok());
    let place = text(2).unwrap_or_default();
    Some(Frame {
        function: text(1).filter(|it| it != "???").unwrap_or_default(),
        file: number.map(|_| place.clone()),
        line: number.unwrap_or(0),
        module: if number.is_some() {
            String::new()
        } else {
            place
        },
    })
}

/// What faulthandler printed of one thread: its frames, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PythonThread {
    /// Whether it is the one that the signal hit.
    pub current: bool,
    /// Its frames; none for a thread that runs no Python code.
    pub frames: Vec<Line>,
}

/// The threads of a report of faulthandler, in its order.
pub fn python_threads(text: &str) -> Vec<PythonThread> {
    let mut threads: Vec<PythonThread> = Vec::new();
    for line in text.lines() {
        let heads = ["Current thread 0x", "Thread 0x"];
        if let Some(head) = heads.iter().find(|head| line.starts_with(**head)) {
            threads.push(PythonThread {
                current: head.starts_with("Current"),
                frames: Vec::new(),
            });
        } else if let (Some(found), Some(thread)) =
            (FAULTHANDLER.captures(line), threads.last_mut())
        {
            thread.frames.push(Line {
                file: found[1].to_owned(),
                line: found[2].parse().unwrap_or(0),
                function: found[3].trim_end().to_owned(),
            });
        }
    }
    threads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_sanitizer() {
        let frame = sanitizer_frame("    #0 0x7f49 in null_read /w/a.c:5").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.base_name(), frame.line),
            ("null_read", "a.c", 5)
        );
        let frame = sanitizer_frame("    #0 0x7f49 in null_read /w/a.c:5:31").unwrap();
        assert_eq!(frame.line, 5);
        let frame =
            sanitizer_frame("    #1 0x7f49  (/lib/libffi.so.8+0x6f79) (BuildId: 1)").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.module.as_str()),
            ("", "/lib/libffi.so.8")
        );
        assert!(frame.is_callback_entry());
        let frame = sanitizer_frame("    #2 0x7f in main (/usr/bin/python+0x10)").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.module.as_str()),
            ("main", "/usr/bin/python")
        );
        let frame = sanitizer_frame(
            "    #5 0x7f in close<fn(a::Handle) -> i32, (a::Handle)> ../exercise/ext/lib.rs:2",
        )
        .unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.base_name(), frame.line),
            ("close<fn(a::Handle) -> i32, (a::Handle)>", "lib.rs", 2)
        );
        assert_eq!(sanitizer_frame("==1==ERROR: AddressSanitizer"), None);
    }

    #[test]
    fn frames_of_debugger_and_valgrind() {
        let frame = debugger_frame("#0  0x00007f in measure (text=0x0) at notes.c:12").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.base_name(), frame.line),
            ("measure", "notes.c", 12)
        );
        let frame = debugger_frame("#1  0x00007f in ?? () from /lib/libffi.so.8").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.module.as_str()),
            ("", "/lib/libffi.so.8")
        );
        let frame = valgrind_frame("==12==    at 0x4842E: measure (notes.c:12)").unwrap();
        assert_eq!(
            (frame.function.as_str(), frame.base_name(), frame.line),
            ("measure", "notes.c", 12)
        );
        let frame =
            valgrind_frame("==12==    by 0x4842E: ffi_call (in /usr/lib/libffi.so)").unwrap();
        assert_eq!(frame.module, "/usr/lib/libffi.so");
    }

    #[test]
    fn threads_of_faulthandler() {
        let text = "Fatal Python error: Aborted\n\nThread 0x1 (most recent call first):\n  File \"b.py\", line 3 in wait\n\n\
                    Current thread 0x2 (most recent call first):\n  File \"a b.py\", line 7 in call\n  File \"s.py\", line 2 in <module>\n";
        let threads = python_threads(text);
        assert_eq!(threads.len(), 2);
        assert!(threads[1].current && !threads[0].current);
        assert_eq!(
            threads[1].frames[0],
            Line {
                file: "a b.py".into(),
                line: 7,
                function: "call".into()
            }
        );
    }
}
