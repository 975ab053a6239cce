//! What the kernel knows of our own process: its command line, its threads' names, what a socket is connected to.
//!
//! Asks `/proc` for the most part, with the GIL released, from the agent's thread. `/proc/self` is the process's own view
//! even where that thread has a table of descriptors of its own. What the kernel refuses or does not have is left out.
#![allow(unsafe_code)]

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;

use crate::redact::Redact;

pub mod sockets;

/// The longest command line that is shown, in bytes.
const COMMAND_LIMIT: u64 = 4096;

/// The host's name, not escaped; `?` where there is none.
pub fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "?".to_owned(), |name| name.trim_end().to_owned())
}

/// The command line as it is now, with the values of telling options masked; not escaped.
pub fn command_line(redact: &Redact) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open("/proc/self/cmdline") {
        // What was read before a failure is worth showing.
        let _ = file.take(COMMAND_LIMIT).read_to_end(&mut bytes);
    }
    let cut = bytes.len() as u64 == COMMAND_LIMIT;
    let text = OsString::from_vec(bytes).to_string_lossy().into_owned();
    let mut shown = mask(text.trim_end_matches('\0').split('\0'), redact);
    if cut {
        shown.push('…');
    }
    shown
}

/// Joins the arguments; masks `--password=x`, `PASSWORD=x` and the argument after `--password`.
fn mask<'a>(arguments: impl Iterator<Item = &'a str>, redact: &Redact) -> String {
    const MASK: &str = "********";
    let mut shown = String::new();
    let mut value_follows = false;
    for argument in arguments {
        if !shown.is_empty() {
            shown.push(' ');
        }
        let is_option = argument.starts_with('-');
        if value_follows && !is_option {
            shown.push_str(MASK);
            value_follows = false;
            continue;
        }
        value_follows = false;
        match argument.split_once('=') {
            Some((name, _)) if redact.matches(name) => {
                shown.push_str(&quote(name));
                shown.push('=');
                shown.push_str(MASK);
            }
            _ => {
                value_follows = is_option && !argument.contains('=') && redact.matches(argument);
                shown.push_str(&quote(argument));
            }
        }
    }
    shown
}

/// An argument as a shell would take it, where it has blanks.
fn quote(argument: &str) -> Cow<'_, str> {
    if argument.is_empty() || argument.contains([' ', '\'', '"', '\\']) {
        format!("'{}'", argument.replace('\'', "'\\''")).into()
    } else {
        argument.into()
    }
}

/// For a log that must not drive a terminal.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            escaped.push_str(&format!("\\x{:02x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A copy of one of the process's descriptors, in the calling thread's table (`pidfd_getfd`, Linux 5.6).
///
/// # Errors
/// What the kernel says: EBADF where there is none, EPERM where a container's filter refuses the call.
pub fn copy_of_descriptor(descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: a plain system call that makes a new descriptor or fails.
    let process = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, std::process::id(), 0) })?;
    // SAFETY: as above.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), descriptor, 0) })
}

fn owned(result: libc::c_long) -> io::Result<OwnedFd> {
    match i32::try_from(result) {
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(descriptor) if descriptor >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many threads the kernel counts in this process, the agent's among them; 0 where it does not say.
pub fn thread_count() -> usize {
    // A directory has two links and one for each directory in it.
    let links = fs::metadata("/proc/self/task").map_or(0, |about| about.nlink());
    usize::try_from(links).unwrap_or(0).saturating_sub(2)
}

/// The name that the kernel has for a thread of ours.
pub fn thread_name(native_id: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/self/task/{native_id}/comm")).ok()?;
    Some(escape(name.trim_end_matches('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(arguments: &[&str]) -> String {
        mask(arguments.iter().copied(), &Redact::new(&[]))
    }

    #[test]
    fn arguments_are_joined_and_quoted() {
        assert_eq!(shown(&["python", "slow.py", "--n", "5"]), "python slow.py --n 5");
        assert_eq!(shown(&["python", "-c", "print('x y')", ""]), r"python -c 'print('\''x y'\'')' ''");
    }

    #[test]
    fn secrets_on_the_command_line_are_masked() {
        assert_eq!(shown(&["p", "--password=x", "API_KEY=y"]), "p --password=******** API_KEY=********");
        assert_eq!(shown(&["p", "--token", "abc", "--n", "5"]), "p --token ******** --n 5");
        assert_eq!(shown(&["p", "--token", "--n", "5"]), "p --token --n 5");
    }
}
