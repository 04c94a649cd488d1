//! Versions of Python on which a lesson rightly observes something else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Versions of Python that share a behaviour, and why they have another than the rest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// What follows the `@` in the names of their snapshots.
    pub name: String,
    /// Which versions.
    pub versions: Range,
    /// Why they differ, for the reader of a report.
    pub why: String,
}

/// A range of versions: `<3.12`, `>=3.13`, or both ends, `>=3.10, <3.12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    from: Option<(u32, u32)>,
    below: Option<(u32, u32)>,
}

impl Range {
    /// Whether the range holds a version; its third number does not matter.
    pub fn holds(&self, version: (u32, u32, u32)) -> bool {
        let version = (version.0, version.1);
        self.from.is_none_or(|from| from <= version)
            && self.below.is_none_or(|below| version < below)
    }

    /// Whether some version lies in both ranges.
    pub fn overlaps(&self, other: &Range) -> bool {
        let from = self.from.max(other.from).unwrap_or((0, 0));
        [self.below, other.below]
            .into_iter()
            .flatten()
            .all(|below| from < below)
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let refused = || {
            format!("`{text}` is no range of versions; write `<3.12`, `>=3.13` or `>=3.10, <3.12`")
        };
        let mut range = Range {
            from: None,
            below: None,
        };
        for part in text.split(',').map(str::trim) {
            let (end, number) = if let Some(number) = part.strip_prefix(">=") {
                (&mut range.from, number)
            } else if let Some(number) = part.strip_prefix('<') {
                (&mut range.below, number)
            } else {
                return Err(refused());
            };
            if end.is_some() {
                return Err(refused());
            }
            *end = Some(version(number.trim()).ok_or_else(refused)?);
        }
        match (range.from, range.below) {
            (Some(from), Some(below)) if from >= below => Err(refused()),
            _ => Ok(range),
        }
    }
}

/// `3.12`.
fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.map(|(major, minor)| format!(">={major}.{minor}"));
        let below = self.below.map(|(major, minor)| format!("<{major}.{minor}"));
        let ends: Vec<String> = [from, below].into_iter().flatten().collect();
        f.write_str(&ends.join(", "))
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_what_it_says() {
        for (text, held) in [
            ("<3.12", vec![9, 10, 11]),
            (">=3.12", vec![12, 13]),
            (">=3.10,<3.12", vec![10, 11]),
            (">= 3.13", vec![13]),
        ] {
            let range = range(text);
            let found: Vec<u32> = (9..14).filter(|it| range.holds((3, *it, 7))).collect();
            assert_eq!(found, held, "{text}");
        }
        assert_eq!(range(">=3.10,<3.12").to_string(), ">=3.10, <3.12");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "3.12",
            "<3",
            "<3.12, <3.13",
            ">=3.12, <3.12",
            "==3.12",
            "<x.y",
        ] {
            let told = text.parse::<Range>().unwrap_err();
            assert!(told.contains("no range of versions"), "{text}: {told}");
        }
    }

    #[test]
    fn ranges_overlap_where_a_version_lies_in_both() {
        assert!(range("<3.12").overlaps(&range(">=3.11")));
        assert!(range("<3.12").overlaps(&range("<3.10")));
        assert!(!range("<3.12").overlaps(&range(">=3.12")));
        assert!(!range(">=3.9, <3.10").overlaps(&range(">=3.10, <3.11")));
    }
}
