//! What the judge found: plain data, kept in the cache and read by every report.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::accepted::Transcript;
use crate::border::{Answer, Isolation, Question};
use crate::diagnosis::Diagnosis;
use crate::lesson::{LessonId, Sources};
use crate::message;
use crate::message::Message;
use crate::snapshot::State;
use crate::value::Value;
use crate::variant::Variant;
use crate::verdict::Verdict;

/// What was found out about a lesson.
#[derive(Clone, Debug)]
pub struct LessonReport {
    /// Which lesson.
    pub id: LessonId,
    /// Its title.
    pub title: String,
    /// Whose files were judged.
    pub sources: Sources,
    /// The variants that were asked for, in the order of the course.
    pub variants: Vec<VariantReport>,
    /// The lesson's quizzes.
    pub quizzes: Vec<QuizReport>,
    /// What deserves a word and is nobody's failure, such as a library for another machine.
    pub remarks: Vec<String>,
    /// For the solution: how its transcripts stand to the accepted snapshots.
    pub transcripts: Vec<Transcript>,
}

/// What was found out about one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantReport {
    /// Which variant.
    pub variant: Variant,
    /// The outcome.
    pub verdict: Verdict,
    /// Points earned.
    pub points: u32,
    /// Points that can be earned; 0 where the lesson asks for nothing.
    pub possible: u32,
    /// One entry for each question, in order.
    pub scenarios: Vec<ScenarioReport>,
    /// What else helps to understand the outcome.
    pub diagnostics: Vec<Diagnostic>,
    /// The bug behind the outcome, when it is of a known class.
    pub diagnosis: Option<Diagnosis>,
    /// Why it could not be run, and what to do.
    pub problem: Option<Problem>,
    /// Whether the cache answered.
    pub cached: bool,
    /// What stood between it and the machine; `None` when it was not run.
    pub isolation: Option<Isolation>,
}

/// What was found out with one question.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioReport {
    /// The scenario's title.
    pub title: String,
    /// What was asked.
    pub question: Question,
    /// Whether its values were drawn by the judge.
    pub hidden: bool,
    /// Whether it observes a fact of the machine, which nothing is compared with here.
    pub evidence: bool,
    /// What had to be observed; `None` for evidence.
    pub expected: Option<Value>,
    /// What came back.
    pub answer: Answer,
    /// The outcome.
    pub verdict: Verdict,
}

/// A piece of explanation: who says it, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Who.
    pub from: Speaker,
    /// Lines of text.
    pub text: Message,
}

/// Who explains something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// What compiles and links.
    Build,
    /// A compiler that warns of what it builds.
    Compiler,
    /// We, who compare.
    Judge,
    /// We, who watch over processes.
    Supervisor,
    /// Python, at a question.
    Python,
    /// Python, before the first question.
    Import,
    /// The process itself.
    StandardError,
    /// The process itself.
    StandardOutput,
}

impl Speaker {
    /// As a sentence begins with it.
    pub fn name(self) -> Message {
        match self {
            Speaker::Build => message!("speaker-build"),
            Speaker::Compiler => message!("speaker-compiler"),
            Speaker::Judge => message!("speaker-judge"),
            Speaker::Supervisor => message!("speaker-supervisor"),
            Speaker::Python => Message::from("Python"),
            Speaker::Import => message!("speaker-import"),
            Speaker::StandardError => message!("speaker-stderr"),
            Speaker::StandardOutput => message!("speaker-stdout"),
        }
    }
}

/// An expected error that kept a variant from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind, as in the JSON of errors.
    pub kind: &'static str,
    /// What and why.
    pub message: Message,
    /// What to do.
    pub next: Message,
    /// The exit code that it leads to.
    pub exit_code: u8,
}

/// What was found out about a quiz.
#[derive(Clone, Debug, PartialEq)]
pub struct QuizReport {
    /// The quiz's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Points earned.
    pub points: u32,
    /// Points that can be earned.
    pub possible: u32,
    /// Each question with what was chosen, whether it is right, and a word about a wrong choice.
    pub choices: Vec<Choice>,
    /// Why it could not be judged, and what to do.
    pub problem: Option<Problem>,
}

/// One question of a quiz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The question's name in the file.
    pub question: String,
    /// What was chosen; `None` if nothing was.
    pub chosen: Option<String>,
    /// Whether it is the right choice.
    pub right: bool,
    /// A word about this choice.
    pub why: Option<String>,
}

impl LessonReport {
    /// Points earned, and points that the judged parts are worth.
    pub fn points(&self) -> (u32, u32) {
        let variants = self
            .variants
            .iter()
            .map(|variant| (variant.points, variant.possible));
        let quizzes = self.quizzes.iter().map(|quiz| (quiz.points, quiz.possible));
        variants
            .chain(quizzes)
            .fold((0, 0), |(earned, possible), (more, most)| {
                (earned + more, possible + most)
            })
    }

    /// Whether everything that was judged passed.
    pub fn passed(&self) -> bool {
        self.variants.iter().all(|variant| variant.verdict.passed())
            && self
                .quizzes
                .iter()
                .all(|quiz| quiz.points == quiz.possible && quiz.problem.is_none())
    }

    /// Whether every transcript that was looked at is the accepted one.
    pub fn accepted(&self) -> bool {
        self.transcripts.iter().all(|it| it.state == State::Match)
    }

    /// Whether nothing had to be run.
    pub fn cached(&self) -> bool {
        !self.variants.is_empty() && self.variants.iter().all(|variant| variant.cached)
    }
}

impl VariantReport {
    /// A report without any run: it was not possible, and this is why.
    pub fn without_run(variant: Variant, possible: u32, verdict: Verdict) -> VariantReport {
        VariantReport {
            variant,
            verdict,
            points: 0,
            possible,
            scenarios: Vec::new(),
            diagnostics: Vec::new(),
            diagnosis: None,
            problem: None,
            cached: false,
            isolation: None,
        }
    }

    /// For the cache: everything but what the lesson itself says.
    pub fn to_json(&self) -> Json {
        json!({
            "verdict": self.verdict,
            "isolation": self.isolation,
            "scenarios": self.scenarios.iter().map(ScenarioReport::to_json).collect::<Vec<_>>(),
            "diagnostics": self.diagnostics.iter().map(|it| json!([it.from, it.text])).collect::<Vec<_>>(),
            "diagnosis": self.diagnosis,
        })
    }

    /// From the cache; `None` if it does not hold what [`VariantReport::to_json`] wrote.
    pub fn from_json(variant: Variant, possible: u32, json: &Json) -> Option<VariantReport> {
        let verdict = verdict_from_json(&json["verdict"])?;
        let scenarios = json["scenarios"]
            .as_array()?
            .iter()
            .map(ScenarioReport::from_json);
        let diagnostics = json["diagnostics"].as_array()?.iter().map(|pair| {
            Some(Diagnostic {
                from: serde_json::from_value(pair[0].clone()).ok()?,
                text: serde_json::from_value(pair[1].clone()).ok()?,
            })
        });
        Some(VariantReport {
            variant,
            points: if verdict.passed() { possible } else { 0 },
            possible,
            verdict,
            scenarios: scenarios.collect::<Option<_>>()?,
            diagnostics: diagnostics.collect::<Option<_>>()?,
            diagnosis: serde_json::from_value(json["diagnosis"].clone()).ok()?,
            problem: None,
            cached: true,
            isolation: serde_json::from_value(json["isolation"].clone()).ok()?,
        })
    }
}

impl ScenarioReport {
    fn to_json(&self) -> Json {
        json!({
            "title": self.title,
            "question": question_to_json(&self.question),
            "hidden": self.hidden,
            "evidence": self.evidence,
            "expected": match &self.expected {
                None => Json::Null,
                Some(value) if self.answer == Answer::Observed(value.clone()) => json!("observed"),
                Some(value) => json!({ "value": value.to_wire() }),
            },
            "answer": answer_to_json(&self.answer),
            "verdict": self.verdict,
        })
    }

    fn from_json(json: &Json) -> Option<ScenarioReport> {
        let answer = answer_from_json(&json["answer"])?;
        Some(ScenarioReport {
            title: json["title"].as_str()?.to_owned(),
            question: question_from_json(&json["question"])?,
            hidden: json["hidden"].as_bool()?,
            evidence: json["evidence"].as_bool()?,
            expected: match &json["expected"] {
                Json::Null => None,
                Json::String(_) => match &answer {
                    Answer::Observed(value) => Some(value.clone()),
                    _ => return None,
                },
                kept => Some(Value::from_wire(&kept["value"]).ok()?),
            },
            answer,
            verdict: verdict_from_json(&json["verdict"])?,
        })
    }
}

/// For the cache: a question.
pub fn question_to_json(question: &Question) -> Json {
    let given: Vec<Json> = question
        .given
        .iter()
        .map(|(name, value)| json!([name, value.to_wire()]))
        .collect();
    json!({ "scenario": question.scenario, "given": given })
}

/// From the cache: a question.
pub fn question_from_json(json: &Json) -> Option<Question> {
    let given = json["given"].as_array()?.iter();
    let given = given.map(|pair| {
        Some((
            pair[0].as_str()?.to_owned(),
            Value::from_wire(&pair[1]).ok()?,
        ))
    });
    Some(Question {
        scenario: json["scenario"].as_str()?.to_owned(),
        given: given.collect::<Option<_>>()?,
    })
}

fn answer_to_json(answer: &Answer) -> Json {
    match answer {
        Answer::Observed(value) => json!({ "observed": value.to_wire() }),
        Answer::Raised {
            class,
            message,
            traceback,
        } => json!({ "raised": [class, message, traceback] }),
        Answer::Unfinished => json!("unfinished"),
        Answer::NotAsked => json!("not-asked"),
    }
}

fn answer_from_json(json: &Json) -> Option<Answer> {
    match json.as_str() {
        Some("unfinished") => return Some(Answer::Unfinished),
        Some("not-asked") => return Some(Answer::NotAsked),
        _ => {}
    }
    if let Some(value) = json.get("observed") {
        return Value::from_wire(value).ok().map(Answer::Observed);
    }
    let raised = json.get("raised")?;
    let text = |index: usize| raised[index].as_str().map(str::to_owned);
    Some(Answer::Raised {
        class: text(0)?,
        message: text(1)?,
        traceback: text(2)?,
    })
}

fn verdict_from_json(json: &Json) -> Option<Verdict> {
    serde_json::from_value(json.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_cache() {
        let variant = Variant::all().next().unwrap();
        let question = Question {
            scenario: "adds".into(),
            given: vec![("a".into(), Value::Int("1".into()))],
        };
        let answers = [
            (
                Answer::Observed(Value::Tuple(vec![Value::None])),
                Verdict::Wrong,
            ),
            (
                Answer::Raised {
                    class: "E".into(),
                    message: "m".into(),
                    traceback: "t".into(),
                },
                Verdict::Exception,
            ),
            (Answer::Unfinished, Verdict::Crashed("SIGSEGV".into())),
            (Answer::NotAsked, Verdict::Skipped("why".into())),
        ];
        let scenarios = answers.map(|(answer, verdict)| ScenarioReport {
            title: "t".into(),
            question: question.clone(),
            hidden: true,
            evidence: false,
            expected: Some(Value::None),
            answer,
            verdict,
        });
        let report = VariantReport {
            scenarios: scenarios.to_vec(),
            diagnostics: vec![Diagnostic {
                from: Speaker::StandardError,
                text: "x".into(),
            }],
            cached: true,
            ..VariantReport::without_run(variant, 2, Verdict::Crashed("SIGSEGV".into()))
        };
        let text = serde_json::to_string(&report.to_json()).unwrap();
        let back = VariantReport::from_json(variant, 2, &serde_json::from_str(&text).unwrap());
        assert_eq!(back, Some(report));
    }
}
