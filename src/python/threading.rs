//! What the module `threading` knows of threads: names and flags, which the interpreter itself does not keep.
//!
//! Read from `threading._active` (`Lib/threading.py`, 3.8-3.15: a dict from ident to `Thread`), without importing,
//! calling or asking anything. A script may have put something else there; then nothing is known.

use super::memory::{Address, Memory};
use super::values::Reader;
use crate::snapshot::{Arena, Text};

/// A `threading.Thread`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// `ident`
    pub ident: u64,
    /// `native_id`
    pub native_id: Option<u32>,
    /// `name`
    pub name: Option<Text>,
    /// `daemon`
    pub daemon: Option<bool>,
}

/// The threads that `threading` knows in the interpreter that has this `sys.modules`, sorted by ident.
pub fn threads<M: Memory>(reader: &mut Reader<'_, M>, arena: &mut Arena, modules: Address) -> Vec<Known> {
    let active = reader
        .entry(arena, modules, "threading")
        .and_then(|module| reader.global(arena, module, "_active"))
        .map(|active| reader.numbered(arena, active))
        .unwrap_or_default();
    let mut threads: Vec<Known> = active
        .into_iter()
        .map(|(ident, thread)| {
            let mut attribute = |name| reader.attribute(arena, thread, name);
            let (name, daemon, native) =
                (attribute("_name"), attribute("_daemonic"), attribute("_native_id"));
            Known {
                ident,
                native_id: native.and_then(|id| u32::try_from(reader.number(arena, id)?).ok()),
                name: name.and_then(|name| reader.words(arena, name)),
                daemon: daemon.and_then(|daemon| reader.truth(daemon)),
            }
        })
        .collect();
    threads.sort_unstable_by_key(|thread| thread.ident);
    threads
}
