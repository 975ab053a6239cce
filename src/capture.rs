//! From the interpreter to a [`Snapshot`]: all threads in one hold of the GIL.
//!
//! First the stacks of all threads, then their values, the innermost frames of every thread first: so that a limit on
//! time or size never costs a stack, and costs values where they tell least. Runs no Python code, calls no slot,
//! takes and drops no reference, allocates nothing in the interpreter; walks memory by layout.
//!
//! Where the main interpreter's GIL does not keep an interpreter still (any other one from 3.12 on, a free-threaded build
//! whose world cannot be stopped) memory is read so that it may be gone, and there are stacks without values.
#![allow(unsafe_code)]

use std::cell::OnceCell;

use crate::budget::{Budget, Limits};
use crate::python::code::{Codes, Scope, Slot};
use crate::python::frames::{self, RawFrame, Types};
use crate::python::known::Known;
use crate::python::layout::{Layout, Refusal, Version};
use crate::python::memory::{Address, Checked, Fault, Held, Memory};
use crate::python::threading;
use crate::python::threads::{self, Interpreter};
use crate::python::values::Reader;
use crate::python::verify;
use crate::python::world::StoppedWorld;
use crate::python::{Attached, imports};
use crate::redact::Redact;
use crate::snapshot::{Cut, Frame, Role, Run, Snapshot, Thread, Variable};

/// Which variables are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// All of a function's, and a module's as [`Globals`] says.
    All,
    /// Arguments only.
    Arguments,
    /// None.
    None,
}

/// Which of a module's variables are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Globals {
    /// All but modules, functions, classes and names like `__this__`.
    Data,
    /// All.
    All,
    /// None.
    None,
}

/// What to capture.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which variables.
    pub variables: Variables,
    /// Which globals.
    pub globals: Globals,
    /// How much.
    pub limits: Limits,
    /// Which values are masked.
    pub redact: Redact,
    /// How long the GIL may be held, in nanoseconds.
    pub max_pause: u64,
    /// A monotonic clock, in nanoseconds.
    pub clock: fn() -> u64,
}

/// What is known of this process's interpreter, found once.
#[derive(Debug)]
pub struct Target {
    version: Version,
    runtime: Address,
    layout: Result<Layout, Refusal>,
    types: Types,
    known: Known,
    /// Whether the layout was found to be true of this interpreter; `None` before it was asked.
    confirmed: OnceCell<bool>,
}

impl Target {
    /// Looks everything up; needs no GIL. `None` where the interpreter hides even its symbols.
    pub fn find(version: Version) -> Option<Target> {
        let find = |name: &str| imports::symbol_named(name);
        let runtime = find("_PyRuntime")?;
        Some(Target {
            version,
            runtime,
            layout: Layout::find(Checked::new(), runtime, version),
            types: Types { code: find("PyCode_Type")?, cell: find("PyCell_Type")? },
            known: Known::resolve(find),
            confirmed: OnceCell::new(),
        })
    }

    /// The layout, confirmed with the GIL held.
    fn layout(&self, _attached: &Attached<'_>) -> Result<&Layout, String> {
        let layout = self.layout.as_ref().map_err(|refusal| refused(*refusal))?;
        let confirm = || verify::holds(layout, &self.types, &self.known, self.runtime, own_ident());
        if *self.confirmed.get_or_init(confirm) {
            Ok(layout)
        } else {
            Err("No threads: the interpreter is not laid out as its version is.".to_owned())
        }
    }
}

/// Fills the threads, frames, variables and values of an empty `snapshot`; the thread whose ident is `agent` is left out.
/// Runs in whichever thread holds the GIL.
pub fn attached(
    attached: &Attached<'_>,
    target: &Target,
    settings: &Settings,
    agent: u64,
    snapshot: &mut Snapshot,
) {
    let began = (settings.clock)();
    let layout = match target.layout(attached) {
        Ok(layout) => layout,
        Err(note) => return snapshot.notes.push(note),
    };
    // SAFETY: the GIL is held, or the world is stopped, until this function returns; what is not kept still by that is
    // read with `checked`. The layout is that of this interpreter.
    let held = unsafe { Held::new() };
    let checked = Checked::new();
    // The threads of a lone interpreter stand still with the GIL; of others, some may end while they are read.
    let found = match threads::is_alone(checked, layout, target.runtime) {
        true if !target.version.free_threaded => threads::interpreters(held, layout, target.runtime),
        _ => threads::interpreters(checked, layout, target.runtime),
    };
    let Ok(interpreters) = found else {
        return snapshot.notes.push("No threads: the interpreter's memory could not be read.".to_owned());
    };
    if interpreters.damaged {
        snapshot
            .notes
            .push("There may be more interpreters: their list could not be read to its end.".to_owned());
    }
    let world = if target.version.free_threaded {
        let main = interpreters.all.iter().find(|interpreter| interpreter.id == 0);
        main.and_then(|main| StoppedWorld::stop(attached, main.address))
    } else {
        None
    };
    let mut capture =
        Capture { target, layout, settings, agent, snapshot, codes: Codes::new(), plans: Vec::new() };
    for interpreter in &interpreters.all {
        let still = match target.version.free_threaded {
            true => world.is_some() && interpreter.id == 0,
            // From 3.12 on an interpreter that ends lets go of the GIL, shared or not, before its threads are freed.
            false => interpreter.id == 0 || !target.version.at_least(12),
        };
        if still {
            capture.stacks(held, interpreter, true);
        } else {
            capture.stacks(checked, interpreter, false);
        }
    }
    if settings.variables != Variables::None {
        capture.values(held, began);
    }
    drop(world);
}

fn refused(refusal: Refusal) -> String {
    let reason = match refusal {
        Refusal::UnknownVersion => "this Tripod does not know this version's layout",
        Refusal::Unreadable => "its memory could not be read",
        Refusal::BadCookie => "it does not begin as this version does",
        Refusal::OtherVersion => "its debug offsets are those of another version or build",
        Refusal::BadTable => "its debug offsets contradict each other",
    };
    format!("No threads: {reason}.")
}

/// `get_ident()` of the calling thread.
pub fn own_ident() -> u64 {
    // SAFETY: the call has no preconditions.
    unsafe { libc::pthread_self() }
}

fn reader<'a, M: Memory>(
    memory: M,
    target: &'a Target,
    layout: &'a Layout,
    settings: &'a Settings,
) -> Reader<'a, M> {
    Reader::new(memory, target.version, &layout.objects, &target.known, &settings.redact)
}

/// What is needed of a frame beside what the snapshot has of it; as many as there are frames.
struct Plan {
    raw: RawFrame,
    /// Whether its memory stands still.
    still: bool,
}

struct Capture<'a> {
    target: &'a Target,
    layout: &'a Layout,
    settings: &'a Settings,
    agent: u64,
    snapshot: &'a mut Snapshot,
    codes: Codes,
    plans: Vec<Plan>,
}

impl Capture<'_> {
    /// Appends the threads of an interpreter, with their stacks and names.
    fn stacks<M: Memory>(&mut self, memory: M, interpreter: &Interpreter, still: bool) {
        let known = match interpreter.modules {
            Some(modules) => {
                let mut reader = reader(memory, self.target, self.layout, self.settings);
                threading::threads(&mut reader, &mut self.snapshot.arena, modules)
            }
            None => Vec::new(),
        };
        let agent = self.agent;
        let mut raws = Vec::new();
        for thread in interpreter.threads.all.iter().filter(|thread| thread.ident != agent) {
            raws.clear();
            let (layout, types) = (self.layout, &self.target.types);
            let stack = frames::stack(memory, layout, types, thread, self.settings.limits.frames, &mut raws);
            let first = self.snapshot.frames.len() as u32;
            let mut damaged = stack.damaged;
            for raw in &raws {
                damaged |= self.frame(memory, *raw, still).is_err();
            }
            let known =
                known.binary_search_by_key(&thread.ident, |known| known.ident).map(|index| known[index]);
            let known = known.ok();
            self.snapshot.threads.push(Thread {
                ident: thread.ident,
                native_id: thread.native_id.or(known.and_then(|known| known.native_id)),
                name: known.and_then(|known| known.name),
                daemon: known.and_then(|known| known.daemon),
                interpreter: interpreter.id,
                main: thread.main,
                frames: Run { first, count: self.snapshot.frames.len() as u32 - first },
                omitted: stack.omitted,
                omitted_after: stack.omitted_after,
                damaged,
            });
        }
        if interpreter.threads.damaged {
            let id = interpreter.id;
            self.snapshot
                .notes
                .push(format!("Interpreter {id} may have more threads: the list could not be read."));
        }
    }

    fn frame<M: Memory>(&mut self, memory: M, raw: RawFrame, still: bool) -> Result<(), Fault> {
        let snapshot = &mut *self.snapshot;
        let code =
            self.codes.find(memory, self.layout, raw.code, &mut snapshot.codes, &mut snapshot.arena)?;
        let position = self.codes.position(memory, self.layout, code, raw.instruction);
        snapshot.frames.push(Frame {
            code,
            line: position.line,
            end_line: position.end_line,
            columns: position.columns,
            cut: (!still && self.settings.variables != Variables::None).then_some(Cut::NotStopped),
            ..Frame::default()
        });
        self.plans.push(Plan { raw, still });
        Ok(())
    }

    /// Reads the variables of all frames whose memory stands still: of the innermost frame of every thread, then of the
    /// next, and so on.
    fn values(&mut self, held: Held, began: u64) {
        let settings = self.settings;
        let clock = settings.clock;
        let deadline = began.saturating_add(settings.max_pause);
        let mut budget = Budget::new(settings.limits, &clock, deadline);
        let mut reader = reader(held, self.target, self.layout, settings);
        let stacks: Vec<Run> = self.snapshot.threads.iter().map(|thread| thread.frames).collect();
        let deepest = stacks.iter().map(|stack| stack.count).max().unwrap_or(0);
        let mut left_out = 0_u64;
        for from_the_top in 1..=deepest {
            for stack in stacks.iter().filter(|stack| stack.count >= from_the_top) {
                let index = (stack.first + stack.count - from_the_top) as usize;
                if !self.plans[index].still {
                    continue;
                }
                if let Some(cut) = budget.spent() {
                    self.snapshot.frames[index].cut = Some(cut);
                    left_out += 1;
                } else {
                    self.variables(held, index, &mut reader, &mut budget);
                }
            }
        }
        if let Some(cut) = budget.spent() {
            self.snapshot.limit_reached(cut, left_out);
        }
    }

    /// Reads the variables of one frame.
    fn variables(
        &mut self,
        held: Held,
        index: usize,
        reader: &mut Reader<'_, Held>,
        budget: &mut Budget<'_>,
    ) {
        let raw = self.plans[index].raw;
        let code = self.snapshot.frames[index].code;
        let Some(scope) = self.codes.info(code).map(|info| info.scope(&raw)) else { return };
        let first = self.snapshot.variables.len() as u32;
        let arguments_only = self.settings.variables == Variables::Arguments;
        let Snapshot { arena, variables, frames, .. } = &mut *self.snapshot;
        let mut name = String::new();
        let each = |slot: Slot, object| {
            if arguments_only && slot.role == Role::Local {
                return;
            }
            name.clear();
            name.push_str(arena.text(slot.name));
            let value = reader.variable(arena, budget, &name, object);
            variables.push(Variable { name: slot.name, role: slot.role, value });
        };
        let mut read = self.codes.variables(held, self.layout, &self.target.types, &raw, code, each);
        let mapping = match scope {
            Scope::Function => None,
            _ if arguments_only => None,
            Scope::Module if self.settings.globals == Globals::None => None,
            Scope::Module => raw.globals.map(|globals| (globals, Role::Global)),
            Scope::Class => raw.locals.map(|locals| (locals, Role::Local)),
        };
        if let Some((mapping, role)) = mapping {
            let data_only = role == Role::Global && self.settings.globals == Globals::Data;
            let omitted = reader.namespace(arena, budget, mapping, data_only, &mut |name, value| {
                variables.push(Variable { name, role, value });
            });
            frames[index].globals_omitted = omitted.unwrap_or(0);
            read = read.and(omitted.map(|_| ()));
        }
        frames[index].variables = Run { first, count: variables.len() as u32 - first };
        if read.is_err() {
            frames[index].cut = Some(Cut::Damaged);
        }
    }
}
