//! The entries of a dictionary or of an instance, in order, straight from the table.
//!
//! Sources: `Objects/dict-common.h` (3.8-3.10), `Include/internal/pycore_dict.h` (3.11+).

use crate::python::layout::NONE;
use crate::python::layout::objects::Objects;
use crate::python::memory::{Address, Fault, Memory};

/// Empty entries that are stepped over in one table: what remains of deleted ones.
const MOST_EMPTY: usize = 4096;
/// The binary logarithm of the largest table that is believed.
const LARGEST: u8 = 40;
/// `DICT_KEYS_GENERAL`: entries with the hash, for keys that are not all `str`; 3.11+.
const GENERAL: u8 = 0;

/// Which entry comes next.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// As they stand.
    Table,
    /// As the bytes from this address upwards say (3.13+).
    Up(Address),
    /// As the bytes from this address downwards say (3.11, 3.12).
    Down(Address),
}

/// A walk along the entries that are in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// How many there are.
    pub used: usize,
    /// The first entry's key …
    keys: Address,
    /// … and how far it is to the next one's.
    stride: usize,
    /// Where the values stand if not beside the keys.
    values: Option<Address>,
    order: Order,
    count: usize,
    next: usize,
    empty: usize,
}

impl Table {
    /// Of a `dict` object.
    pub(super) fn of_dict<M: Memory>(memory: M, objects: &Objects, dict: Address) -> Result<Table, Fault> {
        let at = |offset| dict.wrapping_add(usize::from(offset));
        let keys = memory.pointer(at(objects.dict_keys))?;
        let used = memory.word(at(objects.dict_used))?;
        match memory.word(at(objects.dict_values))? {
            0 => Ok(Table { used, ..Table::of_keys(memory, objects, keys)? }),
            values => Ok(Table { used, ..Table::of_values(memory, objects, keys, values)? }),
        }
    }

    /// Of values that share their keys with others.
    pub(super) fn of_values<M: Memory>(
        memory: M,
        objects: &Objects,
        keys: Address,
        values: Address,
    ) -> Result<Table, Fault> {
        let table = Table::of_keys(memory, objects, keys)?;
        let items = values.wrapping_add(usize::from(objects.values_items));
        let (order, used) = if objects.values_size != NONE {
            let capacity = memory.u8(values.wrapping_add(usize::from(objects.values_capacity)))?;
            let size = memory.u8(values.wrapping_add(usize::from(objects.values_size)))?;
            (Order::Up(items.wrapping_add(8 * usize::from(capacity))), size)
        } else if objects.keys_size == NONE {
            (Order::Down(values.wrapping_sub(3)), memory.u8(values.wrapping_sub(2))?)
        } else {
            return Ok(Table { values: Some(items), ..table });
        };
        let used = usize::from(used);
        Ok(Table { values: Some(items), order, used, count: used, ..table })
    }

    fn of_keys<M: Memory>(memory: M, objects: &Objects, keys: Address) -> Result<Table, Fault> {
        let at = |offset| keys.wrapping_add(usize::from(offset));
        let count = memory.word(at(objects.keys_entries))?;
        let (size, index_bytes, general) = if objects.keys_size == NONE {
            let size = memory.u8(at(objects.keys_log2_size))?;
            let index_bytes = memory.u8(at(objects.keys_log2_index_bytes))?;
            if size > LARGEST || index_bytes > LARGEST + 3 {
                return Err(Fault);
            }
            (1 << size, 1 << index_bytes, memory.u8(at(objects.keys_kind))? == GENERAL)
        } else {
            let size = memory.word(at(objects.keys_size))?;
            let width = match size {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                0x1_0000..=0xffff_ffff => 4,
                _ => 8,
            };
            (size, size.saturating_mul(width), true)
        };
        if count > size || size > 1 << LARGEST {
            return Err(Fault);
        }
        let entries = at(objects.keys_indices).wrapping_add(index_bytes);
        Ok(Table {
            used: count,
            keys: if general { entries.wrapping_add(8) } else { entries },
            stride: if general { 24 } else { 16 },
            values: None,
            order: Order::Table,
            count,
            next: 0,
            empty: 0,
        })
    }

    /// The next key and value. `None` at the end, or where too many entries were empty.
    #[inline]
    pub(super) fn next<M: Memory>(&mut self, memory: M) -> Result<Option<(Address, Address)>, Fault> {
        while self.next < self.count && self.empty < MOST_EMPTY {
            let index = match self.order {
                Order::Table => self.next,
                Order::Up(first) => usize::from(memory.u8(first.wrapping_add(self.next))?),
                Order::Down(first) => usize::from(memory.u8(first.wrapping_sub(self.next))?),
            };
            self.next += 1;
            let entry = self.keys.wrapping_add(index.wrapping_mul(self.stride));
            let key = memory.word(entry)?;
            let value = memory.word(match self.values {
                Some(values) => values.wrapping_add(8 * index),
                None => entry.wrapping_add(8),
            })?;
            if key != 0 && value != 0 {
                return Ok(Some((key, value)));
            }
            self.empty += 1;
        }
        Ok(None)
    }
}
