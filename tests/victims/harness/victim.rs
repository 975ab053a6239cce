//! A script under an interpreter, with or without Tripod: started, spoken to, and gone when the test is over.
#![allow(unsafe_code)] // kill(2)

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::dump::{Dump, END, parse};
use super::{DEADLINE, Python, Says, library, scripts, wait_for};

/// A script to be run, and how.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    python: Python,
    script: PathBuf,
    /// The name the script is copied to, in the directory it runs in.
    copy_as: Option<OsString>,
    arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    before: Vec<OsString>,
    stderr: Stderr,
}

/// Where a victim's standard error goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stderr {
    Pipe,
    /// A file opened as a shell's `2>` does it, not for appending.
    File,
}

/// The directories of one victim, which go with it.
#[derive(Debug)]
pub(crate) struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        let directory = tempfile::Builder::new().prefix("tripod-victim-").tempdir().unwrap();
        let home = Home { directory };
        std::fs::create_dir(home.tmp()).unwrap();
        std::fs::create_dir(home.cwd()).unwrap();
        home
    }

    /// For what is neither the victim's `TMPDIR` nor its working directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Its `TMPDIR`.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// The directory it runs in.
    pub(crate) fn cwd(&self) -> PathBuf {
        self.path().join("cwd")
    }
}

impl Run {
    /// A script of `tests/scripts`.
    pub(crate) fn new(python: &Python, script: &str) -> Run {
        Run {
            python: python.clone(),
            script: scripts().join(script),
            copy_as: None,
            arguments: Vec::new(),
            variables: Vec::new(),
            before: Vec::new(),
            stderr: Stderr::Pipe,
        }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Sets a variable. A `{home}` in it stands for [`Home::path`].
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs a copy of the script, by that name, in its working directory.
    pub(crate) fn copied_as(mut self, name: impl AsRef<OsStr>) -> Run {
        self.copy_as = Some(name.as_ref().to_owned());
        self
    }

    /// Puts a command in front of the interpreter.
    pub(crate) fn behind(mut self, command: &[&str]) -> Run {
        self.before = command.iter().map(OsString::from).collect();
        self
    }

    pub(crate) fn stderr(mut self, stderr: Stderr) -> Run {
        self.stderr = stderr;
        self
    }

    /// Runs the script under Tripod while `test` talks with it, then to its end; then without Tripod, which must make
    /// no difference.
    #[track_caller]
    pub(crate) fn check(self, test: impl FnOnce(&mut Victim)) -> Outcome {
        let mut victim = self.start();
        test(&mut victim);
        let watched = victim.finish();
        watched.assert_like(&self.run_bare());
        watched
    }

    /// Runs the script with dumps every 10 ms, from its first step on with signals at random moments, too, to its end; then
    /// without Tripod, which must make no difference.
    #[track_caller]
    pub(crate) fn check_pestered(self) -> Outcome {
        self.env("TRIPOD_INTERVAL", "0.01").env("TRIPOD_LOG_MAX", "0").check(|victim| {
            victim.ready();
            victim.go_on();
            victim.pester();
        })
    }

    /// Starts the script under Tripod.
    #[track_caller]
    pub(crate) fn start(&self) -> Victim {
        self.start_with(Some(&library()))
    }

    /// Starts the script without Tripod.
    #[track_caller]
    pub(crate) fn start_bare(&self) -> Victim {
        self.start_with(None)
    }

    /// Runs the script without Tripod to its end. Every step is let go at once.
    #[track_caller]
    pub(crate) fn run_bare(&self) -> Outcome {
        let mut victim = self.start_bare();
        while victim.ready_or_ended() {
            victim.go_on();
        }
        victim.finish()
    }

    #[track_caller]
    fn start_with(&self, preload: Option<&Path>) -> Victim {
        let home = Home::new();
        let says = home.path().join("says");
        File::create(&says).unwrap();
        let script = match &self.copy_as {
            None => self.script.clone(),
            Some(name) => {
                std::fs::copy(&self.script, home.cwd().join(name)).unwrap();
                PathBuf::from(name)
            }
        };
        let mut words: Vec<&OsStr> = self.before.iter().map(OsString::as_os_str).collect();
        words.extend([self.python.path.as_os_str(), script.as_os_str()]);
        words.extend(self.arguments.iter().map(OsString::as_os_str));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(home.cwd()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        match self.stderr {
            Stderr::Pipe => command.stderr(Stdio::piped()),
            Stderr::File => command.stderr(File::create(home.path().join("stderr")).unwrap()),
        };
        for (name, _) in std::env::vars_os() {
            if ["PYTHON", "TRIPOD_", "LD_"]
                .iter()
                .any(|prefix| name.as_bytes().starts_with(prefix.as_bytes()))
            {
                command.env_remove(name);
            }
        }
        command.env("TMPDIR", home.tmp()).env("VICTIM_SAYS", &says).env("LC_ALL", "C.UTF-8");
        command.env("PYTHONPATH", scripts()).env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(library) = preload {
            command.env("LD_PRELOAD", library);
            // On a crowded machine the agent may lose the processor in the middle of a dump.
            command.env("TRIPOD_MAX_PAUSE", "60000");
            for (name, value) in &self.variables {
                let value =
                    value.to_str().map(|v| v.replace("{home}", &home.path().to_string_lossy()).into());
                command.env(name, value.unwrap_or(OsString::new()));
            }
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let stdout = Captured::new(child.stdout.take());
        let stderr = Captured::new(child.stderr.take());
        let stdin = child.stdin.take();
        let copied = self.copy_as.clone();
        Victim { child: Group(child), stdin, home, stdout, stderr, steps: 0, copied }
    }
}

/// What comes through a pipe. It is read as it comes, so that the pipe never runs full.
#[derive(Debug)]
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Captured {
    fn new(pipe: Option<impl Read + Send + 'static>) -> Captured {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let (sender, ended) = channel();
        let into = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut pipe: Box<dyn Read> = match pipe {
                Some(pipe) => Box::new(pipe),
                None => Box::new(std::io::empty()),
            };
            let mut buffer = vec![0; 65536];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                into.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
            let _ = sender.send(());
        });
        Captured { bytes, ended }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// All of it, once every process that has the other end has closed it.
    #[track_caller]
    fn whole(&self) -> String {
        assert!(self.ended.recv_timeout(DEADLINE).is_ok(), "standard output or error is still open");
        self.so_far()
    }
}

/// A child that leads a process group. Dropped, it is killed with all the group.
#[derive(Debug)]
struct Group(Child);

/// A running script.
#[derive(Debug)]
pub(crate) struct Victim {
    child: Group,
    stdin: Option<ChildStdin>,
    home: Home,
    stdout: Captured,
    stderr: Captured,
    /// How many steps it has been seen to reach.
    steps: usize,
    copied: Option<OsString>,
}

/// How a script has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) says: Says,
    /// Every dump in its log, and the log's text.
    pub(crate) dumps: Vec<Dump>,
    pub(crate) log: String,
    home: Home,
}

impl Victim {
    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    pub(crate) fn says(&self) -> Says {
        let says = std::fs::read(self.home.path().join("says")).unwrap();
        Says::read(&String::from_utf8_lossy(&says))
    }

    /// Waits until the script stands at its next step.
    #[track_caller]
    pub(crate) fn ready(&mut self) {
        if !self.ready_or_ended() {
            panic!("ended before its step {}: {}", self.steps + 1, self.stderr_so_far());
        }
    }

    /// As [`Victim::ready`]; `false` where the script ends instead.
    #[track_caller]
    fn ready_or_ended(&mut self) -> bool {
        let ready = wait_for("the script's next step", || {
            let ended = self.child.0.try_wait().unwrap().is_some();
            let ready = self.says().count("ready") > self.steps;
            (ready || ended).then_some(ready)
        });
        if ready {
            let says = self.says();
            let line = says.lines.iter().filter(|line| line[0] == "ready").nth(self.steps).unwrap();
            let task = PathBuf::from(format!("/proc/{}/task/{}/status", self.pid(), line[1]));
            let mut before = None;
            wait_for("the script to stand", || {
                let now = switches(&task);
                let stands = now.is_some() && now == before;
                before = now;
                stands.then_some(())
            });
            self.steps += 1;
        }
        ready
    }

    /// Lets the script go on from where it stands.
    #[track_caller]
    pub(crate) fn go_on(&mut self) {
        // A script that has ended meanwhile shows in its status.
        let _ = self.stdin.as_mut().unwrap().write_all(b"\n");
    }

    /// Sends a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.pid()).unwrap();
        // SAFETY: the child has not been waited for, so that its number is nobody else's.
        let sent = unsafe { libc::kill(pid, signal) };
        assert_eq!(sent, 0, "kill {signal}: {}", std::io::Error::last_os_error());
    }

    /// Sends SIGUSR2 at random moments until the script ends or stands at its next step.
    #[track_caller]
    pub(crate) fn pester(&mut self) {
        let random = RandomState::new();
        let mut sent = 0_u64;
        // The script works all the while, as fast as a loaded machine lets it.
        let deadline = Instant::now() + 5 * DEADLINE;
        while self.child.0.try_wait().unwrap().is_none() && self.says().count("ready") <= self.steps {
            assert!(Instant::now() < deadline, "the script neither ends nor comes to its next step");
            self.signal(libc::SIGUSR2);
            sent += 1;
            std::thread::sleep(Duration::from_micros(random.hash_one(sent) % 8_000));
        }
    }

    /// Asks for a dump by SIGUSR2, and waits until there is one more than `before`.
    #[track_caller]
    pub(crate) fn dump(&mut self) -> Dump {
        let before = self.dumps().len();
        self.signal(libc::SIGUSR2);
        self.wait_for_dumps(before + 1);
        self.dumps().swap_remove(before)
    }

    /// As [`Victim::dump`], where the next dump is the first in a log of that name.
    #[track_caller]
    pub(crate) fn dump_to(&mut self, log: &Path) {
        self.signal(libc::SIGUSR2);
        self.wait_for_dumps_in(log, 1);
    }

    /// Asks for a dump by SIGUSR2, and waits until a log of that name has it, by its number.
    #[track_caller]
    pub(crate) fn dump_numbered(&mut self, log: &Path, number: u64) {
        let title = format!("\nTripod dump {number} at ");
        self.signal(libc::SIGUSR2);
        wait_for(&format!("dump {number}"), || {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let there = text.split_once(&title).is_some_and(|(_, rest)| rest.contains(END));
            if there { Some(()) } else { self.assert_alive() }
        });
    }

    /// What was written to standard error by now.
    pub(crate) fn stderr_so_far(&self) -> String {
        let file = std::fs::read(self.home.path().join("stderr"));
        file.map_or_else(|_| self.stderr.so_far(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits for that text on standard error, and gives all that is there by then.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&mut self, text: &str) -> String {
        wait_for(&format!("{text} on standard error"), || {
            let told = self.stderr_so_far();
            if told.contains(text) && told.ends_with('\n') { Some(told) } else { self.assert_alive() }
        })
    }

    /// The log in `TMPDIR`, once there is one.
    pub(crate) fn log(&self) -> Option<PathBuf> {
        let prefix = format!("slow_process_{}_", self.pid());
        let mut logs = left_in(&self.home.tmp());
        logs.retain(|path| {
            path.file_name().is_some_and(|name| name.as_bytes().starts_with(prefix.as_bytes()))
        });
        assert!(logs.len() < 2, "{logs:?}");
        logs.pop()
    }

    /// The whole dumps in the log.
    #[track_caller]
    pub(crate) fn dumps(&self) -> Vec<Dump> {
        self.log().map_or(Vec::new(), |log| parse(&read_text(&log)))
    }

    /// Waits until `count` dumps are whole.
    #[track_caller]
    pub(crate) fn wait_for_dumps(&mut self, count: usize) {
        let log = wait_for("the log", || self.log().or_else(|| self.assert_alive()));
        self.wait_for_dumps_in(&log, count);
    }

    /// As [`Victim::wait_for_dumps`], in a log of that name.
    #[track_caller]
    pub(crate) fn wait_for_dumps_in(&mut self, log: &Path, count: usize) {
        let mut file = wait_for("the log", || File::open(log).ok().or_else(|| self.assert_alive()));
        let mut found = 0;
        let mut unread = Vec::new();
        wait_for(&format!("dump {count}"), || {
            file.read_to_end(&mut unread).unwrap();
            let text = String::from_utf8_lossy(&unread);
            found += text.matches(END).count();
            let rest = text.rfind(END).map_or(0, |end| end + END.len());
            unread = text.as_bytes()[rest..].to_vec();
            if found >= count { Some(()) } else { self.assert_alive() }
        });
    }

    /// Fails where the script has ended; else there is nothing to say.
    #[track_caller]
    fn assert_alive<T>(&mut self) -> Option<T> {
        if let Some(status) = self.child.0.try_wait().unwrap() {
            panic!("ended, {status}, before its dumps were taken: {}", self.stderr_so_far());
        }
        None
    }

    /// Lets the script run to its end. Nothing may be left of it: no process, and no file but the log.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Outcome {
        drop(self.stdin.take());
        let status = wait_for("the script's end", || self.child.0.try_wait().unwrap());
        let stdout = self.stdout.whole();
        self.stderr.whole();
        let stderr = self.stderr_so_far();
        let tmp = self.home.tmp();
        let group = i32::try_from(self.pid()).unwrap();
        wait_for("the last process of the script", || {
            // SAFETY: signal 0 only asks.
            let gone = unsafe { libc::kill(-group, 0) } != 0;
            (gone && !in_some_environment(&tmp)).then_some(())
        });
        let log = self.log();
        let mut left = left_in(&tmp);
        left.extend(left_in(&self.home.cwd()));
        left.retain(|path| Some(path) != log.as_ref() && path.file_name() != self.copied.as_deref());
        assert_eq!(left, [""; 0].map(PathBuf::from), "files left behind");
        let log = log.map(|log| read_text(&log)).unwrap_or_default();
        Outcome { status, stdout, stderr, says: self.says(), dumps: parse(&log), log, home: self.home }
    }
}

/// How often a thread has run, as the kernel tells it; `None` where it does not sleep.
fn switches(status: &Path) -> Option<String> {
    let status = std::fs::read_to_string(status).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let sleeps = field("State:")?.starts_with('S');
    sleeps.then(|| {
        format!("{:?} {:?}", field("voluntary_ctxt_switches:"), field("nonvoluntary_ctxt_switches:"))
    })
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|status| status.is_none())
            && let Ok(group) = i32::try_from(self.0.id())
        {
            // SAFETY: the child is there, and leads a group of its own.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            let _ = self.0.wait();
        }
    }
}

impl Outcome {
    /// That this script ended as the other did and wrote the same.
    #[track_caller]
    pub(crate) fn assert_like(&self, bare: &Outcome) {
        assert_eq!(self.status, bare.status, "status; {} | {}", self.stderr, bare.stderr);
        assert_eq!(self.stdout, bare.stdout, "standard output");
        assert_eq!(self.stderr, bare.stderr, "standard error");
        assert_eq!(bare.log, "");
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }
}

/// The files in a directory, sorted.
pub(crate) fn left_in(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Whether a process has this text in its environment, as every child of a victim has its `TMPDIR`.
fn in_some_environment(text: &Path) -> bool {
    let text = text.to_string_lossy();
    left_in(Path::new("/proc")).iter().any(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&*text)
    })
}

/// A log is UTF-8 without control characters, whatever the script holds.
#[track_caller]
fn read_text(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap();
    let log = String::from_utf8(bytes).unwrap_or_else(|error| panic!("the log is not UTF-8: {error}"));
    let control = log.chars().find(|&character| character.is_control() && character != '\n');
    assert_eq!(control, None, "the log holds a control character");
    log
}
