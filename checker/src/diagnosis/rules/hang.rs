//! Why a process did not end by itself.

use super::super::evidence::{End, Run};
use super::super::stack::Frame;
use super::super::{Class, Finding, Rung};
use super::Facts;
use crate::message;

/// The silence that shows that no thread of Python could run, seconds. A beat comes every 0.1 s where one can; a busy
/// machine may keep it waiting for some of them.
const SILENCE: f64 = 1.5;

/// Whether a thread of Python could still run while the process hung; read from the beats of the second run, whose
/// times count from its start. None when it was stopped too soon to tell.
fn gil_was_free(run: &Run) -> Option<bool> {
    let beats = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("[watch] beat "));
    let last: f64 = beats.filter_map(|it| it.parse().ok()).next_back()?;
    let wall = run.wall.as_secs_f64();
    (wall > SILENCE).then_some(wall - last < SILENCE)
}

/// CPU time that starting Python takes, seconds.
const STARTING: f64 = 0.2;

pub(super) fn from_hang(facts: &Facts) -> Option<Finding> {
    let first = &facts.evidence.first;
    let second = facts
        .evidence
        .second
        .as_ref()
        .filter(|run| run.end == End::TimedOut);
    let free = second.and_then(gil_was_free);
    let stack = facts.reported_stack();
    let place = facts.own_c_line(stack);
    if place.is_none() && !facts.is_in_a_call() {
        return None;
    }
    let innermost = stack
        .iter()
        .take_while(|frame| facts.as_own(frame).is_none());
    let waits = !stack.is_empty() && innermost.clone().any(Frame::is_waiting);
    // Starting Python takes CPU time too, and on a busy machine a loop gets little of it.
    let computed = first.cpu.as_secs_f64() - STARTING > 0.05 * first.wall.as_secs_f64();
    let busy = if place.is_some() { !waits } else { computed };
    let rhythm = message!(
        "found-rhythm",
        how = if busy { "computed" } else { "waited" },
        cpu = format!("{:.1}", first.cpu.as_secs_f64()),
        wall = format!("{:.1}", first.wall.as_secs_f64()),
    );
    let class = match (busy, free) {
        (true, Some(false)) => Class::GilHeld,
        (true, _) => Class::EndlessLoop,
        (false, Some(false)) => Class::GilDeadlock,
        (false, _) => Class::Deadlock,
    };
    let rung = if second.is_some() {
        Rung::Sanitizer
    } else {
        Rung::Run
    };
    let mut finding = Finding::new(class, rung, rhythm).in_c(place);
    if let Some(frame) = innermost.clone().find(|frame| frame.is_waiting()) {
        finding = finding.and(message!(
            "found-waiting-in",
            function = frame.function.as_str(),
        ));
    }
    match free {
        Some(true) => finding = finding.and(message!("found-gil-free")),
        Some(false) => finding = finding.and(message!("found-gil-held")),
        None => {}
    }
    Some(finding)
}
