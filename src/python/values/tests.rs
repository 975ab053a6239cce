//! Every form of every version on memory that holds anything.

use super::*;
use crate::budget::Limits;

/// Memory that holds anything: pointers, counts, flags and text, the same ones at the same address.
#[derive(Clone, Copy)]
struct Nonsense {
    seed: u64,
    /// Of 256 addresses, so many cannot be read.
    holes: u64,
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (number >> 32)
}

impl Memory for Nonsense {
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
        for (offset, byte) in into.iter_mut().enumerate() {
            let address = address.checked_add(offset).ok_or(Fault)? as u64;
            let word = mixed(self.seed ^ (address / 8));
            if word >> 56 < self.holes {
                return Err(Fault);
            }
            let value = match word & 15 {
                // A few places that everything points to.
                0..=7 => 0x10_0000 + (word >> 20 & 0xff) * 8,
                8 => word >> 58,
                9 => 0,
                10 => u64::MAX - (word >> 60),
                11 => u64::from_ne_bytes(*b"a\0b.c\x1b\xffz"),
                12 => 1 << (word >> 8 & 63),
                _ => mixed(word),
            };
            *byte = value.to_ne_bytes()[(address % 8) as usize];
        }
        Ok(())
    }
}

/// Every version that there is a table for.
fn versions() -> impl Iterator<Item = (Version, Objects)> {
    let all = (8..=15).flat_map(|minor| [false, true].map(|free_threaded| (minor, free_threaded)));
    all.filter_map(|(minor, free_threaded)| {
        let version = Version { major: 3, minor, micro: 0, free_threaded, debug: false };
        Some((version, Objects::of(version)?))
    })
}

#[test]
fn nonsense_is_survived() {
    let redact = Redact::default();
    let limits = Limits { chars: 2000, items: 50, depth: 8, bytes: 100_000, ..Limits::default() };
    let clock = || 0;
    let mut read = 0;
    let mut forms = Vec::new();
    for (version, objects) in versions() {
        for seed in 0..30 {
            let memory = Nonsense { seed, holes: [0, 2, 20][seed as usize % 3] };
            // Whatever stands there is taken for a type of a known kind half of the time.
            let known = Known::of_all_forms(0x10_0000, if seed % 2 == 0 { 8 } else { 4096 });
            let mut reader = Reader::new(memory, version, &objects, &known, &redact);
            let mut arena = Arena::default();
            let mut budget = Budget::new(limits, &clock, 1);
            for object in (0x10_0000..0x10_0800).step_by(16) {
                let id = reader.variable(&mut arena, &mut budget, "x", object);
                let value = arena.values[id.0 as usize];
                read += usize::from(value.kind != Kind::Unread);
                assert!(value.children.range().end <= arena.values.len());
            }
            assert!(arena.text_len() < 400_000, "{}", arena.text_len());
            for class in reader.cache.classes.values() {
                if !forms.contains(&class.form) {
                    forms.push(class.form);
                }
            }
        }
    }
    assert!(read > 1000, "{read} values only were more than unreadable");
    assert!(forms.len() + 5 > Form::ALL.len(), "{} forms only were tried", forms.len());
}
