//! Values in the JSON shapes that [`Value`] documents, in both directions; reading trusts nothing.

use serde_json::{Value as Json, json};

use super::printable;
use crate::value::{
    DEEPEST, DIGITS, LONGEST, MOST, Value, bytes_from_hex, float_repr, hex_from_bytes,
};

impl Value {
    /// The JSON shape of this value.
    pub fn to_wire(&self) -> Json {
        let all = |items: &[Value]| -> Json { items.iter().map(Value::to_wire).collect() };
        match self {
            Value::None => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Int(digits) => json!({ "int": digits }),
            Value::Float(repr) => json!({ "float": repr }),
            Value::Str(text) => json!({ "str": text }),
            Value::Surrogates(escaped) => json!({ "surrogates": escaped }),
            Value::Bytes(bytes) => json!({ "bytes": hex_from_bytes(bytes) }),
            Value::List(items) => all(items),
            Value::Tuple(items) => json!({ "tuple": all(items) }),
            Value::Dict(entries) => {
                let pairs = entries
                    .iter()
                    .map(|(key, value)| json!([key, value.to_wire()]));
                json!({ "dict": pairs.collect::<Json>() })
            }
            Value::Opaque(name) => json!({ "type": name }),
        }
    }

    /// Reads the one JSON shape of a value.
    ///
    /// # Errors
    /// In words, when the JSON has another shape, or exceeds a limit of [`crate::value`].
    pub fn from_wire(json: &Json) -> Result<Value, String> {
        read(json, DEEPEST, &mut MOST.clone())
    }
}

/// Reads a value that may nest `depth` deep and hold `left` more values.
fn read(json: &Json, depth: usize, left: &mut usize) -> Result<Value, String> {
    *left = left
        .checked_sub(1)
        .ok_or("an observation with too many values")?;
    match json {
        Json::Null => Ok(Value::None),
        Json::Bool(truth) => Ok(Value::Bool(*truth)),
        Json::Array(items) => Ok(Value::List(read_all(items, depth, left)?)),
        Json::Object(object) if object.len() == 1 => match object.iter().next() {
            Some((tag, Json::String(text))) => read_text(tag, text),
            Some((tag, Json::Array(items))) if tag == "tuple" => {
                Ok(Value::Tuple(read_all(items, depth, left)?))
            }
            Some((tag, Json::Array(items))) if tag == "dict" => read_dict(items, depth, left),
            _ => Err("an observation of unknown shape".into()),
        },
        _ => Err("an observation of unknown shape".into()),
    }
}

fn read_all(items: &[Json], depth: usize, left: &mut usize) -> Result<Vec<Value>, String> {
    let depth = deeper(depth)?;
    items.iter().map(|item| read(item, depth, left)).collect()
}

fn read_dict(items: &[Json], depth: usize, left: &mut usize) -> Result<Value, String> {
    let depth = deeper(depth)?;
    let mut seen = std::collections::HashSet::new();
    let mut entries = Vec::new();
    for item in items {
        let (key, value) = match item.as_array().map(Vec::as_slice) {
            Some([Json::String(key), value]) if short(key) => (key, value),
            _ => return Err("a dict of unknown shape".into()),
        };
        if !seen.insert(key) {
            return Err("a dict with the same key twice".into());
        }
        entries.push((key.clone(), read(value, depth, left)?));
    }
    Ok(Value::Dict(entries))
}

fn read_text(tag: &str, text: &str) -> Result<Value, String> {
    let value = match tag {
        "int" if is_int(text) => Some(Value::Int(text.into())),
        "float" if is_float(text) => Some(Value::Float(text.into())),
        "str" if short(text) => Some(Value::Str(text.into())),
        "surrogates" if is_escaped(text) => Some(Value::Surrogates(text.into())),
        "bytes" if text.len() <= 2 * LONGEST => bytes_from_hex(text).map(Value::Bytes),
        "type" if short(text) => Some(Value::Opaque(printable(text.as_bytes()))),
        _ => None,
    };
    value.ok_or_else(|| "an observation of unknown shape".into())
}

fn deeper(depth: usize) -> Result<usize, String> {
    depth
        .checked_sub(1)
        .ok_or_else(|| "an observation nested too deep".into())
}

fn short(text: &str) -> bool {
    text.len() <= LONGEST || text.chars().count() <= LONGEST
}

/// Decimal digits without needless zeros.
fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let zero = text == "0";
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= DIGITS && plain && (zero || !digits.starts_with('0'))
}

/// Exactly what Python's `repr` gives.
fn is_float(text: &str) -> bool {
    text.len() <= 32 && text.parse().is_ok_and(|number| float_repr(number) == text)
}

/// Doubled backslashes, and at least one lone surrogate as `\udcff`.
fn is_escaped(text: &str) -> bool {
    let mut surrogates = 0;
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            rest = after;
            continue;
        }
        let digits = rest.strip_prefix('u').and_then(|rest| rest.get(..4));
        let lower = digits.filter(|digits| !digits.bytes().any(|byte| byte.is_ascii_uppercase()));
        match lower.map(|digits| u16::from_str_radix(digits, 16)) {
            Some(Ok(0xd800..=0xdfff)) => surrogates += 1,
            _ => return false,
        }
        rest = &rest[5..];
    }
    surrogates > 0 && text.len() <= 8 * LONGEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Value, String> {
        Value::from_wire(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn each_shape_is_one_type() {
        let text = r#"[null, true, {"int": "-42"}, {"float": "1e+16"}, {"str": "é\\"}, {"bytes": "6869"},
            {"tuple": [{"float": "nan"}]}, {"dict": [["b", []], ["a", null]]}, {"type": "set"},
            {"surrogates": "\\\\\\udcff"}]"#;
        assert_eq!(
            parse(text).unwrap().to_string(),
            r"[None, True, -42, 1e+16, 'é\\', b'hi', (nan,), {'b': [], 'a': None}, <set object>, '\\\udcff']"
        );
    }

    #[test]
    fn other_shapes_are_refused() {
        let wrong = [
            "5",
            "\"x\"",
            "{}",
            r#"{"int": 5}"#,
            r#"{"int": ""}"#,
            r#"{"int": "-"}"#,
            r#"{"int": "-0"}"#,
            r#"{"int": "007"}"#,
            r#"{"int": "+1"}"#,
            r#"{"int": "1.0"}"#,
            r#"{"int": "٣"}"#,
            r#"{"float": "1"}"#,
            r#"{"float": "1.50"}"#,
            r#"{"float": "NaN"}"#,
            r#"{"float": "Infinity"}"#,
            r#"{"bytes": "6"}"#,
            r#"{"bytes": "zz"}"#,
            r#"{"tuple": {}}"#,
            r#"{"dict": [["a"]]}"#,
            r#"{"dict": [["a", null], ["a", null]]}"#,
            r#"{"dict": [[null, null]]}"#,
            r#"{"int": "1", "str": "1"}"#,
            r#"{"set": []}"#,
            r#"{"surrogates": "plain"}"#,
            r#"{"surrogates": "\\udcFF"}"#,
            r#"{"surrogates": "\\u0041\\udcff"}"#,
            r#"{"surrogates": "\\udcff\\"}"#,
        ];
        for text in wrong {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_hold_at_the_border() {
        let nested = |depth: usize| parse(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(nested(DEEPEST).is_ok() && nested(DEEPEST + 1).is_err());
        let wide = |count: usize| parse(&format!("[{}null]", "null,".repeat(count - 1)));
        assert!(wide(MOST - 1).is_ok() && wide(MOST).is_err());
        let text = |length: usize| parse(&format!(r#"{{"str": "{}"}}"#, "é".repeat(length)));
        assert!(text(LONGEST).is_ok() && text(LONGEST + 1).is_err());
        let int = |length: usize| parse(&format!(r#"{{"int": "{}"}}"#, "9".repeat(length)));
        assert!(int(DIGITS).is_ok() && int(DIGITS + 1).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::None),
            any::<bool>().prop_map(Value::Bool),
            any::<i128>().prop_map(|number| Value::Int(number.to_string())),
            any::<f64>().prop_map(Value::float),
            any::<String>().prop_map(Value::Str),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            let items = || proptest::collection::vec(inner.clone(), 0..8);
            let entries = proptest::collection::btree_map(any::<String>(), inner.clone(), 0..8);
            prop_oneof![
                items().prop_map(Value::List),
                items().prop_map(Value::Tuple),
                entries.prop_map(|entries| Value::Dict(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_survives_the_crossing(value in values()) {
            let line = value.to_wire().to_string();
            prop_assert_eq!(parse(&line), Ok(value));
        }

        #[test]
        fn what_is_read_is_what_would_be_written(text in r#"[\[\]{}":,0-9a-z\\.+-]{0,40}"#) {
            if let Ok(json) = serde_json::from_str::<Json>(&text)
                && let Ok(value) = Value::from_wire(&json)
            {
                prop_assert_eq!(Value::from_wire(&value.to_wire()), Ok(value));
            }
        }
    }
}
