//! What helps a participant to understand an outcome, in the words of whoever noticed it.

use std::collections::HashMap;

use super::report::{Diagnostic, Speaker};
use super::work::Prepared;
use crate::border::{
    Answer, Captured, Ended, Ending, Interrogation, Interruption, Loading, printable, signal_name,
};
use crate::build::{self, Failure};
use crate::inspect::cdef_place;
use crate::message;
use crate::message::Message;
use crate::verdict::Verdict;

/// Lines of a stream that a report shows at most.
const MOST_LINES: usize = 30;

/// Characters of a line that a report shows at most.
const WIDEST: usize = 200;

/// Frames of a stack that no participant wrote.
const OF_OUR_DRIVER: [&str; 2] = ["File \"<string>\"", "File \"<frozen importlib"];

/// A build that failed.
pub fn of_build(failure: Failure) -> Diagnostic {
    Diagnostic {
        from: Speaker::Build,
        text: shortened(&whole(failure), MOST_LINES * 2).into(),
    }
}

/// All that a build that failed has said.
pub fn whole(failure: Failure) -> String {
    let text = match failure {
        Failure::Refused(output) | Failure::Stopped(output) => output,
    };
    errors_first(&printable(text.as_bytes()))
}

/// What rustc says, its warnings after its errors: the first message is the one that counts.
fn errors_first(text: &str) -> String {
    let starts = |line: &str, word: &str| {
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| rest.starts_with(':') || rest.starts_with('['))
    };
    let (mut errors, mut warnings) = (String::new(), String::new());
    let mut is_warning = false;
    for line in text.lines() {
        if starts(line, "warning") || starts(line, "error") {
            is_warning = starts(line, "warning");
        }
        let block = if is_warning {
            &mut warnings
        } else {
            &mut errors
        };
        *block += line;
        block.push('\n');
    }
    if errors.trim().is_empty() || warnings.is_empty() {
        return text.to_owned();
    }
    format!("{}\n\n{}", errors.trim_end(), warnings.trim_end())
}

/// A run that did not pass, or that passed with warnings of the compiler.
pub fn of_run(prepared: &Prepared, told: &Interrogation, verdict: &Verdict) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if verdict.passed() {
        return found;
    }
    let mut say = |from: Speaker, text: Message| {
        let blank = text.english().trim().is_empty();
        if !blank && !found.iter().any(|known: &Diagnostic| known.text == text) {
            found.push(Diagnostic { from, text });
        }
    };
    let quoted = |text: &str| Message::from(prepared.with_shown_names(text.trim_end()));
    if let Some(words) = &told.tampering {
        say(
            Speaker::Judge,
            message!("judge-tampering", reply = quoted(words)),
        );
    }
    if let Loading::Failed {
        class,
        message,
        traceback,
        ..
    } = &told.loading
    {
        let text = exception(class, message, traceback);
        let (file, source) = prepared.bridge();
        say(
            Speaker::Import,
            quoted(&cdef_place::told(&text, &file, &source)),
        );
    }
    let mut crashes: HashMap<String, usize> = HashMap::new();
    for crash in told.interruptions.iter().filter_map(crash_headline) {
        *crashes.entry(crash).or_default() += 1;
    }
    for interruption in &told.interruptions {
        let how = ending_in_words(&interruption.ended);
        let how = match interruption.question {
            None => message!("judge-at-import", ended = how),
            Some(index) if index == told.answers.len() => {
                message!("judge-after-answers", ended = how)
            }
            Some(_) => how,
        };
        say(Speaker::Supervisor, how);
        let stderr = stream(&interruption.ended, &interruption.ended.stderr);
        match crash_headline(interruption).map(|it| crashes.remove(&it)) {
            // It was told with the first one.
            Some(None) => {}
            Some(Some(count @ 2..)) => {
                let (said, more) = (quoted(&stderr), count - 1);
                say(
                    Speaker::StandardError,
                    message!("judge-said-again", said = said, more = more),
                );
            }
            _ => say(Speaker::StandardError, quoted(&stderr)),
        }
        let stdout = stream(&interruption.ended, &interruption.ended.stdout);
        say(Speaker::StandardOutput, quoted(&stdout));
    }
    let first_raised = told.answers.iter().find_map(|answer| match answer {
        Answer::Raised {
            class,
            message,
            traceback,
        } => Some(exception(class, message, traceback)),
        _ => None,
    });
    if let Some(text) = first_raised {
        say(Speaker::Python, quoted(&text));
    }
    if told.finished && told.ended.ending != Ending::Exited(0) {
        let how = ending_in_words(&told.ended);
        say(
            Speaker::Supervisor,
            message!("judge-after-answers", ended = how),
        );
        let stderr = stream(&told.ended, &told.ended.stderr);
        say(Speaker::StandardError, quoted(&stderr));
    }
    if told.left_behind() > 0 {
        say(
            Speaker::Supervisor,
            message!("judge-left-behind", count = told.left_behind()),
        );
    }
    if !prepared.warnings.trim().is_empty() {
        let warnings = shortened(&printable(prepared.warnings.as_bytes()), MOST_LINES);
        say(Speaker::Compiler, quoted(&warnings));
    }
    found
}

/// What faulthandler says first of a process that crashed before it wrote anything else: one such text is enough.
fn crash_headline(interruption: &Interruption) -> Option<String> {
    let text = stream(&interruption.ended, &interruption.ended.stderr);
    let first = text.lines().next()?;
    first
        .starts_with("Fatal Python error: ")
        .then(|| first.to_owned())
}

fn exception(class: &str, message: &str, traceback: &str) -> String {
    let mut text = String::new();
    if !traceback.is_empty() {
        text += traceback;
        text.push('\n');
    }
    text += class;
    if !message.is_empty() {
        text = text + ": " + message;
    }
    text
}

/// How a process ended, and what a signal means for somebody who writes a bridge.
fn ending_in_words(ended: &Ended) -> Message {
    match &ended.ending {
        Ending::Exited(code) => message!("judge-exited", code = code.to_string()),
        Ending::Signaled(number) => message!("judge-signaled", name = signal_name(*number)),
        Ending::Stopped(limit) => message!(
            "judge-stopped",
            seconds = format!("{:.1}", ended.wall.as_secs_f64()),
            limit = build::limit_in_words(*limit),
        ),
        Ending::Dismissed => message!("judge-dismissed"),
    }
}

/// A stream of a process, made harmless, without what faulthandler says of our driver and of the import system. A
/// process that was stopped at a limit did not abort by itself, so that headline is left out as well.
fn stream(ended: &Ended, captured: &Captured) -> String {
    let stopped = matches!(ended.ending, Ending::Stopped(_));
    let text = printable(build::captured_text(captured).as_bytes());
    let own: Vec<String> = text
        .lines()
        .filter(|line| {
            let ours = OF_OUR_DRIVER.iter().any(|part| line.contains(part))
                || line.starts_with("Extension modules:");
            let stopped_by_us = stopped && *line == "Fatal Python error: Aborted";
            !ours && !stopped_by_us
        })
        .map(|line| cut(&without_thread_id(line)))
        .collect();
    shortened(&own.join("\n"), MOST_LINES)
}

/// Without the id of the thread, which differs from run to run: the same crash is then told once.
fn without_thread_id(line: &str) -> String {
    match line.split_once(" 0x") {
        Some((start @ ("Current thread" | "Thread"), rest)) => {
            let id_end = rest.find(' ').unwrap_or(rest.len());
            format!("{start}{}", &rest[id_end..])
        }
        _ => line.to_owned(),
    }
}

/// A line of at most [`WIDEST`] characters.
fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// How the line ends that stands for others.
const LEFT_OUT: &str = " lines left out]";

/// Whether lines of a text were left out here.
pub fn is_shortened(text: &str) -> bool {
    text.contains(LEFT_OUT)
}

/// The first and the last lines of a text that is longer than `most` lines.
fn shortened(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= most {
        return text.to_owned();
    }
    let tail = most / 3;
    let left_out = lines.len() - most;
    let mut kept: Vec<String> = lines[..most - tail]
        .iter()
        .map(|line| (*line).to_owned())
        .collect();
    kept.push(format!("[{left_out}{LEFT_OUT}"));
    kept.extend(
        lines[lines.len() - tail..]
            .iter()
            .map(|line| (*line).to_owned()),
    );
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_before_warnings_and_c_stays_as_it_is() {
        let rust = "warning: unused import\n --> lib.rs:5:1\n\nerror[E0308]: mismatched types\n --> lib.rs:7:1\n";
        assert_eq!(
            errors_first(rust),
            "error[E0308]: mismatched types\n --> lib.rs:7:1\n\nwarning: unused import\n --> lib.rs:5:1"
        );
        for same in [
            "a.c:1:2: warning: x\na.c:3:4: error: y",
            "warning: only this",
            "error: and this",
        ] {
            assert_eq!(errors_first(same), same);
        }
    }

    #[test]
    fn a_thread_is_named_without_its_id() {
        assert_eq!(
            without_thread_id("Current thread 0x00007f67 (most recent call first):"),
            "Current thread (most recent call first):"
        );
        assert_eq!(without_thread_id("read at 0x10"), "read at 0x10");
    }

    #[test]
    fn long_texts_keep_head_and_tail() {
        let text: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let short = shortened(&text.join("\n"), 9);
        assert_eq!(
            short.lines().collect::<Vec<_>>(),
            [
                "0",
                "1",
                "2",
                "3",
                "4",
                "5",
                "[91 lines left out]",
                "97",
                "98",
                "99"
            ]
        );
    }
}
