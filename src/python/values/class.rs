//! What the type of an object says: read once a dump for each type, then kept.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::Work;
use super::form::Form;
use super::table::Table;
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text::{self, Characters};
use crate::snapshot::Text;

/// `Py_TPFLAGS_INLINE_VALUES` (3.13+, `Include/object.h`, as all of these).
pub(super) const INLINE_VALUES: u64 = 1 << 2;
/// `Py_TPFLAGS_MANAGED_DICT`, 3.11+.
pub(super) const MANAGED_DICT: u64 = 1 << 4;
/// `Py_TPFLAGS_HEAPTYPE`.
const HEAP: u64 = 1 << 9;
/// `Py_TPFLAGS_UNICODE_SUBCLASS`.
pub(super) const UNICODE: u64 = 1 << 28;

/// `Py_TPFLAGS_*_SUBCLASS`, for types whose base is not known by its address.
const BY_FLAG: [(u64, Form); 8] = [
    (1 << 24, Form::Int),
    (1 << 25, Form::List),
    (1 << 26, Form::Tuple),
    (1 << 27, Form::Bytes),
    (UNICODE, Form::Str),
    (1 << 29, Form::Dict),
    (1 << 30, Form::Exception),
    (1 << 31, Form::Class),
];

/// Members of a `PyMemberDef` (`Include/descrobject.h`): name, type, offset; its size.
const MEMBER: (usize, usize, usize, usize) = (0, 8, 16, 40);
/// `Py_T_OBJECT_EX`: what `__slots__` makes.
const OBJECT_EX: i32 = 16;

/// Classes of one method resolution order that are looked at.
const LONGEST_MRO: usize = 64;
/// Slots of one class that are looked at.
const MOST_SLOTS: usize = 64;
/// Characters of a class's name.
const LONGEST_NAME: usize = 200;

/// A type, as far as showing its instances needs it.
#[derive(Debug)]
pub(super) struct Class {
    /// How instances are read.
    pub form: Form,
    /// Whether this is the very type that the form is named for, and no subclass of it.
    pub exact: bool,
    /// Made by C code, and not by a `class` statement.
    pub is_made_in_c: bool,
    /// `app.Job`, `int`; as Python names it in `<class '…'>`.
    pub full: Box<str>,
    /// `Job`: its `__name__`.
    pub short: Box<str>,
    /// `full`, in the arena.
    pub text: Text,
    pub flags: u64,
    pub basicsize: usize,
    pub itemsize: usize,
    pub dictoffset: isize,
    /// Keys that the instances' inline values share; 0 where there are none.
    pub cached_keys: Address,
    /// `__slots__`, of the base classes first.
    pub slots: Box<[Slot]>,
    /// A named tuple's `_fields`, a struct sequence's `tp_members`, else 0.
    pub fields: Address,
}

impl Class {
    /// Its `tp_name`: with the module for a type made in C, without for a class.
    pub(super) fn type_name(&self) -> &str {
        if self.is_made_in_c { &self.full } else { &self.short }
    }
}

/// One of a class's `__slots__`.
#[derive(Debug)]
pub(super) struct Slot {
    pub name: Text,
    pub secret: bool,
    pub offset: usize,
}

/// The classes seen in this dump.
pub(super) type Classes = HashMap<Address, Rc<Class>, BuildHasherDefault<ByAddress>>;

/// Spreads addresses; they come from the interpreter's allocator, not from an adversary.
#[derive(Default)]
pub(super) struct ByAddress(u64);

impl Hasher for ByAddress {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(usize::from(byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl<M: Memory> Work<'_, '_, '_, M> {
    /// The class of an object.
    #[inline]
    pub(super) fn class_of(&mut self, object: Address) -> Result<Rc<Class>, Fault> {
        let class = self.memory.pointer(object.wrapping_add(usize::from(self.objects.object_type)))?;
        self.class(class)
    }

    /// What is known of the type at that address.
    #[inline]
    pub(super) fn class(&mut self, class: Address) -> Result<Rc<Class>, Fault> {
        if let Some(known) = self.cache.classes.get(&class) {
            return Ok(Rc::clone(known));
        }
        let read = Rc::new(self.read_class(class)?);
        self.cache.classes.insert(class, Rc::clone(&read));
        Ok(read)
    }

    fn read_class(&mut self, class: Address) -> Result<Class, Fault> {
        let objects = self.objects;
        let flags = self.word(class, objects.type_flags)? as u64;
        let (full, short) = self.class_names(class, flags)?;
        let mro = self.mro(class);
        let (form, exact) = self.form(class, flags, &mro);
        let made_in_c = self.is_made_in_c(class, flags)?;
        let (form, fields) = match form {
            Form::Tuple if !exact && made_in_c => {
                (Form::StructSequence, self.word(class, objects.type_members)?)
            }
            Form::Tuple if !exact => match self.class_attribute(&mro, b"_fields") {
                Some(fields) => (Form::NamedTuple, fields),
                None => (form, 0),
            },
            Form::Instance if made_in_c && !exact => (Form::Opaque, 0),
            _ => (form, 0),
        };
        let text = self.arena.push_text(&full);
        Ok(Class {
            form,
            exact,
            is_made_in_c: made_in_c,
            text,
            full,
            short,
            flags,
            basicsize: self.word(class, objects.type_basicsize)?,
            itemsize: self.word(class, objects.type_itemsize)?,
            dictoffset: self.word(class, objects.type_dictoffset)? as isize,
            cached_keys: if flags & HEAP != 0 { self.word(class, objects.heap_cached_keys)? } else { 0 },
            slots: self.slots(&mro).into(),
            fields,
        })
    }

    /// How instances are read, and whether `class` is the very type that this is named for.
    fn form(&mut self, class: Address, flags: u64, mro: &[Address]) -> (Form, bool) {
        if let Some(form) = self.known.form(class) {
            return (form, true);
        }
        let mut found = None;
        for &base in mro {
            let form = match self.known.form(base) {
                Some(Form::Instance) => None,
                Some(form) => Some(form),
                None => self.form_by_name(base),
            };
            // An `IntEnum` is an `int` too, which does not say as much.
            if form == Some(Form::Enum) {
                return (Form::Enum, false);
            }
            found = found.or(form.map(|form| (form, base == class)));
        }
        let by_flag = || BY_FLAG.iter().find(|&&(flag, _)| flags & flag != 0);
        found.or(by_flag().map(|&(_, form)| (form, false))).unwrap_or((Form::Instance, false))
    }

    fn form_by_name(&self, class: Address) -> Option<Form> {
        let flags = self.word(class, self.objects.type_flags).ok()? as u64;
        if self.is_made_in_c(class, flags).ok()? {
            let name = self.word(class, self.objects.type_name).ok()?;
            let form = Form::of_c_type(&self.memory.c_string(name, LONGEST_NAME).ok()?)?;
            let size = self.word(class, self.objects.type_basicsize).ok()?;
            return Some(form).filter(|form| size >= self.objects.private(form.extent(self.version.minor)));
        }
        Form::of_class(&self.class_names(class, flags).ok()?.0)
    }

    /// Whether the type was made by C code and not by a `class` statement or a call of `type`: of those, and of those
    /// only, `tp_name` points to the characters of `ht_name` (`type_new_alloc` and `type_set_name` in
    /// `Objects/typeobject.c`), whatever names a script gives them.
    pub(super) fn is_made_in_c(&self, class: Address, flags: u64) -> Result<bool, Fault> {
        if flags & HEAP == 0 {
            return Ok(true);
        }
        let objects = self.objects;
        let name = self.word(class, objects.type_name)?;
        let heap_name = self.word(class, objects.heap_name)?;
        let ascii = heap_name.wrapping_add(usize::from(objects.unicode_ascii_data));
        if Characters::of(self.memory, objects, heap_name)?.start == ascii {
            return Ok(name != ascii);
        }
        // `PyCompactUnicodeObject.utf8`, behind `utf8_length`.
        Ok(name != self.memory.word(ascii.wrapping_add(8))?)
    }

    /// The class's full name and its `__name__`.
    fn class_names(&self, class: Address, flags: u64) -> Result<(Box<str>, Box<str>), Fault> {
        let objects = self.objects;
        let name = self.memory.c_string(self.word(class, objects.type_name)?, 4 * LONGEST_NAME)?;
        let mut whole = String::new();
        text::push_foreign(&name, &mut whole);
        if flags & HEAP == 0 {
            let short = whole.rsplit('.').next().unwrap_or("").into();
            return Ok((whole.strip_prefix("builtins.").unwrap_or(&whole).into(), short));
        }
        let (mut short, mut full) = (String::new(), String::new());
        let heap_name = self.word(class, objects.heap_name)?;
        text::push_display(self.memory, objects, heap_name, LONGEST_NAME, &mut short)?;
        if let Some(module) = self.in_class(class, b"__module__").filter(|&module| self.is_str(module)) {
            text::push_display(self.memory, objects, module, LONGEST_NAME, &mut full)?;
        }
        if full == "builtins" {
            full.clear();
        } else if !full.is_empty() {
            full.push('.');
        }
        let qualname = self.word(class, objects.heap_qualname)?;
        text::push_display(self.memory, objects, qualname, LONGEST_NAME, &mut full)?;
        Ok((full.into(), short.into()))
    }

    /// The method resolution order; a type that was never made ready has none, and stands for itself.
    fn mro(&self, class: Address) -> Vec<Address> {
        let read = || {
            let mro = self.memory.pointer(class.wrapping_add(usize::from(self.objects.type_mro)))?;
            let count = self.word(mro, self.objects.var_size)?.min(LONGEST_MRO);
            let start = mro.wrapping_add(usize::from(self.objects.tuple_items));
            (0..count).map(|index| self.memory.pointer(start.wrapping_add(8 * index))).collect()
        };
        match read() {
            Ok(mro) => mro,
            Err(Fault) => vec![class],
        }
    }

    /// What the class itself (no base of it) has under that name. Static builtin types of 3.12+ keep their dictionary
    /// elsewhere and seem empty.
    pub(super) fn in_class(&self, class: Address, name: &[u8]) -> Option<Address> {
        let dict = self.memory.pointer(class.wrapping_add(usize::from(self.objects.type_dict))).ok()?;
        let table = Table::of_dict(self.memory, self.objects, dict).ok()?;
        self.lookup(table, name)
    }

    /// What a class made by a `class` statement, or its nearest base of the kind, has under that name.
    fn class_attribute(&self, mro: &[Address], name: &[u8]) -> Option<Address> {
        mro.iter()
            .take_while(|&&class| self.known.form(class).is_none())
            .find_map(|&class| self.in_class(class, name))
    }

    /// The `__slots__` of all classes of the order that are made by a `class` statement.
    fn slots(&mut self, mro: &[Address]) -> Vec<Slot> {
        let mut slots = Vec::new();
        for &class in mro.iter().rev() {
            // What cannot be read has no slots.
            let _ = self.slots_of(class, &mut slots);
        }
        slots
    }

    fn slots_of(&mut self, class: Address, slots: &mut Vec<Slot>) -> Result<(), Fault> {
        let flags = self.word(class, self.objects.type_flags)? as u64;
        if self.is_made_in_c(class, flags)? {
            return Ok(());
        }
        let (name_at, type_at, offset_at, size) = MEMBER;
        let mut member = self.word(class, self.objects.type_members)?;
        while member != 0 && slots.len() < MOST_SLOTS {
            let name = match self.memory.word(member.wrapping_add(name_at))? {
                0 => break,
                name => self.memory.c_string(name, LONGEST_NAME)?,
            };
            if self.memory.i32(member.wrapping_add(type_at))? == OBJECT_EX {
                let offset = self.memory.word(member.wrapping_add(offset_at))?;
                let mark = self.arena.mark();
                text::push_foreign(&name, self.arena.writer());
                let name = self.arena.since(mark);
                let secret = self.redact.matches(self.arena.text(name));
                slots.push(Slot { name, secret, offset });
            }
            member = member.wrapping_add(size);
        }
        Ok(())
    }
}
