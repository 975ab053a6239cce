//! How the bytes of a source file are to be read: PEP 263.
//!
//! Pure. The encodings that sources are written in are built in; of any other, the ASCII part is shown and the rest
//! escaped byte by byte. Nothing is ever asked of Python's codecs, which are Python code.

use std::borrow::Cow;
use std::fmt::Write as _;

/// An encoding of source files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The default.
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// ISO 8859-15.
    Latin9,
    /// Windows' code page 1252.
    Cp1252,
    /// ASCII, and whatever is not known here: bytes from 0x80 on are escaped.
    Ascii,
}

impl Encoding {
    /// By one of the names Python knows it by, in any case, hyphens and underscores aside, with or without the line
    /// ends that Emacs adds (`utf-8-unix`).
    fn named(name: &[u8]) -> Encoding {
        let name = name.to_ascii_lowercase();
        let name = [&b"-unix"[..], b"-dos", b"-mac"]
            .iter()
            .find_map(|ends| name.strip_suffix(*ends))
            .unwrap_or(name.as_slice());
        let name: Vec<u8> = name.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        match name.as_slice() {
            b"utf8" | b"utf8sig" | b"u8" | b"utf" => Encoding::Utf8,
            b"latin1" | b"latin" | b"isolatin1" | b"l1" | b"iso88591" | b"88591" | b"cp819" => {
                Encoding::Latin1
            }
            b"iso885915" | b"latin9" | b"l9" => Encoding::Latin9,
            b"cp1252" | b"windows1252" | b"1252" => Encoding::Cp1252,
            _ => Encoding::Ascii,
        }
    }

    /// The character of a byte from 0x80 on, in an encoding of one byte a character.
    fn character(self, byte: u8) -> Option<char> {
        match (self, byte) {
            (Encoding::Utf8 | Encoding::Ascii, _) => None,
            (Encoding::Latin9, 0xa4) => Some('€'),
            (Encoding::Latin9, 0xa6) => Some('Š'),
            (Encoding::Latin9, 0xa8) => Some('š'),
            (Encoding::Latin9, 0xb4) => Some('Ž'),
            (Encoding::Latin9, 0xb8) => Some('ž'),
            (Encoding::Latin9, 0xbc) => Some('Œ'),
            (Encoding::Latin9, 0xbd) => Some('œ'),
            (Encoding::Latin9, 0xbe) => Some('Ÿ'),
            (Encoding::Cp1252, 0x80..=0x9f) => {
                Some(CP1252_80_TO_9F[usize::from(byte - 0x80)]).filter(|&c| c != '\0')
            }
            (Encoding::Latin1 | Encoding::Latin9 | Encoding::Cp1252, _) => Some(char::from(byte)),
        }
    }

    /// The words of `bytes`, and whether all of them could be read. Those that could not stand as `\xNN`.
    pub(super) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        let valid = match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).ok(),
            _ if bytes.is_ascii() => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        if let Some(words) = valid {
            return (Cow::Borrowed(words), true);
        }
        let mut words = String::with_capacity(bytes.len() * 2);
        let mut exact = true;
        if self == Encoding::Utf8 {
            for chunk in bytes.utf8_chunks() {
                words.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    let _ = write!(words, "\\x{byte:02x}");
                }
            }
            return (Cow::Owned(words), false);
        }
        for &byte in bytes {
            if byte < 0x80 {
                words.push(char::from(byte));
            } else if let Some(c) = self.character(byte) {
                words.push(c);
            } else {
                exact = false;
                let _ = write!(words, "\\x{byte:02x}");
            }
        }
        (Cow::Owned(words), exact)
    }
}

/// Unicode's `CP1252.TXT`; NUL where nothing is defined.
const CP1252_80_TO_9F: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// How long the byte order mark of UTF-8 at the beginning of a file is: 0 where there is none.
pub(super) fn mark(bytes: &[u8]) -> usize {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(MARK) { MARK.len() } else { 0 }
}

/// The encoding that the first lines of a file without a byte order mark ask for.
///
/// PEP 263: a comment in one of the first two lines says `coding: name` or `coding=name`; the second counts only
/// when the first is blank or a comment.
pub(super) fn detect<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Encoding {
    for line in lines.take(2) {
        let line = line.trim_ascii_start();
        if let Some(name) = line.strip_prefix(b"#").and_then(cookie) {
            return Encoding::named(name);
        }
        if !line.is_empty() && !line.starts_with(b"#") {
            break;
        }
    }
    Encoding::Utf8
}

/// The name that a comment gives: what matches `coding[:=][ \t]*([-_.a-zA-Z0-9]+)` first.
fn cookie(comment: &[u8]) -> Option<&[u8]> {
    const WORD: &[u8] = b"coding";
    for at in 0..comment.len().saturating_sub(WORD.len()) {
        let Some(rest) = comment[at..].strip_prefix(WORD) else { continue };
        let Some((b':' | b'=', rest)) = rest.split_first() else { continue };
        let blanks = rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let rest = &rest[blanks..];
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            .count();
        if length > 0 {
            return Some(&rest[..length]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_where_python_finds_them() {
        for (source, encoding) in [
            ("", Encoding::Utf8),
            ("x = 1\n", Encoding::Utf8),
            ("# -*- coding: latin-1 -*-\n", Encoding::Latin1),
            ("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n", Encoding::Latin9),
            ("\n#coding:cp1252", Encoding::Cp1252),
            (" \t\x0c# coding=\tISO_8859_1\r\n", Encoding::Latin1),
            ("# coding: UTF-8-unix\n", Encoding::Utf8),
            ("# coding: us-ascii\n", Encoding::Ascii),
            ("# coding: euc-jp\n", Encoding::Ascii),
            // A third line, a line of code before it, a word that is no cookie.
            ("\n\n# coding: latin-1\n", Encoding::Utf8),
            ("x = 1\n# coding: latin-1\n", Encoding::Utf8),
            ("x = 1  # coding: latin-1\n", Encoding::Utf8),
            ("# coding is latin-1\n", Encoding::Utf8),
            ("# coding:\n# coding: latin-1\n", Encoding::Latin1),
        ] {
            assert_eq!(detect(source.as_bytes().split(|&byte| byte == b'\n')), encoding, "{source:?}");
        }
    }

    #[test]
    fn the_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(mark(b"\xef\xbb\xbfx = 1\n"), 3);
        assert_eq!(mark(b"\xef\xbb"), 0);
    }

    #[test]
    fn bytes_become_characters() {
        for (encoding, bytes, words, exact) in [
            (Encoding::Utf8, &b"gr\xc3\xb6\xc3\x9fe"[..], "größe", true),
            (Encoding::Utf8, b"gr\xf6\xdfe", "gr\\xf6\\xdfe", false),
            (Encoding::Utf8, b"\xe2\x82", "\\xe2\\x82", false),
            (Encoding::Latin1, b"gr\xf6\xdfe \xa4\x80", "größe ¤\u{80}", true),
            (Encoding::Latin9, b"\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe\xe9", "€ŠšŽžŒœŸé", true),
            (Encoding::Cp1252, b"\x80 \x93a\x94 \x96 \xe9", "€ “a” – é", true),
            (Encoding::Cp1252, b"\x81\x9d", "\\x81\\x9d", false),
            (Encoding::Ascii, b"a\xa4\xa2", "a\\xa4\\xa2", false),
            (Encoding::Ascii, b"plain", "plain", true),
        ] {
            assert_eq!(encoding.decode(bytes), (Cow::Borrowed(words), exact), "{encoding:?} {bytes:?}");
        }
    }

    #[test]
    fn code_page_1252_agrees_with_latin_1_but_for_one_row() {
        for byte in 0xa0..=0xffu8 {
            assert_eq!(Encoding::Cp1252.character(byte), Some(char::from(byte)));
        }
        let undefined = (0x80..=0x9f).filter(|&byte| Encoding::Cp1252.character(byte).is_none());
        assert!(undefined.eq([0x81, 0x8d, 0x8f, 0x90, 0x9d]));
    }
}
