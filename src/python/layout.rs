//! Where things stand in the interpreter's own structures.
//!
//! A [`Layout`] is offsets and nothing else: for 3.8-3.12 a frozen table a minor version; for 3.13 and later from the
//! table of debug offsets at the head of `_PyRuntime`, completed by a frozen table for what that leaves out. Offsets
//! are checked against the installed headers by `scripts/check-layouts`.
//!
//! Pure: reads memory only through [`Memory`](super::memory::Memory).

pub mod objects;
pub mod walk;

/// An offset in bytes; [`NONE`] where this version has no such member.
pub type Offset = u16;

/// The member does not exist.
pub const NONE: Offset = Offset::MAX;

/// Which interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 3
    pub major: u8,
    /// 8 to 15
    pub minor: u8,
    /// The patch release.
    pub micro: u8,
    /// Built with `Py_GIL_DISABLED`.
    pub free_threaded: bool,
    /// Built with `Py_DEBUG`.
    pub debug: bool,
}

impl Version {
    /// Whether this is 3.`minor` or later.
    pub fn at_least(self, minor: u8) -> bool {
        (self.major, self.minor) >= (3, minor)
    }
}

/// Everything the agent knows of one interpreter's memory.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Of which version.
    pub version: Version,
    /// Runtime, interpreters, thread states, frames and code.
    pub walk: walk::Walk,
    /// Objects: what values are read by.
    pub objects: objects::Objects,
}
