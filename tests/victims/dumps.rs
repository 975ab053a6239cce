//! What a dump shows of threads and frames.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::harness::{Dump, Home, Python, Run, Victim, left_in, line_of, on_each, on_each_that, scripts};

/// Takes a dump at the script's next step and lets it go on.
#[track_caller]
fn dump_at_step(victim: &mut Victim) -> Dump {
    victim.ready();
    let dump = victim.dump();
    victim.go_on();
    dump
}

/// Runs a script of so many steps with a dump at each. Each dump must show the stacks that Python tells afterwards.
#[track_caller]
fn dumps_of(python: &Python, script: &str, steps: usize) -> Vec<Dump> {
    dumps_of_run(Run::new(python, script), steps)
}

#[track_caller]
fn dumps_of_run(run: Run, steps: usize) -> Vec<Dump> {
    let outcome = run.check(|victim| {
        for _ in 0..steps {
            dump_at_step(victim);
        }
    });
    assert_eq!(outcome.dumps.len(), steps);
    for (step, dump) in outcome.dumps.iter().enumerate() {
        dump.assert_stacks(&outcome.says.stacks(step));
    }
    outcome.dumps
}

#[test]
fn header_says_which_process_and_why() {
    on_each(|python| {
        let outcome = Run::new(python, "stand.py").arg("2").arg("--password=hunter").check(|victim| {
            dump_at_step(victim);
            let dump = dump_at_step(victim);
            assert_eq!((dump.pid, dump.sequence), (victim.pid(), 2));
        });
        let [first, _] = &outcome.dumps[..] else { panic!("{}", outcome.log) };
        let (major, minor, micro) = python.version;
        let mut shown = format!("CPython {major}.{minor}.{micro}");
        shown.extend(python.free_threaded.then_some(" free-threaded"));
        shown.extend(python.debug.then_some(" debug"));
        assert_eq!(first.python, shown);
        assert_eq!(first.trigger, "SIGUSR2");
        assert_eq!(first.count, 1);
        assert!(first.command.contains("/tests/scripts/stand.py 2 --password="), "{}", first.command);
        assert!(!outcome.log.contains("hunter"), "{}", outcome.log);
        assert_eq!(outcome.status.code(), Some(3));
    });
}

#[test]
fn blocked_threads_show_where_and_with_what() {
    on_each(|python| {
        let dump = dumps_of(python, "blocked.py", 1).remove(0);
        let at = |thread: &str, function: &str, mark: &str| {
            let frame = dump.thread(thread).frame(function);
            assert_eq!(frame.line, line_of("blocked.py", mark), "{thread}");
            frame.clone()
        };
        assert_eq!(dump.main().name, "MainThread");
        assert!(dump.thread("dozer").daemon);
        if !python.shows_values() {
            return;
        }
        let taker = at("taker", "take", "TAKE");
        assert!(taker.arguments.starts_with("take(jobs=<queue.Queue object at 0x"), "{}", taker.arguments);
        let inside = dump.thread("taker").frame(python.name("Condition.wait"));
        assert!(inside.local("waiter").starts_with("<locked _thread.lock"), "{inside:#?}");
        let locker = at("locker", "lock_twice", "LOCK");
        assert!(locker.arguments.starts_with("lock_twice(lock=<locked _thread.lock"), "{}", locker.arguments);
        assert!(locker.arguments.ends_with(", name='guard')"), "{}", locker.arguments);
        let receiver = at("receiver", "receive", "RECEIVE");
        assert!(receiver.arguments.starts_with("receive(sock=<socket.socket fd="), "{}", receiver.arguments);
        assert_eq!(receiver.local("data"), "b''");
        let dozer = at("dozer", "doze", "DOZE");
        assert_eq!(dozer.arguments, "doze(seconds=100000, why='tired')");
        let communicator = at("communicator", "talk", "TALK");
        assert_eq!(communicator.arguments, "talk(command=['sleep', '100000'])");
        assert!(
            communicator.local("child").starts_with("<subprocess.Popen object at 0x"),
            "{communicator:#?}"
        );
        let worker = at("the worker", python.name("Worker.work"), "WANTED");
        let name = python.name("Worker.work");
        let ident = dump.thread("the worker").ident;
        let arguments =
            format!("{name}(self=<Worker(the worker, started {ident})>, options={{'retries': 3}})");
        assert_eq!(worker.arguments, arguments);
    });
}

#[test]
fn deep_recursion_is_shown_whole_where_allowed() {
    on_each(|python| {
        let run = Run::new(python, "recursion.py").env("TRIPOD_MAX_FRAMES", "1000");
        let dump = dumps_of_run(run, 1).remove(0);
        let main = dump.main();
        let depths: Vec<&str> = main.frames.iter().map(|frame| frame.arguments.as_str()).collect();
        let expected: Vec<String> = (1..=900).rev().map(|n| format!("descend(n={n})")).collect();
        if python.shows_values() {
            assert_eq!(depths[1..901], expected);
        }
        assert_eq!(main.short.len(), 902);
        assert!(main.gaps.is_empty());
    });
}

#[test]
fn deep_recursion_keeps_the_outermost_and_innermost_frames() {
    on_each(|python| {
        let outcome = Run::new(python, "recursion.py").check(|victim| {
            dump_at_step(victim);
        });
        let dump = &outcome.dumps[0];
        let main = dump.main();
        assert_eq!((main.short.len(), main.frames.len()), (200, 200));
        assert_eq!(main.gaps, ["… 702 frames left out …"]);
        let stack = &outcome.says.stacks(0)[0].frames;
        let shown = |frame: &super::harness::Frame| (frame.line, frame.name.clone());
        let expected: Vec<_> =
            stack[..100].iter().chain(&stack[802..]).map(|f| (f.line, f.name.clone())).collect();
        assert_eq!(main.short.iter().map(shown).collect::<Vec<_>>(), expected);
        if python.shows_values() {
            assert_eq!(main.frames[99].arguments, "descend(n=802)");
            assert_eq!(main.frames[100].arguments, "descend(n=99)");
        }
    });
}

#[test]
fn every_kind_of_code_is_named_and_placed() {
    on_each(|python| {
        let [importing, running] = dumps_of(python, "code_kinds.py", 2).try_into().unwrap();
        assert!(importing.text.contains("<frozen importlib._bootstrap>"), "{}", importing.text);
        let names: Vec<&str> = running.main().short.iter().map(|frame| frame.name.as_str()).collect();
        for name in [
            "<module>",
            "Body",
            "executed",
            "stand",
            "step",
            "Outer.Inner.answer",
            "Outer.Inner.method.<locals>.<lambda>",
            "traced.<locals>.wrapper",
            "run_in_generator.<locals>.generator",
            "run_in_generator.<locals>.generator.<locals>.<genexpr>",
            "coroutines.<locals>.inner",
            "coroutines.<locals>.middle",
        ] {
            assert!(names.contains(&python.name(name)), "{name} in {names:?}");
        }
        let executed = running.main().frame("executed");
        assert_eq!((executed.file.as_str(), executed.line, executed.source.as_str()), ("<string>", 2, ""));
        let body = running.main().frame("Body");
        let inner = running.main().frame(python.name("coroutines.<locals>.inner"));
        if python.shows_values() {
            assert_eq!(body.local("__module__"), "'__main__'");
            assert!(inner.arguments.ends_with("inner(z=42)"), "{}", inner.arguments);
        }
    });
}

#[test]
fn a_program_without_threading_has_one_thread() {
    on_each(|python| {
        let outcome = Run::new(python, "no_threading.py").check(|victim| {
            dump_at_step(victim);
        });
        outcome.dumps[0].assert_stacks(&outcome.says.stacks(0));
        let main = outcome.dumps[0].main();
        assert_eq!((main.tid, main.daemon), (outcome.dumps[0].pid, false));
        // Some installations import `threading` on their own; else the name is that which the kernel has for it.
        let file = python.path.file_name().unwrap().to_string_lossy().into_owned();
        let name = if outcome.stdout == "True\n" { "MainThread" } else { &file[..file.len().min(15)] };
        assert_eq!(main.name, name);
    });
}

#[test]
fn five_hundred_threads() {
    on_each(|python| {
        let dump = dumps_of_run(Run::new(python, "many_threads.py"), 1).remove(0);
        assert_eq!(dump.threads.len(), 501);
        for number in [0, 250, 499] {
            let frame = dump.thread(&format!("waiter-{number}")).frame("stand");
            assert_eq!(frame.line, line_of("many_threads.py", "WAIT"));
            if python.shows_values() {
                assert_eq!(frame.arguments, format!("stand(number={number})"));
            }
        }
    });
}

#[test]
fn a_limit_on_the_pause_costs_no_stack() {
    on_each_that(Python::shows_values, |python| {
        let run = Run::new(python, "many_threads.py").env("TRIPOD_MAX_PAUSE", "0.001");
        let outcome = run.check(|victim| {
            dump_at_step(victim);
        });
        let dump = &outcome.dumps[0];
        assert_eq!((dump.threads.len(), dump.count), (501, 501));
        assert!(dump.threads.iter().all(|thread| !thread.short.is_empty()));
        assert!(dump.text.contains("TRIPOD_MAX_PAUSE"), "{}", dump.text);
    });
}

#[test]
fn a_loop_in_pure_python_is_shown() {
    on_each(|python| {
        let outcome = Run::new(python, "spin.py").check(|victim| {
            victim.ready();
            for _ in 0..3 {
                victim.dump();
            }
        });
        let (begin, end) = (line_of("spin.py", "SPIN BEGINS"), line_of("spin.py", "SPIN ENDS"));
        for dump in &outcome.dumps {
            let spin = dump.thread("MainThread").frame("spin");
            assert!((begin..=end).contains(&spin.line), "{spin:#?}");
            let listen = dump.thread("listener").frame("listen");
            if python.shows_values() {
                assert_eq!(
                    (spin.arguments.as_str(), listen.arguments.as_str()),
                    ("spin(start=1)", "listen()")
                );
            }
        }
    });
}

#[test]
fn file_names_of_every_kind() {
    on_each(|python| {
        for name in ["größe_東京.py", "with blank and 'quote'.py", "a\", line 7, in b.py"] {
            let dump = dumps_of_run(Run::new(python, "stand.py").copied_as(name), 1).remove(0);
            assert_eq!(dump.main().short[0].source, "victim.step()  # HERE", "{name}");
        }
    });
}

#[test]
fn file_names_that_cannot_be_shown_as_they_are() {
    on_each(|python| {
        for (name, shown) in
            [(&b"esc\x1b[31m.py"[..], "esc\\x1b[31m.py"), (b"not\xff utf-8.py", "not\\udcff utf-8.py")]
        {
            let run = Run::new(python, "stand.py").copied_as(OsStr::from_bytes(name));
            let outcome = run.check(|victim| {
                dump_at_step(victim);
            });
            let frame = &outcome.dumps[0].main().short[0];
            assert!(frame.file.ends_with(shown), "{frame:#?}");
            assert_eq!(frame.line, line_of("stand.py", "HERE"));
        }
    });
}

#[test]
fn sources_are_decoded_by_their_encoding() {
    on_each(|python| {
        let latin = dumps_of(python, "latin1.py", 1).remove(0);
        let frame = latin.main().frame("hold");
        assert_eq!(frame.source, "return victim.step(), \"café\"  # HERE é");
        if python.shows_values() {
            assert_eq!(frame.local("café"), "'été'");
        }
        let marked = dumps_of(python, "byte_order_mark.py", 1).remove(0);
        assert_eq!(marked.main().short[0].source, "victim.step()  # HERE, after a mark: é");
    });
}

#[test]
fn a_source_that_was_changed_or_deleted() {
    let path = |home: &Home| home.cwd().join("copy.py");
    let line = line_of("stand.py", "HERE");
    let changed = format!("{}something_else()\n", "\n".repeat(line as usize - 1));
    on_each(|python| {
        let outcome = Run::new(python, "stand.py").copied_as("copy.py").arg("3").check(|victim| {
            dump_at_step(victim);
            victim.ready();
            std::fs::write(path(victim.home()), &changed).unwrap();
            dump_at(victim);
            victim.ready();
            std::fs::remove_file(path(victim.home())).unwrap();
            dump_at(victim);
        });
        let sources: Vec<&str> =
            outcome.dumps.iter().map(|dump| dump.main().short[0].source.as_str()).collect();
        assert_eq!(sources[0].split("  …").next(), Some("victim.step()  # HERE"));
        assert_eq!(sources[1..], ["something_else()  … file changed since start", ""]);
        assert!(outcome.dumps.iter().all(|dump| dump.main().short[0].line == line));
    });
}

/// Takes a dump where the script stands and lets it go on.
#[track_caller]
fn dump_at(victim: &mut Victim) {
    victim.dump();
    victim.go_on();
}

#[test]
fn threads_of_other_interpreters() {
    on_each_that(
        // An interpreter with a GIL of its own, which is what 3.13's module makes, is its own test.
        |python| !python.free_threaded,
        |python| {
            let outcome = Run::new(python, "subinterpreter.py").check(|victim| {
                victim.ready();
                victim.dump();
            });
            let dump = &outcome.dumps[0];
            let inside = dump.threads.iter().find(|thread| {
                thread.short.iter().any(|frame| frame.name == "inside_the_other" && frame.line == 5)
            });
            assert!(inside.is_some(), "{}", dump.text);
            assert_eq!(dump.thread("MainThread").short[0].name, "<module>");
        },
    );
}

#[test]
fn scripts_are_there_for_every_test() {
    // A script that no test names is a test that somebody believes in.
    let mut tests = String::new();
    let mut directories = vec![scripts().parent().unwrap().to_owned()];
    while let Some(directory) = directories.pop() {
        for path in left_in(&directory) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                tests += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    for script in left_in(&scripts()) {
        let name = script.file_name().unwrap().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".py").unwrap_or(&name);
        assert!(stem.starts_with("victim") || tests.contains(stem), "{name} is in no test");
    }
}
