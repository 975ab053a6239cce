//! Pending calls: asking the interpreter's main thread to do something between two instructions.
//!
//! `Py_AddPendingCall` may be called from any thread, with or without the GIL. On 3.9-3.12 it fails to make the main thread look:
//! it recomputes `eval_breaker` as if the calling thread were the one to make the call (`Python/ceval_gil.c`,
//! `_Py_ThreadCanHandlePendingCalls`), so that the call waits for the next switch of threads. There [`ask`] sets the flag itself, as
//! the interpreter does for a signal; the main thread then looks what there is to do and clears it.
//!
//! On 3.8 a call that comes once finalisation has begun is reported as an exception of whichever thread holds the GIL; there
//! `ask` looks first whether it has.
//!
//! `ask` may take the lock of the interpreter's queue; it allocates nothing.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use super::layout::walk::{self, Walk};
use super::layout::{NONE, Version};
use super::memory::{Address, Checked, Memory};
use super::{Attached, imports};

/// A call to be made by the main thread, with the GIL held.
pub type Call = extern "C" fn(*mut c_void) -> c_int;

/// Where the main interpreter's `ceval.eval_breaker` stands, where it has to be set; else 0.
static EVAL_BREAKER: AtomicUsize = AtomicUsize::new(0);

/// The main interpreter's flag, found by a layout that was confirmed.
///
/// # Safety
/// It is the address of an aligned `int` that is `eval_breaker`, and stays so for as long as the process lives.
pub(crate) unsafe fn set_eval_breaker(address: Address) {
    EVAL_BREAKER.store(address, Ordering::Release);
}

/// Finds the flag by what it does: a call that the main thread asks for raises it. In a pending call, which the main thread makes
/// in the main interpreter. Where something else has raised it already it is not found.
pub fn find_eval_breaker(_attached: &Attached<'_>) {
    let (Some(version), Some(runtime)) = (super::version(), imports::symbol(c"_PyRuntime")) else { return };
    let memory = Checked::new();
    let Ok(walk) = Walk::find(memory, runtime, version) else { return };
    if walk.interpreter.eval_breaker == NONE {
        return;
    }
    // SAFETY: the GIL is held; the function only reads a pointer.
    let main = unsafe { imports::PyInterpreterState_Main() } as Address;
    let address = main + usize::from(walk.interpreter.eval_breaker);
    let raised = || memory.u32(address).ok();
    // SAFETY: the function may be called from any thread.
    let asked =
        raised() == Some(0) && unsafe { pyo3_ffi::Py_AddPendingCall(Some(nothing), ptr::null_mut()) } == 0;
    if asked && raised() == Some(1) {
        // SAFETY: it is where the version has the flag, and does what the flag does. The main interpreter lives until the
        // gate has closed.
        unsafe { set_eval_breaker(address) };
    }
}

extern "C" fn nothing(_: *mut c_void) -> c_int {
    0
}

/// Where 3.8 keeps `ceval.pending.finishing`; else 0.
static FINISHING: AtomicUsize = AtomicUsize::new(0);

/// Looks up what `ask` needs of that version. In the constructor.
pub(crate) fn prepare(version: Version) {
    if !version.at_least(9)
        && let Some(runtime) = imports::symbol(c"_PyRuntime")
    {
        FINISHING.store(runtime + usize::from(walk::V3_8.runtime.finishing), Ordering::Release);
    }
}

/// Forgets the flag: the interpreter that had it has ended.
pub fn forget_eval_breaker() {
    EVAL_BREAKER.store(0, Ordering::Release);
}

/// Asks for a call. False where the queue is full or the interpreter is about to end. It is initialised.
pub fn ask(call: Call) -> bool {
    let finishing = FINISHING.load(Ordering::Acquire) as *const AtomicI32;
    // SAFETY: null, or the address of an `int` of `_PyRuntime`, a static that only the main thread writes.
    if unsafe { finishing.as_ref() }.is_some_and(|finishing| finishing.load(Ordering::Acquire) != 0) {
        return false;
    }
    // SAFETY: the function may be called from any thread, with or without the GIL.
    if unsafe { pyo3_ffi::Py_AddPendingCall(Some(call), ptr::null_mut()) } != 0 {
        return false;
    }
    let eval_breaker = EVAL_BREAKER.load(Ordering::Acquire) as *const AtomicI32;
    // SAFETY: null, or by the contract of `set_eval_breaker` an `int` that the interpreter itself reads and writes
    // atomically.
    if let Some(eval_breaker) = unsafe { eval_breaker.as_ref() } {
        eval_breaker.store(1, Ordering::Relaxed);
    }
    true
}
