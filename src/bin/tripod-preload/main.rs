//! `tripod-preload COMMAND`: runs a command with `libtripod.so` in front of `LD_PRELOAD`.
//!
//! It reads options, checks what would otherwise fail later or in silence, and becomes the command: process id, exit
//! status, descriptors, signal mask and everything else are the command's. Whatever is wrong is told in one line on
//! standard error, and then nothing is run.
//!
//! There is no Rust `main`: Rust's start-up code opens closed standard descriptors and ignores SIGPIPE, and `exec`
//! would hand both on to the command. So this is the C `main`, and [`std::process::exit`] does the flushing.

#![cfg_attr(not(test), no_main)]
#![allow(unsafe_code)] // For the name of `main`.

mod elf;
mod exec;
mod help;
mod library;
mod privilege;
mod program;

use std::env;
use std::ffi::{OsString, c_char, c_int};
use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use clap::error::ErrorKind;
use tripod::config::{Config, Quoted, SignalRange, VARIABLES, Variable};

/// Why nothing was run.
struct Failure {
    /// The exit status, as in env(1): 126 and 127 for the command, [`Failure::REFUSED`] for everything else.
    status: c_int,
    /// One line.
    message: String,
}

impl Failure {
    const REFUSED: c_int = 2;
    const NOT_EXECUTABLE: c_int = 126;
    const NOT_FOUND: c_int = 127;

    fn new(status: c_int, message: impl Display) -> Failure {
        Failure { status, message: message.to_string() }
    }
}

// SAFETY: the C library's start-up code calls `main` once, with these arguments; nothing else here has that name.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn main(_argc: c_int, _argv: *const *const c_char) -> c_int {
    let Failure { status, message } = match run(env::args_os()) {
        Ok(()) => std::process::exit(0),
        Err(failure) => failure,
    };
    // Nothing can be done about a closed or full standard error.
    let _ = writeln!(std::io::stderr(), "tripod-preload: {message}");
    std::process::exit(status)
}

/// Becomes the command. Returns only if help was asked for, or if the command cannot be run.
fn run(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let matches = match help::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return Ok(());
        }
        Err(error) => return Err(Failure::new(Failure::REFUSED, usage_error(&error))),
    };
    let Settings { config, mut variables } = settings(|variable| match variable.option?.value {
        Some(_) => matches.get_one::<OsString>(variable.name).cloned(),
        None => matches.get_flag(variable.name).then(|| OsString::from("1")),
    })?;
    let command: Vec<OsString> =
        matches.get_many::<OsString>(help::COMMAND).unwrap_or_default().cloned().collect();
    let Some(name) = command.first() else {
        return Err(Failure::new(Failure::REFUSED, "no COMMAND given (see tripod-preload --help)"));
    };

    let library = library::find(value_of("TRIPOD_LIB", &variables).as_deref().map(Path::new))?;
    let program = program::find(name)?;
    program::check(&program, library.target)?;

    variables.push(("LD_PRELOAD", library.in_front_of(env::var_os("LD_PRELOAD"))));
    let error = exec::exec(&program, &command, &variables, config.signal);
    // The file was there and executable, so this is not "not found", even if the error says so of its interpreter.
    Err(Failure::new(Failure::NOT_EXECUTABLE, format_args!("cannot run {}: {error}", Quoted(name))))
}

/// What options and environment say.
struct Settings {
    config: Config,
    /// What the options add to the environment.
    variables: Vec<(&'static str, OsString)>,
}

/// Checks every option, and every variable that no option replaces.
fn settings(mut option: impl FnMut(&Variable) -> Option<OsString>) -> Result<Settings, Failure> {
    let signals = SignalRange { min: libc::SIGRTMIN(), max: libc::SIGRTMAX() };
    let mut settings = Settings { config: Config::default(), variables: Vec::new() };
    for variable in VARIABLES {
        let (value, from) = match (option(variable), variable.option) {
            (Some(value), Some(option)) => {
                settings.variables.push((variable.name, value.clone()));
                (value, format!("--{} ", option.name))
            }
            _ => (env::var_os(variable.name).unwrap_or_default(), format!("{}=", variable.name)),
        };
        variable.set(&mut settings.config, &value, signals).map_err(|reason| {
            let accepted = variable.accepted;
            let message = format!("{from}{} {reason} (accepted: {accepted})", Quoted(&value));
            Failure::new(Failure::REFUSED, message)
        })?;
    }
    Ok(settings)
}

/// A variable's value, from an option or else from the environment; the empty one counts as none.
fn value_of(name: &str, options: &[(&str, OsString)]) -> Option<OsString> {
    let option = options.iter().find(|(option, _)| *option == name).map(|(_, value)| value.clone());
    option.or_else(|| env::var_os(name)).filter(|value| !value.is_empty())
}

/// clap's message as one line.
fn usage_error(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = match error.kind() {
        ErrorKind::MissingRequiredArgument => "no COMMAND given",
        _ => text.lines().next().map_or("bad usage", |line| line.trim_start_matches("error: ")),
    };
    format!("{line} (see tripod-preload --help)")
}
