//! What asks for a dump: a signal, and the tick of `TRIPOD_INTERVAL`.
//!
//! Both meet in one semaphore, on which only the agent's thread waits. The signal handler notes the signal and posts:
//! async-signal-safe, needs no descriptor, keeps `errno` (signal-hook does) and chains to the handler that was there
//! before (signal-hook again). The tick is the deadline of the wait. Triggers that come while a dump is taken leave
//! the semaphore up and so become one more dump after it.
//!
//! The handler interrupts a thread of the program's, the main one where that does not block the signal, as any handler
//! does. It is installed with `SA_RESTART`: system calls go on by themselves, and Python repeats those that cannot (`select`,
//! `poll`, `nanosleep`; PEP 475). C code that calls these itself sees EINTR, as with any handler. To interrupt no thread of the
//! program's at all, the signal would have to be blocked in each of them and taken by ours: a mask that the script can see,
//! that its children inherit over `exec`, and that leaves them deaf to the signal. EINTR is the smaller trace.
//!
//! [`prepare`] and [`install`] run in the constructor; [`wait`] blocks and is for the agent's thread alone.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::python::signals::{self, Disposition, Raised};
use crate::python::{Attached, imports};
use crate::snapshot::Missed;

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub type Instant = u64;

const SECOND: u64 = 1_000_000_000;

struct Semaphore(UnsafeCell<MaybeUninit<libc::sem_t>>);

// SAFETY: a `sem_t` is made to be used from several threads and from signal handlers, always through its address.
unsafe impl Sync for Semaphore {}

static SEMAPHORE: Semaphore = Semaphore(UnsafeCell::new(MaybeUninit::uninit()));
/// The signal of the handler, and what was done on it before.
static INSTALLED: OnceLock<(c_int, Disposition)> = OnceLock::new();
/// The signal of the handler, and the handler's address.
static HANDLER: OnceLock<(c_int, libc::sighandler_t)> = OnceLock::new();
static SIGNALLED: AtomicBool = AtomicBool::new(false);
/// `sem_clockwait`, which glibc has from 2.30 on, or 0.
static CLOCK_WAIT: AtomicUsize = AtomicUsize::new(0);

type ClockWait =
    unsafe extern "C" fn(*mut libc::sem_t, libc::clockid_t, *const libc::timespec) -> libc::c_int;

fn semaphore() -> *mut libc::sem_t {
    SEMAPHORE.0.get().cast()
}

/// Makes the semaphore. Before anything else here, and again before a new thread takes the place of one that a fork
/// has ended.
pub fn prepare() {
    // SAFETY: the address is that of a static; nobody waits on it yet, or any more.
    unsafe { libc::sem_init(semaphore(), 0, 0) };
    CLOCK_WAIT.store(imports::symbol(c"sem_clockwait").unwrap_or(0), Ordering::Relaxed);
}

/// Wakes the agent's thread for a reason that is neither a signal nor a tick. Async-signal-safe.
pub fn nudge() {
    // SAFETY: `prepare` has made the semaphore; posting is async-signal-safe.
    unsafe { libc::sem_post(semaphore()) };
}

/// Puts back a signal that [`wait`] has taken and that could not be answered yet.
pub fn again() {
    SIGNALLED.store(true, Ordering::Release);
}

/// Installs the handler. `ignored_by_wrapper` where the signal is ignored only because `tripod-preload` saw to it.
///
/// # Errors
/// What `sigaction` says.
pub fn install(signal: c_int, ignored_by_wrapper: bool) -> io::Result<()> {
    let before = action(signal, None)?.sa_sigaction;
    let handler = || {
        SIGNALLED.store(true, Ordering::Release);
        nudge();
    };
    // SAFETY: the handler stores to an atomic and posts a semaphore, both async-signal-safe, and does not panic.
    unsafe { signal_hook::low_level::register(signal, handler) }?;
    let _ = HANDLER.set((signal, action(signal, None)?.sa_sigaction));
    let disposition = match before {
        libc::SIG_IGN if !ignored_by_wrapper => Disposition::Ignored,
        libc::SIG_DFL | libc::SIG_IGN => Disposition::Default,
        // A handler of C that was there before us is `None` to Python without us, too.
        _ => return Ok(()),
    };
    let _ = INSTALLED.set((signal, disposition));
    Ok(())
}

/// The signal whose handler is ours no longer, as something else is done on it now. What is done may call ours in its turn.
pub fn replaced() -> Option<c_int> {
    let &(signal, handler) = HANDLER.get()?;
    action(signal, None).is_ok_and(|now| now.sa_sigaction != handler).then_some(signal)
}

/// Lets Python say of the signal what it would say without the handler. In the interpreter's main thread, before the script
/// has had much time to ask.
///
/// # Errors
/// See [`signals::declare`].
pub fn hide(attached: &Attached<'_>) -> Result<(), Raised> {
    let Some(&(signal, disposition)) = INSTALLED.get() else { return Ok(()) };
    let Ok(ours) = action(signal, None) else { return Ok(()) };
    let mut only = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: all sets are memory of ours. The signal waits while the kernel has another disposition for it.
    unsafe {
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), signal);
        libc::pthread_sigmask(libc::SIG_BLOCK, only.as_ptr(), before.as_mut_ptr());
    }
    let result = signals::declare(attached, signal, disposition);
    // It was allowed once, and cannot be refused now.
    let _ = action(signal, Some(&ours));
    // SAFETY: `before` was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    result
}

/// `sigaction`: what is done on a signal; `new` takes its place.
fn action(signal: c_int, new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut old = MaybeUninit::<libc::sigaction>::uninit();
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `new` is null or what the kernel said before; `old` is ours to write.
    match unsafe { libc::sigaction(signal, new, old.as_mut_ptr()) } {
        // SAFETY: it succeeded, and so has written it.
        0 => Ok(unsafe { old.assume_init() }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The present.
pub fn now() -> Instant {
    read(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds since 1970-01-01 UTC.
pub fn unix_time() -> u64 {
    read(libc::CLOCK_REALTIME)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours to write.
    unsafe { libc::clock_gettime(clock, &mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * SECOND + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Why [`wait`] returned. Both may be false: someone nudged, or patience ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// The signal came, once or more often.
    pub signal: bool,
    /// The deadline has passed.
    pub deadline: bool,
}

/// Sleeps until the semaphore is posted, `deadline` or `patience` (in nanoseconds) has passed, and takes all that was posted
/// by then. A signal that came during a [`rest`] is there at once.
pub fn wait(deadline: Option<Instant>, patience: Option<u64>) -> Woken {
    let limit = patience.map(|patience| now().saturating_add(patience));
    let until = [deadline, limit].into_iter().flatten().min();
    if !SIGNALLED.load(Ordering::Acquire) && sleep(until) {
        // SAFETY: the semaphore was made by `prepare`.
        while unsafe { libc::sem_trywait(semaphore()) } == 0 {}
    }
    Woken {
        signal: SIGNALLED.swap(false, Ordering::AcqRel),
        deadline: deadline.is_some_and(|deadline| now() >= deadline),
    }
}

/// Sleeps for `time` nanoseconds or until a nudge; leaves signals for the next [`wait`].
pub fn rest(time: u64) {
    sleep(Some(now().saturating_add(time)));
}

/// Sleeps until the semaphore is posted, or `deadline` has passed: then it returns false.
fn sleep(deadline: Option<Instant>) -> bool {
    loop {
        let result = match deadline {
            None => {
                // SAFETY: the semaphore was made by `prepare`.
                unsafe { libc::sem_wait(semaphore()) }
            }
            Some(deadline) => wait_until(deadline),
        };
        match (result, io::Error::last_os_error().raw_os_error()) {
            (0, _) => return true,
            (_, Some(libc::EINTR)) => {}
            (_, Some(libc::ETIMEDOUT)) if deadline.is_none_or(|deadline| now() >= deadline) => return false,
            (_, Some(libc::ETIMEDOUT)) => {}
            // Cannot happen; a wait that fails at once must not become a busy loop.
            _ => {
                pause(SECOND / 10);
                return false;
            }
        }
    }
}

fn wait_until(deadline: Instant) -> libc::c_int {
    let clock_wait = CLOCK_WAIT.load(Ordering::Relaxed);
    if clock_wait != 0 {
        let until = timespec(deadline);
        // SAFETY: the address is that of `sem_clockwait`, found by its name.
        let clock_wait = unsafe { std::mem::transmute::<usize, ClockWait>(clock_wait) };
        // SAFETY: the semaphore was made by `prepare`; `until` is alive.
        return unsafe { clock_wait(semaphore(), libc::CLOCK_MONOTONIC, &until) };
    }
    // Without it the wait is by the wall clock, which may be set meanwhile: never longer than a second at a time.
    let step = deadline.saturating_sub(now()).min(SECOND);
    let until = timespec(unix_time() + step);
    // SAFETY: as above.
    unsafe { libc::sem_timedwait(semaphore(), &until) }
}

/// A time in nanoseconds as the kernel takes it.
pub fn timespec(time: u64) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time / SECOND).unwrap_or(libc::time_t::MAX),
        tv_nsec: (time % SECOND) as libc::c_long,
    }
}

/// Sleeps for `time` nanoseconds, or a little less where a signal comes.
pub fn pause(time: u64) {
    let time = timespec(time);
    // SAFETY: `time` is alive; the remainder is not asked for.
    unsafe { libc::nanosleep(&time, std::ptr::null_mut()) };
}

/// The ticks of `TRIPOD_INTERVAL`: a fixed rate from the start on. Pure.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    interval: u64,
    next: Instant,
    missed: Missed,
}

impl Schedule {
    /// Ticks every `interval` nanoseconds (at least 1), first one interval after `start`.
    pub fn new(start: Instant, interval: u64) -> Schedule {
        let interval = interval.max(1);
        Schedule { interval, next: start.saturating_add(interval), missed: Missed::default() }
    }

    /// When the next tick is.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// Takes the ticks that have passed by `started`, when a dump begins: the first of them is the dump's own, so any
    /// others were missed while the agent's thread was not running. Returns what was missed since the dump before.
    pub fn begin(&mut self, started: Instant) -> Missed {
        let passed = self.skip(started);
        self.missed.writing += passed.saturating_sub(1);
        std::mem::take(&mut self.missed)
    }

    /// Skips and counts the ticks that passed during a dump that had the GIL at `acquired` and was done at `done`.
    pub fn end(&mut self, acquired: Instant, done: Instant) {
        self.missed.waiting += self.skip(acquired);
        self.missed.writing += self.skip(done);
    }

    /// Takes back what [`Schedule::begin`] gave: there was no dump at `started`, and is to be one as soon as may be.
    pub fn retry(&mut self, started: Instant, missed: Missed) {
        self.next = started;
        self.missed.waiting += missed.waiting;
        self.missed.writing += missed.writing;
    }

    /// Moves on past `now`; the number of ticks that takes.
    fn skip(&mut self, now: Instant) -> u64 {
        if now < self.next {
            return 0;
        }
        let passed = (now - self.next) / self.interval + 1;
        self.next = self.next.saturating_add(passed.saturating_mul(self.interval));
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_tick_is_one_interval_after_the_start() {
        let schedule = Schedule::new(100, 50);
        assert_eq!(schedule.next(), 150);
    }

    #[test]
    fn the_rate_is_fixed_whatever_a_dump_takes() {
        let mut schedule = Schedule::new(0, 50);
        assert_eq!(schedule.begin(53), Missed::default());
        schedule.end(55, 60);
        assert_eq!(schedule.next(), 100);
        assert_eq!(schedule.begin(101), Missed::default());
    }

    #[test]
    fn missed_ticks_are_counted_once_and_by_their_reason() {
        let mut schedule = Schedule::new(0, 50);
        schedule.begin(50);
        schedule.end(210, 260);
        assert_eq!(schedule.next(), 300);
        assert_eq!(schedule.begin(300), Missed { waiting: 3, writing: 1 });
        schedule.end(301, 302);
        assert_eq!(schedule.begin(350), Missed::default());
    }

    #[test]
    fn a_dump_that_a_fork_put_off_is_not_forgotten() {
        let mut schedule = Schedule::new(0, 50);
        schedule.begin(50);
        schedule.end(130, 130);
        let missed = schedule.begin(150);
        schedule.retry(150, missed);
        assert_eq!(schedule.next(), 150);
        assert_eq!(schedule.begin(151), Missed { waiting: 1, writing: 0 });
        assert_eq!(schedule.next(), 200);
    }

    #[test]
    fn a_dump_on_demand_between_two_ticks_moves_none() {
        let mut schedule = Schedule::new(0, 50);
        assert_eq!(schedule.begin(20), Missed::default());
        schedule.end(21, 22);
        assert_eq!(schedule.next(), 50);
    }
}
