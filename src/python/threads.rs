//! The process's interpreters and their thread states, from `_PyRuntime` on.
//!
//! CPython keeps both as chains, newest first; here they come in the order of creation, the main thread first. A chain
//! that is too long, goes round in circles or cannot be read ends where it does, and the list says so. Neither blocks
//! nor allocates in the interpreter.

use super::layout::{Layout, NONE, Offset};
use super::memory::{Address, Fault, Memory};

/// More interpreters than any program has.
const MAX_INTERPRETERS: u32 = 10_000;

/// More threads than one process can have by default (`kernel.threads-max` of a machine of 64 GiB).
const MAX_THREADS: u32 = 500_000;

/// What a whole chain holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain<T> {
    /// In the order of creation.
    pub all: Vec<T>,
    /// There may be more (older ones): the chain could not be followed to its end.
    pub damaged: bool,
}

/// A `PyInterpreterState`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Where it stands.
    pub address: Address,
    /// 0 for the main one.
    pub id: i64,
    /// The dict `sys.modules`; `None` before there is one and while it is being torn down.
    pub modules: Option<Address>,
    /// Whether who holds the main interpreter's GIL holds this one's. Always so before 3.12.
    pub shares_gil_with_main: bool,
    /// Its thread states, the main thread first.
    pub threads: Chain<Thread>,
}

/// A `PyThreadState` that is bound to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Where it stands.
    pub address: Address,
    /// The `pthread_t`, Python's `get_ident()`.
    pub ident: u64,
    /// The kernel's thread id; 3.11+.
    pub native_id: Option<u32>,
    /// It runs the main program, in the main interpreter.
    pub main: bool,
}

/// Every interpreter of the process whose `_PyRuntime` stands at `runtime`, with its threads.
///
/// # Errors
/// [`Fault`] where `_PyRuntime` itself cannot be read.
pub fn interpreters<M: Memory>(
    memory: M,
    layout: &Layout,
    runtime: Address,
) -> Result<Chain<Interpreter>, Fault> {
    let walk = &layout.walk;
    let newest = memory.word(runtime + usize::from(walk.runtime.interpreters))?;
    let main_thread = memory.word(runtime + usize::from(walk.runtime.main_thread))? as u64;
    let mut chain = follow(memory, newest, walk.interpreter.next, MAX_INTERPRETERS, |address| {
        interpreter(memory, layout, address, main_thread)
    });
    let gil_of = |interpreter: &Interpreter| match walk.interpreter.gil {
        NONE => None,
        offset => memory.word(interpreter.address + usize::from(offset)).ok(),
    };
    let main_gil = chain.all.iter().find(|interpreter| interpreter.id == 0).and_then(gil_of);
    for interpreter in &mut chain.all {
        interpreter.shares_gil_with_main = walk.interpreter.gil == NONE || gil_of(interpreter) == main_gil;
    }
    Ok(chain)
}

/// Whether the process has one interpreter and no more.
pub fn is_alone<M: Memory>(memory: M, layout: &Layout, runtime: Address) -> bool {
    let walk = &layout.walk;
    let newest = memory.pointer(runtime + usize::from(walk.runtime.interpreters));
    newest.and_then(|newest| memory.word(newest + usize::from(walk.interpreter.next))) == Ok(0)
}

fn interpreter<M: Memory>(
    memory: M,
    layout: &Layout,
    address: Address,
    main_thread: u64,
) -> Result<Option<Interpreter>, Fault> {
    let offsets = &layout.walk.interpreter;
    let id = i64::from_ne_bytes(memory.array(address + usize::from(offsets.id))?);
    let newest = memory.word(address + usize::from(offsets.threads))?;
    let mut threads = follow(memory, newest, layout.walk.thread.next, MAX_THREADS, |address| {
        thread(memory, layout, address)
    });
    if id == 0 {
        // A thread that was made but has not begun may still bear the ident of the one that made it (before 3.12), so
        // that only the oldest can be the main one.
        if let Some(at) = threads.all.iter().position(|thread| thread.ident == main_thread) {
            threads.all[at].main = true;
            threads.all[..=at].rotate_right(1);
        }
    }
    let modules = memory.pointer(address + usize::from(offsets.modules)).ok();
    Ok(Some(Interpreter {
        address,
        id,
        modules: modules.filter(|modules| is_dict(memory, layout, *modules)),
        shares_gil_with_main: true,
        threads,
    }))
}

fn thread<M: Memory>(memory: M, layout: &Layout, address: Address) -> Result<Option<Thread>, Fault> {
    let offsets = &layout.walk.thread;
    let ident = memory.word(address + usize::from(offsets.ident))? as u64;
    if ident == 0 {
        // Made, but no thread runs it yet (3.12+).
        return Ok(None);
    }
    let native_id = match offsets.native_id {
        NONE => None,
        offset => u32::try_from(memory.word(address + usize::from(offset))?).ok().filter(|id| *id != 0),
    };
    Ok(Some(Thread { address, ident, native_id, main: false }))
}

/// Guards against a patch release that moved the member: what is shown as a dict must be one.
fn is_dict<M: Memory>(memory: M, layout: &Layout, object: Address) -> bool {
    let name_of_class = || {
        let class = memory.pointer(object + usize::from(layout.objects.object_type))?;
        memory.array(memory.pointer(class + usize::from(layout.objects.type_name))?)
    };
    name_of_class() == Ok(*b"dict\0")
}

/// Follows a chain from its newest member on, and turns it round. `read` gives nothing for a member to be left out.
fn follow<M: Memory, T>(
    memory: M,
    newest: Address,
    next: Offset,
    limit: u32,
    mut read: impl FnMut(Address) -> Result<Option<T>, Fault>,
) -> Chain<T> {
    let mut chain = Chain { all: Vec::new(), damaged: false };
    let mut address = newest;
    let mut circle = Circle::new();
    while address != 0 {
        let (Ok(member), Ok(older)) = (read(address), memory.word(address + usize::from(next))) else {
            chain.damaged = true;
            break;
        };
        chain.all.extend(member);
        if circle.closed_by(older) || circle.steps() >= limit {
            chain.damaged = true;
            break;
        }
        address = older;
    }
    chain.all.reverse();
    chain
}

/// Finds out that a chain goes round in circles (Brent's way): every member is compared with one that was met before,
/// which is replaced at each power of two.
pub(crate) struct Circle {
    mark: Address,
    steps: u32,
}

impl Circle {
    pub(crate) fn new() -> Circle {
        Circle { mark: 0, steps: 0 }
    }

    /// Goes on to `address`; true when that was met before.
    #[inline]
    pub(crate) fn closed_by(&mut self, address: Address) -> bool {
        if address != 0 && address == self.mark {
            return true;
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps.is_power_of_two() {
            self.mark = address;
        }
        false
    }

    /// How many members were met.
    #[inline]
    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::layout::Version;

    const RUNTIME: Address = 0x10000;
    const MAIN: Address = 0x11000;
    const SECOND: Address = 0x12000;
    const MODULES: Address = 0x13000;
    const DICT: Address = 0x13100;
    const NAME: Address = 0x13200;
    const THREADS: Address = 0x14000;

    /// Words where they are put, and zeros around them.
    #[derive(Clone, Copy)]
    struct Words<'a>(&'a [(Address, usize)]);

    impl Memory for Words<'_> {
        fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
            if !(RUNTIME..0x20000).contains(&address) {
                return Err(Fault);
            }
            let word = self.0.iter().rfind(|(at, _)| *at == address).map_or(0, |(_, word)| *word);
            into.copy_from_slice(&word.to_ne_bytes()[..into.len()]);
            Ok(())
        }
    }

    fn thread_at(index: usize) -> Address {
        THREADS + index * 0x200
    }

    /// Two interpreters; the main one has four threads, of which the second to be made is the main thread, and one
    /// that is not bound yet.
    fn process(layout: &Layout) -> Vec<(Address, usize)> {
        let walk = &layout.walk;
        let at = |base: Address, offset: Offset| base + usize::from(offset);
        let mut words = vec![
            (at(RUNTIME, walk.runtime.interpreters), SECOND),
            (at(RUNTIME, walk.runtime.main_thread), 77),
            (at(SECOND, walk.interpreter.next), MAIN),
            (at(SECOND, walk.interpreter.id), 1),
            (at(SECOND, walk.interpreter.gil), 0x9999),
            (at(SECOND, walk.interpreter.modules), NAME),
            (at(MAIN, walk.interpreter.gil), 0x8888),
            (at(MAIN, walk.interpreter.threads), thread_at(4)),
            (at(MAIN, walk.interpreter.modules), MODULES),
            (at(MODULES, layout.objects.object_type), DICT),
            (at(DICT, layout.objects.type_name), NAME),
            (NAME, usize::from_ne_bytes(*b"dict\0\0\0\0")),
        ];
        for (index, ident) in [(0, 55), (1, 77), (2, 77), (3, 0), (4, 99)] {
            words.push((at(thread_at(index), walk.thread.ident), ident));
            words.push((at(thread_at(index), walk.thread.native_id), index));
            words.push((
                at(thread_at(index), walk.thread.next),
                if index > 0 { thread_at(index - 1) } else { 0 },
            ));
        }
        words
    }

    fn layout() -> Layout {
        let version = Version { major: 3, minor: 12, micro: 0, free_threaded: false, debug: false };
        Layout::find(Words(&[]), RUNTIME, version).expect("a frozen table")
    }

    #[test]
    fn threads_come_in_the_order_of_creation_the_main_one_first() {
        let layout = layout();
        let found = interpreters(Words(&process(&layout)), &layout, RUNTIME).expect("readable");
        assert!(!found.damaged);
        let [main, second] = &found.all[..] else { panic!("{found:?}") };
        assert_eq!((main.id, main.shares_gil_with_main, main.modules), (0, true, Some(MODULES)));
        assert_eq!((second.id, second.shares_gil_with_main, second.modules), (1, false, None));
        let threads: Vec<_> = main.threads.all.iter().map(|t| (t.address, t.ident, t.main)).collect();
        let expected = [(1, 77, true), (0, 55, false), (2, 77, false), (4, 99, false)]
            .map(|(i, id, m)| (thread_at(i), id, m));
        assert_eq!(threads, expected);
        assert_eq!(main.threads.all[0].native_id, Some(1));
        assert_eq!(main.threads.all[1].native_id, None);
        assert!(second.threads.all.is_empty() && !main.threads.damaged);
    }

    #[test]
    fn a_chain_that_does_not_end_is_cut() {
        let layout = layout();
        let mut words = process(&layout);
        let next = usize::from(layout.walk.thread.next);
        words.push((thread_at(0) + next, thread_at(2)));
        let found = interpreters(Words(&words), &layout, RUNTIME).expect("readable");
        assert!(found.all[0].threads.damaged && found.all[0].threads.all.len() < 12, "{found:?}");
        words.push((thread_at(2) + next, 0x30000));
        let found = interpreters(Words(&words), &layout, RUNTIME).expect("readable");
        assert!(found.all[0].threads.damaged);
        assert_eq!(found.all[0].threads.all.len(), 2, "those before the break");
        words.push((MAIN + usize::from(layout.walk.interpreter.next), SECOND));
        assert!(interpreters(Words(&words), &layout, RUNTIME).expect("readable").damaged);
        assert_eq!(interpreters(Words(&words), &layout, 0x2000), Err(Fault));
    }
}
