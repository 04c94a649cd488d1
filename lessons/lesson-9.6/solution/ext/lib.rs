//! One part puts a table of C functions into a capsule, another one takes it out.

use std::ffi::{CStr, CString, c_int, c_void};
use std::mem;
use std::ptr::{self, NonNull};

use pyo3::exceptions::{PyMemoryError, PyNotImplementedError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};

// region: ffi
/// sums.h as Rust sees it.
mod sums {
    use std::ffi::{c_char, c_int};

    /// A table may end before its last functions. So there are pointers to it, never references:
    /// those would promise all of it.
    #[repr(C)]
    pub struct Api {
        pub version: u32,
        pub size: u32,
        pub sum: unsafe extern "C" fn(*mut Api, *const c_char, i64) -> i64,
        pub total: unsafe extern "C" fn(*const Api) -> i64,
    }

    unsafe extern "C" {
        pub fn sums_new(method: *const c_char, table: *mut *mut Api) -> c_int;
        pub fn sums_free(table: *mut Api);
        pub fn sums_alive() -> i32;
    }
}
// endregion

const NAME: &CStr = c"sums.API";
const VERSION: u32 = 2;

// The provider.

/// Frees the table of a capsule that ends.
unsafe extern "C" fn end_table(capsule: *mut pyo3::ffi::PyObject) {
    // task: destructor
    // SAFETY: Python calls it once, with a capsule of `offer`, which owned the table.
    unsafe {
        let table = pyo3::ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr());
        sums::sums_free(table.cast());
    }
    // starter:
    //| // TODO 1: PyCapsule_GetPointer knows the table that ends here.
    //| let _ = (capsule, sums::sums_free);
    // endtask
}

/// Return a capsule that owns a new table.
#[pyfunction]
fn offer<'py>(py: Python<'py>, method: &str) -> PyResult<Bound<'py, PyCapsule>> {
    let c_method = CString::new(method)?;
    let mut table = ptr::null_mut();
    // SAFETY: the string lives until the call is over, the place is ours.
    let code = unsafe { sums::sums_new(c_method.as_ptr(), &raw mut table) };
    let table = NonNull::new(table).ok_or_else(|| refused(method, code))?;
    // SAFETY: the table lives until end_table; its functions take one thread at a time, and the
    // users of a table are attached when they call them.
    let made = unsafe {
        PyCapsule::new_with_pointer_and_destructor(py, table.cast(), NAME, Some(end_table))
    };
    // SAFETY: without a capsule, the table is still ours.
    made.inspect_err(|_| unsafe { sums::sums_free(table.as_ptr()) })
}

fn refused(method: &str, code: c_int) -> PyErr {
    match code {
        -3 => PyMemoryError::new_err(format!("offer: {method}")),
        _ => PyValueError::new_err(format!("offer: '{method}' is no method (code {code})")),
    }
}

/// Return how many tables there are in C.
#[pyfunction]
fn alive() -> i32 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { sums::sums_alive() }
}

// The user. It knows of the provider what the header says, and nothing else.

/// Of a table that ends before `total`.
const FIRST_SIZE: usize = mem::offset_of!(sums::Api, total);

/// The functions of a table that somebody offers.
#[pyclass(frozen)]
struct Sums {
    /// The table lives as long. Its address is asked for again at each use: what nobody keeps
    /// cannot dangle.
    capsule: Py<PyCapsule>,
}

impl Sums {
    fn table(&self, py: Python<'_>) -> PyResult<*mut sums::Api> {
        let pointer: NonNull<c_void> = self.capsule.bind(py).pointer_checked(Some(NAME))?;
        Ok(pointer.cast().as_ptr())
    }
}

#[pymethods]
impl Sums {
    #[new]
    fn new(capsule: &Bound<'_, PyAny>) -> PyResult<Sums> {
        let py = capsule.py();
        // task: connect
        let found = capsule.repr()?;
        let named = capsule.cast::<PyCapsule>().ok();
        let Some(capsule) = named.filter(|capsule| capsule.is_valid_checked(Some(NAME))) else {
            let name = NAME.to_string_lossy();
            return Err(PyValueError::new_err(format!(
                "connect: no capsule named {name}: {found}"
            )));
        };
        let made = Sums {
            capsule: capsule.clone().unbind(),
        };
        let table = made.table(py)?;
        // SAFETY: the capsule keeps the table; all tables begin with these two fields.
        let (version, size) = unsafe { ((*table).version, (*table).size) };
        if version != VERSION {
            return Err(PyRuntimeError::new_err(format!(
                "connect: version {version}, not {VERSION}: {found}"
            )));
        }
        if (size as usize) < FIRST_SIZE {
            return Err(PyRuntimeError::new_err(format!(
                "connect: size {size}, not {FIRST_SIZE}: {found}"
            )));
        }
        Ok(made)
        // starter:
        //| // TODO 2: is it a capsule of that name, is the table of our version, is it large enough?
        //| // ValueError "connect: no capsule named sums.API: ..."; RuntimeError "connect: version 3,
        //| // not 2: ...", "connect: size 8, not 16: ...", each with the repr of what was given.
        //| let _ = (py, VERSION, FIRST_SIZE, PyRuntimeError::new_err::<&str>);
        //| Ok(Sums {
        //|     capsule: capsule
        //|         .cast::<PyCapsule>()
        //|         .expect("a capsule")
        //|         .clone()
        //|         .unbind(),
        //| })
        // endtask
    }

    /// Return the checksum of bytes.
    fn sum(&self, data: &Bound<'_, PyBytes>) -> PyResult<i64> {
        let table = self.table(data.py())?;
        let bytes = data.as_bytes();
        let length = i64::try_from(bytes.len())?;
        // SAFETY: the capsule keeps the table, `new` has seen that it goes as far as `sum`, and
        // the bytes live until the call is over.
        let result = unsafe { ((*table).sum)(table, bytes.as_ptr().cast(), length) };
        if result < 0 {
            let found = data.repr()?;
            return Err(PyValueError::new_err(format!(
                "sum: code {result}: {found}"
            )));
        }
        Ok(result)
    }

    /// Return how many bytes were summed with this table; old ones do not know.
    fn total(&self, py: Python<'_>) -> PyResult<i64> {
        let table = self.table(py)?;
        // task: total
        // SAFETY: the capsule keeps the table; all tables begin with version and size.
        let size = unsafe { (*table).size };
        if (size as usize) < mem::size_of::<sums::Api>() {
            let found = self.capsule.bind(py).repr()?;
            return Err(PyNotImplementedError::new_err(format!(
                "total: size {size}: {found}"
            )));
        }
        // starter:
        //| // TODO 3: does this table go as far as `total`? If not, NotImplementedError "total: size
        //| // 16: ..." with the repr of the capsule.
        //| let _ = PyNotImplementedError::new_err::<&str>;
        // endtask
        // SAFETY: the capsule keeps the table, and the table goes as far as `total`.
        Ok(unsafe { ((*table).total)(table) })
    }
}

/// Checksums to share.
#[pymodule(gil_used = true)]
fn _lesson_9_6(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Sums>()?;
    module.add_function(wrap_pyfunction!(offer, module)?)?;
    module.add_function(wrap_pyfunction!(alive, module)?)
}
