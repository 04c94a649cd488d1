//! Paths as text for a terminal of any width.

use super::path::{Frame, Layer, Path};
use super::{Call, Traced};
use crate::inspect::page::Page;
use crate::lesson::{Lesson, Sources};

/// Columns for the name of a variant, and for yes, no or unknown.
const NAME: usize = 14;
const WORD: usize = 8;

/// Writes the table of all variants, and behind it the frames of each unless `brief`.
pub fn write(page: &mut Page, lesson: &Lesson, traced: &[Traced], function: &str, brief: bool) {
    let id = &lesson.manifest.id;
    page.words(
        0,
        &format!("{id}: the way from Python to {function}, seen as it begins to run"),
    );
    page.gap();
    page.row(&format!("{:NAME$}libffi", ""), NAME + WORD, "libraries");
    for it in traced {
        row(page, it, function);
    }
    reasons(page, traced);
    if brief {
        return;
    }
    for it in traced {
        if let Some(call) = it.call(function) {
            page.gap();
            frames(page, it, call);
        }
    }
}

fn row(page: &mut Page, traced: &Traced, function: &str) {
    let (word, words) = match traced.call(function) {
        Some(call) => (call.path.libffi.word(), chain(&call.path)),
        None => ("-", format!("not traced: {}", traced.why_not(function))),
    };
    let name = traced.variant.to_string();
    page.row(&format!("{name:NAME$}{word}"), NAME + WORD, &words);
}

/// `python -> _ctypes -> libffi -> libtiles`.
pub fn chain(path: &Path) -> String {
    path.names().join(" -> ")
}

/// Whose files were traced, and why not the participant's.
fn reasons(page: &mut Page, traced: &[Traced]) {
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    let mut own: Vec<String> = Vec::new();
    let mut solution: Vec<String> = Vec::new();
    for it in traced.iter().filter(|it| it.calls.is_ok()) {
        let name = it.variant.to_string();
        match (&it.passed_over, &it.sources) {
            (Some(why), _) => match told.iter_mut().find(|(known, _)| known == why) {
                Some((_, names)) => names.push(name),
                None => told.push((why, vec![name])),
            },
            (None, Sources::Exercise) => own.push(name),
            (None, _) => solution.push(name),
        }
    }
    page.gap();
    for (whose, names) in [("your exercise", own), ("the solution", solution)] {
        if names.len() == traced.len() {
            page.words(0, &format!("All of {whose}."));
        } else if !names.is_empty() {
            page.words(0, &format!("Of {whose}: {}.", names.join(", ")));
        }
    }
    for (why, names) in told {
        page.words(
            0,
            &format!(
                "Of the solution: {}. In your exercise, {why}",
                names.join(", ")
            ),
        );
    }
}

/// Whose files these are, in words.
fn whose(traced: &Traced) -> &'static str {
    match traced.sources {
        Sources::Exercise => "your exercise",
        _ => "the solution",
    }
}

fn frames(page: &mut Page, traced: &Traced, call: &Call) {
    page.words(
        0,
        &format!("{}, {}: {}", traced.variant, whose(traced), call.scenario),
    );
    page.words(2, "Python code");
    for it in &call.python {
        name(page, 4, &format!("{}:{} {}", it.file, it.line, it.function));
    }
    for layer in &call.path.layers {
        name(page, 2, &title(layer));
        for frame in &layer.frames {
            name(page, 4, &frame_name(frame));
        }
    }
    let libffi = &call.path.libffi;
    page.words(
        2,
        &format!("through libffi: {}; {}", libffi.word(), libffi.why()),
    );
    others(page, traced, call);
}

/// `_ctypes, in _ctypes.cpython-311-x86_64-linux-gnu.so`.
fn title(layer: &Layer) -> String {
    let within = match layer.inside {
        Some(_) => "compiled into",
        None => "in",
    };
    match layer.file.as_str() {
        "" => "code that belongs to no file".to_owned(),
        file => format!("{}, {within} {file}", layer.name),
    }
}

/// The function, or where a function without a name stands.
pub fn frame_name(frame: &Frame) -> String {
    match &frame.function {
        Some(function) if frame.inferred => format!("{function} (by its machine code)"),
        Some(function) => function.clone(),
        None => format!("(no name, at {:#x})", frame.place),
    }
}

/// How the other functions are reached: only what differs needs its own line.
fn others(page: &mut Page, traced: &Traced, shown: &Call) {
    let Ok(calls) = &traced.calls else { return };
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for call in calls.iter().filter(|it| it.function != shown.function) {
        let way = chain(&call.path);
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, names)) => names.push(&call.function),
            None => ways.push((way, vec![&call.function])),
        }
    }
    let same = chain(&shown.path);
    for (way, names) in ways {
        let way = match way == same {
            true => "the same libraries".to_owned(),
            false => way,
        };
        page.words(2, &format!("{}: {way}", names.join(", ")));
    }
}

/// A name that may be longer than a line: it goes on below, after a part of its own.
fn name(page: &mut Page, mut indent: usize, name: &str) {
    let further = indent + 2;
    let mut rest = name;
    while !rest.is_empty() {
        let room = page.width().saturating_sub(indent);
        let end = cut(rest, room);
        page.line(&format!("{:indent$}{}", "", rest[..end].trim_end()));
        rest = rest[end..].trim_start();
        indent = further;
    }
}

/// How much of a name fits: all of it, else up to the end of its last part that does.
fn cut(text: &str, room: usize) -> usize {
    let Some((most, _)) = text.char_indices().nth(room) else {
        return text.len();
    };
    let between = [" /:", "-_<>,"].iter().find_map(|marks| {
        let last = text[..most].rfind(|c| marks.contains(c));
        last.filter(|at| *at > 0)
    });
    between.map_or(most, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_goes_on_below_behind_one_of_its_parts() {
        let mut page = Page::new(31);
        name(
            &mut page,
            4,
            "clib::call::plan::Plan<T>::invoke_with_registers",
        );
        name(&mut page, 4, &"x".repeat(60));
        name(&mut page, 4, "add");
        let text = page.finish();
        assert_eq!(text.lines().next(), Some("    clib::call::plan::Plan<T>::"));
        assert!(
            text.lines().all(|line| line.chars().count() <= 31),
            "{text}"
        );
        assert_eq!(text.matches('x').count(), 60, "nothing is cut");
        assert!(text.ends_with("\n    add\n"), "{text}");
    }
}
