//! `extern "Python"`: C functions that pack their arguments and call Python.

use crate::describe::{Class, Extern, Linkage, Type};
use crate::generate::{Types, quoted};
use crate::place::blamed;

/// Bytes between two arguments in the rc_entries.
const ENTRY: usize = 8;

/// The functions and their table; `module` is the module's dotted name, for messages.
///
/// The table holds the addresses of the functions, and they refer to it: so the declarations come
/// first.
pub(crate) fn functions(module: &str, externs: &[Extern], types: &mut Types) -> String {
    let declared: String = externs.iter().map(declaration).collect();
    let rows: String = externs.iter().map(|one| row(module, one, types)).collect();
    let bodies: String = externs.iter().enumerate().map(body).collect();
    format!(
        "{declared}static struct rc_extern rc_externs[] = {{\n{rows}    {{{{NULL, 0, {{NULL, NULL}}}}, NULL, NULL}}\n}};\n\n{bodies}"
    )
}

fn storage(linkage: Linkage) -> &'static str {
    match linkage {
        Linkage::Static => "static ",
        Linkage::Module => "",
        Linkage::Exported => "RC_EXPORTED ",
    }
}

fn declaration(one: &Extern) -> String {
    let function = &one.function;
    let head = function.head(&function.name, "rc_a");
    let code = format!("{}{head};", storage(one.linkage));
    blamed(function.at.as_ref(), &code)
}

fn row(module: &str, one: &Extern, types: &mut Types) -> String {
    let function = &one.function;
    let name = &function.name;
    let full = quoted(&format!("{module}.{name}"));
    let size = match function.result.class {
        Class::Void => "0".to_owned(),
        _ => format!("sizeof({})", function.result.bare()),
    };
    let pointer = quoted(&types.text(&function.pointer, None));
    format!("    {{{{{full}, {size}, {{NULL, NULL}}}}, {pointer}, (void *){name}}},\n")
}

fn body((index, one): (usize, &Extern)) -> String {
    let function = &one.function;
    let head = function.head(&function.name, "rc_a");
    let room = ENTRY * function.arguments.len().max(1);
    let packed: String = function.arguments.iter().enumerate().map(pack).collect();
    let call = format!("    rc->call_python(&rc_externs[{index}].slot, rc_entries.rc_bytes);\n");
    if function.result.class == Class::Void {
        return format!(
            "{}{head}\n{{\n    union {{ char rc_bytes[{room}]; double rc_aligned; }} rc_entries;\n\
             {packed}{call}}}\n\n",
            storage(one.linkage)
        );
    }
    let result = function.result.declare("rc_result");
    format!(
        "{}{head}\n{{\n    union {{ char rc_bytes[{room}]; double rc_aligned; {result}; }} rc_entries;\n\
         {packed}{call}    return rc_entries.rc_result;\n}}\n\n",
        storage(one.linkage)
    )
}

/// Puts one argument into its entry: itself, or its address where it may be larger.
fn pack((index, ctype): (usize, &Type)) -> String {
    let at = index * ENTRY;
    if matches!(ctype.class, Class::Record | Class::Long) {
        return format!(
            "    {{\n        void *rc_place = (void *)&rc_a{index};\n        \
             memcpy(rc_entries.rc_bytes + {at}, (void *)&rc_place, sizeof rc_place);\n    }}\n"
        );
    }
    format!(
        "    memcpy(rc_entries.rc_bytes + {at}, (const void *)&rc_a{index}, sizeof rc_a{index});\n"
    )
}
