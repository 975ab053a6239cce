//! The C-API functions that the agent calls, without linking to any libpython.
//!
//! For each name a hidden local stub of that name jumps through [`TABLE`], which [`resolve`] fills with what `dlsym`
//! finds. pyo3-ffi's own `extern` declarations link against the stubs, so that the agent makes plain
//! `pyo3_ffi::PyGILState_Ensure()` calls while `nm -D` shows no `Py` symbol and the library loads into any process.
//!
//! A name that this interpreter lacks is a null slot: ask [`present`] before calling one that is not in [`REQUIRED`].
//! Only `resolve` allocates or blocks (in the dynamic linker); it runs in the constructor.
#![allow(unsafe_code)]

use std::arch::global_asm;
use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::memory::Address;

macro_rules! imports {
    ($count:literal: $($index:literal $name:ident)*) => {
        static TABLE: [AtomicUsize; $count] = [const { AtomicUsize::new(0) }; $count];

        const NAMES: [&CStr; $count] = [$(
            // The literal ends in the only NUL.
            match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) { Ok(name) => name, Err(_) => c"" }
        ),*];

        /// A function of the C API.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Import { $(
            #[allow(missing_docs)]
            $name = $index
        ),* }

        $(
            #[cfg(target_arch = "x86_64")]
            global_asm!(
                ".pushsection .text",
                concat!(".globl ", stringify!($name)),
                concat!(".hidden ", stringify!($name)),
                concat!(".type ", stringify!($name), ",@function"),
                concat!(stringify!($name), ":"),
                concat!("jmp *{table}+8*", $index, "(%rip)"),
                ".popsection",
                table = sym TABLE,
                options(att_syntax)
            );
            #[cfg(target_arch = "aarch64")]
            global_asm!(
                ".pushsection .text",
                concat!(".globl ", stringify!($name)),
                concat!(".hidden ", stringify!($name)),
                concat!(".type ", stringify!($name), ",%function"),
                concat!(stringify!($name), ":"),
                concat!("adrp x16, {table}+8*", $index),
                concat!("ldr x16, [x16, :lo12:{table}+8*", $index, "]"),
                "br x16",
                ".popsection",
                table = sym TABLE,
            );
        )*
    };
}

imports! { 32:
    0 Py_IsInitialized
    1 Py_GetVersion
    2 PyGILState_Ensure
    3 PyGILState_Release
    4 Py_AddPendingCall
    5 PyEval_SaveThread
    6 PyEval_RestoreThread
    7 PyCFunction_NewEx
    8 PyObject_Call
    9 PyObject_GC_UnTrack
    10 PyObject_GetAttrString
    11 PyImport_GetModuleDict
    12 PyTuple_Pack
    13 Py_IncRef
    14 Py_DecRef
    15 PyErr_Clear
    16 PyInit_atexit
    17 Py_IsFinalizing
    18 _Py_IsFinalizing
    19 _PyEval_StopTheWorld
    20 _PyEval_StartTheWorld
    21 PyDict_GetItemString
    22 _Py_PyAtExit
    23 PyLong_FromLong
    24 PyObject_Type
    25 PyGILState_GetThisThreadState
    26 Py_AtExit
    27 PyInterpreterState_Main
    28 _PyInterpreterState_Get
    29 PyInterpreterState_Get
    30 PyThreadState_New
    31 PyMem_GetAllocator
}

/// What every version from 3.8 on has and the agent cannot do without.
const REQUIRED: &[Import] = &[
    Import::Py_IsInitialized,
    Import::Py_GetVersion,
    Import::PyGILState_Ensure,
    Import::PyGILState_Release,
    Import::Py_AddPendingCall,
    Import::PyEval_SaveThread,
    Import::PyEval_RestoreThread,
    Import::PyCFunction_NewEx,
    Import::PyObject_Call,
    Import::PyObject_GC_UnTrack,
    Import::PyObject_GetAttrString,
    Import::PyImport_GetModuleDict,
    Import::PyDict_GetItemString,
    Import::PyTuple_Pack,
    Import::Py_IncRef,
    Import::Py_DecRef,
    Import::PyErr_Clear,
    Import::PyLong_FromLong,
    Import::PyObject_Type,
    Import::Py_AtExit,
    Import::PyInterpreterState_Main,
    Import::PyThreadState_New,
];

// What pyo3-ffi does not declare, or declares by another way than the exported function.
unsafe extern "C" {
    /// `methodobject.h`, 3.8-3.15; pyo3-ffi's goes through `PyCMethod_New`, which 3.8 lacks.
    pub(crate) fn PyCFunction_NewEx(
        definition: *mut pyo3_ffi::PyMethodDef,
        this: *mut pyo3_ffi::PyObject,
        module: *mut pyo3_ffi::PyObject,
    ) -> *mut pyo3_ffi::PyObject;
    /// `Modules/atexitmodule.c`: gives the module's definition, makes no module.
    pub(crate) fn PyInit_atexit() -> *mut pyo3_ffi::PyObject;
    /// `cpython/pylifecycle.h`, 3.8 and 3.9: sets what is called at exit, once for an interpreter.
    pub(crate) fn _Py_PyAtExit(
        function: Option<unsafe extern "C" fn(*mut pyo3_ffi::PyObject)>,
        module: *mut pyo3_ffi::PyObject,
    );
    /// `cpython/pystate.h`, 3.8-3.15; not of the stable ABI.
    pub(crate) fn PyInterpreterState_Main() -> *mut pyo3_ffi::PyInterpreterState;
    /// `cpython/pystate.h`, 3.8: the interpreter of the calling thread, which holds the GIL.
    pub(crate) fn _PyInterpreterState_Get() -> *mut pyo3_ffi::PyInterpreterState;
    /// `pylifecycle.h`, 3.13+.
    fn Py_IsFinalizing() -> c_int;
    /// `cpython/pylifecycle.h`, 3.8-3.12.
    fn _Py_IsFinalizing() -> c_int;
    /// `cpython/pymem.h`, 3.8-3.15.
    pub(crate) fn PyMem_GetAllocator(domain: c_int, allocator: *mut super::allocator::Allocator);
    /// `internal/pycore_pystate.h`, exported from 3.14 on.
    pub(crate) fn _PyEval_StopTheWorld(interpreter: *mut pyo3_ffi::PyInterpreterState);
    /// The end of [`_PyEval_StopTheWorld`].
    pub(crate) fn _PyEval_StartTheWorld(interpreter: *mut pyo3_ffi::PyInterpreterState);
}

/// The address of a symbol, function or data, of whatever this process has loaded for all to see.
pub fn symbol(name: &CStr) -> Option<Address> {
    // SAFETY: a C string; looking a name up changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found as Address)
}

/// As [`symbol`], for a name of at most 62 bytes that is no C string yet.
pub fn symbol_named(name: &str) -> Option<Address> {
    let mut terminated = [0_u8; 64];
    terminated.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    symbol(CStr::from_bytes_until_nul(&terminated).ok()?)
}

/// Whether this process has a Python in it at all: one look-up, and nothing else is done where it fails.
pub fn python_here() -> bool {
    symbol(c"Py_IsInitialized").is_some()
}

/// Fills the table. `false` where a required function is missing.
pub fn resolve() -> bool {
    for (slot, name) in TABLE.iter().zip(NAMES) {
        slot.store(symbol(name).unwrap_or(0), Ordering::Release);
    }
    REQUIRED.iter().all(|&import| present(import))
}

/// Whether this interpreter has `import`.
pub fn present(import: Import) -> bool {
    TABLE[import as usize].load(Ordering::Acquire) != 0
}

/// `Py_IsInitialized`. Any thread, at any time after [`resolve`].
pub fn initialized() -> bool {
    // SAFETY: the function only reads a flag and may be called before initialisation (documented since 3.0).
    unsafe { pyo3_ffi::Py_IsInitialized() != 0 }
}

/// Whether finalisation has begun. Any thread, at any time after [`resolve`].
pub fn finalizing() -> bool {
    if present(Import::Py_IsFinalizing) {
        // SAFETY: it only reads a flag.
        unsafe { Py_IsFinalizing() != 0 }
    } else if present(Import::_Py_IsFinalizing) {
        // SAFETY: as above.
        unsafe { _Py_IsFinalizing() != 0 }
    } else {
        false
    }
}

/// The words of `Py_GetVersion`, such as `3.13.0 (main, Oct 7 2024, …) [GCC …]`.
pub fn version_text() -> String {
    // SAFETY: it gives a static C string and may be called before initialisation.
    let text: *const c_char = unsafe { pyo3_ffi::Py_GetVersion() };
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and a static C string by the API's contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
