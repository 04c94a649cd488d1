//! Observations: the plain data that crosses the border between a driver and the judge.
//!
//! Two values are equal only if their Python types are equal too: `1`, `1.0` and `True` are three observations. The wire
//! form is JSON in which each Python type has one shape; the driver writes it for exact types only, so that an object
//! with a friendly `__eq__` arrives as the name of its type.

use std::fmt;

/// How deep lists, tuples and dicts may nest.
pub const DEEPEST: usize = 16;
/// How many values one value may hold, itself included.
pub const MOST: usize = 20_000;
/// The longest text (characters), `bytes` (bytes) and name of a type (characters).
pub const LONGEST: usize = 64 * 1024;
/// The longest `int`, in digits with the sign; Python's own limit for writing one.
pub const DIGITS: usize = 4300;

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
    /// `str` without lone surrogates; on the wire `{"str": "..."}`.
    Str(String),
    /// `str` with lone surrogates, each written as `\udcff`, and each backslash doubled; on the wire `{"surrogates": "..."}`.
    Surrogates(String),
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
            Value::Str(text) => f.write_str(&str_repr(text)),
            Value::Surrogates(escaped) => write!(f, "'{}'", escaped.replace('\'', "\\'")),
            Value::Bytes(bytes) => f.write_str(&bytes_repr(bytes)),
            Value::List(items) => write_items(f, "[", items, "]"),
            Value::Tuple(items) if items.len() == 1 => write!(f, "({},)", items[0]),
            Value::Tuple(items) => write_items(f, "(", items, ")"),
            Value::Dict(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {value}", str_repr(key))?;
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

impl Value {
    /// The value of `repr(number)` in Python.
    pub fn float(number: f64) -> Value {
        Value::Float(float_repr(number))
    }

    /// The name of its Python type.
    pub fn type_name(&self) -> &str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) | Value::Surrogates(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Opaque(name) => name,
        }
    }

    /// A case value of `lesson.toml`. A table with the one key `bytes` is `bytes` in hexadecimal, other tables are dicts.
    ///
    /// # Errors
    /// In words, for dates and for bytes that are not hexadecimal.
    pub fn from_toml(value: &toml::Value) -> Result<Value, String> {
        Ok(match value {
            toml::Value::Boolean(truth) => Value::Bool(*truth),
            toml::Value::Integer(number) => Value::Int(number.to_string()),
            toml::Value::Float(number) => Value::float(*number),
            toml::Value::String(text) => Value::Str(text.clone()),
            toml::Value::Array(items) => Value::List(
                items
                    .iter()
                    .map(Value::from_toml)
                    .collect::<Result<_, _>>()?,
            ),
            toml::Value::Table(table) => match table.get("bytes") {
                Some(toml::Value::String(digits)) if table.len() == 1 => Value::Bytes(
                    bytes_from_hex(digits)
                        .ok_or_else(|| format!("`{digits}` is not hexadecimal"))?,
                ),
                _ => {
                    let entry = |(key, value): (&String, _)| {
                        Ok::<_, String>((key.clone(), Value::from_toml(value)?))
                    };
                    Value::Dict(table.iter().map(entry).collect::<Result<_, _>>()?)
                }
            },
            toml::Value::Datetime(date) => return Err(format!("a date ({date}) is no case value")),
        })
    }
}

/// A `str` as Python's `repr` writes it.
pub fn str_repr(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut repr = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => repr.push_str("\\\\"),
            c if c == quote => repr.extend(['\\', c]),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            c if is_printable(c) => repr.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => repr += &format!("\\x{code:02x}"),
                code @ 0x100..=0xffff => repr += &format!("\\u{code:04x}"),
                code => repr += &format!("\\U{code:08x}"),
            },
        }
    }
    repr.push(quote);
    repr
}

/// `bytes` as Python's `repr` writes them.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut repr = format!("b{quote}");
    for byte in bytes {
        match *byte {
            b'\\' => repr.push_str("\\\\"),
            byte if char::from(byte) == quote => repr.extend(['\\', quote]),
            b'\n' => repr.push_str("\\n"),
            b'\r' => repr.push_str("\\r"),
            b'\t' => repr.push_str("\\t"),
            byte @ 0x20..=0x7e => repr.push(char::from(byte)),
            byte => repr += &format!("\\x{byte:02x}"),
        }
    }
    repr.push(quote);
    repr
}

/// Python takes double quotes only where they save an escape.
fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

/// Whether a character stands for itself. A combining mark does not, though Python prints it: it would sit on the quote.
fn is_printable(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '"') || c.escape_debug().len() == 1
}

/// The shortest text that gives the same float back, in the shape that Python's `repr` gives it.
pub fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    let text = shortest(number);
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text; // `inf` and `-inf`
    };
    let exponent: i32 = exponent.parse().expect("Rust writes a decimal exponent");
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits = mantissa.trim_start_matches('-').replace('.', "");
    let distance = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(distance - 1));
    }
    let whole = distance + 1;
    match digits.split_at_checked(whole) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits:0<whole$}.0"),
    }
}

/// The shortest digits that give the same float back, as `1.5e-7`. Where two of a length are as close, Python takes the even
/// one, and Rust the greater.
fn shortest(number: f64) -> String {
    let text = format!("{number:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) {
        even
    } else {
        text
    }
}

/// Two lower-case digits for each byte.
pub fn hex_from_bytes(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let pairs = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.collect()
}

/// The bytes behind pairs of hexadecimal digits of either case; `None` for anything else.
pub fn bytes_from_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::excessive_precision,
        reason = "the digit in question is the one too many"
    )]
    fn floats_read_as_in_python() {
        let cases = [
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (5.0, "5.0"),
            (0.0, "0.0"),
            (120.0, "120.0"),
            (-1234.5, "-1234.5"),
            (0.00012, "0.00012"),
            // As close to ...310.2 as to ...310.3: Python takes the even digit.
            (-1515640596123310.25, "-1515640596123310.2"),
            (2238293508650729.75, "2238293508650729.8"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
        ];
        for (number, text) in cases {
            assert_eq!(float_repr(number), text);
        }
    }

    #[test]
    fn text_and_bytes_read_as_in_python() {
        for (text, repr) in [
            ("", "''"),
            ("it's", "\"it's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("'\"", "'\\'\"'"),
            ("a\\b\n\t\r\0\x7f", "'a\\\\b\\n\\t\\r\\x00\\x7f'"),
            ("é\u{85}\u{200b}\u{e0001}", "'é\\x85\\u200b\\U000e0001'"),
        ] {
            assert_eq!(str_repr(text), repr);
        }
        assert_eq!(bytes_repr(b"it's\0\xff\n"), "b\"it's\\x00\\xff\\n\"");
        assert_eq!(bytes_repr(b"'\"\\"), "b'\\'\"\\\\'");
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes_from_hex(&hex_from_bytes(&all)), Some(all));
        assert_eq!(bytes_from_hex("68690A"), Some(b"hi\n".to_vec()));
        for wrong in ["6", "6g", "é", "0x", " 6"] {
            assert_eq!(bytes_from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn case_values_keep_their_types() {
        let table: toml::Table = toml::from_str(
            r#"a = 2
            b = 2.0
            c = true
            d = "x"
            e = [1, "y"]
            f = { bytes = "6869" }
            g = { bytes = "6869", more = 1 }"#,
        )
        .unwrap();
        let value = Value::from_toml(&toml::Value::Table(table)).unwrap();
        assert_eq!(
            value.to_string(),
            "{'a': 2, 'b': 2.0, 'c': True, 'd': 'x', 'e': [1, 'y'], 'f': b'hi', \
             'g': {'bytes': '6869', 'more': 1}}"
        );
    }

    #[test]
    fn a_case_value_that_has_no_python_type_is_refused() {
        for text in ["a = 1979-05-27", "a = { bytes = \"6\" }"] {
            let table: toml::Table = toml::from_str(text).unwrap();
            assert!(Value::from_toml(&table["a"]).is_err());
        }
    }
}
