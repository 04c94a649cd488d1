//! `_rust_cffi`: an extension module shaped like cffi's `_cffi_backend`, over the crate clib.
//!
//! cffi's own Python code runs on it unchanged (see `python/rust_cffi/__init__.py`).
//!
//! * the module: `backend`, and `builtin` for functions without PyO3 in between
//! * types: `ctype`, `primitive`, `compose`, `layout`, `function`
//! * values: `cdata` with `access`, `numbers`, `show`, `offsets` and `release`; `convert` and `aggregate` into C, `produce` out of C
//! * memory: `create`, `memory`, `strings`, `handles`, `file`, `testbuff`
//! * crossing: `library`, `call` with its short way `direct` (and `exact`), `temporaries`, `callback`
//! * declarations: `cdef` reads them and makes their types
//! * modules: `ffi_object` and `lib_object` over `declared`, whose types come from texts (`parse`), from our generator's
//!   tables (`generated`, `glue`) or from stock cffi's (`stock`, `stock_tables`), all by way of `opcode`
//! * compiled code: `emit` writes and builds ours; it calls `exports`, stock's calls `capsule`, both `extern_python`

mod access;
mod aggregate;
mod backend;
mod builtin;
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
mod temporaries;
mod testbuff;
mod variable;
mod wide;

use pyo3::prelude::*;

/// cffi's backend, in Rust.
#[pymodule]
mod _rust_cffi {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::backend::begin(module)
    }
}
