//! The lines between the rooms of the house, as the crate's documentation draws them.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms each room may know; `*` is all of them. A new room needs a row.
const MAY_USE: &[(&str, &[&str])] = &[
    ("snapshot", &[]),
    ("redact", &[]),
    ("linkage", &[]),
    ("budget", &["snapshot"]),
    ("config", &["budget"]),
    ("kernel", &["redact", "snapshot"]),
    ("python", &["budget", "redact", "snapshot"]),
    ("capture", &["budget", "python", "redact", "snapshot"]),
    ("render", &["budget", "snapshot"]),
    ("agent", &["*"]),
    ("record", &[]),
    ("report", &["record"]),
    ("bin", &["config", "record", "report"]),
];

/// Only this room may name Python's C API.
const DOOR: &str = "python";

/// A file of the library or its programs.
struct Source {
    /// As in `python/values.rs`.
    name: String,
    room: String,
    text: String,
    /// Without comments and without its tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources: Vec<Source> = files(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let tests = text.find("\n#[cfg(test)]\nmod tests").unwrap_or(text.len());
            let lines = text[..tests].lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.collect::<Vec<_>>().join("\n");
            Source { name, room, text, code }
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The rooms that code names after `start`, which is `crate::`, or `tripod::` in a program; alone or in braces.
fn rooms_named(code: &str, start: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices(start) {
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.insert(word(rest).to_owned());
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !character.is_whitespace() => {
                    rooms.insert(word(&group[at..]).to_owned());
                    begins = false;
                }
                _ => {}
            }
        }
    }
    rooms
}

fn word(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_');
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn names_are_found() {
    let code = "use crate::{kernel, python::{a, b}, render};\nlet x = crate::budget::y();";
    let rooms = rooms_named(code, "crate::");
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["budget", "kernel", "python", "render"]);
}

#[test]
fn rooms_know_only_what_they_may() {
    let may_use: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut crossed = Vec::new();
    for Source { name, room, code, .. } in sources().iter().filter(|source| source.name != "lib.rs") {
        let allowed = may_use.get(room.as_str()).unwrap_or_else(|| panic!("{room} is a room without a row"));
        assert!(!code.contains("super::super::super"), "{name} reaches out by super");
        let start = if room == "bin" { "tripod::" } else { "crate::" };
        for used in rooms_named(code, start) {
            if used != *room && !allowed.contains(&"*") && !allowed.contains(&used.as_str()) {
                crossed.push(format!("{name} uses {used}"));
            }
        }
    }
    assert_eq!(crossed, [""; 0]);
}

#[test]
fn no_two_rooms_know_each_other() {
    // Whoever adds rows may not close a circle: from each room all paths end.
    fn depth(room: &str, may_use: &BTreeMap<&str, &[&str]>, left: usize) -> usize {
        assert!(left > 0, "a circle through {room}");
        let next = may_use.get(room).copied().unwrap_or_default();
        1 + next.iter().map(|next| depth(next, may_use, left - 1)).max().unwrap_or(0)
    }
    let may_use: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for room in may_use.keys() {
        assert!(depth(room, &may_use, may_use.len()) > 0);
    }
}

#[test]
fn one_door_to_python() {
    for Source { name, room, code, .. } in sources() {
        assert!(room == DOOR || !code.contains("pyo3_ffi"), "{name} names pyo3_ffi");
        if room == DOOR {
            for foreign in ["signal_hook", "tempfile", "std::fs", "std::net"] {
                assert!(!code.contains(foreign), "{name} names {foreign}");
            }
        }
    }
}

#[test]
fn what_needs_no_unsafe_has_none() {
    for Source { name, room, code, .. } in sources() {
        let has = code.lines().any(|line| {
            ["unsafe {", "unsafe impl", "unsafe fn", "unsafe extern"].iter().any(|words| line.contains(words))
        });
        let allows = code.contains("#![allow(unsafe_code)]");
        assert!(allows || !has, "{name} has unsafe code and does not say so at its head");
        let pure = ["snapshot", "budget", "redact", "config", "render", "record", "report"];
        assert!(!(pure.contains(&room.as_str()) && (has || allows)), "{name} has unsafe code");
    }
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for lint in
        ["unsafe_code = \"deny\"", "unsafe_op_in_unsafe_fn = \"deny\"", "undocumented_unsafe_blocks = "]
    {
        assert!(manifest.contains(lint), "Cargo.toml has lost {lint}");
    }
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    for Source { name, text, .. } in sources() {
        assert!(text.starts_with("//! "), "{name} has no head");
        let file = name.rsplit('/').next().unwrap();
        let nothing = ["utils.rs", "util.rs", "common.rs", "types.rs", "helpers.rs", "misc.rs"];
        assert!(!nothing.contains(&file), "{name} says nothing of what is in it");
    }
}
