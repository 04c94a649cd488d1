//! A store as Python expects it: a class with the methods of a mapping, and another one for the walk over its keys.

use std::ffi::{CStr, CString, OsStr, OsString, c_int};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr::{self, NonNull};

use pyo3::exceptions::{PyKeyError, PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

/// kv.h as Rust sees it; nothing outside of this file does.
mod ffi {
    use std::ffi::{c_char, c_int};
    use std::marker::{PhantomData, PhantomPinned};

    /// Opaque: only pointers to it exist, and no thread may take it along unasked.
    #[repr(C)]
    pub struct Kv {
        _opaque: [u8; 0],
        _marker: PhantomData<(*mut u8, PhantomPinned)>,
    }

    /// Opaque as well.
    #[repr(C)]
    pub struct Cursor {
        _opaque: [u8; 0],
        _marker: PhantomData<(*mut u8, PhantomPinned)>,
    }

    unsafe extern "C" {
        pub fn kv_open(path: *const c_char, mode: i32, sync: i32, opened: *mut *mut Kv) -> c_int;
        pub fn kv_close(store: *mut Kv) -> c_int;
        pub fn kv_mode(store: *const Kv) -> i32;
        pub fn kv_sync(store: *const Kv) -> i32;
        pub fn kv_count(store: *const Kv) -> i64;
        pub fn kv_put(store: *mut Kv, key: *const c_char, value: i64) -> c_int;
        pub fn kv_get(store: *const Kv, key: *const c_char, value: *mut i64) -> c_int;
        pub fn kv_walk(store: *const Kv, cursor: *mut *mut Cursor) -> c_int;
        pub fn kv_next(cursor: *mut Cursor, key: *mut *const c_char) -> c_int;
        pub fn kv_stop(cursor: *mut Cursor);
        pub fn kv_alive() -> i32;
    }
}

/// The enums, made while the module is imported.
static MODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static SYNC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Asks an enum for the member of a number, or for a member itself; ValueError if it has none.
fn member<'py>(
    members: &PyOnceLock<Py<PyAny>>,
    given: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let members = members.get(given.py()).expect("made at import");
    members.bind(given.py()).call1((given,))
}

/// What C gets for a Mode.
fn mode_number(given: &Bound<'_, PyAny>) -> PyResult<i32> {
    member(&MODE, given)?.getattr("value")?.extract()
}

/// What C gets for a Sync.
fn sync_number(given: &Bound<'_, PyAny>) -> PyResult<i32> {
    member(&SYNC, given)?.getattr("value")?.extract()
}

/// An open store. It is neither `Copy` nor `Clone`, so it is ended once.
struct Handle(NonNull<ffi::Kv>);

// SAFETY: kv wants one thread at a time; a thread that is attached is alone.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// Ends the handle and returns the code of kv_close.
    fn close(self) -> c_int {
        let handle = self.0;
        std::mem::forget(self); // or `drop` would end it again
        // SAFETY: the handle is open, and nobody has it any more.
        unsafe { ffi::kv_close(handle.as_ptr()) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open; this is its only owner. Nobody is left to hear the code.
        unsafe { ffi::kv_close(self.0.as_ptr()) };
    }
}

/// An open cursor, which is ended once, too.
struct Cursor(NonNull<ffi::Cursor>);

// SAFETY: as for Handle.
unsafe impl Send for Cursor {}
// SAFETY: as for Handle.
unsafe impl Sync for Cursor {}

impl Drop for Cursor {
    fn drop(&mut self) {
        // task: drop
        // SAFETY: the cursor is open; this is its only owner. kv_stop asks for no open store.
        unsafe { ffi::kv_stop(self.0.as_ptr()) };
        // starter:
        //| // TODO 1: the walk is over, or was left half-way.
        //| let _ = (self.0, ffi::kv_stop);
        // endtask
    }
}

/// Returns what `code` means as an exception that names operation, code and object.
fn error(operation: &str, code: c_int, path: &Bound<'_, PyString>, key: &str) -> PyErr {
    // First of all, and of use after KV_E_FILE only.
    let reason = io::Error::last_os_error().raw_os_error();
    let place = format!("(code {code}): {path}");
    match code {
        -2 => PyKeyError::new_err((key.to_owned(), format!("{operation}: no such key {place}"))),
        -3 => PyValueError::new_err(format!("{operation}: '{key}' is not a key {place}")),
        -4 => PyValueError::new_err(format!("{operation}: not the file of a store {place}")),
        -5 => PyMemoryError::new_err(format!("{operation}: {path}")),
        -6 => not_writable(operation, &place, path.py()).unwrap_or_else(|failed| failed),
        -7 => PyRuntimeError::new_err(format!(
            "{operation}: keys were added during the walk {place}"
        )),
        _ => os_error(operation, reason, path).unwrap_or_else(|failed| failed),
    }
}

/// What files of Python raise, too.
fn not_writable(operation: &str, place: &str, py: Python<'_>) -> PyResult<PyErr> {
    let class = py.import("io")?.getattr("UnsupportedOperation")?;
    let text = format!("{operation}: open for reading {place}");
    Ok(PyErr::from_value(class.call1((text,))?))
}

/// OSError picks its subclass by the number.
fn os_error(operation: &str, reason: Option<i32>, path: &Bound<'_, PyString>) -> PyResult<PyErr> {
    let py = path.py();
    let text = py.import("os")?.call_method1("strerror", (reason,))?;
    let arguments = (
        reason,
        format!("{operation}: {text}"),
        path.clone().unbind(),
    );
    Ok(PyOSError::new_err(arguments))
}

/// Returns text as C reads it: encoded as file names are, with a NUL at its end and nowhere else.
fn c_string(text: &Bound<'_, PyString>) -> PyResult<CString> {
    Ok(CString::new(text.extract::<OsString>()?.into_vec())?)
}

/// An open store, as a mapping from str to int. Close it, best by `with`.
#[pyclass(mapping)]
struct Store {
    /// None after `close`.
    handle: Option<Handle>,
    #[pyo3(get)]
    path: Py<PyString>,
}

impl Store {
    /// Returns the handle's address, which self goes on to own.
    fn own(&self, py: Python<'_>) -> PyResult<*mut ffi::Kv> {
        let closed =
            || PyValueError::new_err(format!("{}: the store is closed", self.path.bind(py)));
        let handle = self.handle.as_ref().ok_or_else(closed)?;
        Ok(handle.0.as_ptr())
    }

    fn open(path: &Bound<'_, PyAny>, mode: i32, sync: i32) -> PyResult<Store> {
        let path = path.py().import("os")?.call_method1("fsdecode", (path,))?;
        let path = path.cast_into::<PyString>()?;
        let c_path = c_string(&path)?;
        let mut opened = ptr::null_mut();
        // SAFETY: the string lives until the call is over, the place is ours.
        let code = unsafe { ffi::kv_open(c_path.as_ptr(), mode, sync, &raw mut opened) };
        match (code, NonNull::new(opened)) {
            (0, Some(handle)) => Ok(Store {
                handle: Some(Handle(handle)),
                path: path.unbind(),
            }),
            _ => Err(error("open", code, &path, "")),
        }
    }

    /// Returns what `code` means; see `error`.
    fn error(&self, operation: &str, code: c_int, key: &str, py: Python<'_>) -> PyErr {
        error(operation, code, self.path.bind(py), key)
    }

    /// Returns the code of kv_get, and the value if that is 0.
    fn ask(&self, key: &Bound<'_, PyString>) -> PyResult<(c_int, i64)> {
        let (store, c_key, mut value) = (self.own(key.py())?, c_string(key)?, 0);
        // SAFETY: the handle is open, the string lives until the call is over, the place is ours.
        let code = unsafe { ffi::kv_get(store, c_key.as_ptr(), &raw mut value) };
        Ok((code, value))
    }

    /// Begins a walk.
    fn walk(this: &Bound<'_, Store>) -> PyResult<Walk> {
        let (py, store) = (this.py(), this.borrow());
        let mut cursor = ptr::null_mut();
        // SAFETY: the handle is open, the place is ours.
        let code = unsafe { ffi::kv_walk(store.own(py)?, &raw mut cursor) };
        match (code, NonNull::new(cursor)) {
            (0, Some(cursor)) => Ok(Walk {
                open: Some((Cursor(cursor), this.clone().unbind())),
            }),
            _ => Err(store.error("walk", code, "", py)),
        }
    }
}

#[pymethods]
impl Store {
    // task: keywords
    #[new]
    #[pyo3(signature = (path, *, mode=1, sync=1))]
    fn new(
        path: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = mode_number)] mode: i32,
        #[pyo3(from_py_with = sync_number)] sync: i32,
    ) -> PyResult<Store> {
        Store::open(path, mode, sync)
    }
    // starter:
    //| // TODO 2: numbers, and told apart by their place only. Take members of the enums, by
    //| // keyword only: `#[pyo3(from_py_with = ...)]` before a parameter names what converts it.
    //| #[new]
    //| #[pyo3(signature = (path, mode=1, sync=1))]
    //| fn new(path: &Bound<'_, PyAny>, mode: i32, sync: i32) -> PyResult<Store> {
    //|     let _ = (mode_number, sync_number);
    //|     Store::open(path, mode, sync)
    //| }
    // endtask

    /// Whether the handle is gone.
    #[getter]
    fn closed(&self) -> bool {
        self.handle.is_none()
    }

    /// What the store is open for.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the handle is open.
        let number = unsafe { ffi::kv_mode(self.own(py)?) };
        member(&MODE, number.into_pyobject(py)?.as_any())
    }

    /// When the file is written; a number if only a later kv has a name for it.
    #[getter]
    fn sync<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the handle is open.
        let number = unsafe { ffi::kv_sync(self.own(py)?) }.into_pyobject(py)?;
        match member(&SYNC, number.as_any()) {
            Err(unknown) if unknown.is_instance_of::<PyValueError>(py) => Ok(number.into_any()),
            known => known,
        }
    }

    /// Write what is left and end the handle; a second time does nothing.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.handle.take().map(Handle::close) {
            None | Some(0) => Ok(()),
            Some(code) => Err(self.error("close", code, "", py)),
        }
    }

    fn __enter__<'py>(this: PyRef<'py, Store>) -> PyResult<PyRef<'py, Store>> {
        this.own(this.py())?;
        Ok(this)
    }

    #[pyo3(signature = (*exception))]
    fn __exit__(&mut self, exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(exception.py())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.path.bind(py).repr()?;
        if self.closed() {
            return Ok(format!("<Store {path}, closed>"));
        }
        let (mode, count) = (self.mode(py)?.getattr("name")?, self.__len__(py)?);
        Ok(format!("<Store {path}, {mode}, {count} keys>"))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        // SAFETY: the handle is open.
        Ok(usize::try_from(unsafe { ffi::kv_count(self.own(py)?) })?)
    }

    fn __getitem__(&self, key: &Bound<'_, PyString>) -> PyResult<i64> {
        match self.ask(key)? {
            (0, value) => Ok(value),
            (code, _) => Err(self.error("get", code, &key.to_cow()?, key.py())),
        }
    }

    fn __contains__(&self, key: &Bound<'_, PyString>) -> PyResult<bool> {
        // task: contains
        match self.ask(key)? {
            (0, _) => Ok(true),
            (-2, _) => Ok(false),
            (code, _) => Err(self.error("contains", code, &key.to_cow()?, key.py())),
        }
        // starter:
        //| // TODO 3: yes, no, or an exception: kv_get has more codes than two.
        //| Ok(self.ask(key)?.0 == 0)
        // endtask
    }

    fn __setitem__(&mut self, key: &Bound<'_, PyString>, value: i64) -> PyResult<()> {
        let (store, c_key) = (self.own(key.py())?, c_string(key)?);
        // SAFETY: the handle is open, the string lives until the call is over.
        match unsafe { ffi::kv_put(store, c_key.as_ptr(), value) } {
            0 => Ok(()),
            code => Err(self.error("put", code, &key.to_cow()?, key.py())),
        }
    }

    fn __iter__(this: &Bound<'_, Store>) -> PyResult<Walk> {
        Store::walk(this)
    }

    /// Walk over the keys; with this and store[key], dict(store) works.
    fn keys(this: &Bound<'_, Store>) -> PyResult<Walk> {
        Store::walk(this)
    }
}

/// A walk over the keys of a store, in the order in which they came.
#[pyclass]
struct Walk {
    /// The cursor, and the store that it points into; None once the walk is over.
    open: Option<(Cursor, Py<Store>)>,
}

#[pymethods]
impl Walk {
    fn __iter__(this: PyRef<'_, Walk>) -> PyRef<'_, Walk> {
        this
    }

    /// None ends the walk, for Python a StopIteration.
    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<OsString>> {
        // task: next
        let Some((cursor, store)) = self.open.take() else {
            return Ok(None);
        };
        store.borrow(py).own(py)?; // or the cursor would lead nowhere
        let mut key = ptr::null();
        // SAFETY: the cursor is open, and so is its store; the place is ours.
        match unsafe { ffi::kv_next(cursor.0.as_ptr(), &raw mut key) } {
            0 => {
                self.open = Some((cursor, store)); // back in place; in all other cases it ends here
                // SAFETY: kv_next has set key to a string of the store, which nobody changes now.
                let key = unsafe { CStr::from_ptr(key) };
                Ok(Some(OsStr::from_bytes(key.to_bytes()).to_owned()))
            }
            1 => Ok(None),
            code => Err(store.borrow(py).error("next", code, "", py)),
        }
        // starter:
        //| // TODO 4: what does kv_next say, and may it be asked? A walk that is over stays over.
        //| let _ = (py, &self.open, ffi::kv_next);
        //| let _ = (OsStr::from_bytes, CStr::from_ptr);
        //| Ok(None)
        // endtask
    }
}

/// Return how many handles are open in C.
#[pyfunction]
fn alive() -> i32 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { ffi::kv_alive() }
}

/// Makes an Enum as Python's functional form does, and adds it; `module` is for pickle.
fn add_enum(
    module: &Bound<'_, PyModule>,
    name: &str,
    members: &[(&str, i32)],
    place: &PyOnceLock<Py<PyAny>>,
) -> PyResult<()> {
    let py = module.py();
    let named = PyDict::new(py);
    named.set_item("module", module.name()?)?;
    let maker = py.import("enum")?.getattr("Enum")?;
    let made = maker.call((name, members.to_vec()), Some(&named))?;
    module.add(name, &made)?;
    place.get_or_init(py, || made.unbind());
    Ok(())
}

/// A key-value store.
#[pymodule(gil_used = true)]
fn _lesson_9_7(module: &Bound<'_, PyModule>) -> PyResult<()> {
    add_enum(
        module,
        "Mode",
        &[("READ", 1), ("WRITE", 2), ("CREATE", 3)],
        &MODE,
    )?;
    add_enum(module, "Sync", &[("CLOSE", 1), ("PUT", 2)], &SYNC)?;
    module.add_class::<Store>()?;
    module.add_function(wrap_pyfunction!(alive, module)?)
}
