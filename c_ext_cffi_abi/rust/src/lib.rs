//! A `_cffi_backend`-shaped extension module over the crate clib.
