//! Where the calling thread's Python code stands, to see later whether it has gone on.
//!
//! Reads memory that may be gone; calls nothing but `PyGILState_GetThisThreadState`, neither blocks nor allocates.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use super::frames;
use super::imports::{self, Import};
use super::layout::Layout;
use super::memory::{Address, Checked};

/// The innermost frame of the calling thread. `None` where it runs no Python code or this cannot be read.
pub fn innermost_frame() -> Option<Address> {
    static LAYOUT: OnceLock<Option<Layout>> = OnceLock::new();
    if !imports::present(Import::PyGILState_GetThisThreadState) {
        return None;
    }
    let find = || Layout::find(Checked::new(), imports::symbol(c"_PyRuntime")?, super::version()?).ok();
    let layout = LAYOUT.get_or_init(find).as_ref()?;
    // SAFETY: the import is there; the function reads this thread's own slot, with or without the GIL, and gives null
    // where that is empty.
    let thread = unsafe { pyo3_ffi::PyGILState_GetThisThreadState() } as Address;
    if thread == 0 {
        return None;
    }
    frames::innermost(Checked::new(), layout, thread).ok().filter(|frame| *frame != 0)
}
