//! The only door to CPython.

mod block;
pub mod code;
pub mod frames;
pub mod layout;
pub mod memory;
pub mod text;
pub mod threads;
