//! Hidden inputs: values that the judge draws, so that nobody can know them beforehand.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::value::Value;

/// What to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// An integer of a C type, both ends included.
    Int {
        /// The smallest.
        low: i128,
        /// The largest.
        high: i128,
    },
    /// A finite double.
    F64,
    /// A truth value.
    Bool,
    /// Up to 32 bytes, none of them NUL.
    Bytes,
    /// Up to 16 characters, none of them NUL.
    Text,
}

impl Kind {
    /// Reads `i32`, `i32:-5..5`, `f64`, `bool`, `bytes` or `text`.
    pub fn parse(text: &str) -> Result<Kind, String> {
        let (name, range) = match text.split_once(':') {
            Some((name, range)) => (name, Some(range)),
            None => (text, None),
        };
        let kind = match name {
            "i8" => whole(i8::MIN, i8::MAX),
            "i16" => whole(i16::MIN, i16::MAX),
            "i32" => whole(i32::MIN, i32::MAX),
            "i64" => whole(i64::MIN, i64::MAX),
            "u8" => whole(u8::MIN, u8::MAX),
            "u16" => whole(u16::MIN, u16::MAX),
            "u32" => whole(u32::MIN, u32::MAX),
            "u64" => whole(u64::MIN, u64::MAX),
            "f64" => Kind::F64,
            "bool" => Kind::Bool,
            "bytes" => Kind::Bytes,
            "text" => Kind::Text,
            _ => {
                return Err(format!(
                    "`{text}` is no kind of value: i8 i16 i32 i64 u8 u16 u32 u64 (with a range: `i32:-5..5`), f64, bool, bytes, text"
                ));
            }
        };
        match (kind, range) {
            (kind, None) => Ok(kind),
            (Kind::Int { low, high }, Some(range)) => narrowed(text, range, low, high),
            (_, Some(_)) => Err(format!("`{text}`: only integers take a range")),
        }
    }

    fn draw(&self, random: &mut StdRng) -> Value {
        match self {
            Kind::Int { low, high } => Value::Int(random.random_range(*low..=*high).to_string()),
            // Few digits, so that a report stays readable.
            Kind::F64 => Value::float((random.random_range(-1.0e9..1.0e9_f64)).round() / 1000.0),
            Kind::Bool => Value::Bool(random.random()),
            Kind::Bytes => {
                let length = random.random_range(0..=32);
                Value::Bytes((0..length).map(|_| random.random_range(1..=255)).collect())
            }
            Kind::Text => {
                let length = random.random_range(0..=16);
                Value::Str((0..length).map(|_| letter(random)).collect())
            }
        }
    }
}

fn whole<T: Into<i128>>(low: T, high: T) -> Kind {
    Kind::Int {
        low: low.into(),
        high: high.into(),
    }
}

fn narrowed(text: &str, range: &str, low: i128, high: i128) -> Result<Kind, String> {
    let ends = range.split_once("..").and_then(|(from, to)| {
        Some((
            from.trim().parse::<i128>().ok()?,
            to.trim().parse::<i128>().ok()?,
        ))
    });
    match ends {
        Some((from, to)) if low <= from && from <= to && to <= high => Ok(Kind::Int {
            low: from,
            high: to,
        }),
        Some(_) => Err(format!(
            "`{text}`: the range must rise and stay within {low}..{high}"
        )),
        None => Err(format!("`{text}`: write the range as `{low}..{high}`")),
    }
}

/// Letters of several alphabets and widths in UTF-8; no NUL, no surrogate, no control character.
fn letter(random: &mut StdRng) -> char {
    const LETTERS: [char; 20] = [
        'a', 'b', 'k', 'z', 'A', 'Q', '0', '9', ' ', '.', '-', 'ä', 'ß', 'é', 'ж', 'λ', '中', '日',
        '€', '🐍',
    ];
    LETTERS[random.random_range(0..LETTERS.len())]
}

/// A source of hidden values; the same seed gives the same values.
pub struct Source {
    random: StdRng,
}

impl Source {
    /// Starts from a seed, 0 to 2^64 - 1.
    pub fn new(seed: u64) -> Source {
        Source {
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// A seed that nobody could foresee.
    pub fn fresh_seed() -> u64 {
        rand::random()
    }

    /// Draws one value.
    pub fn draw(&mut self, kind: &Kind) -> Value {
        kind.draw(&mut self.random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept() {
        let kind = Kind::parse("i32:-2..1").unwrap();
        let mut source = Source::new(7);
        let mut seen: Vec<String> = (0..200).map(|_| source.draw(&kind).to_string()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["-1", "-2", "0", "1"]);
    }

    #[test]
    fn the_same_seed_gives_the_same_values() {
        let kinds =
            ["i8", "u64", "f64", "bool", "bytes", "text"].map(|kind| Kind::parse(kind).unwrap());
        let draw = |seed| {
            let mut source = Source::new(seed);
            kinds
                .iter()
                .map(|kind| source.draw(kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn no_nul_ever() {
        let mut source = Source::new(3);
        for _ in 0..500 {
            let Value::Bytes(bytes) = source.draw(&Kind::Bytes) else {
                panic!("bytes")
            };
            assert!(bytes.len() <= 32 && !bytes.contains(&0));
            let Value::Str(text) = source.draw(&Kind::Text) else {
                panic!("text")
            };
            assert!(text.chars().count() <= 16 && !text.contains('\0'));
        }
    }

    #[test]
    fn wrong_kinds_say_what_is_allowed() {
        assert!(Kind::parse("int").unwrap_err().contains("i8 i16"));
        assert!(
            Kind::parse("u8:0..256")
                .unwrap_err()
                .contains("within 0..255")
        );
        assert!(Kind::parse("u8:9..1").unwrap_err().contains("rise"));
        assert!(
            Kind::parse("f64:0..1")
                .unwrap_err()
                .contains("only integers")
        );
    }
}
