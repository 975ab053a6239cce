//! Any Python object, read from memory into the snapshot's tree of values.
//!
//! Nothing of the interpreter's runs: no slot, no C-API call, no reference is taken or dropped. What an object is is
//! told by its type's structure ([`form`]), what it holds by its layout. The text of a value is written straight into
//! the [`Arena`], within the variable's limits and the dump's [`Budget`], so that a string of a gigabyte or a list of
//! ten million items costs what is shown of it.
//!
//! Safe on nonsense: every read can fail, counts and chains are bounded, depth is bounded, and an object within itself
//! is shown as Python shows it. A value that cannot be read is marked, and its neighbours are not touched. Works on
//! [`Held`](super::memory::Held) and on [`Checked`](super::memory::Checked) memory alike. Blocks nowhere but where a
//! file says so; allocates from Rust's own heap only.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::known::Known;
use super::layout::objects::Objects;
use super::layout::{Offset, Version};
use super::memory::{Address, Fault, Memory};
use super::text;
use crate::budget::{self, Budget};
use crate::redact::Redact;
use crate::snapshot::{Arena, Cut, Kind, Run, Text, Value, ValueId};
use class::{ByAddress, Class, Classes};
use form::Form;
use number::push_address;

mod builtins;
mod callables;
mod class;
mod containers;
mod datetime;
mod dict;
pub mod form;
mod instance;
mod io;
mod library;
mod number;
mod numeric;
mod search;
mod table;
#[cfg(test)]
mod tests;
mod threading;

/// Bounds the native stack, whatever `TRIPOD_MAX_DEPTH` says.
const DEEPEST: u32 = 64;
/// Characters of a string that show even where a variable's are used up.
const LEAST_TEXT: u32 = 8;
/// Characters of a name: of an attribute, a function, a thread.
const LONGEST_NAME: usize = 200;
/// Characters of a name that are looked through for what would make its value a secret.
const LONGEST_TELLING: usize = 1000;
/// Names kept by address.
const NAMES: usize = 256;

/// Reads values for one dump.
pub struct Reader<'a, M: Memory> {
    memory: M,
    version: Version,
    objects: &'a Objects,
    known: &'a Known,
    redact: &'a Redact,
    cache: Cache,
}

/// What was read once and holds for the whole dump.
struct Cache {
    classes: Classes,
    /// Groups that were the value of a variable, with the bytes that they cost: what is handed down a stack is read once.
    variables: HashMap<Address, (ValueId, u64), BuildHasherDefault<ByAddress>>,
    /// By some bits of the address of a `str`: attributes' names.
    names: Box<[(Address, Named)]>,
    /// As `names`, for the keys of dictionaries.
    keys: Box<[(Address, Named)]>,
    /// The containers that the current value stands in.
    within: Vec<Address>,
    /// The class of the keys in `keys`.
    str_class: Text,
    scratch: String,
}

/// A name in the arena.
#[derive(Clone, Copy, Debug, Default)]
struct Named {
    text: Text,
    /// Its length in bytes.
    len: u32,
    /// It tells that its value is to be masked.
    secret: bool,
}

impl<'a, M: Memory> Reader<'a, M> {
    /// For one dump of the interpreter of that version. What is read is kept, so that it must not outlive the pause.
    pub fn new(
        memory: M,
        version: Version,
        objects: &'a Objects,
        known: &'a Known,
        redact: &'a Redact,
    ) -> Reader<'a, M> {
        let none = || vec![(0, Named::default()); NAMES].into_boxed_slice();
        let cache = Cache {
            classes: Classes::default(),
            variables: HashMap::default(),
            names: none(),
            keys: none(),
            within: Vec::new(),
            str_class: Text::EMPTY,
            scratch: String::new(),
        };
        Reader { memory, version, objects, known, redact, cache }
    }

    /// Appends the value of a variable: always one node, whatever is wrong with the object. `arena` has to be the same
    /// one for as long as the reader lives.
    pub fn variable(
        &mut self,
        arena: &mut Arena,
        budget: &mut Budget<'_>,
        name: &str,
        object: Address,
    ) -> ValueId {
        let slot = reserve(arena, 1);
        if self.redact.matches(name) {
            arena.values[slot as usize].kind = Kind::Redacted;
            return ValueId(slot);
        }
        let known = self.cache.variables.get(&object).filter(|_| budget.spent().is_none());
        if let Some(&(ValueId(before), bytes)) = known {
            budget.bytes(bytes);
            arena.values[slot as usize] = arena.values[before as usize];
            return ValueId(slot);
        }
        let left = budget.bytes_left();
        self.work(arena, budget).fill(slot, object);
        if arena.values[slot as usize].children.count > 0 && budget.spent().is_none() {
            let bytes = left - budget.bytes_left();
            self.cache.variables.insert(object, (ValueId(slot), bytes));
        }
        ValueId(slot)
    }

    /// For one variable.
    fn work<'w, 'c>(&'w mut self, arena: &'w mut Arena, budget: &'w mut Budget<'c>) -> Work<'w, 'a, 'c, M> {
        self.cache.within.clear();
        let left = budget.limits().chars;
        Work {
            memory: self.memory,
            version: self.version,
            objects: self.objects,
            known: self.known,
            redact: self.redact,
            cache: &mut self.cache,
            arena,
            budget,
            left,
            level: 0,
        }
    }
}

/// Appends `count` empty values; answers the index of the first.
fn reserve(arena: &mut Arena, count: u32) -> u32 {
    let first = arena.values.len();
    arena.values.resize_with(first + count as usize, Value::default);
    // The budget ends a dump long before.
    u32::try_from(first).unwrap_or(u32::MAX)
}

/// The reading of one variable.
struct Work<'w, 'a, 'c, M: Memory> {
    memory: M,
    version: Version,
    objects: &'a Objects,
    known: &'a Known,
    redact: &'a Redact,
    cache: &'w mut Cache,
    arena: &'w mut Arena,
    budget: &'w mut Budget<'c>,
    /// Characters that the current value may still use.
    left: u32,
    /// How many objects the current one stands in.
    level: u32,
}

/// How a group begins and ends.
struct Group<'g> {
    kind: Kind,
    class: Text,
    open: &'g str,
    close: &'static str,
    /// How many entries there are in all.
    total: usize,
}

/// One entry of a group.
enum Entry {
    Item(Address),
    Pair(Address, Address),
    /// A pair as one item: `('a', 1)`.
    Tuple(Address, Address),
    Field(Named, Address),
    /// A field as one item, among others that have no name.
    Keyword(Named, Address),
}

impl<M: Memory> Work<'_, '_, '_, M> {
    /// A pointer-sized member.
    #[inline]
    fn word(&self, object: Address, offset: Offset) -> Result<usize, Fault> {
        self.memory.word(object.wrapping_add(usize::from(offset)))
    }

    /// A member that points to an object and must not be null.
    #[inline]
    fn pointer(&self, object: Address, offset: Offset) -> Result<Address, Fault> {
        self.memory.pointer(object.wrapping_add(usize::from(offset)))
    }

    /// Reads an object into a reserved value.
    fn fill(&mut self, slot: u32, object: Address) {
        let cut = match self.budget.node() {
            Some(cut) => cut,
            None => match self.object(slot, object) {
                Ok(()) => return,
                Err(Fault) => Cut::Damaged,
            },
        };
        self.node(slot, Value { kind: Kind::Unread, cut: Some(cut), ..Value::default() });
    }

    fn object(&mut self, slot: u32, object: Address) -> Result<(), Fault> {
        let constant = match object {
            0 => return Err(Fault),
            it if it == self.known.none => "None",
            it if it == self.known.yes => "True",
            it if it == self.known.no => "False",
            it if it == self.known.ellipsis => "Ellipsis",
            it if it == self.known.not_implemented => "NotImplemented",
            _ => {
                let class = self.class_of(object)?;
                // Where a group is cut off, what stands in it may still show; what stands in that may not, however
                // it came there.
                if self.level > self.bottom() + 1 {
                    return self.opaque(slot, object, &class);
                }
                return self.by_form(slot, object, &class);
            }
        };
        let class = self.class_of(object)?;
        self.leaf(slot, &class, |out| {
            out.push_str(constant);
            Ok(())
        })
    }

    fn by_form(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        match class.form {
            Form::Int => self.int(slot, object, class),
            Form::Bool => self.bool(slot, object, class),
            Form::Float => self.float(slot, object, class),
            Form::Complex => self.complex(slot, object, class),
            Form::Str => self.str(slot, object, class),
            Form::Bytes => self.bytes(slot, object, class),
            Form::ByteArray => self.byte_array(slot, object, class),
            Form::Range => self.range(slot, object, class),
            Form::Slice => self.slice(slot, object, class),
            Form::List => self.list(slot, object, class),
            Form::Tuple => self.tuple(slot, object, class),
            Form::NamedTuple => self.named_tuple(slot, object, class),
            Form::StructSequence => self.struct_sequence(slot, object, class),
            Form::Set | Form::FrozenSet => self.set(slot, object, class),
            Form::Deque => self.deque(slot, object, class),
            Form::Dict | Form::OrderedDict | Form::Counter => self.dict(slot, object, class),
            Form::DefaultDict => self.default_dict(slot, object, class),
            Form::MappingProxy => self.mapping_proxy(slot, object, class),
            Form::DictKeys | Form::DictValues | Form::DictItems => self.dict_view(slot, object, class),
            Form::Class => self.class_object(slot, object, class),
            Form::Module => self.module(slot, object, class),
            Form::Function => self.function(slot, object, class),
            Form::Builtin => self.builtin(slot, object, class),
            Form::Method => self.method(slot, object, class),
            Form::Code => self.code(slot, object, class),
            Form::Generator | Form::Coroutine | Form::AsyncGenerator => self.generator(slot, object, class),
            Form::MemberDescriptor
            | Form::GetSetDescriptor
            | Form::MethodDescriptor
            | Form::WrapperDescriptor => self.descriptor(slot, object, class),
            Form::Weakref | Form::WeakProxy => self.weakref(slot, object, class),
            Form::Partial => self.partial(slot, object, class),
            Form::Exception => self.exception(slot, object, class),
            Form::Namespace => self.namespace(slot, object, class),
            Form::Enum => self.enum_member(slot, object, class),
            Form::Lock => self.lock(slot, object, class),
            Form::RecursiveLock => self.rlock(slot, object, class),
            Form::Thread => self.thread(slot, object, class),
            Form::Event => self.event(slot, object, class),
            Form::Condition => self.condition(slot, object, class),
            Form::Semaphore => self.semaphore(slot, object, class),
            Form::Barrier => self.barrier(slot, object, class),
            Form::Queue => self.queue(slot, object, class),
            Form::SimpleQueue => self.simple_queue(slot, object, class),
            Form::Future => self.future(slot, object, class),
            Form::Socket => self.socket(slot, object, class),
            Form::TextFile | Form::BufferedFile | Form::RawFile => self.file(slot, object, class),
            Form::StringFile | Form::BytesFile => self.memory_file(slot, object, class),
            Form::Date => self.date(slot, object, class),
            Form::DateTime => self.date_time(slot, object, class),
            Form::Time => self.time(slot, object, class),
            Form::TimeDelta => self.time_delta(slot, object, class),
            Form::TimeZone => self.time_zone(slot, object, class),
            Form::ZoneInfo => self.zone_info(slot, object, class),
            Form::Decimal => self.decimal(slot, object, class),
            Form::Fraction => self.fraction(slot, object, class),
            Form::Array => self.array(slot, object, class),
            Form::Scalar => self.scalar(slot, object, class),
            Form::Pattern => self.pattern(slot, object, class),
            Form::Uuid => self.uuid(slot, object, class),
            Form::Path => self.path(slot, object, class),
            Form::Process => self.process(slot, object, class),
            Form::AsyncFuture | Form::AsyncTask => self.async_future(slot, object, class),
            Form::Cell => self.cell(slot, object, class),
            Form::MethodWrapper => self.method_wrapper(slot, object, class),
            Form::Decorated => self.decorated(slot, object, class),
            Form::Alias | Form::Union => self.alias(slot, object, class),
            Form::MemoryView => self.at(slot, object, class, "memory"),
            Form::Instance => self.instance(slot, object, class),
            Form::Opaque => self.opaque(slot, object, class),
        }
    }

    fn node(&mut self, slot: u32, value: Value) {
        if let Some(node) = self.arena.values.get_mut(slot as usize) {
            *node = value;
        }
    }

    /// Counts text that was written or that is shown again.
    #[inline]
    fn charge(&mut self, bytes: usize) {
        self.budget.bytes(bytes as u64);
        self.left = self.left.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Writes a text into the arena and charges it. On a fault nothing is written.
    #[inline]
    fn write(&mut self, write: impl FnOnce(&mut String) -> Result<(), Fault>) -> Result<Text, Fault> {
        let mark = self.arena.mark();
        let result = write(self.arena.writer());
        if let Err(Fault) = result {
            self.arena.writer().truncate(mark);
            return Err(Fault);
        }
        let text = self.arena.since(mark);
        self.charge(self.arena.mark() - mark);
        Ok(text)
    }

    /// A value that is one short text.
    #[inline]
    fn leaf(
        &mut self,
        slot: u32,
        class: &Class,
        write: impl FnOnce(&mut String) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let open = self.write(write)?;
        self.node(slot, Value { kind: Kind::Leaf, class: class.text, open, ..Value::default() });
        Ok(())
    }

    /// A leaf of no class of its own: a part of what is shown.
    fn words(&mut self, slot: u32, words: &str) {
        let open = self.arena.push_text(words);
        self.charge(words.len());
        self.node(slot, Value { kind: Kind::Leaf, open, ..Value::default() });
    }

    /// `<app.Job object at 0x7f…>`.
    fn opaque(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        self.leaf(slot, class, |out| {
            push_head(out, "", class, object);
            out.push('>');
            Ok(())
        })
    }

    /// A group with a few fixed children, which the caller fills; answers the first. It counts for no depth.
    fn wrap(&mut self, slot: u32, class: Text, open: &str, close: &'static str, count: u32) -> u32 {
        let first = reserve(self.arena, count);
        let open = self.arena.push_text(open);
        self.charge(self.arena.text(open).len() + close.len());
        let children = Run { first, count };
        self.node(slot, Value { kind: Kind::Items, class, open, close, children, ..Value::default() });
        first
    }

    /// Reads an object that stands in the current one, with a fair share of the characters for it and the `siblings`
    /// that come after it.
    #[inline]
    fn child(&mut self, slot: u32, object: Address, siblings: usize) {
        let before = self.left;
        let share = budget::share(before, siblings + 1);
        self.left = share;
        self.level += 1;
        self.fill(slot, object);
        self.level -= 1;
        self.left = before.saturating_sub(share - self.left.min(share));
    }

    /// How deep groups are followed.
    fn bottom(&self) -> u32 {
        self.budget.limits().depth.min(DEEPEST)
    }

    /// Whether objects within the current one are not to be looked into.
    fn at_bottom(&self) -> bool {
        self.level >= self.bottom()
    }

    /// A group whose entries `next` gives, one at a time, until `None`. What does not fit is counted.
    fn group(
        &mut self,
        slot: u32,
        object: Address,
        group: Group<'_>,
        mut next: impl FnMut(&mut Self) -> Result<Option<Entry>, Fault>,
    ) -> Result<(), Fault> {
        let mark = self.arena.mark();
        self.arena.writer().push_str(group.open);
        let open = self.arena.since(mark);
        self.charge(group.open.len() + group.close.len());
        let stride = if group.kind == Kind::Items { 1 } else { 2 };
        let mut value =
            Value { kind: group.kind, class: group.class, open, close: group.close, ..Value::default() };
        if group.total > 0 && self.at_bottom() {
            value.close = value.close.trim_start_matches(',');
            value.omitted = group.total as u64;
            value.cut = Some(Cut::Depth);
            self.node(slot, value);
            return Ok(());
        }
        let wanted = group.total.min(self.budget.limits().items as usize);
        // An entry takes two characters at least, so that there is room for no more than these.
        let count = wanted.min(self.left as usize / 2 + 1);
        let first = reserve(self.arena, (count as u32).saturating_mul(stride));
        self.cache.within.push(object);
        let mut done = 0;
        while done < count {
            value.cut = self.budget.spent().or((self.left == 0).then_some(Cut::Characters));
            if value.cut.is_some() {
                break;
            }
            let entry = match next(self) {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                Err(Fault) => {
                    value.cut = Some(Cut::Damaged);
                    break;
                }
            };
            let at = first + done as u32 * stride;
            let siblings = count - done - 1;
            // ", " or ": "
            self.charge(2 * stride as usize);
            match entry {
                Entry::Item(item) => self.child(at, item, siblings),
                Entry::Pair(key, item) => self.pair(at, key, item, siblings),
                Entry::Tuple(key, item) => {
                    let inner = self.wrap(at, Text::EMPTY, "(", ")", 2);
                    self.pair(inner, key, item, siblings);
                }
                Entry::Field(name, item) => self.field(at, name, item, siblings),
                Entry::Keyword(name, item) => self.keyword(at, name, item, siblings),
            }
            done += 1;
        }
        self.cache.within.pop();
        if done == count && count < wanted {
            value.cut = Some(Cut::Characters);
        }
        if done == 0 {
            // `(1,)`, but `(… 1 more)`.
            value.close = value.close.trim_start_matches(',');
        }
        value.children = Run { first, count: done as u32 * stride };
        value.omitted = (group.total - done) as u64;
        self.node(slot, value);
        Ok(())
    }

    /// A name and its value, at `at` and behind it.
    fn field(&mut self, at: u32, name: Named, item: Address, siblings: usize) {
        self.charge(name.len as usize);
        self.node(at, Value { kind: Kind::Name, open: name.text, ..Value::default() });
        self.value_of(at + 1, name.secret, item, siblings);
    }

    /// A value, masked where its name tells that it is a secret.
    fn value_of(&mut self, at: u32, secret: bool, item: Address, siblings: usize) {
        if secret {
            self.budget.bytes(budget::NODE);
            self.node(at, Value { kind: Kind::Redacted, ..Value::default() });
        } else {
            self.child(at, item, siblings);
        }
    }

    /// Whether the object stands within itself.
    fn is_within_itself(&self, object: Address) -> bool {
        self.cache.within.contains(&object)
    }

    /// Whether it is a `str` or an instance of a subclass.
    fn is_str(&self, object: Address) -> bool {
        let flags = || {
            let class = self.pointer(object, self.objects.object_type)?;
            self.word(class, self.objects.type_flags)
        };
        flags().is_ok_and(|flags| flags as u64 & class::UNICODE != 0)
    }

    /// Whether it is a `str` of exactly these ASCII characters.
    fn is_text(&self, object: Address, words: &[u8]) -> bool {
        let same = || -> Result<bool, Fault> {
            let characters = text::Characters::of(self.memory, self.objects, object)?;
            let mut bytes = [0; 64];
            let bytes = bytes.get_mut(..words.len()).ok_or(Fault)?;
            if characters.width != 1 || characters.count != words.len() as u64 {
                return Ok(false);
            }
            self.memory.read(characters.start, bytes)?;
            Ok(bytes == words)
        };
        self.is_str(object) && same() == Ok(true)
    }

    /// The value that a table has under a name.
    fn lookup(&self, mut table: table::Table, name: &[u8]) -> Option<Address> {
        /// Entries that are looked at.
        const MOST: usize = 1024;
        for _ in 0..MOST {
            let (key, value) = table.next(self.memory).ok()??;
            if self.is_text(key, name) {
                return Some(value);
            }
        }
        None
    }

    /// Whether what `read` appends is a telling name.
    fn is_secret(&mut self, read: impl FnOnce(&Self, &mut String) -> Result<text::Shown, Fault>) -> bool {
        let mut words = std::mem::take(&mut self.cache.scratch);
        words.clear();
        // What cannot be read cannot be shown either.
        let secret = read(self, &mut words).is_ok() && self.redact.matches(&words);
        self.cache.scratch = words;
        secret
    }

    /// The name of an attribute; `None` where it is no `str`.
    fn name(&mut self, name: Address) -> Option<Named> {
        let place = name / 16 % NAMES;
        let (address, known) = self.cache.names[place];
        if address == name {
            return Some(known);
        }
        if !self.is_str(name) {
            return None;
        }
        let (memory, objects) = (self.memory, self.objects);
        let mark = self.arena.mark();
        let shown = text::push_display(memory, objects, name, LONGEST_NAME, self.arena.writer()).ok()?;
        let whole = shown.omitted() == 0;
        if !whole {
            self.arena.writer().push('…');
        }
        let text = self.arena.since(mark);
        let words = self.arena.text(text);
        let len = words.len() as u32;
        let secret = if whole {
            self.redact.matches(words)
        } else {
            self.is_secret(|_, out| text::push_display(memory, objects, name, LONGEST_TELLING, out))
        };
        let named = Named { text, len, secret };
        self.cache.names[place] = (name, named);
        Some(named)
    }
}

/// Appends `<app.Job object at 0x7f…`, with `state` before the name: `<locked _thread.RLock object at 0x7f…`.
fn push_head(out: &mut String, state: &str, class: &Class, object: Address) {
    out.push('<');
    out.push_str(state);
    out.push_str(&class.full);
    out.push_str(" object at ");
    push_address(out, object);
}
