//! The C library ends a process with its last thread: Tripod's must not be the one that is waited for.

use super::harness::{Run, on_each};

#[test]
fn a_child_of_a_thread_ends_with_that_thread() {
    on_each(|python| {
        let outcome = Run::new(python, "last_thread.py").check(|_| {});
        assert_eq!(outcome.stdout, "the child ended with 0\n");
    });
}

#[test]
fn a_child_whose_first_thread_ends_before_another() {
    on_each(|python| {
        let outcome = Run::new(python, "last_thread.py").arg("another").check(|_| {});
        assert_eq!(outcome.stdout, "the child ended with 0\n");
    });
}
