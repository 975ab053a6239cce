//! What Python can see of itself is what it sees without Tripod, at every moment while dumps are taken.

use super::harness::{Run, on_each};

#[test]
fn a_program_that_looks_at_itself_sees_no_difference() {
    on_each(|python| {
        let outcome = Run::new(python, "visible.py").check_pestered();
        assert!(outcome.stdout.contains("\nerrno: [(-1, 9)]\nlifetimes: 0\n"), "{}", outcome.stdout);
        // It was dumped while it looked.
        let looked = |function: &str| {
            outcome.dumps.iter().any(|dump| dump.main().short.iter().any(|frame| frame.name == function))
        };
        assert!(looked("answers") && looked("lifetimes"), "{} dumps", outcome.dumps.len());
    });
}

/// What is not equal, and how far: see README.
#[test]
fn a_dump_that_waits_for_the_gil_is_at_most_one_thread_without_frames() {
    on_each(|python| {
        let outcome = Run::new(python, "waiting_agent.py").check_pestered();
        let expected =
            "of the threads that are not its own: at most one: True\nan exception: False\nshown: True True\n";
        assert_eq!(outcome.stdout, expected);
        assert!(outcome.dumps.len() > 1);
    });
}
