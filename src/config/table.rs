//! The one table of all variables. A new variable is one row here and one field of [`Config`].

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::time::Duration;

use super::{Config, Globals, Locals, LogTarget, Reason, RedactSetting, SignalRange, number, signal};

/// One variable.
#[derive(Debug)]
pub struct Variable {
    /// `TRIPOD_INTERVAL`.
    pub name: &'static str,
    /// What stands for the value in help: `SECONDS`, `all|args|none`.
    pub value: &'static str,
    /// The default, as a value that is accepted where there is one, else in words.
    pub default: &'static str,
    /// What it does, in sentences.
    pub meaning: &'static str,
    /// What is accepted, for messages: "a decimal of at least 0.001, or off".
    pub accepted: &'static str,
    /// The option of `tripod-preload` that sets it.
    pub option: Option<WrapperOption>,
    apply: fn(&mut Config, &OsStr, SignalRange) -> Result<(), Reason>,
}

/// An option of `tripod-preload`.
#[derive(Clone, Copy, Debug)]
pub struct WrapperOption {
    /// Its long name without dashes: `interval`.
    pub name: &'static str,
    /// What stands for its value in help; `None` for a switch, which sets its variable to `1`.
    pub value: Option<&'static str>,
    /// What it does, in a few words.
    pub help: &'static str,
}

impl Variable {
    /// Sets the field of `config` that this variable is for; the empty value sets nothing. On an error, which says
    /// what is wrong with the value, `config` is as before.
    pub fn set(&self, config: &mut Config, value: &OsStr, signals: SignalRange) -> Result<(), Reason> {
        if value.is_empty() { Ok(()) } else { (self.apply)(config, value, signals) }
    }
}

/// All variables, in the order in which help shows them.
pub static VARIABLES: &[Variable] = &[
    Variable {
        name: "TRIPOD_INTERVAL",
        value: "SECONDS",
        default: "off",
        meaning: "Write a dump every so many seconds, the first one interval after the start.",
        accepted: "a decimal of at least 0.001, or off",
        option: Some(WrapperOption {
            name: "interval",
            value: Some("S"),
            help: "Write a dump every S seconds",
        }),
        apply: |config, value, _| {
            config.interval = match text(value)? {
                word if word.eq_ignore_ascii_case("off") => None,
                decimal => match number::duration(decimal, 1_000_000_000) {
                    Some(interval) if interval >= Duration::from_millis(1) => Some(interval),
                    Some(_) => return Err("is too short an interval"),
                    None => return Err("is not a number of seconds"),
                },
            };
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_SIGNAL",
        value: "SIGNAL",
        default: "SIGUSR2",
        meaning: "The signal that asks for a dump: a name with or without SIG, a number, RTMIN+n, or none.",
        accepted: "a name such as USR2, a number, RTMIN+n, RTMAX-n, or none",
        option: Some(WrapperOption {
            name: "signal",
            value: Some("NAME"),
            help: "Write a dump when this signal comes (none: no signal)",
        }),
        apply: |config, value, signals| {
            config.signal = signal::parse(text(value)?, signals)?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_LOG",
        value: "PATH",
        default: "$TMPDIR/slow_process_<pid>_XXXXXX.log",
        meaning: "Where to write dumps: a file (%p stands for the process id, %% for a percent sign), a directory \
                  for a new file in it, or - for standard error.",
        accepted: "a file, in which %p is the process id and %% a percent sign, a directory, or -",
        option: Some(WrapperOption {
            name: "log",
            value: Some("PATH"),
            help: "Write dumps to this file or into this directory (-: standard error)",
        }),
        apply: |config, value, _| {
            config.log = LogTarget::parse(value)?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_LOG_MAX",
        value: "BYTES",
        default: "256M",
        meaning: "A log of this size is renamed to PATH.1 and begun anew. 0 is no limit.",
        accepted: "a number of bytes, with K, M or G, or 0",
        option: None,
        apply: |config, value, _| {
            config.log_max = Some(number::bytes(text(value)?).ok_or(NO_SIZE)?).filter(|bytes| *bytes != 0);
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_LOCALS",
        value: "all|args|none",
        default: "all",
        meaning: "Which variables of a function to show: all, its arguments only, or none.",
        accepted: "all, args or none",
        option: Some(WrapperOption {
            name: "locals",
            value: Some("all|args|none"),
            help: "Show all local variables, arguments only, or stacks only",
        }),
        apply: |config, value, _| {
            config.locals =
                choice(value, [("all", Locals::All), ("args", Locals::Args), ("none", Locals::None)])?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_GLOBALS",
        value: "data|all|none",
        default: "data",
        meaning: "Which variables of a module's own code to show: data leaves out modules, functions, classes and \
                  dunder names.",
        accepted: "data, all or none",
        option: None,
        apply: |config, value, _| {
            config.globals =
                choice(value, [("data", Globals::Data), ("all", Globals::All), ("none", Globals::None)])?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_MAX_PAUSE",
        value: "MS",
        default: "100",
        meaning: "The longest time in milliseconds that a dump may hold up the program; what was cut for it is \
                  marked in the dump.",
        accepted: "a decimal of milliseconds above 0",
        option: Some(WrapperOption {
            name: "max-pause",
            value: Some("MS"),
            help: "Hold up the program for at most MS milliseconds a dump",
        }),
        apply: |config, value, _| {
            config.max_pause = number::duration(text(value)?, 1_000_000)
                .filter(|pause| !pause.is_zero())
                .ok_or("is not a number of milliseconds")?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_MAX_CHARS",
        value: "N",
        default: "1000",
        meaning: "Characters shown of one variable.",
        accepted: POSITIVE,
        option: None,
        apply: |config, value, _| at_least(1, value).map(|chars| config.limits.chars = chars),
    },
    Variable {
        name: "TRIPOD_MAX_ITEMS",
        value: "N",
        default: "20",
        meaning: "Items shown of one container, attributes of one object.",
        accepted: POSITIVE,
        option: None,
        apply: |config, value, _| at_least(1, value).map(|items| config.limits.items = items),
    },
    Variable {
        name: "TRIPOD_MAX_DEPTH",
        value: "N",
        default: "4",
        meaning: "How deep containers and objects are followed, 1 to 32.",
        accepted: "a number from 1 to 32",
        option: None,
        apply: |config, value, _| {
            config.limits.depth = match at_least(1, value)? {
                depth @ ..=32 => depth,
                _ => return Err("is too deep"),
            };
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_MAX_BYTES",
        value: "BYTES",
        default: "16M",
        meaning: "Size of all values of one dump.",
        accepted: "a number of bytes above 0, with K, M or G",
        option: None,
        apply: |config, value, _| {
            config.limits.bytes = number::bytes(text(value)?).filter(|bytes| *bytes != 0).ok_or(NO_SIZE)?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_MAX_FRAMES",
        value: "N",
        default: "200",
        meaning: "Frames shown of one thread: the outermost and the innermost, with the number left out between.",
        accepted: "a number of at least 2",
        option: None,
        apply: |config, value, _| at_least(2, value).map(|frames| config.limits.frames = frames),
    },
    Variable {
        name: "TRIPOD_REDACT",
        value: "NAMES",
        default: "the built-in names",
        meaning: "Names whose values are masked, with commas between, besides password, token, secret and the \
                  like. off masks nothing.",
        accepted: "names with commas between, or off",
        option: None,
        apply: |config, value, _| {
            let names = text(value)?;
            config.redact = if names.eq_ignore_ascii_case("off") {
                RedactSetting::Off
            } else {
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                RedactSetting::BuiltInAnd(names.map(str::to_owned).collect())
            };
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_QUIET",
        value: "1",
        default: "0",
        meaning: "1 leaves out the two lines that tripod-preload's Python writes to standard error at its start.",
        accepted: "0 or 1",
        option: Some(WrapperOption {
            name: "quiet",
            value: None,
            help: "Write no lines to standard error at the start",
        }),
        apply: |config, value, _| {
            config.quiet = choice(value, [("0", false), ("1", true)])?;
            Ok(())
        },
    },
    Variable {
        name: "TRIPOD_LIB",
        value: "PATH",
        default: "libtripod.so near tripod-preload",
        meaning: "The library that tripod-preload loads; otherwise the one beside it, in ../lib or ../lib/tripod.",
        accepted: "the path of libtripod.so",
        option: Some(WrapperOption { name: "lib", value: Some("PATH"), help: "Load this libtripod.so" }),
        // For the wrapper, which finds out whether it is there; the library has no use for it.
        apply: |_, _, _| Ok(()),
    },
];

const NO_SIZE: Reason = "is not a number of bytes";
const POSITIVE: &str = "a number of at least 1";

fn text(value: &OsStr) -> Result<&str, Reason> {
    value.to_str().ok_or("is not valid UTF-8")
}

fn at_least(least: u32, value: &OsStr) -> Result<u32, Reason> {
    let count = number::count::<u32>(text(value)?).ok_or("is not a number that can be used here")?;
    if count >= least { Ok(count) } else { Err("is too small") }
}

/// The word, in any case, that the value is.
fn choice<T, const N: usize>(value: &OsStr, words: [(&str, T); N]) -> Result<T, Reason> {
    let found = words.into_iter().find(|(word, _)| value.eq_ignore_ascii_case(word));
    found.map(|(_, meant)| meant).ok_or("is none of its values")
}

/// The table as the README has it, every line ended.
pub fn markdown_table() -> String {
    let mut table = String::from("| variable | option | default | meaning |\n| --- | --- | --- | --- |\n");
    for variable in VARIABLES {
        let Variable { name, value, default, meaning, .. } = variable;
        let option = variable.option.map_or(String::new(), |option| code(&format!("--{}", option.name)));
        let default = if default.contains(' ') { default.to_string() } else { code(default) };
        let _ =
            writeln!(table, "| {} | {option} | {default} | {meaning} |", code(&format!("{name}={value}")));
    }
    table
}

/// Text as code within a table, where a bar would end the cell even between backticks.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
