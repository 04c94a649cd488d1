//! Generates and compiles the C glue behind `set_source` and `compile`.
