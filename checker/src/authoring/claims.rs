//! Claims: what the article says, listed in `lessons/claims.toml`, each covered by a scenario or by a reason why none can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::lesson::Lesson;

/// What we found when we ran a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It is true.
    Holds,
    /// It is wrong in part or in whole; `instead` says what is true.
    Corrected,
    /// It is true on some machines; `instead` says on what it depends.
    Depends,
    /// It is advice, and nothing could refute it.
    Opinion,
    /// It cannot be tried on one machine.
    NotCheckable,
}

/// One statement of the article, in our own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// A letter for the document and a number, `A7`.
    pub id: String,
    /// The section of the document.
    pub section: String,
    /// The statement.
    pub statement: String,
    /// What we found.
    pub verdict: Finding,
    /// What is true instead, or on what it depends.
    #[serde(default)]
    pub instead: Option<String>,
}

/// The content of `claims.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// All claims, in the order of the document.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
}

impl Claims {
    /// Reads `claims.toml` and holds it against its own rules.
    pub fn load(file: &Path) -> Result<Claims, Vec<Problem>> {
        let text = fs::read_to_string(file)
            .map_err(|error| vec![Problem::of_file(file, format!("cannot be read: {error}"))])?;
        Claims::parse(file, &text)
    }

    fn parse(file: &Path, text: &str) -> Result<Claims, Vec<Problem>> {
        let claims: Claims = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text[..start].lines().count().max(1);
            vec![Problem::at(file, line, error.message())]
        })?;
        let problems = claims.contradictions(file);
        if problems.is_empty() {
            Ok(claims)
        } else {
            Err(problems)
        }
    }

    fn contradictions(&self, file: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut next: BTreeMap<char, u32> = BTreeMap::new();
        for claim in &self.claims {
            let id = &claim.id;
            let document = id.chars().next().unwrap_or('?');
            let number = next.entry(document).or_insert(1);
            if !document.is_ascii_uppercase() || *id != format!("{document}{number}") {
                let what = format!("claim `{id}` stands where `{document}{number}` is due");
                problems.push(Problem::of_file(file, what));
            }
            *number += 1;
            let needed = matches!(claim.verdict, Finding::Corrected | Finding::Depends);
            if needed != claim.instead.is_some() {
                let what = if needed {
                    format!("claim `{id}` does not say what is true `instead`")
                } else {
                    format!("claim `{id}` has an `instead` that its verdict does not need")
                };
                problems.push(Problem::of_file(file, what));
            }
        }
        problems
    }

    fn get(&self, id: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == id)
    }
}

/// How often lessons speak of a claim.
#[derive(Default)]
struct Coverage<'a> {
    scenarios: Vec<(&'a Lesson, &'a str)>,
    reasons: Vec<&'a Lesson>,
}

/// Holds all lessons together against the list: every claim is covered, and no two lessons contradict each other.
pub fn check_course(file: &Path, claims: &Claims, lessons: &[Lesson]) -> Vec<Problem> {
    let covered = coverage(lessons);
    let mut problems = Vec::new();
    for (id, coverage) in &covered {
        if let [first, second, ..] = coverage.reasons[..] {
            let what = format!(
                "gives a reason why `{id}` is not checkable, as {} does",
                first.manifest.id
            );
            problems.push(problem(second, what));
        }
        if let (Some(lesson), Some((other, scenario))) =
            (coverage.reasons.first(), coverage.scenarios.first())
        {
            let what = format!(
                "says that `{id}` is not checkable, but scenario `{scenario}` of {} is evidence for it",
                other.manifest.id
            );
            problems.push(problem(lesson, what));
        }
    }
    for claim in &claims.claims {
        if !covered.contains_key(claim.id.as_str()) {
            let what = format!(
                "claim `{}` (section {}) is covered by no scenario and no [[not_checkable]]",
                claim.id, claim.section
            );
            problems.push(Problem::of_file(file, what));
        }
    }
    problems
}

/// Names the claims that no lesson covers. Only all lessons together can answer this.
pub fn check_coverage(file: &Path, claims: &Claims, lessons: &[Lesson]) -> Vec<Problem> {
    let covered = coverage(lessons);
    let open = claims
        .claims
        .iter()
        .filter(|claim| !covered.contains_key(claim.id.as_str()));
    open.map(|claim| {
        let what = format!(
            "claim `{}` (section {}) is covered by no scenario and no [[not_checkable]]",
            claim.id, claim.section
        );
        Problem::of_file(file, what)
    })
    .collect()
}

/// Holds the claims that one lesson names against the list.
pub fn check_lesson(claims: &Claims, lesson: &Lesson) -> Vec<Problem> {
    let manifest = &lesson.manifest;
    let mut found = Vec::new();
    let lists = manifest
        .scenarios
        .iter()
        .map(|scenario| (format!("scenario `{}`", scenario.name), &scenario.claims))
        .chain([("the lesson".to_owned(), &manifest.claims)]);
    for (who, ids) in lists {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                found.push(format!("{who} names claim `{id}` twice"));
            }
            match claims.get(id) {
                None => found.push(format!(
                    "{who} names claim `{id}`, which is not in claims.toml"
                )),
                Some(claim) if claim.verdict == Finding::NotCheckable => found.push(format!(
                    "{who} names claim `{id}`, which claims.toml calls not checkable"
                )),
                Some(_) => {}
            }
        }
    }
    for reason in &manifest.not_checkable {
        if claims.get(&reason.claim).is_none() {
            let id = &reason.claim;
            found.push(format!(
                "[[not_checkable]] names claim `{id}`, which is not in claims.toml"
            ));
        }
    }
    let listed: BTreeSet<&String> = manifest.claims.iter().collect();
    let proved: BTreeSet<&String> = manifest
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.claims)
        .collect();
    for id in listed.difference(&proved) {
        found.push(format!(
            "`claims` names `{id}`, but no scenario is evidence for it"
        ));
    }
    for id in proved.difference(&listed) {
        found.push(format!(
            "a scenario is evidence for `{id}`, but `claims` does not name it"
        ));
    }
    found
        .into_iter()
        .map(|what| problem(lesson, what))
        .collect()
}

fn coverage(lessons: &[Lesson]) -> BTreeMap<&str, Coverage<'_>> {
    let mut covered: BTreeMap<&str, Coverage> = BTreeMap::new();
    for lesson in lessons {
        for scenario in &lesson.manifest.scenarios {
            for id in &scenario.claims {
                let coverage = covered.entry(id).or_default();
                coverage.scenarios.push((lesson, &scenario.name));
            }
        }
        for reason in &lesson.manifest.not_checkable {
            covered
                .entry(&reason.claim)
                .or_default()
                .reasons
                .push(lesson);
        }
    }
    covered
}

fn problem(lesson: &Lesson, what: impl Into<String>) -> Problem {
    Problem::of_file(&lesson.folder.join("lesson.toml"), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const CLAIMS: &str = r#"
[[claim]]
id = "A1"
section = "7"
statement = "One."
verdict = "holds"
[[claim]]
id = "A2"
section = "7"
statement = "Two."
verdict = "corrected"
instead = "Three."
[[claim]]
id = "A3"
section = "7"
statement = "Four."
verdict = "opinion"
"#;

    fn lesson(id: &str, claims: &str, scenarios: &[&str], reasons: &[&str]) -> Lesson {
        let mut text = format!(
            "format_version = 1\nid = \"{id}\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 1\n\
             claims = {claims}\n[clib]\nname = \"add\"\n"
        );
        for (index, claims) in scenarios.iter().enumerate() {
            text +=
                &format!("[[scenario]]\nname = \"s{index}\"\ntitle = \"T\"\nclaims = {claims}\n");
        }
        for claim in reasons {
            text += &format!("[[not_checkable]]\nclaim = \"{claim}\"\nwhy = \"W\"\n");
        }
        Lesson {
            folder: PathBuf::from(id),
            manifest: toml::from_str(&text).unwrap(),
        }
    }

    fn told(problems: &[Problem]) -> Vec<String> {
        problems.iter().map(Problem::to_string).collect()
    }

    fn problems(lessons: &[Lesson]) -> Vec<String> {
        let file = Path::new("claims.toml");
        let claims = Claims::parse(file, CLAIMS).unwrap();
        let own = lessons
            .iter()
            .flat_map(|lesson| check_lesson(&claims, lesson));
        let mut problems: Vec<Problem> = own.collect();
        problems.extend(check_course(file, &claims, lessons));
        told(&problems)
    }

    #[test]
    fn covered_claims_have_no_problem() {
        let lessons = [
            lesson(
                "a",
                r#"["A1", "A2"]"#,
                &[r#"["A2"]"#, r#"["A1", "A2"]"#],
                &[],
            ),
            lesson("b", r#"["A1"]"#, &[r#"["A1"]"#], &["A3"]),
        ];
        assert_eq!(problems(&lessons), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_told() {
        let cases = [
            (
                vec![lesson("a", r#"["A1", "A2"]"#, &[r#"["A1", "A2"]"#], &[])],
                "claims.toml: claim `A3` (section 7) is covered by no scenario",
            ),
            (
                vec![lesson("a", r#"["A9"]"#, &[r#"["A9"]"#], &[])],
                "a/lesson.toml: scenario `s0` names claim `A9`, which is not in claims.toml",
            ),
            (
                vec![lesson("a", r#"["A1", "A1"]"#, &[r#"["A1"]"#], &[])],
                "a/lesson.toml: the lesson names claim `A1` twice",
            ),
            (
                vec![lesson("a", r#"["A1"]"#, &[], &[])],
                "a/lesson.toml: `claims` names `A1`, but no scenario is evidence for it",
            ),
            (
                vec![lesson("a", "[]", &[r#"["A1"]"#], &[])],
                "a/lesson.toml: a scenario is evidence for `A1`, but `claims` does not name it",
            ),
            (
                vec![
                    lesson("a", "[]", &[], &["A3"]),
                    lesson("b", "[]", &[], &["A3"]),
                ],
                "b/lesson.toml: gives a reason why `A3` is not checkable, as a does",
            ),
            (
                vec![
                    lesson("a", r#"["A3"]"#, &[r#"["A3"]"#], &[]),
                    lesson("b", "[]", &[], &["A3"]),
                ],
                "b/lesson.toml: says that `A3` is not checkable, but scenario `s0` of a is evidence for it",
            ),
            (
                vec![lesson("a", "[]", &[], &["B1"])],
                "a/lesson.toml: [[not_checkable]] names claim `B1`, which is not in claims.toml",
            ),
        ];
        for (lessons, expected) in cases {
            let found = problems(&lessons);
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{expected}: {found:?}"
            );
        }
    }

    #[test]
    fn a_list_that_contradicts_itself_is_refused() {
        let file = Path::new("claims.toml");
        for (old, new, expected) in [
            (
                "A3",
                "A4",
                "claims.toml: claim `A4` stands where `A3` is due",
            ),
            (
                "A2",
                "A1",
                "claims.toml: claim `A1` stands where `A2` is due",
            ),
            (
                "instead = \"Three.\"\n",
                "",
                "claims.toml: claim `A2` does not say what is true `instead`",
            ),
            ("holds", "corrected", "claims.toml: claim `A1` does not say"),
            (
                "corrected",
                "holds",
                "claims.toml: claim `A2` has an `instead`",
            ),
            (
                "opinion",
                "maybe",
                "claims.toml:17: unknown variant `maybe`",
            ),
        ] {
            let found = told(&Claims::parse(file, &CLAIMS.replace(old, new)).unwrap_err());
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{expected}: {found:?}"
            );
        }
    }

    #[test]
    fn the_list_of_this_repository_has_all_claims_of_the_article() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons/claims.toml");
        let claims = Claims::load(&file).unwrap();
        let article = claims
            .claims
            .iter()
            .filter(|claim| claim.id.starts_with('A'));
        assert_eq!(article.count(), 62);
    }
}
