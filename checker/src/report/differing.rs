//! Two long values beside each other: only what differs in them.

use crate::value::Value;

/// What stands for everything that is alike.
const ALIKE: &str = "...";

/// Both values without the entries and items that are alike; `None` where nothing can be left out.
pub fn differing(expected: &Value, observed: &Value) -> Option<(String, String)> {
    let is_pair = matches!(
        (expected, observed),
        (Value::Dict(_), Value::Dict(_))
            | (Value::List(_), Value::List(_))
            | (Value::Tuple(_), Value::Tuple(_))
    );
    if !is_pair || expected == observed {
        return None;
    }
    let pair = shortened(expected, observed);
    (pair.0 != expected.to_string()).then_some(pair)
}

fn shortened(one: &Value, other: &Value) -> (String, String) {
    match (one, other) {
        (Value::Dict(one), Value::Dict(other)) => entries(one, other),
        (Value::List(one), Value::List(other)) if one.len() == other.len() => {
            items(one, other, ["[", "]"])
        }
        (Value::Tuple(one), Value::Tuple(other)) if one.len() == other.len() => {
            items(one, other, ["(", ")"])
        }
        _ => (one.to_string(), other.to_string()),
    }
}

/// The entries that differ, and one mark for all others. Dicts that differ in their order alone are shown whole.
fn entries(one: &[(String, Value)], other: &[(String, Value)]) -> (String, String) {
    let find = |all: &[(String, Value)], key: &str| {
        let found = all.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    let (mut left, mut right, mut alike) = (Vec::new(), Vec::new(), 0);
    for (key, value) in one {
        let name = Value::Str(key.clone());
        match find(other, key) {
            Some(same) if same == *value => alike += 1,
            Some(differs) => {
                let (a, b) = shortened(value, &differs);
                left.push(format!("{name}: {a}"));
                right.push(format!("{name}: {b}"));
            }
            None => left.push(format!("{name}: {value}")),
        }
    }
    for (key, value) in other.iter().filter(|(key, _)| find(one, key).is_none()) {
        right.push(format!("{}: {value}", Value::Str(key.clone())));
    }
    if left.is_empty() && right.is_empty() {
        let whole = |all: &[(String, Value)]| Value::Dict(all.to_vec()).to_string();
        return (whole(one), whole(other));
    }
    if alike > 0 {
        left.push(ALIKE.to_owned());
        right.push(ALIKE.to_owned());
    }
    let braced = |parts: Vec<String>| format!("{{{}}}", parts.join(", "));
    (braced(left), braced(right))
}

/// The items that differ, in their order, with a mark for each run of others.
fn items(one: &[Value], other: &[Value], [open, close]: [&str; 2]) -> (String, String) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (a, b) in one.iter().zip(other) {
        let (a, b) = if a == b {
            if left.last().is_some_and(|it| it == ALIKE) {
                continue;
            }
            (ALIKE.to_owned(), ALIKE.to_owned())
        } else {
            shortened(a, b)
        };
        left.push(a);
        right.push(b);
    }
    let whole = |parts: Vec<String>| format!("{open}{}{close}", parts.join(", "));
    (whole(left), whole(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::from_toml(&toml::from_str::<toml::Table>(&format!("it = {json}")).unwrap()["it"])
            .unwrap()
    }

    fn shown(expected: &str, observed: &str) -> Option<(String, String)> {
        differing(&value(expected), &value(observed))
    }

    #[test]
    fn what_is_alike_is_left_out_at_each_depth() {
        let (expected, observed) = shown(
            "{a = 1, b = {x = [1, 2, 3, 4], y = 5}, c = 6}",
            "{a = 1, b = {x = [1, 2, 9, 4], y = 5}, c = 6}",
        )
        .unwrap();
        assert_eq!(expected, "{'b': {'x': [..., 3, ...], ...}, ...}");
        assert_eq!(observed, "{'b': {'x': [..., 9, ...], ...}, ...}");
    }

    #[test]
    fn what_is_missing_or_too_much_is_shown() {
        let (expected, observed) = shown("{a = 1, b = 2}", "{a = 1, c = 3}").unwrap();
        assert_eq!(expected, "{'b': 2, ...}");
        assert_eq!(observed, "{'c': 3, ...}");
    }

    #[test]
    fn nothing_is_left_out_where_all_differs_or_the_lengths_do() {
        assert_eq!(shown("[1, 2]", "[3, 4]"), None);
        assert_eq!(shown("[1, 2]", "[1, 2, 3]"), None);
        assert_eq!(shown("{a = 1}", "[1]"), None);
        assert_eq!(shown("1", "2"), None);
        let order =
            |keys: [&str; 2]| Value::Dict(keys.map(|key| (key.to_owned(), Value::None)).to_vec());
        assert_eq!(differing(&order(["a", "b"]), &order(["b", "a"])), None);
    }

    #[test]
    fn equal_numbers_of_other_types_differ() {
        let (expected, observed) = shown("[1, 2, 3]", "[1, 2.0, 3]").unwrap();
        assert_eq!(
            (expected.as_str(), observed.as_str()),
            ("[..., 2, ...]", "[..., 2.0, ...]")
        );
    }
}
