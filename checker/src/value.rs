//! Observations: the plain data that crosses the border between a driver and the judge.
//!
//! Two values are equal only if their Python types are equal too: `1`, `1.0` and `True` are three observations. The wire
//! form is JSON in which each Python type has one shape; the driver writes it for exact types only, so that an object
//! with a friendly `__eq__` arrives as the name of its type.

use std::fmt;

/// One Python value of an exact built-in type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `None`; on the wire `null`.
    None,
    /// `bool`; on the wire `true` or `false`.
    Bool(bool),
    /// `int` of any size, in decimal; on the wire `{"int": "42"}`.
    Int(String),
    /// `float` as its shortest repr (`nan`, `inf` and `-inf` included); on the wire `{"float": "0.1"}`.
    Float(String),
    /// `str`, lone surrogates written as `\udcff`; on the wire `{"str": "..."}`.
    Str(String),
    /// `bytes`; on the wire `{"bytes": "68656c6c6f"}`.
    Bytes(Vec<u8>),
    /// `list`; on the wire a JSON array.
    List(Vec<Value>),
    /// `tuple`; on the wire `{"tuple": [...]}`.
    Tuple(Vec<Value>),
    /// `dict` with `str` keys, in insertion order; on the wire `{"dict": [["key", value], ...]}`.
    Dict(Vec<(String, Value)>),
    /// Anything else, by the name of its type; on the wire `{"type": "module.Name"}`.
    Opaque(String),
}

impl fmt::Display for Value {
    /// Writes the value as Python would, for transcripts and messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Int(digits) => f.write_str(digits),
            Value::Float(repr) => f.write_str(repr),
            Value::Str(text) => write!(f, "'{}'", text.escape_debug()),
            Value::Bytes(bytes) => write!(f, "b'{}'", bytes.escape_ascii()),
            Value::List(items) => write_items(f, "[", items, "]"),
            Value::Tuple(items) if items.len() == 1 => write!(f, "({},)", items[0]),
            Value::Tuple(items) => write_items(f, "(", items, ")"),
            Value::Dict(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}'{}': {value}", key.escape_debug())?;
                }
                f.write_str("}")
            }
            Value::Opaque(name) => write!(f, "<{name} object>"),
        }
    }
}

fn write_items(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: &[Value],
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    f.write_str(close)
}
