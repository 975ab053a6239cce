//! The agent's thread and its ends: when it may begin to look at Python, when it must have stopped, and what a fork
//! makes of it.
//!
//! **Begin.** The constructor starts the thread; it looks every millisecond, ever more seldom, whether the interpreter
//! is initialised. Then it asks the interpreter's main thread, by `Py_AddPendingCall`, to register the gate. Until the
//! gate is there, or has failed to come for [`GATE_PATIENCE`], the agent does not touch the GIL.
//!
//! **End.** The gate is a callback in Python's `atexit`, which runs in the main thread before finalisation begins. It
//! says stop and waits, with the GIL released and not for ever, until the agent is idle. Afterwards the agent never
//! asks for the GIL again, unless the interpreter is initialised anew. pyo3-ffi's guard, which parks the thread if
//! CPython ends it inside `PyGILState_Ensure`, is the backstop.
//!
//! **The GIL.** Where the program has one thread only, the main thread is asked, by a pending call again, to do the capture
//! itself: it comes by in microseconds rather than at its next switch interval, the GIL does not change hands, and
//! the main thread cannot reach `os.fork` while the agent waits for the GIL. It comes when it runs Python code; when it is
//! blocked, the GIL is free.
//!
//! **Fork.** In the child the agent's thread is gone; the child handler only notes that and asks, by a pending call,
//! for a new one, which the main thread starts once the interpreter is whole again. In the parent nothing need be done,
//! but that from 3.12 on `os.fork` warns of every process with more than one thread: where the agent's thread is the
//! only other one it is ended before the fork and started again, by a pending call too, after the warning's count.
//!
//! The lock of the queue of pending calls is made anew in the child only after the child handler, and before 3.12 that of the list
//! of threads after it was needed. So no fork happens while the agent's thread, without the GIL, may hold one of them.
//!
//! **The last thread.** Where the process's first thread ends and the process does not, as in the child of a fork that a thread
//! other than the main one made, the C library ends the process with its last thread. That must not be ours: a destructor
//! of thread-specific data ends it with the first thread, or, where there are others, has it look every now and then
//! whether they have ended.
//!
//! **Descriptors.** The thread has a table of descriptors of its own, empty (`CLOSE_RANGE_UNSHARE`, Linux 5.9): what it
//! opens takes no number of the program's, and no `closerange` of the program's can put something else in its place.
//! Where the kernel is older the table is shared.
//!
//! **Signals.** The thread blocks all signals, so that none meant for the program ends here: not even those that faults raise,
//! as a program may wait for them with `sigwait`, too. A fault of our own ends the process all the same.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use super::trigger;
use crate::kernel;
use crate::python::atexit::{self, Registered};
use crate::python::place::{self, Place};
use crate::python::{self, ThreadState, allocator, imports, pending};

const MILLISECOND: u64 = 1_000_000;

/// How long the gate may wait at exit for a dump that is being taken or written.
const GATE_LIMIT: u64 = 2_000 * MILLISECOND;

/// How long a trigger waits for the gate to be registered before the agent registers it itself.
const GATE_PATIENCE: u64 = 100 * MILLISECOND;

/// How long a fork may wait for a dump to be written, so that the agent's thread can be ended before it.
const FORK_LIMIT: u64 = 50 * MILLISECOND;

/// How long callbacks of `os.register_at_fork` may take after a fork before the agent's thread is started all the same: C
/// code that forks may go on with Python code of its own.
const CALLBACK_LIMIT: u64 = 2_000 * MILLISECOND;

/// How often it is looked whether they are over: the pending call comes at every chance, and a look costs system calls.
const LOOK_AGAIN: u64 = MILLISECOND / 5;

/// How long the agent waits for the main thread to come by before it asks for the GIL as any thread does.
const INVITATION: u64 = MILLISECOND / 5;

/// As [`INVITATION`], where the GIL is better not asked for: see [`allocator`]. A main thread that does not come for so
/// long is blocked, and will come by before it runs any more of the program.
const HOOKED_PATIENCE: u64 = 100 * MILLISECOND;

/// How long the first thread, when it ends, may wait for others that are just about to end.
const LAST_PATIENCE: u64 = 10 * MILLISECOND;

/// How often the agent looks whether it is the last thread, once the first has ended.
const LAST_LOOK: u64 = 10 * MILLISECOND;

/// How long a thread that has been joined may take to leave the kernel's count.
const GONE_LIMIT: u64 = 20 * MILLISECOND;

/// Stack of the agent's thread: values are read recursively, but to a bounded depth.
const STACK: usize = 1 << 20;

/// More than a constructor uses of the main thread's stack.
const CONSTRUCTOR_STACK: usize = 128 << 10;

/// The size of a main thread's stack that is counted on, whatever its limit says.
const LEAST_STACK: usize = 8 << 20;

/// The agent is between [`enter`] and its end.
const BUSY: u32 = 1;
/// The gate has closed: the interpreter is about to be finalised.
const CLOSED: u32 = 2;
/// The agent's thread is asked to end, for a fork.
const STOP: u32 = 4;
/// The agent is about to take the GIL or has it. Until it is ACQUIRING as well it may still think better of it.
const ATTACHING: u32 = 8;
/// An invitation is in the queue of pending calls.
const INVITED: u32 = 16;
/// The main thread may be doing the agent's work.
const LENT: u32 = 32;
/// The agent waits for the GIL or holds it: nobody who holds it may wait for the agent.
const ACQUIRING: u32 = 64;
/// The agent's thread may hold a lock of the interpreter's that is no good in the child of a fork.
const LOCKING: u32 = 128;

static STATE: AtomicU32 = AtomicU32::new(0);
static GATE_REGISTERED: AtomicBool = AtomicBool::new(false);
/// The registration holds for good; else it is made again at each dump.
static GATE_FIRM: AtomicBool = AtomicBool::new(false);
/// How many forks are under way.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// The interpreter whose gate has closed has been finalised.
static ENDED: AtomicBool = AtomicBool::new(false);
/// The process whose agent's thread is running, or 0.
static RUNNING_IN: AtomicU32 = AtomicU32::new(0);
static THREAD: AtomicU64 = AtomicU64::new(0);
static BODY: OnceLock<fn()> = OnceLock::new();
/// The key whose destructor the process's first thread runs when it ends.
static FIRST_THREAD: OnceLock<libc::pthread_key_t> = OnceLock::new();
/// The first thread has ended, and left others.
static FIRST_GONE: AtomicBool = AtomicBool::new(false);

fn state() -> u32 {
    STATE.load(Ordering::Acquire)
}

fn set(bits: u32) -> u32 {
    STATE.fetch_or(bits, Ordering::AcqRel)
}

/// Clears `bits` and wakes who waits for that.
fn clear(bits: u32) {
    STATE.fetch_and(!bits, Ordering::AcqRel);
    // SAFETY: the address is that of a static.
    unsafe {
        libc::syscall(libc::SYS_futex, STATE.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, i32::MAX)
    };
}

/// Proof that the gate is open and waits for us should it be closed meanwhile.
#[derive(Debug)]
pub struct Entered(());

impl Entered {
    /// Does `work` with the GIL held, by this thread or by the main thread, and with the gate registered. `None` where
    /// the interpreter is going or a fork wants the thread ended.
    pub fn attached<T>(&self, work: impl FnOnce(&python::Attached<'_>) -> T) -> Option<T> {
        self.await_gate();
        let (mut work, mut result) = (Some(work), None);
        let mut once = |attached: &python::Attached<'_>| {
            register(attached);
            result = work.take().map(|work| work(attached));
        };
        set(ATTACHING);
        let hooked = allocator::hooked();
        let patience = if hooked { HOOKED_PATIENCE } else { INVITATION };
        let lent = (hooked || only_other_thread()) && lend(&mut once, patience);
        if !lent
            && set(ACQUIRING) & STOP == 0
            && let Some(state) = make_thread_state()
        {
            once(&state.attach());
        }
        clear(ATTACHING | ACQUIRING);
        result
    }

    /// Gives the main thread time to register the gate; after the first dump it costs one load.
    fn await_gate(&self) {
        let mut waited = 0;
        while !GATE_REGISTERED.load(Ordering::Acquire) && waited < GATE_PATIENCE && state() & CLOSED == 0 {
            trigger::pause(MILLISECOND);
            waited += MILLISECOND;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        clear(BUSY);
    }
}

/// Begins a dump; `None` where the interpreter is, or is about to be, finalised, or a fork wants the thread ended.
pub fn enter() -> Option<Entered> {
    let entered = Entered(());
    let before = set(BUSY);
    (before & (CLOSED | STOP) == 0 && imports::initialized() && !imports::finalizing()).then_some(entered)
}

/// Whether the gate has closed.
pub fn closed() -> bool {
    state() & CLOSED != 0
}

/// Whether the thread is to end, for a fork or because it is the last.
pub fn stopping() -> bool {
    state() & STOP != 0 || (FIRST_GONE.load(Ordering::Acquire) && only_other_thread())
}

/// How long the thread may sleep before it asks [`stopping`] again, in nanoseconds; `None` where it is woken for that.
pub fn patience() -> Option<u64> {
    FIRST_GONE.load(Ordering::Acquire).then_some(LAST_LOOK)
}

/// Blocks until the interpreter is initialised, and asks for the gate. Triggers that come meanwhile are left for later.
pub fn wait_for_interpreter() {
    let mut waited: u32 = 0;
    while !imports::initialized() || imports::finalizing() {
        trigger::rest(match waited {
            0..200 => MILLISECOND,
            200..1_000 => 10 * MILLISECOND,
            _ => 250 * MILLISECOND,
        });
        waited = waited.saturating_add(1);
        if stopping() {
            return;
        }
    }
    if closed() {
        // Another interpreter than the one whose gate has closed.
        ENDED.store(false, Ordering::Release);
        GATE_REGISTERED.store(false, Ordering::Release);
        pending::forget_eval_breaker();
        clear(CLOSED);
    }
    if !GATE_REGISTERED.load(Ordering::Acquire) {
        // Where the queue is full for long, the first dump registers the gate.
        ask(register_pending);
    }
}

/// Blocks until the interpreter has been finalised, or the thread is to end.
pub fn wait_for_end() {
    while imports::initialized() && !ENDED.load(Ordering::Acquire) && !stopping() {
        trigger::rest(100 * MILLISECOND);
    }
}

/// Asks the interpreter's main thread for a call. The queue is short; when it is full, someone drains it.
fn ask(call: pending::Call) {
    for _ in 0..100 {
        if ask_once(call) {
            return;
        }
        trigger::pause(MILLISECOND);
    }
}

/// In the agent's thread. False also where a fork is under way.
fn ask_once(call: pending::Call) -> bool {
    without_forks(|| pending::ask(call)).unwrap_or(false)
}

/// In the agent's thread. `None` where the interpreter is going or a fork wants the thread ended.
fn make_thread_state() -> Option<ThreadState> {
    // From 3.12 on the lock is made anew first of all in the child, and may be held by who forks.
    let careful = !python::version().is_some_and(|version| version.at_least(12));
    while !stopping() {
        let make = || ThreadState::make().ok();
        match if careful { without_forks(make) } else { Some(make()) } {
            Some(made) => return made,
            None => trigger::pause(MILLISECOND / 10),
        }
    }
    None
}

/// Lets no fork happen during `work`, which must not block. `None` where one is under way.
fn without_forks<T>(work: impl FnOnce() -> T) -> Option<T> {
    set(LOCKING);
    // Either this sees the fork, or the fork sees LOCKING.
    fence(Ordering::SeqCst);
    let result = (FORKS.load(Ordering::Acquire) == 0).then(work);
    clear(LOCKING);
    result
}

/// The pending call: runs in the interpreter's main thread, with the GIL.
extern "C" fn register_pending(_: *mut c_void) -> c_int {
    let raised = catch_unwind(|| {
        // SAFETY: CPython makes pending calls with the GIL held by the calling thread.
        let attached = unsafe { python::Attached::assume() };
        register(&attached);
        if attached.in_main_interpreter() {
            pending::find_eval_breaker(&attached);
        }
        trigger::hide(&attached).is_err()
    });
    // An exception that a handler of the script's has raised is the main thread's to have.
    if raised.unwrap_or(false) { -1 } else { 0 }
}

/// What the main thread is asked to do.
type Work<'a> = &'a mut dyn FnMut(&python::Attached<'_>);

/// The work that waits for the main thread; it stands on the stack of the agent's thread, which waits in [`lend`].
static LOAN: AtomicPtr<Work<'static>> = AtomicPtr::new(ptr::null_mut());

/// Has the main thread do `work`; false where it does not come by within `patience` nanoseconds, and then has not done any of
/// it.
fn lend(mut work: Work<'_>, patience: u64) -> bool {
    set(LENT);
    // The main thread has taken the address away before this function returns, or never gets to see it.
    LOAN.store((&raw mut work).cast(), Ordering::Release);
    // Where an invitation is in the queue since the last dump, the main thread is blocked.
    if set(INVITED) & INVITED == 0 {
        if ask_once(take_loan) {
            let deadline = trigger::now() + patience;
            while !wait_while(INVITED, INVITATION) && state() & STOP == 0 && trigger::now() < deadline {}
        } else {
            clear(INVITED);
        }
    }
    if !LOAN.swap(ptr::null_mut(), Ordering::AcqRel).is_null() {
        clear(LENT);
        return false;
    }
    while !wait_while(LENT, GATE_LIMIT) {}
    true
}

/// The pending call: runs in the interpreter's main thread, with the GIL, between two instructions of Python code.
extern "C" fn take_loan(_: *mut c_void) -> c_int {
    // SAFETY: the location of `errno` is always valid in its thread.
    let errno = unsafe { *libc::__errno_location() };
    let _ = catch_unwind(|| {
        let here = RUNNING_IN.load(Ordering::Acquire) == std::process::id();
        let loan = if here && stack_has_room() {
            LOAN.swap(ptr::null_mut(), Ordering::AcqRel)
        } else {
            ptr::null_mut()
        };
        clear(INVITED);
        // SAFETY: CPython makes pending calls with the GIL held by the calling thread.
        let mut attached = unsafe { python::Attached::assume() };
        if !loan.is_null() {
            let _ = catch_unwind(AssertUnwindSafe(|| {
                // SAFETY: whoever takes the address out of `LOAN` may use it until LENT is cleared: `lend` waits for that.
                let work = unsafe { &mut *loan };
                work(&attached);
            }));
            clear(LENT);
        } else if here && state() & ATTACHING != 0 {
            // Too late: the agent asks for the GIL by now, and must not be found doing so by a fork.
            attached.without_gil(|| {
                wait_while(ATTACHING, GATE_LIMIT);
            });
        }
    });
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
    0
}

/// Where the stack of the process's first thread began, roughly, when the library was loaded.
static STACK_TOP: AtomicUsize = AtomicUsize::new(0);

/// Notes where the stack of the calling thread, the process's first, is.
fn note_stack() {
    let here = 0_u8;
    STACK_TOP.store((&raw const here).addr(), Ordering::Release);
}

/// Whether the calling thread is the process's first and has room on its stack for a capture: a deep recursion of the
/// program's must not end because of us.
fn stack_has_room() -> bool {
    let here = 0_u8;
    // The constructor itself may have stood a little deeper.
    let top = STACK_TOP.load(Ordering::Acquire).wrapping_add(CONSTRUCTOR_STACK);
    let used = top.wrapping_sub((&raw const here).addr());
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is ours to write.
    unsafe { libc::getrlimit(libc::RLIMIT_STACK, &mut limit) };
    let most = usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX).min(LEAST_STACK);
    used < most.saturating_sub(STACK)
}

fn register(attached: &python::Attached<'_>) {
    let firm = GATE_FIRM.load(Ordering::Acquire);
    if firm && GATE_REGISTERED.load(Ordering::Acquire) {
        return;
    }
    if !attached.in_main_interpreter() {
        // The gate would close with an interpreter that is not ours. The first dump registers it.
        return;
    }
    if !GATE_REGISTERED.swap(true, Ordering::AcqRel) {
        atexit::register_end(attached, interpreter_ended);
    }
    // Without the gate the backstop is all there is; nothing more can be done about it.
    let again = matches!(atexit::register(attached, close_gate), Ok(Registered::UntilImport));
    GATE_FIRM.store(!again, Ordering::Release);
}

/// The gate: runs in the main thread, with the GIL, before finalisation.
fn close_gate(attached: &mut python::Attached<'_>) {
    if set(CLOSED) & BUSY != 0 && RUNNING_IN.load(Ordering::Acquire) == std::process::id() {
        attached.without_gil(|| {
            wait_while(BUSY, GATE_LIMIT);
        });
    }
    trigger::nudge();
}

/// Runs in the thread that has finalised the interpreter.
extern "C" fn interpreter_ended() {
    ENDED.store(true, Ordering::Release);
    trigger::nudge();
}

/// Waits until none of `bits` is set, for at most `limit` nanoseconds; whether that came about.
fn wait_while(bits: u32, limit: u64) -> bool {
    let deadline = trigger::now() + limit;
    loop {
        let (seen, now) = (state(), trigger::now());
        if seen & bits == 0 || now >= deadline {
            return seen & bits == 0;
        }
        let left = trigger::timespec(deadline - now);
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the address is that of a static; `left` is alive.
        unsafe { libc::syscall(libc::SYS_futex, STATE.as_ptr(), operation, seen, &raw const left) };
    }
}

/// Starts the agent's thread for the first time, and sees to forks from now on. `body` is run by the thread, and again
/// by each that takes its place after a fork.
///
/// # Errors
/// What `pthread_create` says.
pub fn start(body: fn()) -> io::Result<()> {
    let _ = BODY.set(body);
    note_stack();
    start_thread()?;
    // SAFETY: the handlers are functions of this library, which is never unloaded. Where there is no memory for them,
    // children of a fork go without an agent.
    unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork_in_parent), Some(after_fork_in_child)) };
    let mut key: libc::pthread_key_t = 0;
    // SAFETY: `key` is ours to write; the destructor is a function of this library, which is never unloaded.
    if unsafe { libc::pthread_key_create(&mut key, Some(first_thread_ends)) } == 0 {
        let _ = FIRST_THREAD.set(key);
    }
    mark_first_thread();
    Ok(())
}

/// Makes the calling thread run [`first_thread_ends`]. Allocates nothing: the key is among the first, for which every thread
/// has room.
fn mark_first_thread() {
    if let Some(&key) = FIRST_THREAD.get() {
        // SAFETY: the key was made by `start`; the value is not null and never followed.
        unsafe { libc::pthread_setspecific(key, (&raw const FIRST_THREAD).cast()) };
    }
}

/// Runs in the process's first thread when it ends by itself, which is not when the process exits.
extern "C" fn first_thread_ends(_: *mut c_void) {
    let _ = catch_unwind(|| {
        if RUNNING_IN.load(Ordering::Acquire) != std::process::id() {
            return;
        }
        let deadline = trigger::now() + LAST_PATIENCE;
        while !only_other_thread() && trigger::now() < deadline {
            trigger::pause(MILLISECOND);
        }
        if !only_other_thread() || !end_thread(GATE_LIMIT, false) {
            FIRST_GONE.store(true, Ordering::Release);
            trigger::nudge();
        }
    });
}

/// Ends the agent's thread, unless it is busy for longer than `limit`, or it waits for the GIL and the caller may be the
/// one who has it; whether it has ended.
fn end_thread(limit: u64, may_hold_gil: bool) -> bool {
    let acquiring = set(STOP) & ACQUIRING != 0;
    if (acquiring && may_hold_gil) || !wait_while(BUSY, limit) {
        clear(STOP);
        return false;
    }
    trigger::nudge();
    // SAFETY: the thread was started by `start_thread` and is joined once: `RUNNING_IN` is cleared with it. It is not
    // busy and cannot become so, as STOP is set: it ends at once.
    unsafe { libc::pthread_join(THREAD.load(Ordering::Acquire) as libc::pthread_t, ptr::null_mut()) };
    RUNNING_IN.store(0, Ordering::Release);
    // A joined thread is counted by the kernel until it has wholly gone.
    let deadline = trigger::now() + GONE_LIMIT;
    while kernel::thread_count() > 1 && trigger::now() < deadline {
        trigger::pause(GONE_LIMIT / 1000);
    }
    true
}

fn start_thread() -> io::Result<()> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: every pointer is to memory of ours of the type that is asked for. The mask, which the new thread
    // inherits, is put back before anything else runs in this one.
    let error = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let error =
            libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), enter_thread, ptr::null_mut());
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    // SAFETY: `pthread_create` has succeeded and so written it.
    THREAD.store(unsafe { thread.assume_init() }, Ordering::Release);
    RUNNING_IN.store(std::process::id(), Ordering::Release);
    Ok(())
}

extern "C" fn enter_thread(_: *mut c_void) -> *mut c_void {
    const CLOSE_RANGE_UNSHARE: u32 = 2;
    // SAFETY: the call gives this thread an empty table of its own and leaves the process's as it is. Where the kernel
    // does not know it, nothing happens.
    unsafe { libc::syscall(libc::SYS_close_range, 0_u32, u32::MAX, CLOSE_RANGE_UNSHARE) };
    if let Some(body) = BODY.get() {
        // A panic ends the agent, never the program.
        let _ = catch_unwind(body);
    }
    clear(BUSY | ATTACHING | ACQUIRING);
    ptr::null_mut()
}

/// Runs in the thread that forks, before it does: ends the agent's thread where it alone would make `os.fork` warn.
extern "C" fn before_fork() {
    let running = RUNNING_IN.load(Ordering::Acquire) == std::process::id();
    let warns = python::version().is_some_and(|version| version.at_least(12));
    if running && warns && only_other_thread() {
        end_thread(FORK_LIMIT, true);
    }
    FORKS.fetch_add(1, Ordering::AcqRel);
    fence(Ordering::SeqCst);
    if running {
        wait_while(LOCKING, GATE_LIMIT);
    }
}

/// Whether this process has two threads, the calling one and the agent's.
fn only_other_thread() -> bool {
    kernel::thread_count() == 2
}

/// Runs in the thread that forked.
extern "C" fn after_fork_in_parent() {
    FORKS.fetch_sub(1, Ordering::AcqRel);
    if state() & STOP != 0 && RUNNING_IN.load(Ordering::Acquire) == 0 {
        LOOKED_AT.store(0, Ordering::Release);
        FORKED_AT.store(trigger::now(), Ordering::Release);
        let place = place::here().unwrap_or(Place { frame: 0, instruction: 0 });
        FORKED_IN.store(place.frame, Ordering::Release);
        FORKED_BY.store(place.instruction, Ordering::Release);
        ask_for_restart();
    }
}

/// Where the program called `os.fork`: the frame, or 0, the instruction, and when.
static FORKED_IN: AtomicUsize = AtomicUsize::new(0);
static FORKED_BY: AtomicUsize = AtomicUsize::new(0);
static FORKED_AT: AtomicU64 = AtomicU64::new(0);
/// When it was last looked whether that call has returned.
static LOOKED_AT: AtomicU64 = AtomicU64::new(0);

/// Whether `os.fork` has not returned: what runs are callbacks of `os.register_at_fork`, after which some versions count
/// the threads (3.13.0).
fn in_fork_callback() -> bool {
    let place =
        Place { frame: FORKED_IN.load(Ordering::Acquire), instruction: FORKED_BY.load(Ordering::Acquire) };
    let now = trigger::now();
    if place.frame == 0 || now >= FORKED_AT.load(Ordering::Acquire).saturating_add(CALLBACK_LIMIT) {
        return false;
    }
    if now < LOOKED_AT.load(Ordering::Acquire).saturating_add(LOOK_AGAIN) {
        return true;
    }
    LOOKED_AT.store(now, Ordering::Release);
    place::is_within_call_at(place)
}

/// Runs in the only thread of the child. Takes no lock of ours and allocates nothing.
extern "C" fn after_fork_in_child() {
    LOAN.store(ptr::null_mut(), Ordering::Release);
    RUNNING_IN.store(0, Ordering::Release);
    FORKED_IN.store(0, Ordering::Release);
    FORKS.store(0, Ordering::Release);
    let locked = state() & LOCKING != 0;
    STATE.store(STOP | (state() & CLOSED), Ordering::Release);
    FIRST_GONE.store(false, Ordering::Release);
    mark_first_thread();
    if !locked {
        ask_for_restart();
    }
}

fn ask_for_restart() {
    if imports::initialized() && !imports::finalizing() {
        // Where the queue is full, the process goes on without an agent.
        pending::ask(restart_pending);
    }
}

/// The pending call: runs in the interpreter's main thread, with the GIL.
extern "C" fn restart_pending(_: *mut c_void) -> c_int {
    let _ = catch_unwind(|| {
        if RUNNING_IN.load(Ordering::Acquire) == 0 && state() & CLOSED == 0 {
            if in_fork_callback() {
                // It comes again between the next two instructions.
                return ask_for_restart();
            }
            trigger::prepare();
            clear(STOP);
            let _ = start_thread();
        }
    });
    0
}
