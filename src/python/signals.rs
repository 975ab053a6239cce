//! What Python says of a signal whose handler it does not know.
//!
//! While it is initialised, CPython looks once what is done on each signal (`Modules/signalmodule.c`). A handler that is
//! no Python function is `None` to it, and `signal.signal(number, None)` fails: a script that puts back what it found
//! would end with an error that it has not without Tripod. So Python's own table is set to what it would have had.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_long};
use std::ptr;

use pyo3_ffi as ffi;

use super::Attached;
use super::imports;

/// What was done on a signal before there was a handler of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignored,
}

/// A Python exception is set, of a signal handler of the script's that has run meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised;

/// Has Python say `disposition` of `signal`, where it says `None` so far; the kernel then does that, too, and the caller puts
/// its handler back. In the main thread of the main interpreter. Runs no Python code but handlers of signals that have
/// come already.
///
/// # Errors
/// [`Raised`]: the exception is the script's, and is left set.
pub fn declare(_attached: &Attached<'_>, signal: c_int, disposition: Disposition) -> Result<(), Raised> {
    // SAFETY: the GIL is held; what is used is checked, and what is made here is given back once.
    unsafe {
        let modules = ffi::PyImport_GetModuleDict();
        // Borrowed. Where the interpreter was told to leave signals alone the module is not there yet.
        let module = ffi::PyDict_GetItemString(modules, c"_signal".as_ptr());
        if module.is_null() {
            return Ok(());
        }
        let number = ffi::PyLong_FromLong(c_long::from(signal));
        let name = match disposition {
            Disposition::Default => c"SIG_DFL",
            Disposition::Ignored => c"SIG_IGN",
        };
        let action = attribute(module, name);
        let mut raised = false;
        if !number.is_null() && !action.is_null() {
            let known = call(module, c"getsignal", &[number]);
            if Some(known as usize) == imports::symbol(c"_Py_NoneStruct") {
                let before = call(module, c"signal", &[number, action]);
                raised = before.is_null();
                ffi::Py_DecRef(before);
            }
            ffi::Py_DecRef(known);
        }
        ffi::Py_DecRef(action);
        ffi::Py_DecRef(number);
        if raised {
            return Err(Raised);
        }
        ffi::PyErr_Clear();
    }
    Ok(())
}

/// A new reference, or null.
///
/// # Safety
/// The GIL is held, `object` is alive.
unsafe fn attribute(object: *mut ffi::PyObject, name: &CStr) -> *mut ffi::PyObject {
    // SAFETY: by the contract.
    unsafe { ffi::PyObject_GetAttrString(object, name.as_ptr()) }
}

/// Calls a function of C with one or two arguments. A new reference, or null.
///
/// # Safety
/// The GIL is held, the objects are alive.
unsafe fn call(
    module: *mut ffi::PyObject,
    name: &CStr,
    arguments: &[*mut ffi::PyObject],
) -> *mut ffi::PyObject {
    // SAFETY: by the contract; the rest is checked.
    unsafe {
        let function = attribute(module, name);
        let tuple = match *arguments {
            [first] => ffi::PyTuple_Pack(1, first),
            [first, second] => ffi::PyTuple_Pack(2, first, second),
            _ => ptr::null_mut(),
        };
        let mut result = ptr::null_mut();
        if !function.is_null() && !tuple.is_null() {
            let kind = ffi::PyObject_Type(function);
            // A function that is not of C is the script's, and none of ours to call.
            if Some(kind as usize) == imports::symbol(c"PyCFunction_Type") {
                result = ffi::PyObject_Call(function, tuple, ptr::null_mut());
            }
            ffi::Py_DecRef(kind);
        }
        ffi::Py_DecRef(function);
        ffi::Py_DecRef(tuple);
        result
    }
}
