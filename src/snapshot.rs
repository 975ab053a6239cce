//! The middle of the house: what one dump holds, as plain owned data.
//!
//! `capture` fills a [`Snapshot`] while it holds the GIL; `render` reads it after the GIL is given back. Nothing
//! here knows CPython, does I/O or is `unsafe`.
//!
//! Invariants: every [`Text`], index and range points into the same snapshot's arenas; text is valid UTF-8 with
//! control characters, terminal escapes and lone surrogates already escaped; threads, frames and the children of a
//! value are in the order in which they are to be shown. Filling allocates only by growing a few vectors.

use std::ops::Range;

/// A piece of [`Arena::text`], by offset and length in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text {
    start: u32,
    len: u32,
}

impl Text {
    /// The empty text.
    pub const EMPTY: Text = Text { start: 0, len: 0 };

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A run of elements in one of the snapshot's vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Index of the first element.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl Run {
    /// The run as a range of indices.
    pub fn range(self) -> Range<usize> {
        self.first as usize..self.first as usize + self.count as usize
    }
}

/// The storage that texts and values share: two vectors that only grow.
#[derive(Debug, Default)]
pub struct Arena {
    text: String,
    /// Every value and every child of a value; addressed by [`ValueId`] and [`Run`].
    pub values: Vec<Value>,
    /// The values that are sockets, leaves of the form `<… fd=3>`, with their descriptors: what they are connected to is
    /// asked of the kernel when the GIL is released.
    pub sockets: Vec<(ValueId, i32)>,
}

impl Arena {
    /// The words of a [`Text`].
    pub fn text(&self, text: Text) -> &str {
        self.text.get(text.start as usize..(text.start + text.len) as usize).unwrap_or("")
    }

    /// Copies `words` in.
    pub fn push_text(&mut self, words: &str) -> Text {
        let mark = self.mark();
        self.text.push_str(words);
        self.since(mark)
    }

    /// Where the next byte of text will stand; with [`Arena::since`] it makes a [`Text`] of what was
    /// written to [`Arena::writer`] in between.
    pub fn mark(&self) -> usize {
        self.text.len()
    }

    /// The buffer to append to between [`Arena::mark`] and [`Arena::since`].
    pub fn writer(&mut self) -> &mut String {
        &mut self.text
    }

    /// The text written since `mark`. Past 4 GiB, which no limit allows, it is empty.
    pub fn since(&self, mark: usize) -> Text {
        match (u32::try_from(mark), u32::try_from(self.text.len())) {
            (Ok(start), Ok(end)) if end >= start => Text { start, len: end - start },
            _ => Text::EMPTY,
        }
    }

    /// Adds `words` to a leaf, before its closing `>`.
    pub fn amend(&mut self, value: ValueId, words: &str) {
        let Some(open) = self.values.get(value.0 as usize).map(|value| value.open) else { return };
        let amended = format!("{} {words}>", self.text(open).trim_end_matches('>'));
        let amended = self.push_text(&amended);
        if let Some(value) = self.values.get_mut(value.0 as usize) {
            value.open = amended;
        }
    }

    /// Bytes of text held.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }
}

/// Index of a value in [`Arena::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueId(pub u32);

/// What a [`Value`] is, which says how its fields are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// `open` is the whole of it: `42`, `None`, `<function f at 0x7f…>`.
    #[default]
    Leaf,
    /// `open` is a quoted string, cut when `omitted` is not 0: then `omitted` is its *whole* length in characters,
    /// and it shows as `'aaaa'… (1,000,000 characters)`.
    Characters,
    /// As [`Kind::Characters`] for bytes: `b'aaaa'… (1,000,000 bytes)`.
    Bytes,
    /// `open` child, child, … `close`; `omitted` counts the children left out: `[1, 2, … 199,980 more]`.
    Items,
    /// As `Items`, but children alternate key, value: `{'a': 1, … 3 more}`.
    Pairs,
    /// As `Items`, but children alternate [`Kind::Name`], value: `Point(x=1)`, `<app.Job object at 0x7f… id=7>`.
    Fields,
    /// The name of an attribute; only as a child of `Fields`. `open` is the bare name.
    Name,
    /// Masked for its telling name; shown as `'********'`.
    Redacted,
    /// Not read; `cut` says why.
    Unread,
}

/// Why something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nested deeper than `TRIPOD_MAX_DEPTH`.
    Depth,
    /// The variable has used up `TRIPOD_MAX_CHARS`.
    Characters,
    /// The dump has used up `TRIPOD_MAX_BYTES`.
    DumpBytes,
    /// The GIL was held for `TRIPOD_MAX_PAUSE`.
    Pause,
    /// The memory could not be read, or what it held made no sense.
    Damaged,
    /// Values of this thread cannot be read safely (its interpreter was not stopped).
    NotStopped,
}

/// One value: a node of a tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Value {
    /// How to read the rest.
    pub kind: Kind,
    /// The class as Python names it: `int`, `app.Job`. May be empty.
    pub class: Text,
    /// See [`Kind`].
    pub open: Text,
    /// What ends a group: `]`, `)`, `>`; empty for the rest.
    pub close: &'static str,
    /// The children of a group, contiguous in [`Arena::values`].
    pub children: Run,
    /// How much is missing; see [`Kind`].
    pub omitted: u64,
    /// Why it is missing, where that is not simply `TRIPOD_MAX_ITEMS`.
    pub cut: Option<Cut>,
}

/// What asked for the dump. Both may be true of one dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// The number of the signal that came.
    pub signal: Option<i32>,
    /// `TRIPOD_INTERVAL` had passed.
    pub interval: bool,
    /// Nothing: Tripod has something to say. Without threads, and neither of the others.
    pub notice: bool,
}

/// Ticks of `TRIPOD_INTERVAL` that gave no dump since the one before, by what the agent was doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// It waited for the GIL.
    pub waiting: u64,
    /// It was writing, or holding the GIL.
    pub writing: u64,
}

/// The process that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// `gethostname`.
    pub host: String,
    /// The command line with secrets masked; it and the host's name are not escaped.
    pub command: String,
    /// `CPython 3.13.0`, with `free-threaded` or `debug` where it is.
    pub python: String,
    /// Nanoseconds since the library was loaded.
    pub uptime: u64,
}

/// How the interpreter was held still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Nanoseconds from asking for the GIL to having it.
    pub waited: u64,
    /// Nanoseconds that it was held.
    pub held: u64,
}

/// One dump.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// 1 for the first of the process.
    pub sequence: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: u64,
    /// Why now.
    pub trigger: Trigger,
    /// Ticks without a dump.
    pub missed: Missed,
    /// Whose.
    pub process: Process,
    /// The pause.
    pub hold: Hold,
    /// What is to be said about the whole dump: what was left out and which limit did it, a sentence each.
    pub notes: Vec<String>,
    /// In the order in which they were created, the main thread first.
    pub threads: Vec<Thread>,
    /// The frames of all threads.
    pub frames: Vec<Frame>,
    /// The code objects that frames name.
    pub codes: Vec<Code>,
    /// The variables of all frames.
    pub variables: Vec<Variable>,
    /// Texts and values.
    pub arena: Arena,
}

impl Snapshot {
    /// Makes it empty again; what its vectors have allocated is kept for the next dump.
    pub fn reset(&mut self) {
        let Snapshot { threads, frames, codes, variables, arena, notes, .. } = std::mem::take(self);
        *self = Snapshot { threads, frames, codes, variables, arena, notes, ..Snapshot::default() };
        self.threads.clear();
        self.frames.clear();
        self.codes.clear();
        self.variables.clear();
        self.notes.clear();
        self.arena.text.clear();
        self.arena.values.clear();
        self.arena.sockets.clear();
    }

    /// Makes room, and touches it, for a dump of so many threads of common size: memory that grows or is touched for the
    /// first time under the GIL prolongs the pause.
    pub fn prepare(&mut self, threads: usize) {
        /// Frames of a thread, variables of a frame, values and bytes of text of a variable.
        const COMMON: [usize; 4] = [24, 8, 2, 32];
        let threads = threads.min(1_000);
        let [frames, variables, values, text] = COMMON;
        let frames = threads * frames;
        self.frames.resize(frames, Frame::default());
        let variables = frames * variables;
        let nothing = Variable { name: Text::EMPTY, role: Role::Local, value: ValueId(0) };
        self.variables.resize(variables, nothing);
        self.arena.values.resize(variables * values, Value::default());
        self.arena.text.extend(std::iter::repeat_n('\0', variables * text));
        self.reset();
    }

    /// Notes that a limit of the whole dump was reached, before the values of so many frames were read.
    pub fn limit_reached(&mut self, cut: Cut, frames: u64) {
        let limit = match cut {
            Cut::Pause => "TRIPOD_MAX_PAUSE was reached",
            Cut::DumpBytes => "TRIPOD_MAX_BYTES was reached",
            _ => return,
        };
        self.notes.push(format!("{limit}: values are cut, those of {frames} frames left out."));
    }
}

/// One thread state of one interpreter.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// Python's `get_ident()`; the `pthread_t`.
    pub ident: u64,
    /// The kernel's thread id, where it is known.
    pub native_id: Option<u32>,
    /// `threading`'s name, else the kernel's; `None` where neither is known.
    pub name: Option<Text>,
    /// `threading`'s flag; `None` for a thread that it does not know.
    pub daemon: Option<bool>,
    /// The interpreter's id, 0 for the main one.
    pub interpreter: i64,
    /// The thread that runs the interpreter's main program.
    pub main: bool,
    /// In [`Snapshot::frames`], outermost first.
    pub frames: Run,
    /// How many frames `TRIPOD_MAX_FRAMES` left out …
    pub omitted: u64,
    /// … after this many of `frames`.
    pub omitted_after: u32,
    /// The stack stops here because it could not be read further (the missing part is the outermost one).
    pub damaged: bool,
}

/// A call, a class body or a module's code in progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame {
    /// In [`Snapshot::codes`].
    pub code: u32,
    /// Line of the current instruction, 1-based; 0 where there is none.
    pub line: u32,
    /// Last line of the current instruction's range, `None` where unknown.
    pub end_line: Option<u32>,
    /// The range's first and one-past-last column, 0-based, in bytes of the source's UTF-8; 3.11+.
    pub columns: Option<(u32, u32)>,
    /// In [`Snapshot::variables`]: arguments in the signature's order, then the others.
    pub variables: Run,
    /// Globals left out of a module-level frame (modules, functions, classes, dunder names).
    pub globals_omitted: u32,
    /// Why there are no (or not all) variables, where there should be.
    pub cut: Option<Cut>,
}

/// A code object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Code {
    /// `co_filename`, escaped for display.
    pub file: Text,
    /// `co_qualname` from 3.11 on, else `co_name`.
    pub name: Text,
    /// `co_firstlineno`.
    pub first_line: u32,
    /// Whether escaping changed `file`, so that it is not the name of a file that could be opened.
    pub escaped: bool,
}

/// What part a variable plays in its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// A parameter.
    Argument,
    /// `*args`.
    VarPositional,
    /// `**kwargs`.
    VarKeyword,
    /// A local, cell or free variable, or a name of a class body.
    #[default]
    Local,
    /// A module's variable.
    Global,
}

/// A name with its value.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The name.
    pub name: Text,
    /// Argument or local.
    pub role: Role,
    /// In [`Arena::values`].
    pub value: ValueId,
}
