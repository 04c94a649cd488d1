//! The line of a file that a message about a cdef means: CFFI counts from the beginning of the text that it was given.

use std::sync::LazyLock;

use regex::Regex;

use super::python::{self, Expr};
use crate::pattern::pattern;

/// What CFFI, and our engine after it, call a text that comes from no file.
static PLACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"<cdef source string>:(\d+):\d+"));

/// A message with its traceback, with one frame more where a cdef that stands in this file is meant.
pub fn told(text: &str, file: &str, source: &str) -> String {
    let Some(line) = line(text, file, source) else {
        return text.to_owned();
    };
    let mut lines: Vec<&str> = text.lines().collect();
    let raised = lines.iter().position(|line| line.contains("CDefError"));
    let frame = format!("{file}:{line} in the cdef");
    lines.insert(raised.unwrap_or(lines.len()), &frame);
    lines.join("\n") + "\n"
}

fn line(text: &str, file: &str, source: &str) -> Option<u64> {
    let within: u64 = PLACE.captures(text)?[1].parse().ok()?;
    let call = text.lines().rev().find_map(|line| frame_in(file, line))?;
    let statements = python::statements(source);
    let calling = statements.iter().rfind(|it| it.line <= call)?;
    let cdef = python::calls(calling, "cdef").into_iter().next()?;
    let literal = cdef.into_iter().find_map(|(_, value)| match value {
        Expr::Text(_, line) => Some(line),
        _ => None,
    })?;
    Some(literal + within - 1)
}

/// The line that a frame of a traceback names in this file.
fn frame_in(file: &str, line: &str) -> Option<u64> {
    let place = line.trim_start().strip_prefix(file)?.strip_prefix(':')?;
    let digits = place.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "ffi = FFI()\nffi.cdef(\"\"\"\n    int add(int a, int b)\n    int sub(int a, int b);\n\"\"\")\nffi.cdef(TEXT)\n";

    #[test]
    fn the_line_in_the_file_is_named_before_the_error() {
        let text = "abi_bridge.py:2 in <module>\nffi.CDefError: cannot parse \"int sub(int a, int b);\"\n<cdef source string>:3:5: before: int";
        let expected = "abi_bridge.py:2 in <module>\nabi_bridge.py:4 in the cdef\nffi.CDefError: cannot parse \"int sub(int a, int b);\"\n<cdef source string>:3:5: before: int\n";
        assert_eq!(told(text, "abi_bridge.py", SOURCE), expected);
        let ours = "api_build.py:2: in <module>\n    ffi.cdef(\ncffi.CDefError: <cdef source string>:3:5: expected ';'";
        assert!(
            told(ours, "api_build.py", SOURCE)
                .contains("    ffi.cdef(\napi_build.py:4 in the cdef\ncffi.CDefError"),
        );
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        for text in [
            "",
            "abi_bridge.py:2 in <module>\nTypeError: no",
            "<cdef source string>:3:5: before: int",
            "abi_bridge.py:6 in <module>\nCDefError: <cdef source string>:3:5: no text there",
            "abi_bridge.py:1 in <module>\nCDefError: <cdef source string>:3:5: no call there",
        ] {
            assert_eq!(told(text, "abi_bridge.py", SOURCE), text);
        }
    }
}
