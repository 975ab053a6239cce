//! Names and numbers of signals, as `TRIPOD_SIGNAL` and the log write them. Allocates nothing but the name that
//! [`name`] returns.

use super::Reason;

/// The real-time signals that the C library leaves to programs: `SIGRTMIN()` to `SIGRTMAX()`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalRange {
    /// `SIGRTMIN()`; 34 with glibc, which keeps 32 and 33 for itself.
    pub min: i32,
    /// `SIGRTMAX()`; 64 on most architectures.
    pub max: i32,
}

/// Names without `SIG` (signal(7)); of two names for one number, the first is the one that is shown.
const NAMES: &[(&str, i32)] = &[
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("IOT", libc::SIGIOT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("CHLD", libc::SIGCHLD),
    ("CLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("POLL", libc::SIGPOLL),
    ("PWR", libc::SIGPWR),
    ("SYS", libc::SIGSYS),
];

const UNKNOWN: Reason = "is not a signal";

/// The number of a signal that may trigger a dump: a name with or without `SIG` in any case, a number, `RTMIN`,
/// `RTMIN+n`, `RTMAX` or `RTMAX-n`. `Ok(None)` for `none`; `Err` says why it is no signal or none to be used.
pub fn parse(text: &str, range: SignalRange) -> Result<Option<i32>, Reason> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let number = match super::number::count::<i32>(text) {
        Some(number) => number,
        None => named(without_prefix(text, "SIG").unwrap_or(text), range).ok_or(UNKNOWN)?,
    };
    match refusal(number, range) {
        Some(reason) => Err(reason),
        None => Ok(Some(number)),
    }
}

/// The name of a signal: `SIGUSR2`, `SIGRTMIN+3`; for a number that has none, `signal 33`.
pub fn name(number: i32, range: SignalRange) -> String {
    if let Some((name, _)) = NAMES.iter().find(|(_, known)| *known == number) {
        return format!("SIG{name}");
    }
    match number - range.min {
        0 => "SIGRTMIN".to_owned(),
        offset if offset > 0 && number <= range.max => format!("SIGRTMIN+{offset}"),
        _ => format!("signal {number}"),
    }
}

fn named(name: &str, range: SignalRange) -> Option<i32> {
    if let Some((_, number)) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(*number);
    }
    let number = if let Some(offset) = without_prefix(name, "RTMIN") {
        range.min.checked_add(self::offset(offset, '+')?)?
    } else {
        range.max.checked_sub(self::offset(without_prefix(name, "RTMAX")?, '-')?)?
    };
    (range.min..=range.max).contains(&number).then_some(number)
}

/// `+3` as 3, and nothing as 0.
fn offset(text: &str, sign: char) -> Option<i32> {
    match text.strip_prefix(sign) {
        Some(digits) if !digits.is_empty() => super::number::count(digits),
        Some(_) => None,
        None => text.is_empty().then_some(0),
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    match text.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => text.get(prefix.len()..),
        _ => None,
    }
}

/// Why this signal cannot, or must not, trigger a dump.
fn refusal(number: i32, range: SignalRange) -> Option<Reason> {
    match number {
        libc::SIGKILL | libc::SIGSTOP => Some("cannot be caught by any program"),
        libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL => {
            Some("says that the program has crashed and must not be caught")
        }
        libc::SIGABRT => Some("is how a program ends itself on a failure and must not be caught"),
        libc::SIGTRAP | libc::SIGSYS => Some("belongs to debuggers and sandboxes and must not be caught"),
        _ if number < 1 || number > range.max => Some(UNKNOWN),
        // The kernel's real-time signals begin at 32; the C library keeps the first ones.
        _ if (32..range.min).contains(&number) => Some("is reserved by the C library"),
        _ => None,
    }
}
