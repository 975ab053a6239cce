//! Where `libtripod.so` is, and how it gets into `LD_PRELOAD`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use tripod::config::Quoted;

use crate::Failure;
use crate::elf::{self, Image, Target};

const NAME: &str = "libtripod.so";

/// The library to be loaded.
pub(crate) struct Library {
    /// Absolute, with nothing in it that `LD_PRELOAD` takes for a separator.
    path: PathBuf,
    /// What kind of programs it can be loaded into.
    pub(crate) target: Target,
}

/// The library: the one that is asked for, or the first one in the places next to this program.
pub(crate) fn find(asked: Option<&Path>) -> Result<Library, Failure> {
    let places = match asked {
        Some(path) => vec![path.to_owned()],
        None => places_beside(&env::current_exe().map_err(|error| {
            refused(format_args!("cannot find out where tripod-preload is: {error}; use --lib"))
        })?),
    };
    let Some(path) = places.iter().find(|path| path.is_file()) else {
        let places: Vec<_> = places.iter().map(|path| path.display().to_string()).collect();
        return Err(refused(format_args!("no library found; looked for {}", places.join(", "))));
    };
    let path = std::path::absolute(path)
        .map_err(|error| refused(format_args!("cannot use {}: {error}", Quoted(path.as_os_str()))))?;
    let shown = Quoted(path.as_os_str());
    if path.as_os_str().as_bytes().iter().any(|byte| is_separator(*byte)) {
        return Err(refused(format_args!(
            "{shown} cannot be preloaded: LD_PRELOAD takes the space or colon in its path for a separator"
        )));
    }
    match elf::read(&path) {
        Ok(Image::Elf(elf)) if elf.is_shared => Ok(Library { target: elf.target, path }),
        Ok(_) => Err(refused(format_args!("{shown} is not a shared library"))),
        Err(error) => Err(refused(format_args!("cannot read {shown}: {error}"))),
    }
}

/// Beside the program (a build directory, or everything in one place), or in the `lib` of its `bin`.
fn places_beside(program: &Path) -> Vec<PathBuf> {
    let Some(directory) = program.parent() else { return Vec::new() };
    let lib = directory.parent().unwrap_or(directory).join("lib");
    vec![directory.join(NAME), lib.join(NAME), lib.join("tripod").join(NAME)]
}

impl Library {
    /// The value of `LD_PRELOAD`: this library, then what was there before, without this library.
    pub(crate) fn in_front_of(&self, existing: Option<OsString>) -> OsString {
        let mut value = self.path.clone().into_os_string().into_vec();
        for entry in existing.unwrap_or_default().as_bytes().split(|byte| is_separator(*byte)) {
            if !entry.is_empty() && !self.is(Path::new(OsStr::from_bytes(entry))) {
                value.push(b':');
                value.extend_from_slice(entry);
            }
        }
        OsString::from_vec(value)
    }

    /// Whether a path leads to this library, under this name or another one.
    fn is(&self, path: &Path) -> bool {
        path == self.path
            || matches!((fs::canonicalize(path), fs::canonicalize(&self.path)), (Ok(a), Ok(b)) if a == b)
    }
}

/// What separates the entries of `LD_PRELOAD`, according to ld.so(8).
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b':')
}

fn refused(message: std::fmt::Arguments<'_>) -> Failure {
    Failure::new(Failure::REFUSED, message)
}
