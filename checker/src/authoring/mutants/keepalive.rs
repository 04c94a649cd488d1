//! Changes of what keeps an object or its memory: a reference that is not taken, a keepalive that is not kept.
//!
//! What such a mutant does is often undefined, so that it may go well by chance; scenarios tell it by counting references,
//! and by using what should have been kept after everybody else let it go.

use super::lexer::{Kind, Language};
use super::mutate::{Change, MISSING_RELEASE, Program};

const MISSING_REFERENCE: &str = "a missing reference";

const KEEPALIVE: &str = "a dropped keepalive";

const NOT_FORGOTTEN: &str = "something not forgotten";

/// Methods of Python that put an object into a container.
const ADDERS: [&str; 3] = ["append", "add", "insert"];

/// Parts of the names of containers that hold objects only to keep them.
const KEEPERS: [&str; 4] = ["keep", "kept", "alive", "held"];

impl Program<'_> {
    /// What no longer keeps something, if a token begins it.
    pub(super) fn kept(&self, index: usize) -> Option<Change> {
        let other = match self.language {
            Language::C => self.taken(index),
            Language::Python => self
                .attribute(index)
                .or_else(|| self.element(index))
                .or_else(|| self.finaliser(index)),
            Language::Rust => self
                .guard(index)
                .or_else(|| self.forgotten(index))
                .or_else(|| self.converted(index))
                .or_else(|| self.cloned(index)),
        };
        other.or_else(|| self.not_forgotten(index))
    }

    /// `self.x = None` and `self->x = NULL;` go: the old value is kept for ever, or given back twice.
    fn not_forgotten(&self, index: usize) -> Option<Change> {
        let (field, nothing) = match self.language {
            Language::C => ("->", "NULL"),
            Language::Python | Language::Rust => (".", "None"),
        };
        let value = index + 4;
        let assigns = self.is(index + 1, field)
            && self.is(index + 3, "=")
            && self.is(value, nothing)
            && self.begins_line(index);
        let owner = self.language == Language::C || self.is(index, "self");
        let last = match self.language {
            Language::Python => self.token(value)?,
            Language::C | Language::Rust => self.token(value + 1)?,
        };
        let line = self.statement(index)?;
        if assigns && owner && line.end == last.end() {
            self.left_out(index, NOT_FORGOTTEN)
        } else {
            None
        }
    }

    /// `Py_INCREF(x);` goes, `Py_NewRef(x)` becomes `x`.
    fn taken(&self, index: usize) -> Option<Change> {
        match self.tokens[index].text {
            "Py_INCREF" | "Py_XINCREF" => self.left_out(index, MISSING_REFERENCE),
            "Py_NewRef" | "Py_XNewRef" if self.is(index + 1, "(") => {
                let (arguments, close) = self.arguments(index + 1)?;
                let [only] = &arguments[..] else {
                    return None;
                };
                Some(Change {
                    kind: MISSING_REFERENCE,
                    place: self.tokens[index].start..close + 1,
                    with: self.text[only.clone()].to_owned(),
                })
            }
            _ => None,
        }
    }

    /// `self.x = y` keeps nothing: the attribute is None.
    fn attribute(&self, index: usize) -> Option<Change> {
        let value = self.token(index + 4)?;
        let assigns = self.is(index, "self")
            && self.is(index + 1, ".")
            && self.is(index + 3, "=")
            && self.begins_line(index);
        let plain = value.kind == Kind::Word && !matches!(value.text, "None" | "True" | "False");
        let line = self.statement(index)?;
        (assigns && plain && line.end == value.end())
            .then(|| self.replace(index + 4, KEEPALIVE, "None"))
    }

    /// An object is not put into what self holds, or what is named for keeping: `self.x[k] = y`, `_kept.append(y)`.
    fn element(&self, index: usize) -> Option<Change> {
        if !self.begins_line(index) {
            return None;
        }
        let own = self.is(index, "self") && self.is(index + 1, ".");
        let container = if own { index + 2 } else { index };
        let name = self.token(container)?;
        if name.kind != Kind::Word || !(own || KEEPERS.iter().any(|part| name.text.contains(part)))
        {
            return None;
        }
        let added = self.is(container + 1, ".")
            && ADDERS.iter().any(|adder| self.is(container + 2, adder))
            && self.is(container + 3, "(");
        let stored = self.is(container + 1, "[") && {
            let close = self.closing(container + 2, "]")?;
            let after = self.tokens.iter().position(|it| it.start > close)?;
            self.is(after, "=")
        };
        if added || stored {
            self.left_out(index, KEEPALIVE)
        } else {
            None
        }
    }

    /// `weakref.finalize(x, f, ...)` with a function that does nothing.
    fn finaliser(&self, index: usize) -> Option<Change> {
        if !self.is(index, "finalize") || !self.is(index + 1, "(") {
            return None;
        }
        let (arguments, _) = self.arguments(index + 1)?;
        let function = arguments.get(1)?.clone();
        Some(Change {
            kind: MISSING_RELEASE,
            place: function,
            with: "lambda *_: None".to_owned(),
        })
    }

    /// `let _text = ...` keeps a value to the end of its block, `let _ = ...` does not.
    fn guard(&self, index: usize) -> Option<Change> {
        let name = self.token(index + 1)?;
        let guards = self.is(index, "let") && name.text.starts_with('_') && name.text.len() > 1;
        let bound = self.is(index + 2, "=") || self.is(index + 2, ":");
        (guards && bound).then(|| self.replace(index + 1, KEEPALIVE, "_"))
    }

    /// What `forget` kept from being dropped is dropped.
    fn forgotten(&self, index: usize) -> Option<Change> {
        if self.is(index, "forget") && self.is(index + 1, "(") {
            self.left_out(index, KEEPALIVE)
        } else {
            None
        }
    }

    /// A pointer is handed on without the reference that it should own.
    fn converted(&self, index: usize) -> Option<Change> {
        let other = match self.tokens[index].text {
            "into_ptr" => "as_ptr",
            "from_borrowed_ptr" => "from_owned_ptr",
            _ => return None,
        };
        self.is(index + 1, "(")
            .then(|| self.replace(index, MISSING_REFERENCE, other))
    }

    /// `x.clone_ref(py)` and the `x.clone()` of a reference become a second owner that nobody counted.
    fn cloned(&self, index: usize) -> Option<Change> {
        let (read, length) = match self.tokens[index].text {
            "clone_ref" => ("&", 4),
            // Of a reference to a Bound; what else has a clone does not build then.
            "clone" if self.is(index + 4, "unbind") => ("&*", 3),
            _ => return None,
        };
        let close = self.token(index + length - 1)?;
        let call = self.is(index + 1, "(") && close.text == ")";
        let dot = self.before(index)?;
        let start = self.place_before(index - 1)?;
        (call && dot.text == ".").then(|| Change {
            kind: MISSING_REFERENCE,
            place: start..close.end(),
            with: format!(
                "unsafe {{ std::ptr::read({read}{}) }}",
                &self.text[start..dot.start]
            ),
        })
    }

    /// Where the words begin that dots join in front of a token: `self.open` in `return self.open.clone()`.
    fn place_before(&self, index: usize) -> Option<usize> {
        let word = self.before(index).filter(|it| it.kind == Kind::Word)?;
        match index.checked_sub(2).filter(|at| self.is(*at, ".")) {
            Some(dot) => self.place_before(dot),
            None => Some(word.start),
        }
    }

    /// The statement that a token stands in, left out, if it has a line of its own.
    fn left_out(&self, index: usize, kind: &'static str) -> Option<Change> {
        let place = self.statement(index)?;
        Some(Change {
            kind,
            place,
            with: self.nothing().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::mutate::tests::mutants_of;
    use super::*;

    /// The mutants that keep less, as the line that each changes, with the kind before it.
    fn mutants(language: Language, text: &str) -> Vec<String> {
        let kinds = [MISSING_REFERENCE, KEEPALIVE, NOT_FORGOTTEN, MISSING_RELEASE];
        mutants_of(language, text, |kind| kinds.contains(&kind))
    }

    #[test]
    fn c_takes_a_reference_less() {
        for (text, expected) in [
            (
                "    Py_INCREF(capsule);\n",
                vec!["a missing reference:     ;~"],
            ),
            (
                "self->text = Py_NewRef(text);",
                vec!["a missing reference: self->text = text;"],
            ),
            (
                "return Py_XNewRef(f(a, b));",
                vec!["a missing reference: return f(a, b);"],
            ),
            (
                "    self->text = NULL; // gone\n",
                vec!["something not forgotten:     ; // gone~"],
            ),
            ("text = NULL;", vec![]),
            // What another statement on the line does would go, too.
            ("if (x) Py_INCREF(x);", vec![]),
            ("PyBuffer_Release(view);", vec!["a missing release: ;"]),
        ] {
            assert_eq!(mutants(Language::C, text), expected, "{text}");
        }
    }

    #[test]
    fn python_keeps_an_object_less() {
        for (text, expected) in [
            (
                "    self._text = text  # keepalive\n",
                vec!["a dropped keepalive:     self._text = None  # keepalive~"],
            ),
            (
                "self._text = None\n",
                vec!["something not forgotten: pass~"],
            ),
            ("self._text = None or x\n", vec![]),
            ("self._text = text.upper()\n", vec![]),
            ("other.text = text\n", vec![]),
            (
                "_kept.append(callback)\n",
                vec!["a dropped keepalive: pass~"],
            ),
            ("lines.append(line)\n", vec![]),
            (
                "self._calls[name] = callback\n",
                vec!["a dropped keepalive: pass~"],
            ),
            ("self._calls[name] += 1\n", vec![]),
            ("self._calls[name].run(callback)\n", vec![]),
            (
                "self.free = weakref.finalize(self, lib.free, text)\n",
                vec![
                    "a missing release: self.free = weakref.finalize(self, lambda *_: None, text)~",
                ],
            ),
        ] {
            assert_eq!(mutants(Language::Python, text), expected, "{text}");
        }
    }

    #[test]
    fn rust_keeps_a_value_less() {
        for (text, expected) in [
            (
                "let _text = open.text.clone_ref(py);",
                vec![
                    "a dropped keepalive: let _ = open.text.clone_ref(py);",
                    "a missing reference: let _text = unsafe { std::ptr::read(&open.text) };",
                ],
            ),
            ("let _ = f();", vec![]),
            ("let text = f();", vec![]),
            (
                "Token { text: text.clone().unbind() }",
                vec![
                    "a missing reference: Token { text: unsafe { std::ptr::read(&*text) }.unbind() }",
                ],
            ),
            ("let x = list.clone();", vec![]),
            (
                "return open.text.clone_ref(py);",
                vec!["a missing reference: return unsafe { std::ptr::read(&open.text) };"],
            ),
            ("f(x).clone_ref(py);", vec![]),
            ("self.open = None;", vec!["something not forgotten: ;"]),
            (
                "std::mem::forget(self); // or else",
                vec!["a dropped keepalive: ; // or else"],
            ),
            (
                "obj: this.into_ptr(),",
                vec!["a missing reference: obj: this.as_ptr(),"],
            ),
            (
                "unsafe { PyBuffer_Release(&mut *self.raw) }\n",
                vec!["a missing release: {}~"],
            ),
        ] {
            assert_eq!(mutants(Language::Rust, text), expected, "{text}");
        }
    }
}
