//! Sockets and files, with their descriptor and name.
//!
//! A socket's addresses are the kernel's to tell: the descriptor is noted in the arena, and whoever shows the snapshot
//! asks once the GIL is released.

use super::class::Class;
use super::form::Form;
use super::number::{push_decimal, push_signed};
use super::{LONGEST_NAME, Work, push_head};
use crate::python::memory::{Address, Fault, Memory};
use crate::python::text;
use crate::snapshot::ValueId;

/// `PySocketSockObject` of `Modules/socketmodule.h`: `sock_fd`, `sock_family`, `sock_type`.
const SOCKET_FD: u16 = 16;
const SOCKET_FAMILY: u16 = 20;
const SOCKET_TYPE: u16 = 24;
/// `fileio.fd` of `Modules/_io/fileio.c`, and the bit field behind it: created, readable, writable, appending.
const FILE_FD: u16 = 16;
const FILE_MODE: u16 = 20;
/// `buffered.raw` of `Modules/_io/bufferedio.c`.
const BUFFERED_RAW: u16 = 16;
/// `textio.buffer` and `textio.encoding` of `Modules/_io/textio.c`.
const TEXT_BUFFER: u16 = 32;
const TEXT_ENCODING: u16 = 40;
/// `stringio` of `Modules/_io/stringio.c` and `bytesio` of `Modules/_io/bytesio.c` alike: the buffer, `pos`, `string_size`.
const MEMORY_BUFFER: u16 = 16;
const MEMORY_POSITION: u16 = 24;
const MEMORY_SIZE: u16 = 32;

/// `stringio.closed`, by version.
fn string_closed(minor: u8) -> u16 {
    match minor {
        ..=11 => 73,
        12 | 13 => 113,
        _ => 65,
    }
}

/// Layers of one file that are followed.
const LAYERS: usize = 4;

impl<M: Memory> Work<'_, '_, '_, M> {
    fn private_i32(&self, object: Address, offset: u16) -> Result<i32, Fault> {
        self.memory.i32(object.wrapping_add(self.objects.private(offset)))
    }

    /// `<socket.socket fd=3>`, to become `<socket.socket fd=3 127.0.0.1:40112 -> 127.0.0.1:5000>`.
    pub(super) fn socket(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let fd = self.private_i32(object, SOCKET_FD)?;
        let kind = self.private_i32(object, SOCKET_TYPE)?;
        if fd < 0 {
            return self.leaf(slot, class, |out| {
                out.extend(["<", &class.full, " closed>"]);
                Ok(())
            });
        }
        let family = self.private_i32(object, SOCKET_FAMILY)?;
        let is_udp = kind & 0xf == libc::SOCK_DGRAM && matches!(family, libc::AF_INET | libc::AF_INET6);
        self.arena.sockets.push((ValueId(slot), fd));
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.full, " fd="]);
            push_signed(out, fd.into());
            out.push_str(if is_udp { " udp>" } else { ">" });
            Ok(())
        })
    }

    /// `<_io.TextIOWrapper name='app.log' mode='w' encoding='utf-8' fd=3>`: what Python says, and the descriptor of the raw file
    /// below. A file that is closed says so.
    pub(super) fn file(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let (memory, objects) = (self.memory, self.objects);
        let (mut mode, mut name, mut encoding, mut descriptor) = (None, None, None, None);
        let (mut raw_mode, mut layer) = (None, object);
        for _ in 0..LAYERS {
            let of = self.class_of(layer)?;
            mode = mode.or_else(|| self.attribute(layer, &of, "mode"));
            name = name.or_else(|| self.attribute(layer, &of, "name"));
            let below = match of.form {
                Form::TextFile => {
                    let at = layer.wrapping_add(objects.private(TEXT_ENCODING));
                    encoding = Some(memory.word(at)?).filter(|&encoding| self.is_str(encoding));
                    TEXT_BUFFER
                }
                Form::BufferedFile => BUFFERED_RAW,
                Form::RawFile => {
                    descriptor = Some(self.private_i32(layer, FILE_FD)?);
                    raw_mode = Some(self.private_i32(layer, FILE_MODE)? as u32);
                    break;
                }
                _ => break,
            };
            layer = match memory.word(layer.wrapping_add(objects.private(below)))? {
                // It was detached.
                0 => break,
                below => below,
            };
        }
        let number = match name {
            Some(name) if self.class_of(name)?.form == Form::Int => self.small_int(name).ok(),
            _ => None,
        };
        let name = name.filter(|&name| self.is_str(name));
        let mode = mode.filter(|&mode| self.is_str(mode));
        let truncates = self.version.at_least(15);
        let is_raw = class.form == Form::RawFile;
        self.leaf(slot, class, |out| {
            out.extend(["<", &class.full]);
            for (label, text) in [(" name=", name), (" mode=", mode), (" encoding=", encoding)] {
                if let Some(text) = text {
                    out.push_str(label);
                    text::push_quoted(memory, objects, text, 4 * LONGEST_NAME, out)?;
                } else if label == " name=" {
                    if let Some(number) = number {
                        out.push_str(label);
                        push_signed(out, number);
                    }
                } else if let (" mode=", true, Some(bits)) = (label, is_raw, raw_mode) {
                    out.extend([label, "'", mode_of(bits, truncates), "'"]);
                }
            }
            match descriptor {
                Some(fd) if fd >= 0 => {
                    out.push_str(" fd=");
                    push_signed(out, fd.into());
                }
                Some(_) => out.push_str(" closed"),
                None => {}
            }
            out.push('>');
            Ok(())
        })
    }

    /// `<_io.BytesIO object at 0x7f… pos=0 size=6>`.
    pub(super) fn memory_file(&mut self, slot: u32, object: Address, class: &Class) -> Result<(), Fault> {
        let member = |offset| self.memory.word(object.wrapping_add(self.objects.private(offset)));
        let (buffer, position, size) =
            (member(MEMORY_BUFFER)?, member(MEMORY_POSITION)?, member(MEMORY_SIZE)?);
        // A `BytesIO` gives its buffer back when it is closed.
        let mut closed = buffer == 0;
        if class.form == Form::StringFile {
            let at = self.objects.private(string_closed(self.version.minor));
            closed = self.memory.u8(object.wrapping_add(at))? != 0;
        }
        self.leaf(slot, class, |out| {
            push_head(out, "", class, object);
            if closed {
                out.push_str(" closed>");
                return Ok(());
            }
            out.push_str(" pos=");
            push_decimal(out, position as u64);
            out.push_str(" size=");
            push_decimal(out, size as u64);
            out.push('>');
            Ok(())
        })
    }
}

/// `mode_string` of `Modules/_io/fileio.c`; `truncates` is whether this version keeps that it was opened to be emptied (3.15+).
fn mode_of(bits: u32, truncates: bool) -> &'static str {
    let is = |bit: u32| bits >> bit & 1 != 0;
    let (created, readable, writable, appending) = (is(0), is(1), is(2), is(3));
    match (created, appending, readable, writable) {
        (true, _, true, _) => "xb+",
        (true, ..) => "xb",
        (_, true, true, _) => "ab+",
        (_, true, ..) => "ab",
        (_, _, true, true) if truncates && is(6) => "wb+",
        (_, _, true, true) => "rb+",
        (_, _, true, false) => "rb",
        _ => "wb",
    }
}
