//! The text of a cdef with its line directives: turns offsets into places.

use super::error::Place;

/// A text, and what its line directives say.
#[derive(Debug)]
pub struct Source<'a> {
    /// The text as given.
    pub text: &'a str,
    directives: Vec<Directive>,
}

#[derive(Debug)]
struct Directive {
    /// Offset at which the line of the directive ends.
    end: usize,
    /// The number that it gives to the following line.
    line: usize,
    file: Option<String>,
}

impl<'a> Source<'a> {
    /// A text without directives so far.
    pub fn new(text: &'a str) -> Source<'a> {
        Source {
            text,
            directives: Vec::new(),
        }
    }

    /// Notes that after `end`, the line `line` of `file` follows; without a file, of the same one.
    pub fn directive(&mut self, end: usize, line: usize, file: Option<&str>) {
        let same = || self.directives.last().and_then(|last| last.file.clone());
        let file = file.map(str::to_owned).or_else(same);
        self.directives.push(Directive { end, line, file });
    }

    /// The place of an offset.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_text = self.text[start..].split('\n').next().unwrap_or("");
        let last = self.directives.iter().rev().find(|one| one.end <= offset);
        let newlines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
        let (file, line) = match last {
            None => (None, newlines(before) + 1),
            Some(said) => {
                // The newline that ends the directive's own line does not count.
                let passed = newlines(&self.text[said.end..offset]);
                (said.file.clone(), (said.line + passed).saturating_sub(1))
            }
        };
        Place {
            file,
            line,
            column: self.text[start..offset].chars().count() + 1,
            text: line_text.trim_end_matches('\r').to_owned(),
        }
    }
}
