//! The command `checker`.

fn main() {}
