//! A dump as text, for people: version 1 of the format in `docs/log-format.md`.
//!
//! Appends to one buffer, which is then written to the log in one piece. Words of the snapshot's arena are taken as
//! they are, escaped already; its owned strings and source lines are escaped here. A frame's lines are put together
//! once for each place in the code and copied wherever else it comes up, so that five hundred threads in one place
//! cost little more than one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::clock::push_rfc3339;
use super::display::{push_char, push_counted, push_escaped, push_grouped, push_spaces, push_tenths};
use super::source::{Line, Sources};
use super::value;
use crate::snapshot::{Frame, Role, Run, Snapshot, Thread, Variable};

/// Characters shown of a source line.
pub const SOURCE_CHARACTERS: usize = 500;
/// Characters shown of the host's name, of the command line, and of each note.
pub const HEADER_CHARACTERS: usize = 2000;

/// Spaces before what belongs to a frame: arguments and local variables.
const INDENT: usize = 6;
/// Spaces before a source line.
const SOURCE_INDENT: usize = 4;
/// The length of the lines around the header and at the end.
const RULE: usize = 80;
/// `ns` in a millisecond and in a second.
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// Which variables a dump shows: `TRIPOD_LOCALS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locals {
    /// Arguments and local variables.
    #[default]
    All,
    /// Arguments only.
    Arguments,
    /// None.
    None,
}

/// What the snapshot itself does not say.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The name of the signal of [`Trigger::signal`](crate::snapshot::Trigger::signal): `SIGUSR2`. Used only where
    /// there is one.
    pub signal_name: &'a str,
    /// How much was captured, so that the dump says it.
    pub locals: Locals,
}

/// Appends the dump to `out`, from the line above its header to the blank line at its end.
pub fn dump(snapshot: &Snapshot, options: Options<'_>, sources: &mut impl Sources, out: &mut String) {
    sources.begin();
    let mut page = Page { snapshot, options, sources, places: Places::default(), sorted: Vec::new(), out };
    page.header();
    for thread in &snapshot.threads {
        page.thread(thread, false);
    }
    if !snapshot.threads.is_empty() {
        page.full();
    }
    page.rule('-');
    page.out.push('\n');
}

/// A place in the code: index of the code object, line, and the columns that get carets, if any.
type PlaceKey = (u32, u32, Option<(u32, u32)>);

/// The lines of places that were put together already.
#[derive(Default)]
struct Places {
    text: String,
    known: HashMap<PlaceKey, Range<usize>>,
}

struct Page<'a, S> {
    snapshot: &'a Snapshot,
    options: Options<'a>,
    sources: &'a mut S,
    places: Places,
    /// A frame's locals by name; kept to save allocations.
    sorted: Vec<&'a Variable>,
    out: &'a mut String,
}

impl<'a, S: Sources> Page<'a, S> {
    fn rule(&mut self, mark: char) {
        self.out.extend(std::iter::repeat_n(mark, RULE));
        self.out.push('\n');
    }

    fn header(&mut self) {
        let snapshot = self.snapshot;
        self.rule('=');
        // Writing to a String cannot fail.
        let _ = write!(self.out, "Tripod dump {} at ", snapshot.sequence);
        push_rfc3339(snapshot.time, self.out);
        self.out.push_str(match (snapshot.trigger.signal, snapshot.trigger.interval) {
            (None, false) if snapshot.trigger.notice => " (notice)",
            (None, false) => " (request)",
            (None, true) => " (interval)",
            (Some(_), _) => " (",
        });
        if snapshot.trigger.signal.is_some() {
            self.out.push_str(self.options.signal_name);
            self.out.push_str(if snapshot.trigger.interval { ", interval)" } else { ")" });
        }
        self.out.push('\n');

        let process = &snapshot.process;
        let _ = write!(self.out, "Process {} on ", process.pid);
        self.words(&process.host);
        self.out.push_str(": ");
        self.words(&process.command);
        self.out.push('\n');

        self.words(&process.python);
        self.out.push_str(", up ");
        push_tenths(process.uptime, SECOND, self.out);
        self.out.push_str(" s. GIL: waited ");
        push_tenths(snapshot.hold.waited, MILLISECOND, self.out);
        self.out.push_str(" ms, held ");
        push_tenths(snapshot.hold.held, MILLISECOND, self.out);
        self.out.push_str(" ms. ");
        push_counted(snapshot.threads.len() as u64, "thread", "threads", self.out);
        self.out.push_str(".\n");

        self.missed();
        for note in &snapshot.notes {
            self.words(note);
            self.out.push('\n');
        }
        self.rule('=');
        self.out.push('\n');
    }

    /// Words that the snapshot owns, on one line whatever they hold.
    fn words(&mut self, words: &str) {
        if !push_escaped(words, HEADER_CHARACTERS, self.out) {
            self.out.push_str("… (");
            push_counted(words.chars().count() as u64, "character", "characters", self.out);
            self.out.push(')');
        }
    }

    fn missed(&mut self) {
        let missed = self.snapshot.missed;
        if missed.waiting == 0 && missed.writing == 0 {
            return;
        }
        self.out.push_str("Missed ");
        push_counted(missed.waiting.saturating_add(missed.writing), "tick", "ticks", self.out);
        self.out.push_str(" of the interval");
        let mut between = ": ";
        for (count, doing) in
            [(missed.waiting, " while waiting for the GIL"), (missed.writing, " while writing")]
        {
            if count > 0 {
                self.out.push_str(between);
                between = ", ";
                push_grouped(count, self.out);
                self.out.push_str(doing);
            }
        }
        self.out.push_str(".\n");
    }

    fn full(&mut self) {
        self.out.push_str(match self.options.locals {
            Locals::All => "Full backtrace with local variables:\n\n",
            Locals::Arguments => "Full backtrace with arguments only (TRIPOD_LOCALS=args):\n\n",
            Locals::None => "This dump does not contain the local variables (TRIPOD_LOCALS=none).\n\n",
        });
        if self.options.locals != Locals::None {
            for thread in &self.snapshot.threads {
                self.thread(thread, true);
            }
        }
    }

    /// A thread's heading and frames. The short form is a line or two a frame and a blank line at the end; in the full
    /// form a blank line follows everything.
    fn thread(&mut self, thread: &Thread, full: bool) {
        self.heading(thread);
        if full {
            self.out.push('\n');
        }
        let end_of_mark = if full { "\n\n" } else { "\n" };
        let frames = elements(&self.snapshot.frames, thread.frames);
        if thread.damaged {
            self.out.push_str("  … the frames further out could not be read …");
            self.out.push_str(end_of_mark);
        } else if frames.is_empty() && thread.omitted == 0 {
            self.out.push_str("  … no Python frame …");
            self.out.push_str(end_of_mark);
        }
        let gap = (thread.omitted > 0).then_some(thread.omitted_after as usize);
        for at in 0..=frames.len() {
            if gap.map(|gap| gap.min(frames.len())) == Some(at) {
                self.out.push_str("  … ");
                push_counted(thread.omitted, "frame", "frames", self.out);
                self.out.push_str(" left out …");
                self.out.push_str(end_of_mark);
            }
            if let Some(frame) = frames.get(at) {
                self.place(frame, full);
                if full {
                    self.out.push('\n');
                    self.variables(frame);
                    self.out.push('\n');
                }
            }
        }
        if !full {
            self.out.push('\n');
        }
    }

    fn heading(&mut self, thread: &Thread) {
        let _ = write!(self.out, "Thread {}", thread.ident);
        if let Some(name) = thread.name {
            let _ = write!(self.out, " \"{}\"", self.snapshot.arena.text(name));
        }
        let mut between = " (";
        if let Some(id) = thread.native_id {
            let _ = write!(self.out, "{between}tid {id}");
            between = ", ";
        }
        if thread.daemon == Some(true) {
            let _ = write!(self.out, "{between}daemon");
            between = ", ";
        }
        if thread.interpreter != 0 {
            let _ = write!(self.out, "{between}interpreter {}", thread.interpreter);
            between = ", ";
        }
        self.out.push_str(if between == ", " { ")\n" } else { "\n" });
    }

    /// `File "…", line 1, in f`, the source line, and in the full form the carets that mark its part.
    fn place(&mut self, frame: &Frame, full: bool) {
        // Carets mark a part of one line only.
        let range = frame.columns.filter(|_| full && frame.end_line == Some(frame.line));
        let key = (frame.code, frame.line, range);
        if let Some(known) = self.places.known.get(&key) {
            self.out.push_str(self.places.text.get(known.clone()).unwrap_or(""));
            return;
        }
        let text = &mut self.places.text;
        let from = text.len();
        let arena = &self.snapshot.arena;
        let code = self.snapshot.codes.get(frame.code as usize).copied().unwrap_or_default();
        let file = arena.text(code.file);
        let _ = write!(text, "  File \"{file}\", line ");
        let _ = if frame.line == 0 { write!(text, "?") } else { write!(text, "{}", frame.line) };
        let _ = writeln!(text, ", in {}", arena.text(code.name));
        if frame.line != 0
            && !code.escaped
            && let Some(line) = self.sources.line(file, frame.line)
        {
            push_source(&line, range, text);
        }
        let known = from..text.len();
        self.out.push_str(text.get(known.clone()).unwrap_or(""));
        self.places.known.insert(key, known);
    }

    /// The arguments, what was cut, and the local variables, each line ended.
    fn variables(&mut self, frame: &Frame) {
        let snapshot = self.snapshot;
        let arena = &snapshot.arena;
        let variables = elements(&snapshot.variables, frame.variables);
        let code = snapshot.codes.get(frame.code as usize).copied().unwrap_or_default();

        push_spaces(INDENT, self.out);
        let _ = write!(self.out, "Arguments: {}(", arena.text(code.name));
        let mut between = "";
        self.sorted.clear();
        for variable in variables {
            let stars = match variable.role {
                Role::Argument => "",
                Role::VarPositional => "*",
                Role::VarKeyword => "**",
                Role::Local | Role::Global => {
                    self.sorted.push(variable);
                    continue;
                }
            };
            let _ = write!(self.out, "{between}{stars}{}=", arena.text(variable.name));
            value::inline(arena, variable.value, self.out);
            between = ", ";
        }
        // Arguments are read first: when there are others, all arguments are there.
        if frame.cut.is_some() && self.sorted.is_empty() {
            let _ = write!(self.out, "{between}…");
        }
        self.out.push_str(")\n");
        if let Some(cut) = frame.cut {
            push_spaces(INDENT, self.out);
            let _ = writeln!(self.out, "Values left out: {}", value::reason(cut));
        }

        let omitted = u64::from(frame.globals_omitted);
        if self.options.locals != Locals::All || (self.sorted.is_empty() && omitted == 0) {
            return;
        }
        self.sorted.sort_by_key(|variable| arena.text(variable.name));
        push_spaces(INDENT, self.out);
        self.out.push_str("Local variables:\n\n");
        if !self.sorted.is_empty() {
            let shown = self.sorted.iter().map(|variable| (variable.name, variable.value));
            value::block(arena, shown, INDENT, self.out);
            self.out.push('\n');
        }
        if omitted > 0 {
            push_spaces(INDENT, self.out);
            self.out.push_str("… ");
            push_counted(
                omitted,
                "module, function, class or dunder name left out\n",
                "modules, functions, classes and dunder names left out\n",
                self.out,
            );
        }
    }
}

/// The elements of a run; none where it leads out of the snapshot.
fn elements<T>(all: &[T], run: Run) -> &[T] {
    all.get(run.range()).unwrap_or(&[])
}

/// Appends a source line, and under it carets where `range`, in bytes from the beginning of the line, is a proper
/// part of it.
fn push_source(line: &Line<'_>, range: Option<(u32, u32)>, out: &mut String) {
    let words = line.words.as_ref();
    // From here on in bytes of `words`; none where positions may not agree with Python's.
    let range = range
        .filter(|_| line.exact && !line.changed)
        .and_then(|(from, to)| {
            Some(from.checked_sub(line.indent)? as usize..to.checked_sub(line.indent)? as usize)
        })
        .filter(|range| {
            range.start < range.end
                && range.end <= words.len()
                && (range.start > 0 || range.end < words.len())
        });
    push_spaces(SOURCE_INDENT, out);
    let (mut before, mut under) = (0, 0);
    let mut whole = true;
    for (count, (at, c)) in words.char_indices().enumerate() {
        if count == SOURCE_CHARACTERS {
            out.push('…');
            whole = range.as_ref().is_none_or(|range| range.end <= at);
            break;
        }
        let width = push_char(c, out);
        match &range {
            Some(range) if range.contains(&at) => under += width,
            Some(range) if at < range.start => before += width,
            _ => {}
        }
    }
    if line.changed {
        out.push_str("  … file changed since start");
    }
    out.push('\n');
    if range.is_some() && whole && under > 0 {
        push_spaces(SOURCE_INDENT + before, out);
        out.extend(std::iter::repeat_n('^', under));
        out.push('\n');
    }
}
