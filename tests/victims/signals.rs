//! Signals: what the program does with its own is as it was, on SIGUSR2, too; and Tripod's does no harm to what it interrupts.

use std::fs;

use super::harness::{Dump, Run, Stderr, Victim, on_each, wait_for};
use super::triggers::{microseconds, now};

/// How Tripod begins to say that the signal is the script's.
const TAKEN: &str = "The program has its own use for SIGUSR2";

fn says_taken(dump: &Dump) -> bool {
    dump.notes.iter().any(|note| note.starts_with(TAKEN) && note.contains("TRIPOD_SIGNAL"))
}

#[test]
fn the_scripts_own_handler_wins_and_the_log_says_so_once() {
    on_each(|python| {
        for (how, caught) in [
            ("python", "['<module>', '<module>', '<module>', '<module>', '<module>'] 0"),
            ("ignore", "[] 0"),
            ("faulthandler", "[] 5"),
        ] {
            let outcome = Run::new(python, "own_handler.py").arg(how).check(|victim| {
                victim.ready();
                victim.wait_for_dumps(1);
                victim.go_on();
                victim.ready();
            });
            assert!(outcome.stdout.contains(caught), "{how}: {}", outcome.stdout);
            // The signals have asked for nothing.
            let [notice] = &outcome.dumps[..] else { panic!("{how}: {}", outcome.log) };
            assert_eq!((notice.trigger.as_str(), notice.threads.len()), ("notice", 0));
            assert!(says_taken(notice), "{how}: {}", outcome.log);
        }
    });
}

#[test]
fn a_dump_by_the_interval_says_that_the_signal_is_the_scripts() {
    on_each(|python| {
        let run = Run::new(python, "own_handler.py").arg("python").env("TRIPOD_INTERVAL", "0.02");
        let outcome = run.check(|victim| {
            victim.ready();
            let said = wait_for("a dump that says so", || victim.dumps().iter().position(says_taken));
            victim.wait_for_dumps(said + 10);
        });
        assert_eq!(outcome.dumps.iter().filter(|dump| says_taken(dump)).count(), 1);
        assert!(outcome.dumps.iter().all(|dump| dump.trigger == "interval" && !dump.threads.is_empty()));
    });
}

#[test]
fn where_there_is_no_log_standard_error_says_it() {
    on_each(|python| {
        let run = Run::new(python, "own_handler.py").arg("python").env("TRIPOD_LOG", "/sys/tripod-test.log");
        let mut victim = run.stderr(Stderr::File).start();
        victim.ready();
        let told = victim.wait_for_stderr(TAKEN);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert_eq!(victim.finish().stderr, told);
    });
}

#[test]
fn a_handler_that_calls_the_one_before_leaves_both_working() {
    on_each(|python| {
        // Without Tripod, the handler before is the end of the process; so the script sends nothing then.
        let mut victim = Run::new(python, "own_handler.py").arg("chain").start();
        victim.ready();
        victim.wait_for_dumps(1);
        victim.go_on();
        victim.ready();
        victim.wait_for_dumps(2);
        let outcome = victim.finish();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("[] 5\nTrue\n", ""));
        assert!(says_taken(&outcome.dumps[0]));
        assert!(outcome.dumps[1..].iter().all(|dump| dump.trigger == "SIGUSR2"), "{}", outcome.log);
    });
}

#[test]
fn every_signal_that_the_script_waits_for_is_its_own() {
    on_each(|python| {
        let run = Run::new(python, "takes_signals.py").env("TRIPOD_INTERVAL", "0.01");
        let outcome = run.check(|victim| {
            victim.ready();
            victim.wait_for_dumps(1);
            victim.go_on();
        });
        assert!(
            outcome.stdout.contains("lost: 0\nsigwait: True\nsigtimedwait: True True\n"),
            "{}",
            outcome.stdout
        );
        assert!(outcome.dumps.iter().all(|dump| dump.trigger == "interval" && !says_taken(dump)));
    });
}

#[test]
fn blocking_calls_end_as_they_do_without_the_signal() {
    on_each(|python| {
        let outcome = Run::new(python, "blocking_calls.py").check_pestered();
        assert_eq!(outcome.stdout.matches(" in time\n").count(), outcome.stdout.lines().count());
        let dump = outcome
            .dumps
            .iter()
            .rev()
            .find(|dump| dump.main().frames.iter().any(|frame| frame.name == "told"));
        let told = dump.expect("a dump shows the call").main().frame("told");
        assert!(!python.shows_values() || told.arguments.contains("name='"), "{told:#?}");
    });
}

#[test]
fn calls_of_c_that_no_handler_restarts_end_as_with_any_handler() {
    on_each(|python| {
        let interrupt = |mut victim: Victim| {
            for _ in 0..2 {
                victim.ready();
                victim.signal(libc::SIGUSR2);
            }
            victim.finish()
        };
        let script = Run::new(python, "c_calls_interrupted.py");
        let watched = interrupt(script.start());
        let bare = interrupt(script.arg("handler").start_bare());
        watched.assert_like(&bare);
        assert_eq!(watched.stdout, "poll -1 EINTR\nnanosleep -1 EINTR\n");
    });
}

/// Resident memory, in bytes.
fn resident(victim: &Victim) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{}/statm", victim.pid())).unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn a_hundred_thousand_signals() {
    const SIGNALS: usize = 100_000;
    on_each(|python| {
        let mut grown = 0;
        let outcome = Run::new(python, "spin.py").env("TRIPOD_LOG_MAX", "0").check(|victim| {
            victim.ready();
            for _ in 0..50 {
                victim.dump();
            }
            let before = resident(victim);
            let mut sent = 0;
            for _ in 0..SIGNALS {
                sent = now();
                victim.signal(libc::SIGUSR2);
            }
            wait_for("a dump that begins after the last signal", || {
                victim.dumps().last().is_some_and(|dump| microseconds(&dump.time) >= sent).then_some(())
            });
            grown = resident(victim).saturating_sub(before);
        });
        assert_eq!(outcome.stdout, "True\n");
        assert!(outcome.dumps.len() > 50);
        assert!(
            outcome.dumps.iter().all(|dump| dump
                .main()
                .frames
                .last()
                .is_some_and(|frame| frame.name == "spin"))
        );
        assert!(grown < 1 << 20, "{grown} bytes more after {SIGNALS} signals");
    });
}
