//! Where the members of objects stand: what values are read by.
//!
//! One frozen table a minor version, each written as what it changes of the one before. A Py_DEBUG build has the same
//! ones; in a free-threaded build the head that every object begins with is 16 bytes longer, which moves every member
//! of an object and nothing else. `scripts/check-layouts` compares the tables with the installed headers, by
//! `scripts/layouts/objects.h`; the layout of dictionary keys before 3.11, which no header gives, is that of
//! `Objects/dict-common.h`. Structures that are private to one `.c` file of CPython stand with the code that reads
//! them, as [`Objects::private`] offsets.
//!
//! Pure.

use super::{NONE, Offset, Version};

/// By how much the head of an object is longer in a free-threaded build (`Include/object.h`).
const FREE_THREADED_HEAD: Offset = 16;

macro_rules! table {
    (
        objects { $($(#[$odoc:meta])* $object:ident,)* }
        others { $($(#[$pdoc:meta])* $other:ident,)* }
    ) => {
        /// Offsets in bytes of members of objects, and a few bit numbers and sizes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Objects {
            $($(#[$odoc])* pub $object: Offset,)*
            $($(#[$pdoc])* pub $other: Offset,)*
            /// What [`Objects::private`] adds.
            pub head: Offset,
        }

        impl Objects {
            /// The table with every member of an object `by` bytes further on.
            fn shifted(mut self, by: Offset) -> Objects {
                $(if self.$object != NONE { self.$object += by; })*
                self.head += by;
                self
            }

            /// Names every entry that this version has, for `scripts/check-layouts`.
            pub fn members(&self, each: &mut dyn FnMut(&'static str, Offset)) {
                $(if self.$object != NONE { each(concat!("object.", stringify!($object)), self.$object); })*
                $(if self.$other != NONE { each(concat!("object.", stringify!($other)), self.$other); })*
            }
        }
    };
}

table! {
    objects {
        /// `PyObject.ob_type`
        object_type,
        /// `sizeof(PyObject)`
        object_size,
        /// `PyVarObject.ob_size`
        var_size,
        /// `PyTypeObject.tp_name`
        type_name,
        /// `PyTypeObject.tp_basicsize`
        type_basicsize,
        /// `PyTypeObject.tp_itemsize`
        type_itemsize,
        /// `PyTypeObject.tp_flags`
        type_flags,
        /// `PyTypeObject.tp_members`
        type_members,
        /// `PyTypeObject.tp_base`
        type_base,
        /// `PyTypeObject.tp_dict`
        type_dict,
        /// `PyTypeObject.tp_dictoffset`
        type_dictoffset,
        /// `PyTypeObject.tp_mro`
        type_mro,
        /// `PyHeapTypeObject.ht_name`
        heap_name,
        /// `PyHeapTypeObject.ht_qualname`
        heap_qualname,
        /// `PyHeapTypeObject.ht_cached_keys`
        heap_cached_keys,
        /// `PyASCIIObject.length`
        unicode_length,
        /// `PyASCIIObject.state`
        unicode_state,
        /// `sizeof(PyASCIIObject)`: where the characters of an ASCII string stand
        unicode_ascii_data,
        /// `sizeof(PyCompactUnicodeObject)`: where the characters of another compact string stand
        unicode_compact_data,
        /// `PyUnicodeObject.data`, of a string that is not compact
        unicode_data,
        /// `PyASCIIObject.wstr`, up to 3.11
        unicode_wstr,
        /// `PyCompactUnicodeObject.wstr_length`, up to 3.11
        unicode_wstr_length,
        /// `PyVarObject.ob_size`, from 3.12 on `PyLongObject.long_value.lv_tag`
        long_size,
        /// `PyLongObject.ob_digit`
        long_digits,
        /// `PyFloatObject.ob_fval`
        float_value,
        /// `PyComplexObject.cval`
        complex_value,
        /// `PyBytesObject.ob_sval`
        bytes_data,
        /// `PyByteArrayObject.ob_start`
        bytearray_start,
        /// `PyListObject.ob_item`
        list_items,
        /// `PyTupleObject.ob_item`
        tuple_items,
        /// `PyDictObject.ma_used`
        dict_used,
        /// `PyDictObject.ma_keys`
        dict_keys,
        /// `PyDictObject.ma_values`
        dict_values,
        /// `PySetObject.used`
        set_used,
        /// `PySetObject.mask`
        set_mask,
        /// `PySetObject.table`
        set_table,
        /// `PyCellObject.ob_ref`
        cell_value,
        /// `PySliceObject.start`
        slice_start,
        /// `PySliceObject.stop`
        slice_stop,
        /// `PySliceObject.step`
        slice_step,
        /// `PyFunctionObject.func_name`
        function_name,
        /// `PyFunctionObject.func_qualname`
        function_qualname,
        /// `PyCFunctionObject.m_ml`
        builtin_method,
        /// `PyCFunctionObject.m_self`
        builtin_self,
        /// `PyMethodObject.im_func`
        method_function,
        /// `PyMethodObject.im_self`
        method_self,
        /// `PyDescrObject.d_type`
        descriptor_type,
        /// `PyDescrObject.d_name`
        descriptor_name,
        /// `PyGenObject.gi_name`, the same for coroutines and async generators
        generator_name,
        /// `PyGenObject.gi_qualname`
        generator_qualname,
        /// `PyWeakReference.wr_object`
        weakref_object,
        /// `PyBaseExceptionObject.args`
        exception_args,
        /// `PyCodeObject.co_filename`
        code_file,
        /// `PyCodeObject.co_name`
        code_name,
        /// `PyCodeObject.co_firstlineno`
        code_first_line,
    }
    others {
        /// Number of the lowest of the three bits of `state.kind`
        unicode_kind_bit,
        /// Number of the bit `state.compact`
        unicode_compact_bit,
        /// Number of the bit `state.ascii`
        unicode_ascii_bit,
        /// `PyDictKeysObject.dk_size`, up to 3.10
        keys_size,
        /// `PyDictKeysObject.dk_log2_size`, from 3.11 on
        keys_log2_size,
        /// `PyDictKeysObject.dk_log2_index_bytes`, from 3.11 on
        keys_log2_index_bytes,
        /// `PyDictKeysObject.dk_kind`, from 3.11 on
        keys_kind,
        /// `PyDictKeysObject.dk_nentries`
        keys_entries,
        /// `PyDictKeysObject.dk_indices`; the entries follow them
        keys_indices,
        /// `PyDictValues.values`; up to 3.10 the values of a split table are a bare array
        values_items,
        /// `PyDictValues.capacity`, from 3.13 on
        values_capacity,
        /// `PyDictValues.size`, from 3.13 on; before, one byte 2 bytes before the values (3.11, 3.12)
        values_size,
        /// `PyDictValues.valid`, from 3.13 on
        values_valid,
        /// How far before the object its managed dictionary's pointer stands: a dictionary (3.11, 3.13+), or
        /// values when the lowest bit is set (3.12)
        managed_dict,
        /// How far before the object the pointer to its inline values stands; 3.11 only. From 3.13 on the values stand
        /// at `tp_basicsize`
        managed_values,
    }
}

const V3_8: Objects = Objects {
    object_type: 8,
    object_size: 16,
    var_size: 16,
    type_name: 24,
    type_basicsize: 32,
    type_itemsize: 40,
    type_flags: 168,
    type_members: 240,
    type_base: 256,
    type_dict: 264,
    type_dictoffset: 288,
    type_mro: 344,
    heap_name: 848,
    heap_qualname: 864,
    heap_cached_keys: 872,
    unicode_length: 16,
    unicode_state: 32,
    unicode_kind_bit: 2,
    unicode_compact_bit: 5,
    unicode_ascii_bit: 6,
    unicode_ascii_data: 48,
    unicode_compact_data: 72,
    unicode_data: 72,
    unicode_wstr: 40,
    unicode_wstr_length: 64,
    long_size: 16,
    long_digits: 24,
    float_value: 16,
    complex_value: 16,
    bytes_data: 32,
    bytearray_start: 40,
    list_items: 24,
    tuple_items: 24,
    dict_used: 16,
    dict_keys: 32,
    dict_values: 40,
    keys_size: 8,
    keys_log2_size: NONE,
    keys_log2_index_bytes: NONE,
    keys_kind: NONE,
    keys_entries: 32,
    keys_indices: 40,
    values_items: 0,
    values_capacity: NONE,
    values_size: NONE,
    values_valid: NONE,
    managed_dict: NONE,
    managed_values: NONE,
    set_used: 24,
    set_mask: 32,
    set_table: 40,
    cell_value: 16,
    slice_start: 16,
    slice_stop: 24,
    slice_step: 32,
    function_name: 64,
    function_qualname: 104,
    builtin_method: 16,
    builtin_self: 24,
    method_function: 16,
    method_self: 24,
    descriptor_type: 16,
    descriptor_name: 24,
    generator_name: 48,
    generator_qualname: 56,
    weakref_object: 16,
    exception_args: 24,
    code_file: 104,
    code_name: 112,
    code_first_line: 40,
    head: 0,
};

const V3_9: Objects = Objects { heap_name: 840, heap_qualname: 856, heap_cached_keys: 864, ..V3_8 };

const V3_10: Objects = Objects {
    heap_name: 848,
    heap_qualname: 864,
    heap_cached_keys: 872,
    function_name: 32,
    function_qualname: 40,
    generator_name: 40,
    generator_qualname: 48,
    ..V3_9
};

const V3_11: Objects = Objects {
    keys_size: NONE,
    keys_log2_size: 8,
    keys_log2_index_bytes: 9,
    keys_kind: 10,
    keys_entries: 24,
    keys_indices: 32,
    managed_dict: 24,
    managed_values: 32,
    generator_name: 32,
    generator_qualname: 40,
    code_file: 112,
    code_name: 120,
    code_first_line: 72,
    ..V3_10
};

const V3_12: Objects = Objects {
    heap_name: 856,
    heap_qualname: 872,
    heap_cached_keys: 880,
    unicode_ascii_data: 40,
    unicode_compact_data: 56,
    unicode_data: 56,
    unicode_wstr: NONE,
    unicode_wstr_length: NONE,
    managed_values: NONE,
    generator_name: 24,
    generator_qualname: 32,
    code_first_line: 68,
    ..V3_11
};

const V3_13: Objects =
    Objects { values_items: 8, values_capacity: 0, values_size: 1, values_valid: 3, ..V3_12 };

const V3_14: Objects = Objects { tuple_items: 32, ..V3_13 };

const V3_15: Objects = Objects { heap_name: 864, heap_qualname: 880, heap_cached_keys: 888, ..V3_14 };

impl Objects {
    /// The table of a version; `None` where there is none.
    pub fn of(version: Version) -> Option<Objects> {
        let table = match (version.major, version.minor) {
            (3, 8) => V3_8,
            (3, 9) => V3_9,
            (3, 10) => V3_10,
            (3, 11) => V3_11,
            (3, 12) => V3_12,
            (3, 13) => V3_13,
            (3, 14) => V3_14,
            (3, 15) => V3_15,
            _ => return None,
        };
        Some(match (version.free_threaded, version.minor) {
            (false, _) => table,
            (true, 13) => Objects { managed_dict: 8, ..table.shifted(FREE_THREADED_HEAD) },
            // `state.interned` takes a whole byte there, from 3.14 on.
            (true, _) => Objects {
                managed_dict: 8,
                unicode_kind_bit: 8,
                unicode_compact_bit: 11,
                unicode_ascii_bit: 12,
                ..table.shifted(FREE_THREADED_HEAD)
            },
        })
    }

    /// Where a member stands of which only the offset in a build with the GIL is written down.
    #[inline]
    pub fn private(&self, offset: Offset) -> usize {
        usize::from(offset) + usize::from(self.head)
    }
}
