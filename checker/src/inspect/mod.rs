//! What built files say of themselves, and what a bridge says of them. It reads files and runs nothing.
//!
//! * `file` describes one file: its machine, the libraries that it needs, the symbols that it offers (`names`).
//! * `debug_info` reads structs and functions as the compiler wrote them; `types` are the words for both sides.
//! * `of_ctypes` (with `python`), `of_cdef` and `of_rust` read what a bridge declares; `header` reads a C header in the
//!   same way; `declared` places their structs.
//! * `cdef_place` finds the line of a bridge that a message about a cdef means.
//! * `layout` lists a struct with its padding; `compare` holds both sides against each other; `lesson` does so for all
//!   bridges of a lesson.
//! * `draw` and `json` show it; `page` is a text for a terminal of any width.

pub mod cdef_place;
pub mod compare;
pub mod debug_info;
pub mod declared;
pub mod draw;
pub mod file;
pub mod header;
pub mod json;
pub mod layout;
pub mod lesson;
pub mod names;
pub mod of_cdef;
pub mod of_ctypes;
pub mod of_rust;
pub mod page;
pub mod python;
pub mod types;
