//! Real files, in a directory of the test's own.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file whose time is `age` seconds before [`start`].
    fn write(&self, name: &str, age: u64, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        set_time(&path, start() - Duration::from_secs(age));
        path.to_str().unwrap().to_owned()
    }
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn set_time(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn cache() -> SourceCache {
    SourceCache::new(1_700_000_000_000_000_000)
}

/// The words of a line in a dump of its own.
fn words(cache: &mut SourceCache, file: &str, line: u32) -> Option<String> {
    cache.begin();
    cache.line(file, line).map(|line| line.words.into_owned())
}

#[test]
fn lines_are_stripped_and_end_as_pythons_do() {
    let folder = Folder::new();
    let file = folder.write("a.py", 9, "one\r\n  two\rthree \n\n\x0cfive\x0b\x0c = 5\u{2028}x\nlast");
    let mut cache = cache();
    for (line, expected) in [
        (0, None),
        (1, Some("one")),
        (2, Some("two")),
        (3, Some("three")),
        (4, None),
        (5, Some("five\x0b\x0c = 5\u{2028}x")),
        (6, Some("last")),
        (7, None),
        (u32::MAX, None),
    ] {
        assert_eq!(words(&mut cache, &file, line).as_deref(), expected, "line {line}");
    }
    let line = cache.line(&file, 2).unwrap();
    assert_eq!((line.indent, line.exact, line.changed), (2, true, false));
}

#[test]
fn encodings() {
    let folder = Folder::new();
    let mut cache = cache();
    let latin = folder.write("latin.py", 9, b"# coding: latin-1\n\tgr\xf6\xdfe = 1\n");
    assert_eq!(words(&mut cache, &latin, 2).as_deref(), Some("größe = 1"));
    let second = folder.write("second.py", 9, b"#!/usr/bin/python\r# coding: cp1252\rx = '\x80'\r");
    assert_eq!(words(&mut cache, &second, 3).as_deref(), Some("x = '€'"));
    let marked = folder.write("marked.py", 9, b"\xef\xbb\xbfx = '\xc3\xb6'\n# coding: latin-1\n");
    assert_eq!(words(&mut cache, &marked, 1).as_deref(), Some("x = 'ö'"));
    let unknown = folder.write("unknown.py", 9, b"# coding: euc-jp\nx = '\xc5\xec'\ny = 1\n");
    assert_eq!(words(&mut cache, &unknown, 2).as_deref(), Some("x = '\\xc5\\xec'"));
    assert!(!cache.line(&unknown, 2).unwrap().exact);
    assert!(cache.line(&unknown, 3).unwrap().exact);
}

#[test]
fn white_space_before_a_line_counts_in_bytes_of_utf_8() {
    let folder = Folder::new();
    let file = folder.write("a.py", 9, "\t\u{3000} x = 1 \u{a0}\n");
    let mut cache = cache();
    let line = cache.line(&file, 1).unwrap();
    assert_eq!((line.words.as_ref(), line.indent), ("x = 1", 5));
}

#[test]
fn what_is_no_regular_file_has_no_lines() {
    let folder = Folder::new();
    let mut cache = cache();
    for name in ["", "<string>", "<frozen importlib._bootstrap>", "/dev/null", "/dev/zero", "/"] {
        assert_eq!(words(&mut cache, name, 1), None, "{name}");
    }
    assert_eq!(words(&mut cache, folder.path("missing.py").to_str().unwrap(), 1), None);
    assert_eq!(words(&mut cache, "nul\0in name", 1), None);
    let within = folder.write("app.zip", 9, "PK\n") + "/app.py";
    assert_eq!(words(&mut cache, &within, 1), None);
}

/// Opening a pipe for reading waits for a writer: a script's name could be one.
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = Folder::new();
    let path = folder.path("pipe.py");
    let status = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(status.success());
    assert_eq!(words(&mut cache(), path.to_str().unwrap(), 1), None);
}

#[test]
fn links_are_followed() {
    let folder = Folder::new();
    folder.write("target.py", 9, "x = 1\n");
    let link = folder.path("link.py");
    std::os::unix::fs::symlink("target.py", &link).unwrap();
    assert_eq!(words(&mut cache(), link.to_str().unwrap(), 1).as_deref(), Some("x = 1"));
}

#[test]
fn a_file_is_read_anew_when_its_stamp_changes_and_only_then() {
    let folder = Folder::new();
    let mut cache = cache();
    let file = folder.write("a.py", 9, "x = 1\n");
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 1"));
    // Same time, size and place: not read again. (It is written in place, and its time put back.)
    folder.write("a.py", 9, "x = 2\n");
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 1"));
    // Another time, another size, another file of that name.
    folder.write("a.py", 8, "x = 3\n");
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 3"));
    folder.write("a.py", 8, "x = 44\n");
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 44"));
    folder.write("b.py", 8, "x = 55\n");
    fs::rename(folder.path("b.py"), folder.path("a.py")).unwrap();
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 55"));
    // Within a dump a file is looked at once.
    folder.write("a.py", 7, "x = 666\n");
    assert_eq!(cache.line(&file, 1).unwrap().words, "x = 55");
    // Gone, and back again.
    fs::remove_file(&file).unwrap();
    assert_eq!(words(&mut cache, &file, 1), None);
    assert_eq!(cache.weight, 0);
    folder.write("a.py", 6, "x = 7\n");
    assert_eq!(words(&mut cache, &file, 1).as_deref(), Some("x = 7"));
}

#[test]
fn files_younger_than_the_process_are_marked() {
    let folder = Folder::new();
    let mut cache = cache();
    let file = folder.write("a.py", 0, "x = 1\n");
    assert!(!cache.line(&file, 1).unwrap().changed);
    set_time(Path::new(&file), start() + Duration::from_nanos(1));
    cache.begin();
    assert!(cache.line(&file, 1).unwrap().changed);
}

#[test]
fn long_lines_are_cut_between_characters() {
    let folder = Folder::new();
    let mut cache = cache();
    for (lead, character) in [("", "ö"), ("a", "ö"), ("", "東"), ("a", "東"), ("aa", "東"), ("a", "👍")]
    {
        let source = format!("{:5000}{lead}{}", "", character.repeat(4000));
        let file = folder.write("long.py", 9, &source);
        set_time(Path::new(&file), start() - Duration::from_secs(source.len() as u64));
        cache.begin();
        let line = cache.line(&file, 1).unwrap();
        assert!(line.exact && line.indent == 5000, "{lead}{character}");
        assert!(line.words.len() <= LONGEST && line.words.len() > LONGEST - 4, "{}", line.words.len());
        assert!(line.words.chars().skip(lead.len()).all(|c| c.to_string() == character));
    }
}

#[test]
fn of_a_large_file_the_first_lines_are_kept() {
    let folder = Folder::new();
    let mut cache = cache();
    // Lines of 16 bytes: the limit falls right behind one.
    let line = format!("{:15}\n", "x = 1");
    let file = folder.write("large.py", 9, line.repeat(LARGEST / 16 + 2));
    assert_eq!(words(&mut cache, &file, LARGEST as u32 / 16).as_deref(), Some("x = 1"));
    assert_eq!(words(&mut cache, &file, LARGEST as u32 / 16 + 1), None);
    // Here within one, which is left out.
    let file = folder.write("larger.py", 9, format!("#\n{}", line.repeat(LARGEST / 16 + 2)));
    assert_eq!(words(&mut cache, &file, LARGEST as u32 / 16).as_deref(), Some("x = 1"));
    assert_eq!(words(&mut cache, &file, LARGEST as u32 / 16 + 1), None);
}

#[test]
fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
    let folder = Folder::new();
    let mut cache = cache();
    cache.kept = 10_000;
    let names: Vec<String> = (0..20)
        .map(|n| folder.write(&format!("{n}.py"), 9, format!("x = {n}\n{}", " ".repeat(2000))))
        .collect();
    for name in &names {
        assert!(words(&mut cache, name, 1).is_some());
        assert!(words(&mut cache, &names[0], 1).is_some());
        assert!(cache.weight <= cache.kept);
    }
    assert!(cache.files.contains_key(&names[0]), "it was always the last but one");
    assert!(!cache.files.contains_key(&names[1]));
    let weight: usize =
        cache.files.values().filter_map(|entry| entry.source.as_ref()).map(Source::weight).sum();
    assert_eq!(cache.weight, weight);
    // Larger than all that may be kept: it is kept until the next.
    cache.kept = 100;
    assert!(words(&mut cache, &names[5], 1).is_some());
    assert_eq!(cache.files.len(), 1);
    // Names without a file are bounded too.
    for n in 0..2 * FILES {
        assert_eq!(words(&mut cache, &format!("/nowhere/{n}.py"), 1), None);
    }
    assert!(cache.files.len() <= FILES);
}
