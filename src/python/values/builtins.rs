//! Strings, bytes, ranges and slices.

use super::class::Class;
use super::form::Form;
use super::number::push_signed;
use super::{LEAST_TEXT, Work};
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::snapshot::{Kind, Value};

/// `rangeobject` of `Objects/rangeobject.c`: start, stop, step.
const RANGE: [u16; 3] = [16, 24, 32];

impl<M: Memory> Work<'_, '_, '_, M> {
    /// Characters that a string may show.
    pub(super) fn text_limit(&self) -> usize {
        self.left.max(LEAST_TEXT) as usize
    }

    /// `slot` itself for an exact type, else the place between `Name(` and `)`.
    pub(super) fn named(&mut self, slot: u32, class: &Class) -> u32 {
        if class.exact {
            return slot;
        }
        self.wrap(slot, class.text, &format!("{}(", class.short), ")", 1)
    }

    pub(super) fn str(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let slot = self.named(slot, class);
        let mark = self.arena.mark();
        let limit = self.text_limit();
        let shown = text::push_quoted(self.memory, self.objects, object, limit, self.arena.writer())?;
        let open = self.arena.since(mark);
        self.charge(self.arena.mark() - mark);
        let omitted = shown.omitted();
        self.node(
            slot,
            Value { kind: Kind::Characters, class: class.text, open, omitted, ..Value::default() },
        );
        Ok(())
    }

    pub(super) fn bytes(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let count = self.word(object, self.objects.var_size)?;
        let start = object.wrapping_add(usize::from(self.objects.bytes_data));
        let slot = self.named(slot, class);
        self.push_bytes(slot, start, count, class)
    }

    /// `bytearray(b'…')`, by `ob_start`: the first byte that was not deleted.
    pub(super) fn byte_array(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let count = self.word(object, self.objects.var_size)?;
        let start = if count == 0 { 0 } else { self.pointer(object, self.objects.bytearray_start)? };
        let inner = self.wrap(slot, class.text, &format!("{}(", class.short), ")", 1);
        self.push_bytes(inner, start, count, class)
    }

    pub(super) fn push_bytes(
        &mut self,
        slot: u32,
        start: Address,
        count: usize,
        class: &Class,
    ) -> Result<(), Fault> {
        let mark = self.arena.mark();
        let limit = self.text_limit();
        // As `bytes` from 3.15 on.
        let is_array = class.form == Form::ByteArray && !self.version.at_least(15);
        let shown = text::push_bytes(self.memory, start, count as u64, limit, is_array, self.arena.writer())?;
        let open = self.arena.since(mark);
        self.charge(self.arena.mark() - mark);
        let omitted = shown.omitted();
        self.node(slot, Value { kind: Kind::Bytes, class: class.text, open, omitted, ..Value::default() });
        Ok(())
    }

    /// `range(0, 10)`, `range(0, 10, 3)`.
    pub(super) fn range(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let mut parts = [0; 3];
        for (part, offset) in parts.iter_mut().zip(RANGE) {
            *part = self.memory.pointer(object.wrapping_add(self.objects.private(offset)))?;
        }
        if let [Ok(start), Ok(stop), Ok(step)] = parts.map(|part| self.small_int(part)) {
            return self.leaf(slot, class, |out| {
                out.push_str("range(");
                push_signed(out, start);
                out.push_str(", ");
                push_signed(out, stop);
                if step != 1 {
                    out.push_str(", ");
                    push_signed(out, step);
                }
                out.push(')');
                Ok(())
            });
        }
        let count = if self.small_int(parts[2]) == Ok(1) { 2 } else { 3 };
        self.parts(slot, class, "range(", &parts[..count]);
        Ok(())
    }

    /// `slice(None, 5, None)`; the parts can be any objects.
    pub(super) fn slice(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let objects = self.objects;
        let mut parts = [0; 3];
        for (part, offset) in
            parts.iter_mut().zip([objects.slice_start, objects.slice_stop, objects.slice_step])
        {
            *part = self.pointer(object, offset)?;
        }
        self.parts(slot, class, "slice(", &parts);
        Ok(())
    }

    /// A group of a few objects, ended by `)`.
    pub(super) fn parts(&mut self, slot: u32, class: &Class, open: &str, parts: &[Address]) {
        if self.at_bottom() {
            let inner = self.wrap(slot, class.text, open, ")", 1);
            return self.words(inner, "…");
        }
        let first = self.wrap(slot, class.text, open, ")", parts.len() as u32);
        for (index, &part) in parts.iter().enumerate() {
            self.child(first + index as u32, part, parts.len() - index - 1);
        }
    }
}
