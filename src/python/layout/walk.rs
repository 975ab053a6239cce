//! The offsets by which threads, frames and code are walked.
//!
//! 3.8-3.12: frozen tables, from the headers named at each. They hold for every patch release and for `Py_DEBUG` builds,
//! whose additions all stand behind the members used here. 3.13 and later: [`DebugOffsets`], and for the members that
//! those leave out the distance to a neighbour, which does not change with the size of `PyObject` (free-threaded builds).

use super::debug_offsets::DebugOffsets;
use super::{NONE, Offset, Refusal, Version};
use crate::python::memory::{Address, Memory};

offsets! {
    /// `_PyRuntimeState`.
    Runtime "runtime" {
        /// `interpreters.head`: the newest interpreter.
        interpreters,
        /// `main_thread`: ident of the thread that runs the main program.
        main_thread,
        /// `ceval.pending.finishing`: an `int`, set when no pending call may be added any more; 3.8.
        finishing,
    }
}

offsets! {
    /// `PyInterpreterState`.
    Interpreter "interpreter" {
        /// `next`: the next older one.
        next,
        /// `id`: an `int64_t`, 0 for the main one.
        id,
        /// `tstate_head`, `threads.head`: the newest thread state.
        threads,
        /// `modules`, `imports.modules`: the dict `sys.modules`.
        modules,
        /// `ceval.gil`: the GIL in use, a pointer; 3.12+.
        gil,
        /// `ceval.eval_breaker`: an `int`, set when there is something to do between two instructions; 3.9-3.12.
        eval_breaker,
    }
}

offsets! {
    /// `PyThreadState`.
    Thread "thread" {
        /// `next`: the next older one.
        next,
        /// `thread_id`: an `unsigned long`.
        ident,
        /// `native_thread_id`: an `unsigned long`; 3.11+.
        native_id,
        /// `frame` (3.8-3.10), `current_frame` (3.13+): the innermost frame.
        frame,
        /// `cframe`: the `_PyCFrame` that knows the innermost frame; 3.11, 3.12.
        cframe,
    }
}

offsets! {
    /// `_PyCFrame`; 3.11, 3.12.
    Cframe "cframe" {
        /// `current_frame`
        frame,
    }
}

offsets! {
    /// `PyFrameObject` (3.8-3.10), `_PyInterpreterFrame` (3.11+).
    Frame "frame" {
        /// `f_back`, `previous`: the caller's.
        previous,
        /// `f_code`, `f_executable`: from 3.14 on a tagged reference.
        code,
        /// Where it stands: `f_lasti`, an `int` (3.8-3.10), or `prev_instr` (3.11, 3.12), `instr_ptr` (3.13+), pointers.
        instruction,
        /// `f_globals`
        globals,
        /// `f_locals`: null but for modules, class bodies, `exec`, and frames of 3.8-3.12 that were asked for theirs.
        locals,
        /// `owner`: a `char`; 3.11+.
        owner,
        /// `tlbc_index`: an `int32_t`, which thread's copy of the bytecode runs; free-threaded 3.14+.
        tlbc_index,
        /// `f_localsplus`, `localsplus`: the fast locals; from 3.14 on tagged references.
        localsplus,
    }
}

offsets! {
    /// `PyCodeObject`.
    Code "code" {
        /// `co_argcount`: without keyword-only arguments, `*args` and `**kwargs`.
        argument_count,
        /// `co_kwonlyargcount`
        keyword_only_count,
        /// `co_flags`
        flags,
        /// `co_firstlineno`
        first_line,
        /// `co_filename`
        file,
        /// `co_name`
        name,
        /// `co_qualname`; 3.11+.
        qualified_name,
        /// `co_lnotab` (3.8, 3.9), `co_linetable`: bytes.
        line_table,
        /// `co_varnames`: a tuple; 3.8-3.10.
        variable_names,
        /// `co_cellvars`: a tuple; 3.8-3.10.
        cell_names,
        /// `co_freevars`: a tuple; 3.8-3.10.
        free_names,
        /// `co_cell2arg`: for each cell the argument that it holds or -1, or null; 3.8-3.10.
        cell_arguments,
        /// `co_localsplusnames`: a tuple; 3.11+.
        slot_names,
        /// `co_localspluskinds`: bytes; 3.11+.
        slot_kinds,
        /// `co_code`, a pointer to bytes (3.8-3.10); `co_code_adaptive`, the instructions themselves (3.11+).
        bytecode,
        /// `ob_size`: how many code units `bytecode` holds; 3.11+.
        unit_count,
        /// `_co_firsttraceable`: the unit of the first `RESUME`, before which a frame is being made; 3.11+.
        first_traceable,
        /// `co_tlbc`: the threads' copies of the bytecode; free-threaded 3.14+.
        tlbc,
    }
}

offsets! {
    /// `_PyCodeArray`; free-threaded 3.14+.
    Tlbc "tlbc" {
        /// `size`: how many entries.
        size,
        /// `entries`: pointers to bytecode, null where a thread has none.
        entries,
    }
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// `_PyRuntimeState`.
    pub runtime: Runtime,
    /// `PyInterpreterState`.
    pub interpreter: Interpreter,
    /// `PyThreadState`.
    pub thread: Thread,
    /// `_PyCFrame`.
    pub cframe: Cframe,
    /// Frames.
    pub frame: Frame,
    /// Code objects.
    pub code: Code,
    /// Threads' copies of bytecode.
    pub tlbc: Tlbc,
}

impl Walk {
    /// The offsets of an interpreter of that `version`, whose `_PyRuntime` stands at `runtime`.
    ///
    /// # Errors
    /// [`Refusal`] where no table is known, or the interpreter's own is not what it should be.
    pub fn find<M: Memory>(memory: M, runtime: Address, version: Version) -> Result<Walk, Refusal> {
        match (version.major, version.minor) {
            (3, 8..=12) if version.free_threaded => Err(Refusal::UnknownVersion),
            (3, 8) => Ok(V3_8),
            (3, 9) => Ok(V3_9),
            (3, 10) => Ok(V3_10),
            (3, 11) => Ok(V3_11),
            (3, 12) => Ok(V3_12),
            _ => of_debug_offsets(&DebugOffsets::read(memory, runtime, version)?, version),
        }
    }

    /// Names every member that is known.
    pub fn members(&self, each: &mut dyn FnMut(&'static str, Offset)) {
        self.runtime.members(each);
        self.interpreter.members(each);
        self.thread.members(each);
        self.cframe.members(each);
        self.frame.members(each);
        self.code.members(each);
        self.tlbc.members(each);
    }
}

/// CPython 3.8: `internal/pycore_pystate.h`, `cpython/pystate.h`, `frameobject.h`, `code.h`.
pub const V3_8: Walk = Walk {
    runtime: Runtime { interpreters: 32, main_thread: 72, finishing: 600 },
    interpreter: Interpreter { next: 0, id: 16, threads: 8, modules: 56, gil: NONE, eval_breaker: NONE },
    thread: Thread { next: 8, ident: 176, frame: 24, ..Thread::NONE },
    cframe: Cframe::NONE,
    frame: Frame {
        previous: 24,
        code: 32,
        instruction: 104,
        globals: 48,
        locals: 56,
        localsplus: 360,
        ..Frame::NONE
    },
    code: Code {
        argument_count: 16,
        keyword_only_count: 24,
        flags: 36,
        first_line: 40,
        bytecode: 48,
        variable_names: 72,
        free_names: 80,
        cell_names: 88,
        cell_arguments: 96,
        file: 104,
        name: 112,
        line_table: 120,
        ..Code::NONE
    },
    tlbc: Tlbc::NONE,
};

/// CPython 3.9: `internal/pycore_interp.h`, the rest as 3.8.
const V3_9: Walk = Walk {
    runtime: Runtime { finishing: NONE, ..V3_8.runtime },
    interpreter: Interpreter { next: 0, id: 24, threads: 8, modules: 856, gil: NONE, eval_breaker: 72 },
    ..V3_8
};

/// CPython 3.10: `cpython/frameobject.h`, the rest as 3.9.
const V3_10: Walk = Walk {
    interpreter: Interpreter { eval_breaker: 68, ..V3_9.interpreter },
    frame: Frame { instruction: 96, localsplus: 352, ..V3_8.frame },
    ..V3_9
};

/// CPython 3.11: `internal/pycore_runtime.h`, `pycore_interp.h`, `pycore_frame.h`, `cpython/pystate.h`, `code.h`.
const V3_11: Walk = Walk {
    runtime: Runtime { interpreters: 40, main_thread: 80, finishing: NONE },
    interpreter: Interpreter { next: 0, id: 48, threads: 16, modules: 888, gil: NONE, eval_breaker: 100 },
    thread: Thread { next: 8, ident: 152, native_id: 160, cframe: 56, frame: NONE },
    cframe: Cframe { frame: 8 },
    frame: Frame {
        previous: 48,
        code: 32,
        instruction: 56,
        globals: 8,
        locals: 24,
        owner: 69,
        localsplus: 72,
        tlbc_index: NONE,
    },
    code: Code {
        unit_count: 16,
        flags: 48,
        argument_count: 56,
        keyword_only_count: 64,
        first_line: 72,
        slot_names: 96,
        slot_kinds: 104,
        file: 112,
        name: 120,
        qualified_name: 128,
        line_table: 136,
        first_traceable: 168,
        bytecode: 184,
        ..Code::NONE
    },
    ..V3_8
};

/// CPython 3.12: the headers of 3.11.
const V3_12: Walk = Walk {
    runtime: Runtime { interpreters: 40, main_thread: 64, finishing: NONE },
    interpreter: Interpreter { next: 0, id: 8, threads: 72, modules: 944, gil: 384, eval_breaker: 368 },
    thread: Thread { ident: 136, native_id: 144, ..V3_11.thread },
    cframe: Cframe { frame: 0 },
    frame: Frame { code: 0, previous: 8, globals: 24, locals: 40, owner: 70, ..V3_11.frame },
    code: Code {
        argument_count: 52,
        keyword_only_count: 60,
        first_line: 68,
        first_traceable: 176,
        bytecode: 192,
        ..V3_11.code
    },
    ..V3_11
};

/// CPython 3.13 to 3.15.
fn of_debug_offsets(table: &DebugOffsets, version: Version) -> Result<Walk, Refusal> {
    let near = |name: &str, distance: i16| {
        table
            .get(name)?
            .checked_add_signed(distance)
            .filter(|offset| *offset != NONE)
            .ok_or(Refusal::BadTable)
    };
    let at = |name: &str| near(name, 0);
    // Each thread has a copy of the bytecode of its own.
    let thread_local_bytecode = version.free_threaded && version.at_least(14);
    Ok(Walk {
        runtime: Runtime {
            interpreters: at("runtime_state.interpreters_head")?,
            // `struct pyinterpreters` ends with `head`, `main`, `next_id`.
            main_thread: near("runtime_state.interpreters_head", 24)?,
            finishing: NONE,
        },
        interpreter: Interpreter {
            next: at("interpreter_state.next")?,
            id: at("interpreter_state.id")?,
            threads: at("interpreter_state.threads_head")?,
            modules: at("interpreter_state.imports_modules")?,
            gil: at("interpreter_state.ceval_gil")?,
            eval_breaker: NONE,
        },
        thread: Thread {
            next: at("thread_state.next")?,
            ident: at("thread_state.thread_id")?,
            native_id: at("thread_state.native_thread_id")?,
            frame: at("thread_state.current_frame")?,
            cframe: NONE,
        },
        cframe: Cframe::NONE,
        frame: Frame {
            previous: at("interpreter_frame.previous")?,
            code: at("interpreter_frame.executable")?,
            instruction: at("interpreter_frame.instr_ptr")?,
            // After `previous`: `f_funcobj`, `f_globals`, `f_builtins`, `f_locals`.
            globals: near("interpreter_frame.previous", 16)?,
            locals: near("interpreter_frame.previous", 32)?,
            owner: at("interpreter_frame.owner")?,
            tlbc_index: if thread_local_bytecode { at("interpreter_frame.tlbc_index")? } else { NONE },
            localsplus: at("interpreter_frame.localsplus")?,
        },
        code: Code {
            // From `co_flags` on all are `int`: flags, arguments, positional-only, keyword-only, stack, first line.
            flags: near("code_object.argcount", -4)?,
            argument_count: at("code_object.argcount")?,
            keyword_only_count: near("code_object.argcount", 8)?,
            first_line: at("code_object.firstlineno")?,
            file: at("code_object.filename")?,
            name: at("code_object.name")?,
            qualified_name: at("code_object.qualname")?,
            line_table: at("code_object.linetable")?,
            slot_names: at("code_object.localsplusnames")?,
            slot_kinds: at("code_object.localspluskinds")?,
            bytecode: at("code_object.co_code_adaptive")?,
            unit_count: at("pyobject.size")?,
            // Before `co_extra` and then the copies' array, where there is one, and the bytecode.
            first_traceable: if thread_local_bytecode {
                near("code_object.co_tlbc", -16)?
            } else {
                near("code_object.co_code_adaptive", -16)?
            },
            tlbc: if thread_local_bytecode { at("code_object.co_tlbc")? } else { NONE },
            ..Code::NONE
        },
        tlbc: if thread_local_bytecode { Tlbc { size: 0, entries: 8 } } else { Tlbc::NONE },
    })
}
