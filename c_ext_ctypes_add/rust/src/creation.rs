//! Instances made fast.

/// How a type makes its instances, found out once.
pub(crate) struct Creation;
