//! The text of `str` and `bytes` objects, made safe to show while it is read.
//!
//! What is appended is valid UTF-8 whatever the object holds: control characters, terminal escapes, bidirectional
//! controls and lone surrogates come out as Python's escapes. The cost is bounded by the `limit` and never by the
//! length of the object. Appends to a buffer that is passed in; allocates nothing else; runs nothing of the
//! interpreter's.

use super::layout::objects::Objects;
use super::layout::{NONE, Offset};
use super::memory::{Address, Fault, Memory};

/// How much of a text was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Characters (bytes, for `bytes`) that the object holds.
    pub total: u64,
    /// How many of them, from the start, were appended.
    pub shown: u64,
    /// Whether one of them had to be escaped.
    pub escaped: bool,
}

impl Shown {
    /// What [`crate::snapshot::Value::omitted`] wants: 0 for a whole text, else its length.
    pub fn omitted(self) -> u64 {
        if self.shown < self.total { self.total } else { 0 }
    }
}

/// Bytes read at a time.
const CHUNK: usize = 256;

/// The longest text that is believed, in characters: what a 48-bit address space could hold.
const LONGEST: u64 = 1 << 47;

/// Where the characters of a `str` stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Characters {
    /// The first.
    pub start: Address,
    /// How many.
    pub count: u64,
    /// Bytes of each: 1, 2 or 4.
    pub width: u8,
}

impl Characters {
    /// Finds the characters of the `str` object (or instance of a subclass) at `address`, of every kind that there is:
    /// compact ASCII, compact, and the two legacy forms of 3.8-3.11 (`Include/cpython/unicodeobject.h`).
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read or is no `str`.
    #[inline]
    pub fn of<M: Memory>(memory: M, objects: &Objects, address: Address) -> Result<Characters, Fault> {
        let at = |offset: Offset| address.wrapping_add(usize::from(offset));
        let state = memory.u32(at(objects.unicode_state))?;
        let mut count = memory.word(at(objects.unicode_length))? as u64;
        let mut width = (state >> objects.unicode_kind_bit & 7) as u8;
        let is = |bit: Offset| state >> bit & 1 != 0;
        let start = match (is(objects.unicode_compact_bit), is(objects.unicode_ascii_bit)) {
            (true, true) => at(objects.unicode_ascii_data),
            (true, false) => at(objects.unicode_compact_data),
            // A legacy string that is not ready has its characters as `wchar_t` only.
            (false, _) if width == 0 && objects.unicode_wstr != NONE => {
                width = 4;
                count = memory.word(at(objects.unicode_wstr_length))? as u64;
                memory.word(at(objects.unicode_wstr))?
            }
            (false, _) => memory.word(at(objects.unicode_data))?,
        };
        if !matches!(width, 1 | 2 | 4) || count > LONGEST {
            return Err(Fault);
        }
        Ok(Characters { start, count, width })
    }

    /// Calls `each` with the code points from the first on, at most `limit` of them, until it answers `false`.
    fn each<M: Memory>(
        self,
        memory: M,
        limit: u64,
        mut each: impl FnMut(Piece<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let mut buffer = [0; CHUNK];
        let width = usize::from(self.width);
        let mut left = self.count.min(limit);
        let mut at = self.start;
        while left > 0 {
            let count = left.min((CHUNK / width) as u64);
            let bytes = &mut buffer[..count as usize * width];
            memory.read(at, bytes)?;
            if !each(Piece { bytes, width })? {
                break;
            }
            at = at.wrapping_add(bytes.len());
            left -= count;
        }
        Ok(())
    }
}

/// Some characters as they stand in memory.
struct Piece<'b> {
    bytes: &'b [u8],
    width: usize,
}

impl Piece<'_> {
    fn points(&self) -> impl Iterator<Item = u32> + '_ {
        self.bytes.chunks_exact(self.width).map(|unit| match *unit {
            [one] => u32::from(one),
            [one, two] => u32::from(u16::from_ne_bytes([one, two])),
            [one, two, three, four] => u32::from_ne_bytes([one, two, three, four]),
            _ => u32::MAX,
        })
    }
}

/// Whether `repr` shows a character as it is. Python asks its own Unicode tables; these are the toolchain's, so that
/// they differ for what one of the two Unicode versions does not know.
fn printable(character: char) -> bool {
    match character {
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{4e00}'..='\u{9fff}' => true,
        '\0'..='\u{ad}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => false,
        _ => {
            // The standard library's table is reached through `escape_debug` only, which would escape a combining
            // character at the start of a text, too.
            let mut text = [b'a', 0, 0, 0, 0];
            character.encode_utf8(&mut text[1..]);
            let end = 1 + character.len_utf8();
            std::str::from_utf8(&text[..end]).is_ok_and(|text| text.escape_debug().nth(1) != Some('\\'))
        }
    }
}

/// Whether it is a space of some width (category Zs), which can do no harm: a file's name may well hold one.
fn wide_space(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `code` as Python escapes it; answers how many characters that took.
fn push_escape(code: u32, out: &mut String) -> u64 {
    let digits = match code {
        0x09 => return push_short(out, "\\t"),
        0x0a => return push_short(out, "\\n"),
        0x0d => return push_short(out, "\\r"),
        0..=0xff => 2,
        0x100..=0xffff => 4,
        _ => 8,
    };
    out.push_str(match digits {
        2 => "\\x",
        4 => "\\u",
        _ => "\\U",
    });
    for digit in (0..digits).rev() {
        out.push(char::from(DIGITS[(code >> (4 * digit) & 15) as usize]));
    }
    2 + digits
}

fn push_short(out: &mut String, escape: &str) -> u64 {
    out.push_str(escape);
    escape.len() as u64
}

/// How many of the bytes at the start are plain ASCII that needs no escape.
#[inline]
fn plain(bytes: &[u8], quote: u8, other: u8) -> usize {
    bytes
        .iter()
        .position(|&byte| !(0x20..0x7f).contains(&byte) || byte == b'\\' || byte == quote || byte == other)
        .unwrap_or(bytes.len())
}

/// Puts `out` back where it was when `write` fails.
fn or_nothing<T>(out: &mut String, write: impl FnOnce(&mut String) -> Result<T, Fault>) -> Result<T, Fault> {
    let mark = out.len();
    let result = write(out);
    if result.is_err() {
        out.truncate(mark);
    }
    result
}

/// Appends the text of the `str` object at `address` as it is, at most `limit` of its characters. Escaped are control
/// characters, format characters (bidirectional controls among them), line and paragraph separators, lone surrogates
/// and what is not assigned; a backslash is not.
///
/// # Errors
/// [`Fault`] where it cannot be read; `out` is then as it was.
pub fn push_display<M: Memory>(
    memory: M,
    objects: &Objects,
    address: Address,
    limit: usize,
    out: &mut String,
) -> Result<Shown, Fault> {
    let characters = Characters::of(memory, objects, address)?;
    or_nothing(out, |out| {
        let shown = characters.count.min(limit as u64);
        let mut escaped = false;
        characters.each(memory, shown, |piece| {
            if piece.width == 1 && piece.bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
                out.push_str(std::str::from_utf8(piece.bytes).map_err(|_| Fault)?);
                return Ok(true);
            }
            for code in piece.points() {
                match char::from_u32(code) {
                    Some(character) if printable(character) || wide_space(character) => out.push(character),
                    None if code > 0x10_ffff => return Err(Fault),
                    _ => {
                        push_escape(code, out);
                        escaped = true;
                    }
                }
            }
            Ok(true)
        })?;
        Ok(Shown { total: characters.count, shown, escaped })
    })
}

/// Appends the `str` object at `address` as Python's `repr` writes it. `limit` is how many characters may stand
/// between the quotes; an escape counts as the characters that it is written with and is never cut in two.
///
/// # Errors
/// [`Fault`] where it cannot be read; `out` is then as it was.
pub fn push_quoted<M: Memory>(
    memory: M,
    objects: &Objects,
    address: Address,
    limit: usize,
    out: &mut String,
) -> Result<Shown, Fault> {
    let characters = Characters::of(memory, objects, address)?;
    push_characters(memory, characters, limit as u64, Form::Str, out)
}

/// As [`push_quoted`] for `count` bytes at `start`, as `bytes` are written: `b'…'`. A `bytearray` escapes single quotes
/// even where double ones stand around (`bytearray_repr`, up to 3.14).
///
/// # Errors
/// [`Fault`] where they cannot be read; `out` is then as it was.
pub fn push_bytes<M: Memory>(
    memory: M,
    start: Address,
    count: u64,
    limit: usize,
    is_array: bool,
    out: &mut String,
) -> Result<Shown, Fault> {
    if count > LONGEST {
        return Err(Fault);
    }
    out.push('b');
    let form = if is_array { Form::ByteArray } else { Form::Bytes };
    let shown = push_characters(memory, Characters { start, count, width: 1 }, limit as u64, form, out);
    if shown.is_err() {
        out.pop();
    }
    shown
}

/// Whose `repr` is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Str,
    Bytes,
    ByteArray,
}

/// Appends text that came from outside Python's objects (a path in a socket's address, a name in C), with the same
/// escapes as [`push_display`]; what is no UTF-8 comes out as `\xff`.
pub fn push_foreign(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if printable(character) || wide_space(character) {
                out.push(character);
            } else {
                push_escape(character.into(), out);
            }
        }
        for &byte in chunk.invalid() {
            push_escape(byte.into(), out);
        }
    }
}

fn push_characters<M: Memory>(
    memory: M,
    characters: Characters,
    limit: u64,
    form: Form,
    out: &mut String,
) -> Result<Shown, Fault> {
    or_nothing(out, |out| {
        let quote = quote(memory, characters, limit)?;
        out.push(char::from(quote));
        let mut shown = 0;
        let mut escaped = false;
        let mut left = limit;
        characters.each(memory, limit, |piece| {
            let mut rest = piece.bytes;
            if piece.width == 1 {
                let single = if form == Form::ByteArray { b'\'' } else { quote };
                let run = plain(rest, quote, single).min(left.try_into().unwrap_or(usize::MAX));
                out.push_str(std::str::from_utf8(&rest[..run]).map_err(|_| Fault)?);
                left -= run as u64;
                shown += run as u64;
                rest = &rest[run..];
            }
            for code in (Piece { bytes: rest, ..piece }).points() {
                let before = out.len();
                let escaped_quote =
                    code == u32::from(quote) || form == Form::ByteArray && code == u32::from(b'\'');
                let took = if escaped_quote || code == u32::from(b'\\') {
                    out.push('\\');
                    out.extend(char::from_u32(code));
                    2
                } else {
                    match char::from_u32(code) {
                        Some(character) if printable(character) && (form == Form::Str || code < 0x7f) => {
                            out.push(character);
                            1
                        }
                        None if code > 0x10_ffff => return Err(Fault),
                        _ => push_escape(code, out),
                    }
                };
                if took > left {
                    out.truncate(before);
                    return Ok(false);
                }
                escaped |= took > 1;
                left -= took;
                shown += 1;
            }
            Ok(left > 0)
        })?;
        out.push(char::from(quote));
        Ok(Shown { total: characters.count, shown, escaped })
    })
}

/// The quote that `repr` chooses: double ones for a text that holds single ones and no double ones. Of a text that is
/// cut, what can be shown decides.
fn quote<M: Memory>(memory: M, characters: Characters, limit: u64) -> Result<u8, Fault> {
    let (mut single, mut double) = (false, false);
    characters.each(memory, limit, |piece| {
        if piece.width == 1 {
            single |= piece.bytes.contains(&b'\'');
            double |= piece.bytes.contains(&b'"');
        } else {
            for code in piece.points() {
                single |= code == u32::from(b'\'');
                double |= code == u32::from(b'"');
            }
        }
        Ok(!double)
    })?;
    Ok(if single && !double { b'"' } else { b'\'' })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::layout::Version;

    /// Objects laid out in a byte array that stands at [`BASE`].
    #[derive(Clone, Copy)]
    struct Bytes<'a>(&'a [u8]);

    const BASE: Address = 0x10_0000;

    impl Memory for Bytes<'_> {
        fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
            let start = address.checked_sub(BASE).ok_or(Fault)?;
            let end = start.checked_add(into.len()).ok_or(Fault)?;
            into.copy_from_slice(self.0.get(start..end).ok_or(Fault)?);
            Ok(())
        }
    }

    fn objects(minor: u8) -> Objects {
        let version = Version { major: 3, minor, micro: 0, free_threaded: false, debug: false };
        Objects::of(version).expect("a known version")
    }

    /// A compact string of `width`-byte units, as 3.12 lays it out.
    fn compact(units: &[u32], width: u32) -> Vec<u8> {
        let mut bytes = vec![0; 56];
        bytes[16..24].copy_from_slice(&(units.len() as u64).to_ne_bytes());
        bytes[32..36].copy_from_slice(&(width << 2 | 1 << 5).to_ne_bytes());
        for unit in units {
            bytes.extend(&unit.to_ne_bytes()[..width as usize]);
        }
        bytes
    }

    fn quoted(units: &[u32], width: u32, limit: usize) -> (String, Shown) {
        let bytes = compact(units, width);
        let mut out = String::new();
        let shown = push_quoted(Bytes(&bytes), &objects(12), BASE, limit, &mut out).expect("readable");
        (out, shown)
    }

    fn points(text: &str) -> Vec<u32> {
        text.chars().map(u32::from).collect()
    }

    #[test]
    fn quotes_are_chosen_as_repr_does() {
        assert_eq!(quoted(&points("it's"), 1, 100).0, "\"it's\"");
        assert_eq!(quoted(&points("say \"it\""), 2, 100).0, "'say \"it\"'");
        assert_eq!(quoted(&points("'\""), 4, 100).0, "'\\'\"'");
        assert_eq!(quoted(&[], 1, 100).0, "''");
    }

    #[test]
    fn what_could_harm_a_terminal_is_escaped() {
        let (text, shown) = quoted(&[0x1b, 0x5b, 0x9b, 0x7f, 0x202e, 0x2028, 0xdc80, 0x10_ffff], 4, 100);
        assert_eq!(text, "'\\x1b[\\x9b\\x7f\\u202e\\u2028\\udc80\\U0010ffff'");
        assert!(shown.escaped);
        assert_eq!(quoted(&points("a\u{301}é漢😀"), 4, 100).0, "'a\u{301}é漢😀'");
        assert_eq!(quoted(&points("\u{ad}\u{a0}\u{3000}"), 2, 100).0, "'\\xad\\xa0\\u3000'");
    }

    #[test]
    fn a_limit_counts_what_is_written_and_cuts_no_escape() {
        assert_eq!(
            quoted(&points("abcdef"), 1, 3),
            ("'abc'".into(), Shown { total: 6, shown: 3, escaped: false })
        );
        assert_eq!(
            quoted(&[0x61, 0, 0x62], 1, 4),
            ("'a'".into(), Shown { total: 3, shown: 1, escaped: false })
        );
        assert_eq!(quoted(&[0x61, 0, 0x62], 1, 5).1, Shown { total: 3, shown: 2, escaped: true });
        assert_eq!(quoted(&points("abc"), 1, 0).1.omitted(), 3);
        assert_eq!(quoted(&points("abc"), 1, 3).1.omitted(), 0);
    }

    #[test]
    fn display_keeps_backslashes_and_wide_spaces() {
        let bytes = compact(&points("C:\\a b\u{3000}'\n"), 2);
        let mut out = String::new();
        let shown = push_display(Bytes(&bytes), &objects(12), BASE, 100, &mut out).expect("readable");
        assert_eq!(out, "C:\\a b\u{3000}'\\n");
        assert!(shown.escaped);
    }

    #[test]
    fn a_string_that_is_not_ready_is_read_from_its_wide_characters() {
        let mut bytes = vec![0; 80];
        bytes[40..48].copy_from_slice(&(BASE as u64 + 72).to_ne_bytes());
        bytes[64..72].copy_from_slice(&2u64.to_ne_bytes());
        bytes[72..76].copy_from_slice(&u32::from('h').to_ne_bytes());
        bytes[76..80].copy_from_slice(&u32::from('i').to_ne_bytes());
        let mut out = String::new();
        let shown = push_display(Bytes(&bytes), &objects(11), BASE, 100, &mut out);
        assert_eq!((shown.map(|shown| shown.total), out.as_str()), (Ok(2), "hi"));
    }

    #[test]
    fn a_fault_leaves_nothing_behind() {
        let mut bytes = compact(&points("abc"), 1);
        bytes[16..24].copy_from_slice(&1000u64.to_ne_bytes());
        let mut out = String::from("before");
        assert_eq!(push_quoted(Bytes(&bytes), &objects(12), BASE, 100, &mut out), Err(Fault));
        assert_eq!(push_display(Bytes(&bytes), &objects(12), BASE, 100, &mut out), Err(Fault));
        assert_eq!(push_bytes(Bytes(&bytes), BASE, 1000, 100, false, &mut out), Err(Fault));
        assert_eq!(out, "before");
        bytes[32] = 3 << 2;
        assert_eq!(Characters::of(Bytes(&bytes), &objects(12), BASE), Err(Fault));
    }

    #[test]
    fn foreign_text_is_made_valid_and_harmless() {
        let mut out = String::new();
        push_foreign("/tmp/é\x1b[31m\n".as_bytes(), &mut out);
        push_foreign(b"\xff\0", &mut out);
        assert_eq!(out, "/tmp/é\\x1b[31m\\n\\xff\\x00");
    }

    #[test]
    fn bytes_are_written_as_repr_does() {
        let mut out = String::new();
        let shown = push_bytes(Bytes(b"a'\xff\n"), BASE, 4, 100, false, &mut out).expect("readable");
        assert_eq!(out, "b\"a'\\xff\\n\"");
        assert_eq!(shown.omitted(), 0);
    }
}
