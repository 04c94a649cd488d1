//! Lets the C compiler blame a declaration of the cdef, not the code generated for it.

use crate::describe::At;
use crate::generate::quoted;

/// A line that [`settle`] replaces by a way back to the generated file.
const BACK: &str = "/* back to this file */";

/// One line of C; what the compiler finds wrong in it is reported at `at`.
pub(crate) fn blamed(at: Option<&At>, code: &str) -> String {
    match at {
        None => format!("{code}\n"),
        Some(at) => format!("#line {} {}\n{code}\n{BACK}\n", at.line, quoted(&at.file)),
    }
}

/// Numbers the lines that come after blamed ones; `file` is what the text will be called.
pub(crate) fn settle(text: &str, file: &str) -> String {
    let file = quoted(file);
    let mut settled = String::with_capacity(text.len() + text.len() / 8);
    for (index, line) in text.lines().enumerate() {
        if line == BACK {
            // The directive numbers the line after itself, and lines are counted from 1.
            settled.push_str(&format!("#line {} {file}\n", index + 2));
        } else {
            settled.push_str(line);
            settled.push('\n');
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_anew_behind_a_blamed_one() {
        let at = At {
            file: "<cdef>".to_owned(),
            line: 7,
        };
        let text = format!("first\n{}last\n", blamed(Some(&at), "int x;"));
        let expected = "first\n#line 7 \"<cdef>\"\nint x;\n#line 5 \"m.c\"\nlast\n";
        assert_eq!(settle(&text, "m.c"), expected);
        assert_eq!(blamed(None, "int x;"), "int x;\n");
    }
}
