//! The `Config` type by hand, over raw `pyo3::ffi`, beside `#[pyclass]`.
