//! Tripod answers one question about a live Python process: *what is every thread doing, with which values, and why
//! does it not go on?*
//!
//! This crate is built twice: as `libtripod.so`, which `LD_PRELOAD` puts into the process, and as a Rust library for
//! the wrapper and the tests. Data goes left to right and never back:
//!
//! ```text
//! trigger -> capture -> snapshot -> render -> sink
//! (timer,    (GIL       (plain     (text)    (file)
//!  signal)    held)      data)
//! ```
//!
//! [`snapshot`] is the middle of the house: what stands left of it knows CPython, what stands right of it never does.
//! `bin` and `agent` use `capture` and `render`; those use `snapshot` and `budget`; `python` uses nothing but `libc`
//! and `pyo3-ffi` and, for what it fills, `snapshot` and `budget`. A test holds these lines.

pub mod agent;
pub mod budget;
pub mod capture;
pub mod config;
pub mod kernel;
mod linkage;
pub mod python;
pub mod redact;
pub mod render;
pub mod snapshot;
