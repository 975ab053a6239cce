//! Reads one object of the interpreter that loads it with `ctypes.PyDLL`, which holds the GIL during a call.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::slice;

use tripod::budget::{Budget, Limits};
use tripod::python::known::Known;
use tripod::python::layout::Version;
use tripod::python::layout::objects::Objects;
use tripod::python::memory::{Address, Checked, Held, Memory};
use tripod::python::values::Reader;
use tripod::redact::Redact;
use tripod::snapshot::{Arena, Cut, Kind, Value, ValueId};

/// What the calling script says of itself and of what it wants.
#[repr(C)]
pub struct Request {
    /// `sys.hexversion`
    hexversion: u32,
    /// 1: free-threaded; 2: Py_DEBUG; 4: checked memory; 8: nothing is redacted
    flags: u32,
    chars: u32,
    items: u32,
    depth: u32,
    /// Bytes of a dump.
    bytes: u32,
    /// Times that the value is read into one dump; the last one is given back.
    times: u32,
    /// Nanoseconds that the reading took, of all times together.
    took: u64,
}

fn find(name: &str) -> Option<Address> {
    let name = CString::new(name).ok()?;
    // SAFETY: `name` is a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address as Address)
}

fn read<M: Memory>(memory: M, request: &mut Request, name: &str, object: Address) -> String {
    let version = Version {
        major: (request.hexversion >> 24) as u8,
        minor: (request.hexversion >> 16) as u8,
        micro: (request.hexversion >> 8) as u8,
        free_threaded: request.flags & 1 != 0,
        debug: request.flags & 2 != 0,
    };
    let Some(objects) = Objects::of(version) else { return "no layout".into() };
    let known = Known::resolve(find);
    let redact = if request.flags & 8 != 0 { Redact::off() } else { Redact::default() };
    let limits = Limits {
        chars: request.chars,
        items: request.items,
        depth: request.depth,
        bytes: request.bytes.into(),
        ..Limits::default()
    };
    let clock = || 0;
    let mut budget = Budget::new(limits, &clock, 1);
    let mut arena = Arena::default();
    let start = std::time::Instant::now();
    let mut reader = Reader::new(memory, version, &objects, &known, &redact);
    let mut id = ValueId(0);
    for _ in 0..request.times.max(1) {
        id = reader.variable(&mut arena, &mut budget, name, object);
    }
    request.took = start.elapsed().as_nanos() as u64;
    tripod::kernel::sockets::complete(&mut arena);
    let mut out = String::new();
    show(&arena, arena.values[id.0 as usize], &mut out);
    out
}

/// The one-line form.
fn show(arena: &Arena, value: Value, out: &mut String) {
    let open = arena.text(value.open);
    match value.kind {
        Kind::Redacted => return out.push_str("'********'"),
        Kind::Unread => return out.push_str(&format!("<not read: {}>", why(value.cut))),
        _ => out.push_str(open),
    }
    match value.kind {
        Kind::Characters if value.omitted > 0 => out.push_str(&format!("… ({} characters)", value.omitted)),
        Kind::Bytes if value.omitted > 0 => out.push_str(&format!("… ({} bytes)", value.omitted)),
        _ => {}
    }
    let joint = match value.kind {
        Kind::Pairs => ": ",
        Kind::Fields => "=",
        _ => ", ",
    };
    let mut first = true;
    let mut between = |out: &mut String, joint: &str| {
        match (first, value.kind == Kind::Fields && open.starts_with('<')) {
            (true, true) => out.push(' '),
            (true, false) => {}
            (false, _) => out.push_str(joint),
        }
        first = false;
    };
    for (index, child) in value.children.range().enumerate() {
        between(out, if index % 2 == 1 { joint } else { ", " });
        show(arena, arena.values[child], out);
    }
    if matches!(value.kind, Kind::Items | Kind::Pairs | Kind::Fields) {
        if value.omitted > 0 {
            between(out, ", ");
            out.push_str(&format!("… {} more{}", value.omitted, why(value.cut)));
        }
        out.push_str(value.close);
    }
}

fn why(cut: Option<Cut>) -> &'static str {
    match cut {
        None => "",
        Some(Cut::Depth) => " (depth)",
        Some(Cut::Characters) => " (characters)",
        Some(Cut::DumpBytes) => " (bytes)",
        Some(Cut::Pause) => " (pause)",
        Some(Cut::Damaged) => " (damaged)",
        Some(Cut::NotStopped) => " (not stopped)",
    }
}

/// Writes the one-line form of `object` into `buffer` of `capacity` bytes; answers its whole length.
///
/// # Safety
/// The GIL is held, `object` is alive, `name` is a C string or null, and `buffer` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tripod_read(
    request: *mut Request,
    name: *const c_char,
    object: *mut c_void,
    buffer: *mut u8,
    capacity: usize,
) -> usize {
    // SAFETY: by this function's contract.
    let request = unsafe { &mut *request };
    let name = if name.is_null() {
        ""
    } else {
        // SAFETY: by this function's contract.
        unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("")
    };
    let object = object as Address;
    let text = if request.flags & 4 != 0 {
        read(Checked::new(), request, name, object)
    } else {
        // SAFETY: the caller holds the GIL, and this process has one interpreter.
        read(unsafe { Held::new() }, request, name, object)
    };
    let count = text.len().min(capacity);
    // SAFETY: by this function's contract.
    unsafe { slice::from_raw_parts_mut(buffer, count) }.copy_from_slice(&text.as_bytes()[..count]);
    text.len()
}
