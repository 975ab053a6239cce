//! A free-threaded interpreter whose threads all stand still.
//!
//! `_PyEval_StopTheWorld` (`internal/pycore_pystate.h`, exported from 3.14 on) waits until every other thread of an
//! interpreter has come to a safe point or is detached, and keeps it there. Blocks until they have.
#![allow(unsafe_code)]

use super::Attached;
use super::imports::{self, Import};
use super::memory::Address;
use std::marker::PhantomData;

/// Proof that the threads of one interpreter stand still; they go on when it is dropped.
#[derive(Debug)]
pub struct StoppedWorld<'a> {
    interpreter: *mut pyo3_ffi::PyInterpreterState,
    _attached: PhantomData<&'a Attached<'a>>,
}

impl<'a> StoppedWorld<'a> {
    /// Stops the threads of the interpreter at that address, which has to be the one that this thread is attached to.
    /// `None` where this version exports no way to do so.
    pub fn stop(_attached: &'a Attached<'_>, interpreter: Address) -> Option<StoppedWorld<'a>> {
        if !imports::present(Import::_PyEval_StopTheWorld) || !imports::present(Import::_PyEval_StartTheWorld)
        {
            return None;
        }
        let interpreter = interpreter as *mut pyo3_ffi::PyInterpreterState;
        // SAFETY: this thread is attached to the interpreter, whose address comes from the runtime's own list.
        unsafe { imports::_PyEval_StopTheWorld(interpreter) };
        Some(StoppedWorld { interpreter, _attached: PhantomData })
    }
}

impl Drop for StoppedWorld<'_> {
    fn drop(&mut self) {
        // SAFETY: `stop` has stopped this interpreter's threads, and this thread is still attached.
        unsafe { imports::_PyEval_StartTheWorld(self.interpreter) };
    }
}
