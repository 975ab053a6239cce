//! Where the calling thread's Python code stands, to see later whether a call that it made has returned.
//!
//! Reads memory that may be gone; calls nothing but `PyGILState_GetThisThreadState`, neither blocks nor allocates.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use super::frames;
use super::imports::{self, Import};
use super::layout::Layout;
use super::memory::{Address, Checked, Memory};

/// How many frames further in the code is looked for that a call has led to.
const NEAR: u32 = 64;

/// A frame and the instruction it stands at: the innermost one, when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The interpreter frame.
    pub frame: Address,
    /// `prev_instr` (3.11, 3.12), `instr_ptr` (3.13+).
    pub instruction: Address,
}

/// Where the calling thread stands. `None` where it runs no Python code, or this cannot be read.
pub fn here() -> Option<Place> {
    let layout = layout()?;
    let frame = innermost(layout)?;
    Some(Place { frame, instruction: instruction(layout, frame)? })
}

/// Whether the calling thread runs code that a call made at `place` has led to: the frame stands at that instruction still,
/// and is not the innermost.
pub fn is_within_call_at(place: Place) -> bool {
    let within = || {
        let layout = layout()?;
        let mut frame = innermost(layout)?;
        for _ in 0..NEAR {
            frame = Checked::new().pointer(frame + usize::from(layout.walk.frame.previous)).ok()?;
            if frame == place.frame {
                return Some(instruction(layout, frame)? == place.instruction);
            }
        }
        None
    };
    within().unwrap_or(false)
}

fn layout() -> Option<&'static Layout> {
    static LAYOUT: OnceLock<Option<Layout>> = OnceLock::new();
    let find = || Layout::find(Checked::new(), imports::symbol(c"_PyRuntime")?, super::version()?).ok();
    LAYOUT.get_or_init(find).as_ref()
}

fn innermost(layout: &Layout) -> Option<Address> {
    if !imports::present(Import::PyGILState_GetThisThreadState) {
        return None;
    }
    // SAFETY: the import is there; the function reads this thread's own slot, with or without the GIL, and gives null
    // where that is empty.
    let thread = unsafe { pyo3_ffi::PyGILState_GetThisThreadState() } as Address;
    if thread == 0 {
        return None;
    }
    frames::innermost(Checked::new(), layout, thread).ok().filter(|frame| *frame != 0)
}

fn instruction(layout: &Layout, frame: Address) -> Option<Address> {
    Checked::new().word(frame + usize::from(layout.walk.frame.instruction)).ok()
}
