//! The addresses of CPython's own static objects: what makes a type one of the builtins beyond doubt.
//!
//! A name can lie, an address cannot. Everything that is not here is told by the type's flags, by the name of a type
//! that was made in C, or by the module and qualified name of a class.

use super::memory::Address;
use super::values::form::Form;

/// Static types by the name of their symbol, all of them in the C API of 3.8-3.15 but where a version is given.
const TYPES: &[(&str, Form)] = &[
    ("PyBaseObject_Type", Form::Instance),
    ("PyLong_Type", Form::Int),
    ("PyBool_Type", Form::Bool),
    ("PyFloat_Type", Form::Float),
    ("PyComplex_Type", Form::Complex),
    ("PyUnicode_Type", Form::Str),
    ("PyBytes_Type", Form::Bytes),
    ("PyByteArray_Type", Form::ByteArray),
    ("PyList_Type", Form::List),
    ("PyTuple_Type", Form::Tuple),
    ("PyDict_Type", Form::Dict),
    ("PySet_Type", Form::Set),
    ("PyFrozenSet_Type", Form::FrozenSet),
    ("PyRange_Type", Form::Range),
    ("PySlice_Type", Form::Slice),
    ("PyType_Type", Form::Class),
    ("PyModule_Type", Form::Module),
    ("PyFunction_Type", Form::Function),
    ("PyCFunction_Type", Form::Builtin),
    ("PyMethod_Type", Form::Method),
    ("PyCode_Type", Form::Code),
    ("PyGen_Type", Form::Generator),
    ("PyCoro_Type", Form::Coroutine),
    ("PyAsyncGen_Type", Form::AsyncGenerator),
    ("PyMemberDescr_Type", Form::MemberDescriptor),
    ("PyGetSetDescr_Type", Form::GetSetDescriptor),
    ("PyMethodDescr_Type", Form::MethodDescriptor),
    ("PyWrapperDescr_Type", Form::WrapperDescriptor),
    ("PyDictProxy_Type", Form::MappingProxy),
    ("PyDictKeys_Type", Form::DictKeys),
    ("PyDictValues_Type", Form::DictValues),
    ("PyDictItems_Type", Form::DictItems),
    ("PyODict_Type", Form::OrderedDict),
    ("_PyWeakref_RefType", Form::Weakref),
    // 3.9+
    ("PyCMethod_Type", Form::Builtin),
];

/// Where they are in this process.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// `None`
    pub none: Address,
    /// `True`
    pub yes: Address,
    /// `False`
    pub no: Address,
    /// `...`
    pub ellipsis: Address,
    /// `NotImplemented`
    pub not_implemented: Address,
    types: Vec<(Address, Form)>,
}

impl Known {
    /// Looks everything up by symbol. What is not found costs exactness (such objects are read by their type's flags or
    /// not at all), never correctness.
    pub fn resolve(find: impl Fn(&str) -> Option<Address>) -> Known {
        let one = |name| find(name).unwrap_or(0);
        let mut types: Vec<_> = TYPES.iter().filter_map(|&(name, form)| Some((find(name)?, form))).collect();
        types.sort_unstable_by_key(|&(address, _)| address);
        Known {
            none: one("_Py_NoneStruct"),
            yes: one("_Py_TrueStruct"),
            no: one("_Py_FalseStruct"),
            ellipsis: one("_Py_EllipsisObject"),
            not_implemented: one("_Py_NotImplementedStruct"),
            types,
        }
    }

    /// What instances of exactly that type are.
    pub fn form(&self, class: Address) -> Option<Form> {
        let index = self.types.binary_search_by_key(&class, |&(address, _)| address).ok()?;
        Some(self.types[index].1)
    }

    /// Every form as the type at one of some addresses, `step` apart.
    #[cfg(test)]
    pub(super) fn of_all_forms(first: Address, step: usize) -> Known {
        let types = Form::ALL.iter().enumerate().map(|(index, &form)| (first + step * index, form));
        Known { types: types.collect(), ..Known::default() }
    }
}
