//! What a socket of this process is connected to.
//!
//! The agent's thread has a table of descriptors of its own, so it copies the socket for the moment of asking
//! (`pidfd_getfd`, Linux 5.6). Where a container's filter refuses that, the kernel's tables in `/proc/self/net` are
//! searched for it. The descriptor may have been closed or taken over since it was read, as it may for the script itself.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use super::escape;
use crate::snapshot::Arena;

/// The most that is read of one of the kernel's tables of sockets, in bytes.
const TABLE_LIMIT: u64 = 4 << 20;

/// Adds their ends to the sockets among the values.
pub fn complete(arena: &mut Arena) {
    let mut sockets = Sockets::default();
    for (value, descriptor) in std::mem::take(&mut arena.sockets) {
        if let Some(ends) = sockets.describe(descriptor) {
            arena.amend(value, &ends);
        }
    }
}

/// A copy of one of the process's sockets.
fn socket(descriptor: i32) -> Option<OwnedFd> {
    let copy = super::copy_of_descriptor(descriptor).ok()?;
    let link = fs::read_link(format!("/proc/thread-self/fd/{}", copy.as_raw_fd())).ok()?;
    link.to_str()?.starts_with("socket:").then_some(copy)
}

/// `local -> peer`, as far as there are any.
fn ends(socket: &OwnedFd) -> Option<String> {
    let local = name(socket, libc::getsockname);
    let peer = name(socket, libc::getpeername);
    match (local, peer) {
        (None, peer) => peer.map(|peer| format!("-> {peer}")),
        (local, None) => local,
        (Some(local), Some(peer)) => Some(format!("{local} -> {peer}")),
    }
}

/// `getsockname` or `getpeername`.
type Ask = unsafe extern "C" fn(libc::c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> libc::c_int;

/// One end of a socket; `None` where it is bound to nothing.
fn name(socket: &OwnedFd, ask: Ask) -> Option<String> {
    let mut bytes = [0_u8; size_of::<libc::sockaddr_storage>()];
    let mut length = bytes.len() as libc::socklen_t;
    // SAFETY: `bytes` has `length` bytes, which the kernel writes as bytes.
    if unsafe { ask(socket.as_raw_fd(), bytes.as_mut_ptr().cast(), &mut length) } != 0 {
        return None;
    }
    parse(bytes.get(..length as usize)?)
}

/// Of the bytes of a `sockaddr` (ip(7), ipv6(7), unix(7)).
fn parse(bytes: &[u8]) -> Option<String> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    let address: IpAddr = match family {
        libc::AF_INET => <[u8; 4]>::try_from(bytes.get(4..8)?).ok()?.into(),
        libc::AF_INET6 => <[u8; 16]>::try_from(bytes.get(8..24)?).ok()?.into(),
        libc::AF_UNIX => {
            let path = bytes.get(2..)?;
            let (mark, path) = match path.split_first()? {
                (0, name) => ("@", name),
                _ => ("", path.split(|byte| *byte == 0).next()?),
            };
            return Some(format!("unix {mark}{}", escape(&String::from_utf8_lossy(path))));
        }
        _ => return None,
    };
    let address = SocketAddr::new(address, port()?);
    (address.port() != 0 || !address.ip().is_unspecified()).then(|| address.to_string())
}

/// The kernel's tables, read when the first socket is asked for that cannot be asked itself.
#[derive(Debug, Default)]
struct Sockets {
    by_inode: Option<HashMap<u64, String>>,
}

impl Sockets {
    /// The ends of the socket behind a descriptor of the process: `127.0.0.1:40112 -> 127.0.0.1:5000`, `0.0.0.0:80`,
    /// `unix /run/app.sock`.
    fn describe(&mut self, descriptor: i32) -> Option<String> {
        if let Some(socket) = socket(descriptor) {
            return ends(&socket);
        }
        let link = fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
        self.by_inode.get_or_insert_with(read_tables).get(&inode).cloned()
    }
}

fn read_tables() -> HashMap<u64, String> {
    let mut sockets = HashMap::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        each_line(table, |line| {
            if let Some((inode, text)) = internet(line) {
                sockets.insert(inode, text);
            }
        });
    }
    each_line("unix", |line| {
        if let Some((inode, text)) = unix(line) {
            sockets.insert(inode, text);
        }
    });
    sockets
}

/// The lines of a table of `/proc/self/net`, without its heading.
fn each_line(table: &str, mut each: impl FnMut(&str)) {
    let Ok(file) = File::open(format!("/proc/self/net/{table}")) else { return };
    let mut reader = BufReader::with_capacity(1 << 16, file.take(TABLE_LIMIT));
    let mut line = String::new();
    let mut first = true;
    while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
        if !std::mem::take(&mut first) {
            each(line.trim());
        }
        line.clear();
    }
}

/// A line of `tcp`, `tcp6`, `udp` or `udp6` (proc(5)): the second and third field are the ends, the tenth the inode.
fn internet(line: &str) -> Option<(u64, String)> {
    let mut fields = line.split_ascii_whitespace();
    let local = address(fields.nth(1)?)?;
    let remote = address(fields.next()?)?;
    let inode = fields.nth(6)?.parse().ok()?;
    let text = if remote.port() == 0 { local.to_string() } else { format!("{local} -> {remote}") };
    Some((inode, text))
}

/// `0100007F:1F90`: the address in 32-bit words of this machine's byte order, the port as a number.
fn address(text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = [0_u8; 16];
    let mut length = 0;
    for start in (0..words.len()).step_by(8) {
        let word = u32::from_str_radix(words.get(start..start + 8)?, 16).ok()?;
        bytes.get_mut(length..length + 4)?.copy_from_slice(&word.to_ne_bytes());
        length += 4;
    }
    let address = match length {
        4 => IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3])),
        16 => IpAddr::V6(Ipv6Addr::from(bytes)),
        _ => return None,
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}

/// A line of `unix`: the seventh field is the inode; what follows is the path, where there is one.
fn unix(line: &str) -> Option<(u64, String)> {
    let mut rest = line;
    for _ in 0..6 {
        rest = rest.split_once(' ')?.1.trim_start();
    }
    let (inode, path) = rest.split_once(' ')?;
    Some((inode.parse().ok()?, format!("unix {}", escape(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_tables_are_read() {
        let line = "0: 0100007F:1F90 0200007F:9CB0 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0";
        assert_eq!(internet(line), Some((4242, "127.0.0.1:8080 -> 127.0.0.2:40112".to_owned())));
        let line = "1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7 1 0";
        assert_eq!(internet(line), Some((7, "0.0.0.0:80".to_owned())));
        let line = "0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1";
        assert_eq!(internet(line), Some((9, "[::1]:80".to_owned())));
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 31337 /run/x.sock";
        assert_eq!(unix(line), Some((31337, "unix /run/x.sock".to_owned())));
        assert_eq!(unix("0000000000000000: 00000002 00000000 00010000 0001 01 31337"), None);
        assert_eq!(internet("nonsense"), None);
    }

    #[test]
    fn socket_names_are_read() {
        let mut inet = vec![0; 16];
        inet[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
        assert_eq!(parse(&inet), None);
        inet[2..8].copy_from_slice(&[0x1f, 0x90, 127, 0, 0, 1]);
        assert_eq!(parse(&inet).as_deref(), Some("127.0.0.1:8080"));
        let unix = |path: &[u8]| [&(libc::AF_UNIX as u16).to_ne_bytes(), path].concat();
        assert_eq!(parse(&unix(b"/run/x\0rest")).as_deref(), Some("unix /run/x"));
        assert_eq!(parse(&unix(b"\0name")).as_deref(), Some("unix @name"));
        assert_eq!(parse(&unix(b"")), None);
        assert_eq!(parse(&[]), None);
    }
}
