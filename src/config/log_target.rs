//! Where dumps are written (`TRIPOD_LOG`). Whether a path is a directory is asked by the sink: nothing here does I/O.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::Reason;

/// Where dumps are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// A new file `slow_process_<pid>_XXXXXX.log` in `$TMPDIR` or `/tmp`.
    NewFile,
    /// Standard error.
    Stderr,
    /// A file, or a new file in this directory if it is one.
    Path(LogPattern),
}

/// A path with `%p` for the process's id and `%%` for a percent sign; any bytes, valid UTF-8 or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPattern(OsString);

impl LogTarget {
    /// `-`, or a path whose percent signs are all `%p` or `%%`.
    pub(super) fn parse(value: &OsStr) -> Result<LogTarget, Reason> {
        if value == "-" {
            return Ok(LogTarget::Stderr);
        }
        let mut bytes = value.as_bytes().iter();
        while let Some(byte) = bytes.next() {
            if *byte == b'%' && !matches!(bytes.next(), Some(b'p' | b'%')) {
                return Err("has a percent sign that is neither %p nor %%");
            }
        }
        Ok(LogTarget::Path(LogPattern(value.to_owned())))
    }
}

impl LogPattern {
    /// The path for the process with this id.
    pub fn path(&self, pid: u32) -> PathBuf {
        let mut path = Vec::with_capacity(self.0.len() + 10);
        let mut bytes = self.0.as_bytes().iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                // What follows is one of the two letters that `parse` let through.
                b'%' if bytes.next() == Some(&b'p') => path.extend_from_slice(pid.to_string().as_bytes()),
                other => path.push(other),
            }
        }
        PathBuf::from(OsString::from_vec(path))
    }
}
