//! Becomes the command, and closes the window in which the trigger signal would end it.
//!
//! From `exec` on, until the library's constructor has run, the signal has its default action. So it is ignored
//! before `exec`, which keeps that, and the constructor is told in [`HANDOVER_VARIABLE`] to undo it.

#![allow(unsafe_code)]

use std::env;
use std::ffi::{CString, OsStr, OsString, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use tripod::config::{HANDOVER_VARIABLE, Handover};

/// Sets the variables and executes `program` with `arguments`, the first of which is its name. Returns only on an
/// error, with the signal's disposition as it was before.
pub(crate) fn exec(
    program: &Path,
    arguments: &[OsString],
    variables: &[(&str, OsString)],
    signal: Option<c_int>,
) -> io::Error {
    let (program, arguments) = match strings(program, arguments) {
        Ok(strings) => strings,
        Err(error) => return error,
    };
    let mut argv: Vec<_> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    argv.push(ptr::null());

    let was_default = signal.is_some_and(ignore);
    let handover = Handover { pid: std::process::id(), was_default }.to_value();
    let handover = (HANDOVER_VARIABLE, OsString::from(handover));
    for (name, value) in variables.iter().chain([&handover]) {
        // SAFETY: this process has one thread, so nobody reads the environment at this moment.
        unsafe { env::set_var(name, value) };
    }
    // SAFETY: `program` is a C string and `argv` an array of C strings with a null pointer at its end; all of them
    // live until the call returns, if it does.
    unsafe { libc::execvp(program.as_ptr(), argv.as_ptr()) };
    let error = io::Error::last_os_error();
    if let (Some(signal), true) = (signal, was_default) {
        // SAFETY: SIG_DFL is a valid disposition and runs no code of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    error
}

/// Ignores a signal; whether it had its default action before.
fn ignore(signal: c_int) -> bool {
    // SAFETY: SIG_IGN is a valid disposition and runs no code of ours. An error changes nothing and is not SIG_DFL.
    unsafe { libc::signal(signal, libc::SIG_IGN) == libc::SIG_DFL }
}

fn strings(program: &Path, arguments: &[OsString]) -> io::Result<(CString, Vec<CString>)> {
    let string = |text: &OsStr| Ok::<_, io::Error>(CString::new(text.as_bytes())?);
    let arguments = arguments.iter().map(|argument| string(argument)).collect::<io::Result<_>>()?;
    Ok((string(program.as_os_str())?, arguments))
}
