//! What the tracer in the driver's process sent, read without trust.

use std::path::PathBuf;

use crate::border::printable;
use crate::value::Value;

/// One scenario's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The first calls that it saw.
    pub calls: Vec<RawCall>,
    /// The exception that left the scenario, in words; safe to print.
    pub raised: Option<String>,
}

/// The stack at the first call of one C function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawCall {
    /// The C function.
    pub function: String,
    /// The frames of the machine, innermost first.
    pub frames: Vec<RawFrame>,
    /// The Python frames in faulthandler's words, innermost first.
    pub python: Vec<String>,
}

/// A frame by its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Where it goes on.
    pub address: u64,
    /// Whether that is the next instruction, and not the one after a call.
    pub exact: bool,
    /// Where its file begins in memory.
    pub base: u64,
    /// Its file; `None` for code that belongs to no file.
    pub file: Option<PathBuf>,
}

impl RawFrame {
    /// An address of the code that the frame is in: behind the last instruction of a function, another one may begin.
    pub fn inside(&self) -> u64 {
        match self.exact {
            true => self.address,
            false => self.address.wrapping_sub(1),
        }
    }
}

impl Told {
    /// Reads what a scenario returned; `None` when our tracer sends no such thing.
    pub fn read(value: &Value) -> Option<Told> {
        let [calls, raised] = fields(value, ["calls", "raised"])?;
        Some(Told {
            calls: list(calls)?.iter().map(call).collect::<Option<_>>()?,
            raised: match raised {
                Value::None => None,
                // With lone surrogates it is still the text of an exception.
                Value::Str(words) | Value::Surrogates(words) => Some(printable(words.as_bytes())),
                _ => return None,
            },
        })
    }
}

fn call(value: &Value) -> Option<RawCall> {
    let [function, frames, python] = fields(value, ["function", "frames", "python"])?;
    Some(RawCall {
        function: text(function)?.to_owned(),
        frames: list(frames)?
            .iter()
            .map(|it| frame(text(it)?))
            .collect::<Option<_>>()?,
        python: list(python)?
            .iter()
            .map(|it| Some(printable(text(it)?.as_bytes())))
            .collect::<Option<_>>()?,
    })
}

/// `139976428417273 1 139976428412928 /lib/libffi.so.8`: address, exact, base, file.
fn frame(text: &str) -> Option<RawFrame> {
    let mut words = text.splitn(4, ' ');
    let address = words.next()?.parse().ok()?;
    let exact = match words.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let base = words.next()?.parse().ok()?;
    let file = words.next()?;
    Some(RawFrame {
        address,
        exact,
        base,
        file: (!file.is_empty()).then(|| PathBuf::from(file)),
    })
}

/// The values of exactly these keys, in this order.
fn fields<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> Option<[&'a Value; N]> {
    let Value::Dict(entries) = value else {
        return None;
    };
    let found: Vec<&Value> = entries
        .iter()
        .zip(names)
        .filter(|((key, _), name)| key == name)
        .map(|((_, value), _)| value)
        .collect();
    (entries.len() == N)
        .then(|| found.try_into().ok())
        .flatten()
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn str(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    fn dict(entries: &[(&str, Value)]) -> Value {
        let entries = entries.iter();
        Value::Dict(
            entries
                .map(|(key, it)| ((*key).into(), it.clone()))
                .collect(),
        )
    }

    fn one(frame: &str) -> Value {
        dict(&[
            (
                "calls",
                Value::List(vec![dict(&[
                    ("function", str("add")),
                    ("frames", Value::List(vec![str(frame)])),
                    (
                        "python",
                        Value::List(vec![str("File \"b.py\", line 3 in \u{1b}")]),
                    ),
                ])]),
            ),
            ("raised", Value::None),
        ])
    }

    #[test]
    fn a_call_is_read_with_its_frames() {
        let told = Told::read(&one("4105 0 4096 /a b/lib.so")).unwrap();
        assert_eq!(told.raised, None);
        let call = &told.calls[0];
        assert_eq!(call.function, "add");
        assert_eq!(call.python, ["File \"b.py\", line 3 in \\x1b"]);
        let frame = &call.frames[0];
        assert_eq!(frame.file.as_deref(), Some("/a b/lib.so".as_ref()));
        assert_eq!((frame.inside(), frame.base), (4104, 4096));
        let told = Told::read(&one("4105 1 0 ")).unwrap();
        assert_eq!(told.calls[0].frames[0].file, None);
        assert_eq!(told.calls[0].frames[0].inside(), 4105);
    }

    #[test]
    fn nothing_else_is() {
        for frame in [
            "",
            "1",
            "1 2 3 /lib.so",
            "-1 0 0 /lib.so",
            "x 0 0 /",
            "1 0 99999999999999999999 /",
        ] {
            assert_eq!(Told::read(&one(frame)), None, "{frame}");
        }
        let swapped = dict(&[("raised", Value::None), ("calls", Value::List(Vec::new()))]);
        let missing = dict(&[("calls", Value::List(Vec::new()))]);
        let wrong = dict(&[
            ("calls", Value::List(Vec::new())),
            ("raised", Value::Bool(true)),
        ]);
        for value in [Value::None, swapped, missing, wrong] {
            assert_eq!(Told::read(&value), None, "{value}");
        }
    }
}
