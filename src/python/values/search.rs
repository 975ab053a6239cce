//! Looking for things by name rather than showing them: in a dict, on an instance, in a module.

use super::callables::MODULE_DICT;
use super::class::Class;
use super::form::Form;
use super::table::Table;
use super::{Reader, Work};
use crate::budget::{Budget, Limits};
use crate::python::memory::{Address, Fault, Memory};
use crate::snapshot::{Arena, Text, ValueId};
use std::rc::Rc;

impl<M: Memory> Reader<'_, M> {
    /// What a dict (such as `sys.modules`) has under a name of ASCII characters.
    pub fn entry(&mut self, arena: &mut Arena, dict: Address, name: &str) -> Option<Address> {
        self.looking(arena, |work| {
            let mut table = work.dict_table(dict).ok()?;
            while let Some((key, value)) = table.next(work.memory).ok()? {
                if work.is_text(key, name.as_bytes()) {
                    return Some(value);
                }
            }
            None
        })
    }

    /// What a module has under a name of ASCII characters.
    pub fn global(&mut self, arena: &mut Arena, module: Address, name: &str) -> Option<Address> {
        let offset = self.objects.private(MODULE_DICT);
        let is_module = self.looking(arena, |work| Some(work.class_of(module).ok()?.form == Form::Module));
        let dict = is_module?.then(|| self.memory.pointer(module.wrapping_add(offset)))?.ok()?;
        self.entry(arena, dict, name)
    }

    /// What an instance has under a name, in a slot or in its `__dict__`.
    pub fn attribute(&mut self, arena: &mut Arena, object: Address, name: &str) -> Option<Address> {
        self.looking(arena, |work| {
            let class = work.class_of(object).ok()?;
            work.attribute(object, &class, name)
        })
    }

    /// The entries of a dict whose keys are an `int` of 64 bits, as [`threading`](crate::python::threading) has them.
    pub fn numbered(&mut self, arena: &mut Arena, dict: Address) -> Vec<(u64, Address)> {
        self.looking(arena, |work| {
            let mut entries = Vec::new();
            let mut table = work.dict_table(dict).ok()?;
            while let Ok(Some((key, value))) = table.next(work.memory) {
                entries.extend(work.number(key).map(|key| (key, value)));
            }
            Some(entries)
        })
        .unwrap_or_default()
    }

    /// The value of an `int`, where it fits and is not negative.
    pub fn number(&mut self, arena: &mut Arena, object: Address) -> Option<u64> {
        self.looking(arena, |work| work.number(object))
    }

    /// The value of a `bool`.
    pub fn truth(&self, object: Address) -> Option<bool> {
        match object {
            it if it == self.known.yes => Some(true),
            it if it == self.known.no => Some(false),
            _ => None,
        }
    }

    /// Copies a `str`, escaped for display.
    pub fn words(&mut self, arena: &mut Arena, object: Address) -> Option<Text> {
        self.looking(arena, |work| work.name(object).map(|named| named.text))
    }

    /// Reads the variables that a dict keeps for a module or a class body. With `data_only`, modules, functions, classes
    /// and names like `__this__` are left out; answers how many.
    ///
    /// # Errors
    /// [`Fault`] where it is no dict or cannot be read.
    pub fn namespace(
        &mut self,
        arena: &mut Arena,
        budget: &mut Budget<'_>,
        dict: Address,
        data_only: bool,
        each: &mut dyn FnMut(Text, ValueId),
    ) -> Result<u32, Fault> {
        let mut table = self.looking(arena, |work| work.dict_table(dict).ok()).ok_or(Fault)?;
        let mut omitted = 0;
        let mut name = String::new();
        while let Some((key, value)) = table.next(self.memory)? {
            let Some(text) = self.words(arena, key) else { continue };
            name.clear();
            name.push_str(arena.text(text));
            if data_only && (is_dunder(&name) || self.is_code(arena, value)) {
                omitted += 1;
                continue;
            }
            let value = self.variable(arena, budget, &name, value);
            each(text, value);
        }
        Ok(omitted)
    }

    /// A module, function, method or class.
    fn is_code(&mut self, arena: &mut Arena, object: Address) -> bool {
        let form = self.looking(arena, |work| Some(work.class_of(object).ok()?.form));
        matches!(form, Some(Form::Module | Form::Function | Form::Builtin | Form::Method | Form::Class))
    }

    /// Does what shows nothing and so costs no budget.
    fn looking<T>(
        &mut self,
        arena: &mut Arena,
        look: impl FnOnce(&mut Work<'_, '_, '_, M>) -> Option<T>,
    ) -> Option<T> {
        let no_clock = || 0;
        let mut budget = Budget::new(Limits::default(), &no_clock, u64::MAX);
        look(&mut self.work(arena, &mut budget))
    }
}

impl<M: Memory> Work<'_, '_, '_, M> {
    /// The entries of a `dict` or of a subclass.
    fn dict_table(&mut self, dict: Address) -> Result<Table, Fault> {
        let class: Rc<Class> = self.class_of(dict)?;
        match class.form {
            Form::Dict | Form::OrderedDict | Form::DefaultDict | Form::Counter => {
                Table::of_dict(self.memory, self.objects, dict)
            }
            _ => Err(Fault),
        }
    }

    fn number(&mut self, object: Address) -> Option<u64> {
        let class = self.class_of(object).ok()?;
        if class.form != Form::Int {
            return None;
        }
        u64::try_from(self.small_int(object).ok()?).ok()
    }
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}
