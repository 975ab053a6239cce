//! From an instruction to its place in the source: the three encodings of CPython's line tables.
//!
//! Pure: works on the bytes of `co_lnotab` (3.8, 3.9), of 3.10's `co_linetable`, or of the location table that
//! `co_linetable` is from 3.11 on. Whatever the bytes hold, decoding ends with them. Offsets are in bytes of bytecode,
//! negative before the first instruction.

/// `sizeof(_Py_CODEUNIT)`, in which the location table counts.
const UNIT: i64 = 2;

/// A place in the source; the members of [`snapshot::Frame`](crate::snapshot::Frame) of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 1-based; 0 where the instruction belongs to no line.
    pub line: u32,
    /// The last line of the range.
    pub end_line: Option<u32>,
    /// First and one-past-last column, 0-based, in bytes of UTF-8.
    pub columns: Option<(u32, u32)>,
}

impl Position {
    fn at(line: i64) -> Position {
        Position { line: u32::try_from(line).unwrap_or(0), end_line: None, columns: None }
    }
}

/// 3.8, 3.9: pairs of unsigned distance in bytecode and signed distance in lines (`Objects/lnotab_notes.txt`).
pub fn of_lnotab(table: &[u8], first_line: u32, offset: i32) -> Position {
    let mut line = i64::from(first_line);
    let mut address = 0;
    for pair in table.chunks_exact(2) {
        address += i64::from(pair[0]);
        if address > i64::from(offset) {
            break;
        }
        line += i64::from(pair[1] as i8);
    }
    Position::at(line)
}

/// 3.10: pairs of unsigned length in bytecode and signed distance in lines, -128 for "no line" (PEP 626,
/// `Objects/lnotab_notes.txt`).
pub fn of_lines(table: &[u8], first_line: u32, offset: i32) -> Position {
    let mut line = i64::from(first_line);
    if offset < 0 {
        return Position::at(line);
    }
    let mut end = 0;
    for pair in table.chunks_exact(2) {
        end += i64::from(pair[0]);
        let distance = pair[1] as i8;
        if distance != -128 {
            line += i64::from(distance);
        }
        if i64::from(offset) < end {
            return Position::at(if distance == -128 { 0 } else { line });
        }
    }
    Position::default()
}

/// 3.11+: entries of a first byte `1ccccnnn`, form `cccc`, for `nnn` + 1 code units, and what the form says
/// (`Objects/locations.md`, later `InternalDocs/code_objects.md`).
pub fn of_locations(table: &[u8], first_line: u32, offset: i32) -> Position {
    let mut line = i64::from(first_line);
    if offset < 0 {
        return Position::at(line);
    }
    let unit = i64::from(offset) / UNIT;
    let mut end = 0;
    let mut bytes = Bytes { rest: table };
    while let Some(first) = bytes.next() {
        end += i64::from(first & 7) + 1;
        let Some(location) = location(&mut bytes, first >> 3 & 15, &mut line) else { break };
        if unit < end {
            return location;
        }
    }
    Position::default()
}

/// Reads one entry and moves `line` on; nothing where the table ends too early.
fn location(bytes: &mut Bytes<'_>, form: u8, line: &mut i64) -> Option<Position> {
    let one_line = |line: i64, columns| {
        let end_line = u32::try_from(line).ok();
        Position { line: end_line.unwrap_or(0), end_line, columns }
    };
    Some(match form {
        // The line before, columns in 3 + 4 + 4 bits.
        0..=9 => {
            let second = bytes.next()?;
            let start = u32::from(form) * 8 + u32::from(second >> 4 & 7);
            one_line(*line, Some((start, start + u32::from(second & 15))))
        }
        // Up to two lines on, a byte for each column.
        10..=12 => {
            *line += i64::from(form - 10);
            one_line(*line, Some((u32::from(bytes.next()?), u32::from(bytes.next()?))))
        }
        // No columns.
        13 => {
            *line += bytes.signed()?;
            one_line(*line, None)
        }
        // Everything, each column plus one and 0 for none.
        14 => {
            *line += bytes.signed()?;
            let end_line = *line + i64::from(bytes.unsigned()?);
            let (start, end) = (bytes.unsigned()?, bytes.unsigned()?);
            Position {
                line: u32::try_from(*line).unwrap_or(0),
                end_line: u32::try_from(end_line).ok(),
                columns: start.checked_sub(1).zip(end.checked_sub(1)),
            }
        }
        // No location.
        _ => Position::default(),
    })
}

/// What is left of a table.
struct Bytes<'a> {
    rest: &'a [u8],
}

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Six bits a byte, the lowest first; the seventh says that there are more.
    fn unsigned(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in (0..32).step_by(6) {
            let byte = self.next()?;
            value |= u32::from(byte & 63) << shift;
            if byte & 64 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The sign in the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        let magnitude = i64::from(value >> 1);
        Some(if value & 1 != 0 { -magnitude } else { magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: u32) -> Position {
        Position { line, ..Position::default() }
    }

    fn range(line: u32, end_line: u32, start: u32, end: u32) -> Position {
        Position { line, end_line: Some(end_line), columns: Some((start, end)) }
    }

    /// The first byte of an entry of the location table.
    fn first(form: u8, units: u8) -> u8 {
        0x80 | form << 3 | (units - 1)
    }

    #[test]
    fn lnotab_goes_forward_and_back() {
        // From byte 0 line 10, from 6 line 11, from 14 line 9, and a jump of 300 lines in two steps at 20.
        let table = [6, 1, 8, 0xfe, 6, 127, 0, 127, 0, 46];
        for (offset, expected) in
            [(-1, 10), (0, 10), (4, 10), (6, 11), (12, 11), (14, 9), (20, 309), (900, 309)]
        {
            assert_eq!(of_lnotab(&table, 10, offset), line(expected), "at {offset}");
        }
        assert_eq!(of_lnotab(&[], 3, 8), line(3));
        assert_eq!(of_lnotab(&[0, 0x80], 3, 8), line(0), "a line before the first of the file is none");
    }

    #[test]
    fn lines_of_3_10_may_be_missing() {
        // [0, 4) line 10, [4, 6) no line, [6, 10) line 12; the end of the table is the end of the code.
        let table = [4, 0, 2, 0x80, 4, 2];
        for (offset, expected) in [(-1, 10), (0, 10), (2, 10), (4, 0), (6, 12), (8, 12), (10, 0)] {
            assert_eq!(of_lines(&table, 10, offset), line(expected), "at {offset}");
        }
    }

    #[test]
    fn every_form_of_location_is_read() {
        let table = [
            first(1, 2),
            (2 << 4) | 5, // short: 2 units, columns 10-15
            first(11, 1),
            4,
            99, // one line on, 1 unit, columns 4-99
            first(13, 1),
            0b101, // no columns, 1 unit, two lines back
            first(14, 8),
            64 | 34,
            1,
            3,
            2,
            64 | 1,
            1,            // long, 8 units, 49 lines on, 3 more, columns 1-64
            first(15, 1), // none
            first(10, 1),
            0,
            1, // the same line as before
        ];
        let unit = |unit: i32| of_locations(&table, 20, unit * 2);
        assert_eq!(of_locations(&table, 20, -2), line(20));
        assert_eq!(unit(0), range(20, 20, 10, 15));
        assert_eq!(unit(1), range(20, 20, 10, 15));
        assert_eq!(unit(2), range(21, 21, 4, 99));
        assert_eq!(unit(3), Position { line: 19, end_line: Some(19), columns: None });
        assert_eq!(unit(4), range(68, 71, 1, 64));
        assert_eq!(unit(11), range(68, 71, 1, 64));
        assert_eq!(unit(12), Position::default());
        assert_eq!(unit(13), range(68, 68, 0, 1));
        assert_eq!(unit(14), Position::default());
    }

    #[test]
    fn a_torn_table_ends_the_search() {
        let long = [first(14, 1), 64 | 63, 64 | 63, 64 | 63, 64 | 63, 64 | 63, 64 | 63, 63];
        for length in 0..long.len() {
            assert_eq!(of_locations(&long[..length], 1, 0), Position::default());
        }
        assert_eq!(of_lnotab(&[6], 5, 100), line(5));
        assert_eq!(of_lines(&[6], 5, 100), Position::default());
    }
}
