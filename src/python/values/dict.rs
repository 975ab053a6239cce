//! Dictionaries, their views and their subclasses.

use super::class::Class;
use super::form::Form;
use super::table::Table;
use super::{Entry, Group, Named, Work};
use crate::budget::NODE;
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::snapshot::{Kind, Text, Value};

/// The one member of a `mappingproxy` (`Objects/descrobject.c`) and of a view (`dv_dict`, `Include/cpython/dictobject.h`).
const OF: u16 = 16;
/// `default_factory`, the member that `defaultdict` adds to a `dict` (`Modules/_collectionsmodule.c`).
const DEFAULT_FACTORY: u16 = 48;
/// Bytes of a key in quotes that are kept.
const LONGEST_KEPT: usize = 64;

impl<M: Memory> Work<'_, '_, '_, M> {
    /// `{'a': 1}`, and `OrderedDict({…})`, `Counter({…})`, `MyDict({…})`.
    pub(super) fn dict(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        if class.exact && class.form == Form::Dict {
            return self.pairs(slot, object, class.text, "{", "}");
        }
        if self.is_within_itself(object) {
            self.words(slot, "...");
            return Ok(());
        }
        self.pairs(slot, object, class.text, &format!("{}({{", class.short), "})")
    }

    fn pairs(
        &mut self,
        slot: u32,
        object: Address,
        class: Text,
        open: &str,
        close: &'static str,
    ) -> Result<(), Fault> {
        if self.is_within_itself(object) {
            self.words(slot, "{...}");
            return Ok(());
        }
        let mut table = Table::of_dict(self.memory, self.objects, object)?;
        let group = Group { kind: Kind::Pairs, class, open, close, total: table.used };
        self.group(slot, object, group, |work| {
            let entry = table.next(work.memory)?;
            Ok(entry.map(|(key, value)| Entry::Pair(key, value)))
        })
    }

    /// `defaultdict(<class 'list'>, {…})`.
    pub(super) fn default_dict(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let factory = self.memory.word(object.wrapping_add(self.objects.private(DEFAULT_FACTORY)))?;
        let inner = self.wrap(slot, class.text, &format!("{}(", class.short), ")", 2);
        match factory {
            0 => self.words(inner, "None"),
            factory => self.child(inner, factory, 1),
        }
        self.pairs(inner + 1, object, class.text, "{", "}")
    }

    /// `mappingproxy({…})`.
    pub(super) fn mapping_proxy(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let of = self.memory.pointer(object.wrapping_add(self.objects.private(OF)))?;
        self.parts(slot, class, "mappingproxy(", &[of]);
        Ok(())
    }

    /// `dict_keys(['a', 'b'])`; those of an `OrderedDict` hide whose they are, but hold the same.
    pub(super) fn dict_view(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let dict = self.memory.pointer(object.wrapping_add(self.objects.private(OF)))?;
        if self.is_within_itself(object) {
            self.words(slot, "...");
            return Ok(());
        }
        let mut table = Table::of_dict(self.memory, self.objects, dict)?;
        let open = format!("{}([", class.short);
        let total = table.used;
        let group = Group { kind: Kind::Items, class: class.text, open: &open, close: "])", total };
        let form = class.form;
        self.group(slot, object, group, |work| {
            let entry = table.next(work.memory)?;
            Ok(entry.map(|(key, value)| match form {
                Form::DictKeys => Entry::Item(key),
                Form::DictValues => Entry::Item(value),
                _ => Entry::Tuple(key, value),
            }))
        })
    }

    /// A key and its value, at `at` and behind it.
    pub(super) fn pair(&mut self, at: u32, key: Address, value: Address, siblings: usize) {
        let secret = self.key(at, key, siblings);
        self.value_of(at + 1, secret, value, siblings);
    }

    /// Shows a key; tells whether its value is a secret.
    fn key(&mut self, at: u32, key: Address, siblings: usize) -> bool {
        let place = key / 16 % super::NAMES;
        let (address, known) = self.cache.keys[place];
        if address == key {
            self.charge(known.len as usize);
            self.budget.bytes(NODE);
            let class = self.cache.str_class;
            self.node(at, Value { kind: Kind::Characters, class, open: known.text, ..Value::default() });
            return known.secret;
        }
        self.child(at, key, 2 * siblings + 1);
        let Some(&node) = self.arena.values.get(at as usize) else { return false };
        // Of a subclass, the text stands within `Name(` and `)`.
        let inner = self.arena.values.get(node.children.first as usize);
        let node = match (node.kind, inner) {
            (Kind::Items, Some(&inner)) if node.children.count == 1 => inner,
            _ => node,
        };
        match node.kind {
            Kind::Characters if node.omitted > 0 => self.is_secret(|work, out| {
                text::push_display(work.memory, work.objects, key, super::LONGEST_TELLING, out)
            }),
            Kind::Bytes if node.omitted > 0 => self.is_secret(|work, out| {
                let start = key.wrapping_add(usize::from(work.objects.bytes_data));
                text::push_bytes(work.memory, start, node.omitted, super::LONGEST_TELLING, false, out)
            }),
            Kind::Characters | Kind::Bytes => {
                let words = self.arena.text(node.open);
                let (len, secret) = (words.len(), self.redact.matches(words));
                let is_exact = self.arena.values[at as usize].kind == Kind::Characters;
                if is_exact && len <= LONGEST_KEPT {
                    self.cache.str_class = node.class;
                    self.cache.keys[place] = (key, Named { text: node.open, len: len as u32, secret });
                }
                secret
            }
            _ => false,
        }
    }
}
