//! The lessons are folders; this crate only gives them a place in the workspace.
