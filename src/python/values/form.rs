//! What an object is, for showing it: one [`Form`] for each structure that is known.
//!
//! The structure of a C type is told by the type's address or, where it was made in C, by its name; what a Python class
//! stands for by its module and qualified name. The latter can be claimed by any script, and may be: attributes of an
//! instance are only ever looked for, never expected.

/// How an object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after the type that it reads")]
pub enum Form {
    /// An instance of a Python class, by its attributes.
    Instance,
    /// A C type whose structure is not known, by its name and address.
    Opaque,
    Int,
    Bool,
    Float,
    Complex,
    Str,
    Bytes,
    ByteArray,
    List,
    Tuple,
    NamedTuple,
    StructSequence,
    Dict,
    Set,
    FrozenSet,
    Range,
    Slice,
    Class,
    Module,
    Function,
    Builtin,
    Method,
    Code,
    Generator,
    Coroutine,
    AsyncGenerator,
    MemberDescriptor,
    GetSetDescriptor,
    MethodDescriptor,
    WrapperDescriptor,
    MappingProxy,
    DictKeys,
    DictValues,
    DictItems,
    OrderedDict,
    Weakref,
    Exception,
    DefaultDict,
    Counter,
    Deque,
    Partial,
    Namespace,
    Enum,
}

impl Form {
    /// The form of instances of a type that was made in C and has that `tp_name`.
    pub(super) fn of_c_type(name: &[u8]) -> Option<Form> {
        Some(match name {
            b"collections.deque" => Form::Deque,
            b"collections.defaultdict" => Form::DefaultDict,
            b"functools.partial" => Form::Partial,
            b"types.SimpleNamespace" => Form::Namespace,
            _ => return None,
        })
    }

    /// The form of instances of a class made by a `class` statement.
    pub(super) fn of_class(full: &str) -> Option<Form> {
        Some(match full {
            "collections.Counter" => Form::Counter,
            "enum.Enum" => Form::Enum,
            _ => return None,
        })
    }
}
