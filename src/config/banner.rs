//! The two lines that a Python started by `tripod-preload` writes to standard error, in the words of Tripod 0.1.

use std::fmt;
use std::path::Path;

use super::{Config, SignalRange, signal, write_plainly};

/// The banner's first line, without a line end: what makes this process write a dump.
pub fn trigger_line(config: &Config, pid: u32, range: SignalRange) -> String {
    if let Some(interval) = config.interval {
        let (seconds, microseconds) = (interval.as_secs(), interval.subsec_micros());
        return format!("[Tripod] Sampling every {seconds}.{microseconds:06} seconds");
    }
    match config.signal {
        Some(number) => {
            let name = signal::name(number, range);
            // Not every shell's kill knows real-time signals by name, but all know their numbers.
            match name.strip_prefix("SIG").filter(|name| !name.starts_with("RT")) {
                Some(name) => format!("[Tripod] Dump on demand: kill -{name} {pid}"),
                None => format!("[Tripod] Dump on demand: kill -{number} {pid}"),
            }
        }
        None => "[Tripod] Nothing asks for dumps: TRIPOD_INTERVAL is off, TRIPOD_SIGNAL is none".to_owned(),
    }
}

/// The banner's second line, without a line end: the log's path, or `None` for standard error.
pub fn output_line(path: Option<&Path>) -> String {
    match path {
        Some(path) => format!("[Tripod] Writing output to: {}", Plain(&path.to_string_lossy())),
        None => "[Tripod] Writing output to: standard error".to_owned(),
    }
}

/// Text with control characters escaped.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plainly(f, self.0.chars())
    }
}
