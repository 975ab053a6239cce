//! Snapshot -> lines. Knows nothing of CPython and does no I/O.
