//! The only door to CPython.

pub mod known;
pub mod layout;
pub mod memory;
pub mod text;
pub mod values;
