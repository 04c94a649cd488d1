//! Types and comparisons for programs.

use serde_json::{Value as Json, json};

use super::compare::{self, Comparison, Fault};
use super::layout::{self, Inner, Row};
use super::types::{Function, Place, RecordId, Side};
use crate::message::Message;

/// A function with its prototype.
pub fn function(it: &Function) -> Json {
    let parameters = it.parameters.as_ref().map(|all| {
        let one = |it: &super::types::Parameter| json!({ "name": it.name, "type": it.ctype.name, "size": it.ctype.size });
        all.iter().map(one).collect::<Vec<_>>()
    });
    json!({
        "name": it.name,
        "prototype": compare::prototype(it),
        "result": it.result.as_ref().map(|it| it.name.clone()),
        "parameters": parameters,
        "variadic": it.variadic,
    })
}

/// A record with its rows, padding included.
pub fn record(side: &Side, id: RecordId) -> Json {
    let record = side.record(id);
    let rows = layout::rows(side, id, Inner::Nameless);
    json!({
        "name": record.names.first(),
        "union": record.union,
        "size": record.size,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// What came of a comparison.
pub fn comparison(real: &Side, declared: &Side, done: &Comparison) -> Json {
    let records = done.records.iter().map(|it| {
        let said = declared.record(it.declared);
        let rows = it.rows.iter().map(|pair| {
            json!({
                "c": pair.real.as_ref().map(row),
                "declared": pair.declared.as_ref().map(row),
                "differs": pair.differs,
            })
        });
        json!({
            "name": real.record(it.real).names.first(),
            "declared_as": said.names.first(),
            "size": real.record(it.real).size,
            "declared_size": said.size,
            "place": place(&said.place),
            "agrees": it.faults.is_empty(),
            "faults": words(&it.faults),
            "rows": rows.collect::<Vec<_>>(),
        })
    });
    let functions = done.functions.iter().map(|it| {
        let said = declared.function(&it.name);
        json!({
            "name": it.name,
            "c": it.real,
            "declared": it.declared,
            "place": said.map(|it| place(&it.place)),
            "agrees": it.faults.is_empty(),
            "faults": words(&it.faults),
            "notes": it.notes.iter().map(Message::english).collect::<Vec<_>>(),
        })
    });
    json!({
        "agrees": done.agrees(),
        "structs": records.collect::<Vec<_>>(),
        "functions": functions.collect::<Vec<_>>(),
        "not_compared": done.unmatched,
        "remarks": declared.remarks,
    })
}

fn words(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|it| it.words.english()).collect()
}

fn row(row: &Row) -> Json {
    let field = row.field.as_ref();
    json!({
        "offset": row.start / 8,
        "bit": row.start % 8,
        "bits": row.bits,
        "padding": field.is_none(),
        "name": field.map(|it| it.name.clone()),
        "type": field.map(|it| it.ctype.name.clone()),
    })
}

fn place(place: &Place) -> Json {
    json!({ "file": place.file, "line": place.line })
}
