//! Holds what a bridge declares against what the header says. It reads text and runs nothing.
//!
//! Of whatever it does not understand it says nothing.

use super::evidence::{Evidence, Source};
use super::stack::Line;
use crate::inspect::compare::{self, Fault, Sort};
use crate::inspect::types::{Place, Side};
use crate::inspect::{header, of_cdef, of_ctypes, of_rust};
use crate::message;
use crate::message::Message;
use crate::variant::Bridge;

/// A declaration that contradicts the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The function or struct, as C calls it.
    pub name: String,
    /// What is wrong about it.
    pub sort: Sort,
    /// Both sides, in words.
    pub words: Message,
    /// Where the bridge says so.
    pub place: Line,
}

/// What the headers of the C library say.
pub fn header(evidence: &Evidence) -> Side {
    let headers = evidence.clib.iter();
    let headers = headers.filter(|source| source.name.ends_with(".h"));
    let texts: Vec<&str> = headers.map(|source| source.text.as_str()).collect();
    header::read("", &texts.join("\n"))
}

/// All contradictions between the bridge's own files and the header, in the order of each file.
pub fn contradictions(evidence: &Evidence, header: &Side) -> Vec<Mismatch> {
    let files = evidence.bridge.iter();
    // What scenarios declare wrongly is not the participant's, and may be meant.
    let files = files.filter(|source| source.name != "scenarios.py");
    files
        .filter_map(|source| declared(evidence.variant.bridge, source, header))
        .flat_map(|declared| mismatches(header, &declared))
        .collect()
}

fn declared(bridge: Bridge, source: &Source, header: &Side) -> Option<Side> {
    let (file, text) = (source.shown.as_str(), source.text.as_str());
    let extension = source.name.rsplit('.').next()?;
    match (bridge, extension) {
        (Bridge::Ctypes, "py") => Some(of_ctypes::read(file, text, header)),
        (Bridge::Abi | Bridge::Api, "py") => Some(of_cdef::read(file, text)),
        (Bridge::Ext, "rs") => Some(of_rust::read(file, text)),
        _ => None,
    }
}

fn mismatches(header: &Side, declared: &Side) -> Vec<Mismatch> {
    let done = compare::compare(header, declared);
    let functions = done.functions.iter().flat_map(|it| {
        let faults = it.faults.iter();
        faults.map(|fault| mismatch(&it.name, &format!("`{}`", it.name), fault))
    });
    let records = done.records.iter().flat_map(|it| {
        let record = header.record(it.real);
        let name = record.names.first().map_or("", String::as_str);
        let faults = it.faults.iter();
        faults.map(move |fault| mismatch(name, &record.title(), fault))
    });
    let mut found: Vec<Mismatch> = functions.chain(records).collect();
    found.sort_by_key(|it| it.place.line);
    found
}

fn mismatch(name: &str, title: &str, fault: &Fault) -> Mismatch {
    Mismatch {
        name: name.to_owned(),
        sort: fault.sort,
        words: message!("about", name = title, what = fault.words.clone()),
        place: line(&fault.place),
    }
}

fn line(place: &Place) -> Line {
    Line {
        file: place.file.clone(),
        line: u32::try_from(place.line).unwrap_or(u32::MAX),
        function: String::new(),
    }
}

#[cfg(test)]
mod tests;
