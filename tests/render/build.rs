//! Builds snapshots and values, and stands in for the files of a program.

use std::borrow::Cow;
use std::collections::HashMap;

use tripod::render::source::{Line, Sources};
use tripod::snapshot::{
    Arena, Code, Cut, Frame, Kind, Role, Run, Snapshot, Text, Thread, Value, ValueId, Variable,
};

/// A value that is shown by its own words.
pub(crate) fn leaf(arena: &mut Arena, words: &str) -> Value {
    Value { open: arena.push_text(words), ..Value::default() }
}

/// A string or bytes of which `omitted` is the whole length.
pub(crate) fn cut_string(arena: &mut Arena, kind: Kind, words: &str, omitted: u64) -> Value {
    Value { kind, open: arena.push_text(words), omitted, ..Value::default() }
}

/// A value that was not read.
pub(crate) fn unread(arena: &mut Arena, class: &str, cut: Option<Cut>) -> Value {
    Value { kind: Kind::Unread, class: arena.push_text(class), cut, ..Value::default() }
}

fn group(arena: &mut Arena, kind: Kind, open: &str, close: &'static str, children: Vec<Value>) -> Value {
    let open = arena.push_text(open);
    let children = {
        let run = Run { first: arena.values.len() as u32, count: children.len() as u32 };
        arena.values.extend(children);
        run
    };
    Value { kind, open, close, children, ..Value::default() }
}

pub(crate) fn items(arena: &mut Arena, open: &str, children: Vec<Value>, close: &'static str) -> Value {
    group(arena, Kind::Items, open, close, children)
}

pub(crate) fn pairs(
    arena: &mut Arena,
    open: &str,
    entries: Vec<(&str, Value)>,
    close: &'static str,
) -> Value {
    let children = entries.into_iter().flat_map(|(key, value)| [leaf(arena, key), value]).collect();
    group(arena, Kind::Pairs, open, close, children)
}

pub(crate) fn fields(
    arena: &mut Arena,
    open: &str,
    entries: Vec<(&str, Value)>,
    close: &'static str,
) -> Value {
    let children = entries
        .into_iter()
        .flat_map(|(name, value)| [Value { kind: Kind::Name, ..leaf(arena, name) }, value])
        .collect();
    group(arena, Kind::Fields, open, close, children)
}

/// The value with something missing from it.
pub(crate) fn lacking(value: Value, omitted: u64, cut: Option<Cut>) -> Value {
    Value { omitted, cut, ..value }
}

pub(crate) fn push(arena: &mut Arena, value: Value) -> ValueId {
    arena.values.push(value);
    ValueId(arena.values.len() as u32 - 1)
}

/// A snapshot that grows thread by thread, frame by frame, variable by variable.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) snapshot: Snapshot,
}

impl Builder {
    pub(crate) fn text(&mut self, words: &str) -> Text {
        self.snapshot.arena.push_text(words)
    }

    /// Begins a thread; the frames that follow are its own.
    pub(crate) fn thread(&mut self, ident: u64, name: &str, native_id: u32) -> &mut Thread {
        let name = Some(self.text(name));
        let frames = Run { first: self.snapshot.frames.len() as u32, count: 0 };
        self.snapshot.threads.push(Thread {
            ident,
            name,
            native_id: Some(native_id),
            frames,
            ..Thread::default()
        });
        self.snapshot.threads.last_mut().unwrap()
    }

    /// Adds a frame, called by the one before.
    pub(crate) fn frame(&mut self, file: &str, line: u32, name: &str) -> &mut Frame {
        let code = Code { file: self.text(file), name: self.text(name), ..Code::default() };
        let known = self.snapshot.codes.iter().position(|other| {
            let arena = &self.snapshot.arena;
            (arena.text(other.file), arena.text(other.name)) == (file, name)
        });
        let code = known.unwrap_or_else(|| {
            self.snapshot.codes.push(code);
            self.snapshot.codes.len() - 1
        });
        let variables = Run { first: self.snapshot.variables.len() as u32, count: 0 };
        self.snapshot.frames.push(Frame { code: code as u32, line, variables, ..Frame::default() });
        self.snapshot.threads.last_mut().unwrap().frames.count += 1;
        self.snapshot.frames.last_mut().unwrap()
    }

    /// Adds a variable to the last frame.
    pub(crate) fn variable(&mut self, role: Role, name: &str, make: impl FnOnce(&mut Arena) -> Value) {
        let name = self.text(name);
        let value = make(&mut self.snapshot.arena);
        let value = push(&mut self.snapshot.arena, value);
        self.snapshot.variables.push(Variable { name, role, value });
        self.snapshot.frames.last_mut().unwrap().variables.count += 1;
    }

    pub(crate) fn argument(&mut self, name: &str, words: &str) {
        self.variable(Role::Argument, name, |arena| leaf(arena, words));
    }

    pub(crate) fn local(&mut self, name: &str, words: &str) {
        self.variable(Role::Local, name, |arena| leaf(arena, words));
    }
}

/// Files by name, as text; counts what is asked for.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) files: HashMap<&'static str, String>,
    pub(crate) changed: Vec<&'static str>,
    pub(crate) dumps: usize,
    pub(crate) asked: Vec<(String, u32)>,
}

impl Sources for Files {
    fn begin(&mut self) {
        self.dumps += 1;
    }

    fn line(&mut self, file: &str, line: u32) -> Option<Line<'_>> {
        self.asked.push((file.to_owned(), line));
        let words = self.files.get(file)?.lines().nth(line as usize - 1)?;
        let trimmed = words.trim_start();
        Some(Line {
            words: Cow::Borrowed(trimmed.trim_end()),
            indent: (words.len() - trimmed.len()) as u32,
            exact: true,
            changed: self.changed.contains(&file),
        })
    }
}
