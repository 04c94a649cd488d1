//! What gdb and valgrind printed, as the same data that sanitizers give.

use super::sanitizer::{Access, Memory};
use super::stack::{Frame, debugger_frame, valgrind_frame};
use crate::message;
use crate::message::Message;

/// The frames of the first thread that gdb printed, innermost first.
pub fn gdb_stack(text: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    for line in text.lines() {
        let Some(frame) = debugger_frame(line) else {
            continue;
        };
        if line.starts_with("#0 ") && !frames.is_empty() {
            break;
        }
        frames.push(frame);
    }
    frames
}

/// How the program ended; gdb's own exit code tells nothing of it. None when gdb does not say.
pub fn gdb_end(text: &str) -> Option<Message> {
    text.lines().find_map(|line| {
        if let Some((_, rest)) = line.split_once(" received signal ") {
            let signal = rest.split(',').next()?;
            return Some(message!("explain-gdb-stopped", signal = signal));
        }
        if let Some((_, rest)) = line.split_once(" terminated with signal ") {
            let signal = rest.split(',').next()?;
            return Some(message!("explain-gdb-ended", signal = signal));
        }
        let inferior = line.strip_prefix("[Inferior ")?;
        if inferior.contains("exited normally") {
            return Some(message!("explain-gdb-in-order"));
        }
        let (_, code) = inferior.split_once("exited with code ")?;
        let code = u32::from_str_radix(code.trim_end_matches(']'), 8).ok()?;
        Some(message!("explain-gdb-exit", code = code))
    })
}

/// The address that gdb printed for `$_siginfo`: `(void *) 0x10`.
pub fn gdb_address(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("si_addr = 0x")?;
    let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    u64::from_str_radix(&digits, 16).ok()
}

/// The reports of valgrind, in its order.
pub fn valgrind(text: &str) -> Vec<Memory> {
    let mut found: Vec<Memory> = Vec::new();
    // 0: the fault; 1: who freed; 2: who allocated.
    let mut list = 0;
    for line in text.lines().filter(|line| line.starts_with("==")) {
        if let Some(frame) = valgrind_frame(line) {
            if let Some(memory) = found.last_mut() {
                [&mut memory.stack, &mut memory.freed, &mut memory.allocated][list].push(frame);
            }
            continue;
        }
        let words = line.splitn(3, "==").nth(2).unwrap_or_default().trim();
        if let Some(memory) = begun(words) {
            found.push(memory);
            list = 0;
        } else if let Some(memory) = found.last_mut() {
            if let Some((region, _)) = words
                .strip_prefix("Address 0x")
                .and_then(|it| it.split_once(" free'd"))
            {
                memory.kind = "heap-use-after-free".to_owned();
                memory.region = Some(region.into());
                list = 1;
            } else if words.contains(" alloc'd") || words.starts_with("Block was alloc'd") {
                if memory.kind == "invalid access" && words.contains(" after a block") {
                    memory.kind = "heap-buffer-overflow".to_owned();
                }
                list = 2;
            }
        }
    }
    found
}

fn begun(words: &str) -> Option<Memory> {
    let (kind, access) = match words {
        _ if words.starts_with("Invalid read") => ("invalid access", Some(Access::Read)),
        _ if words.starts_with("Invalid write") => ("invalid access", Some(Access::Write)),
        _ if words.starts_with("Invalid free") => ("attempting double-free", None),
        _ if words.starts_with("Conditional jump or move depends on uninitialised")
            || words.starts_with("Use of uninitialised value") =>
        {
            ("uninitialised", None)
        }
        _ => return None,
    };
    Some(Memory {
        kind: kind.to_owned(),
        access,
        ..Memory::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_of_gdb() {
        let text = "Thread 1 received signal SIGSEGV\nsi_addr = 0x10,\n#0  0x1 in measure (text=0x10) at notes.c:12\n\
                    #1  0x2 in ?? () from /lib/libffi.so.8\n\nThread 2:\n#0  0x3 in wait () from libc.so\n";
        assert_eq!(gdb_stack(text).len(), 2);
        assert_eq!(gdb_address(text), Some(0x10));
        assert_eq!(gdb_address("nothing"), None);
    }

    #[test]
    fn the_end_of_a_program_under_gdb() {
        let told = [
            (
                "Thread 1 \"python\" received signal SIGSEGV, Segmentation fault.",
                "was stopped by SIGSEGV",
            ),
            (
                "Program terminated with signal SIGKILL, Killed.",
                "was ended by SIGKILL",
            ),
            ("[Inferior 1 (process 7) exited normally]", "ended in order"),
            (
                "[Inferior 1 (process 7) exited with code 011]",
                "ended with exit code 9",
            ),
        ];
        for (line, end) in told {
            let told = gdb_end(&format!("Reading symbols\n{line}\n")).unwrap();
            assert_eq!(told.english(), format!("the run under gdb {end}"));
        }
        assert_eq!(gdb_end("No symbol table."), None);
    }

    #[test]
    fn reports_of_valgrind() {
        let text = "==7== Conditional jump or move depends on uninitialised value(s)\n==7==    at 0x48: pick (v.c:4)\n\
                    ==7== Invalid read of size 1\n==7==    at 0x48: first (v.c:9)\n\
                    ==7==  Address 0x4a is 0 bytes inside a block of size 4 free'd\n==7==    at 0x48: free (vg.c:1)\n\
                    ==7==  Block was alloc'd at\n==7==    at 0x48: malloc (vg.c:2)\n";
        let found = valgrind(text);
        assert_eq!(found[0].kind, "uninitialised");
        assert_eq!(found[0].stack[0].line, 4);
        assert_eq!(found[1].kind, "heap-use-after-free");
        assert_eq!(found[1].freed[0].function, "free");
        assert_eq!(found[1].allocated[0].function, "malloc");
    }
}
