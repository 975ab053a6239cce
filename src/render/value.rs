//! Values as text: on one line, and as a block broken the way `pprint` breaks it.
//!
//! Both forms come from the same writer. The block form tries the one-line form in the room that is left and takes
//! it back when it does not fit; a try stops as soon as the room is used up, so that the work stays linear in what
//! is written. Everything is appended to one buffer.
//!
//! The arena's text is already escaped. Indices that lead nowhere, and trees deeper than any limit allows, show as
//! a mark; nothing here panics.

use super::display::{columns, push_counted, push_grouped, push_spaces};
use crate::snapshot::{Arena, Cut, Kind, Text, Value, ValueId};

/// Columns of a block, counted from its own indent, as in the tool of 2012.
const WIDTH: usize = 76;
/// A group that would put its children right of this column breaks after its opening instead, and puts them
/// [`STEP`] right of the line it begins on.
const DEEPEST: usize = 48;
/// See [`DEEPEST`].
const STEP: usize = 4;
/// Guards the stack against a tree that is no tree; `TRIPOD_MAX_DEPTH` stops long before.
const LEVELS: usize = 200;

/// What stands for a masked value.
const REDACTED: &str = "'********'";

/// Appends the value on one line, however long.
pub fn inline(arena: &Arena, id: ValueId, out: &mut String) {
    let mut pen = Pen { arena, out, room: usize::MAX };
    // The room cannot be used up.
    let _ = pen.value(id, 0);
}

/// The value on one line: what a variable looks like within `Arguments:`.
pub fn one_line(arena: &Arena, id: ValueId) -> String {
    let mut out = String::new();
    inline(arena, id, &mut out);
    out
}

/// Appends `variables` as a dict, each line indented by `indent` spaces: on one line where that fits into the
/// width, else one variable a line, values broken further where they need it. Writes no final line end.
pub fn block(
    arena: &Arena,
    variables: impl Iterator<Item = (Text, ValueId)> + Clone,
    indent: usize,
    out: &mut String,
) {
    push_spaces(indent, out);
    let from = out.len();
    let mut pen = Pen { arena, out: &mut *out, room: WIDTH };
    if pen.variables(variables.clone()).is_ok() {
        return;
    }
    out.truncate(from);
    out.push('{');
    let mut broken = Broken { arena, indent, out };
    let mut variables = variables.peekable();
    let mut first = true;
    while let Some((name, id)) = variables.next() {
        if !first {
            broken.line(1);
        }
        first = false;
        let column = 1 + broken.push_measured(|out| push_quoted(arena.text(name), out)) + 2;
        broken.out.push_str(": ");
        broken.value(id, Place { column, indent: 1, after: 1, level: 0 });
        broken.out.push(if variables.peek().is_some() { ',' } else { '}' });
    }
}

/// Why something is missing, in the words that follow a mark: the variable that changes it, or what happened.
pub fn reason(cut: Cut) -> &'static str {
    match cut {
        Cut::Depth => "TRIPOD_MAX_DEPTH",
        Cut::Characters => "TRIPOD_MAX_CHARS",
        Cut::DumpBytes => "TRIPOD_MAX_BYTES",
        Cut::Pause => "TRIPOD_MAX_PAUSE",
        Cut::Damaged => "memory not readable",
        Cut::NotStopped => "thread not stopped",
    }
}

/// Appends a variable's name in quotes. Its text is escaped already, but may hold quotes: the names of `exec`'s
/// globals can be any string.
fn push_quoted(name: &str, out: &mut String) {
    let quote = if name.contains('\'') && !name.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for (count, piece) in name.split(quote).enumerate() {
        if count > 0 {
            out.push('\\');
            out.push(quote);
        }
        out.push_str(piece);
    }
    out.push(quote);
}

/// What is between the opening of a group and its first entry, where they stand on one line.
fn after_opening(value: &Value, open: &str) -> &'static str {
    if value.kind == Kind::Fields && open.starts_with('<') { " " } else { "" }
}

/// Appends the mark for what a group lacks, if it lacks anything, and tells whether it does: `… 3 more`,
/// `… 3 more: TRIPOD_MAX_CHARS`, `…` where the depth ended, `…: TRIPOD_MAX_PAUSE`.
fn push_missing(value: &Value, out: &mut String) -> bool {
    if value.omitted == 0 && value.cut.is_none() {
        return false;
    }
    out.push('…');
    if value.omitted > 0 {
        out.push(' ');
        push_grouped(value.omitted, out);
        out.push_str(" more");
    }
    if let Some(cut) = value.cut
        && cut != Cut::Depth
    {
        out.push_str(": ");
        out.push_str(reason(cut));
    }
    true
}

/// The children of a group, one entry at a time: an item, or a key or name with its value.
fn entries(value: &Value) -> impl Iterator<Item = (ValueId, Option<ValueId>)> + use<> {
    let (range, paired) = (value.children.range(), value.kind != Kind::Items);
    let end = range.end;
    range.step_by(if paired { 2 } else { 1 }).map(move |index| {
        let second = (paired && index + 1 < end).then_some(ValueId(index as u32 + 1));
        (ValueId(index as u32), second)
    })
}

/// What stands between a key or name and its value.
fn joint(kind: Kind) -> &'static str {
    if kind == Kind::Fields { "=" } else { ": " }
}

/// The line is full.
struct Full;

/// Writes on one line, as long as there is room.
struct Pen<'a, 'b> {
    arena: &'a Arena,
    out: &'b mut String,
    /// Columns that are left.
    room: usize,
}

impl Pen<'_, '_> {
    fn put(&mut self, words: &str) -> Result<(), Full> {
        self.out.push_str(words);
        self.charge(self.out.len() - words.len())
    }

    /// Counts what was written since `from`.
    fn charge(&mut self, from: usize) -> Result<(), Full> {
        if self.room == usize::MAX {
            return Ok(());
        }
        self.room = self.room.checked_sub(columns(&self.out[from..])).ok_or(Full)?;
        Ok(())
    }

    fn variables(&mut self, variables: impl Iterator<Item = (Text, ValueId)>) -> Result<(), Full> {
        self.put("{")?;
        for (count, (name, id)) in variables.enumerate() {
            if count > 0 {
                self.put(", ")?;
            }
            let from = self.out.len();
            push_quoted(self.arena.text(name), self.out);
            self.charge(from)?;
            self.put(": ")?;
            self.value(id, 0)?;
        }
        self.put("}")
    }

    fn value(&mut self, id: ValueId, level: usize) -> Result<(), Full> {
        let Some(value) = self.arena.values.get(id.0 as usize).filter(|_| level < LEVELS) else {
            return self.put("…");
        };
        match value.kind {
            Kind::Items | Kind::Pairs | Kind::Fields => self.group(value, level),
            Kind::Redacted => self.put(REDACTED),
            Kind::Unread => self.unread(value),
            Kind::Leaf | Kind::Name | Kind::Characters | Kind::Bytes => self.leaf(value),
        }
    }

    fn group(&mut self, value: &Value, level: usize) -> Result<(), Full> {
        let open = self.arena.text(value.open);
        self.put(open)?;
        let mut between = after_opening(value, open);
        for (first, second) in entries(value) {
            self.put(between)?;
            between = ", ";
            self.value(first, level + 1)?;
            if let Some(second) = second {
                self.put(joint(value.kind))?;
                self.value(second, level + 1)?;
            }
        }
        let from = self.out.len();
        self.out.push_str(between);
        if push_missing(value, self.out) {
            self.charge(from)?;
        } else {
            self.out.truncate(from);
        }
        self.put(value.close)
    }

    fn leaf(&mut self, value: &Value) -> Result<(), Full> {
        let open = self.arena.text(value.open);
        if open.is_empty() {
            return self.unread(value);
        }
        self.put(open)?;
        let (one, many) = match value.kind {
            Kind::Characters if value.omitted > 0 => ("character", "characters"),
            Kind::Bytes if value.omitted > 0 => ("byte", "bytes"),
            _ => return Ok(()),
        };
        let from = self.out.len();
        self.out.push_str("… (");
        push_counted(value.omitted, one, many, self.out);
        self.out.push(')');
        self.charge(from)
    }

    fn unread(&mut self, value: &Value) -> Result<(), Full> {
        self.put("<")?;
        if !value.class.is_empty() {
            self.put(self.arena.text(value.class))?;
            self.put(" ")?;
        }
        self.put("not read")?;
        if let Some(cut) = value.cut {
            self.put(": ")?;
            self.put(reason(cut))?;
        }
        self.put(">")
    }
}

/// Where a value of a block stands, in columns from the block's indent.
#[derive(Clone, Copy)]
struct Place {
    /// Of the value's first character.
    column: usize,
    /// Of the line's first character.
    indent: usize,
    /// Columns to keep free after it, for commas and closing brackets.
    after: usize,
    /// Nesting.
    level: usize,
}

/// Writes a block over several lines.
struct Broken<'a, 'b> {
    arena: &'a Arena,
    /// Spaces before every line of the block.
    indent: usize,
    out: &'b mut String,
}

impl Broken<'_, '_> {
    /// Begins a line, `column` columns right of the block's indent.
    fn line(&mut self, column: usize) {
        self.out.push('\n');
        push_spaces(self.indent + column, self.out);
    }

    /// The columns of what `write` appended.
    fn push_measured(&mut self, write: impl FnOnce(&mut String)) -> usize {
        let from = self.out.len();
        write(self.out);
        columns(&self.out[from..])
    }

    fn value(&mut self, id: ValueId, place: Place) {
        let arena = self.arena;
        let group = arena.values.get(id.0 as usize).filter(|value| {
            matches!(value.kind, Kind::Items | Kind::Pairs | Kind::Fields) && place.level < LEVELS
        });
        let room = match group {
            Some(_) => WIDTH.saturating_sub(place.column + place.after),
            // It cannot be broken: it stands as it is.
            None => usize::MAX,
        };
        let from = self.out.len();
        if (Pen { arena, out: self.out, room }).value(id, place.level).is_ok() {
            return;
        }
        self.out.truncate(from);
        if let Some(value) = group {
            self.group(value, place);
        }
    }

    fn group(&mut self, value: &Value, place: Place) {
        let open = self.arena.text(value.open);
        self.out.push_str(open);
        let behind = place.column + columns(open);
        // An object's attributes hang under its `<`: after its address there would be no room for them.
        let aligned = if after_opening(value, open).is_empty() { behind } else { place.column + 1 };
        let column = if aligned <= DEEPEST { aligned } else { place.indent + STEP };
        let mut on_this_line = column == behind;
        let mut next_line = |broken: &mut Self| {
            if !std::mem::take(&mut on_this_line) {
                broken.line(column);
            }
        };

        let missing = value.omitted > 0 || value.cut.is_some();
        let mut entries = entries(value).peekable();
        while let Some((first, second)) = entries.next() {
            next_line(self);
            let last = entries.peek().is_none() && !missing;
            let after = if last { columns(value.close) + place.after } else { 1 };
            let mut within = Place { column, indent: column, after, level: place.level + 1 };
            if let Some(second) = second {
                let arena = self.arena;
                within.column += self.push_measured(|out| {
                    inline(arena, first, out);
                    out.push_str(joint(value.kind));
                });
                self.value(second, within);
            } else {
                self.value(first, within);
            }
            if !last {
                self.out.push(',');
            }
        }
        if missing {
            next_line(self);
            push_missing(value, self.out);
        }
        self.out.push_str(value.close);
    }
}
