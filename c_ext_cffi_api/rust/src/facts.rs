//! Tables of what only the C compiler knows: sizes, offsets, values, addresses.

use crate::describe::{
    At, Class, Constant, Enum, Field, Module, Record, Target, Typedef, Variable,
};
use crate::generate::{Types, quoted};
use crate::place::blamed;

const UNSET: &str = "(size_t)-1";

/// All tables.
pub(crate) fn tables(module: &Module, types: &mut Types) -> String {
    let records: String = module
        .records
        .iter()
        .enumerate()
        .map(|(index, one)| fields(index, one, types))
        .collect();
    let enumerators = module.enums.iter().flat_map(|one| {
        one.names
            .iter()
            .map(|name| integer_reader("enumerator", name, one.at.as_ref()))
    });
    let readers: String = enumerators
        .chain(module.constants.iter().map(constant_reader))
        .chain(module.variables.iter().map(address))
        .collect();
    let enums: String = module
        .enums
        .iter()
        .enumerate()
        .map(|(index, one)| enumerators_of(index, one))
        .collect();
    [
        records,
        readers,
        enums,
        table("rc_typedef", &module.typedefs, |_, one| typedef(one, types)),
        table("rc_record", &module.records, record),
        table("rc_enum", &module.enums, enumeration),
        table("rc_constant", &module.constants, |_, one| {
            constant(one, types)
        }),
        table("rc_variable", &module.variables, |_, one| {
            variable(one, types)
        }),
    ]
    .concat()
}

/// A table with an empty row at its end, because C has no empty array.
fn table<T>(kind: &str, all: &[T], mut row: impl FnMut(usize, &T) -> String) -> String {
    let rows: String = all
        .iter()
        .enumerate()
        .map(|(index, one)| format!("    {},\n", row(index, one)))
        .collect();
    format!("static const struct {kind} {kind}s[] = {{\n{rows}    {{0}}\n}};\n\n")
}

fn typedef(one: &Typedef, types: &mut Types) -> String {
    let name = &one.name;
    match &one.target {
        Target::Type(target) => format!(
            "{{\"{name}\", {}, 0, 0}}",
            quoted(&types.text(target, Some(&format!("(*({name} *)0)"))))
        ),
        // The `|` refuses what is no integer.
        Target::Integer => {
            format!("{{\"{name}\", NULL, (int)sizeof({name}), ((({name})-1) | 0) <= 0 ? 0 : 1}}")
        }
        // The size of what is no floating-point number becomes 0.
        Target::Float => format!(
            "{{\"{name}\", NULL, (int)((double)sizeof({name}) * (double)((({name})1 / 2) * 2)), 2}}"
        ),
    }
}

/// The fields of one record, and a function that makes the compiler look at them.
fn fields(index: usize, record: &Record, types: &mut Types) -> String {
    let Some(fields) = &record.fields else {
        return String::new();
    };
    let rows: String = fields
        .iter()
        .map(|field| {
            let row = format!("    {},", field_row(record, field, types));
            blamed(field.at.as_ref(), &row)
        })
        .collect();
    format!(
        "{}static const struct rc_field rc_fields_{index}[] = {{\n{rows}    {{0}}\n}};\n\n",
        looks(index, record, fields)
    )
}

fn looks(index: usize, record: &Record, fields: &[Field]) -> String {
    let Some(of) = &record.spelling else {
        return String::new();
    };
    let looked: String = fields
        .iter()
        .filter(|field| !field.name.is_empty())
        .map(|field| blamed(field.at.as_ref(), &format!("    {}", look(field))))
        .collect();
    let align = format!("struct rc_align_{index} {{ char rc_first; {of} rc_second; }};");
    let head = format!("static inline void rc_check_{index}({of} *rc_record)");
    format!(
        "/* Never called: a field that does not exist, or is of another kind, ends the compilation \
         here. */\n{}{{\n    (void)rc_record;\n{looked}}}\n{}",
        blamed(record.at.as_ref(), &head),
        blamed(record.at.as_ref(), &align)
    )
}

fn look(field: &Field) -> String {
    let name = &field.name;
    let class = field.ctype.class;
    let integer = matches!(
        class,
        Class::Signed | Class::Unsigned | Class::Integer | Class::Bool
    );
    match &field.pointer {
        Some(pointer) => format!(
            "{{ {} = {}; (void)rc_place; }}",
            pointer.ctype.declare("rc_place"),
            pointer.address(&format!("rc_record->{name}"))
        ),
        None if integer || field.bits >= 0 => {
            format!("(void)((rc_record->{name}) | 0); /* an integer */")
        }
        // Its type has no name that a pointer could be declared with.
        None => format!("(void)&rc_record->{name};"),
    }
}

fn field_row(record: &Record, field: &Field, types: &mut Types) -> String {
    let name = &field.name;
    let place = record
        .spelling
        .as_ref()
        .map(|of| format!("(({of} *)0)->{name}"));
    let ctype = quoted(&types.text(&field.ctype, place.as_deref()));
    let (offset, size) = match &record.spelling {
        Some(of) if field.bits < 0 && !name.is_empty() => {
            let size = if field.ctype.is_open() {
                // An array of open length has no size.
                UNSET.to_owned()
            } else {
                format!("sizeof((({of} *)0)->{name})")
            };
            (format!("offsetof({of}, {name})"), size)
        }
        _ => (UNSET.to_owned(), UNSET.to_owned()),
    };
    format!("{{\"{name}\", {ctype}, {offset}, {size}, {}}}", field.bits)
}

fn record(index: usize, one: &Record) -> String {
    let name = quoted(&one.name);
    let (fields, count) = match &one.fields {
        Some(fields) => (format!("rc_fields_{index}"), fields.len()),
        None => ("NULL".to_owned(), 0),
    };
    let (size, align) = match &one.spelling {
        Some(of) if one.fields.is_some() => (
            format!("sizeof({of})"),
            format!("offsetof(struct rc_align_{index}, rc_second)"),
        ),
        _ => (UNSET.to_owned(), UNSET.to_owned()),
    };
    format!(
        "{{{name}, {fields}, {count}, {size},\n     {align}, {}, {}, {}, {}}}",
        u8::from(one.union),
        u8::from(one.complete),
        one.pack,
        u8::from(one.external)
    )
}

/// A function that gives the value of an integer constant, and whether it is not above zero.
fn integer_reader(kind: &str, name: &str, at: Option<&At>) -> String {
    let code = format!(
        "static int rc_{kind}_{name}(unsigned long long *rc_value) {{ *rc_value = (unsigned long \
         long)(({name}) | 0); return ({name}) <= 0; }}"
    );
    blamed(at, &code)
}

fn constant_reader(one: &Constant) -> String {
    let name = &one.name;
    match &one.ctype {
        None => integer_reader("constant", name, one.at.as_ref()),
        Some(ctype) => {
            let code = format!(
                "static void rc_constant_{name}(void *rc_place) {{ {} = {name}; memcpy(rc_place, (const \
                 void *)&rc_value, sizeof rc_value); }}",
                ctype.declare("rc_value"),
            );
            blamed(one.at.as_ref(), &code)
        }
    }
}

fn constant(one: &Constant, types: &mut Types) -> String {
    let name = &one.name;
    let claimed = one
        .claimed
        .as_deref()
        .map_or_else(|| "NULL".to_owned(), quoted);
    match &one.ctype {
        None => format!("{{\"{name}\", NULL, rc_constant_{name}, NULL, {claimed}}}"),
        Some(ctype) => {
            let ctype = quoted(&types.text(ctype, Some(name)));
            format!("{{\"{name}\", {ctype}, NULL, rc_constant_{name}, {claimed}}}")
        }
    }
}

fn enumerators_of(index: usize, one: &Enum) -> String {
    let rows: String = one
        .names
        .iter()
        .map(|name| format!("    {{\"{name}\", rc_enumerator_{name}}},\n"))
        .collect();
    format!(
        "static const struct rc_enumerator rc_enumerators_{index}[] = {{\n{rows}    {{0}}\n}};\n\n"
    )
}

fn enumeration(index: usize, one: &Enum) -> String {
    let name = quoted(&one.name);
    let (size, signed) = match &one.spelling {
        Some(of) => (
            format!("(int)sizeof({of})"),
            format!("(({of})-1) <= 0 ? 1 : 0"),
        ),
        None => ("0".to_owned(), "0".to_owned()),
    };
    format!(
        "{{{name}, rc_enumerators_{index}, {}, {size}, {signed}, {}}}",
        one.names.len(),
        u8::from(one.external)
    )
}

fn address(one: &Variable) -> String {
    let name = &one.name;
    let pointer = one.pointer.ctype.declare("rc_place");
    let take = one.pointer.address(&format!("({name})"));
    let code = format!(
        "static void *rc_address_{name}(void) {{ {pointer} = {take}; return (void *)rc_place; }}"
    );
    blamed(one.at.as_ref(), &code)
}

fn variable(one: &Variable, types: &mut Types) -> String {
    let name = &one.name;
    format!(
        "{{\"{name}\", {}, rc_address_{name}}}",
        quoted(&types.text(&one.ctype, Some(name)))
    )
}
