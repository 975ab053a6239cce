//! What the kernel knows of our own process: its command line, its threads' names, what a socket is connected to.
//!
//! Reads `/proc` and nothing else, with the GIL released, from the agent's thread. `/proc/self` is the process's own view
//! even where that thread has a table of descriptors of its own. What the kernel refuses or does not have is left out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStringExt;

use crate::redact::Redact;

/// The longest command line that is shown, in bytes.
const COMMAND_LIMIT: u64 = 4096;

/// The most that is read of one of the kernel's tables of sockets, in bytes.
const TABLE_LIMIT: u64 = 4 << 20;

/// The host's name, not escaped; `?` where there is none.
pub fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "?".to_owned(), |name| name.trim_end().to_owned())
}

/// The command line as it is now, with the values of telling options masked; not escaped.
pub fn command_line(redact: &Redact) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open("/proc/self/cmdline") {
        // What was read before a failure is worth showing.
        let _ = file.take(COMMAND_LIMIT).read_to_end(&mut bytes);
    }
    let cut = bytes.len() as u64 == COMMAND_LIMIT;
    let text = OsString::from_vec(bytes).to_string_lossy().into_owned();
    let mut shown = mask(text.trim_end_matches('\0').split('\0'), redact);
    if cut {
        shown.push('…');
    }
    shown
}

/// Joins the arguments; masks `--password=x`, `PASSWORD=x` and the argument after `--password`.
fn mask<'a>(arguments: impl Iterator<Item = &'a str>, redact: &Redact) -> String {
    const MASK: &str = "********";
    let mut shown = String::new();
    let mut value_follows = false;
    for argument in arguments {
        if !shown.is_empty() {
            shown.push(' ');
        }
        let is_option = argument.starts_with('-');
        if value_follows && !is_option {
            shown.push_str(MASK);
            value_follows = false;
            continue;
        }
        value_follows = false;
        match argument.split_once('=') {
            Some((name, _)) if redact.matches(name) => {
                shown.push_str(&quote(name));
                shown.push('=');
                shown.push_str(MASK);
            }
            _ => {
                value_follows = is_option && !argument.contains('=') && redact.matches(argument);
                shown.push_str(&quote(argument));
            }
        }
    }
    shown
}

/// An argument as a shell would take it, where it has blanks.
fn quote(argument: &str) -> Cow<'_, str> {
    if argument.is_empty() || argument.contains([' ', '\'', '"', '\\']) {
        format!("'{}'", argument.replace('\'', "'\\''")).into()
    } else {
        argument.into()
    }
}

/// For a log that must not drive a terminal.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The name that the kernel has for a thread of ours.
pub fn thread_name(native_id: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/self/task/{native_id}/comm")).ok()?;
    Some(escape(name.trim_end_matches('\n')))
}

/// What the sockets of this process are connected to. The kernel's tables are read when the first is asked for.
#[derive(Debug, Default)]
pub struct Sockets {
    by_inode: Option<HashMap<u64, String>>,
}

impl Sockets {
    /// The ends of the socket behind a descriptor of the process: `127.0.0.1:40112 -> 127.0.0.1:5000`, `*:80`, a path.
    pub fn describe(&mut self, descriptor: i32) -> Option<&str> {
        let link = fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
        self.by_inode.get_or_insert_with(read_tables).get(&inode).map(String::as_str)
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
    Some((inode.parse().ok()?, escape(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(arguments: &[&str]) -> String {
        mask(arguments.iter().copied(), &Redact::new(&[]))
    }

    #[test]
    fn arguments_are_joined_and_quoted() {
        assert_eq!(shown(&["python", "slow.py", "--n", "5"]), "python slow.py --n 5");
        assert_eq!(shown(&["python", "-c", "print('x y')", ""]), r"python -c 'print('\''x y'\'')' ''");
    }

    #[test]
    fn secrets_on_the_command_line_are_masked() {
        assert_eq!(shown(&["p", "--password=x", "API_KEY=y"]), "p --password=******** API_KEY=********");
        assert_eq!(shown(&["p", "--token", "abc", "--n", "5"]), "p --token ******** --n 5");
        assert_eq!(shown(&["p", "--token", "--n", "5"]), "p --token --n 5");
    }

    #[test]
    fn socket_tables_are_read() {
        let line = "0: 0100007F:1F90 0200007F:9CB0 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0";
        assert_eq!(internet(line), Some((4242, "127.0.0.1:8080 -> 127.0.0.2:40112".to_owned())));
        let line = "1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7 1 0";
        assert_eq!(internet(line), Some((7, "0.0.0.0:80".to_owned())));
        let line = "0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1";
        assert_eq!(internet(line), Some((9, "[::1]:80".to_owned())));
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 31337 /run/x.sock";
        assert_eq!(unix(line), Some((31337, "/run/x.sock".to_owned())));
        assert_eq!(unix("0000000000000000: 00000002 00000000 00010000 0001 01 31337"), None);
        assert_eq!(internet("nonsense"), None);
    }
}
