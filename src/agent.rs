//! The agent inside the watched process: the run loop, and the only place where trigger, capture, render and sink meet.
//!
//! One thread does everything. Dormant it waits on a semaphore. For each dump it takes the GIL, captures, lets go, and
//! then, at leisure, renders and writes. What it may block on: the semaphore, the GIL, the disk.

mod boot;
pub mod lifecycle;
pub mod lookout;
pub mod sink;
pub mod trigger;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use crate::capture::{self, Settings, Target};
use crate::config::{self, Config, Locals, RedactSetting, signal};
use crate::redact::Redact;
use crate::render::source::SourceCache;
use crate::render::text;
use crate::snapshot::{Missed, Snapshot, Trigger};
use crate::{kernel, python};
use lookout::Lookout;
use sink::Sink;
use trigger::{Instant, Schedule};

/// What the agent's thread works with, in one process.
#[derive(Debug)]
struct Agent {
    config: &'static Config,
    pid: u32,
    /// When the library was loaded, or the process forked.
    start: Instant,
    schedule: Option<Schedule>,
    /// Until it has seen that the signal is the script's.
    lookout: Option<Lookout>,
    /// A note for the next dump.
    unsaid: Option<String>,
    sink: Sink,
    settings: Settings,
    /// Looked up for the first dump.
    target: Option<Target>,
    sources: SourceCache,
    sequence: u64,
    /// The dump and its text; kept for their capacity.
    snapshot: Snapshot,
    text: String,
}

static CONFIG: OnceLock<Config> = OnceLock::new();

/// The agent while it has no thread: before its first, and over a fork.
static AT_REST: Mutex<Option<Agent>> = Mutex::new(None);

/// Starts the agent in the process that the library is loaded into. `announce` is told where dumps will go, `None` for
/// standard error.
fn start(config: Config, start: Instant, announce: impl FnOnce(&Config, Option<&Path>)) -> io::Result<()> {
    let config = CONFIG.get_or_init(|| config);
    sink::remember_stderr();
    let agent = Agent::new(config, start);
    announce(config, agent.sink.path());
    put_to_rest(agent);
    lifecycle::start(run)
}

/// One thread at a time comes here. What a fork has found locked stays so in the child, which must not wait for it.
fn put_to_rest(agent: Agent) {
    if let Ok(mut slot) = AT_REST.try_lock() {
        *slot = Some(agent);
    }
}

/// The body of the agent's thread.
fn run() {
    let resting = AT_REST.try_lock().ok().and_then(|mut slot| slot.take());
    let here = |agent: &Agent| agent.pid == std::process::id();
    let Some(mut agent) =
        resting.filter(here).or_else(|| CONFIG.get().map(|config| Agent::new(config, trigger::now())))
    else {
        return;
    };
    while !lifecycle::stopping() {
        lifecycle::wait_for_interpreter();
        agent.watch();
        lifecycle::wait_for_end();
    }
    put_to_rest(agent);
}

impl Agent {
    /// For this process, loaded or forked at `start`.
    fn new(config: &'static Config, start: Instant) -> Agent {
        let pid = std::process::id();
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let interval = config.interval.map(|interval| u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX));
        Agent {
            config,
            pid,
            start,
            schedule: interval.map(|interval| Schedule::new(start, interval)),
            lookout: config.signal.and_then(|_| Lookout::new(trigger::now())),
            unsaid: None,
            sink: Sink::new(&config.log, config.log_max, pid, &here),
            settings: settings(config),
            target: None,
            sources: SourceCache::new(trigger::unix_time()),
            sequence: 0,
            snapshot: Snapshot::default(),
            text: String::new(),
        }
    }

    /// Takes dumps until the gate closes or a fork wants the thread ended.
    fn watch(&mut self) {
        while !lifecycle::closed() && !lifecycle::stopping() {
            let until_look = self.lookout.map(|lookout| lookout.patience(trigger::now()));
            let patience = [lifecycle::patience(), until_look].into_iter().flatten().min();
            let woken = trigger::wait(self.schedule.as_ref().map(Schedule::next), patience);
            let trigger = Trigger {
                signal: self.config.signal.filter(|_| woken.signal),
                interval: woken.deadline,
                notice: false,
            };
            if trigger != Trigger::default() {
                self.dump(trigger);
            }
            self.look_out();
        }
    }

    /// Looks now and then whether the signal is still ours. Where it is not, the next dump by the interval says so, or, as none
    /// may ever be asked for, a dump without threads.
    fn look_out(&mut self) {
        let Some(lookout) = &mut self.lookout else { return };
        let mut signal = None;
        let replaced = || {
            signal = trigger::replaced();
            signal.is_some()
        };
        if !lookout.look(trigger::now(), replaced) {
            return;
        }
        self.lookout = None;
        self.unsaid = signal.map(signal_is_taken);
        if self.schedule.is_none()
            && let Some(entered) = lifecycle::enter()
        {
            self.snapshot.reset();
            self.snapshot.time = trigger::unix_time();
            self.snapshot.trigger.notice = true;
            self.conclude();
            drop(entered);
        }
    }

    fn dump(&mut self, trigger: Trigger) {
        let Some(entered) = lifecycle::enter() else {
            return self.put_off(trigger, None);
        };
        let started = trigger::now();
        let missed = self.schedule.as_mut().map(|schedule| schedule.begin(started)).unwrap_or_default();
        if self.target.is_none() {
            self.target = python::version().and_then(Target::find);
        }
        let Some(target) = &self.target else { return };
        let snapshot = &mut self.snapshot;
        snapshot.reset();
        if self.sequence == 0 {
            snapshot.prepare(kernel::thread_count());
        }
        let agent = capture::own_ident();
        let captured = entered.attached(|attached| {
            let acquired = trigger::now();
            snapshot.time = trigger::unix_time();
            // A dump cut short by a fault of ours is still a dump.
            let captured = catch_unwind(AssertUnwindSafe(|| {
                capture::attached(attached, target, &self.settings, agent, snapshot);
            }));
            if captured.is_err() {
                snapshot.notes.push("Tripod failed: what follows may be incomplete.".to_owned());
            }
            (acquired, trigger::now())
        });
        let Some((acquired, released)) = captured else {
            return self.put_off(trigger, Some((started, missed)));
        };
        snapshot.trigger = trigger;
        snapshot.missed = missed;
        snapshot.hold.waited = acquired.saturating_sub(started);
        snapshot.hold.held = released.saturating_sub(acquired);
        self.conclude();
        if let Some(schedule) = &mut self.schedule {
            schedule.end(acquired, trigger::now());
        }
        drop(entered);
    }

    /// Sees to it that a trigger that a fork came before is answered after it. What an ending interpreter left
    /// unanswered stays so.
    fn put_off(&mut self, trigger: Trigger, begun: Option<(Instant, Missed)>) {
        if !lifecycle::stopping() {
            return;
        }
        if trigger.signal.is_some() {
            trigger::again();
        }
        if let (Some(schedule), Some((started, missed)), true) = (&mut self.schedule, begun, trigger.interval)
        {
            schedule.retry(started, missed);
        }
    }

    /// Makes a dump of what was captured, and writes it.
    fn conclude(&mut self) {
        self.sequence += 1;
        self.snapshot.sequence = self.sequence;
        let unsaid = self.unsaid.take();
        self.snapshot.notes.extend(unsaid.clone());
        self.describe();
        self.write();
        if let Some(note) = unsaid.filter(|_| self.sink.failing()) {
            sink::tell(&format!("[Tripod] {note}"));
        }
    }

    /// Adds what the kernel knows.
    fn describe(&mut self) {
        let Snapshot { process, threads, arena, .. } = &mut self.snapshot;
        process.pid = self.pid;
        process.host = kernel::host();
        process.command = kernel::command_line(&self.settings.redact);
        process.python = python::describe();
        process.uptime = trigger::now().saturating_sub(self.start);
        kernel::sockets::complete(arena);
        for thread in threads {
            if thread.main {
                // A fork by C code that does not tell the interpreter leaves it with the id that the parent has.
                let here = |native_id: &u32| kernel::thread_name(*native_id).is_some();
                thread.native_id = thread.native_id.filter(here).or(Some(self.pid));
            }
            if let (None, Some(native_id)) = (thread.name, thread.native_id) {
                thread.name = kernel::thread_name(native_id).map(|name| arena.push_text(&name));
            }
        }
    }

    fn write(&mut self) {
        let snapshot = &self.snapshot;
        let signal_name = snapshot.trigger.signal.map(|number| signal::name(number, boot::signal_range()));
        let options = text::Options {
            signal_name: signal_name.as_deref().unwrap_or_default(),
            locals: match self.config.locals {
                Locals::All => text::Locals::All,
                Locals::Args => text::Locals::Arguments,
                Locals::None => text::Locals::None,
            },
        };
        self.text.clear();
        text::dump(snapshot, options, &mut self.sources, &mut self.text);
        if let Some(remark) = self.sink.append(self.text.as_bytes()) {
            sink::tell(&remark);
        }
    }
}

/// What to say of a signal that the program has taken.
fn signal_is_taken(number: i32) -> String {
    let name = signal::name(number, boot::signal_range());
    format!(
        "The program has its own use for {name}, so that it may not ask for dumps any more: choose another signal with \
         TRIPOD_SIGNAL or tripod-preload --signal."
    )
}

/// What the variables ask of a capture.
fn settings(config: &Config) -> Settings {
    Settings {
        variables: match config.locals {
            Locals::All => capture::Variables::All,
            Locals::Args => capture::Variables::Arguments,
            Locals::None => capture::Variables::None,
        },
        globals: match config.globals {
            config::Globals::Data => capture::Globals::Data,
            config::Globals::All => capture::Globals::All,
            config::Globals::None => capture::Globals::None,
        },
        limits: config.limits,
        redact: match &config.redact {
            RedactSetting::BuiltInAnd(names) => Redact::new(names),
            RedactSetting::Off => Redact::off(),
        },
        max_pause: u64::try_from(config.max_pause.as_nanos()).unwrap_or(u64::MAX),
        clock: trigger::now,
    }
}
