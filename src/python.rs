//! The only door to CPython.
//!
//! [`Attached`] is proof that the calling thread holds the GIL (or, in a free-threaded build, is attached to the main
//! interpreter). Everything else here reads memory by layout and calls nothing.
//!
//! No Python code is run and no reference is dropped that could be the last. `ThreadState::attach` blocks until the GIL
//! is free.
#![allow(unsafe_code)]

pub mod allocator;
pub mod atexit;
mod block;
pub mod code;
pub mod frames;
pub mod imports;
pub mod known;
pub mod layout;
pub mod memory;
pub mod pending;
pub mod place;
pub mod signals;
pub mod text;
pub mod threading;
pub mod threads;
pub mod values;
pub mod verify;
pub mod world;

use std::marker::PhantomData;
use std::sync::OnceLock;

use imports::Import;
use layout::Version;

/// Why the agent has nothing to do with this interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a CPython, or its version cannot be read.
    Unknown,
    /// It is older than 3.8.
    TooOld,
    /// A function is missing that every supported version has.
    Incomplete,
}

static VERSION: OnceLock<Version> = OnceLock::new();

/// Finds the C API and the version. In the constructor, before the interpreter is initialised.
///
/// # Errors
/// See [`Refusal`].
pub fn open() -> Result<Version, Refusal> {
    let complete = imports::resolve();
    if !imports::present(Import::Py_GetVersion) {
        return Err(Refusal::Unknown);
    }
    let version = parse_version(&imports::version_text(), built_for_debugging()).ok_or(Refusal::Unknown)?;
    if (version.major, version.minor) < (3, 8) {
        return Err(Refusal::TooOld);
    }
    if !complete {
        return Err(Refusal::Incomplete);
    }
    pending::prepare(version);
    allocator::note();
    Ok(*VERSION.get_or_init(|| version))
}

/// The version, once [`open`] has succeeded.
pub fn version() -> Option<Version> {
    VERSION.get().copied()
}

/// The interpreter for a header: `CPython 3.13.0`, `CPython 3.14.2 free-threaded debug`.
pub fn describe() -> String {
    let text = imports::version_text();
    let mut words = format!("CPython {}", text.split(' ').next().unwrap_or_default());
    if let Some(version) = version() {
        if version.free_threaded {
            words.push_str(" free-threaded");
        }
        if version.debug {
            words.push_str(" debug");
        }
    }
    words
}

/// `Py_DEBUG` implies `Py_REF_DEBUG`, which alone exports these (`Objects/object.c`, 3.8-3.15).
fn built_for_debugging() -> bool {
    imports::symbol(c"_Py_NegativeRefcount").is_some()
}

/// Reads what `Py_GetVersion` says: `3.13.0 (…) […]`, `3.14.0 free-threading build (…)`, `3.15.0a1+ (…)`.
fn parse_version(text: &str, debug: bool) -> Option<Version> {
    let number = text.split(' ').next()?;
    let mut parts = number.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    let micro = parts.next()?;
    let digits = micro.find(|character: char| !character.is_ascii_digit()).unwrap_or(micro.len());
    let micro = micro.get(..digits)?.parse().ok()?;
    Some(Version { major, minor, micro, free_threaded: text.contains("free-threading build"), debug })
}

/// The interpreter does not let us in: it is gone or going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

/// Proof that this thread holds the GIL. Not `Send`.
#[derive(Debug)]
pub struct Attached<'py> {
    /// What to give back, where it was taken by [`ThreadState::attach`].
    state: Option<pyo3_ffi::PyGILState_STATE>,
    _thread: PhantomData<*mut &'py ()>,
}

/// The calling thread's thread state, made so that the GIL can be taken with it.
///
/// `PyGILState_Ensure` would make it, too, with the lock of the interpreter's list of threads held but not yet the GIL. To be made
/// by itself so that the caller can keep a fork away from that moment, which before 3.12 leaves the lock held in the child.
#[derive(Debug)]
pub struct ThreadState(());

impl ThreadState {
    /// Makes it, for the main interpreter. The thread has none yet.
    ///
    /// # Errors
    /// [`NotNow`] where there is no interpreter, or no memory.
    pub fn make() -> Result<ThreadState, NotNow> {
        if !imports::initialized() || imports::finalizing() {
            return Err(NotNow);
        }
        // SAFETY: the interpreter is initialised; that it is not finalised meanwhile is what the gate sees to. Neither function
        // needs the GIL.
        let made = unsafe { pyo3_ffi::PyThreadState_New(imports::PyInterpreterState_Main()) };
        if made.is_null() { Err(NotNow) } else { Ok(ThreadState(())) }
    }

    /// Takes the GIL; blocks until it is free. Should the interpreter be finalised meanwhile, this does not return: pyo3-ffi's
    /// guard parks the thread for ever, or CPython itself does (3.14+).
    pub fn attach(self) -> Attached<'static> {
        // SAFETY: as in `make`.
        let state = unsafe { pyo3_ffi::PyGILState_Ensure() };
        Attached { state: Some(state), _thread: PhantomData }
    }
}

impl Attached<'_> {
    /// For a function that CPython calls.
    ///
    /// # Safety
    /// The calling thread holds the GIL for as long as the value lives.
    pub unsafe fn assume<'py>() -> Attached<'py> {
        Attached { state: None, _thread: PhantomData }
    }

    /// Whether this thread is in the main interpreter now. A pending call need not be: 3.8 makes it in whichever interpreter
    /// the main thread is in, and 3.9-3.11 give it to the interpreter of whoever has the GIL when it is asked for.
    pub fn in_main_interpreter(&self) -> bool {
        // SAFETY: this thread holds the GIL; the functions, present where they are called, only read a pointer.
        unsafe {
            let own = if imports::present(Import::PyInterpreterState_Get) {
                pyo3_ffi::PyInterpreterState_Get()
            } else if imports::present(Import::_PyInterpreterState_Get) {
                imports::_PyInterpreterState_Get()
            } else {
                return true;
            };
            own == imports::PyInterpreterState_Main()
        }
    }

    /// Runs `work`, which must not touch Python, with the GIL released.
    pub fn without_gil(&mut self, work: impl FnOnce()) {
        // SAFETY: this thread holds the GIL.
        let thread = unsafe { pyo3_ffi::PyEval_SaveThread() };
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: the thread state that was saved just now.
        unsafe { pyo3_ffi::PyEval_RestoreThread(thread) };
        // A panic of ours is not the program's business; the GIL is back, which is what counts.
        drop(panicked);
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            // SAFETY: in the same thread. What `PyGILState_Ensure` has counted, and what `PyThreadState_New` has: with the
            // second the thread state goes, and with it the GIL.
            unsafe {
                pyo3_ffi::PyGILState_Release(pyo3_ffi::PyGILState_STATE::PyGILState_LOCKED);
                pyo3_ffi::PyGILState_Release(state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_interpreter_says() {
        let read = |text| parse_version(text, false).map(|v| (v.major, v.minor, v.micro, v.free_threaded));
        assert_eq!(read("3.8.18 (default, Jan 1 2024, 00:00:00) \n[GCC 12.2.0]"), Some((3, 8, 18, false)));
        assert_eq!(read("3.15.0a1+ (heads/main:abc) [GCC]"), Some((3, 15, 0, false)));
        assert_eq!(read("3.13.5 experimental free-threading build (main) [GCC]"), Some((3, 13, 5, true)));
        assert_eq!(read("3.14.0 free-threading build (main) [GCC]"), Some((3, 14, 0, true)));
        assert_eq!(read("2.7.18 (default)"), Some((2, 7, 18, false)));
        assert_eq!(read("nonsense"), None);
    }
}
