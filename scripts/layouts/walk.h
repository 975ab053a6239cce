/* The members that src/python/layout/walk.rs knows; included by ../layouts.c. */

MEMBER("runtime.interpreters", _PyRuntimeState, interpreters.head)
MEMBER("runtime.main_thread", _PyRuntimeState, main_thread)
#if MINOR == 8
MEMBER("runtime.finishing", _PyRuntimeState, ceval.pending.finishing)
#endif

MEMBER("interpreter.next", PyInterpreterState, next)
MEMBER("interpreter.id", PyInterpreterState, id)
#if MINOR >= 11
MEMBER("interpreter.threads", PyInterpreterState, threads.head)
#else
MEMBER("interpreter.threads", PyInterpreterState, tstate_head)
#endif
#if MINOR >= 12
MEMBER("interpreter.modules", PyInterpreterState, imports.modules)
MEMBER("interpreter.gil", PyInterpreterState, ceval.gil)
#else
MEMBER("interpreter.modules", PyInterpreterState, modules)
#endif
#if MINOR >= 9 && MINOR <= 12
MEMBER("interpreter.eval_breaker", PyInterpreterState, ceval.eval_breaker)
#endif

MEMBER("thread.next", PyThreadState, next)
MEMBER("thread.ident", PyThreadState, thread_id)
#if MINOR >= 11
MEMBER("thread.native_id", PyThreadState, native_thread_id)
#endif
#if MINOR >= 13
MEMBER("thread.frame", PyThreadState, current_frame)
#elif MINOR >= 11
MEMBER("thread.cframe", PyThreadState, cframe)
MEMBER("cframe.frame", _PyCFrame, current_frame)
#else
MEMBER("thread.frame", PyThreadState, frame)
#endif

#if MINOR >= 11
MEMBER("frame.previous", _PyInterpreterFrame, previous)
MEMBER("frame.globals", _PyInterpreterFrame, f_globals)
MEMBER("frame.locals", _PyInterpreterFrame, f_locals)
MEMBER("frame.owner", _PyInterpreterFrame, owner)
MEMBER("frame.localsplus", _PyInterpreterFrame, localsplus)
#  if MINOR >= 13
MEMBER("frame.code", _PyInterpreterFrame, f_executable)
MEMBER("frame.instruction", _PyInterpreterFrame, instr_ptr)
#  else
MEMBER("frame.code", _PyInterpreterFrame, f_code)
MEMBER("frame.instruction", _PyInterpreterFrame, prev_instr)
#  endif
#  if MINOR >= 14 && defined(Py_GIL_DISABLED)
MEMBER("frame.tlbc_index", _PyInterpreterFrame, tlbc_index)
#  endif
#else
MEMBER("frame.previous", PyFrameObject, f_back)
MEMBER("frame.code", PyFrameObject, f_code)
MEMBER("frame.instruction", PyFrameObject, f_lasti)
MEMBER("frame.globals", PyFrameObject, f_globals)
MEMBER("frame.locals", PyFrameObject, f_locals)
MEMBER("frame.localsplus", PyFrameObject, f_localsplus)
#endif

MEMBER("code.argument_count", PyCodeObject, co_argcount)
MEMBER("code.keyword_only_count", PyCodeObject, co_kwonlyargcount)
MEMBER("code.flags", PyCodeObject, co_flags)
MEMBER("code.first_line", PyCodeObject, co_firstlineno)
MEMBER("code.file", PyCodeObject, co_filename)
MEMBER("code.name", PyCodeObject, co_name)
#if MINOR >= 11
MEMBER("code.unit_count", PyCodeObject, ob_base.ob_size)
MEMBER("code.qualified_name", PyCodeObject, co_qualname)
MEMBER("code.line_table", PyCodeObject, co_linetable)
MEMBER("code.slot_names", PyCodeObject, co_localsplusnames)
MEMBER("code.slot_kinds", PyCodeObject, co_localspluskinds)
MEMBER("code.bytecode", PyCodeObject, co_code_adaptive)
MEMBER("code.first_traceable", PyCodeObject, _co_firsttraceable)
#  if MINOR >= 14 && defined(Py_GIL_DISABLED)
MEMBER("code.tlbc", PyCodeObject, co_tlbc)
MEMBER("tlbc.size", _PyCodeArray, size)
MEMBER("tlbc.entries", _PyCodeArray, entries)
#  endif
#else
MEMBER("code.bytecode", PyCodeObject, co_code)
MEMBER("code.variable_names", PyCodeObject, co_varnames)
MEMBER("code.cell_names", PyCodeObject, co_cellvars)
MEMBER("code.free_names", PyCodeObject, co_freevars)
MEMBER("code.cell_arguments", PyCodeObject, co_cell2arg)
#  if MINOR == 10
MEMBER("code.line_table", PyCodeObject, co_linetable)
#  else
MEMBER("code.line_table", PyCodeObject, co_lnotab)
#  endif
#endif
