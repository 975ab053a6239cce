//! Code objects: what a frame runs, where in the source it stands, and which variables it has.
//!
//! A dump meets the same few code objects again and again, so [`Codes`] reads each once, with the names of its variables,
//! and remembers each position that it has worked out. Objects themselves are not read here: a variable is a name and
//! an address. Neither blocks nor allocates in the interpreter.

pub mod linetable;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use self::linetable::Position;
use super::block::Block;
use super::frames::{RawFrame, Types};
use super::layout::{Layout, Offset};
use super::memory::{Address, Fault, Memory};
use super::text;
use crate::snapshot::{Arena, Code, Role, Run, Text};

/// `CO_OPTIMIZED`: the variables are fast locals (`code.h`, the same in all versions, as the next two).
const CO_OPTIMIZED: u32 = 0x1;
/// `CO_VARARGS`
const CO_VARARGS: u32 = 0x4;
/// `CO_VARKEYWORDS`
const CO_VARKEYWORDS: u32 = 0x8;

/// `CO_FAST_CELL` (`internal/pycore_code.h`, 3.11+, as the next).
const CO_FAST_CELL: u8 = 0x40;
/// `CO_FAST_FREE`
const CO_FAST_FREE: u8 = 0x80;

/// The bits of a `_PyStackRef` that are no address, all set for one that is a number (3.14+, `internal/pycore_stackref.h`).
const TAG_BITS: usize = 3;

/// Variables of one code object that are believed.
const MAX_SLOTS: usize = 1 << 20;

/// Bytes of a line table that are believed: a file of some ten million lines.
const MAX_LINE_TABLE: isize = 64 << 20;

/// Characters kept of a file's name (`PATH_MAX`).
const MAX_FILE: usize = 4096;

/// Characters kept of the name of a function or a variable.
const MAX_NAME: usize = 1000;

/// How the names of a frame's variables are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Fast locals.
    Function,
    /// The names are the module's globals.
    Module,
    /// A mapping of its own: a class body, or `exec` with one.
    Class,
}

/// How a slot of the fast locals holds its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// The value itself.
    Fast,
    /// A cell that this code made, for functions within it.
    Cell,
    /// A cell of a function around it.
    Free,
}

/// A variable of a code object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// In the dump's arena.
    pub name: Text,
    /// Its part.
    pub role: Role,
    /// How it is held.
    pub kind: SlotKind,
    /// Which of the fast locals.
    pub index: u32,
}

/// A code object.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// Where it stands.
    pub address: Address,
    /// `co_flags`
    pub flags: u32,
    /// `co_firstlineno`
    pub first_line: u32,
    /// Where `co_lnotab` or `co_linetable` stands.
    line_table: Address,
    /// In [`Codes::slots`].
    slots: Run,
}

impl CodeInfo {
    /// How the variables of a frame that runs this code are kept.
    pub fn scope(&self, frame: &RawFrame) -> Scope {
        if self.flags & CO_OPTIMIZED != 0 {
            Scope::Function
        } else if frame.locals.is_none() || frame.locals == frame.globals {
            Scope::Module
        } else {
            Scope::Class
        }
    }
}

/// The code objects of one dump.
#[derive(Debug, Default)]
pub struct Codes {
    infos: Vec<CodeInfo>,
    slots: Vec<Slot>,
    known: HashMap<Address, u32, Quick>,
    positions: HashMap<(u32, i32), Position, Quick>,
    scratch: Vec<u8>,
}

impl Codes {
    /// Before the first code object.
    pub fn new() -> Codes {
        Codes::default()
    }

    /// The index of the code object at `address` in `codes`, into which nothing else may be put. Reads it when it is met
    /// for the first time; its names go into `arena`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read or makes no sense.
    pub fn find<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        address: Address,
        codes: &mut Vec<Code>,
        arena: &mut Arena,
    ) -> Result<u32, Fault> {
        if let Some(index) = self.known.get(&address) {
            return Ok(*index);
        }
        let index = u32::try_from(self.infos.len()).map_err(|_| Fault)?;
        let offsets = &layout.walk.code;
        let qualified = if layout.version.at_least(11) { offsets.qualified_name } else { offsets.name };
        let members = [
            offsets.argument_count,
            offsets.keyword_only_count,
            offsets.flags,
            offsets.first_line,
            offsets.file,
            qualified,
            offsets.line_table,
            offsets.variable_names,
            offsets.cell_names,
            offsets.free_names,
            offsets.cell_arguments,
            offsets.slot_names,
            offsets.slot_kinds,
        ];
        let block = Block::<256>::read(memory, address, &members)?;
        let (file, escaped) = words(memory, layout, block.pointer(offsets.file)?, MAX_FILE, arena)?;
        let (name, _) = words(memory, layout, block.pointer(qualified)?, MAX_NAME, arena)?;
        let first_line = u32::try_from(block.i32(offsets.first_line)?).unwrap_or(0);
        let flags = block.i32(offsets.flags)? as u32;
        let first = self.slots.len();
        let read = self.read_slots(memory, layout, &block, flags, arena);
        if read.is_err() {
            self.slots.truncate(first);
        }
        read?;
        let slots = Run { first: first as u32, count: (self.slots.len() - first) as u32 };
        let line_table = block.pointer(offsets.line_table)?;
        self.infos.push(CodeInfo { address, flags, first_line, line_table, slots });
        codes.push(Code { file, name, first_line, escaped });
        self.known.insert(address, index);
        Ok(index)
    }

    /// What is known of the code object of that index.
    pub fn info(&self, index: u32) -> Option<&CodeInfo> {
        self.infos.get(index as usize)
    }

    /// Its variables: arguments in the order of the signature (positional, `*args`, keyword-only, `**kwargs`), then the
    /// others.
    pub fn slots(&self, index: u32) -> &[Slot] {
        self.info(index).and_then(|info| self.slots.get(info.slots.range())).unwrap_or(&[])
    }

    /// Where in the source the instruction at that many bytes of the code stands; line 0 where it stands nowhere or the
    /// table cannot be read.
    pub fn position<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        index: u32,
        instruction: i32,
    ) -> Position {
        if let Some(position) = self.positions.get(&(index, instruction)) {
            return *position;
        }
        let Some(info) = self.infos.get(index as usize) else { return Position::default() };
        let position = match bytes(memory, layout, info.line_table, &mut self.scratch) {
            Err(Fault) => Position::default(),
            Ok(()) => {
                let decode = match layout.version.minor {
                    ..=9 => linetable::of_lnotab,
                    10 => linetable::of_lines,
                    _ => linetable::of_locations,
                };
                decode(&self.scratch, info.first_line, instruction)
            }
        };
        self.positions.insert((index, instruction), position);
        position
    }

    /// Calls `each` with every variable of the frame that is bound, in the order of [`Codes::slots`], and the address of
    /// its object. Cells have been followed. `index` is that of the frame's code object. A class body's own names are
    /// not here but in [`RawFrame::locals`], a module's in [`RawFrame::globals`].
    ///
    /// # Errors
    /// [`Fault`] where the fast locals cannot be read.
    pub fn variables<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        types: &Types,
        frame: &RawFrame,
        index: u32,
        mut each: impl FnMut(Slot, Address),
    ) -> Result<(), Fault> {
        let info = self.infos.get(index as usize).ok_or(Fault)?;
        let slots = self.slots.get(info.slots.range()).ok_or(Fault)?;
        let Some(last) = slots.iter().map(|slot| slot.index as usize).max() else { return Ok(()) };
        self.scratch.clear();
        memory.append(frame.fast, (last + 1) * 8, &mut self.scratch)?;
        let tagged = layout.version.at_least(14);
        for slot in slots {
            let mut value = word(&self.scratch, slot.index as usize)?;
            if tagged {
                value = if value & TAG_BITS == TAG_BITS { 0 } else { value & !TAG_BITS };
            }
            if value == 0 {
                continue;
            }
            match slot.kind {
                SlotKind::Fast => each(*slot, value),
                // As `f_locals` has it, a class body does not own the variables around it.
                SlotKind::Free if info.flags & CO_OPTIMIZED == 0 => {}
                SlotKind::Cell | SlotKind::Free => match content(memory, layout, types, value) {
                    Ok(0) => {}
                    Ok(value) => each(*slot, value),
                    // Shown as what cannot be read, rather than not at all.
                    Err(Fault) => each(*slot, value),
                },
            }
        }
        Ok(())
    }

    /// Appends the variables of a code object to `self.slots`.
    fn read_slots<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        block: &Block<256>,
        flags: u32,
        arena: &mut Arena,
    ) -> Result<(), Fault> {
        let first = self.slots.len();
        if layout.version.at_least(11) {
            self.read_unified_slots(memory, layout, block, arena)?;
        } else {
            self.read_separate_slots(memory, layout, block, arena)?;
        }
        let offsets = &layout.walk.code;
        let count = |offset: Offset| usize::try_from(block.i32(offset)?).map_err(|_| Fault);
        let slots = &mut self.slots[first..];
        order_arguments(slots, count(offsets.argument_count)?, count(offsets.keyword_only_count)?, flags)
    }

    /// 3.11+: one list of names, and a byte for each that says what it is.
    fn read_unified_slots<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        block: &Block<256>,
        arena: &mut Arena,
    ) -> Result<(), Fault> {
        let offsets = &layout.walk.code;
        let names = tuple(memory, layout, block.pointer(offsets.slot_names)?, &mut self.scratch)?;
        bytes(memory, layout, block.pointer(offsets.slot_kinds)?, &mut self.scratch)?;
        for (index, name) in names.into_iter().enumerate() {
            let kind = match *self.scratch.get(index).ok_or(Fault)? {
                kind if kind & CO_FAST_FREE != 0 => SlotKind::Free,
                kind if kind & CO_FAST_CELL != 0 => SlotKind::Cell,
                _ => SlotKind::Fast,
            };
            let (name, _) = words(memory, layout, name, MAX_NAME, arena)?;
            self.slots.push(Slot { name, role: Role::Local, kind, index: index as u32 });
        }
        Ok(())
    }

    /// 3.8-3.10: locals, cells and free variables are three lists, in that order. An argument that lives in a cell is in
    /// two of them; its own slot stays empty.
    fn read_separate_slots<M: Memory>(
        &mut self,
        memory: M,
        layout: &Layout,
        block: &Block<256>,
        arena: &mut Arena,
    ) -> Result<(), Fault> {
        let offsets = &layout.walk.code;
        let first = self.slots.len();
        let mut index = 0;
        for (list, kind) in [
            (offsets.variable_names, SlotKind::Fast),
            (offsets.cell_names, SlotKind::Cell),
            (offsets.free_names, SlotKind::Free),
        ] {
            let names = tuple(memory, layout, block.pointer(list)?, &mut self.scratch)?;
            let of_arguments = match (kind, block.word(offsets.cell_arguments)?) {
                (SlotKind::Cell, pointer) if pointer != 0 => {
                    self.scratch.clear();
                    memory.append(pointer, names.len() * 8, &mut self.scratch)?;
                    true
                }
                _ => false,
            };
            for (at, name) in names.into_iter().enumerate() {
                // -1 for a cell that is no argument.
                let argument =
                    if of_arguments { usize::try_from(word(&self.scratch, at)? as isize).ok() } else { None };
                match argument {
                    Some(argument) => {
                        let slot = self.slots.get_mut(first + argument).ok_or(Fault)?;
                        (slot.kind, slot.index) = (SlotKind::Cell, index);
                    }
                    None => {
                        let (name, _) = words(memory, layout, name, MAX_NAME, arena)?;
                        self.slots.push(Slot { name, role: Role::Local, kind, index });
                    }
                }
                index += 1;
            }
        }
        Ok(())
    }
}

/// Gives the arguments, which come first, their roles, and puts `*args` before the keyword-only ones, where a signature
/// has it.
fn order_arguments(
    slots: &mut [Slot],
    positional: usize,
    keyword_only: usize,
    flags: u32,
) -> Result<(), Fault> {
    let named = positional.checked_add(keyword_only).ok_or(Fault)?;
    let mut end = named;
    for slot in slots.get_mut(..named).ok_or(Fault)? {
        slot.role = Role::Argument;
    }
    if flags & CO_VARARGS != 0 {
        slots.get_mut(end).ok_or(Fault)?.role = Role::VarPositional;
        end += 1;
        slots[positional..end].rotate_right(1);
    }
    if flags & CO_VARKEYWORDS != 0 {
        slots.get_mut(end).ok_or(Fault)?.role = Role::VarKeyword;
    }
    Ok(())
}

/// What a cell holds, 0 where it is empty; the object itself where it is no cell: until `MAKE_CELL` has run, the slot of
/// an argument or of a comprehension's variable has the value (3.11+).
#[inline]
fn content<M: Memory>(memory: M, layout: &Layout, types: &Types, object: Address) -> Result<Address, Fault> {
    let objects = &layout.objects;
    if memory.word(object + usize::from(objects.object_type))? != types.cell {
        return Ok(object);
    }
    memory.word(object + usize::from(objects.cell_value))
}

/// Copies a `str`, and says whether what was copied is not the whole of it as it is.
fn words<M: Memory>(
    memory: M,
    layout: &Layout,
    object: Address,
    limit: usize,
    arena: &mut Arena,
) -> Result<(Text, bool), Fault> {
    let mark = arena.mark();
    let shown = text::push_display(memory, &layout.objects, object, limit, arena.writer())?;
    if shown.shown < shown.total {
        arena.writer().push('…');
    }
    Ok((arena.since(mark), shown.escaped || shown.shown < shown.total))
}

/// The items of a tuple.
fn tuple<M: Memory>(
    memory: M,
    layout: &Layout,
    object: Address,
    scratch: &mut Vec<u8>,
) -> Result<Vec<Address>, Fault> {
    let size = memory.signed(object + usize::from(layout.objects.var_size))?;
    let size = usize::try_from(size).ok().filter(|size| *size <= MAX_SLOTS).ok_or(Fault)?;
    scratch.clear();
    memory.append(object + usize::from(layout.objects.tuple_items), size * 8, scratch)?;
    (0..size).map(|at| word(scratch, at)).collect()
}

/// The contents of a `bytes`, into `into`.
fn bytes<M: Memory>(memory: M, layout: &Layout, object: Address, into: &mut Vec<u8>) -> Result<(), Fault> {
    into.clear();
    let size = memory.signed(object + usize::from(layout.objects.var_size))?;
    if !(0..=MAX_LINE_TABLE).contains(&size) {
        return Err(Fault);
    }
    memory.append(object + usize::from(layout.objects.bytes_data), size as usize, into)
}

/// The word of that number.
#[inline]
fn word(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let word = bytes.get(at * 8..at * 8 + 8).ok_or(Fault)?;
    Ok(usize::from_ne_bytes(word.try_into().map_err(|_| Fault)?))
}

/// For keys that are addresses and small numbers of our own process, which nobody forges.
type Quick = BuildHasherDefault<QuickHasher>;

#[derive(Default)]
struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        // The table takes the highest bits and the lowest.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(26) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
