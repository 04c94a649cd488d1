//! Python source as far as declarations need it: statements, and expressions of names, calls, lists and numbers.
//!
//! Nothing is run. What is not understood is an [`Expr::Other`].

/// One statement on its logical line.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Columns before it.
    pub indent: usize,
    /// Its line, from 1.
    pub line: u64,
    /// What it consists of.
    pub tokens: Vec<Token>,
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or a keyword.
    Name(String),
    /// A number.
    Number(Option<i128>),
    /// A string and the line where its text begins; none for one that holds expressions.
    Text(Option<String>, u64),
    /// Anything else, one character each.
    Sign(char),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A name, with dots: `ctypes.c_int`.
    Name(String),
    /// A whole number.
    Number(i128),
    /// A string and its line.
    Text(String, u64),
    /// A call: what is called, and its arguments, each with its keyword.
    Call(Box<Expr>, Vec<(Option<String>, Expr)>),
    /// A list or a tuple.
    List(Vec<Expr>),
    /// `left * right` and the like.
    Binary(char, Box<Expr>, Box<Expr>),
    /// Something else.
    Other,
}

/// How deep brackets may be nested.
const DEEPEST: usize = 64;

/// Splits a text into statements.
pub fn statements(text: &str) -> Vec<Statement> {
    let mut lexer = Lexer::new(text);
    lexer.run();
    lexer.done
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: u64,
    depth: usize,
    current: Statement,
    done: Vec<Statement>,
}

impl Lexer {
    fn new(text: &str) -> Lexer {
        Lexer {
            chars: text.chars().collect(),
            at: 0,
            line: 1,
            depth: 0,
            current: Statement {
                indent: 0,
                line: 1,
                tokens: Vec::new(),
            },
            done: Vec::new(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn run(&mut self) {
        let mut indent = 0;
        while let Some(c) = self.peek(0) {
            match c {
                '\n' => {
                    self.take();
                    if self.depth == 0 {
                        self.end();
                        indent = 0;
                    }
                }
                ' ' | '\t' | '\x0c' | '\r' => {
                    self.take();
                    indent += 1;
                }
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.take();
                    }
                }
                '\\' if self.peek(1) == Some('\n') => {
                    self.take();
                    self.take();
                }
                ';' if self.depth == 0 => {
                    self.take();
                    let indent = self.current.indent;
                    self.end();
                    self.current.indent = indent;
                }
                _ => {
                    if self.current.tokens.is_empty() {
                        self.current.line = self.line;
                        if self.current.indent == 0 {
                            self.current.indent = indent;
                        }
                    }
                    let token = self.token(c);
                    self.current.tokens.push(token);
                }
            }
        }
        self.end();
    }

    fn end(&mut self) {
        let fresh = Statement {
            indent: 0,
            line: self.line,
            tokens: Vec::new(),
        };
        let statement = std::mem::replace(&mut self.current, fresh);
        if !statement.tokens.is_empty() {
            self.done.push(statement);
        }
    }

    fn token(&mut self, c: char) -> Token {
        if c == '"' || c == '\'' {
            return self.string("");
        }
        if c.is_ascii_digit() {
            return self.number();
        }
        if c.is_alphabetic() || c == '_' {
            let word = self.word();
            let quoted = matches!(self.peek(0), Some('"' | '\''));
            if quoted && word.len() <= 2 && word.chars().all(|c| "rRbBuUfF".contains(c)) {
                return self.string(&word.to_lowercase());
            }
            return Token::Name(word);
        }
        self.take();
        match c {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Token::Sign(c)
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
            self.take();
        }
        word
    }

    fn number(&mut self) -> Token {
        let mut word = self.word();
        while self.peek(0) == Some('.') {
            self.take();
            word.push('.');
            word += &self.word();
        }
        let word = word.replace('_', "").to_lowercase();
        let radix = |prefix: &str, radix: u32| {
            let digits = word.strip_prefix(prefix)?;
            i128::from_str_radix(digits, radix).ok()
        };
        let value = radix("0x", 16)
            .or_else(|| radix("0o", 8))
            .or_else(|| radix("0b", 2))
            .or_else(|| word.parse().ok());
        Token::Number(value)
    }

    fn string(&mut self, prefix: &str) -> Token {
        let quote = self.take().unwrap_or('"');
        let triple = self.peek(0) == Some(quote) && self.peek(1) == Some(quote);
        if triple {
            self.take();
            self.take();
        }
        let line = self.line;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            if c == '\n' && !triple {
                break;
            }
            let closes = c == quote
                && (!triple || (self.peek(1) == Some(quote) && self.peek(2) == Some(quote)));
            self.take();
            if closes {
                if triple {
                    self.take();
                    self.take();
                }
                break;
            }
            if c == '\\' && !prefix.contains('r') {
                match self.take() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('\n') | None => {}
                    Some(other) => text.push(other),
                }
            } else {
                text.push(c);
            }
        }
        let readable = !prefix.contains('f') || !text.contains('{');
        Token::Text(readable.then_some(text), line)
    }
}

/// The expression that these tokens are, all of them.
pub fn expression(tokens: &[Token]) -> Expr {
    let mut parser = Parser { tokens, at: 0 };
    let mut items = vec![parser.sum(0)];
    let mut commas = false;
    while parser.skip(',') {
        commas = true;
        if parser.at < tokens.len() {
            items.push(parser.sum(0));
        }
    }
    match (parser.at == tokens.len(), commas) {
        (false, _) => Expr::Other,
        (true, true) => Expr::List(items),
        (true, false) => items.pop().unwrap_or(Expr::Other),
    }
}

/// Left and right of a plain assignment to one target.
pub fn assignment(statement: &Statement) -> Option<(Expr, Expr)> {
    let tokens = &statement.tokens;
    let mut depth = 0usize;
    let at = tokens.iter().position(|token| {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Sign('=' | ':') => return depth == 0,
            _ => {}
        }
        false
    })?;
    let right = match tokens[at] {
        // `name: type = value`.
        Token::Sign(':') => {
            let more = tokens[at..].iter().position(|it| *it == Token::Sign('='))?;
            &tokens[at + more + 1..]
        }
        _ => &tokens[at + 1..],
    };
    if matches!(right.first(), None | Some(Token::Sign('='))) {
        return None;
    }
    Some((expression(&tokens[..at]), expression(right)))
}

/// The last word of a dotted name.
pub fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn sign(&self) -> Option<char> {
        match self.tokens.get(self.at) {
            Some(Token::Sign(c)) => Some(*c),
            _ => None,
        }
    }

    fn skip(&mut self, sign: char) -> bool {
        let there = self.sign() == Some(sign);
        self.at += usize::from(there);
        there
    }

    fn sum(&mut self, depth: usize) -> Expr {
        let mut left = self.product(depth);
        while let Some(sign @ ('+' | '-')) = self.sign() {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(self.product(depth)));
        }
        left
    }

    fn product(&mut self, depth: usize) -> Expr {
        let mut left = self.postfix(depth);
        while let Some(sign @ ('*' | '/')) = self.sign() {
            self.at += 1;
            // `//` divides whole numbers.
            self.skip('/');
            left = Expr::Binary(sign, Box::new(left), Box::new(self.postfix(depth)));
        }
        left
    }

    fn postfix(&mut self, depth: usize) -> Expr {
        let mut expr = self.primary(depth);
        loop {
            match self.sign() {
                Some('.') => {
                    self.at += 1;
                    let Some(Token::Name(name)) = self.tokens.get(self.at) else {
                        return Expr::Other;
                    };
                    self.at += 1;
                    expr = match expr {
                        Expr::Name(before) => Expr::Name(format!("{before}.{name}")),
                        // Whose attribute it is cannot be known; its name still says something.
                        _ => Expr::Name(format!("?.{name}")),
                    };
                }
                Some('(') => {
                    self.at += 1;
                    let arguments = self.arguments(depth + 1);
                    expr = Expr::Call(Box::new(expr), arguments);
                }
                Some('[') => {
                    self.at += 1;
                    let items = self.items(']', depth + 1);
                    // `lib["name"]` is `lib.name`.
                    expr = match (expr, items.as_slice()) {
                        (Expr::Name(before), [Expr::Text(name, _)]) => {
                            Expr::Name(format!("{before}.{name}"))
                        }
                        _ => Expr::Other,
                    };
                }
                _ => return expr,
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Expr {
        let Some(token) = self.tokens.get(self.at) else {
            return Expr::Other;
        };
        if depth > DEEPEST {
            self.at = self.tokens.len() + 1;
            return Expr::Other;
        }
        self.at += 1;
        match token {
            Token::Name(name) => Expr::Name(name.clone()),
            Token::Number(Some(number)) => Expr::Number(*number),
            Token::Number(None) => Expr::Other,
            Token::Text(text, line) => {
                let mut whole = text.clone();
                while let Some(Token::Text(more, _)) = self.tokens.get(self.at) {
                    self.at += 1;
                    whole = whole.zip(more.clone()).map(|(one, two)| one + &two);
                }
                whole.map_or(Expr::Other, |text| Expr::Text(text, *line))
            }
            Token::Sign('(') => {
                let items = self.items(')', depth + 1);
                let tuple = matches!(
                    self.tokens.get(self.at.wrapping_sub(2)),
                    Some(Token::Sign(','))
                );
                match (items.len(), tuple) {
                    (1, false) => items.into_iter().next().unwrap_or(Expr::Other),
                    _ => Expr::List(items),
                }
            }
            Token::Sign('[') => Expr::List(self.items(']', depth + 1)),
            Token::Sign(_) => Expr::Other,
        }
    }

    fn items(&mut self, close: char, depth: usize) -> Vec<Expr> {
        let mut items = Vec::new();
        while self.at < self.tokens.len() && !self.skip(close) {
            items.push(self.sum(depth));
            if !self.skip(',') && !self.skip(close) {
                // Something that is no list: all of it is skipped.
                self.at = self.tokens.len() + 1;
            } else if matches!(self.tokens.get(self.at - 1), Some(Token::Sign(c)) if *c == close) {
                return items;
            }
        }
        items
    }

    fn arguments(&mut self, depth: usize) -> Vec<(Option<String>, Expr)> {
        let mut arguments = Vec::new();
        while self.at < self.tokens.len() && !self.skip(')') {
            let keyword = match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
                (Some(Token::Name(name)), Some(Token::Sign('='))) => {
                    self.at += 2;
                    Some(name.clone())
                }
                _ => None,
            };
            arguments.push((keyword, self.sum(depth)));
            if self.skip(')') {
                return arguments;
            }
            if !self.skip(',') {
                self.at = self.tokens.len() + 1;
            }
        }
        arguments
    }
}

/// All calls of something that is called this, wherever in a statement, with their keywords.
pub fn calls(statement: &Statement, name: &str) -> Vec<Vec<(Option<String>, Expr)>> {
    let tokens = &statement.tokens;
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let begins = tokens[at] == Token::Name(name.to_owned())
            && tokens.get(at + 1) == Some(&Token::Sign('('));
        if begins {
            let mut parser = Parser { tokens, at: at + 2 };
            found.push(parser.arguments(1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Expr {
        expression(&statements(text)[0].tokens)
    }

    fn name(text: &str) -> Expr {
        Expr::Name(text.to_owned())
    }

    #[test]
    fn statements_keep_line_and_indent() {
        let text = "import ctypes  # x\n\nclass P(ctypes.Structure):\n    _fields_ = [\n        (\"x\", c_int),\n    ]; _pack_ = 1\n";
        let found: Vec<(usize, u64)> = statements(text)
            .iter()
            .map(|it| (it.indent, it.line))
            .collect();
        assert_eq!(found, [(0, 1), (0, 3), (4, 4), (4, 6)]);
    }

    #[test]
    fn expressions_are_read() {
        assert_eq!(one("ctypes.c_int"), name("ctypes.c_int"));
        assert_eq!(one("lib[\"add\"]"), name("lib.add"));
        assert_eq!(
            one("c_char * (2 * 8)"),
            Expr::Binary(
                '*',
                Box::new(name("c_char")),
                Box::new(Expr::Binary(
                    '*',
                    Box::new(Expr::Number(2)),
                    Box::new(Expr::Number(8))
                ))
            )
        );
        assert_eq!(one("(1,)"), Expr::List(vec![Expr::Number(1)]));
        assert_eq!(one("[]"), Expr::List(vec![]));
        assert_eq!(
            one("f(\"a\" 'b', pack=0x10)"),
            Expr::Call(
                Box::new(name("f")),
                vec![
                    (None, Expr::Text("ab".to_owned(), 1)),
                    (Some("pack".to_owned()), Expr::Number(16))
                ]
            )
        );
        assert_eq!(one("x if y else z"), Expr::Other);
        assert_eq!(one("f\"{x}\""), Expr::Other);
        assert_eq!(one("[x for x in y]"), Expr::Other);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z0-9_ \\n()\\[\\]{}'\"#=,.*;\\\\]{0,120}", any in ".{0,60}") {
            for text in [text, any] {
                for statement in statements(&text) {
                    expression(&statement.tokens);
                }
            }
        }
    }
}
