//! Interpreters, victims and what their logs say.
//!
//! Nothing here sleeps to let something happen: what is waited for is looked at, often, until [`DEADLINE`].

mod dump;
mod interpreter;
mod says;
mod victim;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) use dump::{Dump, END, Frame, parse};
pub(crate) use interpreter::{Python, foreign, newest, on_each, on_each_that};
pub(crate) use says::{Says, line_of};
pub(crate) use victim::{Home, Outcome, Run, Stderr, Victim, left_in};

/// After that, what has not happened will not.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Looks until there is something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The library that this very `cargo test` has built: it lies beside the test, in `target/<profile>/deps`.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.parent().unwrap().join("libtripod.so");
    assert!(library.is_file(), "{} was not built", library.display());
    library
}

/// `tests/scripts`.
pub(crate) fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}
