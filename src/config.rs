//! Every `TRIPOD_*` variable: name, meaning, default, parse. Pure: the environment and the range of the real-time
//! signals are passed in, and nothing here does I/O.
//!
//! There is one table, [`VARIABLES`]. The library reads its settings by it, `tripod-preload` makes its options, its
//! checks and its help from it, and the README's table is compared with it by a test.
//!
//! The agent's constructor calls [`Config::from_env`] once, in Python processes only; it allocates for what has to be
//! kept (a path, names, warnings) and for nothing else. [`Handover::parse`] and [`signal::parse`] allocate nothing,
//! so that a process that is no Python can use them.

mod banner;
mod handover;
mod log_target;
mod number;
pub mod signal;
mod table;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::Duration;

use crate::budget::Limits;

pub use banner::{output_line, trigger_line};
pub use handover::{HANDOVER_VARIABLE, Handover};
pub use log_target::{LogPattern, LogTarget};
pub use signal::SignalRange;
pub use table::{VARIABLES, Variable, WrapperOption, markdown_table};

/// What the variables say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `TRIPOD_INTERVAL`: the time between two dumps, at least 1 ms; `None` is no sampling.
    pub interval: Option<Duration>,
    /// `TRIPOD_SIGNAL`: the signal that asks for a dump; `None` is no signal.
    pub signal: Option<i32>,
    /// `TRIPOD_LOG`: where dumps are written.
    pub log: LogTarget,
    /// `TRIPOD_LOG_MAX`: the size in bytes at which the log is renamed; `None` is no limit.
    pub log_max: Option<u64>,
    /// `TRIPOD_LOCALS`: which variables of a frame are shown.
    pub locals: Locals,
    /// `TRIPOD_GLOBALS`: which variables of a module-level frame are shown.
    pub globals: Globals,
    /// `TRIPOD_MAX_PAUSE`: the longest time that one dump may hold the GIL; more than zero.
    pub max_pause: Duration,
    /// `TRIPOD_MAX_CHARS`, `_ITEMS`, `_DEPTH`, `_BYTES` and `_FRAMES`.
    pub limits: Limits,
    /// `TRIPOD_REDACT`: whose values are masked.
    pub redact: RedactSetting,
    /// `TRIPOD_QUIET`: no banner.
    pub quiet: bool,
}

/// Which variables of a function's frame are shown (`TRIPOD_LOCALS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locals {
    /// Arguments and local variables.
    All,
    /// Arguments only.
    Args,
    /// Stacks only.
    None,
}

/// Which variables of a module-level frame are shown (`TRIPOD_GLOBALS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Globals {
    /// All but modules, functions, classes and dunder names.
    Data,
    /// All.
    All,
    /// None.
    None,
}

/// Whose values are masked (`TRIPOD_REDACT`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedactSetting {
    /// Names that contain a built-in word or one of these: as given, not empty, no blanks around them.
    BuiltInAnd(Vec<String>),
    /// Nothing is masked.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            interval: None,
            signal: Some(libc::SIGUSR2),
            log: LogTarget::NewFile,
            log_max: Some(256 << 20),
            locals: Locals::All,
            globals: Globals::Data,
            max_pause: Duration::from_millis(100),
            limits: Limits::default(),
            redact: RedactSetting::BuiltInAnd(Vec::new()),
            quiet: false,
        }
    }
}

impl Config {
    /// Reads every variable through `get`. A variable that is empty counts as not set; one that is bad keeps its
    /// default and gives one warning. Never fails.
    pub fn from_env(
        mut get: impl FnMut(&str) -> Option<OsString>,
        signals: SignalRange,
    ) -> (Config, Vec<Warning>) {
        let mut config = Config::default();
        let mut warnings = Vec::new();
        for variable in VARIABLES {
            let Some(value) = get(variable.name) else { continue };
            if let Err(reason) = variable.set(&mut config, &value, signals) {
                warnings.push(Warning { variable, value, reason });
            }
        }
        (config, warnings)
    }
}

/// Why a value was refused, to be read after the value: "is not a number of seconds".
pub type Reason = &'static str;

/// A variable with a bad value, which therefore has its default. Shown as one line without a line end.
#[derive(Clone, Debug)]
pub struct Warning {
    /// The variable.
    pub variable: &'static Variable,
    /// Its bad value.
    pub value: OsString,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Variable { name, accepted, default, .. } = self.variable;
        write!(f, "{name}={} {} (accepted: {accepted}); ", Quoted(&self.value), self.reason)?;
        match *default {
            "off" => f.write_str("not sampling"),
            default => write!(f, "using {default}"),
        }
    }
}

/// A value or a path as it is shown in a message: in quotes, on one line, harmless for a terminal, not endless.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a OsStr);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        f.write_str("'")?;
        let text = self.0.to_string_lossy();
        let mut characters = text.chars();
        write_plainly(f, characters.by_ref().take(MOST))?;
        f.write_str(if characters.next().is_some() { "…'" } else { "'" })
    }
}

/// Writes the characters with control characters escaped.
fn write_plainly(f: &mut fmt::Formatter<'_>, characters: impl Iterator<Item = char>) -> fmt::Result {
    use fmt::Write as _;
    for character in characters {
        match character.is_control() {
            true => write!(f, "{}", character.escape_default())?,
            false => f.write_char(character)?,
        }
    }
    Ok(())
}
