//! The only door to CPython.

pub mod layout;
pub mod memory;
pub mod text;
