//! Tables of what only the C compiler knows: sizes, offsets, values, addresses.

use crate::describe::{
    Class, Constant, Enum, Field, Module, Record, Target, Type, Typedef, Variable,
};
use crate::generate::quoted;

const UNSET: &str = "(size_t)-1";

/// All tables.
pub(crate) fn tables(module: &Module) -> String {
    let records: String = module
        .records
        .iter()
        .enumerate()
        .map(|(index, one)| fields(index, one))
        .collect();
    let readers: String = module
        .enums
        .iter()
        .flat_map(|one| &one.names)
        .map(|name| reader("enumerator", name))
        .chain(module.constants.iter().map(constant_reader))
        .chain(module.variables.iter().map(address))
        .collect();
    let enums: String = module
        .enums
        .iter()
        .enumerate()
        .map(|(index, one)| enumerators(index, one))
        .collect();
    [
        records,
        readers,
        enums,
        table(
            "rc_typedef",
            &module.typedefs,
            "{NULL, NULL, 0, 0}",
            |_, one| typedef(one),
        ),
        table(
            "rc_record",
            &module.records,
            "{NULL, NULL, 0, 0, 0, 0, 0, 0}",
            record,
        ),
        table(
            "rc_enum",
            &module.enums,
            "{NULL, NULL, 0, 0, 0}",
            enumeration,
        ),
        table(
            "rc_constant",
            &module.constants,
            "{NULL, NULL, NULL, NULL, NULL}",
            |_, one| constant(one),
        ),
        table(
            "rc_variable",
            &module.variables,
            "{NULL, NULL, NULL, 0}",
            |_, one| variable(one),
        ),
    ]
    .concat()
}

/// A table with an empty row at its end, because C has no empty array.
fn table<T>(kind: &str, all: &[T], empty: &str, row: impl Fn(usize, &T) -> String) -> String {
    let rows: String = all
        .iter()
        .enumerate()
        .map(|(index, one)| format!("    {},\n", row(index, one)))
        .collect();
    format!("static const struct {kind} {kind}s[] = {{\n{rows}    {empty}\n}};\n\n")
}

fn typedef(one: &Typedef) -> String {
    let name = &one.name;
    match &one.target {
        Target::Type(target) => format!("{{\"{name}\", {}, 0, 0}}", quoted(target)),
        // Comparing with zero alone would make the compiler warn for unsigned types.
        Target::Integer => {
            format!("{{\"{name}\", NULL, (int)sizeof({name}), ({name})-1 > ({name})0 ? 1 : 0}}")
        }
        Target::Float => format!("{{\"{name}\", NULL, (int)sizeof({name}), 2}}"),
    }
}

/// The fields of one record, and a function that makes the compiler look at them.
fn fields(index: usize, record: &Record) -> String {
    let Some(fields) = &record.fields else {
        return String::new();
    };
    let rows: String = fields
        .iter()
        .map(|field| format!("    {},\n", field_row(record, field)))
        .collect();
    let looked: String = fields
        .iter()
        .filter(|field| !field.name.is_empty() && record.spelled)
        .map(look)
        .collect();
    let check = if looked.is_empty() {
        String::new()
    } else {
        format!(
            "/* Never called: a field that does not exist, or is of another kind, ends the \
             compilation here. */\n\
             static inline void rc_check_{index}({} *record)\n{{\n    (void)record;\n{looked}}}\n",
            record.name
        )
    };
    format!(
        "{check}static const struct rc_field rc_fields_{index}[] = {{\n{rows}    {{NULL, NULL, 0, \
         0, 0}}\n}};\n\n"
    )
}

fn look(field: &Field) -> String {
    let name = &field.name;
    match field.ctype.class {
        Class::Signed | Class::Unsigned => {
            format!("    (void)((record->{name}) | 0); /* an integer */\n")
        }
        _ if field.bits >= 0 => format!("    (void)((record->{name}) | 0); /* an integer */\n"),
        _ if field.ctype.spelling.contains("[...]") || field.ctype.spelling.contains('$') => {
            format!("    (void)&record->{name};\n")
        }
        _ => {
            let pointer = pointer_to(&field.ctype, "place");
            format!("    {{ {pointer} = &record->{name}; (void)place; }}\n")
        }
    }
}

fn pointer_to(ctype: &Type, name: &str) -> String {
    let array = ctype.spelling.contains("&[");
    let star = if array {
        format!("(*{name})")
    } else {
        format!("*{name}")
    };
    ctype.spelling.replacen('&', &format!(" {star}"), 1)
}

fn field_row(record: &Record, field: &Field) -> String {
    let (name, of) = (&field.name, &record.name);
    let ctype = quoted(&field.ctype.bare());
    let (offset, size) = if field.bits >= 0 || name.is_empty() || !record.spelled {
        (UNSET.to_owned(), UNSET.to_owned())
    } else {
        let size = if field.ctype.spelling.contains("&[]") {
            // An array of open length has no size.
            UNSET.to_owned()
        } else {
            format!("sizeof((({of} *)0)->{name})")
        };
        (format!("offsetof({of}, {name})"), size)
    };
    format!("{{\"{name}\", {ctype}, {offset}, {size}, {}}}", field.bits)
}

fn record(index: usize, one: &Record) -> String {
    let name = quoted(&one.name);
    let (fields, count) = match &one.fields {
        Some(fields) => (format!("rc_fields_{index}"), fields.len()),
        None => ("NULL".to_owned(), 0),
    };
    let (size, align) = if one.fields.is_some() && one.spelled {
        let of = &one.name;
        (
            format!("sizeof({of})"),
            format!("offsetof(struct {{ char first; {of} second; }}, second)"),
        )
    } else {
        (UNSET.to_owned(), UNSET.to_owned())
    };
    format!(
        "{{{name}, {fields}, {count}, {size},\n     {align}, {}, {}, {}}}",
        u8::from(one.union),
        u8::from(one.complete),
        one.pack
    )
}

/// A function that gives the value of an integer constant, and whether it is not above zero.
fn reader(kind: &str, name: &str) -> String {
    format!(
        "static int rc_{kind}_{name}(unsigned long long *value)\n{{\n    *value = (unsigned long \
         long)(({name}) | 0);\n    return ({name}) <= 0;\n}}\n\n"
    )
}

fn constant_reader(one: &Constant) -> String {
    match &one.ctype {
        None => reader("constant", &one.name),
        Some(ctype) => format!(
            "static void rc_constant_{}(void *place)\n{{\n    {} = {};\n    memcpy(place, (const \
             void *)&value, sizeof value);\n}}\n\n",
            one.name,
            ctype.declare("value"),
            one.name
        ),
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

fn enumerators(index: usize, one: &Enum) -> String {
    let rows: String = one
        .names
        .iter()
        .map(|name| format!("    {{\"{name}\", rc_enumerator_{name}}},\n"))
        .collect();
    format!(
        "static const struct rc_enumerator rc_enumerators_{index}[] = {{\n{rows}    {{NULL, \
         NULL}}\n}};\n\n"
    )
}

fn enumeration(index: usize, one: &Enum) -> String {
    let name = quoted(&one.name);
    let (size, signed) = if one.spelled {
        let of = &one.name;
        (
            format!("(int)sizeof({of})"),
            format!("({of})-1 > ({of})0 ? 0 : 1"),
        )
    } else {
        ("0".to_owned(), "0".to_owned())
    };
    format!(
        "{{{name}, rc_enumerators_{index}, {}, {size}, {signed}}}",
        one.names.len()
    )
}

fn address(one: &Variable) -> String {
    let name = &one.name;
    format!("static void *rc_address_{name}(void)\n{{\n    return (void *)&({name});\n}}\n\n")
}

fn variable(one: &Variable) -> String {
    let name = &one.name;
    let size = if one.ctype.spelling.contains("&[]") {
        UNSET.to_owned()
    } else {
        format!("sizeof({name})")
    };
    format!(
        "{{\"{name}\", {}, rc_address_{name}, {size}}}",
        quoted(&one.ctype.bare())
    )
}
