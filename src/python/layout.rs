//! Where things stand in the interpreter's own structures.
//!
//! A [`Layout`] is offsets and nothing else: for 3.8-3.12 a frozen table a minor version; for 3.13 and later from the
//! table of debug offsets at the head of `_PyRuntime`, completed by what that leaves out. Offsets are checked against
//! the installed headers by `scripts/check-layouts`.
//!
//! Pure: reads memory only through [`Memory`].

use super::memory::{Address, Memory};

/// Declares a group of offsets: `offsets! { /// About. Group "name" { /// About. field, … } }`.
///
/// `"name".field` is what the member is called in `scripts/layouts/*.h`, by which `scripts/check-layouts` compares.
macro_rules! offsets {
    ($(#[$about:meta])* $group:ident $name:literal { $($(#[$what:meta])* $field:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $group {
            $($(#[$what])* pub $field: $crate::python::layout::Offset,)*
        }

        impl $group {
            /// Without a member: what a table starts from.
            pub const NONE: $group = $group { $($field: $crate::python::layout::NONE,)* };

            /// Names the members that this version has.
            pub fn members(&self, each: &mut dyn FnMut(&'static str, $crate::python::layout::Offset)) {
                $(if self.$field != $crate::python::layout::NONE {
                    each(concat!($name, ".", stringify!($field)), self.$field);
                })*
            }
        }
    };
}

pub mod debug_offsets;
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

/// Why an interpreter's memory cannot be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No layout is known for this version.
    UnknownVersion,
    /// `_PyRuntime` could not be read.
    Unreadable,
    /// `_PyRuntime` does not begin with the cookie of the debug offsets.
    BadCookie,
    /// The debug offsets are those of another version, or of a build of the other kind (free-threaded or not).
    OtherVersion,
    /// The debug offsets contradict each other.
    BadTable,
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

impl Layout {
    /// The layout of the interpreter of that `version`, whose `_PyRuntime` stands at `runtime`. Memory is read only
    /// from 3.13 on.
    ///
    /// # Errors
    /// [`Refusal`] where this interpreter is not known well enough to be walked.
    pub fn find<M: Memory>(memory: M, runtime: Address, version: Version) -> Result<Layout, Refusal> {
        Ok(Layout {
            version,
            walk: walk::Walk::find(memory, runtime, version)?,
            objects: objects::Objects::of(version).ok_or(Refusal::UnknownVersion)?,
        })
    }

    /// Names every member that is known, for `scripts/check-layouts`.
    pub fn members(&self, each: &mut dyn FnMut(&'static str, Offset)) {
        self.walk.members(each);
        self.objects.members(each);
    }
}
