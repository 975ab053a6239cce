//! Limits on depth, count and size of what is shown, and the one place that says "truncated".
//!
//! Three of them bound one variable ([`Limits::chars`], [`Limits::items`], [`Limits::depth`]); the reader of values
//! keeps those. Two bound the dump, and a [`Budget`] keeps them: bytes, and the time under the GIL. Once one of the two
//! is used up, every further value is cut, at next to no cost.
//!
//! Pure: the clock is passed in.

use crate::snapshot::Cut;

/// The limits of one dump, each a `TRIPOD_MAX_*` variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of text for one variable (`TRIPOD_MAX_CHARS`).
    pub chars: u32,
    /// Items shown of one container, attributes of one object (`TRIPOD_MAX_ITEMS`).
    pub items: u32,
    /// How deep containers and objects are followed; 1 shows a variable's own items as leaves (`TRIPOD_MAX_DEPTH`).
    pub depth: u32,
    /// Bytes of all values of one dump (`TRIPOD_MAX_BYTES`).
    pub bytes: u64,
    /// Frames shown of one thread: half of them outermost, half innermost (`TRIPOD_MAX_FRAMES`).
    pub frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chars: 1000, items: 20, depth: 4, bytes: 16 << 20, frames: 200 }
    }
}

/// What a node counts for besides its text, in bytes: the punctuation around it, and that it has to be kept.
pub const NODE: u64 = 16;

/// Nodes between two looks at the clock: some microseconds.
const NODES_PER_LOOK: u32 = 32;

/// What is left of one dump.
pub struct Budget<'c> {
    limits: Limits,
    clock: &'c dyn Fn() -> u64,
    deadline: u64,
    nodes_to_look: u32,
    bytes: u64,
    spent: Option<Cut>,
}

impl<'c> Budget<'c> {
    /// For a dump whose values have to be read when `clock` (in nanoseconds) shows `deadline`; `u64::MAX` is never.
    pub fn new(limits: Limits, clock: &'c dyn Fn() -> u64, deadline: u64) -> Budget<'c> {
        Budget { limits, clock, deadline, nodes_to_look: 0, bytes: limits.bytes, spent: None }
    }

    /// The limits it was made of.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Which limit of the whole dump was reached, if one was.
    pub fn spent(&self) -> Option<Cut> {
        self.spent
    }

    /// Pays for one node and looks at the clock from time to time. `Some` when the dump may hold no further one.
    #[inline]
    pub fn node(&mut self) -> Option<Cut> {
        if self.spent.is_some() {
            return self.spent;
        }
        match self.nodes_to_look.checked_sub(1) {
            Some(left) => self.nodes_to_look = left,
            None => {
                self.nodes_to_look = NODES_PER_LOOK;
                if (self.clock)() >= self.deadline {
                    self.spent = Some(Cut::Pause);
                }
            }
        }
        self.bytes(NODE);
        self.spent
    }

    /// Bytes that the rest of the dump may use.
    pub fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// Pays for text.
    #[inline]
    pub fn bytes(&mut self, count: u64) {
        match self.bytes.checked_sub(count) {
            Some(left) => self.bytes = left,
            None => {
                self.bytes = 0;
                self.spent = self.spent.or(Some(Cut::DumpBytes));
            }
        }
    }

    /// Makes the next node look at the clock: after a system call, say.
    pub fn look_soon(&mut self) {
        self.nodes_to_look = 0;
    }
}

/// What the next one of `children` may use of `left` characters, so that those after it can still show: twice an equal
/// part, and all for the last. What a child leaves is there for its siblings.
#[inline]
pub fn share(left: u32, children: usize) -> u32 {
    let share = u64::from(left) * 2 / (children as u64).saturating_add(1);
    u32::try_from(share).unwrap_or(left).min(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_share_leaves_something_for_every_sibling() {
        let mut left = 1000;
        let mut shares = Vec::new();
        for children in (1..=20).rev() {
            let share = share(left, children);
            shares.push(share);
            left -= share;
        }
        assert_eq!(left, 0);
        assert!(shares.iter().all(|&share| share >= 4), "{shares:?}");
        assert_eq!(share(1000, 1), 1000);
        assert_eq!(share(1000, 0), 1000);
        assert_eq!(share(u32::MAX, usize::MAX), 0);
    }

    #[test]
    fn bytes_run_out_once_and_for_all() {
        let clock = || 0;
        let mut budget = Budget::new(Limits { bytes: 40, ..Limits::default() }, &clock, 1);
        assert_eq!(budget.node(), None);
        budget.bytes(10);
        assert_eq!(budget.spent(), None);
        assert_eq!(budget.node(), Some(Cut::DumpBytes));
        assert_eq!(budget.node(), Some(Cut::DumpBytes));
    }

    #[test]
    fn the_clock_is_asked_now_and_then() {
        let (now, asked) = (Cell::new(0), Cell::new(0));
        let clock = || {
            asked.set(asked.get() + 1);
            now.get()
        };
        let mut budget = Budget::new(Limits::default(), &clock, 100);
        for _ in 0..320 {
            assert_eq!(budget.node(), None);
        }
        assert!((2..=11).contains(&asked.get()), "{}", asked.get());
        now.set(100);
        budget.look_soon();
        assert_eq!(budget.node(), Some(Cut::Pause));
    }
}
