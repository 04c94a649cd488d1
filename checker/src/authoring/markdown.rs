//! As much of Markdown as the checks need: which lines are front matter, prose and fenced code.

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The block between two lines of `---` at the very beginning, these lines included.
    FrontMatter,
    /// Everything that is neither front matter nor fenced code.
    Prose,
    /// The line that opens a fenced code block.
    Open,
    /// A line within a fenced code block.
    Code,
    /// The line that closes a fenced code block.
    Close,
}

/// Names the part of each line; a block that is never closed reaches to the end.
pub fn scan(text: &str) -> Vec<(Part, &str)> {
    let mut parts = Vec::new();
    let mut front_matter = text.lines().next() == Some("---");
    let mut fence: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let part = if front_matter {
            front_matter = index == 0 || line != "---";
            Part::FrontMatter
        } else if let Some(open) = fence {
            if closes(line, open) {
                fence = None;
                Part::Close
            } else {
                Part::Code
            }
        } else if let Some(open) = fence_of(line) {
            fence = Some(open);
            Part::Open
        } else {
            Part::Prose
        };
        parts.push((part, line));
    }
    parts
}

/// The fence that a line opens, for example three backticks.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let sign = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(sign).len();
    (length >= 3).then(|| &line[..length])
}

fn closes(line: &str, open: &str) -> bool {
    let line = line.trim();
    line.starts_with(open) && line.chars().all(|c| open.starts_with(c))
}

/// The language that an opening line names; empty if it names none.
pub fn language(open: &str) -> &str {
    open.trim()
        .trim_start_matches(['`', '~'])
        .split([' ', ',', '{'])
        .next()
        .unwrap_or("")
}

/// How many words a text has: what stands between blanks and holds a letter or a digit.
pub fn words(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_belongs_to_one_part() {
        let text = "---\nid: x\n---\nprose\n---\n````c\n```\n````\n  ~~~\n~~~\nend";
        let parts: Vec<Part> = scan(text).into_iter().map(|(part, _)| part).collect();
        use Part::*;
        assert_eq!(
            parts,
            [
                FrontMatter,
                FrontMatter,
                FrontMatter,
                Prose,
                Prose,
                Open,
                Code,
                Close,
                Open,
                Close,
                Prose
            ]
        );
    }

    #[test]
    fn languages_and_words_are_counted_as_a_reader_would() {
        assert_eq!(language("```python title=x"), "python");
        assert_eq!(language("  ```"), "");
        assert_eq!(words("C's `add(2, 3)` — a call | of 2"), 7);
    }
}
