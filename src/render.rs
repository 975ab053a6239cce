//! Snapshot -> lines. Knows nothing of CPython.
//!
//! Runs in the agent's thread after the GIL is given back. Everything but [`source`] is pure; [`source`] reads the
//! files that frames name, behind the trait [`Sources`], so that the formatter is tested without a file.
//!
//! The text format is written down in `docs/log-format.md` and held by the golden files of `tests/golden`.

pub mod clock;
mod display;
pub mod source;
pub mod text;
pub mod value;

pub use source::{SourceCache, Sources};
pub use value::one_line;
