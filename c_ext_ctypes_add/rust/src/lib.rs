//! A `_ctypes`-shaped extension module over the crate clib.
