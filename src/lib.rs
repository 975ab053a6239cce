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
//! - [`agent`] is the run loop and its ends: the constructor, the triggers, the gate at exit, forks, the log file.
//! - [`capture`] fills a snapshot while the GIL is held. [`python`] is its only door to CPython: it calls a handful of C-API
//!   functions to get in and out, and otherwise reads memory by layout.
//! - [`snapshot`] is the middle of the house, and [`budget`] and [`redact`] say how much of it there may be.
//! - [`render`] makes the log's text of it; the format is the contract in `docs/log-format.md`. [`kernel`] adds what only the
//!   kernel knows.
//! - [`config`] is the one table of all `TRIPOD_*` variables. `linkage` keeps the library from asking anything of
//!   the processes that it is loaded into.
//!
//! What stands left of the snapshot knows CPython; what stands right of it never does. A test (`tests/architecture.rs`)
//! holds these lines.

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
