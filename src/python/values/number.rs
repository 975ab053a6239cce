//! Numbers as Python writes them.

use std::fmt::Write;

use super::Work;
use super::class::Class;
use crate::python::memory::{Address, Fault, Memory};

/// Bits of one digit of an `int` (`PYLONG_BITS_IN_DIGIT` of every 64-bit build).
const DIGIT_BITS: u32 = 30;
/// Above it, an `int` shows by its leading digits.
const LARGEST: u128 = 10u128.pow(30);
/// Leading digits shown then.
const LEADING: u32 = 16;
/// Digits of an `int` that are believed: what a 48-bit address space could hold.
const MOST_DIGITS: usize = 1 << 45;

/// Appends `0x7f12ab` as Python writes addresses.
pub(super) fn push_address(out: &mut String, address: Address) {
    let mut digits = [0; 16];
    let mut at = digits.len();
    let mut rest = address;
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[rest & 15];
        rest >>= 4;
        if rest == 0 {
            break;
        }
    }
    out.push_str("0x");
    push_ascii(out, &digits[at..]);
}

/// Appends a number in decimal.
pub(super) fn push_decimal(out: &mut String, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    push_ascii(out, &digits[at..]);
}

/// As [`push_decimal`], with a sign.
pub(super) fn push_signed(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    push_decimal(out, number.unsigned_abs());
}

/// As [`push_decimal`], with a comma before every three digits.
pub(super) fn push_grouped(out: &mut String, number: u64) {
    if number >= 1000 {
        push_grouped(out, number / 1000);
        out.push(',');
        push_padded(out, number % 1000, 3);
    } else {
        push_decimal(out, number);
    }
}

/// As [`push_decimal`], with zeros before it.
pub(super) fn push_padded(out: &mut String, number: u64, digits: u32) {
    for digit in (1..digits).rev() {
        if number >= 10u64.pow(digit) {
            break;
        }
        out.push('0');
    }
    push_decimal(out, number);
}

fn push_ascii(out: &mut String, ascii: &[u8]) {
    out.push_str(std::str::from_utf8(ascii).unwrap_or(""));
}

/// Where the digits of an `int` stand and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    negative: bool,
    pub(super) count: usize,
    start: Address,
}

impl<M: Memory> Work<'_, '_, '_, M> {
    /// The digits of an `int` or of an instance of a subclass (`Include/cpython/longintrepr.h`).
    pub(super) fn digits(&self, object: Address) -> Result<Digits, Fault> {
        let start = object.wrapping_add(usize::from(self.objects.long_digits));
        let size = self.word(object, self.objects.long_size)?;
        let (negative, count) = if self.version.at_least(12) {
            (size & 3 == 2, if size & 3 == 1 { 0 } else { size >> 3 })
        } else {
            ((size as isize) < 0, (size as isize).unsigned_abs())
        };
        if count > MOST_DIGITS { Err(Fault) } else { Ok(Digits { negative, count, start }) }
    }

    /// The value of a small `int`.
    pub(super) fn small_int(&self, object: Address) -> Result<i64, Fault> {
        let digits = self.digits(object)?;
        let top = self.top(digits)?;
        let magnitude =
            if digits.count <= 4 { i64::try_from(top).map_err(|_| Fault)? } else { return Err(Fault) };
        Ok(if digits.negative { -magnitude } else { magnitude })
    }

    /// The number without its sign, where it is below 2^128.
    pub(super) fn magnitude(&self, object: Address) -> Result<u128, Fault> {
        let digits = self.digits(object)?;
        if digits.count > 5 {
            return Err(Fault);
        }
        let mut number = 0u128;
        for index in (0..digits.count).rev() {
            let digit = self.memory.u32(digits.start.wrapping_add(4 * index))?;
            number = number.checked_mul(1 << DIGIT_BITS).ok_or(Fault)? | u128::from(digit);
        }
        Ok(number)
    }

    /// The (up to four) digits of highest value, as one number.
    fn top(&self, digits: Digits) -> Result<u128, Fault> {
        let mut top = 0;
        for index in (0..digits.count).rev().take(4) {
            let digit = self.memory.u32(digits.start.wrapping_add(4 * index))?;
            if digit >> DIGIT_BITS != 0 {
                return Err(Fault);
            }
            top = top << DIGIT_BITS | u128::from(digit);
        }
        Ok(top)
    }

    pub(super) fn int(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let digits = self.digits(object)?;
        let top = self.top(digits)?;
        self.leaf(slot, class, |out| {
            if !class.exact {
                out.push_str(&class.short);
                out.push('(');
            }
            if digits.negative {
                out.push('-');
            }
            if digits.count > 4 || top > LARGEST {
                push_leading(out, top, digits.count.saturating_sub(4));
            } else if let Ok(small) = u64::try_from(top) {
                push_decimal(out, small);
            } else {
                let _ = write!(out, "{top}");
            }
            if !class.exact {
                out.push(')');
            }
            Ok(())
        })
    }

    pub(super) fn bool(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let yes = self.digits(object)?.count != 0;
        self.leaf(slot, class, |out| {
            out.push_str(if yes { "True" } else { "False" });
            Ok(())
        })
    }

    pub(super) fn float(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let value = f64::from_bits(self.word(object, self.objects.float_value)? as u64);
        self.leaf(slot, class, |out| {
            if !class.exact {
                out.push_str(&class.short);
                out.push('(');
            }
            push_float(out, value, true);
            if !class.exact {
                out.push(')');
            }
            Ok(())
        })
    }

    pub(super) fn complex(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let real = f64::from_bits(self.word(object, self.objects.complex_value)? as u64);
        let imaginary = f64::from_bits(self.word(object, self.objects.complex_value + 8)? as u64);
        self.leaf(slot, class, |out| {
            if !class.exact {
                out.push_str(&class.short);
            }
            // `complex_repr` leaves out a real part of +0.
            let whole = real != 0.0 || real.is_sign_negative() || !class.exact;
            if whole {
                out.push('(');
                push_float(out, real, false);
                if imaginary.is_nan() || !imaginary.is_sign_negative() {
                    out.push('+');
                }
            }
            push_float(out, imaginary, false);
            out.push('j');
            if whole {
                out.push(')');
            }
            Ok(())
        })
    }
}

/// Appends the leading digits of `top · 2^(30 · more)` and how many bits it has: `1234567890123456… (3,322 bits)`. The
/// cost does not depend on the number.
fn push_leading(out: &mut String, top: u128, more: usize) {
    let shift = more as u64 * u64::from(DIGIT_BITS);
    let digits = leading_digits(top, shift);
    push_decimal(out, digits);
    out.push_str("… (");
    push_grouped(out, shift + u64::from(u128::BITS - top.leading_zeros()));
    out.push_str(" bits)");
}

/// The first [`LEADING`] decimal digits of `top · 2^(shift)`, for a `top` of more bits than those digits have.
///
/// 2^shift comes by squaring. Each step loses a few units of the last of 124 bits, and every squaring doubles the loss: of
/// the largest power that memory could hold, 76 bits stay true, which is 22 digits. A trifle is added before digits are
/// cut off, so that a power of ten shows as one.
fn leading_digits(top: u128, shift: u64) -> u64 {
    if shift == 0 {
        return (top / 10u128.pow(top.ilog10().saturating_sub(LEADING - 1))) as u64;
    }
    let mut power = Decimal::of(1);
    for bit in (0..u64::BITS - shift.leading_zeros()).rev() {
        power = power.times(power);
        if shift >> bit & 1 != 0 {
            power = power.times(Decimal::of(2));
        }
    }
    Decimal::of(top).times(power).leading()
}

/// A number from 1 to below 10, times a power of ten that is forgotten: 4 bits before the point and [`Decimal::POINT`]
/// behind it.
#[derive(Clone, Copy, Debug)]
struct Decimal(u128);

impl Decimal {
    const POINT: u32 = 124;
    /// What [`Decimal::leading`] adds.
    const TRIFLE: u128 = 1 << 48;

    /// Of a number that is not 0 and below 10^38.
    fn of(number: u128) -> Decimal {
        let mut power = 1;
        while number / 10 >= power {
            power *= 10;
        }
        // Long division, a bit at a time, so that no wider number is needed.
        let (mut quotient, mut rest) = (number / power, number % power);
        for _ in 0..Self::POINT {
            rest *= 2;
            quotient *= 2;
            if rest >= power {
                rest -= power;
                quotient += 1;
            }
        }
        Decimal(quotient)
    }

    fn times(self, other: Decimal) -> Decimal {
        const LOW: u128 = u64::MAX as u128;
        let ((high, low), (other_high, other_low)) =
            ((self.0 >> 64, self.0 & LOW), (other.0 >> 64, other.0 & LOW));
        let (one, two) = (high * other_low, low * other_high);
        let middle = ((low * other_low) >> 64) + (one & LOW) + (two & LOW);
        // The upper half of the product, with 120 bits behind the point and below 100; `middle & LOW` comes next.
        let upper = high * other_high + (one >> 64) + (two >> 64) + (middle >> 64);
        if upper >> 120 >= 10 {
            Decimal(((upper / 10) << 4) + ((upper % 10) << 4) / 10)
        } else {
            Decimal(upper << 4 | (middle & LOW) >> 60)
        }
    }

    fn leading(self) -> u64 {
        let mut rest = self.0 + Self::TRIFLE;
        if rest >> Self::POINT >= 10 {
            return 10u64.pow(LEADING - 1);
        }
        let mut digits = 0;
        for _ in 0..LEADING {
            digits = digits * 10 + (rest >> Self::POINT) as u64;
            rest = (rest & ((1 << Self::POINT) - 1)) * 10;
        }
        digits
    }
}

/// Appends the shortest decimal that gives the same number again, in the form that Python chooses: exponents from 16
/// digits on and below 0.0001. `point` asks for `.0` behind a whole number.
pub(super) fn push_float(out: &mut String, value: f64, point: bool) {
    if value.is_nan() {
        return out.push_str("nan");
    }
    if value.is_infinite() {
        return out.push_str(if value < 0.0 { "-inf" } else { "inf" });
    }
    // Rust's form: `-1.2345e-7`. It is taken apart behind what is already in `out`, and then cut off again.
    let mark = out.len();
    let _ = write!(out, "{value:e}");
    let mut form = [0; 40];
    let written = out.len() - mark;
    let Some(form) = form.get_mut(..written) else { return };
    form.copy_from_slice(&out.as_bytes()[mark..]);
    out.truncate(mark);
    let (negative, form) = match form {
        [b'-', rest @ ..] => (true, &*rest),
        rest => (false, &*rest),
    };
    let middle = form.iter().position(|&byte| byte == b'e').unwrap_or(form.len());
    let exponent = std::str::from_utf8(form.get(middle + 1..).unwrap_or(b"")).ok();
    let exponent: i32 = exponent.and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
    let mut digits = [0; 24];
    let mut count = 0;
    for (digit, place) in form[..middle].iter().filter(|&&byte| byte != b'.').zip(&mut digits) {
        *place = *digit;
        count += 1;
    }
    let digits = &digits[..count];
    if negative {
        out.push('-');
    }
    if !(-4..16).contains(&exponent) {
        push_ascii(out, &digits[..1]);
        if count > 1 {
            out.push('.');
            push_ascii(out, &digits[1..]);
        }
        out.push_str(if exponent < 0 { "e-" } else { "e+" });
        push_padded(out, u64::from(exponent.unsigned_abs()), 2);
    } else if exponent < 0 {
        out.push_str("0.");
        for _ in 1..-exponent {
            out.push('0');
        }
        push_ascii(out, digits);
    } else {
        let whole = exponent as usize + 1;
        push_ascii(out, &digits[..whole.min(count)]);
        for _ in count..whole {
            out.push('0');
        }
        if count > whole {
            out.push('.');
            push_ascii(out, &digits[whole..]);
        } else if point {
            out.push_str(".0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(value: f64) -> String {
        let mut out = String::new();
        push_float(&mut out, value, true);
        out
    }

    #[test]
    fn floats_are_written_as_repr_does() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (123_456.789, "123456.789"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-1.5e300, "-1.5e+300"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float(value), expected);
        }
    }

    #[test]
    fn leading_digits_are_true_however_many_bits_follow() {
        // 2^1000 and 3 · 2^100000, from Python.
        assert_eq!(leading_digits(1 << 100, 900), 1_071_508_607_186_267);
        assert_eq!(leading_digits(3 << 90, 99_910), 2_997_006_279_043_153);
        // 10^100 = (10^100 / 2^213) · 2^213, cut off to 120 bits.
        let mut top = 1u128;
        for _ in 0..51 {
            top *= 5;
        }
        assert_eq!(leading_digits(top, 51), 1_000_000_000_000_000);
    }

    #[test]
    fn groups_and_addresses() {
        let mut out = String::new();
        push_grouped(&mut out, 1_002_003);
        out.push(' ');
        push_grouped(&mut out, 999);
        out.push(' ');
        push_address(&mut out, 0x7f00_12ab);
        out.push(' ');
        push_signed(&mut out, i64::MIN);
        out.push(' ');
        push_padded(&mut out, 7, 3);
        assert_eq!(out, "1,002,003 999 0x7f0012ab -9223372036854775808 007");
    }
}
