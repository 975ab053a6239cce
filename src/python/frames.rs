//! A thread's stack, over the interpreter's own chain of frames.
//!
//! 3.8-3.10 chain frame objects; 3.11 and later chain `_PyInterpreterFrame`s, among them some that are no call of
//! Python code: entries from C, and calls that are still being made ("incomplete", as `_PyFrame_IsIncomplete` has it).
//! Those are passed over. A frame that makes no sense ends the stack, which then says that it is damaged. Creates no
//! frame object, neither blocks nor allocates in the interpreter.

use super::block::Block;
use super::layout::{Layout, NONE};
use super::memory::{Address, Fault, Memory};
use super::threads::{Circle, Thread};
use crate::snapshot::Run;

/// Frames that are walked at most, far beyond any recursion limit that a C stack allows.
const MAX_FRAMES: u32 = 1_000_000;

/// `FRAME_OWNED_BY_GENERATOR` (`internal/pycore_frame.h` 3.11-3.13, `pycore_interpframe_structs.h` 3.14+).
const OWNED_BY_GENERATOR: u8 = 1;

/// The lowest `enum _frameowner` that means "no Python code": `FRAME_OWNED_BY_CSTACK` in 3.12 and 3.13,
/// `FRAME_OWNED_BY_INTERPRETER` in 3.14 and later, none in 3.11.
const OWNED_BY_NO_CODE: u8 = 3;

/// `sizeof(_Py_CODEUNIT)`
const UNIT: usize = 2;

/// The bits of a `_PyStackRef` that are no address (3.14+, `internal/pycore_stackref.h`).
const TAG_BITS: usize = 3;

/// The type objects by which objects are recognised: static, exported by every interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types {
    /// `PyCode_Type`
    pub code: Address,
    /// `PyCell_Type`
    pub cell: Address,
}

/// A call in progress; addresses and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// The frame object (3.8-3.10) or interpreter frame itself.
    pub address: Address,
    /// Its code object, whose type has been checked.
    pub code: Address,
    /// `f_lasti`: how many bytes into the bytecode the current instruction stands; negative before the first.
    pub instruction: i32,
    /// The dict of the module's variables.
    pub globals: Option<Address>,
    /// The mapping of the local names where they are no fast locals: of a module (its globals), a class body, `exec`.
    /// Says nothing where the code has fast locals; see [`scope`](super::code::CodeInfo::scope).
    pub locals: Option<Address>,
    /// The first of the fast locals.
    pub fast: Address,
}

/// Which frames a thread has; the members of [`snapshot::Thread`](crate::snapshot::Thread) of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Of the frames, outermost first.
    pub frames: Run,
    /// How many were left out …
    pub omitted: u64,
    /// … after this many of `frames`.
    pub omitted_after: u32,
    /// The walk stopped before the outermost frame.
    pub damaged: bool,
}

/// Appends the frames of a thread to `frames`, outermost first: all, or of more than `limit` the outermost and the
/// innermost half.
pub fn stack<M: Memory>(
    memory: M,
    layout: &Layout,
    types: &Types,
    thread: &Thread,
    limit: u32,
    frames: &mut Vec<RawFrame>,
) -> Stack {
    let first = frames.len();
    let limit = limit.max(2) as usize;
    // From `first` on: the innermost, then a ring of those that were met last.
    let (outer, inner) = (limit / 2, limit - limit / 2);
    let mut met = 0;
    let mut damaged = false;
    let mut circle = Circle::new();
    let mut next = innermost(memory, layout, thread.address);
    loop {
        let address = match next {
            Ok(0) => break,
            Ok(address) => address,
            Err(Fault) => {
                damaged = true;
                break;
            }
        };
        match frame(memory, layout, types, address) {
            Ok((previous, complete)) => {
                if let Some(frame) = complete {
                    if met < limit {
                        frames.push(frame);
                    } else {
                        frames[first + inner + (met - inner) % outer] = frame;
                    }
                    met += 1;
                }
                damaged = circle.closed_by(previous) || circle.steps() >= MAX_FRAMES;
                next = if damaged { Ok(0) } else { Ok(previous) };
            }
            Err(Fault) => next = Err(Fault),
        }
    }
    let kept = &mut frames[first..];
    let count = kept.len();
    let omitted = met - count;
    if omitted > 0 {
        // The oldest of the ring stands where the next would have been written.
        kept[inner..].rotate_left((met - inner) % outer);
    }
    kept.reverse();
    Stack {
        frames: Run { first: first as u32, count: count as u32 },
        omitted: omitted as u64,
        omitted_after: if omitted > 0 { outer as u32 } else { 0 },
        damaged,
    }
}

/// The innermost frame of a thread state; 0 where there is none.
pub(super) fn innermost<M: Memory>(memory: M, layout: &Layout, thread: Address) -> Result<Address, Fault> {
    let walk = &layout.walk;
    if walk.thread.cframe == NONE {
        return memory.word(thread + usize::from(walk.thread.frame));
    }
    match memory.word(thread + usize::from(walk.thread.cframe))? {
        0 => Ok(0),
        cframe => memory.word(cframe + usize::from(walk.cframe.frame)),
    }
}

/// The caller's frame, or 0, and the frame itself where it is a call of Python code.
#[inline]
fn frame<M: Memory>(
    memory: M,
    layout: &Layout,
    types: &Types,
    address: Address,
) -> Result<(Address, Option<RawFrame>), Fault> {
    let offsets = &layout.walk.frame;
    let block = Block::<128>::read(
        memory,
        address,
        &[
            offsets.previous,
            offsets.code,
            offsets.instruction,
            offsets.globals,
            offsets.locals,
            offsets.owner,
            offsets.tlbc_index,
        ],
    )?;
    let previous = block.word(offsets.previous)?;
    let owner = if offsets.owner == NONE { 0 } else { block.u8(offsets.owner)? };
    if owner >= OWNED_BY_NO_CODE {
        return Ok((previous, None));
    }
    let mut code = block.pointer(offsets.code)?;
    if layout.version.at_least(14) {
        code &= !TAG_BITS;
    }
    let instruction = if layout.version.at_least(11) {
        let copy = if offsets.tlbc_index == NONE { 0 } else { block.i32(offsets.tlbc_index)? };
        let pointer = block.word(offsets.instruction)?;
        match instruction(memory, layout, types, code, copy, pointer)? {
            // A generator's frame has always been made.
            Traced { made: false, .. } if owner != OWNED_BY_GENERATOR => return Ok((previous, None)),
            Traced { offset, .. } => offset,
        }
    } else {
        last_instruction(memory, layout, types, code, block.i32(offsets.instruction)?)?
    };
    let some = |address| if address == 0 { None } else { Some(address) };
    let frame = RawFrame {
        address,
        code,
        instruction,
        globals: some(block.word(offsets.globals)?),
        locals: some(block.word(offsets.locals)?),
        fast: address + usize::from(offsets.localsplus),
    };
    Ok((previous, Some(frame)))
}

/// Where a frame stands in its bytecode, in bytes, and whether the first `RESUME` has been reached.
struct Traced {
    offset: i32,
    made: bool,
}

/// 3.11+: `pointer` points to the current instruction (3.13+) or to the code unit before the next (3.11, 3.12), in the
/// code object or in the copy of that number.
#[inline]
fn instruction<M: Memory>(
    memory: M,
    layout: &Layout,
    types: &Types,
    code: Address,
    copy: i32,
    pointer: usize,
) -> Result<Traced, Fault> {
    let offsets = &layout.walk.code;
    let kind = layout.objects.object_type;
    let members = [kind, offsets.unit_count, offsets.first_traceable, offsets.tlbc];
    let block = Block::<256>::read(memory, code, &members)?;
    if block.word(kind)? != types.code {
        return Err(Fault);
    }
    let start = match usize::try_from(copy).map_err(|_| Fault)? {
        // The first of the copies is the code object's own.
        0 => code + usize::from(offsets.bytecode),
        copy => {
            let copies = block.pointer(offsets.tlbc)?;
            if copy >= memory.word(copies + usize::from(layout.walk.tlbc.size))? {
                return Err(Fault);
            }
            memory.pointer(copies + usize::from(layout.walk.tlbc.entries) + copy * 8)?
        }
    };
    let length = block.word(offsets.unit_count)?.checked_mul(UNIT).ok_or(Fault)?;
    let offset = pointer.wrapping_sub(start) as isize;
    let before_the_first = -(UNIT as isize);
    if offset % UNIT as isize != 0 || offset < before_the_first || offset >= length as isize {
        return Err(Fault);
    }
    let offset = i32::try_from(offset).map_err(|_| Fault)?;
    let first_traceable = block.i32(offsets.first_traceable)?;
    Ok(Traced { offset, made: offset / UNIT as i32 >= first_traceable })
}

/// 3.8-3.10: `f_lasti` counts bytes, in 3.10 code units; -1 before the first instruction.
#[inline]
fn last_instruction<M: Memory>(
    memory: M,
    layout: &Layout,
    types: &Types,
    code: Address,
    last: i32,
) -> Result<i32, Fault> {
    let kind = layout.objects.object_type;
    let block = Block::<256>::read(memory, code, &[kind, layout.walk.code.bytecode])?;
    if block.word(kind)? != types.code {
        return Err(Fault);
    }
    if last < 0 {
        return Ok(-1);
    }
    let offset = if layout.version.at_least(10) { last.checked_mul(UNIT as i32).ok_or(Fault)? } else { last };
    let bytecode = block.pointer(layout.walk.code.bytecode)?;
    let length = memory.signed(bytecode + usize::from(layout.objects.var_size))?;
    if (offset as isize) < length { Ok(offset) } else { Err(Fault) }
}

#[cfg(test)]
mod tests;
