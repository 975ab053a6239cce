//! The agent's thread and its two ends: when it may begin to look at Python, and when it must have stopped.
//!
//! **Begin.** The constructor starts the thread; it looks every millisecond, ever more seldom, whether the interpreter
//! is initialised. Then it asks the interpreter's main thread, by `Py_AddPendingCall`, to register the gate. Until the
//! gate is there, or has failed to come for [`GATE_PATIENCE`], the agent does not touch the GIL.
//!
//! **End.** The gate is a callback in Python's `atexit`, which runs in the main thread before finalisation begins. It
//! says stop and waits, with the GIL released and not for ever, until the agent is idle. Afterwards the agent never
//! asks for the GIL again, unless the interpreter is initialised anew. pyo3-ffi's guard, which parks the thread if
//! CPython ends it inside `PyGILState_Ensure`, is the backstop.
//!
//! **Descriptors.** The thread has a table of descriptors of its own, empty (`CLOSE_RANGE_UNSHARE`, Linux 5.9): what it
//! opens takes no number of the program's, and no `closerange` of the program's can put something else in its place.
//! Where the kernel is older the table is shared.
//!
//! **Signals.** The thread blocks all signals but those that a fault raises, so that none meant for the program ends here.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::trigger;
use crate::python::{self, imports};

const MILLISECOND: u64 = 1_000_000;

/// How long the gate may wait at exit for a dump that is being taken or written.
const GATE_LIMIT: u64 = 2_000 * MILLISECOND;

/// How long a trigger waits for the gate to be registered before the agent registers it itself.
const GATE_PATIENCE: u64 = 100 * MILLISECOND;

/// Stack of the agent's thread: values are read recursively, but to a bounded depth.
const STACK: usize = 1 << 20;

/// The agent is between [`enter`] and its end.
const BUSY: u32 = 1;
/// The gate has closed: the interpreter is about to be finalised.
const CLOSED: u32 = 2;

static STATE: AtomicU32 = AtomicU32::new(0);
static GATE_REGISTERED: AtomicBool = AtomicBool::new(false);

/// Proof that the gate is open and waits for us should it be closed meanwhile.
#[derive(Debug)]
pub struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        STATE.fetch_and(!BUSY, Ordering::AcqRel);
    }
}

/// Begins a dump; `None` where the interpreter is, or is about to be, finalised.
pub fn enter() -> Option<Entered> {
    if STATE.fetch_or(BUSY, Ordering::AcqRel) & CLOSED != 0
        || !imports::initialized()
        || imports::finalizing()
    {
        STATE.fetch_and(!BUSY, Ordering::AcqRel);
        return None;
    }
    Some(Entered(()))
}

/// Whether the gate has closed.
pub fn closed() -> bool {
    STATE.load(Ordering::Acquire) & CLOSED != 0
}

/// Blocks until the interpreter is initialised, and asks for the gate. Triggers that come meanwhile are left for later.
pub fn wait_for_interpreter() {
    let mut waited: u32 = 0;
    while !imports::initialized() || imports::finalizing() {
        trigger::pause(match waited {
            0..200 => MILLISECOND,
            200..1_000 => 10 * MILLISECOND,
            _ => 250 * MILLISECOND,
        });
        waited = waited.saturating_add(1);
    }
    GATE_REGISTERED.store(false, Ordering::Release);
    STATE.fetch_and(!CLOSED, Ordering::AcqRel);
    // The queue of pending calls is short; when it is full, someone drains it.
    for _ in 0..100 {
        // SAFETY: the interpreter is initialised; the function may be called from any thread, with or without the GIL.
        if unsafe { pyo3_ffi::Py_AddPendingCall(Some(register_pending), ptr::null_mut()) } == 0 {
            return;
        }
        trigger::pause(MILLISECOND);
    }
}

/// Blocks until the interpreter has been finalised.
pub fn wait_for_end() {
    while imports::initialized() {
        trigger::pause(100 * MILLISECOND);
    }
}

/// Waits for the gate, and where the main thread does not get to it registers it from here. Called before each dump;
/// after the first it costs one load.
pub fn ensure_gate(_entered: &Entered) {
    let mut waited = 0;
    while !GATE_REGISTERED.load(Ordering::Acquire) && waited < GATE_PATIENCE && !closed() {
        trigger::pause(MILLISECOND);
        waited += MILLISECOND;
    }
    if GATE_REGISTERED.load(Ordering::Acquire) || closed() {
        return;
    }
    if let Ok(attached) = python::Attached::acquire() {
        register(&attached);
    }
}

/// The pending call: runs in the interpreter's main thread, with the GIL.
extern "C" fn register_pending(_: *mut c_void) -> i32 {
    // SAFETY: CPython makes pending calls with the GIL held by the calling thread.
    let attached = unsafe { python::Attached::assume() };
    register(&attached);
    0
}

fn register(attached: &python::Attached<'_>) {
    if !GATE_REGISTERED.swap(true, Ordering::AcqRel) {
        // Without the gate the backstop is all there is; nothing more can be done about it.
        let _ = python::atexit::register(attached, close_gate);
    }
}

/// The gate: runs in the main thread, with the GIL, before finalisation.
fn close_gate(attached: &mut python::Attached<'_>) {
    if STATE.fetch_or(CLOSED, Ordering::AcqRel) & BUSY != 0 {
        attached.without_gil(|| {
            let deadline = trigger::now() + GATE_LIMIT;
            while STATE.load(Ordering::Acquire) & BUSY != 0 && trigger::now() < deadline {
                trigger::pause(MILLISECOND / 5);
            }
        });
    }
    trigger::nudge();
}

/// Starts the agent's thread, detached.
///
/// # Errors
/// What `pthread_create` says.
pub fn start_thread(body: fn()) -> io::Result<()> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    let all = all_but_faults();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: every pointer is to memory of ours of the type that is asked for. The mask, which the new thread
    // inherits, is put back before anything else runs in this one; `body` is a plain function pointer, which fits.
    let error = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, before.as_mut_ptr());
        let error =
            libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), enter_thread, body as *mut c_void);
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

fn all_but_faults() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initialises the whole set; the numbers are signals.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for fault in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGTRAP,
            libc::SIGABRT,
            libc::SIGSYS,
        ] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        set.assume_init()
    }
}

extern "C" fn enter_thread(body: *mut c_void) -> *mut c_void {
    const CLOSE_RANGE_UNSHARE: u32 = 2;
    // SAFETY: the call gives this thread an empty table of its own and leaves the process's as it is. Where the kernel
    // does not know it, nothing happens.
    unsafe { libc::syscall(libc::SYS_close_range, 0_u32, u32::MAX, CLOSE_RANGE_UNSHARE) };
    // SAFETY: `start_thread` passed a `fn()`.
    let body = unsafe { std::mem::transmute::<*mut c_void, fn()>(body) };
    // A panic ends the agent, never the program.
    let _ = std::panic::catch_unwind(body);
    STATE.fetch_and(!BUSY, Ordering::AcqRel);
    ptr::null_mut()
}
