//! Tables of layouts and comparisons, for a terminal of any width.

use super::compare::{Comparison, Fault, FunctionComparison, RecordComparison};
use super::file::safe;
use super::layout::{self, Inner, Row};
use super::page::Page;
use super::types::{Place, RecordId, Side};

/// Columns of the offset and of the size.
const OFFSET: usize = 6;
const SIZE: usize = 7;

/// Fewer columns than these give no room to two columns of C beside each other.
const NARROW: usize = 60;

/// What stands at the end of a row that is wrong.
const MARK: &str = "<- differs";

/// `file:12`, or as much of it as is known.
pub fn place(place: &Place) -> String {
    match (place.file.as_str(), place.line) {
        ("", _) => String::new(),
        (file, 0) => safe(file),
        (file, line) => format!("{}:{line}", safe(file)),
    }
}

/// A record as it lies in memory.
pub fn record(page: &mut Page, side: &Side, id: RecordId) {
    let record = side.record(id);
    let size = record.size.map_or("?".to_owned(), |size| size.to_string());
    page.words(2, &format!("{}, {size} bytes", safe(&record.title())));
    page.line(&format!(
        "    {:>OFFSET$} {:>SIZE$}  field",
        "offset", "size"
    ));
    for row in layout::rows(side, id, Inner::Nameless) {
        let head = format!("    {:>OFFSET$} {:>SIZE$}  ", row.offset(), row.size());
        page.line(&format!("{head}{}", safe(&row.text())));
    }
}

/// Everything that was compared: what contradicts the C code in full, the rest by name.
pub fn comparison(page: &mut Page, real: &Side, declared: &Side, done: &Comparison) {
    for one in &done.records {
        record_comparison(page, real, declared, one);
    }
    for one in done.functions.iter().filter(|it| !it.faults.is_empty()) {
        function_comparison(page, one);
    }
    let agreeing: Vec<&str> = done
        .functions
        .iter()
        .filter(|it| it.faults.is_empty())
        .map(|it| it.name.as_str())
        .collect();
    if !agreeing.is_empty() {
        page.words(
            2,
            &format!("signatures that agree: {}", safe(&agreeing.join(", "))),
        );
    }
    for one in done.functions.iter().filter(|it| it.faults.is_empty()) {
        for note in &one.notes {
            page.words(2, &format!("note: {}: {note}", safe(&one.name)));
        }
    }
    if !done.unmatched.is_empty() {
        let names = safe(&done.unmatched.join(", "));
        page.words(2, &format!("not in the C code, so not compared: {names}"));
    }
    for remark in &declared.remarks {
        page.words(2, &format!("note: {}", safe(remark)));
    }
}

fn record_comparison(page: &mut Page, real: &Side, declared: &Side, done: &RecordComparison) {
    let (known, said) = (real.record(done.real), declared.record(done.declared));
    let bytes = |size: Option<u64>| size.map_or("?".to_owned(), |size| size.to_string());
    let verdict = if done.faults.is_empty() {
        "agrees"
    } else {
        "DISAGREES"
    };
    let own_name = said.names.first().map_or("", String::as_str);
    page.words(
        2,
        &format!(
            "{}, {} bytes; declared as {}, {} bytes: {verdict}",
            safe(&known.title()),
            bytes(known.size),
            safe(own_name),
            bytes(said.size)
        ),
    );
    match page.width() < NARROW {
        true => stacked(page, done),
        false => side_by_side(page, done),
    }
    faults(page, &done.faults);
}

/// One row for each place, C and declaration in columns of their own.
fn side_by_side(page: &mut Page, done: &RecordComparison) {
    let width = page.width();
    let room = width - 4 - OFFSET - 1 - SIZE - 2 - 2 - MARK.len() - 1;
    let column = room / 2;
    let (offset, size) = ("offset", "size");
    page.line(&format!(
        "    {offset:>OFFSET$} {size:>SIZE$}  {:column$}  declared",
        "C"
    ));
    for pair in &done.rows {
        let Some(first) = pair.real.as_ref().or(pair.declared.as_ref()) else {
            continue;
        };
        let head = format!("    {:>OFFSET$} {:>SIZE$}  ", first.offset(), first.size());
        let cells = [
            cell(pair.real.as_ref(), None),
            cell(pair.declared.as_ref(), pair.real.as_ref()),
        ];
        let mark = if pair.differs { MARK } else { "" };
        if cells.iter().all(|cell| cell.chars().count() <= column) {
            let [left, right] = cells;
            page.line(&format!("{head}{left:column$}  {right:column$} {mark}"));
        } else {
            let indent = " ".repeat(head.chars().count());
            page.line(&format!("{head}C: {} {mark}", cells[0]));
            page.line(&format!("{indent}declared: {}", cells[1]));
        }
    }
}

/// For narrow terminals: a place, and both sides below it.
fn stacked(page: &mut Page, done: &RecordComparison) {
    for pair in &done.rows {
        let Some(first) = pair.real.as_ref().or(pair.declared.as_ref()) else {
            continue;
        };
        let mark = if pair.differs { MARK } else { "" };
        page.line(&format!(
            "    offset {}, size {} {mark}",
            first.offset(),
            first.size()
        ));
        page.words(6, &format!("C: {}", cell(pair.real.as_ref(), None)));
        let own = cell(pair.declared.as_ref(), pair.real.as_ref());
        page.words(6, &format!("declared: {own}"));
    }
}

/// A row as text, with its own size where it differs from that of the other side.
fn cell(row: Option<&Row>, other: Option<&Row>) -> String {
    let Some(row) = row else {
        return "-".to_owned();
    };
    let text = safe(&row.text());
    match other {
        Some(other) if other.bits != row.bits => match row.bits {
            Some(bits) if bits % 8 == 0 => format!("{text} ({} bytes)", bits / 8),
            bits => format!("{text} ({})", layout::size(bits)),
        },
        _ => text,
    }
}

fn function_comparison(page: &mut Page, done: &FunctionComparison) {
    page.words(2, &format!("function {}: DISAGREES", safe(&done.name)));
    page.words(4, &format!("C:        {}", safe(&done.real)));
    page.words(4, &format!("declared: {}", safe(&done.declared)));
    faults(page, &done.faults);
}

fn faults(page: &mut Page, faults: &[Fault]) {
    for fault in faults {
        let place = place(&fault.place);
        let colon = if place.is_empty() { "" } else { ": " };
        page.words(
            4,
            &format!("{place}{colon}{}", safe(&fault.words.to_string())),
        );
    }
}
