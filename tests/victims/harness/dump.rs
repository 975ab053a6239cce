//! Reads the text log back, as far as tests ask. Tolerant: what it does not know it passes over.

use std::collections::BTreeMap;

use super::says::Stack;

/// One dump.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dump {
    pub(crate) sequence: u64,
    /// As it is written: `2026-11-20T08:15:04.123456+00:00`.
    pub(crate) time: String,
    /// `SIGUSR2`, `interval`.
    pub(crate) trigger: String,
    pub(crate) pid: u32,
    pub(crate) command: String,
    /// `CPython 3.13.0`.
    pub(crate) python: String,
    /// The number of threads by the header.
    pub(crate) count: usize,
    /// What the header says besides.
    pub(crate) notes: Vec<String>,
    pub(crate) threads: Vec<Thread>,
    /// All of it.
    pub(crate) text: String,
}

/// A thread with both its stacks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread {
    pub(crate) ident: u64,
    /// Empty where there is none.
    pub(crate) name: String,
    pub(crate) tid: u32,
    pub(crate) daemon: bool,
    /// The short stack: frames without variables.
    pub(crate) short: Vec<Frame>,
    /// The full one.
    pub(crate) frames: Vec<Frame>,
    /// Lines of the short stack that stand for frames: `… 700 frames left out …`.
    pub(crate) gaps: Vec<String>,
}

/// A frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) name: String,
    /// Empty where there is none.
    pub(crate) source: String,
    /// `main(url='http://a/', retries=3)`, on one line.
    pub(crate) arguments: String,
    /// The variables' texts, each on one line.
    pub(crate) locals: BTreeMap<String, String>,
    /// Lines that are none of these.
    pub(crate) remarks: Vec<String>,
}

/// The lines that frame a dump.
const BEGIN: &str = "================================================================================\n";
pub(crate) const END: &str =
    "--------------------------------------------------------------------------------\n";

/// Every whole dump of a log.
#[track_caller]
pub(crate) fn parse(log: &str) -> Vec<Dump> {
    let mut rest = log;
    let mut dumps = Vec::new();
    while let Some(end) = rest.find(&format!("\n{END}")) {
        let (text, after) = rest.split_at(end + 1 + END.len());
        dumps.push(dump(text));
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    dumps
}

#[track_caller]
fn dump(text: &str) -> Dump {
    let mut parts = text.splitn(3, BEGIN);
    assert_eq!(parts.next(), Some(""), "the dump does not begin with its header:\n{text}");
    let head = parts.next().unwrap();
    let body = parts.next().unwrap_or_else(|| panic!("the header does not end:\n{text}"));
    let mut dump = Dump { text: text.to_owned(), ..Dump::default() };
    let mut lines = head.lines();
    read_title(&mut dump, lines.next().unwrap_or(""));
    let (pid, command) = between(lines.next().unwrap_or(""), "Process ", " on ");
    dump.pid = pid.parse().unwrap();
    dump.command = command.split_once(": ").unwrap().1.to_owned();
    let (python, rest) = between(lines.next().unwrap_or(""), "", ", up ");
    dump.python = python.to_owned();
    let count = rest.trim_end_matches('.').rsplit(". ").next().unwrap_or("");
    dump.count = count.split(' ').next().unwrap().parse().unwrap();
    dump.notes = lines.map(str::to_owned).collect();
    let (short, full) = split_body(body);
    for (header, lines) in threads(short) {
        let mut thread = thread_line(header);
        let gap = |line: &&&str| line.trim_start().starts_with('…');
        thread.gaps = lines.iter().filter(gap).map(|line| line.trim().to_owned()).collect();
        thread.short = frames(&lines);
        dump.threads.push(thread);
    }
    for (header, lines) in threads(full) {
        let ident = thread_line(header).ident;
        let known = dump.threads.iter_mut().find(|thread| thread.ident == ident);
        known.unwrap_or_else(|| panic!("{header} is not among the short stacks")).frames = frames(&lines);
    }
    dump
}

/// `Tripod dump 3 at 2026-11-20T08:15:04.123456+00:00 (SIGUSR2)`
#[track_caller]
fn read_title(dump: &mut Dump, title: &str) {
    let (sequence, rest) = between(title, "Tripod dump ", " at ");
    let (time, trigger) = between(rest, "", " (");
    dump.sequence = sequence.parse().unwrap();
    dump.time = time.to_owned();
    dump.trigger = trigger.trim_end_matches(')').to_owned();
}

#[track_caller]
fn between<'a>(line: &'a str, before: &str, between: &str) -> (&'a str, &'a str) {
    let parts = line.strip_prefix(before).and_then(|rest| rest.split_once(between));
    parts.unwrap_or_else(|| panic!("expected {before:?} … {between:?} in {line:?}"))
}

fn split_body(body: &str) -> (&str, &str) {
    let body = body.strip_suffix(END).unwrap_or(body);
    let full = body.find("\nFull backtrace with ");
    full.map_or((body, ""), |at| body.split_at(at))
}

/// The `Thread …` lines with what stands under each.
fn threads(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut threads: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Thread ") {
            threads.push((line, Vec::new()));
        } else if let Some((_, lines)) = threads.last_mut() {
            lines.push(line);
        }
    }
    threads
}

/// `Thread 140233099 "worker-1" (tid 4243, daemon)`
fn thread_line(line: &str) -> Thread {
    let rest = line.strip_prefix("Thread ").unwrap_or(line);
    let ident = rest.split(' ').next().unwrap().parse().unwrap();
    let name =
        rest.split_once(" \"").and_then(|(_, rest)| rest.rsplit_once('"')).map_or("", |(name, _)| name);
    let about = rest.rsplit_once(" (").map_or("", |(_, about)| about.trim_end_matches(')'));
    let words: Vec<&str> = about.split(", ").collect();
    let tid = words.iter().find_map(|word| word.strip_prefix("tid ")?.parse().ok()).unwrap_or(0);
    Thread { ident, name: name.to_owned(), tid, daemon: words.contains(&"daemon"), ..Thread::default() }
}

fn frames(lines: &[&str]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut locals = String::new();
    let mut in_locals = false;
    let finish = |frame: Option<&mut Frame>, locals: &mut String| {
        if let Some(frame) = frame {
            frame.locals = variables(locals);
        }
        locals.clear();
    };
    for line in lines {
        if let Some(frame) = frame_line(line) {
            finish(frames.last_mut(), &mut locals);
            in_locals = false;
            frames.push(frame);
            continue;
        }
        let Some(frame) = frames.last_mut() else { continue };
        if let Some(arguments) = line.strip_prefix("      Arguments: ") {
            frame.arguments = arguments.to_owned();
        } else if *line == "      Local variables:" {
            in_locals = true;
        } else if in_locals && (line.starts_with("      {") || line.starts_with("       ")) {
            locals.push_str(&line[6..]);
            locals.push('\n');
        } else if !in_locals && !frame.arguments.is_empty() && line.starts_with("       ") {
            frame.arguments = format!("{} {}", frame.arguments, line.trim());
        } else if frame.arguments.is_empty() && line.starts_with("    ") && !line.starts_with("      ") {
            // The line of carets below has no letters and is passed over.
            if line.chars().any(|character| !" ^~".contains(character)) {
                frame.source = line.trim().to_owned();
            }
        } else if !line.trim().is_empty() && line.chars().any(|character| !" ^~".contains(character)) {
            frame.remarks.push(line.trim().to_owned());
        }
    }
    finish(frames.last_mut(), &mut locals);
    frames
}

/// `  File "/srv/slow.py", line 9, in main`
fn frame_line(line: &str) -> Option<Frame> {
    let (file, rest) = line.strip_prefix("  File \"")?.rsplit_once("\", line ")?;
    let (line, name) = rest.split_once(", in ")?;
    Some(Frame {
        file: file.to_owned(),
        line: line.parse().unwrap_or(0),
        name: name.to_owned(),
        ..Frame::default()
    })
}

/// `{'data': None, 'sock': <socket.socket fd=3>}` as names and texts, each on one line. A block of several lines has
/// one variable a line, where what belongs to it stands further in.
fn variables(block: &str) -> BTreeMap<String, String> {
    let mut entries: Vec<String> = Vec::new();
    let block = block.trim_end().strip_suffix('}').unwrap_or(block);
    if block.contains('\n') {
        for line in block.lines() {
            if line.starts_with("{'") || line.starts_with(" '") {
                entries.push(line[1..].to_owned());
            } else if let Some(entry) = entries.last_mut() {
                entry.push(' ');
                entry.push_str(line.trim_start());
            }
        }
        let last = entries.len().saturating_sub(1);
        for entry in &mut entries[..last] {
            assert_eq!(entry.pop(), Some(','), "a variable's end in {block}");
        }
    } else if let Some(block) = block.strip_prefix('{') {
        entries = between_commas(block).into_iter().map(str::to_owned).collect();
    }
    let pair = |entry: &String| {
        let (name, value) = entry.strip_prefix('\'')?.split_once("': ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    entries.iter().filter_map(pair).collect()
}

/// What stands between the commas that are within no bracket and no quotes.
fn between_commas(text: &str) -> Vec<&str> {
    let (mut entries, mut begin, mut depth, mut quote, mut before) = (Vec::new(), 0, 0, None, ' ');
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            // An apostrophe within a word opens nothing.
            (None, '\'' | '"') if !before.is_alphanumeric() || "bB".contains(before) => {
                quote = Some(character)
            }
            (None, '(' | '[' | '{' | '<') => depth += 1,
            (None, '>') if before == '-' => {}
            (None, ')' | ']' | '}' | '>') => depth -= 1,
            (None, ',') if depth == 0 => {
                entries.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
        before = character;
    }
    entries.push(text[begin..].trim());
    entries
}

impl Dump {
    /// The thread of that name.
    #[track_caller]
    pub(crate) fn thread(&self, name: &str) -> &Thread {
        let found = self.threads.iter().find(|thread| thread.name == name);
        found.unwrap_or_else(|| panic!("no thread {name:?} in\n{}", self.text))
    }

    /// The main thread, which comes first.
    #[track_caller]
    pub(crate) fn main(&self) -> &Thread {
        self.threads.first().unwrap_or_else(|| panic!("no thread in\n{}", self.text))
    }

    /// That the dump shows what Python itself says of its threads: each of them and no other, its name, ids and flag,
    /// and each frame's file, line, function and source.
    #[track_caller]
    pub(crate) fn assert_stacks(&self, stacks: &[Stack]) {
        assert!(!stacks.is_empty(), "the victim told no stacks");
        let (mut shown, mut told): (Vec<u64>, Vec<u64>) = (
            self.threads.iter().map(|thread| thread.ident).collect(),
            stacks.iter().map(|stack| stack.ident).collect(),
        );
        shown.sort_unstable();
        told.sort_unstable();
        assert_eq!(shown, told, "threads of\n{}", self.text);
        assert_eq!(self.count, told.len(), "threads by the header of\n{}", self.text);
        for (thread, stack) in stacks
            .iter()
            .flat_map(|stack| self.threads.iter().filter(|t| t.ident == stack.ident).map(move |t| (t, stack)))
        {
            let expected: Vec<_> = stack
                .frames
                .iter()
                .map(|f| (f.file.as_str(), f.line, f.name.as_str(), f.source.as_str()))
                .collect();
            for frames in [&thread.short, &thread.frames] {
                let found: Vec<_> = frames
                    .iter()
                    .map(|f| (f.file.as_str(), f.line, f.name.as_str(), f.source.as_str()))
                    .collect();
                assert_eq!(found, expected, "thread {:?} of\n{}", thread.name, self.text);
            }
            if stack.native_id != 0 {
                let found = (thread.name.as_str(), thread.tid, thread.daemon);
                let expected = (stack.name.as_str(), stack.native_id, stack.daemon == "True");
                assert_eq!(found, expected, "name, tid, daemon in\n{}", self.text);
            }
        }
    }
}

impl Thread {
    /// The innermost full frame of that function.
    #[track_caller]
    pub(crate) fn frame(&self, name: &str) -> &Frame {
        let found = self.frames.iter().rev().find(|frame| frame.name == name);
        found.unwrap_or_else(|| panic!("no frame of {name} among {:#?}", self.frames))
    }
}

impl Frame {
    /// The text of a local variable.
    #[track_caller]
    pub(crate) fn local(&self, name: &str) -> &str {
        self.locals.get(name).unwrap_or_else(|| panic!("no variable {name} in {:#?}", self.locals))
    }
}

#[test]
fn a_log_is_read_back() {
    let golden =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/sample.log")).unwrap();
    let [dump] = parse(&golden).try_into().unwrap();
    assert_eq!((dump.sequence, dump.trigger.as_str(), dump.pid, dump.count), (3, "SIGUSR2", 4242, 2));
    assert_eq!((dump.command.as_str(), dump.python.as_str()), ("python slow.py --n 5", "CPython 3.13.0"));
    let worker = dump.thread("worker-1");
    assert_eq!((worker.ident, worker.tid, worker.daemon), (140_233_099, 4243, true));
    let main = dump.main().frame("main");
    assert_eq!((main.line, main.source.as_str()), (9, "data = sock.recv(65536)"));
    assert_eq!(main.arguments, "main(url='http://a/', retries=3)");
    assert_eq!(main.local("data"), "None");
    assert_eq!(main.local("sock"), "<socket.socket fd=3 127.0.0.1:40112 -> 127.0.0.1:5000>");
    let module = dump.main().frame("<module>");
    assert_eq!(module.local("answer"), "42");
    assert_eq!(module.remarks, ["… 2 modules, functions, classes and dunder names left out"]);
    assert_eq!(dump.main().short.len(), 2);
}

#[test]
fn blocks_are_taken_apart() {
    let read = |block: &str| variables(block).into_iter().collect::<Vec<_>>();
    let expected = [("a", "[1, 2]"), ("b", r#"'it\'s, a "q"'"#), ("c", "<x.Y object at 0x1 a=<z>, b='>'>")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        read(r#"{'a': [1, 2], 'b': 'it\'s, a "q"', 'c': <x.Y object at 0x1 a=<z>, b='>'>}"#),
        expected
    );
    assert_eq!(
        read(
            "{'a': [1,\n        2],\n 'b': 'it\\'s, a \"q\"',\n 'c': <x.Y object at 0x1\n       a=<z>,\n       b='>'>}\n"
        ),
        expected
    );
}
