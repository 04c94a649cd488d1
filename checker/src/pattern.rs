//! Patterns over what tools, C and Python write.

use regex::Regex;

/// A fixed pattern whose digits, blanks and letters of names are those of ASCII: the tables of Unicode take longer to prepare than all else
/// that a verdict needs.
///
/// # Panics
/// When it is no pattern; each is used by a test.
pub fn pattern(text: &str) -> Regex {
    let ascii = [
        (r"\d", "[0-9]"),
        (r"\w", "[0-9A-Za-z_]"),
        (r"\s", r"[\t-\r ]"),
        (r"\S", r"[^\t-\r ]"),
        (r"\b", r"(?-u:\b)"),
    ];
    let whole = ascii
        .iter()
        .fold(text.to_owned(), |text, (of, by)| text.replace(of, by));
    Regex::new(&whole).expect("a fixed pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_alone_and_in_others() {
        let found = pattern(r"\b([\w.]+)\s*=\s*(\d+) (\S+)[^\s]$");
        let found = found.captures("a.b_1 =\n 22 ü!").unwrap();
        assert_eq!((&found[1], &found[2], &found[3]), ("a.b_1", "22", "ü"));
    }
}
