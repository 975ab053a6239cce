//! Whole dumps, byte for byte. `TRIPOD_BLESS=1 cargo test --test render` writes the files of `tests/golden` anew.

use std::fs;
use std::path::Path;

use tripod::render::text::{self, Locals, Options};
use tripod::snapshot::{Cut, Hold, Kind, Missed, Process, Role, Snapshot, Trigger, Value};

use crate::build::{Builder, Files, cut_string, fields, items, lacking, leaf, pairs, unread};

fn rendered(snapshot: &Snapshot, locals: Locals, files: &mut Files) -> String {
    let mut out = String::new();
    text::dump(snapshot, Options { signal_name: "SIGUSR2", locals }, files, &mut out);
    out
}

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("TRIPOD_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(text, golden, "{name}: if this is meant, run again with TRIPOD_BLESS=1");
}

/// What every dump has.
fn builder() -> Builder {
    let snapshot = Snapshot {
        sequence: 3,
        time: 1_795_162_504_123_456_789,
        trigger: Trigger { signal: Some(12), interval: false, notice: false },
        process: Process {
            pid: 4242,
            host: "web-7".to_owned(),
            command: "python slow.py --n 5".to_owned(),
            python: "CPython 3.13.0".to_owned(),
            uptime: 35_200_000_000,
        },
        hold: Hold { waited: 400_000, held: 900_000 },
        ..Snapshot::default()
    };
    Builder { snapshot }
}

const SLOW: &str = "/srv/slow.py";

fn files() -> Files {
    let mut files = Files::default();
    let slow = "\
import socket


def main(url, retries):
    sock = socket.create_connection(('127.0.0.1', 5000))
    while retries:
        sock.sendall(url.encode())

        data = sock.recv(65536)
    return data

main('http://a/', 3)
";
    files.files.insert(SLOW, slow.to_owned());
    files
}

/// The sample of the format's description: two threads, one blocked in `recv`.
fn sample() -> Builder {
    let mut b = builder();
    b.thread(140_233_344, "MainThread", 4242).daemon = Some(false);
    b.frame(SLOW, 12, "<module>").globals_omitted = 2;
    b.variable(Role::Global, "answer", |a| leaf(a, "42"));
    let frame = b.frame(SLOW, 9, "main");
    (frame.end_line, frame.columns) = (Some(9), Some((15, 31)));
    b.argument("url", "'http://a/'");
    b.argument("retries", "3");
    b.local("sock", "<socket.socket fd=3 127.0.0.1:40112 -> 127.0.0.1:5000>");
    b.local("data", "None");
    b.thread(140_233_099, "worker-1", 4243).daemon = Some(true);
    b.frame("/usr/lib/python3.13/threading.py", 1012, "Thread._bootstrap");
    b.argument("self", "<threading.Thread object at 0x7f00 daemon=True>");
    b
}

#[test]
fn the_sample() {
    let mut files = files();
    check("sample.log", &rendered(&sample().snapshot, Locals::All, &mut files));
    assert_eq!(files.dumps, 1);
}

#[test]
fn arguments_only() {
    check("args.log", &rendered(&sample().snapshot, Locals::Arguments, &mut files()));
}

#[test]
fn no_variables() {
    check("none.log", &rendered(&sample().snapshot, Locals::None, &mut files()));
}

#[test]
fn no_thread_at_all() {
    let mut b = builder();
    b.snapshot.trigger = Trigger::default();
    b.snapshot.notes.push("No thread could be read: the interpreter is being finalised.".to_owned());
    check("empty.log", &rendered(&b.snapshot, Locals::All, &mut files()));
}

/// Everything that the lines of header and threads can say.
#[test]
fn headers_and_threads() {
    let mut b = builder();
    b.snapshot.trigger.interval = true;
    b.snapshot.missed = Missed { waiting: 1200, writing: 1 };
    b.snapshot.process.host = "web\x1b[31m".to_owned();
    b.snapshot.process.command = format!("python\n{}", "x".repeat(3000));
    b.snapshot.process.python = "CPython 3.14.0 free-threaded debug".to_owned();
    b.snapshot.process.uptime = 86_400_050_000_000;
    b.snapshot.hold = Hold { waited: 1_234_560_000, held: 0 };
    b.snapshot.notes =
        vec!["Values left out after 16 MiB: TRIPOD_MAX_BYTES.".to_owned(), "A second\nnote.".to_owned()];

    let thread = b.thread(1, "MainThread", 4242);
    (thread.main, thread.omitted, thread.omitted_after) = (true, 1200, 1);
    b.frame("<string>", 1, "<module>");
    b.frame("/srv/deep.py", 3, "descend");
    let thread = b.thread(2, "damaged", 4243);
    (thread.damaged, thread.daemon) = (true, Some(true));
    b.frame("/srv/deep.py", 0, "descend");
    let thread = b.thread(3, "nameless", 4244);
    (thread.name, thread.interpreter) = (None, 2);
    let thread = b.thread(4, "", 0);
    (thread.name, thread.native_id) = (None, None);
    let thread = b.thread(5, "one frame left out, at the end", 4245);
    (thread.omitted, thread.omitted_after) = (1, 9);
    b.frame("/srv/odd.py", 1, "f");
    let code = b.snapshot.codes.len() - 1;
    b.snapshot.codes[code].escaped = true;
    let thread = b.thread(6, "all", 4246);
    (thread.daemon, thread.interpreter) = (Some(true), 1);
    let frame = b.frame("/srv/changed.py", 1, "g");
    (frame.end_line, frame.columns) = (Some(1), Some((0, 5)));

    let mut files = files();
    files.files.insert("/srv/deep.py", "def descend(n):\n\n    return descend(n - 1)\n".to_owned());
    files.files.insert("/srv/odd.py", "never asked for\n".to_owned());
    files.files.insert("/srv/changed.py", "print('younger than the process')\n".to_owned());
    files.changed.push("/srv/changed.py");
    check("threads.log", &rendered(&b.snapshot, Locals::All, &mut files));
    assert!(!files.asked.iter().any(|(name, _)| name == "/srv/odd.py"), "its name is not what it is called");
}

/// Values, their limits and their marks.
#[test]
fn values_and_limits() {
    let mut b = builder();
    b.snapshot.trigger = Trigger { signal: None, interval: true, notice: false };
    b.thread(1, "MainThread", 4242);

    b.frame("/srv/app.py", 10, "Worker.run");
    b.argument("self", "<app.Worker object at 0x7f0011223344>");
    b.variable(Role::VarPositional, "args", |a| {
        let (five, six) = (leaf(a, "5"), leaf(a, "6"));
        items(a, "(", vec![five, six], ")")
    });
    b.variable(Role::VarKeyword, "kw", |a| {
        let one = leaf(a, "1");
        pairs(a, "{", vec![("'z'", one)], "}")
    });
    b.variable(Role::Local, "zeta", |a| cut_string(a, Kind::Characters, "'aaaaaaaaaa'", 1_000_000));
    b.variable(Role::Local, "body", |a| cut_string(a, Kind::Bytes, "b'\\x00\\x01'", 4096));
    b.variable(Role::Local, "password", |_| Value { kind: Kind::Redacted, ..Value::default() });
    b.variable(Role::Local, "items", |a| {
        let children = (0..20).map(|n| leaf(a, &n.to_string())).collect();
        lacking(items(a, "[", children, "]"), 199_980, None)
    });
    b.variable(Role::Local, "deep", |a| {
        let inner = lacking(items(a, "[", vec![], "]"), 0, Some(Cut::Depth));
        let itself = leaf(a, "[...]");
        items(a, "[", vec![itself, inner], "]")
    });
    b.variable(Role::Local, "job", |a| {
        let id = leaf(a, "7");
        let state = leaf(a, "'queued behind a good many other jobs'");
        let tags = lacking(pairs(a, "{", vec![], "}"), 3, Some(Cut::Characters));
        let fields = fields(
            a,
            "<app.Job object at 0x7f0011223355",
            vec![("id", id), ("state", state), ("tags", tags)],
            ">",
        );
        lacking(fields, 4, None)
    });
    b.variable(Role::Local, "Ort", |a| leaf(a, "'東京'"));
    b.variable(Role::Local, "broken", |a| unread(a, "list", Some(Cut::Damaged)));

    b.frame("/srv/app.py", 20, "step").cut = Some(Cut::Pause);
    b.frame("/srv/app.py", 20, "step").cut = Some(Cut::NotStopped);
    b.argument("a", "1");
    b.frame("/srv/app.py", 20, "step").cut = Some(Cut::DumpBytes);
    b.argument("a", "1");
    b.variable(Role::Local, "b", |a| unread(a, "", Some(Cut::DumpBytes)));
    b.frame("/srv/app.py", 30, "<module>").globals_omitted = 1200;
    b.frame("/srv/app.py", 31, "<lambda>");
    check("values.log", &rendered(&b.snapshot, Locals::All, &mut files()));
}

/// Two dumps in one file stand apart, and each asks for its lines once.
#[test]
fn places_are_looked_up_once() {
    let mut b = builder();
    for ident in 0..50 {
        b.thread(ident, "worker", 1);
        b.frame(SLOW, 9, "main");
        b.frame(SLOW, 9, "main").columns = Some((15, 31));
        b.snapshot.frames.last_mut().unwrap().end_line = Some(9);
    }
    let mut files = files();
    let text = rendered(&b.snapshot, Locals::All, &mut files);
    assert_eq!(text.matches("    data = sock.recv(65536)\n").count(), 200);
    assert_eq!(text.matches("           ^^^^^^^^^^^^^^^^\n").count(), 50);
    assert_eq!(files.asked.len(), 2, "once without carets and once with: {:?}", files.asked);
    assert!(text.starts_with("====") && text.ends_with("----\n\n"));
}
