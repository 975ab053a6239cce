//! Source lines, from the files that frames name.
//!
//! The one part of `render` that does I/O. It runs in the agent's thread after the GIL is given back, allocates from
//! Rust's heap, and may block as long as the file system does. It opens regular files only (never a pipe or a
//! device, where opening alone can block or do something), keeps no descriptor open between calls, and follows
//! links, as Python did when it read the file.
//!
//! Each file is looked at (`stat`) at most once a dump and read once per change of its time, size or place. What is
//! kept is bounded: [`LARGEST`] of one file, [`KEPT`] of all.
//!
//! No line is better than a wrong one: what is no regular file, is gone, or lies within a zip archive has none, and a
//! file that was changed after the process started says so ([`Line::changed`]).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

mod encoding;

use encoding::Encoding;

/// How much of a file is read. Lines beyond it are not shown.
pub const LARGEST: usize = 4 << 20;
/// How much is kept of all files together, with their tables of lines. The least recently used goes first.
pub const KEPT: usize = 16 << 20;
/// Of how many files anything is kept, be it that there are none.
const FILES: usize = 1024;
/// How much of a line is decoded, in bytes after its indent. More is never shown.
const LONGEST: usize = 4096;

/// A line of source, ready but for escaping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// The words, without the white space around them. May hold control characters; long lines are cut off.
    pub words: Cow<'a, str>,
    /// How many bytes of white space stood before them, counted in UTF-8. Python counts columns from there.
    pub indent: u32,
    /// Whether byte positions in `words` are Python's: not so where a byte could not be decoded.
    pub exact: bool,
    /// The file is younger than the process, so that this may not be the line that is running.
    pub changed: bool,
}

/// Where source lines come from.
pub trait Sources {
    /// A dump begins: from here to the next call, files may be taken not to change.
    fn begin(&mut self) {}

    /// Line `line`, 1-based, of `file` as a code object names it; `None` where there is none.
    fn line(&mut self, file: &str, line: u32) -> Option<Line<'_>>;
}

/// What a file is told by: when these are the same, it was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    seconds: i64,
    nanoseconds: i64,
    size: u64,
    inode: u64,
    device: u64,
}

impl Stamp {
    fn of(file: &Metadata) -> Stamp {
        Stamp {
            seconds: file.mtime(),
            nanoseconds: file.mtime_nsec(),
            size: file.size(),
            inode: file.ino(),
            device: file.dev(),
        }
    }

    /// Nanoseconds since 1970.
    fn time(&self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds)
    }
}

/// A file that was read.
#[derive(Debug)]
struct Source {
    stamp: Stamp,
    encoding: Encoding,
    bytes: Vec<u8>,
    /// Where each line begins in `bytes`, and one more: the end of the last whole line.
    lines: Vec<u32>,
}

impl Source {
    fn weight(&self) -> usize {
        self.bytes.capacity() + self.lines.capacity() * size_of::<u32>()
    }
}

/// What is known of a file name.
#[derive(Debug)]
struct Entry {
    /// [`SourceCache::dump`] when it was last looked at.
    checked: u64,
    /// [`SourceCache::clock`] when it was last asked for.
    used: u64,
    source: Option<Source>,
}

/// The files of the process, read when they are asked for and kept within bounds.
#[derive(Debug)]
pub struct SourceCache {
    /// When the process started, in nanoseconds since 1970.
    start: u64,
    files: HashMap<String, Entry>,
    /// Counts the dumps.
    dump: u64,
    /// Counts what is asked for.
    clock: u64,
    /// Weight of all sources.
    weight: usize,
    /// At most.
    kept: usize,
}

impl SourceCache {
    /// An empty cache; `start` is when the process started, in nanoseconds since 1970 UTC: files that are younger
    /// are marked as changed.
    pub fn new(start: u64) -> SourceCache {
        SourceCache { start, files: HashMap::new(), dump: 0, clock: 0, weight: 0, kept: KEPT }
    }

    /// Looks whether what is kept of `name` still holds, and reads the file where it does not.
    fn check(&mut self, name: &str) {
        if let Some(entry) = self.files.get_mut(name) {
            entry.used = self.clock;
            if entry.checked == self.dump {
                return;
            }
            entry.checked = self.dump;
            if let (Some(source), Ok(now)) = (&entry.source, fs::metadata(name))
                && source.stamp == Stamp::of(&now)
            {
                return;
            }
        }
        let source = read(name).ok();
        let weight = source.as_ref().map_or(0, Source::weight);
        if let Some(entry) = self.files.get_mut(name) {
            self.weight -= entry.source.as_ref().map_or(0, Source::weight);
            entry.source = source;
        } else {
            let entry = Entry { checked: self.dump, used: self.clock, source };
            self.files.insert(name.to_owned(), entry);
        }
        self.weight += weight;
        self.evict();
    }

    /// Forgets what was not used for longest until the rest is within bounds. The file just asked for stays.
    fn evict(&mut self) {
        while (self.weight > self.kept || self.files.len() > FILES) && self.files.len() > 1 {
            let oldest = self.files.iter().min_by_key(|(_, entry)| entry.used).map(|(name, _)| name.clone());
            let Some(entry) = oldest.and_then(|name| self.files.remove(&name)) else { return };
            self.weight -= entry.source.as_ref().map_or(0, Source::weight);
        }
    }
}

impl Sources for SourceCache {
    fn begin(&mut self) {
        self.dump += 1;
    }

    fn line(&mut self, file: &str, line: u32) -> Option<Line<'_>> {
        // `<string>`, `<frozen importlib._bootstrap>`: Python's names for what is no file.
        if line == 0 || file.is_empty() || (file.starts_with('<') && file.ends_with('>')) {
            return None;
        }
        self.clock += 1;
        self.check(file);
        let source = self.files.get(file)?.source.as_ref()?;
        let at = line as usize - 1;
        let (from, to) = (*source.lines.get(at)? as usize, *source.lines.get(at + 1)? as usize);
        let mut found = cut_out(source.bytes.get(from..to)?, source.encoding);
        if found.words.is_empty() {
            return None;
        }
        found.changed = source.stamp.time() > i128::from(self.start);
        Some(found)
    }
}

/// A line without the white space around it, decoded.
fn cut_out(line: &[u8], encoding: Encoding) -> Line<'_> {
    // ASCII white space first, so that the cut leaves what is shown, wherever it stands.
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b' || (0x1c..=0x1f).contains(byte);
    let indent = line.iter().take_while(|byte| blank(byte)).count();
    let mut rest = &line[indent..];
    rest = &rest[..rest.len() - rest.iter().rev().take_while(|byte| blank(byte)).count()];
    if rest.len() > LONGEST {
        let mut end = LONGEST;
        // Not within a character of UTF-8.
        while end > LONGEST - 3 && rest[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        rest = &rest[..end];
    }
    let (words, exact) = encoding.decode(rest);
    let before = words.len();
    let (words, lead) = match words {
        Cow::Borrowed(words) => {
            let trimmed = words.trim_start();
            (Cow::Borrowed(trimmed.trim_end()), before - trimmed.len())
        }
        Cow::Owned(words) => {
            let trimmed = words.trim_start();
            let lead = before - trimmed.len();
            (Cow::Owned(trimmed.trim_end().to_owned()), lead)
        }
    };
    Line { words, indent: u32::try_from(indent + lead).unwrap_or(u32::MAX), exact, changed: false }
}

/// Reads a regular file, up to [`LARGEST`].
fn read(name: &str) -> io::Result<Source> {
    // Before opening: opening a device can do something.
    if !fs::metadata(name)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // It may have been replaced since; then this neither waits for a pipe's other end nor takes a terminal.
    let file: File =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(name)?;
    let status = file.metadata()?;
    if !status.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let expected = usize::try_from(status.size()).map_or(LARGEST, |size| size.min(LARGEST));
    // One more, so that the end of the file is seen without growing.
    let mut bytes = Vec::with_capacity(expected + 1);
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    let whole = bytes.len() <= LARGEST;
    bytes.truncate(LARGEST);
    let start = encoding::mark(&bytes);
    let lines = line_starts(&bytes, start, whole);
    let encoding = match start {
        0 => encoding::detect(lines.windows(2).map(|line| &bytes[line[0] as usize..line[1] as usize])),
        _ => Encoding::Utf8,
    };
    Ok(Source { stamp: Stamp::of(&status), encoding, bytes, lines })
}

/// Where each line begins, and where the last one ends. Lines end as Python's do: `\n`, `\r\n` or `\r`, and nothing
/// else. Where the file is not `whole`, its last line is left out, as it may be a part only.
fn line_starts(bytes: &[u8], start: usize, whole: bool) -> Vec<u32> {
    let mut starts = vec![start as u32];
    let mut at = start;
    while let Some(length) = bytes[at..].iter().position(|&byte| byte == b'\n' || byte == b'\r') {
        at += length + 1;
        if bytes[at - 1] == b'\r' && bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
        starts.push(at as u32);
    }
    if whole && at < bytes.len() {
        starts.push(bytes.len() as u32);
    }
    starts.shrink_to_fit();
    starts
}

#[cfg(test)]
mod tests;
