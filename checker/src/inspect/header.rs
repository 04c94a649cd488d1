//! A C header as the declarations in it, without a preprocessor: what each bridge has to agree with.
//!
//! Directives are skipped, both branches of a condition are read, bodies of functions are left out. Of what it does not
//! understand it says nothing.

use super::of_cdef;
use super::types::Side;

/// Reads a header; `file` is how a reader knows it.
pub fn read(file: &str, text: &str) -> Side {
    of_cdef::of_c(file, declarations(&without_directives(text)))
}

/// The text with blank lines for directives, continued ones too.
fn without_directives(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut continues = false;
    for line in text.lines() {
        let skipped = continues || line.trim_start().starts_with('#');
        continues = skipped && line.ends_with('\\');
        if !skipped {
            kept += line;
        }
        kept.push('\n');
    }
    kept
}

/// Each declaration with the line on which it begins, counted from 1.
fn declarations(text: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut one = Piece::default();
    let mut rest = text;
    let mut line = 1;
    while let Some(c) = rest.chars().next() {
        let comment = comment_at(rest);
        if comment > 0 {
            let lines = rest[..comment].matches('\n').count();
            one.push_blank(lines);
            line += lines as u64;
            rest = &rest[comment..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if one.text.trim().is_empty() && !c.is_whitespace() {
            one = Piece {
                line,
                ..Piece::default()
            };
        }
        if c == '\n' {
            line += 1;
        }
        if let Some(whole) = one.push(c) {
            found.push((one.line, whole));
            one = Piece::default();
        }
    }
    found
}

/// How many bytes the comment has that begins here; 0 where none does.
fn comment_at(text: &str) -> usize {
    let end = |mark: &str| text.find(mark);
    if text.starts_with("//") {
        return end("\n").unwrap_or(text.len());
    }
    match text.strip_prefix("/*") {
        Some(inside) => inside.find("*/").map_or(text.len(), |at| at + 4),
        None => 0,
    }
}

/// A declaration as far as it has been read.
#[derive(Default)]
struct Piece {
    line: u64,
    text: String,
    depth: usize,
    /// Where the body of a function begins.
    body: Option<usize>,
}

impl Piece {
    fn push_blank(&mut self, lines: usize) {
        self.text.push(' ');
        self.text.extend(std::iter::repeat_n('\n', lines));
    }

    /// Adds a character; the declaration, if this ends it.
    fn push(&mut self, c: char) -> Option<String> {
        match c {
            '{' if self.depth == 0 && self.text.trim_start().starts_with("extern \"") => {
                // What stands inside of `extern "C" { … }` are declarations like others.
                *self = Piece::default();
                return None;
            }
            '{' => {
                if self.depth == 0 && self.text.trim_end().ends_with(')') {
                    self.body = Some(self.text.len());
                }
                self.depth += 1;
            }
            // The end of `extern "C"`.
            '}' if self.depth == 0 => {
                *self = Piece::default();
                return None;
            }
            '}' => {
                self.depth -= 1;
                if self.depth == 0
                    && let Some(body) = self.body
                {
                    return Some(format!("{};", &self.text[..body]));
                }
            }
            ';' if self.depth == 0 => return Some(format!("{};", self.text)),
            _ => {}
        }
        self.text.push(c);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "#ifndef TILES_H
#define TILES_H
#define TWICE(x) \\
    ((x) * 2)
#ifdef __cplusplus
extern \"C\" {
#endif
/* A tile; it is { not } a box. */
typedef struct { int32_t x; int32_t y; double side; } tile;
typedef struct note note;
typedef int (*visit)(int);
char *label(int number);   // the caller frees it; really
__attribute__((odd)) int odd(void) __asm__(\"x\");
static inline int twice(int x) { if (x) { return 2 * x; } return 0; }
extern long
total(void);
void each(visit call, int (*other)(int), double values[], size_t n);
#ifdef __cplusplus
}
#endif
#endif
";

    #[test]
    fn every_declaration_is_found() {
        let side = read("tiles.h", HEADER);
        let functions: Vec<(String, u64)> = side
            .functions
            .iter()
            .map(|it| (super::super::compare::prototype(it), it.place.line))
            .collect();
        let expected = [
            ("char *label(int)", 12),
            ("int twice(int)", 14),
            ("long total(void)", 16),
        ];
        for (text, line) in expected {
            let wanted = (text.to_owned(), line);
            assert!(functions.contains(&wanted), "{wanted:?} in {functions:?}");
        }
        let each = side.function("each").unwrap();
        assert_eq!(each.parameters.as_ref().map(Vec::len), Some(4));
        let tile = side.record(side.named("tile")[0]);
        assert_eq!((tile.size, tile.place.line), (Some(16), 9));
        assert_eq!(side.remarks, [""; 0]);
    }

    #[test]
    fn text_that_is_no_c_says_nothing() {
        for text in [
            "", ";;;", "(((", "typedef", "struct {", "/*", "//", "int f(", "é(ü);", "}}}", "{",
            "\\", "#\\",
        ] {
            assert!(read("h", text).functions.is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[a-z{}();*/#\"\\\\ \n]{0,60}") {
            read("h", &text);
        }
    }
}
