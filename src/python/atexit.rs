//! A callback in Python's `atexit`, registered without a trace that Python code could see.
//!
//! From 3.10 on the callbacks belong to the interpreter: `atexit.register` is called as the C function that it is, out of
//! the module's definition, without importing the module. On 3.8 and 3.9 they belong to the module; as long as the script
//! has not imported it, the interpreter's single exit function is ours, and the module takes it when it is imported.
//! Nothing is ever imported: this runs as a pending call, perhaps in the middle of an import of the program's, and importlib
//! cannot be entered twice by one thread. The function object is untracked, so that `gc.get_objects` does not know it.
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

/// As `atexit` calls it.
unsafe extern "C" fn call(_this: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls its functions with the GIL held.
    unsafe { exit_function(ptr::null_mut()) };
    none()
}

/// As the interpreter calls it (3.8, 3.9).
unsafe extern "C" fn exit_function(_module: *mut ffi::PyObject) {
    let _ = catch_unwind(|| {
        if let Some(callback) = CALLBACK.get() {
            // SAFETY: the interpreter calls its functions with the GIL held.
            callback(&mut unsafe { Attached::assume() });
        }
    });
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

/// How long a registration holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// For good.
    Firm,
    /// Until the script imports `atexit`: to be registered again then.
    UntilImport,
}

/// Registers `callback` with the main interpreter. Allocates a few objects; runs no Python code.
///
/// # Errors
/// [`NotRegistered`] where the interpreter has no `atexit` or is out of memory. No exception is left set.
pub fn register(_attached: &Attached<'_>, callback: Callback) -> Result<Registered, NotRegistered> {
    let _ = CALLBACK.set(callback);
    // SAFETY: the GIL is held.
    let module = unsafe { imported_module() };
    if !belongs_to_interpreter() && module.is_null() {
        // A debug build asserts that it is set once.
        if !imports::present(Import::_Py_PyAtExit) || super::version().is_none_or(|version| version.debug) {
            return Err(NotRegistered);
        }
        // SAFETY: the GIL is held; the function takes what it is given here.
        unsafe { imports::_Py_PyAtExit(Some(exit_function), ptr::null_mut()) };
        return Ok(Registered::UntilImport);
    }
    // SAFETY: the GIL is held; every object is checked before it is used, and those made here are given back once.
    unsafe {
        let register = find_register(module);
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
        if result.is_null() { Err(NotRegistered) } else { Ok(Registered::Firm) }
    }
}

/// Has `function` called once, when the interpreter has been finalised and there is no Python any more. Where there are too many
/// such functions (32) it is not.
pub fn register_end(_attached: &Attached<'_>, function: extern "C" fn()) {
    // SAFETY: the GIL is held, which guards the interpreter's list.
    unsafe { ffi::Py_AtExit(Some(function)) };
}

/// Whether callbacks belong to the interpreter rather than to the module (3.10+).
fn belongs_to_interpreter() -> bool {
    super::version().is_some_and(|version| version.at_least(10))
}

/// The module `atexit`, borrowed, or null where nobody has imported it.
///
/// # Safety
/// The GIL is held.
unsafe fn imported_module() -> *mut ffi::PyObject {
    // SAFETY: a borrowed reference to the dict of modules; the look-up by an exact `str` leaves no exception set.
    unsafe { ffi::PyDict_GetItemString(ffi::PyImport_GetModuleDict(), c"atexit".as_ptr()) }
}

/// `atexit.register`, a new reference, or null.
///
/// # Safety
/// The GIL is held, and `module` is what [`imported_module`] gives.
unsafe fn find_register(module: *mut ffi::PyObject) -> *mut ffi::PyObject {
    if belongs_to_interpreter() && imports::present(Import::PyInit_atexit) {
        // SAFETY: gives the module's definition, a static object, and makes nothing.
        let definition = unsafe { imports::PyInit_atexit() };
        // SAFETY: the definition is static.
        let memory = unsafe { Held::new() };
        let free_threaded = super::version().is_some_and(|version| version.free_threaded);
        let Ok(method) = method_of(memory, definition as Address, free_threaded) else {
            return ptr::null_mut();
        };
        // SAFETY: a method definition of the interpreter's own, static; from 3.10 on it makes no use of its module.
        return unsafe {
            imports::PyCFunction_NewEx(method as *mut ffi::PyMethodDef, ptr::null_mut(), ptr::null_mut())
        };
    }
    if module.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the GIL is held and the module is alive.
    unsafe { ffi::PyObject_GetAttrString(module, c"register".as_ptr()) }
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
