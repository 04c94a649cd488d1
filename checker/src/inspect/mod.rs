//! What built files say of themselves, and what a bridge says of them. It reads files and runs nothing.
//!
//! * `file` describes one file: its machine, the libraries that it needs, the symbols that it offers (`names`).
//! * `page` is the text that comes of it.

pub mod file;
pub mod names;
pub mod page;
