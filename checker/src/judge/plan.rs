//! Which questions a variant is asked, and which variant's observations they are held against.

use crate::border::Question;
use crate::build::store::Key;
use crate::judge::hidden::{Kind, Source};
use crate::lesson::{Lesson, Manifest, Scenario};
use crate::value::Value;
use crate::variant::Variant;

/// One question with what the judge knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// Whether its values were drawn by the judge.
    pub hidden: bool,
}

/// The first variant of the same behaviour that this scenario runs in: the others must observe what it observes.
pub fn reference_for(manifest: &Manifest, scenario: &Scenario, variant: Variant) -> Variant {
    let behaviour = manifest.behaviour_of(variant);
    Variant::all()
        .filter(|other| {
            scenario
                .variants
                .iter()
                .any(|pattern| pattern.matches(*other))
        })
        .find(|other| manifest.behaviour_of(*other) == behaviour)
        .unwrap_or(variant)
}

/// All variants that this one is held against, each once.
pub fn references(manifest: &Manifest, variant: Variant) -> Vec<Variant> {
    let mut found: Vec<Variant> = manifest
        .scenarios_for(variant, false)
        .map(|scenario| reference_for(manifest, scenario, variant))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The questions of one scenario: its fixed cases, then the hidden ones that this seed gives.
///
/// # Errors
/// In words, for a case value or a kind that the format does not know.
pub fn questions(scenario: &Scenario, seed: u64) -> Result<Vec<Asked>, String> {
    let mut asked = Vec::new();
    for case in &scenario.cases {
        let given: Result<Vec<(String, Value)>, String> = case
            .iter()
            .map(|(name, value)| Ok((name.clone(), Value::from_toml(value)?)))
            .collect();
        asked.push(Asked {
            question: question(scenario, given?),
            hidden: false,
        });
    }
    if scenario.cases.is_empty() && scenario.hidden.is_empty() {
        asked.push(Asked {
            question: question(scenario, Vec::new()),
            hidden: false,
        });
    }
    asked.extend(hidden_questions(scenario, seed)?);
    Ok(asked)
}

fn hidden_questions(scenario: &Scenario, seed: u64) -> Result<Vec<Asked>, String> {
    if scenario.hidden.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<(&String, Kind)> = scenario
        .hidden
        .iter()
        .map(|(name, kind)| Ok((name, Kind::parse(kind)?)))
        .collect::<Result<_, String>>()?;
    // A stream of its own for each scenario, so that adding one leaves the values of the others alone.
    let digest = Key::of("hidden")
        .text(&seed.to_string())
        .text(&scenario.name)
        .finish();
    let own_seed = u64::from_str_radix(&digest[..16], 16).unwrap_or(seed);
    let mut source = Source::new(own_seed);
    let rounds = (0..scenario.rounds).map(|_| {
        let given = kinds
            .iter()
            .map(|(name, kind)| ((*name).clone(), source.draw(kind)))
            .collect();
        Asked {
            question: question(scenario, given),
            hidden: true,
        }
    });
    Ok(rounds.collect())
}

fn question(scenario: &Scenario, given: Vec<(String, Value)>) -> Question {
    Question {
        scenario: scenario.name.clone(),
        given,
    }
}

/// All questions that a variant is asked, scenario by scenario.
///
/// # Errors
/// In words, as for [`questions`].
pub fn all_questions(
    lesson: &Lesson,
    variant: Variant,
    evidence: bool,
    seed: impl Fn(Variant) -> u64,
) -> Result<Vec<Asked>, String> {
    let manifest = &lesson.manifest;
    let mut asked = Vec::new();
    for scenario in manifest.scenarios_for(variant, evidence) {
        asked.extend(questions(
            scenario,
            seed(reference_for(manifest, scenario, variant)),
        )?);
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        let head = "format_version = 1\nid = \"lesson-0.0\"\norder = 0\ntitle = \"t\"\nsection = \"0\"\nminutes = 1\nclib = { name = \"x\" }\n";
        toml::from_str(&format!("{head}{text}")).unwrap()
    }

    fn variant(text: &str) -> Variant {
        Variant::all()
            .find(|variant| variant.to_string() == text)
            .unwrap()
    }

    #[test]
    fn fixed_cases_come_before_hidden_ones() {
        let manifest = manifest(
            "[[scenario]]\nname = \"adds\"\ntitle = \"t\"\ncases = [{ a = 1 }, { a = 2 }]\nhidden = { a = \"i8\" }\n",
        );
        let asked = questions(&manifest.scenarios[0], 1).unwrap();
        assert_eq!(
            asked.iter().map(|it| it.hidden).collect::<Vec<_>>(),
            [false, false, true, true, true]
        );
        assert_eq!(asked, questions(&manifest.scenarios[0], 1).unwrap());
        assert_ne!(asked, questions(&manifest.scenarios[0], 2).unwrap());
    }

    #[test]
    fn a_scenario_without_cases_is_asked_once() {
        let manifest = manifest("[[scenario]]\nname = \"adds\"\ntitle = \"t\"\n");
        assert_eq!(questions(&manifest.scenarios[0], 1).unwrap().len(), 1);
    }

    #[test]
    fn the_reference_runs_the_scenario_and_shares_the_behaviour() {
        let manifest = manifest(
            "[[behaviour]]\nname = \"b\"\nvariants = [\"abi/*\"]\nwhy = \"w\"\n\
             [[scenario]]\nname = \"all\"\ntitle = \"t\"\n\
             [[scenario]]\nname = \"some\"\ntitle = \"t\"\nvariants = [\"ext/*\"]\n",
        );
        let [all, some] = &manifest.scenarios[..] else {
            panic!("two scenarios")
        };
        assert_eq!(
            reference_for(&manifest, all, variant("ext/rust")),
            variant("ctypes/stock")
        );
        assert_eq!(
            reference_for(&manifest, all, variant("abi/rust")),
            variant("abi/stock")
        );
        assert_eq!(
            reference_for(&manifest, some, variant("ext/rust")),
            variant("ext/stock")
        );
        assert_eq!(
            references(&manifest, variant("ext/rust")),
            [variant("ctypes/stock"), variant("ext/stock")]
        );
    }
}
