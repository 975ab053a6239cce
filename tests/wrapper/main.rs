//! `tripod-preload` as a user runs it: the built binary, real files, real commands.
//!
//! Most tests preload the C library, which every process has anyway: what is tested here is the wrapper alone, and
//! nothing undoes what it hands over.
#![allow(clippy::unwrap_used)]

mod crafted_elf;
mod help;
mod passed_on;
mod refusals;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;
use tripod::config::VARIABLES;

const WRAPPER: &str = env!("CARGO_BIN_EXE_tripod-preload");

/// While a file is open for writing in this process, a child of another test's thread may inherit it for a moment,
/// and whoever executes the file then gets ETXTBSY. So programs are written and children are started one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A directory where programs can be run: in the build, as /tmp may be mounted with noexec or nosuid.
fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn write_program(path: &Path, contents: impl AsRef<[u8]>, mode: u32) {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    fs::write(path, contents).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The C library of this process.
fn c_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let paths = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    paths.map(PathBuf::from).find(|path| path.file_name() == Some(OsStr::new("libc.so.6"))).unwrap()
}

/// A program without any of the variables that would change what is tested.
fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in VARIABLES {
        command.env_remove(variable.name);
    }
    command.env_remove("TRIPOD_WRAPPER").env_remove("LD_PRELOAD").stdin(Stdio::null());
    command
}

/// The wrapper, with the C library for its library.
fn wrapper() -> Command {
    let mut command = clean(WRAPPER);
    command.env("TRIPOD_LIB", c_library());
    command
}

trait Run {
    fn run(&mut self) -> Output;

    /// Standard output of a run that must succeed and write nothing to standard error.
    fn succeed(&mut self) -> String;

    /// The one line on standard error of a run that must end with this status and do nothing else.
    fn refusal(&mut self, status: i32) -> String;
}

impl Run for Command {
    fn run(&mut self) -> Output {
        self.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = {
            let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            self.spawn().unwrap()
        };
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn succeed(&mut self) -> String {
        let output = self.run();
        assert!(output.status.success() && output.stderr.is_empty(), "{self:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn refusal(&mut self, status: i32) -> String {
        let output = self.run();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{self:?}: {message}");
        assert_eq!(output.stdout, b"", "{self:?}");
        assert!(message.ends_with('\n') && message.lines().count() == 1, "{self:?}: {message}");
        let line = message.trim_end().strip_prefix("tripod-preload: ");
        line.unwrap_or_else(|| panic!("{self:?}: {message}")).to_owned()
    }
}
