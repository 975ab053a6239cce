//! Whether a layout is true of the interpreter at hand.
//!
//! A table of offsets is for the releases it was made from; a distribution may have patched its own. Before anything is
//! read without a net, what must be there is looked for with reads that may fail: the calling thread among the
//! main interpreter's, `sys` among the modules, code that is code under every frame of the main thread. Some hundred
//! system calls, once a process.
#![allow(unsafe_code)]

use super::frames::{self, Types};
use super::known::Known;
use super::layout::{Layout, NONE};
use super::memory::{Address, Checked, Memory};
use super::values::Reader;
use super::{pending, threads};
use crate::redact::Redact;
use crate::snapshot::Arena;

/// Frames of the main thread that are looked at.
const FRAMES: u32 = 16;

/// Whether everything that must be there is. The calling thread holds the GIL, and `own` is its ident.
pub fn holds(layout: &Layout, types: &Types, known: &Known, runtime: Address, own: u64) -> bool {
    let memory = Checked::new();
    let Ok(interpreters) = threads::interpreters(memory, layout, runtime) else { return false };
    let mut mains = interpreters.all.iter().filter(|interpreter| interpreter.id == 0);
    let (Some(main), None) = (mains.next(), mains.next()) else { return false };
    if main.threads.damaged || !main.threads.all.iter().any(|thread| thread.ident == own) {
        return false;
    }
    let redact = Redact::off();
    let mut reader = Reader::new(memory, layout.version, &layout.objects, known, &redact);
    let mut arena = Arena::default();
    let name = main
        .modules
        .and_then(|modules| reader.entry(&mut arena, modules, "sys"))
        .and_then(|sys| reader.global(&mut arena, sys, "__name__"))
        .and_then(|name| reader.words(&mut arena, name));
    if name.is_none_or(|name| arena.text(name) != "sys") {
        return false;
    }
    // A free-threaded main thread may be running, and so be seen in the middle of a call.
    let mut frames = Vec::new();
    let mut main_threads =
        main.threads.all.iter().filter(|thread| thread.main && !layout.version.free_threaded);
    if !main_threads.all(|thread| !frames::stack(memory, layout, types, thread, FRAMES, &mut frames).damaged)
    {
        return false;
    }
    if layout.walk.interpreter.eval_breaker != NONE {
        let eval_breaker = main.address + usize::from(layout.walk.interpreter.eval_breaker);
        if memory.u32(eval_breaker).is_ok_and(|flag| flag <= 1) {
            // SAFETY: the main interpreter lives until the gate has closed, and the flag with it.
            unsafe { pending::set_eval_breaker(eval_breaker) };
        }
    }
    true
}
