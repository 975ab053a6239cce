//! Instances of classes by their attributes, and what is told by them: exceptions, enumerations, namespaces.

use super::class::{Class, INLINE_VALUES, MANAGED_DICT};
use super::number::push_address;
use super::table::Table;
use super::{Entry, Group, Work, push_head};
use crate::python::layout::NONE;
use crate::python::memory::{Address, Fault, Memory};
use crate::snapshot::Kind;

/// `_PyNamespaceObject.ns_dict` (`Objects/namespaceobject.c`).
const NAMESPACE_DICT: u16 = 16;

impl<M: Memory> Work<'_, '_, '_, M> {
    /// The entries of the instance's `__dict__`, wherever this version keeps them: behind a pointer at `tp_dictoffset`, as
    /// values inline that nobody asked to see as a dictionary yet, or in a dictionary. `None` where there is none.
    ///
    /// Sources: `_PyObject_GetDictPtr` (3.8-3.10), `pycore_object.h` (3.11, 3.12), `_PyObject_ManagedDictPointer` and
    /// `_PyObject_InlineValues` (3.13+).
    pub(super) fn attributes(&self, object: Address, class: &Class) -> Result<Option<Table>, Fault> {
        let (memory, objects) = (self.memory, self.objects);
        let dict = if objects.managed_dict != NONE && class.flags & MANAGED_DICT != 0 {
            let managed = memory.word(object.wrapping_sub(usize::from(objects.managed_dict)))?;
            let values = if objects.managed_values != NONE {
                memory.word(object.wrapping_sub(usize::from(objects.managed_values)))?
            } else if objects.values_size == NONE {
                // 3.12: values, less one, or a dictionary.
                if managed & 1 != 0 { managed.wrapping_add(1) } else { 0 }
            } else if managed == 0 && class.flags & INLINE_VALUES != 0 {
                let values = object.wrapping_add(class.basicsize);
                match memory.u8(values.wrapping_add(usize::from(objects.values_valid)))? {
                    0 => 0,
                    _ => values,
                }
            } else {
                0
            };
            if values != 0 {
                return Table::of_values(memory, objects, class.cached_keys, values).map(Some);
            }
            managed
        } else {
            match class.dictoffset {
                0 => 0,
                offset if offset > 0 => memory.word(object.wrapping_add_signed(offset))?,
                offset => {
                    let count = match class.flags & (1 << 24) {
                        0 => self
                            .memory
                            .signed(object.wrapping_add(usize::from(objects.var_size)))?
                            .unsigned_abs(),
                        // An `int` has room for a digit even where it has none.
                        _ => self.digits(object)?.count.max(usize::from(self.version.at_least(12))),
                    };
                    let items = count.checked_mul(class.itemsize).ok_or(Fault)?;
                    let size = class.basicsize.checked_add(items).ok_or(Fault)?.next_multiple_of(8);
                    memory.word(object.wrapping_add(size).wrapping_add_signed(offset))?
                }
            }
        };
        match dict {
            0 => Ok(None),
            dict => Table::of_dict(memory, objects, dict).map(Some),
        }
    }

    /// `<app.Job object at 0x7f… id=7, state='queued'>`: slots, then what its `__dict__` holds.
    pub(super) fn instance(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let mut open = String::new();
        push_head(&mut open, "", class, object);
        self.fields(slot, object, class, &open, ">")
    }

    /// All attributes of an object between `open` and `close`. An object without any, or within itself, shows without.
    pub(super) fn fields(
        &mut self,
        slot: u32,
        object: Address,
        class: &Class,
        open: &str,
        close: &'static str,
    ) -> Result<(), Fault> {
        // Half an object is better than none.
        let mut table = self.attributes(object, class).ok().flatten();
        let is_set = |work: &Self, offset: usize| {
            work.memory.word(object.wrapping_add(offset)).ok().filter(|&value| value != 0)
        };
        let slots = class.slots.iter().filter(|slot| is_set(self, slot.offset).is_some()).count();
        let total = slots + table.map_or(0, |table| table.used);
        if total == 0 || self.is_within_itself(object) {
            return self.leaf(slot, class, |out| {
                out.extend([open, close]);
                Ok(())
            });
        }
        let mut slots = class.slots.iter();
        let group = Group { kind: Kind::Fields, class: class.text, open, close, total };
        self.group(slot, object, group, |work| {
            for slot in slots.by_ref() {
                if let Some(value) = is_set(work, slot.offset) {
                    let len = work.arena.text(slot.name).len() as u32;
                    let name = super::Named { text: slot.name, len, secret: slot.secret };
                    return Ok(Some(Entry::Field(name, value)));
                }
            }
            let Some(table) = &mut table else { return Ok(None) };
            while let Some((key, value)) = table.next(work.memory)? {
                if let Some(name) = work.name(key) {
                    return Ok(Some(Entry::Field(name, value)));
                }
            }
            Ok(None)
        })
    }

    /// What an instance has under a name, be it a slot or in its `__dict__`.
    pub(super) fn attribute(&self, object: Address, class: &Class, name: &str) -> Option<Address> {
        let slot = class.slots.iter().find(|slot| self.arena.text(slot.name) == name);
        if let Some(slot) = slot {
            return self.memory.pointer(object.wrapping_add(slot.offset)).ok();
        }
        self.lookup(self.attributes(object, class).ok()??, name.as_bytes())
    }

    /// `ValueError('no')`, as `BaseException.__repr__`; attributes of the script's own are not shown.
    pub(super) fn exception(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let open = format!("{}(", class.short);
        match self.word(object, self.objects.exception_args)? {
            // Between creation and `__init__`.
            0 => self.leaf(slot, class, |out| {
                out.extend([&open, ")"]);
                Ok(())
            }),
            args => self.tuple_items(slot, args, class.text, &open, ")"),
        }
    }

    /// `namespace(a=1)`.
    pub(super) fn namespace(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let dict = self.memory.pointer(object.wrapping_add(self.objects.private(NAMESPACE_DICT)))?;
        let mut table = Table::of_dict(self.memory, self.objects, dict)?;
        let name =
            if class.exact || &*class.full == "types.SimpleNamespace" { "namespace" } else { &*class.short };
        if self.is_within_itself(object) {
            return self.leaf(slot, class, |out| {
                out.extend([name, "(...)"]);
                Ok(())
            });
        }
        let open = format!("{name}(");
        let group =
            Group { kind: Kind::Fields, class: class.text, open: &open, close: ")", total: table.used };
        self.group(slot, object, group, |work| {
            while let Some((key, value)) = table.next(work.memory)? {
                if let Some(name) = work.name(key) {
                    return Ok(Some(Entry::Field(name, value)));
                }
            }
            Ok(None)
        })
    }

    /// `<Color.RED: 1>`.
    pub(super) fn enum_member(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let Some(value) = self.attribute(object, class, "_value_") else {
            return self.instance(slot, object, class);
        };
        let mut open = format!("<{}", class.short);
        if let Some(name) = self.attribute(object, class, "_name_").and_then(|name| self.name(name)) {
            open.push('.');
            open.push_str(self.arena.text(name.text));
        }
        open.push_str(": ");
        let inner = self.wrap(slot, class.text, &open, ">", 1);
        self.child(inner, value, 0);
        Ok(())
    }

    /// `<memory at 0x7f…>`-like leaves: a few words and the address.
    pub(super) fn at(&mut self, slot: u32, object: Address, class: &Class, words: &str) -> Result<(), Fault> {
        self.leaf(slot, class, |out| {
            out.push('<');
            out.push_str(words);
            out.push_str(" at ");
            push_address(out, object);
            out.push('>');
            Ok(())
        })
    }
}
