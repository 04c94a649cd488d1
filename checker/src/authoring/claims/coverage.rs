//! Which lessons show a claim, and the rules that hold lessons and lists together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Claim, Claims, Finding};
use crate::authoring::Problem;
use crate::lesson::{Lesson, NotCheckable, Scenario};

/// What the lessons say of one claim.
#[derive(Default)]
pub struct Coverage<'a> {
    /// The scenarios that are evidence for it, with their lessons.
    pub scenarios: Vec<(&'a Lesson, &'a Scenario)>,
    /// The reasons why no scenario can be, with their lessons.
    pub reasons: Vec<(&'a Lesson, &'a NotCheckable)>,
}

impl<'a> Coverage<'a> {
    /// Whether no lesson speaks of the claim.
    pub fn is_empty(&self) -> bool {
        self.scenarios.is_empty() && self.reasons.is_empty()
    }

    /// The lessons that speak of the claim, one of them perhaps more than once.
    fn lessons(&self) -> impl Iterator<Item = &'a Lesson> {
        let scenarios = self.scenarios.iter().map(|(lesson, _)| *lesson);
        scenarios.chain(self.reasons.iter().map(|(lesson, _)| *lesson))
    }
}

/// What the lessons say of each claim that they name, by id.
pub fn coverage(lessons: &[Lesson]) -> BTreeMap<&str, Coverage<'_>> {
    let mut covered: BTreeMap<&str, Coverage> = BTreeMap::new();
    for lesson in lessons {
        for scenario in &lesson.manifest.scenarios {
            for id in &scenario.claims {
                let coverage = covered.entry(id).or_default();
                coverage.scenarios.push((lesson, scenario));
            }
        }
        for reason in &lesson.manifest.not_checkable {
            let coverage = covered.entry(&reason.claim).or_default();
            coverage.reasons.push((lesson, reason));
        }
    }
    covered
}

/// Holds all lessons together against the lists: no two lessons contradict each other, and what is shown is shown in the
/// lesson that its list names. What a lesson owes is asked by [`check_lesson`]; what waits for a lesson is no problem.
pub fn check_course(claims: &Claims, lessons: &[Lesson]) -> Vec<Problem> {
    let covered = coverage(lessons);
    let mut problems = Vec::new();
    for (id, coverage) in &covered {
        if let [(first, _), (second, _), ..] = coverage.reasons[..] {
            let what = format!(
                "gives a reason why `{id}` is not checkable, as {} does",
                first.manifest.id
            );
            problems.push(problem(second, what));
        }
        if let (Some((lesson, _)), Some((other, scenario))) =
            (coverage.reasons.first(), coverage.scenarios.first())
        {
            let what = format!(
                "says that `{id}` is not checkable, but scenario `{}` of {} is evidence for it",
                scenario.name, other.manifest.id
            );
            problems.push(problem(lesson, what));
        }
    }
    for document in &claims.documents {
        for claim in &document.claims {
            if let Some(coverage) = covered.get(claim.id.as_str())
                && let Some(what) = misplaced(claim, coverage)
            {
                problems.push(Problem::of_file(&document.file, what));
            }
        }
    }
    problems
}

/// What is wrong with the place of a claim that is shown, but not in its own lesson.
fn misplaced(claim: &Claim, coverage: &Coverage) -> Option<String> {
    let home = claim.home();
    if coverage.lessons().any(|lesson| lesson.manifest.id == home) {
        return None;
    }
    let first = &coverage.lessons().next()?.manifest.id;
    Some(format!(
        "claim `{}` belongs to {home}, but it is {first} that covers it; set its `lesson`, or leave it to {home}",
        claim.id
    ))
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
                    "{who} names claim `{id}`, which is in no list of lessons/claims"
                )),
                Some(claim) if claim.verdict == Finding::NotCheckable => found.push(format!(
                    "{who} names claim `{id}`, which its list calls not checkable"
                )),
                Some(_) => {}
            }
        }
    }
    for reason in &manifest.not_checkable {
        if claims.get(&reason.claim).is_none() {
            let id = &reason.claim;
            found.push(format!(
                "[[not_checkable]] names claim `{id}`, which is in no list of lessons/claims"
            ));
        }
    }
    let speaks_of = |id: &String| {
        let reasons = manifest.not_checkable.iter().map(|reason| &reason.claim);
        let scenarios = manifest.scenarios.iter().flat_map(|it| &it.claims);
        scenarios.chain(reasons).any(|other| other == id)
    };
    let own = claims.all().filter(|claim| claim.home() == manifest.id);
    let owed = own.filter(|claim| !speaks_of(&claim.id));
    found.extend(owed.map(|claim| {
        format!(
            "claim `{}` belongs to this lesson, which covers it by no scenario and no [[not_checkable]]",
            claim.id
        )
    }));
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

fn problem(lesson: &Lesson, what: impl Into<String>) -> Problem {
    Problem::of_file(&lesson.folder.join("lesson.toml"), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const CLAIMS: &str = r#"
title = "T"
[[claim]]
id = "A1"
section = "7"
statement = "One."
verdict = "holds"
lesson = "1.1"
[[claim]]
id = "A2"
section = "7"
statement = "Two."
verdict = "corrected"
instead = "Three."
lesson = "1.1"
[[claim]]
id = "A3"
section = "7"
statement = "Four."
verdict = "opinion"
lesson = "1.2"
[[claim]]
id = "A4"
section = "7"
statement = "Five."
verdict = "not-checkable"
lesson = "1.3"
"#;

    fn lesson(id: &str, claims: &str, scenarios: &[&str], reasons: &[&str]) -> Lesson {
        let mut text = format!(
            "format_version = 1\nid = \"lesson-{id}\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 1\n\
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

    fn problems(lessons: &[Lesson]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), CLAIMS).unwrap();
        let claims = Claims::load(folder.path()).unwrap();
        let own = lessons
            .iter()
            .flat_map(|lesson| check_lesson(&claims, lesson));
        let mut problems: Vec<Problem> = own.collect();
        problems.extend(check_course(&claims, lessons));
        problems
            .iter()
            .map(|one| one.below(folder.path()).to_string())
            .collect()
    }

    /// A lesson that shows all that it owes.
    fn first() -> Lesson {
        lesson("1.1", r#"["A1", "A2"]"#, &[r#"["A1", "A2"]"#], &[])
    }

    #[test]
    fn covered_claims_have_no_problem_and_others_wait_for_their_lesson() {
        let lessons = [
            lesson(
                "1.1",
                r#"["A1", "A2"]"#,
                &[r#"["A2"]"#, r#"["A1", "A2"]"#],
                &[],
            ),
            lesson("1.2", r#"["A1"]"#, &[r#"["A1"]"#], &["A3"]),
        ];
        assert_eq!(problems(&lessons), Vec::<String>::new());
        assert_eq!(problems(&lessons[..1]), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_told() {
        let cases = [
            (
                vec![lesson("1.2", "[]", &[], &[])],
                "1.2/lesson.toml: claim `A3` belongs to this lesson, which covers it by no scenario",
            ),
            (
                vec![first(), lesson("1.4", r#"["A3"]"#, &[r#"["A3"]"#], &[])],
                "a.toml: claim `A3` belongs to lesson-1.2, but it is lesson-1.4 that covers it",
            ),
            (
                vec![first(), lesson("1.4", "[]", &[], &["A4"])],
                "a.toml: claim `A4` belongs to lesson-1.3, but it is lesson-1.4 that covers it",
            ),
            (
                vec![lesson("1.1", r#"["A9"]"#, &[r#"["A9"]"#], &[])],
                "1.1/lesson.toml: scenario `s0` names claim `A9`, which is in no list of lessons/claims",
            ),
            (
                vec![lesson("1.3", r#"["A4"]"#, &[r#"["A4"]"#], &[])],
                "1.3/lesson.toml: scenario `s0` names claim `A4`, which its list calls not checkable",
            ),
            (
                vec![lesson("1.1", r#"["A1", "A1"]"#, &[r#"["A1"]"#], &[])],
                "1.1/lesson.toml: the lesson names claim `A1` twice",
            ),
            (
                vec![lesson("1.1", r#"["A1"]"#, &[], &[])],
                "1.1/lesson.toml: `claims` names `A1`, but no scenario is evidence for it",
            ),
            (
                vec![lesson("1.1", "[]", &[r#"["A1"]"#], &[])],
                "1.1/lesson.toml: a scenario is evidence for `A1`, but `claims` does not name it",
            ),
            (
                vec![
                    lesson("1.2", "[]", &[], &["A3"]),
                    lesson("1.4", "[]", &[], &["A3"]),
                ],
                "1.4/lesson.toml: gives a reason why `A3` is not checkable, as lesson-1.2 does",
            ),
            (
                vec![
                    lesson("1.2", r#"["A3"]"#, &[r#"["A3"]"#], &[]),
                    lesson("1.4", "[]", &[], &["A3"]),
                ],
                "1.4/lesson.toml: says that `A3` is not checkable, but scenario `s0` of lesson-1.2 is evidence for it",
            ),
            (
                vec![lesson("1.1", "[]", &[], &["B1"])],
                "1.1/lesson.toml: [[not_checkable]] names claim `B1`, which is in no list",
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
}
