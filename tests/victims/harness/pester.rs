//! Signals at moments that nobody has chosen.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{DEADLINE, Victim};

/// Numbers that nobody foresees, and that are the same for the same seed (xorshift).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Sends SIGUSR2 at random moments until the script has ended, from when it is caught.
#[track_caller]
pub(crate) fn pester(victim: &mut Victim) {
    pester_for(victim, DEADLINE);
}

/// As [`pester`], for a script that may take longer.
#[track_caller]
pub(crate) fn pester_for(victim: &mut Victim, limit: Duration) {
    let status = PathBuf::from(format!("/proc/{}/status", victim.pid()));
    let mut random = Random::new(u64::from(victim.pid()));
    let deadline = Instant::now() + limit;
    while !victim.ended() {
        assert!(Instant::now() < deadline, "waited in vain for the script's end");
        if catches(&status, libc::SIGUSR2) {
            victim.signal(libc::SIGUSR2);
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
    }
}

/// Whether the process has a handler for the signal.
fn catches(status: &Path, signal: i32) -> bool {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|caught| u64::from_str_radix(caught.trim(), 16).ok()).unwrap_or(0);
    caught >> (signal - 1) & 1 == 1
}
