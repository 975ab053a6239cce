//! What threads wait for and with: locks, threads, events, conditions, semaphores, barriers, queues, futures.
//!
//! The classes of `threading`, `queue` and `concurrent.futures` are made in Python: they are shown by attributes that
//! those modules give every instance, and as a plain instance where one is missing.

use super::class::Class;
use super::form::Form;
use super::number::{push_address, push_decimal, push_signed};
use super::{Work, push_head};
use crate::python::memory::{Address, Fault, Memory};
use crate::snapshot::{Kind, Value};

/// `lockobject` of `Modules/_threadmodule.c`. Up to 3.13.0: `lock_lock`, `in_weakreflist`, `locked`. Later 3.13 and 3.14+: a
/// `PyMutex` and nothing else, which tells the two apart.
mod lock {
    pub(super) const LOCKED: u16 = 32;
    pub(super) const MUTEX: u16 = 16;
    /// Of the whole object, with a mutex and the head of a build with the GIL.
    pub(super) const SIZE_WITH_MUTEX: u16 = 24;
}

/// `rlockobject` of the same file. Up to 3.13: `rlock_lock`, `rlock_owner`, `rlock_count`, `in_weakreflist`. 3.14+: a
/// `_PyRecursiveMutex` of mutex, thread and level, which is how often beyond once.
mod rlock {
    pub(super) const MUTEX: u16 = 16;
    pub(super) const OWNER: u16 = 24;
    pub(super) const COUNT: u16 = 32;
}

/// `PyMutex`: the lowest bit says that it is locked (`Include/internal/pycore_lock.h`).
const MUTEX_LOCKED: u8 = 1;

/// `simplequeueobject` of `Modules/_queuemodule.c`. Up to 3.12: a list and the index of the first item that was not taken.
/// 3.13+: a ring buffer and the number of its items.
mod simple_queue {
    pub(super) const LIST: u16 = 32;
    pub(super) const TAKEN: u16 = 40;
    pub(super) const COUNT: u16 = 56;
}

/// `PyThreadHandleObject.handle` of `Modules/_threadmodule.c`, 3.13+ …
const THREAD_HANDLE: u16 = 16;
/// … and `thread_is_exiting` of the `ThreadHandle` that it points to: behind two list nodes, ident, OS handle,
/// `has_os_handle`, `state` and the mutex. A `PyEvent` that is set is 1.
const THREAD_IS_EXITING: usize = 57;

impl<M: Memory> Work<'_, '_, '_, M> {
    fn private_word(&self, object: Address, offset: u16) -> Result<usize, Fault> {
        self.memory.word(object.wrapping_add(self.objects.private(offset)))
    }

    fn private_byte(&self, object: Address, offset: u16) -> Result<u8, Fault> {
        self.memory.u8(object.wrapping_add(self.objects.private(offset)))
    }

    /// `<locked _thread.lock object at 0x7f…>`.
    pub(super) fn lock(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let locked = if class.basicsize <= self.objects.private(lock::SIZE_WITH_MUTEX) {
            self.private_byte(object, lock::MUTEX)? & MUTEX_LOCKED != 0
        } else {
            self.private_byte(object, lock::LOCKED)? != 0
        };
        self.leaf(slot, class, |out| {
            push_head(out, if locked { "locked " } else { "unlocked " }, class, object);
            out.push('>');
            Ok(())
        })
    }

    /// `<locked _thread.RLock object owner=140… count=1 at 0x7f…>`.
    pub(super) fn rlock(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let owner = self.private_word(object, rlock::OWNER)?;
        let mut count = self.private_word(object, rlock::COUNT)?;
        if self.version.at_least(14) {
            count = if self.private_byte(object, rlock::MUTEX)? & MUTEX_LOCKED != 0 { count + 1 } else { 0 };
        }
        self.leaf(slot, class, |out| {
            out.extend([if count > 0 { "<locked " } else { "<unlocked " }, &class.full, " object owner="]);
            push_decimal(out, if count > 0 { owner as u64 } else { 0 });
            out.push_str(" count=");
            push_decimal(out, count as u64);
            out.push_str(" at ");
            push_address(out, object);
            out.push('>');
            Ok(())
        })
    }

    /// Whether an attribute is `True`.
    fn is_true(&self, object: Address, class: &Class, name: &str) -> bool {
        self.attribute(object, class, name).is_some_and(|value| value == self.known.yes)
    }

    /// An attribute that is a small `int`.
    pub(super) fn number_of(&mut self, object: Address, class: &Class, name: &str) -> Option<i64> {
        let value = self.attribute(object, class, name)?;
        let of = self.class_of(value).ok()?;
        if of.form == Form::Int { self.small_int(value).ok() } else { None }
    }

    /// How many items an attribute has that is a list or a deque.
    fn count_of(&mut self, object: Address, class: &Class, name: &str) -> Option<usize> {
        let value = self.attribute(object, class, name)?;
        let of = self.class_of(value).ok()?;
        match of.form {
            Form::List | Form::Deque => self.word(value, self.objects.var_size).ok(),
            _ => None,
        }
    }

    /// `<Thread(worker-1, started daemon 140233099)>`, as `Thread.__repr__`.
    pub(super) fn thread(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (Some(name), Some(started)) =
            (self.attribute(object, class, "_name"), self.attribute(object, class, "_started"))
        else {
            return self.instance(slot, object, class);
        };
        let of = self.class_of(started)?;
        let started = of.form == Form::Event && self.is_true(started, &of, "_flag");
        let stopped = self.is_true(object, class, "_is_stopped") || self.has_exited(object, class);
        let daemon = self.is_true(object, class, "_daemonic");
        let ident = self.number_of(object, class, "_ident");
        let mut title = String::new();
        if self.push_name(&mut title, name).is_err() {
            return self.instance(slot, object, class);
        }
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.short, "(", &title, ", "]);
            out.push_str(match (stopped, started) {
                (true, _) => "stopped",
                (_, true) => "started",
                _ => "initial",
            });
            if daemon {
                out.push_str(" daemon");
            }
            if let Some(ident) = ident {
                out.push(' ');
                push_signed(out, ident);
            }
            out.push_str(")>");
            Ok(())
        })
    }

    /// What a thread's handle says of 3.13+ (`_handle`, from 3.14 on `_os_thread_handle`).
    fn has_exited(&mut self, object: Address, class: &Class) -> bool {
        let handle = self.attribute(object, class, "_handle");
        let Some(handle) = handle.or_else(|| self.attribute(object, class, "_os_thread_handle")) else {
            return false;
        };
        let is_handle =
            self.class_of(handle).is_ok_and(|of| of.is_made_in_c && &*of.full == "_thread._ThreadHandle");
        let exiting = || {
            let inner = self.memory.pointer(handle.wrapping_add(self.objects.private(THREAD_HANDLE)))?;
            self.memory.u8(inner.wrapping_add(THREAD_IS_EXITING))
        };
        is_handle && exiting().is_ok_and(|exiting| exiting & 1 != 0)
    }

    /// `<threading.Event at 0x7f…: unset>`.
    pub(super) fn event(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let set = self.is_true(object, class, "_flag");
        self.state(slot, object, class, if set { "set" } else { "unset" })
    }

    /// `<threading.Event at 0x7f…: unset>` for any class and state.
    fn state(&mut self, slot: u32, object: Address, class: &Class, state: &str) -> Result<(), Fault> {
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.full, " at "]);
            push_address(out, object);
            out.extend([": ", state, ">"]);
            Ok(())
        })
    }

    /// `<Condition(<unlocked _thread.RLock object …>, 2)>`: its lock, and how many wait.
    pub(super) fn condition(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (Some(lock), Some(waiters)) =
            (self.attribute(object, class, "_lock"), self.count_of(object, class, "_waiters"))
        else {
            return self.instance(slot, object, class);
        };
        let inner = self.wrap(slot, class.text, &format!("<{}(", class.short), ")>", 2);
        self.child(inner, lock, 1);
        let open = self.write(|out| {
            push_decimal(out, waiters as u64);
            Ok(())
        })?;
        self.node(inner + 1, Value { kind: Kind::Leaf, open, ..Value::default() });
        Ok(())
    }

    /// `<threading.Semaphore at 0x7f…: value=1>`, `value=1/2` where it is bounded.
    pub(super) fn semaphore(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let Some(value) = self.number_of(object, class, "_value") else {
            return self.instance(slot, object, class);
        };
        let mut state = String::from("value=");
        push_signed(&mut state, value);
        if let Some(initial) = self.number_of(object, class, "_initial_value") {
            state.push('/');
            push_signed(&mut state, initial);
        }
        self.state(slot, object, class, &state)
    }

    /// `<threading.Barrier at 0x7f…: waiters=1/3>`.
    pub(super) fn barrier(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let numbers = ["_state", "_count", "_parties"].map(|name| self.number_of(object, class, name));
        let [Some(state), Some(count), Some(parties)] = numbers else {
            return self.instance(slot, object, class);
        };
        let mut words = String::from("broken");
        if state != -2 {
            words = String::from("waiters=");
            push_signed(&mut words, count);
            words.push('/');
            push_signed(&mut words, parties);
        }
        self.state(slot, object, class, &words)
    }

    /// `<queue.Queue object at 0x7f… maxsize=0 size=3 unfinished=3>`.
    pub(super) fn queue(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let Some(size) = self.count_of(object, class, "queue") else {
            return self.instance(slot, object, class);
        };
        let limit = self.number_of(object, class, "maxsize");
        let unfinished = self.number_of(object, class, "unfinished_tasks");
        self.leaf(slot, class, |out| {
            push_head(out, "", class, object);
            for (name, number) in
                [(" maxsize=", limit), (" size=", i64::try_from(size).ok()), (" unfinished=", unfinished)]
            {
                if let Some(number) = number {
                    out.push_str(name);
                    push_signed(out, number);
                }
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<_queue.SimpleQueue object at 0x7f… size=3>`.
    pub(super) fn simple_queue(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let size = if self.version.at_least(13) {
            self.private_word(object, simple_queue::COUNT)?
        } else {
            let list = self.memory.pointer(object.wrapping_add(self.objects.private(simple_queue::LIST)))?;
            let size = self.word(list, self.objects.var_size)?;
            size.saturating_sub(self.private_word(object, simple_queue::TAKEN)?)
        };
        self.leaf(slot, class, |out| {
            push_head(out, "", class, object);
            out.push_str(" size=");
            push_decimal(out, size as u64);
            out.push('>');
            Ok(())
        })
    }

    /// `<Future at 0x7f… state=finished returned int>`, as `Future.__repr__` of `concurrent.futures`.
    pub(super) fn future(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let mut state = String::new();
        let named = self.attribute(object, class, "_state").ok_or(Fault);
        if named.and_then(|name| self.push_name(&mut state, name)).is_err() {
            return self.instance(slot, object, class);
        }
        let mut outcome = None;
        if state == "FINISHED" {
            let error = self.attribute(object, class, "_exception").filter(|&error| error != self.known.none);
            let result = self.attribute(object, class, "_result");
            outcome = match (error, result) {
                (Some(error), _) => Some((" raised ", self.class_of(error)?)),
                (None, Some(result)) => Some((" returned ", self.class_of(result)?)),
                _ => None,
            };
        }
        state.make_ascii_lowercase();
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.short, " at "]);
            push_address(out, object);
            out.extend([" state=", &state]);
            if let Some((how, of)) = outcome {
                out.extend([how, &of.short]);
            }
            out.push('>');
            Ok(())
        })
    }
}
