//! The interpreters that there are.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A Python, as it says itself.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) path: PathBuf,
    /// Major, minor, micro.
    pub(crate) version: (u32, u32, u32),
    /// Runs without a GIL.
    pub(crate) free_threaded: bool,
    pub(crate) debug: bool,
}

impl Python {
    /// Whether it is 3.`minor` or later.
    pub(crate) fn at_least(&self, minor: u32) -> bool {
        self.version >= (3, minor, 0)
    }

    /// How a dump names a function: with its qualified name from 3.11 on.
    pub(crate) fn name<'a>(&self, qualified: &'a str) -> &'a str {
        if self.at_least(11) { qualified } else { qualified.rsplit('.').next().unwrap_or(qualified) }
    }

    /// Whether a dump can show values: they need an interpreter that stands still, which 3.13 without a GIL lets nobody
    /// bring about.
    pub(crate) fn shows_values(&self) -> bool {
        !self.free_threaded || self.at_least(14)
    }

    fn ask(path: &Path) -> Option<Python> {
        const QUESTION: &str = "import sys; print(sys.version_info[0], sys.version_info[1], sys.version_info[2], \
            hasattr(sys, 'gettotalrefcount'), 'free-threading' in sys.version)";
        let output = Command::new(path).args(["-S", "-c", QUESTION]).stdin(Stdio::null()).output().ok()?;
        let answer = String::from_utf8(output.stdout).ok()?;
        let mut words = answer.split_whitespace();
        let mut number = || words.next()?.parse().ok();
        let version = (number()?, number()?, number()?);
        let mut truth = || Some(words.next()? == "True");
        let debug = truth()?;
        Some(Python { path: path.to_owned(), version, debug, free_threaded: truth()? })
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, micro) = self.version;
        let debug = if self.debug { " debug" } else { "" };
        let free_threaded = if self.free_threaded { " free-threaded" } else { "" };
        write!(f, "{major}.{minor}.{micro}{debug}{free_threaded} ({})", self.path.display())
    }
}

/// Every CPython from 3.8 on.
fn interpreters() -> &'static [Python] {
    static FOUND: OnceLock<Vec<Python>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let candidates = match std::env::var_os("TRIPOD_PYTHONS") {
            Some(paths) => {
                std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect()
            }
            None => installed("python3"),
        };
        let mut found: Vec<Python> = candidates.iter().filter_map(|path| Python::ask(path)).collect();
        found.retain(|python| python.version >= (3, 8, 0));
        found.sort_by_key(|python| (python.version, python.debug, python.free_threaded));
        assert!(!found.is_empty(), "no CPython 3.8 or later was found; TRIPOD_PYTHONS may name some");
        for python in &found {
            // Not by a macro, which would show it for a test that fails only.
            let _ = writeln!(std::io::stderr(), "testing with CPython {python}");
        }
        found
    })
}

/// The newest of them, for what is not about Python.
pub(crate) fn newest() -> &'static Python {
    let ordinary = |python: &&Python| !python.debug && !python.free_threaded;
    let all = interpreters();
    all.iter().rev().find(ordinary).unwrap_or(&all[0])
}

/// Every Python that is too old for Tripod.
pub(crate) fn foreign() -> Vec<Python> {
    let mut found: Vec<Python> = ["python2", "python3"]
        .into_iter()
        .flat_map(installed)
        .filter_map(|path| Python::ask(&path))
        .collect();
    found.retain(|python| python.version < (3, 8, 0));
    found
}

/// The Pythons of pyenv and of `/usr/bin`, each once.
fn installed(prefix: &str) -> Vec<PathBuf> {
    let mut directories = vec![PathBuf::from("/usr/bin")];
    if let Some(home) = std::env::var_os("HOME") {
        let versions = Path::new(&home).join(".pyenv/versions");
        directories.extend(entries(&versions).into_iter().map(|version| version.join("bin")));
    }
    let is_python = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.strip_prefix(prefix)).is_some_and(|rest| {
            rest.chars().all(|character| character.is_ascii_digit() || ".dt".contains(character))
        })
    };
    let files = directories.iter().flat_map(|directory| entries(directory)).filter(is_python);
    let real: BTreeSet<PathBuf> = files.filter_map(|path| path.canonicalize().ok()).collect();
    real.into_iter().collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Runs the test with each interpreter, two at a time. Fails with the names of those it failed for.
pub(crate) fn on_each(test: impl Fn(&Python) + Sync) {
    on_each_that(|_| true, test);
}

/// As [`on_each`], with those only that the test is about.
pub(crate) fn on_each_that(suits: impl Fn(&Python) -> bool, test: impl Fn(&Python) + Sync) {
    const AT_ONCE: usize = 2;
    let chosen: Vec<&Python> = interpreters().iter().filter(|python| suits(python)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Vec::new();
        while let Some(python) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(python))) {
                let message = panic.downcast_ref::<String>().cloned();
                let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                failed.push(format!("CPython {python}: {}", message.unwrap_or_default()));
            }
        }
        failed
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} of {} failed\n{}", failed.len(), chosen.len(), failed.join("\n\n"));
}
