//! The participant's way through the workshop: what is done, where it goes on, what was set back.

pub mod begun;
pub mod course;
pub mod failing;
pub mod hints;
pub mod record;
pub mod reset;
pub mod state;
pub mod store;
