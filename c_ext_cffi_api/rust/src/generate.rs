//! Writes the C text of a module.

use std::fmt::Write as _;

use crate::describe::{Module, Type};
use crate::place::settle;
use crate::{checks, externs, facts, wrapper};

const HEADER: &str = include_str!("glue.h");
const HELPERS: &str = include_str!("glue.c");
const START: &str = include_str!("start.c");

/// The tables of types and of lengths that other code refers to by number.
#[derive(Default)]
pub(crate) struct Types {
    names: Vec<String>,
    lengths: Vec<String>,
}

/// How the parser of cdefs spells a length that it leaves to the compiler.
const LENGTH_OF: &str = "[_cffi_array_len(";

impl Types {
    /// The number of a type that the generated C asks the engine for.
    pub(crate) fn index(&mut self, ctype: &Type) -> usize {
        let name = self.text(ctype, None);
        match self.names.iter().position(|known| *known == name) {
            Some(index) => index,
            None => {
                self.names.push(name);
                self.names.len() - 1
            }
        }
    }

    /// The type as the engine reads it: without a name, and with numbers for lengths that only the
    /// compiler knows. Those written `[...]` are measured at `expression`.
    pub(crate) fn text(&mut self, ctype: &Type, expression: Option<&str>) -> String {
        let mut text = ctype.bare();
        while let Some(start) = text.find(LENGTH_OF) {
            let Some(end) = text[start..].find(")]") else {
                break;
            };
            let end = start + end;
            // The argument may end with parentheses of its own.
            let end = end + text[end..].find(']').unwrap_or(0);
            let measured = text[start + 1..end].to_owned();
            let number = self.length(measured);
            text.replace_range(start..=end, &format!("[#{number}]"));
        }
        let Some(expression) = expression else {
            return text;
        };
        for measured in lengths(ctype, expression) {
            let number = self.length(measured);
            text = text.replacen("[...]", &format!("[#{number}]"), 1);
        }
        text
    }

    fn length(&mut self, measured: String) -> usize {
        match self.lengths.iter().position(|known| *known == measured) {
            Some(index) => index,
            None => {
                self.lengths.push(measured);
                self.lengths.len() - 1
            }
        }
    }

    fn names(&self) -> String {
        let names: String = self
            .names
            .iter()
            .map(|name| format!("    {},\n", quoted(name)))
            .collect();
        let count = self.names.len() + 1;
        format!(
            "static const char *const rc_type_names[] = {{\n{names}    NULL\n}};\n\
             static PyObject *rc_types[{count}];\n"
        )
    }

    fn lengths(&self) -> String {
        let lengths: String = self
            .lengths
            .iter()
            .map(|length| format!("    {length},\n"))
            .collect();
        format!("static const size_t rc_lengths[] = {{\n{lengths}    0\n}};\n\n")
    }
}

/// What measures each `[...]` of an array that `name` stands for.
fn lengths(ctype: &Type, name: &str) -> Vec<String> {
    let after = ctype
        .spelling
        .split_once('&')
        .map_or("", |(_, after)| after);
    let dimensions = after.split(']').take_while(|one| one.starts_with('['));
    let mut item = name.to_owned();
    let mut lengths = Vec::new();
    for dimension in dimensions {
        if dimension == "[..." {
            lengths.push(format!("_cffi_array_len({item})"));
        }
        item += "[0]";
    }
    lengths
}

/// A C string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => literal.extend(['\\', char::from(byte)]),
            // `?` could begin a trigraph.
            0x20..=0x7E if byte != b'?' => literal.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail. Three octal digits never swallow the next one.
                let _ = write!(literal, "\\{byte:03o}");
            }
        }
    }
    literal.push('"');
    literal
}

/// The C text of an extension module for `module`.
///
/// It compiles as C99 or as C++, with Python.h in reach, to `PyInit_` of the last part of the
/// module's name.
pub fn generate(module: &Module) -> String {
    let mut types = Types::default();
    let wrappers: String = module
        .functions
        .iter()
        .map(|function| wrapper::function(function, &mut types))
        .collect();
    let facts = facts::tables(module, &mut types);
    let checks = checks::layouts(module);
    let externs = externs::functions(&module.name, &module.externs, &mut types);
    let methods = wrapper::table(&module.name, &module.functions, &mut types);
    let last = module.name.rsplit('.').next().unwrap_or(&module.name);
    let name = quoted(&module.name);
    let includes = includes(module);
    let description = description(module, types.lengths.len());
    let type_names = types.names();
    let lengths = types.lengths();
    let preamble = &module.preamble;
    let text = format!(
        "/* Generated by rust_cffi for the module {last}. Change its cdef and generate it anew. */\n\
         #define PY_SSIZE_T_CLEAN\n\
         #include <Python.h>\n\
         {HEADER}\n\
         /* The code given to set_source(). */\n\
         {preamble}\n\n\
         #define RC_MODULE_NAME {name}\n\n\
         /* Types that values are converted by. */\n\
         {type_names}\n\
         {HELPERS}\n\
         {strict}\n\
         /* What the C compiler knows about the declarations. */\n\
         {facts}\n\
         {checks}\
         /* Functions that call Python. */\n\
         {externs}\
         /* One wrapper per function. */\n\
         {wrappers}\n\
         {methods}\n\
         {lengths}\
         {includes}\
         {description}\n\
         {START}\n\
         PyMODINIT_FUNC PyInit_{last}(void)\n{{\n    return rc_init();\n}}\n",
        strict = checks::strict(module),
    );
    settle(&text, &format!("{last}.c"))
}

fn includes(module: &Module) -> String {
    if module.includes.is_empty() {
        return String::new();
    }
    let names: String = module
        .includes
        .iter()
        .map(|name| format!("    {},\n", quoted(name)))
        .collect();
    format!("static const char *const rc_includes[] = {{\n{names}    NULL\n}};\n\n")
}

fn description(module: &Module, length_count: usize) -> String {
    let counted = |what: &str, count: usize| format!("    {what}, {count},\n");
    let rows = [
        counted("rc_typedefs", module.typedefs.len()),
        counted("rc_records", module.records.len()),
        counted("rc_enums", module.enums.len()),
        counted("rc_constants", module.constants.len()),
        counted("rc_variables", module.variables.len()),
        counted("rc_functions", module.functions.len()),
        counted("rc_externs", module.externs.len()),
    ]
    .concat();
    let includes = if module.includes.is_empty() {
        "NULL"
    } else {
        "rc_includes"
    };
    format!(
        "static const struct rc_module rc_description = {{\n    RC_MODULE_NAME,\n{rows}    \
         {includes},\n    rc_lengths, {length_count},\n}};\n"
    )
}
