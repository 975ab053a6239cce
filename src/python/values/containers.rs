//! Sequences and sets.

use super::class::Class;
use super::form::Form;
use super::number::push_signed;
use super::{Entry, Group, Named, Work};
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::snapshot::{Kind, Text};

/// Size of a `setentry` (`Include/setobject.h`): the key and its hash.
const SET_ENTRY: usize = 16;
/// Slots of one set that are looked at beyond those shown.
const MOST_EMPTY: usize = 4096;

/// `dequeobject` of `Modules/_collectionsmodule.c`, the same in 3.8-3.15: `leftblock`, `leftindex`, `maxlen`.
mod deque {
    pub(super) const LEFT_BLOCK: u16 = 24;
    pub(super) const LEFT_INDEX: u16 = 40;
    pub(super) const MAX_LENGTH: u16 = 64;
    /// `BLOCKLEN` pointers, between `leftlink` and `rightlink`.
    pub(super) const BLOCK_LENGTH: usize = 64;
}

impl<M: Memory> Work<'_, '_, '_, M> {
    pub(super) fn list(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let total = self.word(object, self.objects.var_size)?;
        let start = self.word(object, self.objects.list_items)?;
        let slot = self.named(slot, class);
        self.sequence(slot, object, class.text, ("[", "]", "[...]"), start, total)
    }

    pub(super) fn tuple(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let total = self.word(object, self.objects.var_size)?;
        let slot = self.named(slot, class);
        self.tuple_items(slot, object, class.text, "(", if total == 1 { ",)" } else { ")" })
    }

    /// The items of a `tuple` between any brackets.
    pub(super) fn tuple_items(
        &mut self,
        slot: u32,
        object: Address,
        class: Text,
        open: &str,
        close: &'static str,
    ) -> Result<(), Fault> {
        let total = self.word(object, self.objects.var_size)?;
        let start = object.wrapping_add(usize::from(self.objects.tuple_items));
        self.sequence(slot, object, class, (open, close, "(...)"), start, total)
    }

    /// `total` pointers at `start`, between the first two texts, or the third for an object within itself.
    fn sequence(
        &mut self,
        slot: u32,
        object: Address,
        class: Text,
        (open, close, recursion): (&str, &'static str, &str),
        start: Address,
        total: usize,
    ) -> Result<(), Fault> {
        if self.is_within_itself(object) {
            self.words(slot, recursion);
            return Ok(());
        }
        if total > isize::MAX as usize {
            return Err(Fault);
        }
        let mut index = 0;
        self.group(slot, object, Group { kind: Kind::Items, class, open, close, total }, |work| {
            let item = work.memory.word(start.wrapping_add(8 * index))?;
            index += 1;
            Ok(Some(Entry::Item(item)))
        })
    }

    /// `{1, 2}`, `set()`, `frozenset({1, 2})`.
    pub(super) fn set(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (total, mask, table) = (
            self.word(object, self.objects.set_used)?,
            self.word(object, self.objects.set_mask)?,
            self.word(object, self.objects.set_table)?,
        );
        if self.is_within_itself(object) || total == 0 {
            let inner = if total == 0 { "" } else { "..." };
            return self.leaf(slot, class, |out| {
                out.extend([&*class.short, "(", inner, ")"]);
                Ok(())
            });
        }
        if total > mask || mask > isize::MAX as usize / SET_ENTRY {
            return Err(Fault);
        }
        let slot = if class.exact && class.form == Form::Set {
            slot
        } else {
            self.wrap(slot, class.text, &format!("{}(", class.short), ")", 1)
        };
        let group = Group { kind: Kind::Items, class: class.text, open: "{", close: "}", total };
        let (mut index, mut empty) = (0, 0);
        self.group(slot, object, group, |work| {
            while index <= mask && empty < MOST_EMPTY {
                let entry = table.wrapping_add(SET_ENTRY * index);
                index += 1;
                // The hash of a removed item is -1, which no other has.
                match work.memory.word(entry)? {
                    key if key != 0 && work.memory.signed(entry.wrapping_add(8))? != -1 => {
                        return Ok(Some(Entry::Item(key)));
                    }
                    _ => empty += 1,
                }
            }
            Ok(None)
        })
    }

    /// `deque([1, 2])`, `deque([1, 2], maxlen=5)`.
    pub(super) fn deque(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let total = self.word(object, self.objects.var_size)?;
        let member = |offset| self.memory.word(object.wrapping_add(self.objects.private(offset)));
        let mut block = member(deque::LEFT_BLOCK)?;
        let mut index = member(deque::LEFT_INDEX)?;
        let limit = member(deque::MAX_LENGTH)? as isize;
        if self.is_within_itself(object) {
            self.words(slot, "[...]");
            return Ok(());
        }
        if index >= deque::BLOCK_LENGTH || total > isize::MAX as usize {
            return Err(Fault);
        }
        let count = if limit < 0 { 1 } else { 2 };
        let inner = self.wrap(slot, class.text, &format!("{}(", class.short), ")", count);
        if limit >= 0 {
            let open = self.write(|out| {
                out.push_str("maxlen=");
                push_signed(out, limit as i64);
                Ok(())
            })?;
            self.node(inner + 1, crate::snapshot::Value { open, ..Default::default() });
        }
        let group = Group { kind: Kind::Items, class: class.text, open: "[", close: "]", total };
        self.group(inner, object, group, |work| {
            if index == deque::BLOCK_LENGTH {
                index = 0;
                block = work.memory.pointer(block.wrapping_add(8 * (deque::BLOCK_LENGTH + 1)))?;
            }
            index += 1;
            Ok(Some(Entry::Item(work.memory.word(block.wrapping_add(8 * index))?)))
        })
    }

    /// `Point(x=1, y=2)`.
    pub(super) fn named_tuple(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let total = self.word(object, self.objects.var_size)?;
        let fields = class.fields;
        let is_tuple = self.class_of(fields).is_ok_and(|fields| fields.form == Form::Tuple && fields.exact);
        if !is_tuple || self.word(fields, self.objects.var_size) != Ok(total) {
            return self.tuple(slot, object, class);
        }
        let at = |tuple: Address, work: &Self, index: usize| {
            work.memory.word(tuple.wrapping_add(usize::from(work.objects.tuple_items) + 8 * index))
        };
        let mut index = 0;
        let open = format!("{}(", class.short);
        let group = Group { kind: Kind::Fields, class: class.text, open: &open, close: ")", total };
        self.group(slot, object, group, |work| {
            let name = at(fields, work, index)?;
            let name = work.name(name).ok_or(Fault)?;
            let item = at(object, work, index)?;
            index += 1;
            Ok(Some(Entry::Field(name, item)))
        })
    }

    /// `os.stat_result(st_mode=33188, …)`: the names are those of the type's members, which stand in the items' order
    /// (`Objects/structseq.c`). Items that only have a name, or only a place, are counted as left out.
    pub(super) fn struct_sequence(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        /// Size of a `PyMemberDef`, whose first member is the name and whose third is the offset.
        const MEMBER: usize = 40;
        let total = self.word(object, self.objects.var_size)?;
        if class.fields == 0 {
            return self.tuple(slot, object, class);
        }
        let items = usize::from(self.objects.tuple_items);
        let mut member = class.fields;
        let open = format!("{}(", class.full);
        let group = Group { kind: Kind::Fields, class: class.text, open: &open, close: ")", total };
        self.group(slot, object, group, |work| {
            let name = work.memory.word(member)?;
            let offset = work.memory.word(member.wrapping_add(16))?;
            member = member.wrapping_add(MEMBER);
            if name == 0 || offset < items || (offset - items) / 8 >= total {
                return Ok(None);
            }
            let name = work.c_name(name)?;
            Ok(Some(Entry::Field(name, work.memory.word(object.wrapping_add(offset))?)))
        })
    }

    /// An attribute's name that C code gave.
    fn c_name(&mut self, name: Address) -> Result<Named, Fault> {
        let place = name / 16 % super::NAMES;
        let (address, known) = self.cache.names[place];
        if address == name {
            return Ok(known);
        }
        let words = self.memory.c_string(name, super::LONGEST_NAME)?;
        let mark = self.arena.mark();
        text::push_foreign(&words, self.arena.writer());
        let text = self.arena.since(mark);
        let words = self.arena.text(text);
        let named = Named { text, len: words.len() as u32, secret: self.redact.matches(words) };
        self.cache.names[place] = (name, named);
        Ok(named)
    }
}
