//! Holds declarations against debug information.

use super::layout::{self, Inner, Row};
use super::types::{Form, Function, Parameter, Place, RecordId, Side, Type};
use crate::message;
use crate::message::Message;

/// What came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The structs and unions that both sides know.
    pub records: Vec<RecordComparison>,
    /// The functions that both sides know, in the order of the declarations.
    pub functions: Vec<FunctionComparison>,
    /// Declarations that have nothing to be compared with, in words.
    pub unmatched: Vec<String>,
}

/// One struct or union.
#[derive(Debug)]
pub struct RecordComparison {
    /// As the C code has it.
    pub real: RecordId,
    /// As it is declared.
    pub declared: RecordId,
    /// Both, row by row.
    pub rows: Vec<Pair>,
    /// How they contradict each other.
    pub faults: Vec<Fault>,
}

/// A declaration that contradicts the C code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong about it.
    pub sort: Sort,
    /// Both sides, in a sentence.
    pub words: Message,
    /// Where it is declared.
    pub place: Place,
}

/// What may be wrong about a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// An address is declared as an integer that is too small for it.
    CutPointer,
    /// An integer has another width, or so has what a pointer points to.
    Width,
    /// An integer has a sign on one side only.
    Sign,
    /// The kinds of type differ otherwise, or the number of arguments.
    Kind,
    /// A struct or union lies otherwise in memory.
    Layout,
    /// C may write into what is declared as a constant string.
    Constant,
}

/// Why two types cannot both be right: the sort, in a sentence.
type Contradiction = (Sort, Message);

/// What both sides have at one place.
#[derive(Clone, Debug)]
pub struct Pair {
    /// In C.
    pub real: Option<Row>,
    /// In the declaration.
    pub declared: Option<Row>,
    /// Whether they contradict each other.
    pub differs: bool,
}

/// One function.
#[derive(Debug)]
pub struct FunctionComparison {
    /// Its name.
    pub name: String,
    /// As the C code has it, in C.
    pub real: String,
    /// As it is declared, with the types that the bridge names.
    pub declared: String,
    /// How they contradict each other.
    pub faults: Vec<Fault>,
    /// What is not wrong, but worth knowing.
    pub notes: Vec<Message>,
}

impl Comparison {
    /// Whether nothing contradicts anything.
    pub fn agrees(&self) -> bool {
        self.faults() == 0
    }

    /// How many structs and functions are declared wrongly.
    pub fn faults(&self) -> usize {
        let records = self.records.iter().filter(|it| !it.faults.is_empty());
        let functions = self.functions.iter().filter(|it| !it.faults.is_empty());
        records.count() + functions.count()
    }
}

/// Compares everything that is declared with what the C code is.
pub fn compare(real: &Side, declared: &Side) -> Comparison {
    let mut done = Comparison::default();
    let mut pairs = Pairs::default();
    let mut seen: Vec<&str> = Vec::new();
    for function in &declared.functions {
        if seen.contains(&function.name.as_str()) {
            continue;
        }
        seen.push(&function.name);
        match real.function(&function.name) {
            None => done.unmatched.push(format!("function {}", function.name)),
            Some(known) => {
                pairs.of_function(known, function);
                done.functions.push(compare_function(known, function));
            }
        }
    }
    let mut done_with: Vec<RecordId> = Vec::new();
    for (index, record) in declared.records.iter().enumerate() {
        let id = RecordId(index);
        if !record.defined || record.names.is_empty() {
            continue;
        }
        match pairs.partner(id).or_else(|| same_name(real, &record.names)) {
            Some(partner) => {
                let partner = real.defined(partner);
                if real.record(partner).defined && !done_with.contains(&id) {
                    done_with.push(id);
                    done.records
                        .push(compare_record(real, partner, declared, id));
                }
            }
            None => done.unmatched.push(record.title()),
        }
    }
    done
}

/// Which records stand at the same place of a function's signature.
#[derive(Default)]
struct Pairs(Vec<(RecordId, RecordId)>);

impl Pairs {
    fn of_function(&mut self, real: &Function, declared: &Function) {
        if let (Some(real), Some(declared)) = (&real.result, &declared.result) {
            self.of_types(real, declared);
        }
        if let (Some(real), Some(declared)) = (&real.parameters, &declared.parameters) {
            for (real, declared) in real.iter().zip(declared) {
                self.of_types(&real.ctype, &declared.ctype);
            }
        }
    }

    fn of_types(&mut self, real: &Type, declared: &Type) {
        if let (Some(real), Some(declared)) = (real.record(), declared.record()) {
            self.0.push((declared, real));
        }
    }

    fn partner(&self, declared: RecordId) -> Option<RecordId> {
        let found = self.0.iter().find(|(id, _)| *id == declared);
        found.map(|(_, real)| *real)
    }
}

/// A record of this name, apart from underscores and case.
fn same_name(real: &Side, names: &[String]) -> Option<RecordId> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let wanted: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let ids = (0..real.records.len()).map(RecordId);
    let mut found: Vec<RecordId> = ids
        .filter(|id| {
            let names = &real.record(*id).names;
            names.iter().any(|name| wanted.contains(&plain(name)))
        })
        .collect();
    found.sort_by_key(|id| !real.record(*id).defined);
    found.first().copied()
}

fn compare_record(real: &Side, id: RecordId, declared: &Side, own: RecordId) -> RecordComparison {
    let (known, said) = (real.record(id), declared.record(own));
    let mut faults = Vec::new();
    if let (Some(one), Some(two)) = (known.size, said.size)
        && one != two
    {
        faults.push(message!("fault-size", real = one, declared = two));
    }
    if known.union != said.union {
        faults.push(match known.union {
            true => message!("fault-union"),
            false => message!("fault-no-union"),
        });
    }
    let of_c = layout::rows(real, id, Inner::All);
    let of_bridge = layout::rows(declared, own, Inner::All);
    let packing = packing_fault(&of_c, &of_bridge);
    let mut rows = paired(of_c, of_bridge);
    let names = |rows: &[Pair], declared: bool| -> Vec<String> {
        let side = |pair: &Pair| match declared {
            true => pair.declared.clone(),
            false => pair.real.clone(),
        };
        rows.iter()
            .filter_map(side)
            .map(|row| plain_field(row.name()).to_owned())
            .collect()
    };
    let (real_names, own_names) = (names(&rows, false), names(&rows, true));
    for pair in &mut rows {
        if let Some(fault) = row_fault(pair, &real_names, &own_names) {
            pair.differs = true;
            if packing.is_none() {
                faults.push(fault);
            }
        }
    }
    // One cause, of which the places of all fields follow.
    faults.extend(packing);
    let at_record = |words| Fault {
        sort: Sort::Layout,
        words,
        place: said.place.clone(),
    };
    let faults = faults.into_iter().map(at_record).collect();
    RecordComparison {
        real: id,
        declared: own,
        rows,
        faults,
    }
}

/// The same fields in the same order, with padding on one side only.
fn packing_fault(real: &[Row], declared: &[Row]) -> Option<Message> {
    let fields = |rows: &[Row]| -> Vec<(String, Option<u64>)> {
        rows.iter()
            .filter(|row| row.field.is_some())
            .map(|row| (plain_field(row.name()).to_owned(), row.bits))
            .collect()
    };
    let has_padding = |rows: &[Row]| rows.iter().any(|row| row.field.is_none());
    let starts = |rows: &[Row]| -> Vec<u64> {
        let fields = rows.iter().filter(|row| row.field.is_some());
        fields.map(|row| row.start).collect()
    };
    if fields(real) != fields(declared) || starts(real) == starts(declared) {
        return None;
    }
    match (has_padding(real), has_padding(declared)) {
        (false, true) => Some(message!("fault-packed")),
        (true, false) => Some(message!("fault-not-packed")),
        _ => None,
    }
}

/// Python's words cannot be names there: `from_` is `from`.
fn plain_field(name: &str) -> &str {
    name.trim_matches('_')
}

/// Puts the rows of both sides beside each other, by their places.
fn paired(real: Vec<Row>, declared: Vec<Row>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = real
        .into_iter()
        .map(|row| Pair {
            real: Some(row),
            declared: None,
            differs: false,
        })
        .collect();
    for row in declared {
        let free = |pair: &Pair| {
            pair.declared.is_none() && pair.real.as_ref().is_some_and(|it| it.start == row.start)
        };
        let namesake = |pair: &Pair| {
            let name = pair.real.as_ref().map_or("", Row::name);
            plain_field(name) == plain_field(row.name())
        };
        let place = pairs
            .iter()
            .position(|pair| free(pair) && namesake(pair))
            .or_else(|| pairs.iter().position(free));
        match place {
            Some(at) => pairs[at].declared = Some(row),
            None => pairs.push(Pair {
                real: None,
                declared: Some(row),
                differs: false,
            }),
        }
    }
    pairs.sort_by_key(|pair| {
        let row = pair.real.as_ref().or(pair.declared.as_ref());
        row.map_or(0, |row| row.start)
    });
    pairs
}

fn row_fault(pair: &Pair, real_names: &[String], own_names: &[String]) -> Option<Message> {
    match (&pair.real, &pair.declared) {
        (Some(real), Some(own)) => match (&real.field, &own.field) {
            (None, None) => None,
            (Some(field), None) => Some(message!(
                "fault-declared-padding",
                offset = real.offset(),
                name = field.name.as_str(),
            )),
            (None, Some(field)) => Some(message!(
                "fault-real-padding",
                offset = real.offset(),
                name = field.name.as_str(),
            )),
            (Some(field), Some(own_field)) => {
                let (name, own_name) = (plain_field(&field.name), plain_field(&own_field.name));
                let moved = name != own_name
                    && (real_names.iter().any(|it| it == own_name)
                        || own_names.iter().any(|it| it == name));
                if moved {
                    return Some(message!(
                        "fault-other-field",
                        offset = real.offset(),
                        name = name,
                        declared = own_name,
                    ));
                }
                if let (Some(one), Some(two)) = (real.bits, own.bits)
                    && one != two
                {
                    return Some(message!(
                        "fault-field-size",
                        name = name,
                        real = in_words(one),
                        declared = in_words(two),
                    ));
                }
                let subject = Message::from(format!("`{name}`"));
                contradiction(&field.ctype, &own_field.ctype, &subject).map(|(_, words)| words)
            }
        },
        (Some(real), None) if real.field.is_some() => Some(message!(
            "fault-field-missing",
            offset = real.offset(),
            name = real.name(),
        )),
        (None, Some(own)) if own.field.is_some() => Some(message!(
            "fault-field-extra",
            offset = own.offset(),
            name = own.name(),
        )),
        _ => None,
    }
}

fn in_words(bits: u64) -> Message {
    match bits % 8 {
        0 => message!("fault-bytes", count = bits / 8),
        _ => message!("fault-bits", count = bits),
    }
}

fn compare_function(real: &Function, declared: &Function) -> FunctionComparison {
    let mut faults = Vec::from_iter(result_fault(real, declared));
    let mut notes = Vec::new();
    match (&real.parameters, &declared.parameters) {
        (Some(known), Some(said)) => {
            faults.extend(parameter_faults(known, said, real.variadic, declared));
        }
        (Some(known), None) if !known.is_empty() => {
            notes.push(message!("fault-note-arguments"));
        }
        _ => {}
    }
    FunctionComparison {
        name: real.name.clone(),
        real: prototype(real),
        declared: prototype(declared),
        faults,
        notes,
    }
}

fn result_fault(real: &Function, declared: &Function) -> Option<Fault> {
    let (known, said) = (real.result.as_ref()?, declared.result.as_ref()?);
    if known.form == Form::Void && declared.implied_result {
        return None;
    }
    let (sort, words) = contradiction(known, said, &message!("fault-result"))?;
    let words = match declared.implied_result {
        true => message!("fault-no-restype", type = known.name.as_str()),
        false => words,
    };
    Some(Fault {
        sort,
        words,
        place: declared.result_place(),
    })
}

fn parameter_faults(
    known: &[Parameter],
    said: &[Parameter],
    variadic: bool,
    declared: &Function,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |sort, words| {
        faults.push(Fault {
            sort,
            words,
            place: declared.parameters_place(),
        });
    };
    let (all, told) = (known.len(), said.len());
    if told < all || (told > all && !variadic) {
        add(
            Sort::Kind,
            message!("fault-argument-count", real = all, declared = told),
        );
    }
    for (index, (known, said)) in known.iter().zip(said).enumerate() {
        let number = index + 1;
        let subject = match known.name.as_str() {
            "" => message!("fault-argument", number = number),
            name => message!("fault-argument-named", number = number, name = name),
        };
        let found = contradiction(&known.ctype, &said.ctype, &subject)
            .or_else(|| writable(&known.ctype, &said.ctype, &subject));
        if let Some((sort, words)) = found {
            add(sort, words);
        }
    }
    faults
}

/// A function as C writes it; what is not declared is a question mark.
pub fn prototype(function: &Function) -> String {
    let result = function.result.as_ref().map_or("?", |it| it.name.as_str());
    let mut parameters: Vec<String> = match &function.parameters {
        None => vec!["?".to_owned()],
        Some(all) if all.is_empty() && !function.variadic => vec!["void".to_owned()],
        Some(all) => all
            .iter()
            .map(|it| layout::declarator(&it.ctype, &it.name))
            .collect(),
    };
    if function.variadic {
        parameters.push("...".to_owned());
    }
    let space = if result.ends_with('*') { "" } else { " " };
    format!(
        "{result}{space}{}({})",
        function.name,
        parameters.join(", ")
    )
}

/// A string constant where C writes.
fn writable(real: &Type, declared: &Type, subject: &Message) -> Option<Contradiction> {
    let Form::Pointer {
        to,
        constant: false,
    } = &real.form
    else {
        return None;
    };
    let Form::Pointer {
        to: own,
        constant: true,
    } = &declared.form
    else {
        return None;
    };
    let both_text = to.name == "char" && own.form == Form::Signless && own.size == Some(1);
    both_text.then(|| {
        let words = message!(
            "fault-constant",
            subject = subject.clone(),
            real = real.name.as_str(),
            declared = declared.name.as_str(),
        );
        (Sort::Constant, words)
    })
}

/// Why two types cannot both be right; `None` where they can.
fn contradiction(real: &Type, declared: &Type, subject: &Message) -> Option<Contradiction> {
    let plain = || {
        let words = message!(
            "fault-kind",
            subject = subject.clone(),
            real = real.name.as_str(),
            declared = declared.name.as_str(),
        );
        Some((Sort::Kind, words))
    };
    match (&real.form, &declared.form) {
        (Form::Unknown, _) | (_, Form::Unknown) | (Form::Void, Form::Void) => None,
        (Form::Integer { .. } | Form::Signless, Form::Integer { .. } | Form::Signless) => {
            of_integers(real, declared, subject)
        }
        (Form::Float, Form::Float) | (Form::Complex, Form::Complex) => {
            (real.size != declared.size).then(plain)?
        }
        // An address in an integer of its width is still an address.
        (Form::Pointer { .. }, Form::Integer { .. })
        | (Form::Integer { .. }, Form::Pointer { .. })
            if real.size == declared.size =>
        {
            None
        }
        (Form::Pointer { .. }, Form::Integer { .. }) => {
            let words = message!(
                "fault-cut",
                subject = subject.clone(),
                bytes = real.size.unwrap_or(0),
                real = real.name.as_str(),
                width = declared.size.unwrap_or(0),
                declared = declared.name.as_str(),
            );
            Some((Sort::CutPointer, words))
        }
        (Form::Pointer { to, .. }, Form::Pointer { to: own, .. }) => {
            let sort = of_pointees(to, own, subject)?;
            plain().map(|(_, words)| (sort, words))
        }
        (
            Form::Array { item, length },
            Form::Array {
                item: own,
                length: own_length,
            },
        ) => match length != own_length && length.is_some() && own_length.is_some() {
            true => plain(),
            false => contradiction(item, own, subject).and_then(|_| plain()),
        },
        (Form::Record(_), Form::Record(_)) => {
            let (one, two) = (real.size?, declared.size?);
            let words = || {
                message!(
                    "fault-record-size",
                    subject = subject.clone(),
                    bytes = one,
                    real = real.name.as_str(),
                    declared = two,
                )
            };
            (one != two).then(|| (Sort::Layout, words()))
        }
        _ => plain(),
    }
}

fn of_integers(real: &Type, declared: &Type, subject: &Message) -> Option<Contradiction> {
    if let (Some(one), Some(two)) = (real.size, declared.size)
        && one != two
    {
        let words = message!(
            "fault-width",
            subject = subject.clone(),
            size = in_words(one * 8),
            real = real.name.as_str(),
            bytes = two,
            declared = declared.name.as_str(),
        );
        return Some((Sort::Width, words));
    }
    let signed = match (&real.form, &declared.form) {
        (Form::Integer { signed: true }, Form::Integer { signed: false }) => "yes",
        (Form::Integer { signed: false }, Form::Integer { signed: true }) => "no",
        _ => return None,
    };
    let words = message!(
        "fault-sign",
        subject = subject.clone(),
        signed = signed,
        real = real.name.as_str(),
        declared = declared.name.as_str(),
    );
    Some((Sort::Sign, words))
}

/// Whether reading through one pointer would misread what the other points to. Bytes and `void` may be anything.
fn of_pointees(real: &Type, declared: &Type, subject: &Message) -> Option<Sort> {
    let loose = |it: &Type| {
        matches!(it.form, Form::Void | Form::Unknown)
            || (it.size == Some(1) && matches!(it.form, Form::Integer { .. } | Form::Signless))
    };
    if loose(real) || loose(declared) {
        return None;
    }
    match (&real.form, &declared.form) {
        (Form::Record(_), Form::Record(_)) => None,
        (Form::Array { item, .. }, _) => of_pointees(item, declared, subject),
        (_, Form::Array { item, .. }) => of_pointees(real, item, subject),
        _ => contradiction(real, declared, subject).map(|(sort, _)| sort),
    }
}

#[cfg(test)]
mod tests;
