//! A Python-callable wrapper in C for each function.

use crate::describe::{Class, Function, Type};
use crate::generate::{Types, quoted};

/// The wrapper of `function`, or nothing for a variadic one.
///
/// Beside it stands a plain C function that makes the same call. It has an address even where the
/// user's name is a macro.
pub(crate) fn function(function: &Function, types: &mut Types) -> String {
    if function.variadic {
        return String::new();
    }
    [direct(function), wrapped(function, types)].concat()
}

fn direct(function: &Function) -> String {
    let parameters: Vec<String> = function
        .arguments
        .iter()
        .enumerate()
        .map(|(index, ctype)| ctype.declare(&format!("x{index}")))
        .collect();
    let parameters = if parameters.is_empty() {
        "void".to_owned()
    } else {
        parameters.join(", ")
    };
    let head = function
        .result
        .declare(&format!("rc_direct_{}({parameters})", function.name));
    let give = if function.result.class == Class::Void {
        ""
    } else {
        "return "
    };
    format!("static {head}\n{{\n    {give}{};\n}}\n\n", invoke(function))
}

fn invoke(function: &Function) -> String {
    let arguments: Vec<String> = (0..function.arguments.len())
        .map(|index| format!("x{index}"))
        .collect();
    format!("{}({})", function.name, arguments.join(", "))
}

fn wrapped(function: &Function, types: &mut Types) -> String {
    let name = &function.name;
    let count = function.arguments.len();
    let temporaries = function
        .arguments
        .iter()
        .any(|ctype| ctype.class == Class::Pointer);
    let mut declared = String::new();
    let mut converted = String::new();
    for (index, ctype) in function.arguments.iter().enumerate() {
        declared += &format!("    {};\n", ctype.declare(&format!("x{index}")));
        let (extra, code) = convert(ctype, index, types);
        declared += &extra;
        converted += &code;
    }
    if function.result.class != Class::Void {
        declared += &format!("    {};\n", function.result.declare("result"));
    }
    if temporaries {
        declared += "    void *temporaries = NULL;\n    PyObject *answer = NULL;\n";
    }
    let failed = if temporaries {
        "goto done"
    } else {
        "return NULL"
    };
    let converted = converted.replace("FAILED", failed);
    let take = if function.result.class == Class::Void {
        ""
    } else {
        "result = "
    };
    let call = invoke(function);
    let answer = produce(&function.result, types);
    let end = if temporaries {
        format!(
            "    answer = {answer};\ndone:\n    rc->free_temporaries(temporaries);\n    return answer;\n"
        )
    } else {
        format!("    return {answer};\n")
    };
    format!(
        "static PyObject *rc_call_{name}(PyObject *self, PyObject *const *args, Py_ssize_t count)\n\
         {{\n{declared}\
         \x20   (void)self;\n\
         \x20   (void)args;\n\
         \x20   if (count != {count})\n        return rc_wrong_count(\"{name}\", {count}, count);\n\
         {converted}\
         \x20   Py_BEGIN_ALLOW_THREADS\n\
         \x20   rc->restore_errno();\n\
         \x20   {take}{call};\n\
         \x20   rc->save_errno();\n\
         \x20   Py_END_ALLOW_THREADS\n\
         {end}}}\n\n"
    )
}

/// Declarations and code that convert argument `index`.
fn convert(ctype: &Type, index: usize, types: &mut Types) -> (String, String) {
    let bare = ctype.bare();
    let number = |kind: &str, function: &str, bits: &str| {
        (
            format!("    {kind} number{index};\n"),
            format!(
                "    if ({function}(args[{index}], {bits}&number{index}) < 0)\n        FAILED;\n    \
                 x{index} = ({bare})number{index};\n"
            ),
        )
    };
    let bits = format!("8 * (int)sizeof({bare}), ");
    match ctype.class {
        Class::Signed => number("long long", "rc_to_signed", &bits),
        Class::Unsigned => number("unsigned long long", "rc_to_unsigned", &bits),
        Class::Float => number("double", "rc_to_float", ""),
        Class::Char => (
            String::new(),
            format!("    if (rc->to_char(args[{index}], &x{index}) < 0)\n        FAILED;\n"),
        ),
        Class::Pointer => (
            String::new(),
            format!(
                "    if (rc_to_pointer(args[{index}], {}, (void *)&x{index}, &temporaries) < 0)\n        \
                 FAILED;\n",
                types.index(bare)
            ),
        ),
        Class::Void | Class::Record | Class::Other => (
            String::new(),
            format!(
                "    if (rc_to_typed(args[{index}], {}, (void *)&x{index}) < 0)\n        FAILED;\n",
                types.index(bare)
            ),
        ),
    }
}

/// The expression that makes the Python value of `result`.
fn produce(ctype: &Type, types: &mut Types) -> String {
    match ctype.class {
        Class::Void => "(Py_INCREF(Py_None), Py_None)".to_owned(),
        Class::Signed => "PyLong_FromLongLong((long long)result)".to_owned(),
        Class::Unsigned => "PyLong_FromUnsignedLongLong((unsigned long long)result)".to_owned(),
        Class::Float => "PyFloat_FromDouble((double)result)".to_owned(),
        Class::Char => "PyBytes_FromStringAndSize(&result, 1)".to_owned(),
        Class::Record => format!(
            "rc_from_record((void *)&result, {})",
            types.index(ctype.bare())
        ),
        Class::Pointer | Class::Other => {
            format!(
                "rc_from_typed((void *)&result, {})",
                types.index(ctype.bare())
            )
        }
    }
}

/// The table of all functions.
pub(crate) fn table(functions: &[Function]) -> String {
    let row = |function: &Function| {
        let name = &function.name;
        let pointer = quoted(&function.pointer.bare());
        if function.variadic {
            return format!("    {{{pointer}, (void *){name}, {{\"{name}\", NULL, 0, NULL}}}},\n");
        }
        format!(
            "    {{{pointer}, (void *)rc_direct_{name},\n     {{\"{name}\", (PyCFunction)(void \
             (*)(void))rc_call_{name}, METH_FASTCALL, NULL}}}},\n"
        )
    };
    let rows: String = functions.iter().map(row).collect();
    let count = functions.len() + 1;
    format!(
        "static struct rc_function rc_functions[{count}] = {{\n{rows}    {{NULL, NULL, {{NULL, NULL, 0, \
         NULL}}}}\n}};\n"
    )
}
