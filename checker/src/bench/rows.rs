//! The rows of a bench, how much work each is, and the goals that they are held against.
//!
//! The Python files in `checker/bench` have one method for each row of these names.

use crate::variant::{Backend, Bridge, Variant};

/// What happens to the GIL while C runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gil {
    /// Released before the call and taken again after it, as ctypes and CFFI do.
    Released,
    /// Held all the time.
    Held,
}

impl Gil {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Gil::Released => "released",
            Gil::Held => "held",
        }
    }
}

/// What the figure of a row is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One call.
    Call,
    /// One item of the long list.
    Item,
    /// One call from C back into Python.
    Callback,
    /// One comparison that qsort asks for.
    Comparison,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name, for `--only` and for programs.
    pub name: &'static str,
    /// What it is, for a reader.
    pub title: &'static str,
    /// What its figure is per.
    pub per: Per,
    /// Whether a C function is called. Where none is, nobody releases the GIL.
    pub crosses: bool,
    /// Whether it needs NumPy.
    pub numpy: bool,
    /// Whether it shows what PyO3's macros cost beside C by hand. They are not ours to make fast, so no engine is held
    /// against these rows.
    pub macros: bool,
    /// How often it is done in a round that is timed.
    pub calls: u32,
    /// How it is written on each bridge, where that is not plain.
    pub how: &'static str,
}

/// Python starts afresh for each figure of this row, so that it is measured apart from the others.
pub const FIRST_CALL: &str = "first_call";

const fn call(name: &'static str, title: &'static str, how: &'static str) -> Row {
    Row {
        name,
        title,
        per: Per::Call,
        crosses: true,
        numpy: false,
        macros: false,
        calls: 2000,
        how,
    }
}

const fn access(name: &'static str, title: &'static str, how: &'static str) -> Row {
    Row {
        crosses: false,
        ..call(name, title, how)
    }
}

const fn by_macros(row: Row) -> Row {
    Row {
        macros: true,
        ..row
    }
}

/// All rows, in the order of the table.
pub const ROWS: [Row; 27] = [
    call(
        "add",
        "add(int, int)",
        "the function is looked up beforehand",
    ),
    call(
        "mix",
        "six mixed arguments",
        "int, double, long long, float, unsigned short and const char *; a double comes back",
    ),
    call(
        "multiply",
        "multiply(double, double)",
        "a double comes back",
    ),
    call("length", "strlen(bytes)", "twelve bytes as const char *"),
    call(
        "midpoint",
        "struct by value",
        "two structs of two doubles go in, one comes back",
    ),
    call(
        "product",
        "struct by pointer",
        "ctypes: f(byref(p)); CFFI: p is a pointer already; ext: an object of its own type",
    ),
    access("field_read", "field read", "a double of a struct"),
    access("field_write", "field write", "a double of a struct"),
    access(
        "new_struct",
        "struct creation",
        "ctypes: Point(1.0, 2.0); CFFI: ffi.new('bench_point *', (1.0, 2.0)); ext: a type made by vectorcall",
    ),
    Row {
        numpy: true,
        ..call(
            "numpy",
            "NumPy array in",
            "16 doubles. ctypes: f(a.ctypes.data_as(POINTER(c_double)), n), for rust in a process where it stands in for \
             ctypes, because NumPy converts through whatever is called ctypes; CFFI: f(ffi.from_buffer('double[]', a), n); \
             ext: the buffer protocol",
        )
    },
    Row {
        numpy: true,
        ..call(
            "numpy_checked",
            "NumPy array, ndpointer",
            "16 doubles. ctypes: f(a, n), with numpy.ctypeslib.ndpointer(float64, ndim=1, flags='C_CONTIGUOUS') in argtypes, which \
             checks the array; ext: the buffer protocol",
        )
    },
    Row {
        numpy: true,
        ..call(
            "numpy_lent",
            "NumPy array, from_buffer",
            "16 doubles. ctypes: f((c_double * 16).from_buffer(a), n); ext: the buffer protocol",
        )
    },
    call(
        "array",
        "array.array in",
        "16 doubles. ctypes: f((c_double * 16).from_buffer(a), n); CFFI: f(ffi.from_buffer('double[]', a), n); ext: the buffer \
         protocol",
    ),
    Row {
        per: Per::Item,
        calls: 1,
        ..call(
            "list",
            "list of 1M floats, per item",
            "ctypes: f((c_double * n)(*numbers), n); CFFI: f(ffi.new('double[]', numbers), n); ext: the list itself",
        )
    },
    Row {
        per: Per::Callback,
        calls: 10,
        ..call(
            "callback",
            "callback, per call",
            "C calls a Python function of one int 100 times; CFFI: ffi.callback, in API mode extern \"Python\"",
        )
    },
    Row {
        per: Per::Comparison,
        calls: 1,
        ..call(
            "sort",
            "qsort of 10k, per comparison",
            "Python compares; ctypes and CFFI: lambda a, b: a[0] - b[0]; ext: two ints",
        )
    },
    call(
        "lib_name",
        "lib.add(int, int)",
        "with the look-up of the name",
    ),
    access(
        "config_process",
        "Config.process()",
        "c_ext_config_basic: in C; in Rust by hand",
    ),
    access("config_get", "Config.timeout", "an int is read"),
    access("config_set", "Config.timeout = 31", "an int is set"),
    access("config_url", "Config.server_url", "a string is read"),
    access("config_new", "Config(30, 'x', True)", "an object is made"),
    by_macros(call(
        "macro_add",
        "add, by #[pyfunction]",
        "ext alone: METH_FASTCALL in C; in Rust by PyO3's macros",
    )),
    by_macros(access(
        "macro_process",
        "process(), by #[pyclass]",
        "c_ext_config_basic: in C; in Rust by PyO3's macros",
    )),
    by_macros(access(
        "macro_get",
        "timeout, by #[pyclass]",
        "an int is read",
    )),
    by_macros(access(
        "macro_set",
        "timeout = 31, by #[pyclass]",
        "an int is set",
    )),
    Row {
        calls: 1,
        ..access(
            FIRST_CALL,
            "time to first call",
            "a fresh process: import, open the library, declare, call add once; ABI mode in-line",
        )
    },
];

/// A ratio that must not be larger.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The row.
    pub row: &'static str,
    /// What happens to the GIL.
    pub gil: Option<Gil>,
    /// Whose cost.
    pub of: Variant,
    /// The cost that it is divided by; none for the base.
    pub versus: Option<Variant>,
    /// The largest ratio.
    pub most: f64,
}

const fn rust(bridge: Bridge) -> Variant {
    Variant {
        bridge,
        backend: Backend::Rust,
    }
}

const fn stock(bridge: Bridge) -> Variant {
    Variant {
        bridge,
        backend: Backend::Stock,
    }
}

const fn goal(row: &'static str, gil: Option<Gil>, bridge: Bridge, most: f64) -> Goal {
    Goal {
        row,
        gil,
        of: rust(bridge),
        versus: Some(stock(bridge)),
        most,
    }
}

/// What the engines are held against, in instructions on CPython 3.11. Beside these, nothing may be slower than stock.
pub const GOALS: [Goal; 9] = [
    goal("add", Some(Gil::Released), Bridge::Ctypes, 0.20),
    goal("add", Some(Gil::Released), Bridge::Abi, 0.35),
    goal("add", Some(Gil::Released), Bridge::Api, 0.65),
    Goal {
        versus: None,
        ..goal("add", Some(Gil::Held), Bridge::Ctypes, 1.25)
    },
    // With the GIL released, C by hand needs 0.16 of ctypes already.
    goal("midpoint", Some(Gil::Held), Bridge::Ctypes, 0.15),
    goal("numpy_checked", Some(Gil::Released), Bridge::Ctypes, 0.10),
    goal("new_struct", None, Bridge::Ctypes, 0.30),
    goal("callback", Some(Gil::Released), Bridge::Ctypes, 0.60),
    goal("config_process", None, Bridge::Ext, 1.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_goals_name_rows() {
        let mut names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
        for goal in GOALS {
            let row = ROWS.iter().find(|row| row.name == goal.row).unwrap();
            assert_eq!(row.crosses, goal.gil.is_some(), "{}", goal.row);
        }
    }
}
