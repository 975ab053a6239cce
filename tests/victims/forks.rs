//! Forks: the agent's thread must not be there when `os.fork` counts the threads (3.12 and later).

use super::harness::{Run, on_each};

/// 3.13.0 counts after the callbacks in the parent, within which a pending call had started the thread again.
#[test]
fn no_warning_of_threads_after_callbacks_of_python_code() {
    on_each(|python| {
        let outcome = Run::new(python, "fork_callbacks.py").check(|_| {});
        assert_eq!(outcome.stdout, "0 warnings\n");
    });
}
