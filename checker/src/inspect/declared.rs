//! Declarations become layouts: what a bridge says, placed by the rules of the C compiler.

use std::sync::Arc;

use clib::ctype::{CType, Member, PlacedMember, Primitive, Record as CRecord, RecordKind};
use clib::layout::{self, Options};

use super::types::{Field, Form, Place, Record, RecordId, Side, Type};

/// Bytes beyond which no declared type is placed.
const LARGEST: u64 = 1 << 40;

/// Collects the declarations of one bridge.
#[derive(Debug, Default)]
pub struct Builder {
    /// What was declared so far; records have no layout yet.
    pub side: Side,
    drafts: Vec<Option<Draft>>,
}

/// A record before it is placed.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Name, type, and the width of a bit-field.
    pub fields: Vec<(String, Type, Option<u32>)>,
    /// The largest alignment of a field, in bytes.
    pub pack: Option<usize>,
    /// The least alignment of the whole, in bytes.
    pub align: Option<u64>,
}

/// How far the placing of a record has come.
#[derive(Clone)]
enum State {
    Untouched,
    UnderWay,
    Done(Option<(CType, u64)>),
}

impl Builder {
    /// A record of which so far only the name is known.
    pub fn reserve(&mut self, names: Vec<String>, union: bool, place: Place) -> RecordId {
        self.drafts.push(None);
        self.side.add(Record {
            names,
            union,
            place,
            ..Record::default()
        })
    }

    /// Says what fields it has.
    pub fn define(&mut self, id: RecordId, draft: Draft) {
        self.drafts[id.0] = Some(draft);
    }

    /// Whether its fields were said.
    pub fn is_defined(&self, id: RecordId) -> bool {
        self.drafts[id.0].is_some()
    }

    /// Places all records.
    pub fn finish(mut self) -> Side {
        let mut states = vec![State::Untouched; self.drafts.len()];
        for index in 0..self.drafts.len() {
            self.place(RecordId(index), &mut states);
        }
        let sizes: Vec<Option<u64>> = self.side.records.iter().map(|it| it.size).collect();
        let functions = std::mem::take(&mut self.side.functions);
        self.side.functions = functions
            .into_iter()
            .map(|mut function| {
                let types = function.result.iter_mut();
                let parameters = function.parameters.iter_mut().flatten();
                types
                    .chain(parameters.map(|it| &mut it.ctype))
                    .for_each(|it| fill_size(it, &sizes));
                function
            })
            .collect();
        self.side
    }

    fn place(&mut self, id: RecordId, states: &mut Vec<State>) -> Option<(CType, u64)> {
        match &states[id.0] {
            State::Done(done) => return done.clone(),
            // It holds itself.
            State::UnderWay => return None,
            State::Untouched => states[id.0] = State::UnderWay,
        }
        let done = self.drafts[id.0].clone().and_then(|draft| {
            let done = self.place_draft(id, &draft, states);
            if done.is_none() {
                let title = self.side.record(id).title();
                self.side.remarks.push(format!(
                    "{title} is not compared: the type of one of its fields is not understood"
                ));
            }
            done
        });
        states[id.0] = State::Done(done.clone());
        done
    }

    fn place_draft(
        &mut self,
        id: RecordId,
        draft: &Draft,
        states: &mut Vec<State>,
    ) -> Option<(CType, u64)> {
        let mut members = Vec::new();
        let mut types = Vec::new();
        for (name, ctype, bits) in &draft.fields {
            let placed = self.ctype(ctype, states)?;
            members.push(match bits {
                Some(width) => Member::bits(placed, *width, !name.is_empty()),
                None => Member::plain(placed),
            });
            types.push(ctype.clone());
        }
        let union = self.side.record(id).union;
        let kind = match union {
            true => RecordKind::Union,
            false => RecordKind::Struct,
        };
        let layout = layout::place(kind, &members, Options { pack: draft.pack }).ok()?;
        let alignment = (layout.alignment as u64).max(draft.align.unwrap_or(1));
        let size = (layout.size as u64).checked_next_multiple_of(alignment)?;
        let sizes: Vec<Option<u64>> = self.side.records.iter().map(|it| it.size).collect();
        let mut fields = Vec::new();
        for (index, (name, _, bits)) in draft.fields.iter().enumerate() {
            let place = layout.places[index];
            let mut ctype = types[index].clone();
            fill_size(&mut ctype, &sizes);
            if name.is_empty() && bits.is_some() {
                continue;
            }
            fields.push(Field {
                name: name.clone(),
                start: place.offset as u64 * 8 + u64::from(place.bit_offset),
                bits: bits
                    .map(u64::from)
                    .or(ctype.size.and_then(|size| size.checked_mul(8))),
                bit_field: bits.is_some(),
                ctype,
            });
        }
        let record = &mut self.side.records[id.0];
        record.size = Some(size);
        record.fields = fields;
        record.defined = true;
        let placed = members
            .iter()
            .zip(&layout.places)
            .map(|(member, place)| PlacedMember {
                ctype: member.ctype.clone(),
                offset: place.offset,
                bits: member.bits.map(|width| (place.bit_offset, width)),
            });
        let ctype = CType::Record(Arc::new(CRecord {
            kind,
            size: usize::try_from(size).ok()?,
            alignment: usize::try_from(alignment).ok()?,
            members: placed.collect(),
        }));
        Some((ctype, size))
    }

    /// The type as clib places it.
    fn ctype(&mut self, ctype: &Type, states: &mut Vec<State>) -> Option<CType> {
        let size = ctype.size.and_then(|size| usize::try_from(size).ok());
        Some(match &ctype.form {
            Form::Integer { signed } => Primitive::integer(size?, *signed)?.into(),
            Form::Signless if ctype.name.to_lowercase().contains("bool") && size == Some(1) => {
                Primitive::Bool.into()
            }
            Form::Signless => Primitive::integer(size?, false)?.into(),
            Form::Float => match size? {
                4 => Primitive::Float.into(),
                8 => Primitive::Double.into(),
                _ => Primitive::LongDouble.into(),
            },
            Form::Complex => match size? {
                8 => Primitive::FloatComplex.into(),
                _ => Primitive::DoubleComplex.into(),
            },
            Form::Pointer { .. } => CType::POINTER,
            Form::Array { item, length } => {
                let item = self.ctype(item, states)?;
                let length = length.unwrap_or(0);
                let whole = (item.size() as u64).checked_mul(length)?;
                if whole > LARGEST || length > LARGEST {
                    return None;
                }
                CType::array(item, usize::try_from(length).ok()?)
            }
            Form::Record(id) => self.place(*id, states)?.0,
            Form::Void | Form::Function | Form::Unknown => return None,
        })
    }
}

/// Sizes of what is made of records, which are known only when these are placed.
fn fill_size(ctype: &mut Type, sizes: &[Option<u64>]) {
    match &mut ctype.form {
        Form::Record(id) => ctype.size = sizes.get(id.0).copied().flatten(),
        Form::Array { item, length } => {
            fill_size(item, sizes);
            ctype.size = length.and_then(|length| item.size?.checked_mul(length));
        }
        Form::Pointer { to, .. } => fill_size(to, sizes),
        _ => {}
    }
}
