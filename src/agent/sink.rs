//! Where dumps go: a file that is the user's alone, opened for each dump and closed after it.
//!
//! Nothing of the user's is ever written to: a log is created exclusively or is a regular file of this user that is
//! opened without following a link; before each dump it is seen to be the very file that was written to before. A
//! failure costs the dump and one line on standard error, and the next dump tries again.
//!
//! Runs on the agent's thread, which has a table of descriptors of its own where the kernel allows it (see
//! [`lifecycle`](super::lifecycle)); so standard error is reached by its name in `/proc`. May block on the disk;
//! never runs with the GIL held.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::config::LogTarget;
use crate::kernel;

/// A log that is kept in a file, or standard error.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    /// The size in bytes past which the file is renamed.
    limit: Option<u64>,
    /// The last failure told, so that it is told once and not at every dump.
    told: Option<String>,
}

#[derive(Debug)]
enum Target {
    Stderr,
    File {
        path: PathBuf,
        /// Where the name is ours to choose: the directory, for another name when this one is taken.
        directory: Option<PathBuf>,
        /// Device and inode of the file that was written to last.
        written: Option<(u64, u64)>,
        /// Whose log it is, for the name.
        pid: u32,
    },
}

/// What [`Sink::append`] has to tell the user.
pub type Remark = String;

impl Sink {
    /// Chooses the file; creates nothing. `start` is the directory that a relative path starts from.
    pub fn new(target: &LogTarget, limit: Option<u64>, pid: u32, start: &Path) -> Sink {
        let target = match target {
            LogTarget::Stderr => Target::Stderr,
            LogTarget::NewFile => Target::in_directory(start.join(std::env::temp_dir()), pid),
            LogTarget::Path(pattern) => {
                let path = start.join(pattern.path(pid));
                if path.is_dir() || path.as_os_str().as_bytes().ends_with(b"/") {
                    Target::in_directory(path, pid)
                } else {
                    Target::File { path, directory: None, written: None, pid }
                }
            }
        };
        Sink { target, limit, told: None }
    }

    /// Where the next dump goes; `None` is standard error.
    pub fn path(&self) -> Option<&Path> {
        match &self.target {
            Target::Stderr => None,
            Target::File { path, .. } => Some(path),
        }
    }

    /// Whether the last dump could not be written.
    pub fn failing(&self) -> bool {
        self.told.is_some()
    }

    /// Appends one dump. Returns a line for standard error where there is something to tell.
    pub fn append(&mut self, dump: &[u8]) -> Option<Remark> {
        let written = match &mut self.target {
            Target::Stderr => open_stderr().and_then(|mut file| file.write_all(dump)).map(|()| None),
            Target::File { path, directory, written, pid } => {
                append(path, directory.as_deref(), written, *pid, self.limit, dump)
            }
        };
        match written {
            Ok(remark) => {
                self.told = None;
                remark
            }
            Err(error) => {
                let line = match self.path() {
                    Some(path) => format!("[Tripod] Dump lost: {}: {error}", path.display()),
                    None => format!("[Tripod] Dump lost: standard error: {error}"),
                };
                let known = self.told.as_ref() == Some(&line);
                self.told = Some(line.clone());
                (!known).then_some(line)
            }
        }
    }
}

impl Target {
    fn in_directory(directory: PathBuf, pid: u32) -> Target {
        let path = fresh_name(&directory, pid);
        Target::File { path, directory: Some(directory), written: None, pid }
    }
}

/// A name that nobody can guess: `slow_process_<pid>_XXXXXX.log`. Nothing is created.
fn fresh_name(directory: &Path, pid: u32) -> PathBuf {
    let named = tempfile::Builder::new()
        .prefix(&format!("slow_process_{pid}_"))
        .suffix(".log")
        .rand_bytes(6)
        .disable_cleanup(true)
        .make_in(directory, |_| Ok(()));
    match named {
        Ok(named) => named.path().to_owned(),
        // Cannot fail, as nothing is created; still a name.
        Err(_) => directory.join(format!("slow_process_{pid}.log")),
    }
}

fn append(
    path: &mut PathBuf,
    directory: Option<&Path>,
    written: &mut Option<(u64, u64)>,
    pid: u32,
    limit: Option<u64>,
    dump: &[u8],
) -> io::Result<Option<Remark>> {
    let mut remark = None;
    let mut open = open_log(path, directory.is_some(), *written, pid)?;
    if let Opened::Taken(reason) = open {
        let other = match directory {
            Some(directory) => fresh_name(directory, pid),
            None => with_suffix(path, &pid.to_string()),
        };
        // Where that fails the next dump begins with the same name again, so that the failure is told once.
        open = open_log(&other, directory.is_some(), None, pid)?;
        remark = Some(format!("[Tripod] {} {reason}; writing to {}", path.display(), other.display()));
        *written = None;
        *path = other;
    }
    let (mut file, created) = match open {
        Opened::Created(file) => (file, true),
        Opened::Existing(file) => (file, false),
        Opened::Taken(_) => return Err(io::Error::other("is not a log of this process")),
    };
    let mut about = file.metadata()?;
    // A file made anew may have the number of the deleted one.
    if written.is_some_and(|previous| created || previous != identity(&about)) {
        remark = Some(format!("[Tripod] {} was deleted or replaced; made anew", path.display()));
    }
    if limit.is_some_and(|limit| about.len() > 0 && about.len().saturating_add(dump.len() as u64) > limit) {
        fs::rename(&*path, with_suffix(path, "1"))?;
        file = create(path)?;
        about = file.metadata()?;
    }
    *written = Some(identity(&about));
    if let Err(error) = file.write_all(dump) {
        // A dump is whole or not there. The file is ours alone, so that cutting it back takes nobody else's bytes.
        let _ = file.set_len(about.len());
        return Err(error);
    }
    Ok(remark)
}

enum Opened {
    Created(File),
    Existing(File),
    /// Another name is needed, because …
    Taken(&'static str),
}

/// Opens the log, creating it where it is not there.
fn open_log(path: &Path, own_name: bool, written: Option<(u64, u64)>, pid: u32) -> io::Result<Opened> {
    match create(path) {
        Ok(file) => return Ok(Opened::Created(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let about = fs::symlink_metadata(path)?;
    let kind = about.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        // No other name either: a directory of devices is no place for logs.
        return Err(io::Error::other("is not a regular file"));
    }
    if written == Some(identity(&about)) && acceptable(&about).is_ok() {
        return open_existing(path, identity(&about));
    }
    if let Err(reason) = acceptable(&about) {
        return Ok(Opened::Taken(reason));
    }
    if own_name {
        // A name nobody could guess is taken: someone put it there.
        return Ok(Opened::Taken("was replaced"));
    }
    match open_existing(path, identity(&about))? {
        Opened::Existing(mut file) if written.is_none() => match owner(&mut file) {
            Some(owner) if owner != pid && alive(owner) => Ok(Opened::Taken("is the log of another process")),
            _ => Ok(Opened::Existing(file)),
        },
        opened => Ok(opened),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(path)
}

/// Opens a file that is there already, and sees that it is still the one that was looked at.
fn open_existing(path: &Path, expected: (u64, u64)) -> io::Result<Opened> {
    let file = OpenOptions::new()
        .append(true)
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let about = file.metadata()?;
    match acceptable(&about) {
        Ok(()) if identity(&about) == expected => Ok(Opened::Existing(file)),
        Ok(()) => Ok(Opened::Taken("was replaced")),
        Err(reason) => Ok(Opened::Taken(reason)),
    }
}

/// Whether a file that is there already may be written to.
fn acceptable(about: &Metadata) -> Result<(), &'static str> {
    if about.file_type().is_symlink() {
        Err("is a link")
    } else if !about.file_type().is_file() {
        Err("is not a regular file")
    } else if about.uid() != effective_user() {
        Err("belongs to another user")
    } else if about.nlink() > 1 {
        Err("has another name")
    } else {
        Ok(())
    }
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

fn effective_user() -> u32 {
    // SAFETY: `geteuid` has no preconditions.
    unsafe { libc::geteuid() }
}

/// The process whose dump comes first in a log, by its header.
fn owner(file: &mut File) -> Option<u32> {
    let mut head = [0_u8; 512];
    let count = file.read(&mut head).ok()?;
    let head = String::from_utf8_lossy(head.get(..count)?);
    head.lines().find_map(|line| line.strip_prefix("Process ")?.split(' ').next()?.parse().ok())
}

fn alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Device and inode of what standard error was at the start; `None` where it was closed.
static STDERR: OnceLock<Option<(u64, u64)>> = OnceLock::new();

/// Notes what standard error is. In the constructor: not in the agent's thread, which has another table.
pub fn remember_stderr() {
    // SAFETY: whatever the number is, it is only asked about, and never closed.
    let stderr = ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDERR_FILENO) });
    let _ = STDERR.set(stderr.metadata().ok().map(|about| identity(&about)));
}

/// Writes a line to the process's standard error, from the agent's thread. What cannot be written is lost, and so is all
/// where the program has put something else under that number: it may be its data.
pub fn tell(line: &str) {
    let Some(start) = STDERR.get().copied().flatten() else { return };
    // Looked at before it is opened, which may do something to a device, and after, as it may be another by then.
    if stderr_now().is_ok_and(|now| now == start)
        && let Ok(mut file) = open_stderr()
        && file.metadata().is_ok_and(|about| identity(&about) == start)
    {
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

/// Device and inode of what standard error is now.
fn stderr_now() -> io::Result<(u64, u64)> {
    let about = fs::metadata(stderr_name());
    // Without `/proc`, as in a chroot, by a copy.
    about.or_else(|_| copy_of_stderr()?.metadata()).map(|about| identity(&about))
}

fn stderr_name() -> String {
    format!("/proc/{}/fd/2", std::process::id())
}

/// The process's standard error, which is not the agent's thread's: opened by its name, or copied where it is a
/// socket, which has none, or may not be opened any more, or is a file, where the program goes on writing from its own
/// offset and would overwrite what another description appends.
fn open_stderr() -> io::Result<File> {
    let named = OpenOptions::new()
        .append(true)
        // Without O_NONBLOCK a pipe that nobody reads would never open.
        .custom_flags(libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(stderr_name());
    match named {
        Ok(file) if file.metadata()?.file_type().is_block_device() => {
            Err(io::Error::other("is a block device"))
        }
        Ok(file) => {
            // A description of our own, so that this changes nothing for the program.
            // SAFETY: the descriptor is open.
            unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, libc::O_APPEND) };
            let shared = if file.metadata()?.is_file() { copy_of_stderr().ok() } else { None };
            Ok(shared.unwrap_or(file))
        }
        Err(_) => copy_of_stderr(),
    }
}

fn copy_of_stderr() -> io::Result<File> {
    kernel::copy_of_descriptor(libc::STDERR_FILENO).map(File::from)
}
