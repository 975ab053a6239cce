//! A callback in Python's `atexit`, registered without a trace that Python code could see.
//!
//! From 3.10 on the callbacks belong to the interpreter: `atexit.register` is called as the C function that it is, out of
//! the module's definition, without importing the module. On 3.8 and 3.9 they belong to the module, which is imported.
//! The function object that is registered is untracked, so that `gc.get_objects` does not know it.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::panic::catch_unwind;
use std::ptr;
use std::sync::OnceLock;

use pyo3_ffi as ffi;

use super::Attached;
use super::imports::{self, Import};
use super::memory::{Address, Fault, Held, Memory};

/// What the callback does.
pub type Callback = fn(&mut Attached<'_>);

/// Why it could not be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRegistered;

struct Definition(UnsafeCell<ffi::PyMethodDef>);

// SAFETY: the interpreter only reads it.
unsafe impl Sync for Definition {}

static DEFINITION: Definition = Definition(UnsafeCell::new(ffi::PyMethodDef {
    ml_name: c"tripod".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
    ml_flags: ffi::METH_NOARGS,
    ml_doc: ptr::null(),
}));

static CALLBACK: OnceLock<Callback> = OnceLock::new();

unsafe extern "C" fn call(_this: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let _ = catch_unwind(|| {
        if let Some(callback) = CALLBACK.get() {
            // SAFETY: the interpreter calls its functions with the GIL held.
            callback(&mut unsafe { Attached::assume() });
        }
    });
    none()
}

/// A new reference to `None`.
fn none() -> *mut ffi::PyObject {
    match imports::symbol(c"_Py_NoneStruct") {
        Some(none) => {
            let none = none as *mut ffi::PyObject;
            // SAFETY: the address is that of the object `None`.
            unsafe { ffi::Py_IncRef(none) };
            none
        }
        // Cannot be: every CPython exports it. A null result without an exception is reported, and the exit goes on.
        None => ptr::null_mut(),
    }
}

/// Registers `callback` with the main interpreter. Allocates a few objects; runs no Python code but, on 3.8 and 3.9, the import
/// of a built-in module.
///
/// # Errors
/// [`NotRegistered`] where the interpreter has no `atexit` or is out of memory. No exception is left set.
pub fn register(_attached: &Attached<'_>, callback: Callback) -> Result<(), NotRegistered> {
    let _ = CALLBACK.set(callback);
    // SAFETY: the GIL is held; every object is checked before it is used, and those made here are given back once.
    unsafe {
        let register = find_register();
        let function = imports::PyCFunction_NewEx(DEFINITION.0.get(), ptr::null_mut(), ptr::null_mut());
        let arguments = if function.is_null() { ptr::null_mut() } else { ffi::PyTuple_Pack(1, function) };
        let mut result = ptr::null_mut();
        if !register.is_null() && !arguments.is_null() {
            result = ffi::PyObject_Call(register, arguments, ptr::null_mut());
        }
        if result.is_null() {
            ffi::PyErr_Clear();
            ffi::Py_DecRef(function);
        } else {
            // Our reference to it is kept: an untracked function must never be deallocated.
            ffi::PyObject_GC_UnTrack(function.cast());
        }
        for object in [register, arguments, result] {
            ffi::Py_DecRef(object);
        }
        if result.is_null() { Err(NotRegistered) } else { Ok(()) }
    }
}

/// `atexit.register`, a new reference, or null.
///
/// # Safety
/// The GIL is held.
unsafe fn find_register() -> *mut ffi::PyObject {
    if let Some(version) = super::version()
        && version.at_least(10)
        && imports::present(Import::PyInit_atexit)
    {
        // SAFETY: gives the module's definition, a static object, and makes nothing.
        let definition = unsafe { imports::PyInit_atexit() };
        // SAFETY: the definition is static.
        let memory = unsafe { Held::new() };
        let Ok(method) = method_of(memory, definition as Address, version.free_threaded) else {
            return ptr::null_mut();
        };
        // SAFETY: a method definition of the interpreter's own, static; from 3.10 on it makes no use of its module.
        return unsafe {
            imports::PyCFunction_NewEx(method as *mut ffi::PyMethodDef, ptr::null_mut(), ptr::null_mut())
        };
    }
    // SAFETY: the GIL is held; the module is given back once.
    unsafe {
        let module = ffi::PyImport_ImportModule(c"atexit".as_ptr());
        if module.is_null() {
            ffi::PyErr_Clear();
            return ptr::null_mut();
        }
        let register = ffi::PyObject_GetAttrString(module, c"register".as_ptr());
        ffi::Py_DecRef(module);
        register
    }
}

/// The address of the `PyMethodDef` of `register` in a `PyModuleDef` (`moduleobject.h`, `methodobject.h`, the same in
/// 3.10-3.15: after the object head come `m_init`, `m_index`, `m_copy`, `m_name`, `m_doc`, `m_size`, `m_methods`).
fn method_of(memory: Held, definition: Address, free_threaded: bool) -> Result<Address, Fault> {
    const WORD: usize = size_of::<usize>();
    let head = if free_threaded { 4 * WORD } else { 2 * WORD };
    let kind = memory.pointer(definition + head - WORD)?;
    if Some(kind) != imports::symbol(c"PyModuleDef_Type") {
        return Err(Fault);
    }
    let methods = memory.pointer(definition + head + 6 * WORD)?;
    for method in (methods..).step_by(size_of::<ffi::PyMethodDef>()).take(64) {
        if memory.c_string(memory.pointer(method)?, 64)? == b"register" {
            return Ok(method);
        }
    }
    Err(Fault)
}
