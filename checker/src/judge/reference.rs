//! What the solution observes: the judge's expected values, and the seed that its hidden ones come from.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::json;

use super::plan::Asked;
use crate::border::{Answer, Interrogation, Loading};
use crate::build::store::write_atomically;
use crate::transcript;
use crate::value::Value;
use crate::variant::Variant;

/// A run of the solution in one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Which variant.
    pub variant: Variant,
    /// Where the hidden values come from.
    pub seed: u64,
    observations: HashMap<String, Vec<Value>>,
}

impl Reference {
    /// Takes the observations of an interrogation.
    ///
    /// # Errors
    /// When the solution did not observe something everywhere: there is nothing to compare with then.
    pub fn new(
        variant: Variant,
        seed: u64,
        asked: &[Asked],
        told: &Interrogation,
    ) -> anyhow::Result<Reference> {
        if let Loading::Failed {
            class,
            message,
            traceback,
            ..
        } = &told.loading
        {
            anyhow::bail!(
                "the solution in {variant} cannot be loaded: {class}: {message}\n{traceback}"
            );
        }
        let mut observations: HashMap<String, Vec<Value>> = HashMap::new();
        for (asked, answer) in asked.iter().zip(&told.answers) {
            let call = transcript::call(&asked.question);
            let value = match answer {
                Answer::Observed(value) => value.clone(),
                Answer::Raised {
                    class,
                    message,
                    traceback,
                } => {
                    anyhow::bail!(
                        "the solution in {variant} raised {class} in `{call}`: {message}\n{traceback}"
                    )
                }
                Answer::Unfinished | Answer::NotAsked => {
                    let verdict = told
                        .verdict()
                        .map_or_else(|| "no answer".to_owned(), |verdict| verdict.to_string());
                    anyhow::bail!("the solution in {variant} did not answer `{call}`: {verdict}")
                }
            };
            observations
                .entry(asked.question.scenario.clone())
                .or_default()
                .push(value);
        }
        if let Some(verdict) = told.verdict() {
            anyhow::bail!(
                "the solution in {variant} answered everything, and is {verdict} all the same"
            );
        }
        Ok(Reference {
            variant,
            seed,
            observations,
        })
    }

    /// What was observed for the question with this number of a scenario.
    ///
    /// # Errors
    /// When it was never asked: a fault of the checker.
    pub fn observation(&self, scenario: &str, number: usize) -> anyhow::Result<&Value> {
        self.observations
            .get(scenario)
            .and_then(|values| values.get(number))
            .ok_or_else(|| {
                anyhow::anyhow!(
                    "the solution in {} was not asked {scenario} ({number})",
                    self.variant
                )
            })
    }

    /// Writes it where only the judge looks.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        let observations: HashMap<&String, Vec<serde_json::Value>> = self
            .observations
            .iter()
            .map(|(scenario, values)| (scenario, values.iter().map(Value::to_wire).collect()))
            .collect();
        let document = json!({ "seed": self.seed, "observations": observations });
        write_atomically(path, &serde_json::to_vec(&document)?)
    }

    /// Reads what [`Reference::keep`] wrote; `None` if there is nothing, or something else.
    pub fn recall(variant: Variant, path: &Path) -> Option<Reference> {
        let document: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let read = |values: &serde_json::Value| -> Option<Vec<Value>> {
            values
                .as_array()?
                .iter()
                .map(|value| Value::from_wire(value).ok())
                .collect()
        };
        let observations = document["observations"].as_object()?.iter();
        let observations =
            observations.map(|(scenario, values)| Some((scenario.clone(), read(values)?)));
        Some(Reference {
            variant,
            seed: document["seed"].as_u64()?,
            observations: observations.collect::<Option<_>>()?,
        })
    }
}

/// The references of one lesson: each made once, however many variants wait for it.
#[derive(Default)]
pub struct References {
    made: Mutex<HashMap<Variant, Slot>>,
}

/// Filled by the first who asks; the others wait for it. An error is for all of them.
type Slot = Arc<OnceLock<Result<Arc<Reference>, Arc<anyhow::Error>>>>;

impl References {
    /// The reference of this variant; `make` is called by the first who asks.
    ///
    /// # Errors
    /// What `make` returned, for everybody who asks.
    pub fn get(
        &self,
        variant: Variant,
        make: impl FnOnce() -> anyhow::Result<Reference>,
    ) -> anyhow::Result<Arc<Reference>> {
        let cell = {
            let mut made = self
                .made
                .lock()
                .map_err(|_| anyhow::anyhow!("another variant panicked"))?;
            Arc::clone(made.entry(variant).or_default())
        };
        match cell.get_or_init(|| make().map(Arc::new).map_err(Arc::new)) {
            Ok(reference) => Ok(Arc::clone(reference)),
            Err(error) => Err(again(error)),
        }
    }
}

/// The same error once more; errors cannot be cloned, but expected ones can be said again.
fn again(error: &anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<crate::errors::ExpectedError>() {
        Some(expected) => expected.clone().into(),
        None => anyhow::anyhow!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reference.json");
        let variant = Variant::all().next().unwrap();
        let observations = HashMap::from([(
            "adds".to_owned(),
            vec![Value::Float("0.1".into()), Value::Bytes(vec![0, 255])],
        )]);
        let reference = Reference {
            variant,
            seed: u64::MAX,
            observations,
        };
        reference.keep(&path).unwrap();
        assert_eq!(Reference::recall(variant, &path), Some(reference));
        std::fs::write(&path, "{\"seed\": 1").unwrap();
        assert_eq!(Reference::recall(variant, &path), None);
    }

    #[test]
    fn a_reference_is_made_once() {
        let references = References::default();
        let variant = Variant::all().next().unwrap();
        let make = || {
            Ok(Reference {
                variant,
                seed: 1,
                observations: HashMap::new(),
            })
        };
        references.get(variant, make).unwrap();
        let kept = references
            .get(variant, || anyhow::bail!("made twice"))
            .unwrap();
        assert_eq!(kept.seed, 1);
    }
}
