//! Finds the command's program as execvp(3) does, and refuses one that the library cannot be loaded into.
//!
//! What cannot be found out here, because a file may be run but not be read, is left to `exec`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};
use tripod::config::Quoted;

use crate::elf::{self, Elf, Image, Script, Target};
use crate::{Failure, privilege};

/// How many interpreters are followed from script to script. The kernel stops at 5 (`exec_binprm` in fs/exec.c);
/// each of them may be an `env`, which counts twice here.
const MOST_INTERPRETERS: usize = 10;

/// Where execvp looks if `PATH` is not set (glibc: `confstr(_CS_PATH)`).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The file that the command's name leads to.
pub(crate) fn find(name: &OsStr) -> Result<PathBuf, Failure> {
    let mut found = None;
    for path in candidates(name) {
        if is_executable(&path) {
            return Ok(path);
        }
        if path.exists() {
            found = found.or(Some(path));
        }
    }
    let name = Quoted(name);
    Err(match found {
        Some(path) if path.is_dir() => {
            Failure::new(Failure::NOT_EXECUTABLE, format_args!("{name} is a directory"))
        }
        Some(_) => Failure::new(Failure::NOT_EXECUTABLE, format_args!("{name} is not executable")),
        None => Failure::new(Failure::NOT_FOUND, format_args!("{name}: command not found")),
    })
}

/// The files that a name may mean: itself if there is a slash in it, else one for each directory of `PATH`.
fn candidates(name: &OsStr) -> Vec<PathBuf> {
    if name.is_empty() {
        return Vec::new();
    }
    if name.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(name)];
    }
    let path = env::var_os("PATH").unwrap_or_else(|| OsString::from(DEFAULT_PATH));
    // The empty entry is the current directory; with the dot, what is found has a slash and is not looked for again.
    env::split_paths(&path)
        .map(|directory| if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory })
        .map(|directory| directory.join(name))
        .collect()
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Refuses a program that would run without the library, or not at all because of it. A script is followed to its
/// interpreter, and `#!/usr/bin/env NAME` to what `env` would run.
pub(crate) fn check(program: &Path, library: Target) -> Result<(), Failure> {
    let mut path = program.to_owned();
    let mut waiting = Vec::new();
    for _ in 0..MOST_INTERPRETERS {
        match elf::read(&path) {
            Ok(Image::Script(script)) => {
                waiting.extend(run_by_env(&script));
                if !script.interpreter.exists() {
                    let (interpreter, path) =
                        (Quoted(script.interpreter.as_os_str()), Quoted(path.as_os_str()));
                    let message = format!("{interpreter}, the interpreter of {path}, does not exist");
                    return Err(Failure::new(Failure::NOT_EXECUTABLE, message));
                }
                path = script.interpreter;
                continue;
            }
            Ok(Image::Other { claims_elf: true }) => {
                let message = format!("{} is not a valid program", Quoted(path.as_os_str()));
                return Err(Failure::new(Failure::NOT_EXECUTABLE, message));
            }
            // A script for the shell, or a format that the kernel has a handler for.
            Ok(Image::Other { claims_elf: false }) => {}
            Ok(Image::Elf(elf)) => refuse(program, &path, foreign(&elf, library).or_else(|| secure(&path)))?,
            // Executable but not readable: the kernel can tell, and the mode can be seen.
            Err(_) => refuse(program, &path, secure(&path))?,
        }
        match waiting.pop() {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(())
}

/// Why the library does not fit the program.
fn foreign(elf: &Elf, library: Target) -> Option<String> {
    if elf.target != library {
        return Some(format!("it is built for {}, the library for {library}", elf.target));
    }
    let Some(loader) = &elf.loader else {
        return Some("it is linked statically, so there is no dynamic loader to load the library".to_owned());
    };
    let is_musl = loader.as_os_str().as_bytes().windows(7).any(|part| part == b"ld-musl");
    is_musl.then(|| "it is built for musl, the library for glibc".to_owned())
}

/// Why the dynamic loader would leave the library out.
fn secure(path: &Path) -> Option<String> {
    privilege::reason(path)
        .map(|reason| format!("{reason}, so the dynamic loader would not load the library"))
}

/// Refuses `command`, which is run by `path`, if there is a reason.
fn refuse(command: &Path, path: &Path, reason: Option<String>) -> Result<(), Failure> {
    let Some(reason) = reason else { return Ok(()) };
    let run_by = match command == path {
        true => String::new(),
        false => format!(", which is run by {}", Quoted(path.as_os_str())),
    };
    let message = format!("cannot watch {}{run_by}: {reason}", Quoted(command.as_os_str()));
    Err(Failure::new(Failure::REFUSED, message))
}

/// The program that `env` would run for a script: `#!/usr/bin/env NAME` or `#!/usr/bin/env -S [OPTION|NAME=VALUE]...
/// NAME [ARG]...`. `None` if it is not `env`, or if `env` would not find the program, which `env` is to say itself.
fn run_by_env(script: &Script) -> Option<PathBuf> {
    if script.interpreter.file_name()? != "env" {
        return None;
    }
    let argument = script.argument.as_bytes();
    let split = argument.strip_prefix(b"-S").or_else(|| argument.strip_prefix(b"--split-string="));
    let name = match split {
        Some(words) => words
            .split(u8::is_ascii_whitespace)
            .find(|word| !word.is_empty() && !word.starts_with(b"-") && !word.contains(&b'='))?,
        None => argument,
    };
    candidates(OsStr::from_bytes(name)).into_iter().find(|path| is_executable(path))
}
