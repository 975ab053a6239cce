//! The constructor: what runs in every process that the library is loaded into, before its `main`.
//!
//! A process that is no Python gets nothing: one symbol is looked up and nothing else happens, but that a signal which
//! `tripod-preload` had ignored over `exec` is put back. In a Python, settings are read, the handler is installed and
//! the agent's thread is started; the interpreter is not touched.
//!
//! Runs in the only thread there is; may allocate once it is known that this is a Python.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::panic::catch_unwind;

use crate::config::{self, Config, HANDOVER_VARIABLE, Handover, SignalRange, signal};
use crate::python::{self, Refusal, imports};

use super::trigger;

#[ctor::ctor(unsafe)]
fn boot() {
    if !crate::linkage::available() {
        return;
    }
    if imports::python_here() {
        // A panic of ours must not end the program, nor say anything.
        let _ = catch_unwind(|| {
            std::panic::set_hook(Box::new(|_| {}));
            boot_in_python();
        });
    } else if let Some(handover) = handover().filter(|handover| handover.pid == std::process::id()) {
        restore(handover, chosen_signal());
    }
}

fn boot_in_python() {
    let start = trigger::now();
    let range = signal_range();
    let handover = handover();
    let started_by_wrapper = handover.is_some_and(|Handover { pid, .. }| {
        // SAFETY: `getppid` has no preconditions.
        let parent = unsafe { libc::getppid() };
        pid == std::process::id() || i32::try_from(pid) == Ok(parent)
    });
    if handover.is_some() {
        // It is for this process alone. SAFETY: no other thread is there yet to read the environment.
        unsafe { std::env::remove_var(HANDOVER_VARIABLE) };
    }
    let handover = handover.filter(|handover| handover.pid == std::process::id());
    if let Err(refusal) = python::open() {
        if started_by_wrapper {
            say(&refused(refusal));
        }
        if let Some(handover) = handover {
            restore(handover, chosen_signal());
        }
        return;
    }
    let (config, warnings) = Config::from_env(|name| std::env::var_os(name), range);
    for warning in &warnings {
        say(&format!("[Tripod] {warning}"));
    }
    trigger::prepare();
    let ignored_by_wrapper = handover.is_some_and(|handover| handover.was_default);
    match config.signal.map(|signal| trigger::install(signal, ignored_by_wrapper)) {
        Some(Err(error)) => say(&format!("[Tripod] no dump on demand: {error}")),
        Some(Ok(())) => {}
        None => {
            if let Some(handover) = handover {
                restore(handover, None);
            }
        }
    }
    let banner = started_by_wrapper && !config.quiet;
    let started = super::start(config, start, |config, log| {
        if banner {
            say(&config::trigger_line(config, std::process::id(), range));
            say(&config::output_line(log));
        }
    });
    if let Err(error) = started {
        say(&format!("[Tripod] no dumps: the thread could not be started: {error}"));
    }
}

fn refused(refusal: Refusal) -> String {
    let version = imports::version_text();
    let version = version.split(' ').next().unwrap_or_default();
    match refusal {
        Refusal::TooOld => format!("[Tripod] no dumps: Python {version} is older than 3.8"),
        Refusal::Unknown => "[Tripod] no dumps: this is not a CPython".to_owned(),
        Refusal::Incomplete => format!("[Tripod] no dumps: Python {version} hides its C API"),
    }
}

/// What `tripod-preload` said. Allocates nothing.
fn handover() -> Option<Handover> {
    Handover::parse(environment(HANDOVER_VARIABLE)?.to_bytes())
}

/// The signal that `TRIPOD_SIGNAL` chooses, its default where that is bad. Allocates nothing.
fn chosen_signal() -> Option<i32> {
    match environment("TRIPOD_SIGNAL").map(CStr::to_str) {
        Some(Ok(text)) if !text.is_empty() => {
            signal::parse(text, signal_range()).unwrap_or(Some(libc::SIGUSR2))
        }
        _ => Some(libc::SIGUSR2),
    }
}

fn environment(name: &str) -> Option<&'static CStr> {
    let mut terminated = [0_u8; 32];
    terminated.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    let name = CStr::from_bytes_until_nul(&terminated).ok()?;
    // SAFETY: a C string.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: a C string of the environment, which nothing changes while the constructor runs but `boot_in_python`,
    // which has no value in hand by then.
    Some(unsafe { CStr::from_ptr(value) })
}

/// Puts the trigger signal back to what it was before the wrapper ignored it.
fn restore(handover: Handover, signal: Option<i32>) {
    if let Some(signal) = signal.filter(|_| handover.was_default) {
        // SAFETY: sets a disposition that is always allowed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// The C library's real-time signals.
pub(super) fn signal_range() -> SignalRange {
    SignalRange { min: libc::SIGRTMIN(), max: libc::SIGRTMAX() }
}

/// Writes a line to standard error, from the main thread before the program's own start.
fn say(line: &str) {
    let Ok(line) = CString::new(format!("{line}\n")) else { return };
    let bytes = line.as_bytes();
    // SAFETY: the bytes are alive. Where standard error is closed, nothing happens.
    unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
}
