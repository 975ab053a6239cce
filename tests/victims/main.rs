//! The library in real interpreters: each test runs a small script of `tests/scripts` under every CPython that is
//! found, once with Tripod and once without, and asserts three things: the dump is right; the exit status and what
//! was written are the same; nothing is left behind but the log.
//!
//! `TRIPOD_PYTHONS` names the interpreters, with colons between; else those of pyenv and of `/usr/bin` are taken.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod allocator;
mod descriptors;
mod dumps;
mod foreign;
mod forks;
mod harness;
mod last_thread;
mod log;
mod signals;
mod triggers;
mod tripwires;
mod values;
mod visible;
