//! The agent inside the watched process: the run loop, and the only place where trigger, capture, render and sink meet.
//!
//! One thread does everything. Dormant it waits on a semaphore. For each dump it takes the GIL, captures, lets go, and
//! then, at leisure, renders and writes. What it may block on: the semaphore, the GIL, the disk.

mod boot;
pub mod lifecycle;
pub mod sink;
pub mod trigger;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::config::{Config, signal};
use crate::snapshot::Trigger;
use sink::Sink;
use trigger::{Instant, Schedule};

/// What the agent's thread works with.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    /// When the library was loaded.
    start: Instant,
    sink: Sink,
    sequence: u64,
}

/// Handed from the thread that starts the agent to the agent's own.
static HANDED_OVER: Mutex<Option<Agent>> = Mutex::new(None);

impl Agent {
    /// For this process, loaded at `start`.
    fn new(config: Config, start: Instant) -> Agent {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let sink = Sink::new(&config.log, config.log_max, std::process::id(), &here);
        Agent { config, start, sink, sequence: 0 }
    }

    fn config(&self) -> &Config {
        &self.config
    }

    /// Where dumps will go; `None` is standard error.
    fn log_path(&self) -> Option<&Path> {
        self.sink.path()
    }

    /// Gives the agent to a thread of its own.
    fn start(self, start_thread: fn(fn()) -> io::Result<()>) -> io::Result<()> {
        if let Ok(mut slot) = HANDED_OVER.lock() {
            *slot = Some(self);
        }
        start_thread(|| {
            let agent = HANDED_OVER.lock().ok().and_then(|mut slot| slot.take());
            if let Some(mut agent) = agent {
                agent.run();
            }
        })
    }

    fn run(&mut self) {
        loop {
            lifecycle::wait_for_interpreter();
            self.watch();
            lifecycle::wait_for_end();
        }
    }

    /// Takes dumps until the gate closes.
    fn watch(&mut self) {
        let interval =
            self.config.interval.map(|interval| u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX));
        let mut schedule = interval.map(|interval| Schedule::new(self.start, interval));
        while !lifecycle::closed() {
            let woken = trigger::wait(schedule.as_ref().map(Schedule::next));
            let trigger =
                Trigger { signal: self.config.signal.filter(|_| woken.signal), interval: woken.deadline };
            if trigger == Trigger::default() {
                continue;
            }
            let Some(entered) = lifecycle::enter() else { return };
            lifecycle::ensure_gate(&entered);
            let _ = (trigger, &mut schedule, signal::name);
            drop(crate::python::Attached::acquire());
            self.sequence += 1;
            let text = format!("dump {} of {:?}\n", self.sequence, trigger);
            if let Some(remark) = self.sink.append(text.as_bytes()) {
                sink::tell(&remark);
            }
            drop(entered);
        }
    }
}
