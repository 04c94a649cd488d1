//! A diagnosis for people and for programs.

use serde_json::{Value as Json, json};

use crate::border::printable;
use crate::diagnosis::stack::Line;
use crate::diagnosis::{Class, Diagnosis, taught_in};
use crate::lesson::{LessonId, Sources};
use crate::message::Message;
use crate::words;

/// The diagnosis in at most six lines, as it stands at a failing variant.
pub fn short(found: &Diagnosis, lesson: &LessonId, sources: &Sources) -> String {
    let mut lines = vec![words!(
        "run-diagnosis",
        title = found.class.told().title.as_str(),
        class = found.class.name(),
    )];
    if let Some(place) = found.place() {
        // Nobody is to search the C library first: the call that led there is in the participant's own file.
        let of_bridge = |it: &&Line| it.file.ends_with("_bridge.py");
        let python = found.python.as_ref().filter(of_bridge);
        let caller = found
            .extension
            .as_ref()
            .or(python)
            .filter(|_| place.file.contains("/clib/"));
        let place = match caller {
            Some(caller) => format!("{} ({})", at(caller), at(place)),
            None => at(place),
        };
        lines.push(format!("  {}", words!("run-at", place = place)));
    }
    if let Some(evidence) = found.evidence.last() {
        let because = words!("run-because", evidence = evidence.to_string());
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

/// Everything that is known, one heading each.
pub fn long(found: &Diagnosis) -> String {
    let about = found.class.told();
    let language = |place: Option<&Line>| match place {
        Some(place) if place.file.ends_with(".rs") => "Rust".to_owned(),
        _ => "C".to_owned(),
    };
    let (native, extension) = (found.c.as_ref(), found.extension.as_ref());
    let rows = [
        (
            words!("explain-signal-row"),
            found.signal.as_ref().map(Message::to_string),
        ),
        (language(native), native.map(at)),
        (language(extension), extension.map(at)),
        ("Python".to_owned(), found.python.as_ref().map(at)),
        (words!("explain-variant"), Some(found.variant.clone())),
        (words!("explain-question"), Some(found.call.clone())),
        (words!("explain-call"), Some(found.function.clone())),
        (words!("explain-seen-by"), Some(found.rung.words())),
        (words!("explain-section"), Some(taught_in(found.class))),
    ];
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0) + 2;
    let mut text = format!("{} ({})\n\n", about.title, found.class);
    for (name, value) in rows {
        if let Some(value) = value.filter(|it| !it.is_empty()) {
            text += &format!("  {name:<width$}{value}\n");
        }
    }
    text += &format!("\n  {}\n", words!("explain-what"));
    text += &wrapped(&about.what, 4);
    text += &format!("\n  {}\n", words!("explain-how-known"));
    for evidence in &found.evidence {
        text += &wrapped(&format!("- {evidence}"), 4);
    }
    text += &format!("\n  {}\n", words!("explain-next"));
    text += &wrapped(&about.next, 4);
    text += &format!("\n  {}\n", words!("explain-why"));
    text += &wrapped(&about.text, 4);
    printable(text.as_bytes())
}

/// The text on a class.
pub fn class(class: Class) -> String {
    let about = class.told();
    let taught = words!(
        "explain-taught-in",
        section = about.section.as_str(),
        topic = about.topic.as_str(),
    );
    format!(
        "{} ({class})\n{taught}\n\n{}\n{}\n{}",
        about.title,
        wrapped(&about.what, 0),
        wrapped(&about.text, 0),
        wrapped(&words!("explain-class-next", step = about.next.as_str()), 0),
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
        .map(|class| format!("{:<width$}  {}\n", class.name(), class.told().title))
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
        "signal": found.signal.as_ref().map(Message::english),
        "c": place(&found.c),
        "extension": place(&found.extension),
        "python": place(&found.python),
        "call": (!found.call.is_empty()).then_some(&found.call),
        "function": (!found.function.is_empty()).then_some(&found.function),
        "evidence": found.evidence.iter().map(Message::english).collect::<Vec<_>>(),
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

    #[test]
    fn a_place_in_the_library_stands_behind_the_call_that_led_there() {
        let line = |file: &str, function: &str| {
            Some(Line {
                file: file.into(),
                line: 7,
                function: function.into(),
            })
        };
        let told = |c: &str, extension: Option<&str>, python: &str| {
            let found = Diagnosis {
                class: Class::UseAfterFree,
                signal: None,
                c: line(c, "kv_close"),
                extension: extension.and_then(|file| line(file, "close")),
                python: line(python, "close"),
                variant: "abi/stock".into(),
                call: String::new(),
                function: String::new(),
                evidence: Vec::new(),
                rung: crate::diagnosis::Rung::Sanitizer,
            };
            short(&found, &LessonId("lesson-9.4".into()), &Sources::Exercise)
        };
        let own = told("lesson/clib/kv.c", None, "exercise/abi_bridge.py");
        assert!(
            own.contains("exercise/abi_bridge.py:7 in close (lesson/clib/kv.c:7 in kv_close)"),
            "{own}"
        );
        for (c, python) in [
            ("exercise/ext/module.c", "exercise/abi_bridge.py"),
            ("lesson/clib/kv.c", "lesson/scenarios.py"),
        ] {
            let other = told(c, None, python);
            assert!(other.contains(&format!("at {c}:7")), "{other}");
            assert!(!other.contains(python), "{other}");
        }
        let rust = told(
            "lesson/clib/kv.c",
            Some("exercise/ext/lib.rs"),
            "lesson/scenarios.py",
        );
        assert!(
            rust.contains("exercise/ext/lib.rs:7 in close (lesson/clib/kv.c:7 in kv_close)"),
            "{rust}"
        );
    }
}
