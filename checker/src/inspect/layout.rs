//! A record as rows, in the order of memory: fields, and the padding between them.

use super::types::{Field, Form, RecordId, Side, Type};

/// How many structs and unions may lie inside one another.
const DEEPEST: usize = 16;

/// How many pieces are listed: damaged debug information may hold records in one another many times over.
const MOST: usize = 10_000;

/// A piece of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it begins, in bits from the start of the record.
    pub start: u64,
    /// How many bits it has, where that is known.
    pub bits: Option<u64>,
    /// The field; none for padding.
    pub field: Option<Field>,
}

impl Row {
    /// The name of the field; empty for padding.
    pub fn name(&self) -> &str {
        self.field.as_ref().map_or("", |field| &field.name)
    }

    /// The piece as C writes it.
    pub fn text(&self) -> String {
        match &self.field {
            None => "(padding)".to_owned(),
            Some(field) if field.bit_field => {
                let bits = field.bits.unwrap_or(0);
                format!("{} : {bits}", declarator(&field.ctype, &field.name))
            }
            Some(field) => declarator(&field.ctype, &field.name),
        }
    }

    /// Byte offset, with the bit in the byte where it is not the first.
    pub fn offset(&self) -> String {
        match self.start % 8 {
            0 => (self.start / 8).to_string(),
            bit => format!("{}.{bit}", self.start / 8),
        }
    }

    /// The size, in bytes unless it says bits.
    pub fn size(&self) -> String {
        size(self.bits)
    }
}

/// Bits as bytes where they fill them.
pub fn size(bits: Option<u64>) -> String {
    match bits {
        None => "?".to_owned(),
        Some(bits) if bits % 8 == 0 => (bits / 8).to_string(),
        Some(1) => "1 bit".to_owned(),
        Some(bits) => format!("{bits} bits"),
    }
}

/// `int32_t x`, `char name[16]`, `tile *next`.
pub fn declarator(ctype: &Type, name: &str) -> String {
    let (before, after) = match ctype.name.find('[') {
        Some(at) if matches!(ctype.form, Form::Array { .. }) => ctype.name.split_at(at),
        _ => (ctype.name.as_str(), ""),
    };
    let space = if before.ends_with('*') || name.is_empty() {
        ""
    } else {
        " "
    };
    format!("{before}{space}{name}{after}")
}

/// Which records inside a record are shown by their own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// Those whose type has no name; the others have a table of their own.
    Nameless,
    /// All of them, so that two sides can be compared that name them differently.
    All,
}

/// All pieces of a record.
pub fn rows(side: &Side, id: RecordId, inner: Inner) -> Vec<Row> {
    let mut walk = Walk {
        side,
        inner,
        rows: Vec::new(),
    };
    walk.fields(id, "", 0, 0);
    let mut rows = walk.rows;
    // A stable sort: fields that share a place stay in the order of their declaration.
    rows.sort_by_key(|row| row.start);
    let end = side.record(id).size.and_then(|size| size.checked_mul(8));
    with_padding(rows, end)
}

struct Walk<'a> {
    side: &'a Side,
    inner: Inner,
    rows: Vec<Row>,
}

impl Walk<'_> {
    fn fields(&mut self, id: RecordId, before: &str, start: u64, depth: usize) {
        for field in &self.side.record(id).fields {
            let start = start.saturating_add(field.start);
            let name = match (before, field.name.as_str()) {
                ("", name) | (name, "") => name.to_owned(),
                (before, name) => format!("{before}.{name}"),
            };
            match field.ctype.form {
                Form::Record(id) if depth < DEEPEST && self.opens(id, field) => {
                    self.fields(id, &name, start, depth + 1);
                }
                _ if self.rows.len() >= MOST => return,
                _ => self.rows.push(Row {
                    start,
                    bits: field.bits,
                    field: Some(Field {
                        name,
                        ..field.clone()
                    }),
                }),
            }
        }
    }

    fn opens(&self, id: RecordId, field: &Field) -> bool {
        let record = self.side.record(id);
        let asked = self.inner == Inner::All || record.names.is_empty() || field.name.is_empty();
        asked && record.defined && !record.fields.is_empty()
    }
}

fn with_padding(rows: Vec<Row>, end: Option<u64>) -> Vec<Row> {
    let mut padded = Vec::with_capacity(rows.len());
    let mut filled = 0;
    let gap = |from: u64, to: u64| Row {
        start: from,
        bits: Some(to - from),
        field: None,
    };
    for row in rows {
        if row.start > filled {
            padded.push(gap(filled, row.start));
        }
        filled = filled.max(row.start.saturating_add(row.bits.unwrap_or(0)));
        padded.push(row);
    }
    if let Some(end) = end
        && end > filled
    {
        padded.push(gap(filled, end));
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::types::Record;

    fn field(name: &str, start: u64, bits: u64) -> Field {
        Field {
            name: name.to_owned(),
            ctype: Type::unknown("int"),
            start,
            bits: Some(bits),
            bit_field: !bits.is_multiple_of(8),
        }
    }

    fn drawn(record: Record) -> Vec<(String, String, String)> {
        let mut side = Side::default();
        let id = side.add(record);
        let rows = rows(&side, id, Inner::Nameless);
        rows.iter()
            .map(|row| (row.offset(), row.size(), row.text()))
            .collect()
    }

    #[test]
    fn padding_is_drawn_between_fields_and_at_the_end() {
        let record = Record {
            size: Some(24),
            fields: vec![field("a", 0, 8), field("b", 64, 64), field("c", 128, 3)],
            ..Record::default()
        };
        let rows = drawn(record);
        let short: Vec<String> = rows
            .iter()
            .map(|it| format!("{} {} {}", it.0, it.1, it.2))
            .collect();
        assert_eq!(
            short,
            [
                "0 1 int a",
                "1 7 (padding)",
                "8 8 int b",
                "16 3 bits int c : 3",
                "16.3 61 bits (padding)"
            ]
        );
    }

    #[test]
    fn fields_of_a_union_share_their_place() {
        let record = Record {
            union: true,
            size: Some(8),
            fields: vec![field("word", 0, 64), field("byte", 0, 8)],
            ..Record::default()
        };
        assert_eq!(drawn(record).len(), 2);
    }

    #[test]
    fn a_record_that_holds_itself_has_an_end() {
        let mut side = Side::default();
        let id = side.add(Record::default());
        side.records[0].fields = vec![Field {
            name: String::new(),
            ctype: Type {
                name: String::new(),
                form: Form::Record(id),
                size: None,
            },
            start: 8,
            bits: None,
            bit_field: false,
        }];
        side.records[0].defined = true;
        assert_eq!(rows(&side, id, Inner::All).len(), 2);
    }
}
