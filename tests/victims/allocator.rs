//! Programs that put something in front of the interpreter's allocator: the agent's thread must not run into it.

use super::harness::{Run, on_each};

#[test]
fn tracemalloc_can_be_stopped() {
    on_each(|python| {
        let outcome =
            Run::new(python, "allocator_hooked.py").env("TRIPOD_INTERVAL", "0.001").check(|victim| {
                victim.ready();
                // Blocked as it is, the main thread cannot take this dump for the agent.
                victim.dump();
                victim.go_on();
            });
        assert!(!outcome.dumps.is_empty());
        assert_eq!(outcome.stdout, "True\n");
    });
}
