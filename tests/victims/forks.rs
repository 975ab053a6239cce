//! Forks: those that `os.fork` makes, and counts threads at (3.12 and later), and those it knows nothing of.

use super::harness::{Run, on_each, wait_for};

/// 3.13.0 counts after the callbacks in the parent, within which a pending call had started the thread again. Once the
/// program has gone on, it is started: a parent that waits is dumped.
#[test]
fn no_warning_of_threads_after_callbacks_of_python_code() {
    on_each(|python| {
        let outcome = Run::new(python, "fork_callbacks.py").check(|victim| {
            victim.ready();
            victim.dump();
            victim.go_on();
        });
        assert_eq!(outcome.stdout, "0 warnings\n");
    });
}

/// CPython keeps the kernel's id of a thread from 3.11 on, and changes it only where it is told of the fork.
#[test]
fn a_fork_by_c_code_shows_the_childs_own_id() {
    on_each(|python| {
        let run = Run::new(python, "fork_in_c.py")
            .env("TRIPOD_LOG", "{home}/%p.log")
            .env("TRIPOD_INTERVAL", "0.01");
        let outcome = run.check(|victim| {
            victim.ready();
            let child = wait_for("the child", || {
                victim.says().lines.iter().find(|line| line[0] == "child").map(|line| line[1].clone())
            });
            let log = victim.home().path().join(format!("{child}.log"));
            victim.wait_for_dumps_in(&log, 1);
            let text = std::fs::read_to_string(&log).unwrap();
            assert!(text.contains(&format!(" (tid {child})\n")), "{text}");
            victim.go_on();
        });
        assert_eq!(outcome.stdout, "the child ended with 7\n");
    });
}
