//! What can be called, and where code comes from, as Python's own `repr` says it.

use super::class::Class;
use super::number::{push_address, push_signed};
use super::table::Table;
use super::{Entry, Group, LONGEST_NAME, Work};
use crate::python::layout::Offset;
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::python::values::form::Form;
use crate::snapshot::{Kind, Text};

/// `PyModuleObject.md_dict` (`Objects/moduleobject.c` up to 3.10, `pycore_moduleobject.h` later).
pub(super) const MODULE_DICT: u16 = 16;
/// `PyModuleObject.md_name`.
const MODULE_NAME: u16 = 48;
/// `partialobject` of `Modules/_functoolsmodule.c`: `fn`, `args`, `kw`.
const PARTIAL: [u16; 3] = [16, 24, 32];
/// `PyMethodDef.ml_name`.
const METHOD_NAME: usize = 0;

impl<M: Memory> Work<'_, '_, '_, M> {
    /// Appends the text of a `str` object, as it is.
    pub(super) fn push_name(&self, out: &mut String, name: Address) -> Result<(), Fault> {
        if !self.is_str(name) {
            return Err(Fault);
        }
        text::push_display(self.memory, self.objects, name, LONGEST_NAME, out).map(|_| ())
    }

    /// The text of a member that is a `str`.
    fn member_name(&self, object: Address, offset: Offset) -> Result<String, Fault> {
        let mut out = String::new();
        self.push_name(&mut out, self.pointer(object, offset)?)?;
        Ok(out)
    }

    /// `<class 'app.Job'>`; of an object that is a type itself.
    pub(super) fn class_object(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let this = self.class(object)?;
        self.leaf(slot, class, |out| {
            out.extend(["<class '", &this.full, "'>"]);
            Ok(())
        })
    }

    /// `<function f at 0x7f…>`.
    pub(super) fn function(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let name = self.member_name(object, self.objects.function_qualname)?;
        self.at(slot, object, class, &format!("function {name}"))
    }

    /// `<built-in function len>`, `<built-in method append of list object at 0x7f…>`.
    pub(super) fn builtin(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let method = self.pointer(object, self.objects.builtin_method)?;
        let words =
            self.memory.c_string(self.memory.word(method.wrapping_add(METHOD_NAME))?, LONGEST_NAME)?;
        let mut name = String::new();
        text::push_foreign(&words, &mut name);
        let this = match self.word(object, self.objects.builtin_self)? {
            0 => None,
            this => Some((this, self.class_of(this)?)),
        };
        self.leaf(slot, class, |out| {
            match this {
                Some((this, of)) if of.form != Form::Module => {
                    out.extend(["<built-in method ", &name, " of ", of.type_name(), " object at "]);
                    push_address(out, this);
                }
                _ => out.extend(["<built-in function ", &name]),
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<bound method Job.run of <app.Job object at 0x7f… id=7>>`: the object is shown by our rules.
    pub(super) fn method(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let function = self.pointer(object, self.objects.method_function)?;
        let this = self.pointer(object, self.objects.method_self)?;
        // Anything can be bound; of what is no function the name is not known.
        let name = match self.class_of(function)?.form {
            Form::Function => self.member_name(function, self.objects.function_qualname)?,
            _ => String::from("?"),
        };
        let open = format!("<bound method {name} of ");
        if self.is_within_itself(this) || self.at_bottom() {
            let of = self.class_of(this)?;
            return self.leaf(slot, class, |out| {
                out.push_str(&open);
                super::push_head(out, "", &of, this);
                out.push_str(">>");
                Ok(())
            });
        }
        let inner = self.wrap(slot, class.text, &open, ">", 1);
        self.child(inner, this, 0);
        Ok(())
    }

    /// `<module 'os' from '/usr/lib/python3.11/os.py'>`, `<module 'sys' (built-in)>`, by the spec (`_module_repr_from_spec` of
    /// `importlib._bootstrap`).
    pub(super) fn module(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let dict = self.memory.pointer(object.wrapping_add(self.objects.private(MODULE_DICT)))?;
        let table = Table::of_dict(self.memory, self.objects, dict)?;
        let name = self.memory.word(object.wrapping_add(self.objects.private(MODULE_NAME)))?;
        let spec = self.lookup(table, b"__spec__").filter(|&spec| spec != self.known.none);
        let (mut origin, mut located, mut is_built_in) = (None, true, false);
        if let Some(spec) = spec {
            let of = self.class_of(spec)?;
            origin = self.attribute(spec, &of, "origin");
            located = self.attribute(spec, &of, "_set_fileattr") == Some(self.known.yes);
            // 3.8 leaves the origin of some modules out, and asks the loader.
            is_built_in = match self.attribute(spec, &of, "loader") {
                Some(loader) if self.class_of(loader)?.form == Form::Class => {
                    &*self.class(loader)?.full == "_frozen_importlib.BuiltinImporter"
                }
                _ => false,
            };
        }
        let file = self.lookup(table, b"__file__").or(origin).filter(|&file| self.is_str(file));
        let (memory, objects) = (self.memory, self.objects);
        let name = Some(name).filter(|&name| self.is_str(name)).or_else(|| self.lookup(table, b"__name__"));
        let mut title = String::from("<module ");
        match name {
            Some(name) if self.is_str(name) => {
                text::push_quoted(memory, objects, name, LONGEST_NAME, &mut title)?;
            }
            _ => title.push_str("'?'"),
        }
        self.leaf(slot, class, |out| {
            out.push_str(&title);
            match file {
                Some(file) if located => {
                    out.push_str(" from ");
                    text::push_quoted(memory, objects, file, 4 * LONGEST_NAME, out)?;
                }
                Some(file) => {
                    out.push_str(" (");
                    text::push_display(memory, objects, file, LONGEST_NAME, out)?;
                    out.push(')');
                }
                None if is_built_in => out.push_str(" (built-in)"),
                None => {}
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<code object f at 0x7f…, file "app.py", line 3>`.
    pub(super) fn code(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let objects = self.objects;
        let name = self.member_name(object, objects.code_name)?;
        let file = self.member_name(object, objects.code_file)?;
        let line = self.memory.i32(object.wrapping_add(usize::from(objects.code_first_line)))?;
        self.leaf(slot, class, |out| {
            out.extend(["<code object ", &name, " at "]);
            push_address(out, object);
            out.extend([", file \"", &file, "\", line "]);
            push_signed(out, i64::from(line));
            out.push('>');
            Ok(())
        })
    }

    /// `<coroutine object main at 0x7f…>`.
    pub(super) fn generator(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let name = self.member_name(object, self.objects.generator_qualname)?;
        let kind = match class.form {
            Form::Generator => "generator",
            Form::Coroutine => "coroutine",
            _ => "async_generator",
        };
        self.at(slot, object, class, &format!("{kind} object {name}"))
    }

    /// `<method 'append' of 'list' objects>` and its like.
    pub(super) fn descriptor(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let name = self.member_name(object, self.objects.descriptor_name)?;
        let of = self.pointer(object, self.objects.descriptor_type)?;
        let of = self.class(of)?;
        let kind = match class.form {
            Form::MethodDescriptor => "method",
            Form::WrapperDescriptor => "slot wrapper",
            Form::MemberDescriptor => "member",
            _ => "attribute",
        };
        // 3.15 does not say it of what every object has.
        let everywhere = self.version.at_least(15) && of.exact && of.form == Form::Instance;
        self.leaf(slot, class, |out| {
            out.extend(["<", kind, " '", &name, "'"]);
            if !everywhere {
                out.extend([" of '", of.type_name(), "' objects"]);
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<weakref at 0x7f…; to 'Job' at 0x7f…>`, `<weakref at 0x7f…; dead>`. The name that some objects have is left out.
    pub(super) fn weakref(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let to = self.word(object, self.objects.weakref_object)?;
        let of = if to == 0 || to == self.known.none { None } else { Some(self.class_of(to)?) };
        // `%T` of 3.13 says where the class is from.
        let full = self.version.at_least(13);
        self.leaf(slot, class, |out| {
            out.push('<');
            out.push_str(match class.form {
                Form::WeakProxy => "weakproxy",
                _ if class.exact => "weakref",
                _ => &class.short,
            });
            out.push_str(" at ");
            push_address(out, object);
            match of {
                Some(of) => {
                    out.extend(["; to '", if full { &of.full } else { of.type_name() }, "' at "]);
                    push_address(out, to);
                    out.push('>');
                }
                None => out.push_str("; dead>"),
            }
            Ok(())
        })
    }

    /// `functools.partial(<function f at 0x7f…>, 1, a=2)`.
    pub(super) fn partial(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let mut parts = [0; 3];
        for (part, offset) in parts.iter_mut().zip(PARTIAL) {
            *part = self.memory.pointer(object.wrapping_add(self.objects.private(offset)))?;
        }
        let [function, args, keywords] = parts;
        let count = self.word(args, self.objects.var_size)?;
        let mut table = Table::of_dict(self.memory, self.objects, keywords)?;
        let total = 1usize.saturating_add(count).saturating_add(table.used);
        let open = format!("{}(", class.full);
        if self.is_within_itself(object) {
            return self.leaf(slot, class, |out| {
                out.extend([&open, "...)"]);
                Ok(())
            });
        }
        let mut index = 0;
        let group = Group { kind: Kind::Items, class: class.text, open: &open, close: ")", total };
        self.group(slot, object, group, |work| {
            index += 1;
            if index == 1 {
                return Ok(Some(Entry::Item(function)));
            }
            if index - 2 < count {
                let items = args.wrapping_add(usize::from(work.objects.tuple_items));
                return Ok(Some(Entry::Item(work.memory.word(items.wrapping_add(8 * (index - 2)))?)));
            }
            let Some((key, value)) = table.next(work.memory)? else { return Ok(None) };
            Ok(work.name(key).map(|name| Entry::Keyword(name, value)))
        })
    }

    /// `a=2` as one item.
    pub(super) fn keyword(&mut self, at: u32, name: super::Named, value: Address, siblings: usize) {
        let open = format!("{}=", self.arena.text(name.text));
        let inner = self.wrap(at, Text::EMPTY, &open, "", 1);
        self.value_of(inner, name.secret, value, siblings);
    }
}
