/* What src/python/layout/objects.rs says of objects. Included by scripts/layouts.c, in the middle of a function. */

#if MINOR >= 11
#  define KEYS struct _dictkeysobject
#  define VALUES struct _dictvalues
#endif

/* The lowest bit of a bit field that stands in the first four bytes at `at`, seen after setting it to all ones. */
#define BIT(name, type, field)                                                     \
    do {                                                                           \
        type probe;                                                                \
        unsigned int bits;                                                         \
        memset(&probe, 0, sizeof probe);                                           \
        probe.state.field = ~0;                                                    \
        memcpy(&bits, &probe.state, sizeof bits);                                  \
        NUMBER(name, (size_t)__builtin_ctz(bits));                                 \
    } while (0);

MEMBER("object.object_type", PyObject, ob_type)
NUMBER("object.object_size", sizeof(PyObject))
MEMBER("object.var_size", PyVarObject, ob_size)

MEMBER("object.type_name", PyTypeObject, tp_name)
MEMBER("object.type_basicsize", PyTypeObject, tp_basicsize)
MEMBER("object.type_itemsize", PyTypeObject, tp_itemsize)
MEMBER("object.type_flags", PyTypeObject, tp_flags)
MEMBER("object.type_members", PyTypeObject, tp_members)
MEMBER("object.type_base", PyTypeObject, tp_base)
MEMBER("object.type_dict", PyTypeObject, tp_dict)
MEMBER("object.type_dictoffset", PyTypeObject, tp_dictoffset)
MEMBER("object.type_mro", PyTypeObject, tp_mro)
MEMBER("object.heap_name", PyHeapTypeObject, ht_name)
MEMBER("object.heap_qualname", PyHeapTypeObject, ht_qualname)
MEMBER("object.heap_cached_keys", PyHeapTypeObject, ht_cached_keys)

MEMBER("object.unicode_length", PyASCIIObject, length)
MEMBER("object.unicode_state", PyASCIIObject, state)
BIT("object.unicode_kind_bit", PyASCIIObject, kind)
BIT("object.unicode_compact_bit", PyASCIIObject, compact)
BIT("object.unicode_ascii_bit", PyASCIIObject, ascii)
NUMBER("object.unicode_ascii_data", sizeof(PyASCIIObject))
NUMBER("object.unicode_compact_data", sizeof(PyCompactUnicodeObject))
MEMBER("object.unicode_data", PyUnicodeObject, data)
#if MINOR < 12
MEMBER("object.unicode_wstr", PyASCIIObject, wstr)
MEMBER("object.unicode_wstr_length", PyCompactUnicodeObject, wstr_length)
#endif

#if MINOR >= 12
MEMBER("object.long_size", PyLongObject, long_value.lv_tag)
MEMBER("object.long_digits", PyLongObject, long_value.ob_digit)
#else
MEMBER("object.long_size", PyVarObject, ob_size)
MEMBER("object.long_digits", PyLongObject, ob_digit)
#endif
MEMBER("object.float_value", PyFloatObject, ob_fval)
MEMBER("object.complex_value", PyComplexObject, cval)
MEMBER("object.bytes_data", PyBytesObject, ob_sval)
MEMBER("object.bytearray_start", PyByteArrayObject, ob_start)
MEMBER("object.list_items", PyListObject, ob_item)
MEMBER("object.tuple_items", PyTupleObject, ob_item)

MEMBER("object.dict_used", PyDictObject, ma_used)
MEMBER("object.dict_keys", PyDictObject, ma_keys)
MEMBER("object.dict_values", PyDictObject, ma_values)
#ifdef KEYS
MEMBER("object.keys_log2_size", KEYS, dk_log2_size)
MEMBER("object.keys_log2_index_bytes", KEYS, dk_log2_index_bytes)
MEMBER("object.keys_kind", KEYS, dk_kind)
MEMBER("object.keys_entries", KEYS, dk_nentries)
MEMBER("object.keys_indices", KEYS, dk_indices)
MEMBER("object.values_items", VALUES, values)
#  if MINOR >= 13
MEMBER("object.values_capacity", VALUES, capacity)
MEMBER("object.values_size", VALUES, size)
MEMBER("object.values_valid", VALUES, valid)
#  endif
#else
/* Objects/dict-common.h */
UNSAID("object.keys_size")
UNSAID("object.keys_entries")
UNSAID("object.keys_indices")
UNSAID("object.values_items")
#endif
#ifdef MANAGED_DICT_OFFSET
NUMBER("object.managed_dict", -(ssize_t)MANAGED_DICT_OFFSET)
#elif MINOR == 12
/* _PyObject_DictOrValuesPointer */
UNSAID("object.managed_dict")
#endif
#if MINOR == 11
/* _PyObject_ValuesPointer */
UNSAID("object.managed_values")
#endif

MEMBER("object.set_used", PySetObject, used)
MEMBER("object.set_mask", PySetObject, mask)
MEMBER("object.set_table", PySetObject, table)
MEMBER("object.cell_value", PyCellObject, ob_ref)
MEMBER("object.slice_start", PySliceObject, start)
MEMBER("object.slice_stop", PySliceObject, stop)
MEMBER("object.slice_step", PySliceObject, step)

MEMBER("object.function_name", PyFunctionObject, func_name)
MEMBER("object.function_qualname", PyFunctionObject, func_qualname)
MEMBER("object.builtin_method", PyCFunctionObject, m_ml)
MEMBER("object.builtin_self", PyCFunctionObject, m_self)
MEMBER("object.method_function", PyMethodObject, im_func)
MEMBER("object.method_self", PyMethodObject, im_self)
MEMBER("object.descriptor_type", PyDescrObject, d_type)
MEMBER("object.descriptor_name", PyDescrObject, d_name)
MEMBER("object.generator_name", PyGenObject, gi_name)
MEMBER("object.generator_qualname", PyGenObject, gi_qualname)
MEMBER("object.weakref_object", PyWeakReference, wr_object)
MEMBER("object.exception_args", PyBaseExceptionObject, args)
MEMBER("object.code_file", PyCodeObject, co_filename)
MEMBER("object.code_name", PyCodeObject, co_name)
MEMBER("object.code_first_line", PyCodeObject, co_firstlineno)
