//! `_Py_DebugOffsets`: the table that 3.13 and later keep at the head of `_PyRuntime` for tools like this one.
//!
//! It is a run of 64-bit numbers without names, whose order changes with the minor version; the orders below are those of
//! `Include/internal/pycore_runtime.h` (3.13) and `pycore_debug_offsets.h` (3.14, 3.15). It is trusted only after its
//! cookie, its version and what it says of itself have been checked.

use super::{Offset, Refusal, Version};
use crate::python::memory::{Address, Memory};

/// The numbers that follow the cookie, the version and the free-threaded flag, in 3.13's order.
const ORDER_3_13: &[&str] = &[
    "runtime_state.size",
    "runtime_state.finalizing",
    "runtime_state.interpreters_head",
    "interpreter_state.size",
    "interpreter_state.id",
    "interpreter_state.next",
    "interpreter_state.threads_head",
    "interpreter_state.gc",
    "interpreter_state.imports_modules",
    "interpreter_state.sysdict",
    "interpreter_state.builtins",
    "interpreter_state.ceval_gil",
    "interpreter_state.gil_runtime_state",
    "interpreter_state.gil_runtime_state_enabled",
    "interpreter_state.gil_runtime_state_locked",
    "interpreter_state.gil_runtime_state_holder",
    "thread_state.size",
    "thread_state.prev",
    "thread_state.next",
    "thread_state.interp",
    "thread_state.current_frame",
    "thread_state.thread_id",
    "thread_state.native_thread_id",
    "thread_state.datastack_chunk",
    "thread_state.status",
    "interpreter_frame.size",
    "interpreter_frame.previous",
    "interpreter_frame.executable",
    "interpreter_frame.instr_ptr",
    "interpreter_frame.localsplus",
    "interpreter_frame.owner",
    "code_object.size",
    "code_object.filename",
    "code_object.name",
    "code_object.qualname",
    "code_object.linetable",
    "code_object.firstlineno",
    "code_object.argcount",
    "code_object.localsplusnames",
    "code_object.localspluskinds",
    "code_object.co_code_adaptive",
    "pyobject.size",
    "pyobject.ob_type",
    "type_object.size",
    "type_object.tp_name",
    "type_object.tp_repr",
    "type_object.tp_flags",
    "tuple_object.size",
    "tuple_object.ob_item",
    "tuple_object.ob_size",
    "list_object.size",
    "list_object.ob_item",
    "list_object.ob_size",
    "dict_object.size",
    "dict_object.ma_keys",
    "dict_object.ma_values",
    "float_object.size",
    "float_object.ob_fval",
    "long_object.size",
    "long_object.lv_tag",
    "long_object.ob_digit",
    "bytes_object.size",
    "bytes_object.ob_size",
    "bytes_object.ob_sval",
    "unicode_object.size",
    "unicode_object.state",
    "unicode_object.length",
    "unicode_object.asciiobject_size",
    "gc.size",
    "gc.collecting",
];

/// What 3.14 put in, by the number that it stands after. (`llist_node` and `debugger_support` end the table and are not read.)
const ADDED_3_14: &[(&str, &[&str])] = &[
    ("interpreter_state.threads_head", &["interpreter_state.threads_main"]),
    (
        "interpreter_state.gil_runtime_state_holder",
        &["interpreter_state.code_object_generation", "interpreter_state.tlbc_generation"],
    ),
    ("interpreter_frame.owner", &["interpreter_frame.stackpointer", "interpreter_frame.tlbc_index"]),
    ("code_object.co_code_adaptive", &["code_object.co_tlbc"]),
    ("list_object.ob_size", &["set_object.size", "set_object.used", "set_object.table", "set_object.mask"]),
    (
        "gc.collecting",
        &["gen_object.size", "gen_object.gi_name", "gen_object.gi_iframe", "gen_object.gi_frame_state"],
    ),
];

/// What 3.15 put in besides, by the number that it stands after.
const ADDED_3_15: &[(&str, &[&str])] = &[
    (
        "thread_state.current_frame",
        &[
            "thread_state.base_frame",
            "thread_state.last_profiled_frame",
            "thread_state.last_profiled_frame_seq",
        ],
    ),
    (
        "thread_state.status",
        &[
            "thread_state.holds_gil",
            "thread_state.gil_requested",
            "thread_state.current_exception",
            "thread_state.exc_state",
            "err_stackitem.exc_value",
        ],
    ),
    (
        "type_object.tp_flags",
        &[
            "type_object.tp_basicsize",
            "type_object.tp_dictoffset",
            "heap_type_object.size",
            "heap_type_object.ht_cached_keys",
        ],
    ),
    ("unicode_object.asciiobject_size", &["unicode_object.compactunicodeobject_size"]),
    ("gc.collecting", &["gc.frame", "gc.generation_stats_size", "gc.generation_stats"]),
];

/// The first eight bytes of `_PyRuntime`.
const COOKIE: &[u8; 8] = b"xdebugpy";

/// Bytes of the cookie, the version and the free-threaded flag.
const HEAD: usize = 24;

/// The table, with its names.
#[derive(Clone, Debug)]
pub struct DebugOffsets {
    numbers: Vec<(&'static str, u64)>,
}

impl DebugOffsets {
    /// Reads and checks the table of an interpreter of that `version`, 3.13 or later, whose `_PyRuntime` stands at
    /// `runtime`.
    ///
    /// # Errors
    /// [`Refusal`] where the order of the version's table is not known, or the table is not what it should be.
    pub fn read<M: Memory>(memory: M, runtime: Address, version: Version) -> Result<DebugOffsets, Refusal> {
        let names = order(version).ok_or(Refusal::UnknownVersion)?;
        let mut head = [0; HEAD];
        memory.read(runtime, &mut head).map_err(|_| Refusal::Unreadable)?;
        let [cookie, hex, free_threaded] = [0, 8, 16].map(|at| number(&head, at));
        if cookie != u64::from_ne_bytes(*COOKIE) {
            return Err(Refusal::BadCookie);
        }
        if hex >> 16 != u64::from(version.major) << 8 | u64::from(version.minor)
            || free_threaded != u64::from(version.free_threaded)
        {
            return Err(Refusal::OtherVersion);
        }
        let mut body = vec![0; names.len() * 8];
        memory.read(runtime + HEAD, &mut body).map_err(|_| Refusal::Unreadable)?;
        let numbers = names.into_iter().enumerate().map(|(at, name)| (name, number(&body, at * 8))).collect();
        let table = DebugOffsets { numbers };
        table.check()?;
        Ok(table)
    }

    /// The number under a name like `code_object.filename`.
    ///
    /// # Errors
    /// [`Refusal::BadTable`] where this version has no such number or it is no plausible offset.
    pub fn get(&self, name: &str) -> Result<Offset, Refusal> {
        let found = self.numbers.iter().find(|(known, _)| *known == name);
        match found.map(|(_, number)| Offset::try_from(*number)) {
            Some(Ok(offset)) if offset != super::NONE => Ok(offset),
            _ => Err(Refusal::BadTable),
        }
    }

    /// A table whose order is not what we think shows it here: every offset lies within its structure, and what begins
    /// with `PyObject` agrees about its size.
    fn check(&self) -> Result<(), Refusal> {
        let mut within = ("", 0);
        for (name, number) in &self.numbers {
            let (group, member) = name.split_once('.').ok_or(Refusal::BadTable)?;
            // Only these are a structure's own members throughout; the rest name sizes and parts of other structures.
            let plain = matches!(
                group,
                "interpreter_state"
                    | "thread_state"
                    | "interpreter_frame"
                    | "code_object"
                    | "type_object"
                    | "dict_object"
                    | "bytes_object"
            );
            if member == "size" {
                within = (group, *number);
            } else if plain && within.0 == group && *number >= within.1 {
                return Err(Refusal::BadTable);
            }
        }
        let object = self.get("pyobject.size")?;
        let agreed = self.get("pyobject.ob_type")? + 8 == object
            && self.get("tuple_object.ob_size")? == object
            && self.get("bytes_object.ob_size")? == object
            && self.get("type_object.tp_name")? == object + 8;
        if agreed { Ok(()) } else { Err(Refusal::BadTable) }
    }
}

/// The names of the numbers in a version's own order.
fn order(version: Version) -> Option<Vec<&'static str>> {
    let mut names = ORDER_3_13.to_vec();
    let additions: &[_] = match (version.major, version.minor) {
        (3, 13) => &[],
        (3, 14) => &[ADDED_3_14],
        (3, 15) => &[ADDED_3_14, ADDED_3_15],
        _ => return None,
    };
    for (after, added) in additions.iter().flat_map(|list| list.iter()) {
        let at = names.iter().position(|name| name == after)?;
        names.splice(at + 1..at + 1, added.iter().copied());
    }
    Some(names)
}

fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::memory::Fault;

    const BASE: Address = 0x10000;

    #[derive(Clone, Copy)]
    struct Bytes<'a>(&'a [u8]);

    impl Memory for Bytes<'_> {
        fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
            let start = address.checked_sub(BASE).ok_or(Fault)?;
            into.copy_from_slice(self.0.get(start..start + into.len()).ok_or(Fault)?);
            Ok(())
        }
    }

    fn version(minor: u8) -> Version {
        Version { major: 3, minor, micro: 1, free_threaded: false, debug: false }
    }

    /// A table like an interpreter's, with one number changed.
    fn table(minor: u8, changed: &str, to: u64) -> Vec<u8> {
        let hex = 0x0300_01f0 | u64::from(minor) << 16;
        let mut bytes = [COOKIE.as_slice(), &hex.to_ne_bytes(), &0_u64.to_ne_bytes()].concat();
        for name in order(version(minor)).expect("a known version") {
            let number = match name {
                _ if name == changed => to,
                "pyobject.size" | "tuple_object.ob_size" | "bytes_object.ob_size" => 16,
                "pyobject.ob_type" => 8,
                "type_object.tp_name" => 24,
                "code_object.filename" => 112,
                _ if name.ends_with(".size") => 1000,
                _ => 100,
            };
            bytes.extend(number.to_ne_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8], version: Version) -> Result<Offset, Refusal> {
        DebugOffsets::read(Bytes(bytes), BASE, version)?.get("code_object.filename")
    }

    #[test]
    fn each_version_has_an_order_of_its_own() {
        for (minor, count) in [(13, 70), (14, 84), (15, 100)] {
            assert_eq!(order(version(minor)).map(|names| names.len()), Some(count), "3.{minor}");
            assert_eq!(read(&table(minor, "", 0), version(minor)), Ok(112), "3.{minor}");
        }
        assert_eq!(read(&table(15, "", 0), version(16)), Err(Refusal::UnknownVersion));
        assert_eq!(read(&table(14, "", 0), version(13)), Err(Refusal::OtherVersion));
        let free_threaded = Version { free_threaded: true, ..version(14) };
        assert_eq!(read(&table(14, "", 0), free_threaded), Err(Refusal::OtherVersion));
    }

    #[test]
    fn a_table_that_cannot_be_true_is_refused() {
        let mut no_cookie = table(13, "", 0);
        no_cookie[0] = b'y';
        assert_eq!(read(&no_cookie, version(13)), Err(Refusal::BadCookie));
        let whole = table(13, "", 0);
        assert_eq!(read(&whole[..whole.len() - 1], version(13)), Err(Refusal::Unreadable));
        assert_eq!(read(&whole[..8], version(13)), Err(Refusal::Unreadable));
        for (changed, to) in [
            ("thread_state.thread_id", 1000),
            ("code_object.filename", u64::MAX),
            ("pyobject.ob_type", 16),
            ("tuple_object.ob_size", 24),
            ("pyobject.size", 1 << 40),
        ] {
            assert_eq!(read(&table(13, changed, to), version(13)), Err(Refusal::BadTable), "{changed}");
        }
    }
}
