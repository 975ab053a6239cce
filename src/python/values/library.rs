//! Types of the standard library that say most in their own words: paths, UUIDs, patterns, processes, tasks; and generic
//! aliases, cells and the little types of the interpreter.

use super::class::Class;
use super::form::Form;
use super::number::{push_address, push_decimal};
use super::{Entry, Group, Named, Work};
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::snapshot::{Kind, Value};

/// `PatternObject` of `Modules/_sre/sre.h` (`Modules/sre.h` up to 3.10).
const PATTERN: u16 = 48;
const PATTERN_FLAGS: u16 = 56;
/// `SRE_FLAG_*` by name, as `pattern_repr` lists them; `re.UNICODE` goes without saying for a `str`.
const FLAGS: [(u32, &str); 9] = [
    (1, "re.TEMPLATE"),
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (32, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
];
const UNICODE: u32 = 32;

/// `wrapperobject` of `Objects/descrobject.c`: `descr`, `self`.
const WRAPPER: [u16; 2] = [16, 24];
/// `sm_callable` and `cm_callable` of `Objects/funcobject.c`.
const CALLABLE: u16 = 16;
/// `gaobject` of `Objects/genericaliasobject.c`: `origin`, `args`.
const ALIAS: [u16; 2] = [16, 24];
/// `unionobject` of `Objects/unionobject.c`: `args`.
const UNION: u16 = 16;
/// Arguments of an alias that are shown.
const MOST_ARGUMENTS: usize = 8;
/// Pieces of a path that are joined.
const MOST_PIECES: usize = 64;

/// `fut_state` of `FutureObj`, and `task_coro` and `task_name` of `TaskObj` (`Modules/_asynciomodule.c`).
fn future_layout(minor: u8) -> (u16, u16, u16) {
    match minor {
        8 => (72, 112, 120),
        9 => (80, 152, 160),
        10 => (88, 160, 168),
        11 | 12 => (88, 136, 144),
        13 => (96, 120, 128),
        _ => (104, 128, 136),
    }
}

impl<M: Memory> Work<'_, '_, '_, M> {
    fn private_pointer(&self, object: Address, offset: u16) -> Result<Address, Fault> {
        self.memory.pointer(object.wrapping_add(self.objects.private(offset)))
    }

    /// `re.compile('a+', re.IGNORECASE)`.
    pub(super) fn pattern(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let pattern = self.private_pointer(object, PATTERN)?;
        let mut flags = self.memory.u32(object.wrapping_add(self.objects.private(PATTERN_FLAGS)))?;
        if self.is_str(pattern) {
            flags &= !UNICODE;
        }
        let mut names = String::new();
        for (flag, name) in FLAGS {
            if flags & flag != 0 {
                names.extend([if names.is_empty() { "" } else { "|" }, name]);
            }
        }
        let count = if names.is_empty() { 1 } else { 2 };
        let inner = self.wrap(slot, class.text, "re.compile(", ")", count);
        self.child(inner, pattern, 0);
        if count == 2 {
            self.words(inner + 1, &names);
        }
        Ok(())
    }

    /// `UUID('12345678-1234-5678-1234-567812345678')`.
    pub(super) fn uuid(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let number = self.attribute(object, class, "int").and_then(|number| self.wide_int(number));
        let Some(number) = number else { return self.instance(slot, object, class) };
        self.leaf(slot, class, |out| {
            let hex = format!("{number:032x}");
            out.extend([&*class.short, "('"]);
            out.extend([
                &hex[..8],
                "-",
                &hex[8..12],
                "-",
                &hex[12..16],
                "-",
                &hex[16..20],
                "-",
                &hex[20..],
                "')",
            ]);
            Ok(())
        })
    }

    /// `PosixPath('/srv/app')`, from the string if it was asked for before, else from the parts, joined as `pathlib` does.
    pub(super) fn path(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        if let Some(text) = self.attribute(object, class, "_str").filter(|&text| self.is_str(text)) {
            self.parts(slot, class, &format!("{}(", class.short), &[text]);
            return Ok(());
        }
        // A list of parts up to 3.11, later of what the constructor was given.
        let pieces = self.attribute(object, class, "_raw_paths");
        let Some(pieces) = pieces.or_else(|| self.attribute(object, class, "_parts")) else {
            return self.instance(slot, object, class);
        };
        if self.class_of(pieces)?.form != Form::List || class.full.contains("Windows") {
            return self.instance(slot, object, class);
        }
        let count = self.word(pieces, self.objects.var_size)?.min(MOST_PIECES);
        let start = self.word(pieces, self.objects.list_items)?;
        let mut joined = String::new();
        let limit = self.text_limit();
        for index in 0..count {
            let piece = self.memory.word(start.wrapping_add(8 * index))?;
            if !self.is_str(piece) {
                return Err(Fault);
            }
            let before = joined.len();
            if index > 0 && !joined.ends_with('/') {
                joined.push('/');
            }
            let from = joined.len();
            let shown = text::push_display(self.memory, self.objects, piece, limit, &mut joined)?;
            if joined[from..].starts_with('/') {
                // What is absolute begins anew.
                joined.replace_range(..from, "");
            }
            if shown.omitted() > 0 || joined.len() - before > limit {
                joined.push('…');
                break;
            }
        }
        self.leaf(slot, class, |out| {
            out.extend([&*class.short, "("]);
            push_path(out, &joined);
            out.push(')');
            Ok(())
        })
    }

    /// `<subprocess.Popen object at 0x7f… pid=4242, returncode=None, args=['ls']>`.
    pub(super) fn process(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let mut open = String::new();
        super::push_head(&mut open, "", class, object);
        self.some_fields(slot, object, class, &open, &["pid", "returncode", "args"])
    }

    /// Some attributes of an object, those that it has.
    fn some_fields(
        &mut self,
        slot: u32,
        object: Address,
        class: &Class,
        open: &str,
        names: &[&str],
    ) -> Result<(), Fault> {
        let mut found = Vec::new();
        for name in names {
            if let Some(value) = self.attribute(object, class, name) {
                let named = Named {
                    text: self.arena.push_text(name),
                    len: name.len() as u32,
                    secret: self.redact.matches(name),
                };
                found.push((named, value));
            }
        }
        let group = Group { kind: Kind::Fields, class: class.text, open, close: ">", total: found.len() };
        let mut found = found.into_iter();
        self.group(slot, object, group, |_| Ok(found.next().map(|(name, value)| Entry::Field(name, value))))
    }

    /// `<_asyncio.Task pending name='Task-1' coro=<coroutine object main at 0x7f…>>`, `<_asyncio.Future finished>`.
    pub(super) fn async_future(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (state, coroutine, name) = future_layout(self.version.minor);
        let at = |offset| object.wrapping_add(self.objects.private(offset));
        let state = match self.memory.u32(at(state))? {
            0 => "pending",
            1 => "cancelled",
            2 => "finished",
            _ => return Err(Fault),
        };
        let mut open = format!("<{} {state}", class.full);
        if class.form == Form::AsyncFuture {
            open.push_str(" at ");
            push_address(&mut open, object);
            open.push('>');
            self.words(slot, &open);
            return Ok(());
        }
        let (name, coroutine) = (self.memory.word(at(name))?, self.memory.word(at(coroutine))?);
        if self.is_str(name) {
            open.push_str(" name=");
            text::push_quoted(self.memory, self.objects, name, super::LONGEST_NAME, &mut open)?;
        } else if let Some(number) = (name != 0).then(|| self.wide_int(name)).flatten() {
            // A name that nobody has asked for yet.
            open.push_str(" name='Task-");
            push_decimal(&mut open, number as u64);
            open.push('\'');
        }
        if coroutine == 0 {
            open.push('>');
            self.words(slot, &open);
            return Ok(());
        }
        open.push_str(" coro=");
        let inner = self.wrap(slot, class.text, &open, ">", 1);
        self.child(inner, coroutine, 0);
        Ok(())
    }

    /// `<cell at 0x7f…: int object at 0x7f…>`.
    pub(super) fn cell(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let value = self.word(object, self.objects.cell_value)?;
        let of = if value == 0 { None } else { Some(self.class_of(value)?) };
        self.leaf(slot, class, |out| {
            out.push_str("<cell at ");
            push_address(out, object);
            match of {
                Some(of) => {
                    out.extend([": ", of.type_name(), " object at "]);
                    push_address(out, value);
                }
                None => out.push_str(": empty"),
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<method-wrapper '__str__' of int object at 0x7f…>`.
    pub(super) fn method_wrapper(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let descriptor = self.private_pointer(object, WRAPPER[0])?;
        let this = self.private_pointer(object, WRAPPER[1])?;
        let mut name = String::new();
        self.push_name(&mut name, self.pointer(descriptor, self.objects.descriptor_name)?)?;
        let of = self.class_of(this)?;
        self.leaf(slot, class, |out| {
            out.extend(["<method-wrapper '", &name, "' of ", of.type_name(), " object at "]);
            push_address(out, this);
            out.push('>');
            Ok(())
        })
    }

    /// `<staticmethod(<function f at 0x7f…>)>`.
    pub(super) fn decorated(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let callable = self.private_pointer(object, CALLABLE)?;
        let inner = self.wrap(slot, class.text, &format!("<{}(", class.short), ")>", 1);
        self.child(inner, callable, 0);
        Ok(())
    }

    /// `list[int]`, `int | str`.
    pub(super) fn alias(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let union = class.form == Form::Union;
        let args = self.private_pointer(object, if union { UNION } else { ALIAS[1] })?;
        if !self.class_of(args).is_ok_and(|of| of.form == Form::Tuple && of.exact) {
            return self.opaque(slot, object, class);
        }
        let mut words = String::new();
        if !union {
            let origin = self.private_pointer(object, ALIAS[0])?;
            self.push_hint(&mut words, origin)?;
            words.push('[');
        }
        let count = self.word(args, self.objects.var_size)?;
        for index in 0..count.min(MOST_ARGUMENTS) {
            if index > 0 {
                words.push_str(if union { " | " } else { ", " });
            }
            let at = usize::from(self.objects.tuple_items) + 8 * index;
            let arg = self.memory.pointer(args.wrapping_add(at))?;
            self.push_hint(&mut words, arg)?;
        }
        if count > MOST_ARGUMENTS {
            words.push_str(", …");
        }
        if !union {
            words.push(']');
        }
        self.words(slot, &words);
        if let Some(node) = self.arena.values.get_mut(slot as usize) {
            *node = Value { class: class.text, ..*node };
        }
        Ok(())
    }

    /// Appends what stands within an alias: a class by its name, `...`, or the class of anything else.
    fn push_hint(&mut self, out: &mut String, hint: Address) -> Result<(), Fault> {
        if hint == self.known.ellipsis {
            out.push_str("...");
            return Ok(());
        }
        let of = self.class_of(hint)?;
        if of.form == Form::Class {
            let this = self.class(hint)?;
            out.push_str(if &*this.full == "NoneType" { "None" } else { &this.full });
        } else {
            out.extend(["<", &of.full, ">"]);
        }
        Ok(())
    }
}

/// Appends a path in quotes, without what `pathlib` drops: empty parts and dots.
fn push_path(out: &mut String, path: &str) {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let quote = if path.contains('\'') && !path.contains('"') { '"' } else { '\'' };
    out.push(quote);
    let start = out.len();
    out.push_str(root);
    let mut between = "";
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        out.push_str(between);
        for character in part.chars() {
            if character == quote {
                out.push('\\');
            }
            out.push(character);
        }
        between = "/";
    }
    if out.len() == start {
        out.push('.');
    }
    out.push(quote);
}
