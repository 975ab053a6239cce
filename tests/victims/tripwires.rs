//! A dump runs none of the program's code and changes nothing that the program can see.

use super::harness::{Run, on_each};

#[test]
fn a_thousand_dumps_run_none_of_the_programs_code() {
    on_each(|python| {
        let run = Run::new(python, "tripwires.py").env("TRIPOD_INTERVAL", "0.001").env("TRIPOD_LOG_MAX", "0");
        let mut armed = 0;
        let outcome = run.check(|victim| {
            victim.ready();
            armed = victim.dumps().len() + 1;
            victim.wait_for_dumps(armed + 1000);
        });
        // What was seen without Tripod is a call of `os.read`; `check` has found that it was the same with it.
        assert!(!outcome.stdout.contains("seen: called"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("seen: c_call turn"), "the wires are not live: {}", outcome.stdout);
        // The dumps did look at the objects.
        let dump = &outcome.dumps[armed + 999];
        for thread in ["wired-0", "wired-1", "wired-2"] {
            let hold = dump.thread(thread).frame("hold");
            assert!(!python.shows_values() || hold.arguments.starts_with("hold(turn="), "{hold:#?}");
        }
        if python.shows_values() {
            let hold = dump.thread("MainThread").frame("hold");
            assert!(hold.local("plain").starts_with("<__main__.Plain object at 0x"), "{hold:#?}");
            assert!(hold.local("table").starts_with("Dict({'key': <__main__.Plain object"), "{hold:#?}");
            assert_eq!(hold.local("text"), "Str('text')");
            assert_eq!(hold.local("number"), "Int(5)");
        }
    });
}

#[test]
fn objects_go_when_their_owner_lets_them_go() {
    on_each(|python| {
        let outcome = Run::new(python, "lifetimes.py").check(|victim| {
            for _ in 0..3 {
                victim.ready();
                victim.dump();
                victim.dump();
                victim.go_on();
            }
        });
        let expected = "canary freed\nafter del\nunchanged: True ['known'] 3\ncanary freed\n[1, 2]\n";
        assert_eq!(outcome.stdout, expected);
    });
}

#[test]
fn the_program_sees_no_trace() {
    on_each(|python| {
        Run::new(python, "signal_states.py").check(|victim| {
            victim.ready();
            victim.dump();
        });
    });
}
