//! Whether the signal still asks for dumps. A script may do something of its own on it, and wins; Tripod then says once how
//! to choose another signal.
//!
//! The agent looks itself, soon after the start and ever more seldom, as nothing wakes it when a handler is replaced, and
//! nothing wakes it any more afterwards. Libraries put another handler there for a moment: only what is seen twice counts.
//! The children of a process that has said so do not repeat it. Pure but for that flag.

use std::sync::atomic::{AtomicBool, Ordering};

use super::trigger::Instant;

/// The time between a first sighting and the second, and from the start to the first look, in nanoseconds.
const SOON: u64 = 100_000_000;

/// The longest time between two looks.
const SELDOM: u64 = 60_000_000_000;

/// Some process from here up has said so.
static SAID: AtomicBool = AtomicBool::new(false);

/// When to look next.
#[derive(Clone, Copy, Debug)]
pub struct Lookout {
    next: Instant,
    pause: u64,
    seen: bool,
}

impl Lookout {
    /// For a process that begins at `now`; `None` where it has been said already.
    pub fn new(now: Instant) -> Option<Lookout> {
        let lookout = Lookout { next: now.saturating_add(SOON), pause: SOON, seen: false };
        (!SAID.load(Ordering::Relaxed)).then_some(lookout)
    }

    /// How long it is until the next look.
    pub fn patience(&self, now: Instant) -> u64 {
        self.next.saturating_sub(now)
    }

    /// Looks, where it is time to; true once: where `replaced` was so twice in a row. Not to be used afterwards.
    pub fn look(&mut self, now: Instant, replaced: impl FnOnce() -> bool) -> bool {
        if now < self.next {
            return false;
        }
        let seen_before = std::mem::replace(&mut self.seen, replaced());
        self.pause = if self.seen { SOON } else { (self.pause * 2).min(SELDOM) };
        self.next = now.saturating_add(self.pause);
        let certain = seen_before && self.seen;
        if certain {
            SAID.store(true, Ordering::Relaxed);
        }
        certain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_ever_more_seldom_and_believes_what_it_sees_twice() {
        let mut lookout = Lookout::new(0).unwrap_or_else(|| panic!("said already"));
        assert_eq!(lookout.patience(0), SOON);
        assert!(!lookout.look(SOON - 1, || panic!("not yet")));
        assert!(!lookout.look(SOON, || false));
        assert_eq!(lookout.patience(SOON), 2 * SOON);
        // Replaced for a moment.
        assert!(!lookout.look(3 * SOON, || true));
        assert_eq!(lookout.patience(3 * SOON), SOON);
        assert!(!lookout.look(4 * SOON, || false));
        let mut now = 4 * SOON;
        for _ in 0..20 {
            now += lookout.patience(now);
            assert!(!lookout.look(now, || false));
        }
        assert_eq!(lookout.patience(now), SELDOM);
        // For good.
        now += SELDOM;
        assert!(!lookout.look(now, || true));
        assert!(lookout.look(now + SOON, || true));
        assert!(Lookout::new(now).is_none());
    }
}
