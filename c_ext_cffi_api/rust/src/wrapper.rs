//! A Python-callable wrapper in C for each function.

use crate::describe::{Class, Function, Type};
use crate::generate::{Types, quoted};
use crate::place::blamed;

/// The wrapper of `function`; for a variadic one, only a check of its type.
///
/// Beside the wrapper stands a plain C function that makes the same call. It has an address even
/// where the user's name is a macro, and it is the one place that contradictions are found in.
pub(crate) fn function(function: &Function, types: &mut Types) -> String {
    if function.variadic {
        return variadic(function);
    }
    [direct(function), wrapped(function, types)].concat()
}

fn variadic(function: &Function) -> String {
    let name = &function.name;
    let pointer = function.pointer.declare("rc_pointer");
    let code = format!(
        "static inline void rc_check_call_{name}(void) {{ {pointer} = {name}; (void)rc_pointer; }}"
    );
    blamed(function.at.as_ref(), &code) + "\n"
}

fn direct(function: &Function) -> String {
    let name = &function.name;
    let head = function.head(&format!("rc_direct_{name}"), "rc_x");
    let give = give(&function.result, "return ");
    let call = call(name, function.arguments.len());
    let code = format!("static {head} {{ {give}{call}; }}");
    blamed(function.at.as_ref(), &code) + "\n"
}

fn give<'a>(result: &Type, code: &'a str) -> &'a str {
    if result.class == Class::Void {
        ""
    } else {
        code
    }
}

fn call(name: &str, count: usize) -> String {
    let arguments: Vec<String> = (0..count).map(|index| format!("rc_x{index}")).collect();
    format!("{name}({})", arguments.join(", "))
}

fn wrapped(function: &Function, types: &mut Types) -> String {
    let name = &function.name;
    let count = function.arguments.len();
    let is_pointer = |ctype: &Type| ctype.class == Class::Pointer;
    let temporaries = function.arguments.iter().any(is_pointer);
    let failed = if temporaries {
        "goto rc_done"
    } else {
        "return NULL"
    };
    let mut declared = String::new();
    let mut converted = String::new();
    for (index, ctype) in function.arguments.iter().enumerate() {
        declared += &format!("    {};\n", ctype.declare(&format!("rc_x{index}")));
        converted += &convert(ctype, index, &argument(index, count), failed, types);
    }
    if function.result.class != Class::Void {
        declared += &format!("    {};\n", function.result.declare("rc_result"));
    }
    if temporaries {
        declared += "    void *rc_temporaries = NULL;\n    PyObject *rc_answer = NULL;\n";
    }
    let take = give(&function.result, "rc_result = ");
    let call = call(&format!("rc_direct_{name}"), count);
    let answer = produce(&function.result, types);
    let end = if temporaries {
        format!(
            "    rc_answer = {answer};\nrc_done:\n    if (rc_temporaries != NULL)\n        \
             rc->free_temporaries(rc_temporaries);\n    return rc_answer;\n"
        )
    } else {
        format!("    return {answer};\n")
    };
    format!(
        "{}{{\n{declared}    int *rc_errno;\n    (void)rc_self;\n{}{converted}\
         \x20   rc_errno = rc->kept_errno();\n\
         \x20   Py_BEGIN_ALLOW_THREADS\n\
         \x20   errno = *rc_errno;\n\
         \x20   {take}{call};\n\
         \x20   *rc_errno = errno;\n\
         \x20   Py_END_ALLOW_THREADS\n\
         {end}}}\n\n",
        signature(name, count),
        check_count(name, count),
    )
}

fn signature(name: &str, count: usize) -> String {
    let given = match count {
        0 => "PyObject *rc_none",
        1 => "PyObject *rc_only",
        _ => "PyObject *const *rc_args, Py_ssize_t rc_count",
    };
    format!("static PyObject *rc_call_{name}(PyObject *rc_self, {given})\n")
}

/// The interpreter counts for functions of no and of one argument.
fn check_count(name: &str, count: usize) -> String {
    match count {
        0 => "    (void)rc_none;\n".to_owned(),
        1 => String::new(),
        _ => format!(
            "    if (rc_count != {count})\n        return rc_wrong_count(\"{name}\", {count}, rc_count);\n"
        ),
    }
}

fn argument(index: usize, count: usize) -> String {
    if count == 1 {
        "rc_only".to_owned()
    } else {
        format!("rc_args[{index}]")
    }
}

/// The code that converts `given` into variable `index`, or does `failed`.
fn convert(ctype: &Type, index: usize, given: &str, failed: &str, types: &mut Types) -> String {
    let bare = ctype.bare();
    let number = |kind: &str, call: &str, more: &str| {
        format!(
            "    {{\n        {kind} rc_number;\n        if ({call}({given}, {more}&rc_number) < 0)\n            \
             {failed};\n        rc_x{index} = ({bare})rc_number;\n    }}\n"
        )
    };
    let bits = format!("RC_BITS({bare}), ");
    let signed = number("long long", "rc_to_signed", &bits);
    let unsigned = number("unsigned long long", "rc_to_unsigned", &bits);
    let call = match ctype.class {
        Class::Signed => return signed,
        Class::Unsigned => return unsigned,
        // The compiler keeps one of the two.
        Class::Integer => {
            return format!("    if (({bare})-1 > ({bare})0) {unsigned}    else {signed}");
        }
        Class::Float => return number("double", "rc_to_float", ""),
        Class::Char => format!("rc->to_char({given}, &rc_x{index})"),
        Class::Pointer => format!(
            "rc_to_pointer({given}, {}, (void *)&rc_x{index}, &rc_temporaries)",
            types.index(ctype)
        ),
        Class::Void | Class::Bool | Class::Long | Class::Record | Class::Other => format!(
            "rc_to_typed({given}, {}, (void *)&rc_x{index})",
            types.index(ctype)
        ),
    };
    format!("    if ({call} < 0)\n        {failed};\n")
}

/// The expression that makes the Python value of `result`.
fn produce(ctype: &Type, types: &mut Types) -> String {
    let bare = ctype.bare();
    match ctype.class {
        Class::Void => "(Py_INCREF(Py_None), Py_None)".to_owned(),
        Class::Signed => format!("RC_FROM_SIGNED(rc_result, {bare})"),
        Class::Unsigned => format!("RC_FROM_UNSIGNED(rc_result, {bare})"),
        Class::Integer => format!("RC_FROM_INTEGER(rc_result, {bare})"),
        Class::Bool => "PyBool_FromLong(rc_result)".to_owned(),
        Class::Float => "PyFloat_FromDouble((double)rc_result)".to_owned(),
        Class::Char => "PyBytes_FromStringAndSize(&rc_result, 1)".to_owned(),
        Class::Record => format!("rc_from_record((void *)&rc_result, {})", types.index(ctype)),
        Class::Pointer | Class::Long | Class::Other => {
            format!("rc_from_typed((void *)&rc_result, {})", types.index(ctype))
        }
    }
}

/// What `help()` shows: the function's type as cffi names types, without qualifiers.
fn documentation(module: &str, function: &Function) -> String {
    let parameters: Vec<String> = function.arguments.iter().map(Type::bare).collect();
    let name = format!("{}({})", function.name, parameters.join(", "));
    let mut head = function.result.declare(&name);
    for qualifier in [" const", " volatile", " restrict"] {
        head = head.replace(qualifier, "");
    }
    format!("{head};\n\nCFFI C function from {module}.lib")
}

/// The table of all functions.
pub(crate) fn table(module: &str, functions: &[Function], types: &mut Types) -> String {
    let mut row = |function: &Function| {
        let name = &function.name;
        let pointer = quoted(&types.text(&function.pointer, None));
        if function.variadic {
            return format!("    {{{pointer}, (void *){name}, {{\"{name}\", NULL, 0, NULL}}}},\n");
        }
        let flag = match function.arguments.len() {
            0 => "METH_NOARGS",
            1 => "METH_O",
            _ => "METH_FASTCALL",
        };
        format!(
            "    {{{pointer}, (void *)rc_direct_{name},\n     {{\"{name}\", (PyCFunction)(void \
             (*)(void))rc_call_{name}, {flag}, {}}}}},\n",
            quoted(&documentation(module, function))
        )
    };
    let rows: String = functions.iter().map(&mut row).collect();
    format!("static struct rc_function rc_functions[] = {{\n{rows}    {{0}}\n}};\n")
}
