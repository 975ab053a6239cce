//! What asks for a dump: signals and the interval.

use std::time::{SystemTime, UNIX_EPOCH};

use super::harness::{Run, library, on_each, on_each_that, wait_for};

/// Microseconds since 1970 of a dump's time, `2026-11-20T08:15:04.123456+00:00`.
pub(super) fn microseconds(time: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| time[range].parse::<u64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days since 0000-03-01, by the calendar's own pattern: years of March to February, in cycles of 400.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + (153 * shifted_month + 2) / 5
        + day
        - 1
        - 719_468;
    let seconds = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    seconds * 1_000_000 + number(20..26)
}

pub(super) fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

#[test]
fn times_are_read() {
    assert_eq!(microseconds("1970-01-01T00:00:00.000001+00:00"), 1);
    assert_eq!(microseconds("2024-02-29T12:00:00.000000+00:00"), 1_709_208_000_000_000);
}

#[test]
fn the_signal_can_be_chosen() {
    let real_time = libc::SIGRTMIN() + 3;
    on_each(|python| {
        for (chosen, number, shown) in [
            ("USR1", libc::SIGUSR1, "SIGUSR1"),
            ("sigprof", libc::SIGPROF, "SIGPROF"),
            ("28", libc::SIGWINCH, "SIGWINCH"),
            ("RTMIN+3", real_time, "SIGRTMIN+3"),
        ] {
            let outcome = Run::new(python, "stand.py").env("TRIPOD_SIGNAL", chosen).check(|victim| {
                victim.ready();
                victim.signal(number);
                victim.wait_for_dumps(1);
            });
            assert_eq!(outcome.dumps[0].trigger, shown);
        }
    });
}

#[test]
fn without_a_signal_its_own_meaning_stays() {
    on_each(|python| {
        for (signal, name) in [("none", libc::SIGUSR2), ("USR1", libc::SIGUSR2)] {
            let mut victim = Run::new(python, "stand.py").env("TRIPOD_SIGNAL", signal).start();
            victim.ready();
            victim.signal(name);
            let outcome = victim.finish();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&outcome.status), Some(libc::SIGUSR2));
            assert_eq!((outcome.stderr.as_str(), outcome.log.as_str()), ("", ""));
        }
    });
}

#[test]
fn a_handler_that_was_there_before_is_called_too() {
    on_each(|python| {
        let run = Run::new(python, "chained.py");
        let bare = run.clone().arg("").run_bare();
        // Loaded late, by ctypes, the library finds the program's handler there.
        let mut victim = run.arg(library()).start_bare();
        victim.ready();
        victim.dump();
        let outcome = victim.finish();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("True True\n", ""));
        outcome.assert_like(&bare);
        assert_eq!(outcome.dumps[0].trigger, "SIGUSR2");
    });
}

#[test]
fn a_signal_that_is_ignored_at_the_start_asks_for_dumps_too() {
    on_each(|python| {
        let run = Run::new(python, "stand.py").behind(&["sh", "-c", "trap '' USR2; exec \"$@\"", "sh"]);
        let outcome = run.clone().check(|victim| {
            victim.ready();
            victim.dump();
        });
        assert_eq!(outcome.dumps.len(), 1);
    });
}

#[test]
fn of_many_signals_the_last_is_not_lost() {
    on_each(|python| {
        let mut sent = 0;
        let outcome = Run::new(python, "stand.py").check(|victim| {
            victim.ready();
            for _ in 0..50 {
                sent = now();
                victim.signal(libc::SIGUSR2);
            }
            wait_for("a dump that begins after the last signal", || {
                victim.dumps().last().is_some_and(|dump| microseconds(&dump.time) >= sent).then_some(())
            });
        });
        assert!(outcome.dumps.len() <= 50);
        let sequences: Vec<u64> = outcome.dumps.iter().map(|dump| dump.sequence).collect();
        assert_eq!(sequences, (1..=outcome.dumps.len() as u64).collect::<Vec<_>>());
    });
}

#[test]
fn a_signal_during_a_dump_asks_for_one_more() {
    on_each(|python| {
        let run = Run::new(python, "many_threads.py");
        let mut sent = 0;
        run.check(|victim| {
            victim.ready();
            victim.signal(libc::SIGUSR2);
            // The log is there as soon as the first dump is being written, or later.
            wait_for("the log", || victim.log());
            sent = now();
            victim.signal(libc::SIGUSR2);
            victim.wait_for_dumps(2);
            let second = victim.dumps().swap_remove(1);
            assert!(microseconds(&second.time) >= sent || victim.dumps().len() > 2);
        });
    });
}

#[test]
fn the_interval_gives_dumps_at_a_fixed_rate() {
    const INTERVAL: u64 = 50_000;
    on_each(|python| {
        let begun = now();
        let outcome = Run::new(python, "stand.py").env("TRIPOD_INTERVAL", "0.05").check(|victim| {
            victim.ready();
            victim.wait_for_dumps(4);
        });
        let times: Vec<u64> = outcome.dumps.iter().map(|dump| microseconds(&dump.time)).collect();
        assert!(outcome.dumps.iter().all(|dump| dump.trigger == "interval"), "{}", outcome.log);
        // However slow the machine is, no tick comes early: the n-th dump not before n intervals have passed.
        for (count, time) in (1..).zip(&times) {
            assert!(time - begun >= count * INTERVAL, "dump {count} at {time}, begun at {begun}");
        }
        assert!(times.is_sorted());
    });
}

#[test]
fn ticks_without_a_dump_are_counted_with_the_reason() {
    on_each_that(
        |python| !python.free_threaded,
        |python| {
            let outcome = Run::new(python, "holds_gil.py").env("TRIPOD_INTERVAL", "0.002").check(|victim| {
                victim.ready();
                victim.wait_for_dumps(1);
                let log = victim.log().unwrap();
                // The first dumps may come before the script has begun to keep the GIL.
                wait_for("a tick that was missed", || {
                    let text = std::fs::read_to_string(&log).unwrap();
                    text.contains(" while waiting for the GIL").then_some(())
                });
            });
            let missed: Vec<&String> = outcome.dumps.iter().flat_map(|dump| &dump.notes).collect();
            let waiting = missed.iter().any(|note| {
                note.starts_with("Missed ")
                    && note.contains(" of the interval: ")
                    && note.contains(" while waiting for the GIL")
            });
            assert!(waiting, "{missed:?}");
        },
    );
}

#[test]
fn both_triggers_together() {
    on_each(|python| {
        let outcome = Run::new(python, "stand.py").env("TRIPOD_INTERVAL", "0.1").check(|victim| {
            victim.ready();
            victim.signal(libc::SIGUSR2);
            wait_for("dumps of both kinds", || {
                let dumps = victim.dumps();
                let has =
                    |word: &str| dumps.iter().any(|dump| dump.trigger.split(", ").any(|cause| cause == word));
                (has("SIGUSR2") && has("interval")).then_some(())
            });
        });
        assert!(outcome.dumps.len() >= 2 || outcome.dumps[0].trigger == "SIGUSR2, interval");
    });
}

#[test]
fn a_bad_variable_costs_one_line() {
    on_each(|python| {
        for (name, value) in [
            ("TRIPOD_INTERVAL", "often"),
            ("TRIPOD_INTERVAL", "0.0001"),
            ("TRIPOD_SIGNAL", "SIGNOPE"),
            ("TRIPOD_SIGNAL", "KILL"),
            ("TRIPOD_MAX_DEPTH", "-1"),
            ("TRIPOD_LOCALS", "some\x1b[31m\n"),
        ] {
            let run = Run::new(python, "stand.py").env(name, value);
            let bare = run.run_bare();
            let mut victim = run.start();
            victim.ready();
            assert_eq!(victim.dump().trigger, "SIGUSR2");
            let outcome = victim.finish();
            let (line, rest) = outcome.stderr.split_once('\n').unwrap();
            assert!(line.starts_with(&format!("[Tripod] {name}='")), "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
            assert_eq!(
                (rest, &outcome.stdout, outcome.status),
                (bare.stderr.as_str(), &bare.stdout, bare.status)
            );
        }
    });
}

#[test]
fn what_python_says_of_the_signal_can_be_put_back() {
    on_each(|python| {
        let run = Run::new(python, "signal_put_back.py");
        let outcome = run.clone().check(|victim| {
            victim.ready();
            let dump = victim.dump();
            assert_eq!(dump.trigger, "SIGUSR2");
            victim.go_on();
        });
        assert_eq!(outcome.stdout, "SIG_DFL\nits own handler\nSIG_DFL\n");
        // Ignored already by who started it.
        let ignored = run.behind(&["sh", "-c", "trap '' USR2; exec \"$@\"", "sh"]);
        let outcome = ignored.check(|victim| {
            victim.ready();
            victim.dump();
            victim.go_on();
        });
        assert_eq!(outcome.stdout, "SIG_IGN\nits own handler\nSIG_IGN\n");
    });
}
