//! What the C compiler is asked to refuse.
//!
//! Without these checks a wrong layout or value is an error when it is first used, as in cffi. With
//! them the compiler compares both and says both numbers: it names the types of two pointers to
//! arrays, or a `case` that is not the claimed value. Whoever compiles the generated file can still
//! switch them off, by defining `RC_LENIENT`.

use std::fmt::Write as _;

use crate::describe::{At, Constant, Field, Module, Record};
use crate::place::blamed;

const BEGIN: &str = "#if !defined(RC_LENIENT) && defined(__GNUC__) && !defined(__cplusplus)\n";

/// Turns those warnings into errors that mean that a declaration and C disagree.
pub(crate) fn strict(module: &Module) -> String {
    if !module.check {
        return String::new();
    }
    let errors = [
        "implicit-function-declaration",
        "incompatible-pointer-types",
        "int-conversion",
        "float-conversion",
        "switch",
    ];
    let errors = errors.map(|flag| format!("#pragma GCC diagnostic error \"-W{flag}\"\n"));
    format!("{BEGIN}{}#endif\n", errors.concat())
}

/// The checks of all complete records and of all claimed values.
pub(crate) fn layouts(module: &Module) -> String {
    let mut checks = String::new();
    if !module.check {
        return checks;
    }
    for (index, record) in module.records.iter().enumerate() {
        if let (Some(of), Some(fields)) = (&record.spelling, &record.fields) {
            checks += &layout(index, record, of, fields);
        }
    }
    checks.extend(module.constants.iter().map(value));
    if checks.is_empty() {
        return checks;
    }
    format!("{BEGIN}{checks}#endif\n\n")
}

/// Whether C can repeat the declared type.
fn repeatable(field: &Field) -> bool {
    let spelling = &field.ctype.spelling;
    !spelling.contains('$') && !spelling.contains("[...]")
}

fn layout(index: usize, record: &Record, of: &str, fields: &[Field]) -> String {
    let sized = |field: &&Field| {
        field.bits < 0 && !field.name.is_empty() && repeatable(field) && !field.ctype.is_open()
    };
    let mut lines: String = fields
        .iter()
        .filter(sized)
        .map(|field| {
            let actual = format!("sizeof((({of} *)0)->{})", field.name);
            let declared = format!("sizeof({})", field.ctype.bare());
            same(
                field.at.as_ref(),
                &format!("size_of_{}", field.name),
                &declared,
                &actual,
            )
        })
        .collect();
    let mut repeated = String::new();
    if record.complete && record.pack <= 1 && fields.iter().all(repeatable) {
        let kind = if record.union { "union" } else { "struct" };
        let twin = format!("{kind} rc_declared_{index}");
        repeated = blamed(record.at.as_ref(), &twin_of(&twin, record, fields));
        for field in fields
            .iter()
            .filter(|one| one.bits < 0 && !one.name.is_empty())
        {
            let offset = |of: &str| format!("offsetof({of}, {})", field.name);
            let what = format!("offset_of_{}", field.name);
            lines += &same(field.at.as_ref(), &what, &offset(&twin), &offset(of));
        }
        let size = |of: &str| format!("sizeof({of})");
        lines += &same(record.at.as_ref(), "size", &size(&twin), &size(of));
    }
    format!("{repeated}static inline void rc_layout_{index}(void)\n{{\n{lines}}}\n")
}

/// The record once more, under another name, exactly as it is declared.
fn twin_of(twin: &str, record: &Record, fields: &[Field]) -> String {
    let mut members = String::new();
    for field in fields {
        let declared = field.ctype.declare(&field.name);
        // Writing to a String cannot fail.
        let _ = match field.bits {
            bits if bits >= 0 => write!(members, " {declared} : {bits};"),
            _ => write!(members, " {declared};"),
        };
    }
    let packed = match record.pack {
        0 => "",
        _ => " __attribute__((packed))",
    };
    format!("{twin} {{{members} }}{packed};")
}

/// Compares two numbers; the name of the type tells what they are.
fn same(at: Option<&At>, what: &str, declared: &str, actual: &str) -> String {
    let code = format!(
        "    {{ typedef char rc_{what}; rc_{what} (*rc_declared)[{declared}] = (rc_{what} \
         (*)[{actual}])0; (void)rc_declared; }}"
    );
    blamed(at, &code)
}

/// A switch over an enum whose value is the claimed one. Two others make it wide enough for any.
fn value(one: &Constant) -> String {
    let Some(claimed) = &one.claimed else {
        return String::new();
    };
    let name = &one.name;
    let is_huge = claimed.parse::<i64>().is_err();
    let wide = if is_huge {
        "ULL".to_owned()
    } else {
        let largest = "0x7FFFFFFFFFFFFFFFLL";
        format!(", rc_high_{name} = {largest}, rc_low_{name} = -{largest}")
    };
    let declared = format!("enum rc_value_{name} {{ rc_claimed_{name} = {claimed}{wide} }};");
    let check = format!(
        "static inline void rc_check_value_{name}(void) {{ switch ((enum rc_value_{name})0) {{ case \
         __builtin_choose_expr(__builtin_constant_p({name}), ({name}), rc_claimed_{name}): break; \
         default: break; }} }}"
    );
    blamed(one.at.as_ref(), &declared) + &blamed(one.at.as_ref(), &check)
}
