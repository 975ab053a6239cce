//! How words stand on a terminal: escapes, columns, and numbers that can be read.
//!
//! Pure. Appends to the caller's buffer and allocates nothing of its own.

use std::fmt::Write as _;

/// Appends `words` with what could drive a terminal, or hide or reorder text, escaped as Python's `repr` would
/// (`\x1b`, `\u202e`), a tab as one space, and no more than `most` characters of the source.
///
/// Returns whether all of it was written. Where it was not, the caller says so with its own mark.
pub(super) fn push_escaped(words: &str, most: usize, out: &mut String) -> bool {
    for (count, c) in words.chars().enumerate() {
        if count == most {
            return false;
        }
        push_char(c, out);
    }
    true
}

/// Appends one character as [`push_escaped`] does, and tells how many columns it took.
pub(super) fn push_char(c: char, out: &mut String) -> usize {
    if c == '\t' {
        out.push(' ');
        return 1;
    }
    if !is_dangerous(c) {
        out.push(c);
        return columns_of(c);
    }
    let from = out.len();
    // Writing to a String cannot fail.
    let _ = match c as u32 {
        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
        code @ 0x100..=0xffff => write!(out, "\\u{code:04x}"),
        code => write!(out, "\\U{code:08x}"),
    };
    out.len() - from
}

/// Controls (C0, DEL, C1), line and paragraph separators, what changes the direction of text, the byte order mark.
fn is_dangerous(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How many columns `words` takes on a terminal.
pub(super) fn columns(words: &str) -> usize {
    if words.is_ascii() { words.len() } else { words.chars().map(columns_of).sum() }
}

/// 2 for the wide characters of East Asia and for pictures, 0 for marks that join the character before them, else 1.
/// A small rule after Unicode's `EastAsianWidth.txt` (W and F) and `UnicodeData.txt` (Mn); rare scripts count 1.
fn columns_of(c: char) -> usize {
    match c as u32 {
        0..0x300 => 1,
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x610..=0x61a
        | 0x64b..=0x65f
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x200b..=0x200d
        | 0x20d0..=0x20ff
        | 0x3099..=0x309a
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f
        | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f
        | 0x2329..=0x232a
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe10..=0xfe19
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Appends `count` spaces.
pub(super) fn push_spaces(mut count: usize, out: &mut String) {
    // In pieces: most lines begin with some, and one at a time they would cost more than the words.
    const SPACES: &str = "                                                                ";
    while count > SPACES.len() {
        out.push_str(SPACES);
        count -= SPACES.len();
    }
    out.push_str(&SPACES[..count]);
}

/// Appends `number` with its thousands apart: `1,000,000`.
pub(super) fn push_grouped(number: u64, out: &mut String) {
    let mut divisor = 1;
    while number / divisor >= 1000 {
        divisor *= 1000;
    }
    let _ = write!(out, "{}", number / divisor);
    while divisor > 1 {
        divisor /= 1000;
        let _ = write!(out, ",{:03}", number / divisor % 1000);
    }
}

/// Appends `count` and the noun in its number: `1 frame`, `1,200 frames`.
pub(super) fn push_counted(count: u64, one: &str, many: &str, out: &mut String) {
    push_grouped(count, out);
    out.push(' ');
    out.push_str(if count == 1 { one } else { many });
}

/// Appends `nanoseconds` in units of `unit` nanoseconds, with one decimal, rounded half up: `0.4`, `1,234.5`.
pub(super) fn push_tenths(nanoseconds: u64, unit: u64, out: &mut String) {
    let tenth = unit / 10;
    let tenths = nanoseconds / tenth + u64::from(nanoseconds % tenth >= tenth.div_ceil(2));
    push_grouped(tenths / 10, out);
    let _ = write!(out, ".{}", tenths % 10);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(words: &str) -> String {
        let mut out = String::new();
        assert!(push_escaped(words, usize::MAX, &mut out));
        out
    }

    #[test]
    fn what_drives_a_terminal_is_escaped() {
        assert_eq!(escaped("a\x1b[31mb\x07\r\n\x7f\u{9b}"), "a\\x1b[31mb\\x07\\x0d\\x0a\\x7f\\x9b");
        assert_eq!(escaped("\u{202e}\u{2028}\u{feff}\u{2066}"), "\\u202e\\u2028\\ufeff\\u2066");
        assert_eq!(escaped("\u{e0041}"), "\\U000e0041");
        assert_eq!(escaped("a\tb"), "a b");
        assert_eq!(escaped("größe = '東京' # 👍"), "größe = '東京' # 👍");
    }

    #[test]
    fn escaping_twice_changes_nothing() {
        let once = escaped("\x1b]0;title\x07 \\x1b");
        assert_eq!(escaped(&once), once);
    }

    #[test]
    fn the_limit_counts_characters_of_the_source() {
        let mut out = String::new();
        assert!(push_escaped("ää\x1b", 3, &mut out));
        assert!(!push_escaped("ää\x1b", 2, &mut out));
        assert_eq!(out, "ää\\x1bää");
    }

    #[test]
    fn columns_count_wide_characters_twice_and_marks_not_at_all() {
        assert_eq!(columns(""), 0);
        assert_eq!(columns("plain"), 5);
        assert_eq!(columns("größe"), 5);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("東京 ﾊﾝ"), 7);
        assert_eq!(columns("한글"), 4);
        assert_eq!(columns("👍"), 2);
        assert_eq!(columns("…"), 1);
    }

    #[test]
    fn written_columns_match_what_was_written() {
        for c in ['a', '\t', '\x1b', 'ä', '東', '\u{202e}', '\u{e0041}'] {
            let mut out = String::new();
            let told = push_char(c, &mut out);
            assert_eq!(told, columns(&out), "{c:?}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, words) in [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1000, "1,000"),
            (199_980, "199,980"),
            (1_000_000, "1,000,000"),
            (1_002_003, "1,002,003"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            let mut out = String::new();
            push_grouped(number, &mut out);
            assert_eq!(out, words);
        }
    }

    #[test]
    fn durations_have_one_rounded_decimal() {
        for (nanoseconds, unit, words) in [
            (0, 1_000_000, "0.0"),
            (49_999, 1_000_000, "0.0"),
            (50_000, 1_000_000, "0.1"),
            (400_000, 1_000_000, "0.4"),
            (999_999, 1_000_000, "1.0"),
            (35_249_000_000, 1_000_000_000, "35.2"),
            (86_400_000_000_000, 1_000_000_000, "86,400.0"),
        ] {
            let mut out = String::new();
            push_tenths(nanoseconds, unit, &mut out);
            assert_eq!(out, words);
        }
        let mut out = String::new();
        push_tenths(u64::MAX, 1_000_000, &mut out);
        assert_eq!(out, "18,446,744,073,709.6");
    }
}
