//! Tables of what only the C compiler knows: sizes, offsets, values, addresses.

use crate::describe::{
    At, Class, Constant, Enum, Field, Module, Record, Target, Type, Typedef, Variable,
};
use crate::generate::quoted;
use crate::place::blamed;

const UNSET: &str = "(size_t)-1";

/// All tables.
pub(crate) fn tables(module: &Module) -> String {
    let typedef_lengths: String = module.typedefs.iter().map(typedef_lengths).collect();
    let records: String = module
        .records
        .iter()
        .enumerate()
        .map(|(index, one)| fields(index, one))
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
        typedef_lengths,
        records,
        readers,
        enums,
        table("rc_typedef", &module.typedefs, |_, one| typedef(one)),
        table("rc_record", &module.records, record),
        table("rc_enum", &module.enums, enumeration),
        table("rc_constant", &module.constants, |_, one| constant(one)),
        table("rc_variable", &module.variables, |_, one| variable(one)),
    ]
    .concat()
}

/// A table with an empty row at its end, because C has no empty array.
fn table<T>(kind: &str, all: &[T], row: impl Fn(usize, &T) -> String) -> String {
    let rows: String = all
        .iter()
        .enumerate()
        .map(|(index, one)| format!("    {},\n", row(index, one)))
        .collect();
    format!("static const struct {kind} {kind}s[] = {{\n{rows}    {{0}}\n}};\n\n")
}

/// A table of the lengths that `[...]` leaves to the compiler, called by `key`; nothing if none.
fn lengths(ctype: &Type, key: &str, expression: &str) -> String {
    let all = ctype.lengths(expression);
    if all.is_empty() {
        return String::new();
    }
    format!(
        "static const size_t rc_lengths_{key}[] = {{{}}};\n",
        all.join(", ")
    )
}

/// What refers to that table.
fn lengths_of(ctype: &Type, key: &str) -> String {
    if ctype.spelling.contains("[...]") {
        format!("rc_lengths_{key}")
    } else {
        "NULL".to_owned()
    }
}

fn typedef_lengths(one: &Typedef) -> String {
    match &one.target {
        Target::Type(target) => lengths(target, &one.name, &format!("(*({} *)0)", one.name)),
        Target::Integer | Target::Float => String::new(),
    }
}

fn typedef(one: &Typedef) -> String {
    let name = &one.name;
    match &one.target {
        Target::Type(target) => format!(
            "{{\"{name}\", {}, {}, 0, 0}}",
            quoted(&target.bare()),
            lengths_of(target, name)
        ),
        // The `|` refuses what is no integer.
        Target::Integer => format!(
            "{{\"{name}\", NULL, NULL, (int)sizeof({name}), ((({name})-1) | 0) <= 0 ? 0 : 1}}"
        ),
        // The size of what is no floating-point number becomes 0.
        Target::Float => format!(
            "{{\"{name}\", NULL, NULL, (int)((double)sizeof({name}) * (double)((({name})1 / 2) * 2)), 2}}"
        ),
    }
}

/// The fields of one record, and a function that makes the compiler look at them.
fn fields(index: usize, record: &Record) -> String {
    let Some(fields) = &record.fields else {
        return String::new();
    };
    let mut tables = String::new();
    let mut rows = String::new();
    for (number, field) in fields.iter().enumerate() {
        let key = format!("{index}_{number}");
        if let Some(of) = record.spelling.as_ref() {
            let line = lengths(&field.ctype, &key, &format!("(({of} *)0)->{}", field.name));
            if !line.is_empty() {
                tables += &blamed(field.at.as_ref(), line.trim_end());
            }
        }
        rows += &blamed(
            field.at.as_ref(),
            &format!("    {},", field_row(record, field, &key)),
        );
    }
    format!(
        "{}{tables}static const struct rc_field rc_fields_{index}[] = {{\n{rows}    {{0}}\n}};\n\n",
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

fn field_row(record: &Record, field: &Field, key: &str) -> String {
    let name = &field.name;
    let ctype = quoted(&field.ctype.bare());
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
    let lengths = lengths_of(&field.ctype, key);
    format!(
        "{{\"{name}\", {ctype}, {lengths}, {offset}, {size}, {}}}",
        field.bits
    )
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
        "{{{name}, {fields}, {count}, {size},\n     {align}, {}, {}, {}}}",
        u8::from(one.union),
        u8::from(one.complete),
        one.pack
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

fn constant(one: &Constant) -> String {
    let name = &one.name;
    let claimed = one
        .claimed
        .as_deref()
        .map_or_else(|| "NULL".to_owned(), quoted);
    match &one.ctype {
        None => format!("{{\"{name}\", NULL, rc_constant_{name}, NULL, {claimed}}}"),
        Some(ctype) => {
            let ctype = quoted(&ctype.bare());
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
        "{{{name}, rc_enumerators_{index}, {}, {size}, {signed}}}",
        one.names.len()
    )
}

fn address(one: &Variable) -> String {
    let name = &one.name;
    // A function pointer decays to `void *` only by a cast that C++ wants to see spelled out.
    let pointer = one.pointer.ctype.declare("rc_place");
    let take = one.pointer.address(&format!("({name})"));
    let code = format!(
        "static void *rc_address_{name}(void) {{ {pointer} = {take}; return (void *)rc_place; }}"
    );
    blamed(one.at.as_ref(), &code) + &lengths(&one.ctype, &format!("of_{name}"), name)
}

fn variable(one: &Variable) -> String {
    let name = &one.name;
    format!(
        "{{\"{name}\", {}, {}, rc_address_{name}}}",
        quoted(&one.ctype.bare()),
        lengths_of(&one.ctype, &format!("of_{name}"))
    )
}
