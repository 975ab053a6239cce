//! Prints what the tables of offsets say, one `name offset` a line, for scripts/check-layouts.
//!
//! `layouts MINOR gil|free-threaded release|debug [HEX]`: HEX are the bytes of the interpreter's debug offsets, 3.13+.

use std::process::ExitCode;

use tripod::python::layout::{Layout, Version};
use tripod::python::memory::{Address, Fault, Memory};

/// Where the bytes pretend to stand.
const BASE: Address = 0x10000;

/// The bytes of one table as the only memory there is.
#[derive(Clone, Copy)]
struct Table<'a>(&'a [u8]);

impl Memory for Table<'_> {
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
        let start = address.checked_sub(BASE).ok_or(Fault)?;
        into.copy_from_slice(self.0.get(start..start + into.len()).ok_or(Fault)?);
        Ok(())
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (minor, threading, build, hex) = match words[..] {
        [minor, threading, build] => (minor, threading, build, ""),
        [minor, threading, build, hex] => (minor, threading, build, hex),
        _ => {
            eprintln!("usage: layouts MINOR gil|free-threaded release|debug [HEX]");
            return ExitCode::from(2);
        }
    };
    let (Ok(minor), Some(table)) = (minor.parse(), bytes_of(hex)) else {
        eprintln!("layouts: neither a minor version nor a table: {minor} {hex}");
        return ExitCode::from(2);
    };
    let version = Version {
        major: 3,
        minor,
        micro: 0,
        free_threaded: threading == "free-threaded",
        debug: build == "debug",
    };
    match Layout::find(Table(&table), BASE, version) {
        Ok(layout) => {
            layout.members(&mut |name, offset| println!("{name} {offset}"));
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            eprintln!("layouts: {refusal:?}");
            ExitCode::FAILURE
        }
    }
}
