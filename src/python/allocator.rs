//! Whether somebody listens to the interpreter's raw allocator.
//!
//! `PyGILState_Ensure` allocates a thread state with it before it has the GIL. `tracemalloc` then counts that as the program's,
//! and where the program calls `tracemalloc.stop` meanwhile, the interpreter dies (CPython gh-128679, found with
//! 3.12.1 and 3.13.0; `Python/tracemalloc.c`, `tracemalloc_raw_alloc`). A hook that lets allocations fail ends it, too.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::imports::{self, Import};

/// `PyMemAllocatorEx` (`cpython/pymem.h`, the same in 3.8-3.15); its functions are compared, never called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Allocator {
    context: *mut c_void,
    malloc: *mut c_void,
    calloc: *mut c_void,
    realloc: *mut c_void,
    free: *mut c_void,
}

/// `PYMEM_DOMAIN_RAW`.
const RAW: i32 = 0;

/// The address of the `calloc` that the interpreter was built with.
static BUILT_IN: OnceLock<usize> = OnceLock::new();

/// The address of the raw domain's `calloc`, with which thread states are allocated.
fn raw_calloc() -> Option<usize> {
    if !imports::present(Import::PyMem_GetAllocator) {
        return None;
    }
    let mut allocator = MaybeUninit::<Allocator>::uninit();
    // SAFETY: fills the structure; needs no GIL, nor that the interpreter is initialised.
    unsafe { imports::PyMem_GetAllocator(RAW, allocator.as_mut_ptr()) };
    // SAFETY: it was filled just now.
    Some(unsafe { allocator.assume_init() }.calloc.addr())
}

/// Notes the allocator that is there before the interpreter is initialised.
pub(super) fn note() {
    if let Some(calloc) = raw_calloc() {
        let _ = BUILT_IN.set(calloc);
    }
}

/// Whether the raw allocator is another than it was built with: that of `tracemalloc`, of `PYTHONMALLOC=debug`, or the
/// program's. Any thread, with or without the GIL.
pub fn hooked() -> bool {
    BUILT_IN.get().is_some_and(|&built_in| raw_calloc() != Some(built_in))
}
