//! Decimals, fractions, and what numpy keeps.

use super::Work;
use super::class::Class;
use super::form::Form;
use super::number::{push_decimal, push_float, push_grouped, push_padded, push_signed};
use crate::python::memory::{Address, Fault, Memory};

/// `PyDecObject.dec` of `Modules/_decimal/_decimal.c`, an `mpd_t` (`libmpdec/mpdecimal.h`, 64-bit).
mod mpd {
    pub(super) const FLAGS: u16 = 24;
    pub(super) const EXPONENT: u16 = 32;
    pub(super) const DIGITS: u16 = 40;
    pub(super) const LENGTH: u16 = 48;
    pub(super) const DATA: u16 = 64;

    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const INFINITE: u8 = 2;
    pub(super) const NOT_A_NUMBER: u8 = 4;
    pub(super) const SIGNALING: u8 = 8;

    /// Decimal digits of a word (`MPD_RDIGITS`).
    pub(super) const WORD_DIGITS: u32 = 19;
    /// Words of a coefficient that is shown whole.
    pub(super) const MOST_WORDS: usize = 8;
    /// Digits shown of a longer one.
    pub(super) const LEADING: usize = 16;
}

/// `PyArrayObject_fields` of numpy 1 and 2 (`ndarraytypes.h`).
mod array {
    pub(super) const DIMENSIONS: u16 = 24;
    pub(super) const SHAPE: u16 = 32;
    pub(super) const DESCRIPTOR: u16 = 56;
    /// `PyArray_Descr`: `typeobj`, `byteorder`.
    pub(super) const TYPE: u16 = 16;
    pub(super) const BYTE_ORDER: u16 = 26;
    /// `NPY_MAXDIMS`: 32 in numpy 1, 64 in numpy 2.
    pub(super) const MOST_DIMENSIONS: usize = 64;
}

/// The value of a numpy scalar (`arrayscalars.h`).
const SCALAR: u16 = 16;

impl<M: Memory> Work<'_, '_, '_, M> {
    /// `Decimal('1.50')`; of a long coefficient the leading digits: `Decimal('1.234567890123456…E+104' (105 digits))`.
    pub(super) fn decimal(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let memory = self.memory;
        let at = |offset| object.wrapping_add(self.objects.private(offset));
        let flags = memory.u8(at(mpd::FLAGS))?;
        let exponent = memory.signed(at(mpd::EXPONENT))?;
        let count = memory.word(at(mpd::DIGITS))?;
        let length = memory.word(at(mpd::LENGTH))?;
        let data = memory.pointer(at(mpd::DATA))?;
        if length > isize::MAX as usize / 8 {
            return Err(Fault);
        }
        let mut digits = String::new();
        for index in (0..length).rev().take(mpd::MOST_WORDS) {
            let word = memory.word(data.wrapping_add(8 * index))? as u64;
            let width = if digits.is_empty() { 1 } else { mpd::WORD_DIGITS };
            push_padded(&mut digits, word, width);
        }
        let whole = length <= mpd::MOST_WORDS;
        if !whole {
            digits.truncate(mpd::LEADING);
        }
        self.leaf(slot, class, |out| {
            out.extend([&class.short, "('"]);
            if flags & mpd::NEGATIVE != 0 {
                out.push('-');
            }
            if flags & mpd::INFINITE != 0 {
                out.push_str("Infinity");
            } else if flags & (mpd::NOT_A_NUMBER | mpd::SIGNALING) != 0 {
                out.push_str(if flags & mpd::SIGNALING != 0 { "sNaN" } else { "NaN" });
                if count > 0 && digits != "0" {
                    out.push_str(&digits);
                }
            } else {
                push_scientific(out, &digits, exponent, count, whole);
            }
            out.push('\'');
            if !whole {
                out.push_str(" (");
                push_grouped(out, count as u64);
                out.push_str(" digits)");
            }
            out.push(')');
            Ok(())
        })
    }

    /// `Fraction(1, 3)`.
    pub(super) fn fraction(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let parts = ["_numerator", "_denominator"].map(|name| self.attribute(object, class, name));
        let [Some(numerator), Some(denominator)] = parts else {
            return self.instance(slot, object, class);
        };
        self.parts(slot, class, &format!("{}(", class.short), &[numerator, denominator]);
        Ok(())
    }

    /// `<numpy.ndarray shape=(3, 4) dtype=float64>`; the data is not touched.
    pub(super) fn array(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let memory = self.memory;
        let at = |object: Address, offset| object.wrapping_add(self.objects.private(offset));
        let count = memory.i32(at(object, array::DIMENSIONS))?;
        let count = usize::try_from(count).map_err(|_| Fault)?;
        let shape = memory.word(at(object, array::SHAPE))?;
        let descriptor = memory.pointer(at(object, array::DESCRIPTOR))?;
        let order = memory.u8(at(descriptor, array::BYTE_ORDER))?;
        let of = memory.pointer(at(descriptor, array::TYPE))?;
        if count > array::MOST_DIMENSIONS {
            return Err(Fault);
        }
        let mut sizes = [0; array::MOST_DIMENSIONS];
        for (index, size) in sizes[..count].iter_mut().enumerate() {
            *size = memory.signed(shape.wrapping_add(8 * index))?;
        }
        let of = self.class(of)?;
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.full, " shape=("]);
            for (index, &size) in sizes[..count].iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_signed(out, size as i64);
            }
            out.push_str(if count == 1 { ",) dtype=" } else { ") dtype=" });
            if order == b'>' {
                out.push('>');
            }
            let name = of.full.strip_prefix("numpy.").unwrap_or(&of.full);
            out.extend([name.trim_end_matches('_'), ">"]);
            Ok(())
        })
    }

    /// `numpy.int64(5)`.
    pub(super) fn scalar(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let bytes: [u8; 8] = {
            let mut bytes = [0; 8];
            let size = class.basicsize.saturating_sub(self.objects.private(SCALAR)).min(8);
            self.memory.read(object.wrapping_add(self.objects.private(SCALAR)), &mut bytes[..size])?;
            bytes
        };
        let word = u64::from_ne_bytes(bytes);
        self.leaf(slot, class, |out| {
            out.extend([&class.full, "("]);
            match class.full.strip_prefix("numpy.").unwrap_or("") {
                "bool" | "bool_" => out.push_str(if bytes[0] == 0 { "False" } else { "True" }),
                "int8" => push_signed(out, i64::from(word as i8)),
                "int16" => push_signed(out, i64::from(word as i16)),
                "int32" => push_signed(out, i64::from(word as i32)),
                "uint8" => push_decimal(out, word & 0xff),
                "uint16" => push_decimal(out, word & 0xffff),
                "uint32" => push_decimal(out, word & 0xffff_ffff),
                "uint64" => push_decimal(out, word),
                "float32" => push_single(out, f32::from_bits(word as u32)),
                _ => push_signed(out, word as i64),
            }
            out.push(')');
            Ok(())
        })
    }

    /// A whole number below 2^128.
    pub(super) fn wide_int(&mut self, object: Address) -> Option<u128> {
        let class = self.class_of(object).ok()?;
        if class.form == Form::Int { self.magnitude(object).ok() } else { None }
    }
}

/// Appends a number of single precision with the digits that tell it from its neighbours.
fn push_single(out: &mut String, value: f32) {
    // The shortest decimal of the single is one that a double holds, too.
    push_float(out, value.to_string().parse().unwrap_or(f64::NAN), true);
}

/// The decimal's `to-scientific-string`. Of `digits`, which are all `count` of them if `whole`.
fn push_scientific(out: &mut String, digits: &str, exponent: isize, count: usize, whole: bool) {
    let adjusted = exponent.saturating_add_unsigned(count).saturating_sub(1);
    if whole && exponent <= 0 && adjusted >= -6 {
        let point = digits.len() as isize + exponent;
        if point <= 0 {
            out.push_str("0.");
            for _ in point..0 {
                out.push('0');
            }
            out.push_str(digits);
        } else {
            let (before, after) = digits.split_at(point as usize);
            out.push_str(before);
            if !after.is_empty() {
                out.extend([".", after]);
            }
        }
        return;
    }
    let (first, rest) = digits.split_at(digits.len().min(1));
    out.push_str(first);
    if !rest.is_empty() {
        out.extend([".", rest]);
    }
    if !whole {
        out.push('…');
    }
    out.push_str(if adjusted < 0 { "E-" } else { "E+" });
    push_decimal(out, adjusted.unsigned_abs() as u64);
}
