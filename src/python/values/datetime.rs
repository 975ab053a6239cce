//! Dates, times and durations, as their `repr` (`Modules/_datetimemodule.c`).

use super::Work;
use super::class::Class;
use super::number::{push_decimal, push_signed};
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;

/// `hastzinfo` of `_PyDateTime_BaseTime` (`Include/datetime.h`), and the packed bytes of date and time behind it.
const HAS_ZONE: u16 = 24;
const DATA: u16 = 25;
/// `tzinfo`, of a time and of a date with time; their `fold` is the byte behind the data.
const TIME_ZONE: u16 = 32;
const DATE_TIME_ZONE: u16 = 40;
/// `days`, `seconds` and `microseconds` of `PyDateTime_Delta`.
const DELTA: [u16; 3] = [24, 28, 32];
/// `offset` and `name` of `PyDateTime_TimeZone`.
const ZONE_OFFSET: u16 = 16;
const ZONE_NAME: u16 = 24;
/// `key` of `PyZoneInfo_ZoneInfo` (`Modules/_zoneinfo.c`).
const ZONE_KEY: u16 = 16;

/// Two bytes of a year.
fn year(data: [u8; 2]) -> u64 {
    u64::from(u16::from_be_bytes(data))
}

impl<M: Memory> Work<'_, '_, '_, M> {
    fn private(&self, object: Address, offset: u16) -> Address {
        object.wrapping_add(self.objects.private(offset))
    }

    /// `datetime.date(2021, 2, 3)`.
    pub(super) fn date(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let [high, low, month, day] = self.memory.array(self.private(object, DATA))?;
        let parts = [year([high, low]), month.into(), day.into()];
        self.leaf(slot, class, |out| {
            push_call(out, class, &parts);
            out.push(')');
            Ok(())
        })
    }

    /// `datetime.datetime(2021, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)`.
    pub(super) fn date_time(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let [high, low, month, day, time @ .., fold]: [u8; 11] =
            self.memory.array(self.private(object, DATA))?;
        let (mut parts, count) = clock(time);
        parts.rotate_right(3);
        parts[..3].copy_from_slice(&[year([high, low]), month.into(), day.into()]);
        self.with_zone(slot, object, class, &parts[..3 + count], fold, DATE_TIME_ZONE)
    }

    /// `datetime.time(4, 5)`.
    pub(super) fn time(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let [time @ .., fold]: [u8; 7] = self.memory.array(self.private(object, DATA))?;
        let (parts, count) = clock(time);
        self.with_zone(slot, object, class, &parts[..count], fold, TIME_ZONE)
    }

    fn with_zone(
        &mut self,
        slot: u32,
        object: Address,
        class: &Class,
        parts: &[u64],
        fold: u8,
        zone: u16,
    ) -> Result<(), Fault> {
        let mut open = String::new();
        push_call(&mut open, class, parts);
        if fold != 0 {
            open.push_str(", fold=1");
        }
        if self.memory.u8(self.private(object, HAS_ZONE))? == 0 {
            return self.leaf(slot, class, |out| {
                out.extend([&open, ")"]);
                Ok(())
            });
        }
        let zone = self.memory.pointer(self.private(object, zone))?;
        open.push_str(", tzinfo=");
        let inner = self.wrap(slot, class.text, &open, ")", 1);
        self.child(inner, zone, 0);
        Ok(())
    }

    /// `datetime.timedelta(days=-1, seconds=5)`.
    pub(super) fn time_delta(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let parts = self.delta(object)?;
        self.leaf(slot, class, |out| {
            push_delta(out, class.type_name(), parts);
            Ok(())
        })
    }

    fn delta(&self, object: Address) -> Result<[i32; 3], Fault> {
        let mut parts = [0; 3];
        for (part, offset) in parts.iter_mut().zip(DELTA) {
            *part = self.memory.i32(self.private(object, offset))?;
        }
        Ok(parts)
    }

    /// `datetime.timezone.utc`, `datetime.timezone(datetime.timedelta(seconds=7200), 'CEST')`.
    pub(super) fn time_zone(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (memory, objects) = (self.memory, self.objects);
        let parts = self.delta(memory.pointer(self.private(object, ZONE_OFFSET))?)?;
        let name = memory.word(self.private(object, ZONE_NAME))?;
        let limit = self.left as usize;
        self.leaf(slot, class, |out| {
            // With that offset and no name there is only the one.
            if name == 0 && parts == [0; 3] {
                out.extend([class.type_name(), ".utc"]);
                return Ok(());
            }
            out.extend([class.type_name(), "("]);
            push_delta(out, "datetime.timedelta", parts);
            if name != 0 {
                out.push_str(", ");
                text::push_quoted(memory, objects, name, limit, out)?;
            }
            out.push(')');
            Ok(())
        })
    }

    /// `zoneinfo.ZoneInfo(key='Europe/Berlin')`.
    pub(super) fn zone_info(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (memory, objects) = (self.memory, self.objects);
        let key = memory.word(self.private(object, ZONE_KEY))?;
        if !self.is_str(key) {
            return self.opaque(slot, object, class);
        }
        let limit = self.left as usize;
        self.leaf(slot, class, |out| {
            out.extend([class.type_name(), "(key="]);
            text::push_quoted(memory, objects, key, limit, out)?;
            out.push(')');
            Ok(())
        })
    }
}

/// Hour, minute, second and microsecond, and how many of them `repr` shows; room for a date's three.
fn clock([hour, minute, second, micro @ ..]: [u8; 6]) -> ([u64; 7], usize) {
    let micro = u64::from(micro[0]) << 16 | u64::from(micro[1]) << 8 | u64::from(micro[2]);
    let count = match (second, micro) {
        (0, 0) => 2,
        (_, 0) => 3,
        _ => 4,
    };
    ([hour.into(), minute.into(), second.into(), micro, 0, 0, 0], count)
}

/// Appends `datetime.date(2021, 2, 3`.
fn push_call(out: &mut String, class: &Class, parts: &[u64]) {
    out.push_str(class.type_name());
    for (index, &part) in parts.iter().enumerate() {
        out.push_str(if index == 0 { "(" } else { ", " });
        push_decimal(out, part);
    }
}

fn push_delta(out: &mut String, class: &str, parts: [i32; 3]) {
    out.push_str(class);
    let mut between = "(";
    for (name, part) in ["days=", "seconds=", "microseconds="].into_iter().zip(parts) {
        if part != 0 {
            out.extend([between, name]);
            push_signed(out, part.into());
            between = ", ";
        }
    }
    out.push_str(if between == "(" { "(0)" } else { ")" });
}
