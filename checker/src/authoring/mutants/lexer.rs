//! As much of Python, C and Rust as changing a program needs: words, numbers, strings and signs, with their places.

use std::path::Path;

/// A language that solutions are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Bridges and build scripts.
    Python,
    /// Extensions, and the C text inside of build scripts.
    C,
    /// Extensions.
    Rust,
}

impl Language {
    /// The language of a file, by its name.
    pub fn of(file: &Path) -> Option<Language> {
        match file.extension()?.to_str()? {
            "py" => Some(Language::Python),
            "c" => Some(Language::C),
            "rs" => Some(Language::Rust),
            _ => None,
        }
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number, with its suffix.
    Number,
    /// A string or a character; the range of its content, quotes left out.
    Text(usize, usize),
    /// Operators and brackets.
    Sign,
}

/// A token and its place in the text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As it stands there.
    pub text: &'a str,
    /// Where it begins.
    pub start: usize,
}

impl Token<'_> {
    /// Where it ends.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Signs of more than one character, the longest first.
const SIGNS: [&str; 27] = [
    "<<=", ">>=", "...", "**=", "//=", "->", "=>", "::", "==", "!=", "<=", ">=", "&&", "||", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "..", ":=",
];

/// The tokens of a text, comments and the C preprocessor's lines left out. Text that is not of the language gives tokens all the
/// same; a string without its end reaches to the end of the text.
pub fn tokens(language: Language, text: &str) -> Vec<Token<'_>> {
    let mut reader = Reader {
        language,
        text,
        at: 0,
    };
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        found.push(token);
    }
    found
}

struct Reader<'a> {
    language: Language,
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<Token<'a>> {
        while self.skip_blank() || self.skip_comment() {}
        let rest = self.rest();
        let first = rest.chars().next()?;
        let start = self.at;
        let kind = if let Some((open, kind_of_quote)) = self.quote() {
            let content = start + open;
            let (length, closing) = kind_of_quote.length(&self.text[content..]);
            self.at = content + length + closing;
            Kind::Text(content, content + length)
        } else if first.is_ascii_digit() {
            self.at += number(rest);
            Kind::Number
        } else if first == '_' || first.is_alphabetic() {
            self.at += word(rest);
            Kind::Word
        } else {
            let long = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            self.at += long.map_or(first.len_utf8(), |sign| sign.len());
            Kind::Sign
        };
        Some(Token {
            kind,
            text: &self.text[start..self.at],
            start,
        })
    }

    fn skip_blank(&mut self) -> bool {
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start().len();
        self.at += blank;
        blank > 0
    }

    fn skip_comment(&mut self) -> bool {
        let rest = self.rest();
        let length = match self.language {
            Language::Python if rest.starts_with('#') => line_length(rest),
            Language::C if rest.starts_with('#') => directive_length(rest),
            Language::C | Language::Rust if rest.starts_with("//") => line_length(rest),
            Language::C | Language::Rust if rest.starts_with("/*") => {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            _ => 0,
        };
        self.at += length;
        length > 0
    }

    /// If a string begins here: the length of its prefix and opening quote, and how it ends.
    fn quote(&self) -> Option<(usize, Quote)> {
        let rest = self.rest();
        let prefix = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        if prefix > 2 {
            return None;
        }
        let raw = rest[..prefix].contains(['r', 'R']);
        let rest = &rest[prefix..];
        if self.language == Language::Rust && raw {
            let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
            return rest[hashes..].starts_with('"').then(|| {
                let end = format!("\"{}", "#".repeat(hashes));
                (
                    prefix + hashes + 1,
                    Quote {
                        end,
                        escapes: false,
                    },
                )
            });
        }
        let sign = rest
            .chars()
            .next()
            .filter(|sign| matches!(sign, '"' | '\''))?;
        if self.language == Language::Rust && sign == '\'' && !is_character(rest) {
            return None;
        }
        let triple = sign.to_string().repeat(3);
        let end = if self.language == Language::Python && rest.starts_with(&triple) {
            triple
        } else {
            sign.to_string()
        };
        let escapes = !(self.language == Language::Python && raw);
        Some((prefix + end.len(), Quote { end, escapes }))
    }
}

/// How a string ends.
struct Quote {
    end: String,
    escapes: bool,
}

impl Quote {
    /// The length of the content, and of the quote that closes it.
    fn length(&self, text: &str) -> (usize, usize) {
        let mut escaped = false;
        for (index, sign) in text.char_indices() {
            if escaped {
                escaped = false;
            } else if self.escapes && sign == '\\' {
                escaped = true;
            } else if text[index..].starts_with(&self.end) {
                return (index, self.end.len());
            }
        }
        (text.len(), 0)
    }
}

/// Whether a quote begins a character of Rust and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut signs = text.chars().skip(1);
    signs.next() == Some('\\') || signs.next() == Some('\'')
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The length of a line of the preprocessor, with those that it goes on in.
fn directive_length(text: &str) -> usize {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        length += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    length
}

fn word(text: &str) -> usize {
    let end = text.find(|sign: char| sign != '_' && !sign.is_alphanumeric());
    end.unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let mut signs = text.char_indices().peekable();
    while let Some((index, sign)) = signs.next() {
        let inside = sign == '_' || sign.is_ascii_alphanumeric();
        let fraction = sign == '.' && signs.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !inside && !fraction {
            return index;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(language: Language, text: &str) -> Vec<&str> {
        tokens(language, text)
            .iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn each_language_is_cut_into_its_tokens() {
        let python = "x = f(b'a\\'b', 0x1F) # no\nif x >= 1.5: \"\"\"a\n'b\"\"\"";
        assert_eq!(
            texts(Language::Python, python),
            [
                "x",
                "=",
                "f",
                "(",
                "b'a\\'b'",
                ",",
                "0x1F",
                ")",
                "if",
                "x",
                ">=",
                "1.5",
                ":",
                "\"\"\"a\n'b\"\"\""
            ]
        );
        let c = "#define X \\\n 1\nint a = 1; /* no */ p->x++; // no\nchar c = '\"';";
        assert_eq!(
            texts(Language::C, c),
            [
                "int", "a", "=", "1", ";", "p", "->", "x", "+", "+", ";", "char", "c", "=", "'\"'",
                ";"
            ]
        );
        let rust = "fn f<'a>(x: &'a str) { r#\"a\"b\"#; c\"x\"; 'q'; 1..2 }";
        let found = texts(Language::Rust, rust);
        assert!(
            found.contains(&"r#\"a\"b\"#") && found.contains(&"c\"x\""),
            "{found:?}"
        );
        assert!(found.contains(&"'q'") && found.contains(&"..") && found.contains(&"a"));
    }

    #[test]
    fn the_content_of_a_string_is_told() {
        let text = "cdef(\"\"\"int f;\"\"\")";
        let found = tokens(Language::Python, text);
        let Kind::Text(start, end) = found[2].kind else {
            panic!("{found:?}");
        };
        assert_eq!(&text[start..end], "int f;");
    }

    #[test]
    fn a_string_without_its_end_ends_with_the_text() {
        for language in [Language::Python, Language::C, Language::Rust] {
            assert_eq!(texts(language, "a \"b\\"), ["a", "\"b\\"]);
        }
    }
}
