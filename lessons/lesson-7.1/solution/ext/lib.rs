//! Bridge ext in Rust: a description becomes a CIF of libffi at run time, and the CIF makes the call.

use std::error::Error as _;
use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};

use libffi::middle::{Arg, Cif, CodePtr, Type, arg};
use libloading::Library;
use pyo3::exceptions::{PyLookupError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A C type that a description may name.
#[derive(Clone, Copy)]
enum CType {
    Int,
    Int64,
    Double,
    Address,
}

/// A C value: an argument after its conversion, or a result before it.
#[derive(IntoPyObject)]
enum CValue {
    Int(c_int),
    Int64(i64),
    Double(f64),
    Address(usize),
}

impl CType {
    fn named(word: &str) -> PyResult<CType> {
        match word {
            "int" => Ok(CType::Int),
            "int64_t" => Ok(CType::Int64),
            "double" => Ok(CType::Double),
            "uintptr_t" => Ok(CType::Address),
            _ => Err(PyValueError::new_err(format!("unknown type `{word}`"))),
        }
    }

    /// The same type in libffi's words: its size, its alignment and the kind of register that it travels in.
    fn describe(self) -> Type {
        match self {
            // task: describe
            CType::Int => Type::i32(),
            CType::Int64 => Type::i64(),
            CType::Double => Type::f64(),
            CType::Address => Type::usize(),
            // starter:
            // | // TODO: four types, not one. `Type` has a constructor for each.
            // | CType::Int | CType::Int64 | CType::Double | CType::Address => Type::i32(),
            // endtask
        }
    }

    /// A Python object becomes a C value of this type, or an exception.
    fn convert(self, object: &Bound<'_, PyAny>) -> PyResult<CValue> {
        Ok(match self {
            CType::Int => CValue::Int(object.extract()?),
            CType::Int64 => CValue::Int64(object.extract()?),
            CType::Double => CValue::Double(object.extract()?),
            CType::Address => CValue::Address(object.extract()?),
        })
    }
}

impl CValue {
    /// Where libffi finds the value.
    fn arg(&self) -> Arg<'_> {
        match self {
            CValue::Int(value) => arg(value),
            CValue::Int64(value) => arg(value),
            CValue::Double(value) => arg(value),
            CValue::Address(value) => arg(value),
        }
    }
}

/// The type of the result and those of the arguments: "double(int, double)" is (Double, [Int, Double]).
fn parse(description: &str) -> PyResult<(CType, Vec<CType>)> {
    let malformed = || PyValueError::new_err(format!("`{description}` describes no function"));
    let (result, rest) = description.split_once('(').ok_or_else(malformed)?;
    let words = rest.strip_suffix(')').ok_or_else(malformed)?;
    let arguments = match words {
        "void" => Vec::new(),
        _ => words
            .split(", ")
            .map(CType::named)
            .collect::<PyResult<_>>()?,
    };
    Ok((CType::named(result)?, arguments))
}

/// Jumps to an address, with the arguments where the platform's calling convention wants them.
///
/// # Safety
///
/// A function of exactly this type must begin at the address. Nobody can check that.
unsafe fn jump(pointer: usize, result: CType, types: &[CType], values: &[CValue]) -> CValue {
    let code = CodePtr::from_ptr(pointer as *const c_void);
    let args: Vec<Arg> = values.iter().map(CValue::arg).collect();
    // task: jump
    let cif = Cif::new(
        types.iter().map(|ctype| ctype.describe()),
        result.describe(),
    );
    // SAFETY: the caller promises that the CIF describes the function.
    unsafe {
        match result {
            CType::Int => CValue::Int(cif.call(code, &args)),
            CType::Int64 => CValue::Int64(cif.call(code, &args)),
            CType::Double => CValue::Double(cif.call(code, &args)),
            CType::Address => CValue::Address(cif.call(code, &args)),
        }
    }
    // starter:
    // | // TODO: this CIF describes a function without arguments, and nothing calls it. Make it from `types` too,
    // | // and call the code: what comes back depends on `result`.
    // | let cif = Cif::new([], result.describe());
    // | let _ = (code, types, args, cif);
    // | CValue::Int(0)
    // endtask
}

static LIBRARY: PyOnceLock<Library> = PyOnceLock::new();

/// Where a function of the library begins; LookupError if there is none of that name.
// region: address
#[pyfunction]
fn address(py: Python<'_>, name: &str) -> PyResult<usize> {
    let library = LIBRARY.get(py).expect("opened when the module is imported");
    // SAFETY: the symbol is not called through this type; only its address is taken.
    match unsafe { library.get::<unsafe extern "C" fn()>(name) } {
        Ok(symbol) => Ok(*symbol as usize),
        Err(error) => Err(PyLookupError::new_err(explain(&error))),
    }
}
// endregion

/// Calls what lies at an address, as a description like "int(int, int)" says.
#[pyfunction]
fn call(description: &str, pointer: usize, arguments: Vec<Bound<'_, PyAny>>) -> PyResult<CValue> {
    let (result, types) = parse(description)?;
    if arguments.len() != types.len() {
        let wanted = types.len();
        return Err(PyTypeError::new_err(format!(
            "{description} takes {wanted} arguments"
        )));
    }
    let values: Vec<CValue> = types
        .iter()
        .zip(&arguments)
        .map(|(ctype, argument)| ctype.convert(argument))
        .collect::<PyResult<_>>()?;
    // SAFETY: whoever describes the function vouches for it.
    Ok(unsafe { jump(pointer, result, &types, &values) })
}

/// libloading says what failed; its source says what the loader said.
fn explain(error: &libloading::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[pymodule]
mod _lesson_7_1 {
    use super::*;
    #[pymodule_export]
    use super::{address, call};

    /// Opens the library, which lies beside the module, and never closes it: addresses stay good.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let file: PathBuf = module.filename()?.extract()?;
        let path = file.parent().unwrap_or(Path::new(".")).join("libadd.so");
        // SAFETY: libadd.so runs no code of its own when it is loaded.
        let open = || unsafe { Library::new(path) };
        LIBRARY.get_or_try_init(module.py(), || {
            open().map_err(|error| PyOSError::new_err(explain(&error)))
        })?;
        Ok(())
    }
}
