//! Bridge ext in Rust: a small ctypes. It opens libadd.so at run time, and each function is an address with types beside it.

use std::error::Error as _;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};

use libffi::middle::{Arg, Cif, CodePtr, Type, arg};
use libloading::Library;
use pyo3::exceptions::{PyAttributeError, PyLookupError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;

/// A C type, as `argtypes` and `restype` name it.
#[derive(Clone, Copy, Debug)]
enum CType {
    Int,
    Int64,
    Double,
    Text,
    Pointer,
}

/// A C value: an argument after its conversion, or a result before it.
#[derive(Debug)]
enum CValue {
    Int(c_int),
    Int64(i64),
    Double(f64),
    Pointer(*const c_void),
    /// The pointer is what C gets; the text that it points to lives as long as this value.
    Text {
        pointer: *const c_char,
        _owner: CString,
    },
}

// region: function
/// What ctypes calls a `_FuncPtr`.
struct Function {
    code: CodePtr,
    argtypes: &'static [CType],
    restype: CType,
}
// endregion

/// dlopen.
fn open(path: &Path) -> Result<Library, libloading::Error> {
    // task: open
    // SAFETY: libadd.so runs no code of its own when it is loaded.
    unsafe { Library::new(path) }
    // starter:
    //| // TODO: open `path`. (This asks for a library that does not exist.)
    //| let _ = path;
    //| // SAFETY: nothing is loaded.
    //| unsafe { Library::new("libtodo.so") }
    // endtask
}

/// dlsym: the address of a function, of which nobody knows the type.
fn look_up(library: &Library, name: &str) -> Result<CodePtr, libloading::Error> {
    // task: look-up
    // SAFETY: the symbol is a function; it is not called through this type.
    let symbol = unsafe { library.get::<unsafe extern "C" fn()>(name)? };
    Ok(CodePtr::from_fun(*symbol))
    // starter:
    //| // TODO: find `name`. (This asks for a symbol that does not exist.)
    //| let _ = name;
    //| // SAFETY: the symbol is not called through this type.
    //| let symbol = unsafe { library.get::<unsafe extern "C" fn()>("todo")? };
    //| Ok(CodePtr::from_fun(*symbol))
    // endtask
}

impl CType {
    /// A Python object becomes a C value of this type, or an exception.
    fn convert(self, object: &Bound<'_, PyAny>) -> PyResult<CValue> {
        match self {
            CType::Int => Ok(CValue::Int(object.extract()?)),
            CType::Text => {
                let text = CString::new(object.cast::<PyBytes>()?.as_bytes())?;
                Ok(CValue::Text {
                    pointer: text.as_ptr(),
                    _owner: text,
                })
            }
            // task: convert
            CType::Int64 => Ok(CValue::Int64(object.extract()?)),
            CType::Double => Ok(CValue::Double(object.extract()?)),
            // starter:
            //| // TODO: an arm for `CType::Int64` and one for `CType::Double`.
            // endtask
            other => Err(no_conversion(format!("from Python to {other:?}"))),
        }
    }

    /// The same type in libffi's words.
    fn describe(self) -> Type {
        match self {
            CType::Int => Type::i32(),
            CType::Int64 => Type::i64(),
            CType::Double => Type::f64(),
            CType::Text | CType::Pointer => Type::pointer(),
        }
    }
}

fn no_conversion(direction: String) -> PyErr {
    PyValueError::new_err(format!("no conversion {direction}"))
}

impl CValue {
    /// Where libffi finds the value.
    fn arg(&self) -> Arg<'_> {
        match self {
            CValue::Int(value) => arg(value),
            CValue::Int64(value) => arg(value),
            CValue::Double(value) => arg(value),
            CValue::Pointer(value) => arg(value),
            CValue::Text { pointer, .. } => arg(pointer),
        }
    }

    /// A C value becomes a Python object.
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            CValue::Int(value) => Ok(value.into_pyobject(py)?.into_any().unbind()),
            // task: result
            CValue::Int64(value) => Ok(value.into_pyobject(py)?.into_any().unbind()),
            CValue::Double(value) => Ok(value.into_pyobject(py)?.into_any().unbind()),
            // starter:
            //| // TODO: an arm for `CValue::Int64` and one for `CValue::Double`.
            // endtask
            other => Err(no_conversion(format!("to Python from {other:?}"))),
        }
    }
}

impl Function {
    /// Jumps to the address, with each value where the platform's calling convention wants it.
    // region: call
    fn call(&self, values: &[CValue]) -> CValue {
        assert_eq!(
            values.len(),
            self.argtypes.len(),
            "one value for each argument"
        );
        let types = self.argtypes.iter().map(|argtype| argtype.describe());
        let cif = Cif::new(types, self.restype.describe());
        let args: Vec<Arg> = values.iter().map(CValue::arg).collect();
        // SAFETY: `argtypes` and `restype` say what add.h says. Nobody else checks that.
        unsafe {
            match self.restype {
                CType::Int => CValue::Int(cif.call(self.code, &args)),
                CType::Int64 => CValue::Int64(cif.call(self.code, &args)),
                CType::Double => CValue::Double(cif.call(self.code, &args)),
                CType::Text | CType::Pointer => CValue::Pointer(cif.call(self.code, &args)),
            }
        }
    }
    // endregion
}

static FOLDER: PyOnceLock<PathBuf> = PyOnceLock::new();
static LIBRARY: PyOnceLock<Library> = PyOnceLock::new();

/// A function of libadd.so, which is opened for the first call and never closed.
fn function(
    py: Python<'_>,
    name: &str,
    argtypes: &'static [CType],
    restype: CType,
) -> PyResult<Function> {
    let folder = FOLDER.get(py).expect("set when the module is imported");
    let library = LIBRARY.get_or_try_init(py, || {
        open(&folder.join("libadd.so")).map_err(|error| PyOSError::new_err(explain(&error)))
    })?;
    let code =
        look_up(library, name).map_err(|error| PyAttributeError::new_err(explain(&error)))?;
    Ok(Function {
        code,
        argtypes,
        restype,
    })
}

/// libloading says what failed; its source says what the loader said.
fn explain(error: &libloading::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The sum of two C ints.
#[pyfunction]
fn add(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let add = function(py, "add", &[CType::Int, CType::Int], CType::Int)?;
    add.call(&[CType::Int.convert(a)?, CType::Int.convert(b)?])
        .into_python(py)
}

/// a * factor + b, computed in C.
#[pyfunction]
fn add_scaled(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    factor: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let argtypes = &[CType::Int, CType::Double, CType::Int64];
    let add_scaled = function(py, "add_scaled", argtypes, CType::Double)?;
    let values = [
        CType::Int.convert(a)?,
        CType::Double.convert(factor)?,
        CType::Int64.convert(b)?,
    ];
    add_scaled.call(&values).into_python(py)
}

/// The sum of the whole numbers in a text; ValueError with the library's own message.
#[pyfunction]
fn add_text(py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let add_text = function(py, "add_text", &[CType::Text, CType::Pointer], CType::Int)?;
    let mut sum = 0_i64;
    let room = CValue::Pointer((&raw mut sum).cast_const().cast());
    match add_text.call(&[CType::Text.convert(text)?, room]) {
        CValue::Int(0) => CValue::Int64(sum).into_python(py),
        status => {
            let why = message(py, status.into_python(py)?.bind(py))?;
            Err(PyValueError::new_err(why))
        }
    }
}

/// What a status means; LookupError if there is no such status.
#[pyfunction]
fn message(py: Python<'_>, status: &Bound<'_, PyAny>) -> PyResult<String> {
    let add_message = function(py, "add_message", &[CType::Int], CType::Pointer)?;
    match add_message.call(&[CType::Int.convert(status)?]) {
        CValue::Pointer(text) if !text.is_null() => {
            // SAFETY: add.h promises a NUL-ended text that lives as long as the library.
            let text = unsafe { CStr::from_ptr(text.cast()) };
            Ok(text.to_string_lossy().into_owned())
        }
        _ => Err(PyLookupError::new_err(status.clone().unbind())),
    }
}

#[pymodule]
mod _lesson_7_2 {
    use super::*;
    #[pymodule_export]
    use super::{add, add_scaled, add_text, message};

    /// The library lies beside the module.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let file: PathBuf = module.filename()?.extract()?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        // A second interpreter finds the folder set; it is the same one.
        FOLDER.set(module.py(), folder).or(Ok(()))
    }
}
