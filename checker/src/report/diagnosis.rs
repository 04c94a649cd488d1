//! A diagnosis for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::border::printable;
use crate::diagnosis::stack::Line;
use crate::diagnosis::{Class, Diagnosis, taught_in};
use crate::lesson::{LessonId, Sources};
use crate::{language, words};

/// The diagnosis in at most six lines, as it stands at a failing variant.
pub fn short(found: &Diagnosis, lesson: &LessonId, sources: &Sources) -> String {
    let mut lines = vec![words!(
        "run-diagnosis",
        title = brief(found.class).title.as_str(),
        class = found.class.name(),
    )];
    if let Some(place) = found.place() {
        // Nobody is to search the C library first: the call that led there is in the participant's own file.
        let caller = found
            .python
            .as_ref()
            .filter(|it| place.file.contains("/clib/") && it.file.ends_with("_bridge.py"));
        let place = match caller {
            Some(caller) => format!("{} ({})", at(caller), at(place)),
            None => at(place),
        };
        lines.push(format!("  {}", words!("run-at", place = place)));
    }
    if let Some(evidence) = found.evidence.last() {
        let because = words!("run-because", evidence = evidence.as_str());
        lines.push(format!("  {because}"));
    }
    let option = match sources {
        Sources::Exercise | Sources::Submission(_) => String::new(),
        Sources::Solution => " --solution".to_owned(),
        Sources::Wrong(name) => format!(" --wrong {name}"),
    };
    let command = format!("checker explain {lesson} {}{option}", found.variant);
    lines.push(format!("  {}", words!("run-more", command = command)));
    printable(lines.join("\n").as_bytes()) + "\n"
}

/// What a report says of a class: in the chosen language, as far as that has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Brief {
    /// A headline, without a full stop.
    pub title: String,
    /// What to do first, in the imperative.
    pub next: String,
}

/// The headline and the first step of a class.
pub fn brief(class: Class) -> Brief {
    let translated = || {
        let all: BTreeMap<String, Brief> = toml::from_str(language::chosen().classes()?)
            .expect("a test reads the classes of each language");
        all.get(class.name()).cloned()
    };
    translated().unwrap_or_else(|| Brief {
        title: class.text().title.clone(),
        next: class.text().next.clone(),
    })
}

/// Everything that is known, one heading each.
pub fn long(found: &Diagnosis) -> String {
    let about = found.class.text();
    let mut text = format!("{} ({})\n\n", about.title, found.class);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            writeln!(text, "  {name:<10}{value}").expect("a String takes all text");
        }
    };
    row("signal", &found.signal);
    let native = found.c.as_ref();
    let language = if native.is_some_and(|it| it.file.ends_with(".rs")) {
        "Rust"
    } else {
        "C"
    };
    row(language, &native.map(at).unwrap_or_default());
    row("Python", &found.python.as_ref().map(at).unwrap_or_default());
    row("variant", &found.variant);
    row("question", &found.call);
    row("C call", &found.function);
    row("seen by", found.rung.words());
    row(
        "section",
        taught_in(found.class).trim_start_matches("section "),
    );
    text += "\n  What it is\n";
    text += &wrapped(&about.what, 4);
    text += "\n  How we know\n";
    for evidence in &found.evidence {
        text += &wrapped(&format!("- {evidence}"), 4);
    }
    text += "\n  Next\n";
    text += &wrapped(&about.next, 4);
    text += "\n  Why it happens\n";
    text += &wrapped(&about.text, 4);
    printable(text.as_bytes())
}

/// The text on a class.
pub fn class(class: Class) -> String {
    let about = class.text();
    format!(
        "{} ({class})\nTaught in {}.\n\n{}\n{}\nNext: {}",
        about.title,
        taught_in(class),
        wrapped(&about.what, 0),
        wrapped(&about.text, 0),
        wrapped(&about.next, 0),
    )
}

/// The list of all classes.
pub fn list() -> String {
    let width = Class::ALL
        .iter()
        .map(|class| class.name().len())
        .max()
        .unwrap_or(0);
    Class::ALL
        .iter()
        .map(|class| format!("{:<width$}  {}\n", class.name(), class.text().title))
        .collect()
}

/// A class for programs.
pub fn class_json(class: Class) -> Json {
    let about = class.text();
    json!({
        "class": class.name(),
        "title": about.title,
        "section": about.section,
        "topic": about.topic,
        "what": about.what,
        "next": about.next,
        "text": about.text,
    })
}

/// A diagnosis for programs.
pub fn json(found: &Diagnosis) -> Json {
    let place = |line: &Option<Line>| {
        line.as_ref()
            .map(|it| json!({ "file": it.file, "line": it.line, "function": it.function }))
    };
    let about = found.class.text();
    json!({
        "class": found.class.name(),
        "title": about.title,
        "variant": found.variant,
        "signal": (!found.signal.is_empty()).then_some(&found.signal),
        "c": place(&found.c),
        "python": place(&found.python),
        "call": (!found.call.is_empty()).then_some(&found.call),
        "function": (!found.function.is_empty()).then_some(&found.function),
        "evidence": found.evidence,
        "seen_by": found.rung,
        "section": about.section,
        "explanation": about.what,
        "next": about.next,
    })
}

fn at(line: &Line) -> String {
    match line.function.as_str() {
        "" => format!("{}:{}", line.file, line.line),
        function => format!("{}:{} in {function}", line.file, line.line),
    }
}

/// Words in lines of at most 100 columns, after `indent` spaces.
fn wrapped(text: &str, indent: usize) -> String {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.chars().count() + word.chars().count() >= WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    let space = " ".repeat(indent);
    lines
        .iter()
        .map(|line| format!("{space}{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use clap::ValueEnum as _;

    #[test]
    fn a_place_in_the_library_stands_behind_the_call_that_led_there() {
        let line = |file: &str, function: &str| {
            Some(Line {
                file: file.into(),
                line: 7,
                function: function.into(),
            })
        };
        let told = |c: &str, python: &str| {
            let found = Diagnosis {
                class: Class::UseAfterFree,
                signal: String::new(),
                c: line(c, "kv_close"),
                python: line(python, "close"),
                variant: "abi/stock".into(),
                call: String::new(),
                function: String::new(),
                evidence: Vec::new(),
                rung: crate::diagnosis::Rung::Sanitizer,
            };
            short(&found, &LessonId("lesson-9.4".into()), &Sources::Exercise)
        };
        let own = told("lesson/clib/kv.c", "exercise/abi_bridge.py");
        assert!(
            own.contains("exercise/abi_bridge.py:7 in close (lesson/clib/kv.c:7 in kv_close)"),
            "{own}"
        );
        for (c, python) in [
            ("exercise/ext/module.c", "exercise/abi_bridge.py"),
            ("lesson/clib/kv.c", "lesson/scenarios.py"),
        ] {
            let other = told(c, python);
            assert!(other.contains(&format!("at {c}:7")), "{other}");
            assert!(!other.contains(python), "{other}");
        }
    }

    #[test]
    fn each_class_is_told_in_each_language() {
        for language in Language::value_variants() {
            let Some(text) = language.classes() else {
                assert_eq!(*language, Language::En, "whose classes are in the museum");
                continue;
            };
            let all: BTreeMap<String, Brief> = toml::from_str(text).unwrap();
            let names: Vec<&str> = all.keys().map(String::as_str).collect();
            let mut known: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
            known.sort_unstable();
            assert_eq!(names, known);
            for class in Class::ALL {
                let (brief, english) = (&all[class.name()], class.text());
                assert!(
                    !brief.title.ends_with('.') && brief.next.ends_with('.'),
                    "{class}"
                );
                assert!(
                    brief.title != english.title && brief.next != english.next,
                    "{class}"
                );
                let code = |text: &str| text.matches('`').count();
                assert_eq!(code(&brief.next), code(&english.next), "{class}");
            }
        }
    }
}
