//! What tests/walk.rs loads into each interpreter: walks all threads and says what it saw, as lines of text.
//!
//! Loaded with `ctypes.PyDLL`, which keeps the GIL during a call; tests/probes/walk.py is the other half.
#![allow(unsafe_code)]

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tripod::python::code::{Codes, Scope};
use tripod::python::frames::{Types, stack};
use tripod::python::layout::{Layout, Version};
use tripod::python::memory::{Checked, Held, Memory};
use tripod::python::threads::interpreters;
use tripod::snapshot::{Arena, Role};

/// What Python tells about its interpreter; tests/probes/walk.py has the same structure.
#[repr(C)]
pub struct Target {
    runtime: usize,
    code_type: usize,
    cell_type: usize,
    minor: u8,
    micro: u8,
    free_threaded: u8,
    debug: u8,
    /// Read through the kernel.
    checked: u8,
    /// Frames shown of a thread.
    limit: u32,
}

impl Target {
    fn version(&self) -> Version {
        Version {
            major: 3,
            minor: self.minor,
            micro: self.micro,
            free_threaded: self.free_threaded != 0,
            debug: self.debug != 0,
        }
    }

    fn types(&self) -> Types {
        Types { code: self.code_type, cell: self.cell_type }
    }
}

/// Everything that a dump would read, but values.
fn walk<M: Memory>(memory: M, target: &Target, out: &mut String) -> Result<(), String> {
    let layout = Layout::find(memory, target.runtime, target.version()).map_err(|r| format!("{r:?}"))?;
    let types = target.types();
    let interpreters = interpreters(memory, &layout, target.runtime).map_err(|f| format!("{f:?}"))?;
    if interpreters.damaged {
        return Err("the interpreters are damaged".to_string());
    }
    let (mut codes, mut arena) = (Codes::new(), Arena::default());
    let (mut frames, mut shown) = (Vec::new(), Vec::new());
    let mut stacks = Vec::new();
    for interpreter in &interpreters.all {
        if interpreter.threads.damaged {
            return Err("the threads are damaged".to_string());
        }
        for thread in &interpreter.threads.all {
            let stack = stack(memory, &layout, &types, thread, target.limit, &mut frames);
            stacks.push((interpreter, *thread, stack));
        }
    }
    for (interpreter, thread, stack) in stacks {
        line(
            out,
            format_args!(
                "T\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                thread.ident,
                thread.native_id.unwrap_or(0),
                thread.main,
                interpreter.id,
                interpreter.modules.unwrap_or(0),
                interpreter.shares_gil_with_main,
                stack.omitted,
                stack.omitted_after,
                stack.damaged
            ),
        );
        for frame in &frames[stack.frames.range()] {
            let index = codes
                .find(memory, &layout, frame.code, &mut shown, &mut arena)
                .map_err(|_| format!("code object at {:#x} cannot be read", frame.code))?;
            let position = codes.position(memory, &layout, index, frame.instruction);
            let info = *codes.info(index).ok_or("a code object has no index")?;
            let code = shown[index as usize];
            let scope = match info.scope(frame) {
                Scope::Function => "function",
                Scope::Module => "module",
                Scope::Class => "class",
            };
            let (start, end) =
                position.columns.map_or((-1, -1), |(start, end)| (i64::from(start), i64::from(end)));
            line(
                out,
                format_args!(
                    "F\t{}\t{}\t{}\t{}\t{}\t{}\t{scope}\t{}\t{}\t{}\t{}",
                    arena.text(code.file),
                    arena.text(code.name),
                    position.line,
                    position.end_line.map_or(-1, i64::from),
                    start,
                    end,
                    frame.instruction,
                    frame.code,
                    frame.globals.unwrap_or(0),
                    frame.locals.unwrap_or(0),
                ),
            );
            codes
                .variables(memory, &layout, &types, frame, index, |slot, object| {
                    let role = match slot.role {
                        Role::Argument => "argument",
                        Role::VarPositional => "*",
                        Role::VarKeyword => "**",
                        Role::Local | Role::Global => "local",
                    };
                    line(out, format_args!("V\t{}\t{role}\t{object}", arena.text(slot.name)));
                })
                .map_err(|_| format!("fast locals at {:#x} cannot be read", frame.fast))?;
        }
    }
    Ok(())
}

fn line(out: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{words}");
}

/// The same without the text: what the walk itself costs. Gives the number of frames and variables.
fn count<M: Memory>(memory: M, target: &Target) -> Option<(usize, usize)> {
    let layout = Layout::find(memory, target.runtime, target.version()).ok()?;
    let types = target.types();
    let interpreters = interpreters(memory, &layout, target.runtime).ok()?;
    let (mut codes, mut arena) = (Codes::new(), Arena::default());
    let (mut frames, mut shown, mut variables) = (Vec::new(), Vec::new(), 0);
    for thread in interpreters.all.iter().flat_map(|interpreter| &interpreter.threads.all) {
        stack(memory, &layout, &types, thread, target.limit, &mut frames);
    }
    for frame in &frames {
        let index = codes.find(memory, &layout, frame.code, &mut shown, &mut arena).ok()?;
        codes.position(memory, &layout, index, frame.instruction);
        codes.variables(memory, &layout, &types, frame, index, |_, _| variables += 1).ok()?;
    }
    Some((frames.len(), variables))
}

fn held() -> Held {
    // SAFETY: the functions below ask their callers to hold the GIL and not to let other threads of a free-threaded
    // interpreter run Python code; addresses come from Python itself.
    unsafe { Held::new() }
}

/// Writes what the walk saw into `into`, as UTF-8, and gives its length; a complaint where that is negative.
///
/// # Safety
/// `target` is true of the running interpreter, `into` has room for `capacity` bytes, and the GIL is held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_walk(target: &Target, into: *mut u8, capacity: usize) -> isize {
    let walked = catch_unwind(AssertUnwindSafe(|| {
        let mut out = String::new();
        let walked = match target.checked {
            0 => walk(held(), target, &mut out),
            _ => walk(Checked::new(), target, &mut out),
        };
        walked.map(|()| out)
    }));
    let (sign, words) = match walked {
        Ok(Ok(out)) => (1, out),
        Ok(Err(complaint)) => (-1, complaint),
        Err(_) => (-1, "panicked".to_string()),
    };
    if words.len() > capacity {
        return 0;
    }
    // SAFETY: the caller gave room for `capacity` bytes, and `words` is ours.
    unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), into, words.len()) };
    sign * words.len() as isize
}

/// Writes line, last line, first and last column (-1 for none) of `count` instructions of the code object at `code`, two
/// bytes apart, into `into`, and gives 0.
///
/// # Safety
/// As [`probe_walk`]; `into` has room for `4 * count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_positions(target: &Target, code: usize, into: *mut i32, count: usize) -> i32 {
    let read = catch_unwind(AssertUnwindSafe(|| {
        let memory = held();
        let layout = Layout::find(memory, target.runtime, target.version()).ok()?;
        let (mut codes, mut arena, mut shown) = (Codes::new(), Arena::default(), Vec::new());
        let index = codes.find(memory, &layout, code, &mut shown, &mut arena).ok()?;
        let mut numbers = Vec::with_capacity(4 * count);
        for unit in 0..count as i32 {
            let position = codes.position(memory, &layout, index, unit * 2);
            let (start, end) = position.columns.map_or((-1, -1), |(start, end)| (start as i32, end as i32));
            let end_line = position.end_line.map_or(-1, |line| line as i32);
            numbers.extend([position.line as i32, end_line, start, end]);
        }
        Some(numbers)
    }));
    let Ok(Some(numbers)) = read else { return -1 };
    // SAFETY: the caller gave room for that many numbers.
    unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr(), into, numbers.len()) };
    0
}

/// Walks `rounds` times and gives the shortest time, in nanoseconds, with the numbers of frames and variables.
///
/// # Safety
/// As [`probe_walk`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_time(target: &Target, rounds: u32, counts: &mut [usize; 2]) -> u64 {
    let mut shortest = u64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        let counted = match target.checked {
            0 => count(held(), target),
            _ => count(Checked::new(), target),
        };
        shortest = shortest.min(start.elapsed().as_nanos() as u64);
        let Some((frames, variables)) = counted else { return 0 };
        *counts = [frames, variables];
    }
    shortest
}
