//! The walk over memory that is made up, and damaged in ways that a live interpreter does not show at will.

use super::*;
use crate::python::layout::Version;
use crate::python::layout::walk::Walk;

const BASE: Address = 0x10000;
const THREAD: Address = BASE;
const CFRAME: Address = BASE + 0x200;
const CODE: Address = BASE + 0x400;
const OTHER: Address = BASE + 0x800;
const COPIES: Address = BASE + 0xa00;
const COPY: Address = BASE + 0xb00;
const FRAMES: Address = BASE + 0x1000;
const TYPES: Types = Types { code: 0x7000, cell: 0x7008 };

/// Code units of the made-up code object, and the unit of its first `RESUME`.
const UNITS: usize = 10;
const TRACEABLE: i32 = 2;

/// Bytes from [`BASE`] on.
struct Image {
    bytes: Vec<u8>,
    layout: Layout,
}

#[derive(Clone, Copy)]
struct View<'a>(&'a [u8]);

impl Memory for View<'_> {
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
        let start = address.checked_sub(BASE).ok_or(Fault)?;
        let end = start.checked_add(into.len()).ok_or(Fault)?;
        into.copy_from_slice(self.0.get(start..end).ok_or(Fault)?);
        Ok(())
    }
}

fn layout_of_3_12() -> Layout {
    let version = Version { major: 3, minor: 12, micro: 0, free_threaded: false, debug: false };
    Layout::find(View(&[]), 0, version).expect("a frozen table")
}

impl Image {
    /// A thread of `count` frames, innermost first, each at the first instruction that counts.
    fn new(count: usize, layout: Layout) -> Image {
        let mut image = Image { bytes: vec![0; 0x1000 + count * 0x100 + 0x100], layout };
        let walk = image.layout.walk.clone();
        match walk.thread.cframe {
            NONE => image.put(THREAD, walk.thread.frame, FRAMES),
            cframe => image.put(THREAD, cframe, CFRAME),
        }
        if walk.cframe.frame != NONE {
            image.put(CFRAME, walk.cframe.frame, FRAMES);
        }
        image.put(CODE, image.layout.objects.object_type, TYPES.code);
        image.put(CODE, walk.code.unit_count, UNITS);
        image.put(CODE, walk.code.first_traceable, TRACEABLE as usize);
        for index in 0..count {
            image.put(frame_at(index), walk.frame.code, CODE);
            image.stand(index, TRACEABLE as usize);
            let caller = if index + 1 < count { frame_at(index + 1) } else { 0 };
            image.put(frame_at(index), walk.frame.previous, caller);
        }
        image
    }

    fn put(&mut self, structure: Address, offset: u16, word: usize) {
        let start = structure - BASE + usize::from(offset);
        self.bytes[start..start + 8].copy_from_slice(&word.to_ne_bytes());
    }

    fn put_byte(&mut self, structure: Address, offset: u16, byte: u8) {
        self.bytes[structure - BASE + usize::from(offset)] = byte;
    }

    /// Lets a frame stand at that unit.
    fn stand(&mut self, index: usize, unit: usize) {
        let walk = &self.layout.walk;
        let (offset, start) = (walk.frame.instruction, CODE + usize::from(walk.code.bytecode));
        self.put(frame_at(index), offset, start + unit * 2);
    }

    /// The indices of the frames that the walk shows, outermost first, and the rest of what it says.
    fn walk(&self, limit: u32) -> (Vec<usize>, Stack) {
        let thread = Thread { address: THREAD, ident: 1, native_id: None, main: true };
        let mut frames = Vec::new();
        let stack = stack(View(&self.bytes), &self.layout, &TYPES, &thread, limit, &mut frames);
        assert_eq!(stack.frames.range(), 0..frames.len());
        (frames.iter().map(|frame| (frame.address - FRAMES) / 0x100).collect(), stack)
    }
}

fn frame_at(index: usize) -> Address {
    FRAMES + index * 0x100
}

#[test]
fn of_a_deep_stack_both_ends_are_kept() {
    let image = Image::new(100, layout_of_3_12());
    for (limit, kept, omitted_after) in [
        (100, (0..100).rev().collect::<Vec<_>>(), 0),
        (99, (51..100).rev().chain((0..50).rev()).collect(), 49),
        (5, vec![99, 98, 2, 1, 0], 2),
        (0, vec![99, 0], 1),
    ] {
        let (shown, stack) = image.walk(limit);
        assert_eq!(shown, kept, "limit {limit}");
        assert_eq!((stack.omitted, stack.omitted_after), (100 - kept.len() as u64, omitted_after));
        assert!(!stack.damaged);
    }
    let mut frames = vec![image_frame(); 3];
    let thread = Thread { address: THREAD, ident: 1, native_id: None, main: true };
    let stack = stack(View(&image.bytes), &image.layout, &TYPES, &thread, 6, &mut frames);
    assert_eq!((stack.frames, frames.len()), (Run { first: 3, count: 6 }, 9), "what was there stays");
}

fn image_frame() -> RawFrame {
    RawFrame { address: 1, code: 1, instruction: 0, globals: None, locals: None, fast: 1 }
}

#[test]
fn frames_that_are_no_calls_are_passed_over() {
    let mut image = Image::new(6, layout_of_3_12());
    let owner = image.layout.walk.frame.owner;
    image.put_byte(frame_at(1), owner, 3);
    image.put(frame_at(1), image.layout.walk.frame.code, 0);
    image.stand(2, TRACEABLE as usize - 1);
    image.stand(3, 0);
    image.put_byte(frame_at(3), owner, OWNED_BY_GENERATOR);
    let (shown, stack) = image.walk(100);
    assert_eq!((shown, stack.damaged), (vec![5, 4, 3, 0], false));
}

#[test]
fn a_circle_ends() {
    let mut image = Image::new(8, layout_of_3_12());
    image.put(frame_at(7), image.layout.walk.frame.previous, frame_at(5));
    let (shown, stack) = image.walk(100);
    assert!(stack.damaged && shown.len() < 30, "{shown:?}");
    image.put(frame_at(0), image.layout.walk.frame.previous, frame_at(0));
    assert!(image.walk(100).1.damaged);
}

#[test]
fn what_makes_no_sense_ends_the_stack() {
    let layout = layout_of_3_12();
    let walk = layout.walk.clone();
    let start = CODE + usize::from(walk.code.bytecode);
    let damages: [(&str, u16, usize); 6] = [
        ("no code object", walk.frame.code, OTHER),
        ("nowhere", walk.frame.code, 0),
        ("far away", walk.frame.code, 0x7fff_0000_0000),
        ("behind the code", walk.frame.instruction, start + UNITS * 2),
        ("before the code", walk.frame.instruction, start - 4),
        ("between two units", walk.frame.instruction, start + 5),
    ];
    for (what, offset, word) in damages {
        let mut image = Image::new(5, layout.clone());
        image.put(frame_at(3), offset, word);
        let (shown, stack) = image.walk(100);
        assert_eq!((shown, stack.damaged), (vec![2, 1, 0], true), "{what}");
    }
    let mut image = Image::new(5, layout);
    image.put(frame_at(2), walk.frame.previous, 0x10);
    let (shown, stack) = image.walk(100);
    assert_eq!((shown, stack.damaged), (vec![2, 1, 0], true), "the caller cannot be read");
    image.put(THREAD, walk.thread.cframe, 0x10);
    assert_eq!(image.walk(100), (vec![], Stack { damaged: true, ..Stack::default() }));
    image.put(THREAD, walk.thread.cframe, 0);
    assert_eq!(image.walk(100), (vec![], Stack::default()), "no frame at all");
}

/// As free-threaded 3.14 has it: a thread runs its own copy of the bytecode, and references bear tags.
#[test]
fn copies_of_the_bytecode_are_told_apart() {
    let mut layout = layout_of_3_12();
    layout.version = Version { minor: 14, free_threaded: true, ..layout.version };
    let Walk { frame, code, tlbc, .. } = &mut layout.walk;
    (frame.tlbc_index, code.tlbc, tlbc.size, tlbc.entries) = (76, 160, 0, 8);
    let walk = layout.walk.clone();
    let mut image = Image::new(3, layout);
    image.put(CODE, walk.code.tlbc, COPIES);
    image.put(COPIES, walk.tlbc.size, 2);
    image.put(COPIES, walk.tlbc.entries + 8, COPY);
    image.put(frame_at(1), walk.frame.code, CODE | 1);
    image.put(frame_at(1), walk.frame.instruction, COPY + 8);
    image.put_byte(frame_at(1), walk.frame.tlbc_index, 1);
    let thread = Thread { address: THREAD, ident: 1, native_id: None, main: true };
    let mut frames = Vec::new();
    let stack = stack(View(&image.bytes), &image.layout, &TYPES, &thread, 100, &mut frames);
    assert!(!stack.damaged);
    let standing: Vec<_> = frames.iter().map(|frame| (frame.code, frame.instruction)).collect();
    assert_eq!(standing, [(CODE, 4), (CODE, 8), (CODE, 4)]);
    image.put_byte(frame_at(1), walk.frame.tlbc_index, 2);
    assert_eq!(image.walk(100).0, [0], "a copy that there is not");
}
