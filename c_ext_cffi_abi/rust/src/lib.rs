//! `_rust_cffi`: an extension module shaped like cffi's `_cffi_backend`, over the crate clib.
//!
//! cffi's own Python code runs on it unchanged (see `python/rust_cffi/__init__.py`).
//!
//! * types: `ctype`, `primitive`, `compose`, `layout`, `function`
//! * values: `cdata` with `access`, `numbers`, `show`, `offsets` and `release`; `convert` and `aggregate` into C, `produce` out of C
//! * memory: `create`, `memory`, `strings`, `handles`, `file`, `testbuff`
//! * crossing: `library`, `call` with its short way `direct` (and `exact`), `callback`
//! * declarations: `cdef` reads them and makes their types
//! * modules: `ffi_object` and `lib_object` over `declared`, whose types come from texts (`parse`), from our generator's
//!   tables (`generated`, `glue`) or from stock cffi's (`stock`, `stock_tables`), all by way of `opcode`
//! * compiled code: `emit` writes and builds ours; it calls `exports`, stock's calls `capsule`, both `extern_python`

mod access;
mod aggregate;
mod call;
mod callback;
mod capsule;
mod cdata;
mod cdef;
mod compose;
mod convert;
mod create;
mod ctype;
mod declared;
mod direct;
mod emit;
mod entries;
mod errors;
mod exact;
mod exports;
mod extern_python;
mod ffi_object;
mod file;
mod function;
mod generated;
mod glue;
mod handles;
mod layout;
mod lib_object;
mod library;
mod machine;
mod memory;
mod numbers;
mod offsets;
mod opcode;
mod parse;
mod primitive;
mod produce;
mod published;
mod release;
mod show;
mod slots;
mod stock;
mod stock_tables;
mod strings;
mod testbuff;
mod variable;
mod wide;

use pyo3::prelude::*;

/// cffi's backend, in Rust.
#[pymodule]
mod _rust_cffi {
    use pyo3::exceptions::{PyImportError, PyTypeError, PyValueError};
    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::types::{PyCapsule, PyDict, PyList, PyTuple, PyType};

    use crate::cdata::{self, Value};
    use crate::create::Allocator;
    use crate::ctype::{align_of_type, size_of_type};
    use crate::{
        callback as callbacks, compose, create, handles, machine, memory, offsets,
        release as releasing, strings,
    };

    #[pymodule_export]
    use crate::access::Items;
    #[pymodule_export]
    use crate::cdef::Cdef;
    #[pymodule_export]
    use crate::ctype::{CField, CType};
    #[pymodule_export]
    use crate::emit::{_compile, _generate};
    #[pymodule_export]
    use crate::ffi_object::Ffi;
    #[pymodule_export]
    use crate::library::CLibrary;
    #[pymodule_export]
    use crate::memory::Buffer;
    #[pymodule_export]
    use crate::variable::Variable;

    /// libffi's default calling convention; the only one here.
    #[pymodule_export]
    const FFI_DEFAULT_ABI: i32 = 2;
    #[pymodule_export]
    const FFI_CDECL: i32 = FFI_DEFAULT_ABI;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        // Types are shared by the whole process, and so are their reference counts.
        // SAFETY: the GIL is held.
        if unsafe { ffi::PyInterpreterState_Get() != ffi::PyInterpreterState_Main() } {
            return Err(PyImportError::new_err(
                "rust_cffi works in the main interpreter only, not in a sub-interpreter",
            ));
        }
        crate::exact::check(py)?;
        cdata::ready(py)?;
        for (name, address) in cdata::types() {
            // SAFETY: the types are ready and live as long as the process.
            let class = unsafe { Bound::from_borrowed_ptr(py, address.cast()) };
            module.add(name, class)?;
        }
        // `inspect` and `doctest` ask callables for their name.
        // SAFETY: as above; the dictionary of a type that is not yet in use may be changed.
        unsafe {
            let names = Bound::from_borrowed_ptr(py, (*cdata::base_type()).tp_dict);
            let names = names.cast_into::<PyDict>()?;
            names.set_item("__module__", "_cffi_backend")?;
            names.set_item("__name__", "<cdata>")?;
            ffi::PyType_Modified(cdata::base_type());
        }
        let os = py.import("os")?;
        for name in [
            "RTLD_LAZY",
            "RTLD_NOW",
            "RTLD_GLOBAL",
            "RTLD_LOCAL",
            "RTLD_NODELETE",
            "RTLD_NOLOAD",
            "RTLD_DEEPBIND",
        ] {
            if let Ok(value) = os.getattr(name) {
                module.add(name, value)?;
            }
        }
        module.add("error", crate::errors::class(py)?)?;
        module.add("_CompileError", crate::emit::compile_error(py)?)?;
        module.add("Lib", crate::lib_object::ready(py))?;
        crate::published::ready(py, module)?;
        // SAFETY: the table is static.
        let stock = unsafe { PyCapsule::new_with_pointer(py, crate::capsule::table(), c"cffi")? };
        module.add("_C_API", stock)?;
        // `checker bench` reports nothing of an engine that is not optimised.
        module.add("__opt_level__", env!("OPT_LEVEL"))?;
        let table = std::ptr::NonNull::from(&crate::exports::TABLE).cast();
        // SAFETY: the table is static.
        let capsule = unsafe { PyCapsule::new_with_pointer(py, table, c"rust_cffi")? };
        module.add("_C_API_RUST", capsule)?;
        Ok(())
    }

    #[pyfunction]
    #[pyo3(signature = (name = None, flags = 0))]
    fn load_library(name: Option<&Bound<'_, PyAny>>, flags: i32) -> PyResult<CLibrary> {
        crate::library::load(name, flags)
    }

    #[pyfunction]
    fn new_primitive_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
        compose::primitive(py, name)
    }

    #[pyfunction]
    fn new_void_type(py: Python<'_>) -> PyResult<Bound<'_, CType>> {
        compose::void(py)
    }

    #[pyfunction]
    fn new_pointer_type<'py>(item: &Bound<'py, CType>) -> PyResult<Bound<'py, CType>> {
        compose::pointer(item)
    }

    #[pyfunction]
    fn new_array_type<'py>(
        pointer: &Bound<'py, CType>,
        length: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, CType>> {
        if length.is_none() {
            return compose::array(pointer, None);
        }
        // SAFETY: any object may be given.
        let number = unsafe { ffi::PyNumber_AsSsize_t(length.as_ptr(), ffi::PyExc_OverflowError) };
        match usize::try_from(number) {
            Ok(length) => compose::array(pointer, Some(length)),
            Err(_) => Err(match PyErr::take(pointer.py()) {
                Some(error) => error,
                None => PyValueError::new_err("negative array length"),
            }),
        }
    }

    #[pyfunction]
    fn new_struct_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
        compose::record(py, name, false)
    }

    #[pyfunction]
    fn new_union_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
        compose::record(py, name, true)
    }

    #[pyfunction]
    #[pyo3(signature = (ctype, fields, _ignored = None, totalsize = -1, totalalignment = -1, sflags = 0, pack = 0))]
    fn complete_struct_or_union(
        ctype: &Bound<'_, CType>,
        fields: &Bound<'_, PyList>,
        _ignored: Option<&Bound<'_, PyAny>>,
        totalsize: isize,
        totalalignment: isize,
        sflags: i32,
        pack: isize,
    ) -> PyResult<()> {
        let said = crate::layout::Said {
            size: usize::try_from(totalsize).ok(),
            align: usize::try_from(totalalignment).ok(),
            flags: sflags,
            pack: usize::try_from(pack).unwrap_or(0),
            custom: false,
        };
        crate::layout::complete_from_list(ctype, fields, said)
    }

    #[pyfunction]
    #[pyo3(signature = (arguments, result, ellipsis = 0, abi = FFI_DEFAULT_ABI))]
    fn new_function_type<'py>(
        arguments: &Bound<'py, PyTuple>,
        result: &Bound<'py, CType>,
        ellipsis: i32,
        abi: i32,
    ) -> PyResult<Bound<'py, CType>> {
        let arguments = arguments
            .iter()
            .map(|argument| {
                argument
                    .cast_into::<CType>()
                    .map_err(|_| PyTypeError::new_err("expected a tuple of ctypes"))
            })
            .collect::<PyResult<Vec<_>>>()?;
        compose::function(&arguments, result, ellipsis != 0, abi)
    }

    #[pyfunction]
    fn new_enum_type<'py>(
        py: Python<'py>,
        name: &str,
        enumerators: &Bound<'py, PyTuple>,
        enumvalues: &Bound<'py, PyTuple>,
        base: &Bound<'py, CType>,
    ) -> PyResult<Bound<'py, CType>> {
        compose::enumeration(py, name, enumerators, enumvalues, base)
    }

    #[pyfunction]
    #[pyo3(signature = (ctype, init = None))]
    fn newp<'py>(
        ctype: &Bound<'py, CType>,
        init: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        create::new(ctype, init, &Allocator::default())
    }

    #[pyfunction]
    fn cast<'py>(
        ctype: &Bound<'py, CType>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        create::cast(ctype, value)
    }

    #[pyfunction]
    #[pyo3(signature = (ctype, python_callable, error = None, onerror = None))]
    fn callback<'py>(
        ctype: &Bound<'py, CType>,
        python_callable: &Bound<'py, PyAny>,
        error: Option<&Bound<'py, PyAny>>,
        onerror: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        callbacks::make(ctype, python_callable, error, onerror)
    }

    #[pyfunction]
    fn alignof(ctype: &Bound<'_, PyAny>) -> PyResult<usize> {
        match ctype.cast::<CType>() {
            Ok(ctype) => align_of_type(ctype),
            Err(_) => Err(PyTypeError::new_err("expected a 'ctype' object")),
        }
    }

    #[pyfunction]
    fn sizeof(object: &Bound<'_, PyAny>) -> PyResult<isize> {
        if let Some(value) = Value::of(object) {
            return Ok(offsets::size_of_value(value));
        }
        let Ok(ctype) = object.cast::<CType>() else {
            return Err(PyTypeError::new_err("expected a 'cdata' or 'ctype' object"));
        };
        match size_of_type(ctype)? {
            size if size >= 0 => Ok(size),
            _ => Err(PyValueError::new_err(format!(
                "ctype '{}' is of unknown size",
                ctype.get().name
            ))),
        }
    }

    #[pyfunction(name = "typeof")]
    fn type_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, CType>> {
        Ok(Value::expect(object)?.ctype().clone())
    }

    #[pyfunction]
    #[pyo3(signature = (ctype, field, following = 0))]
    fn typeoffsetof<'py>(
        ctype: &Bound<'py, CType>,
        field: &Bound<'py, PyAny>,
        following: i32,
    ) -> PyResult<(Bound<'py, CType>, isize)> {
        offsets::step(ctype, field, following != 0)
    }

    #[pyfunction]
    fn rawaddressof<'py>(
        ctype: &Bound<'py, CType>,
        object: &Bound<'py, PyAny>,
        offset: isize,
    ) -> PyResult<Bound<'py, PyAny>> {
        if ctype.get().target(ctype.py()).is_none() {
            return Err(PyTypeError::new_err("expected a pointer ctype"));
        }
        offsets::address_inside(ctype, Value::expect(object)?, offset)
    }

    #[pyfunction]
    fn getcname(ctype: &Bound<'_, CType>, replace_with: &str) -> String {
        ctype.get().name_around(replace_with)
    }

    #[pyfunction]
    #[pyo3(signature = (cdata, maxlen = -1))]
    fn string<'py>(cdata: &Bound<'py, PyAny>, maxlen: isize) -> PyResult<Bound<'py, PyAny>> {
        strings::string(Value::expect(cdata)?, maxlen)
    }

    #[pyfunction]
    fn unpack<'py>(cdata: &Bound<'py, PyAny>, length: isize) -> PyResult<Bound<'py, PyAny>> {
        strings::unpack(Value::expect(cdata)?, length)
    }

    #[pyfunction]
    fn get_errno() -> i32 {
        machine::errno()
    }

    #[pyfunction]
    fn set_errno(value: &Bound<'_, PyAny>) -> PyResult<()> {
        machine::set_errno(machine::errno_from(value)?);
        Ok(())
    }

    #[pyfunction]
    fn newp_handle<'py>(
        ctype: &Bound<'py, CType>,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        handles::new(ctype, object)
    }

    #[pyfunction]
    fn from_handle<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        handles::target(Value::expect(object)?)
    }

    #[pyfunction]
    #[pyo3(signature = (ctype, object, require_writable = 0))]
    fn from_buffer<'py>(
        ctype: &Bound<'py, CType>,
        object: &Bound<'py, PyAny>,
        require_writable: i32,
    ) -> PyResult<Bound<'py, PyAny>> {
        memory::from_buffer(ctype, object, require_writable != 0)
    }

    #[pyfunction]
    fn memmove(dest: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>, n: isize) -> PyResult<()> {
        memory::memmove(dest, src, n)
    }

    #[pyfunction]
    #[pyo3(signature = (cdata, destructor, size = 0))]
    fn gcp<'py>(
        cdata: &Bound<'py, PyAny>,
        destructor: &Bound<'py, PyAny>,
        size: isize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let _ = size;
        releasing::collect(Value::expect(cdata)?, destructor)
    }

    #[pyfunction]
    fn release(cdata: &Bound<'_, PyAny>) -> PyResult<()> {
        releasing::release(Value::expect(cdata)?)
    }

    #[pyfunction]
    fn _get_types(py: Python<'_>) -> (Bound<'_, PyAny>, Bound<'_, PyType>) {
        // SAFETY: the type is ready and lives as long as the process.
        let base = unsafe { Bound::from_borrowed_ptr(py, cdata::base_type().cast()) };
        (base, py.get_type::<CType>())
    }

    #[pyfunction]
    fn _get_common_types(types: &Bound<'_, PyDict>) -> PyResult<()> {
        types.set_item("FILE", "struct _IO_FILE")?;
        types.set_item("bool", "_Bool")
    }

    #[pyfunction]
    fn _testfunc(number: i32) -> PyResult<usize> {
        match machine::testfunc(number) {
            address if address.is_null() => Err(PyValueError::new_err(())),
            address => Ok(address as usize),
        }
    }

    #[pyfunction]
    fn _testbuff(class: &Bound<'_, PyType>, methods: i32) -> PyResult<()> {
        crate::testbuff::give(class, methods)
    }

    /// Called by a module that stock cffi has compiled, when it is imported.
    #[pyfunction]
    fn _init_cffi_1_0_external_module<'py>(
        py: Python<'py>,
        address: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: only such modules call this, with the address of what they offer and ask for.
        unsafe { crate::capsule::start(py, address as *const _) }
    }
}
