//! Snapshots built by hand, rendered, and compared with what is to be seen.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod build;
mod carets;
mod golden;
mod values;
