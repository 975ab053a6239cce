//! What the start of a file says about how the kernel would run it. Reads the headers only, however large the file.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use object::elf::{self as format, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader as _};
use object::{Endianness, ReadCache};

/// How much of a script's first line the kernel reads (`BINPRM_BUF_SIZE` in `linux/binfmts.h`, since Linux 5.1).
const SCRIPT_LINE: u64 = 256;

/// The longest path that the kernel takes for a program interpreter (`PATH_MAX` in `linux/limits.h`).
const PATH_MAX: u64 = 4096;

/// How the kernel sees a file.
pub(crate) enum Image {
    Elf(Elf),
    Script(Script),
    /// Neither of both, or an ELF file with broken headers.
    Other {
        claims_elf: bool,
    },
}

/// What matters of an ELF file's headers.
pub(crate) struct Elf {
    pub(crate) target: Target,
    /// A shared object or a position-independent program.
    pub(crate) is_shared: bool,
    /// The dynamic loader that the file asks for (`PT_INTERP`).
    pub(crate) loader: Option<PathBuf>,
}

/// The `#!` line of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) interpreter: PathBuf,
    /// All that follows the interpreter, without blanks around it.
    pub(crate) argument: OsString,
}

/// What a shared library and a program must have in common: machine, word size and byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    machine: u16,
    is_64: bool,
    is_big_endian: bool,
}

/// Reads the start of a file.
pub(crate) fn read(path: &Path) -> io::Result<Image> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    file.by_ref().take(SCRIPT_LINE).read_to_end(&mut start)?;
    if let Some(line) = start.strip_prefix(b"#!") {
        return Ok(script(line).map_or(Image::Other { claims_elf: false }, Image::Script));
    }
    let claims_elf = start.starts_with(&format::ELFMAG);
    let data = ReadCache::new(file);
    let elf = match start.get(4).copied().map(format::FileClass) {
        Some(format::ELFCLASS32) if claims_elf => elf::<FileHeader32<Endianness>>(&data),
        Some(format::ELFCLASS64) if claims_elf => elf::<FileHeader64<Endianness>>(&data),
        _ => None,
    };
    Ok(elf.map_or(Image::Other { claims_elf }, Image::Elf))
}

/// What follows `#!`, as `load_script` in Linux' fs/binfmt_script.c reads it.
fn script(start: &[u8]) -> Option<Script> {
    let line = trim(start.split(|byte| *byte == b'\n').next()?);
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t' | 0)).unwrap_or(line.len());
    let (interpreter, argument) = line.split_at(end);
    let interpreter = PathBuf::from(OsString::from_vec(interpreter.to_vec()));
    let argument = OsString::from_vec(trim(argument).to_vec());
    (end > 0).then_some(Script { interpreter, argument })
}

/// Without spaces and tabs around; a carriage return is none of them and belongs to the name.
fn trim(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

fn elf<Header: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> Option<Elf> {
    let header = Header::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let mut loader = None;
    for segment in header.program_headers(endian, data).ok()? {
        if segment.p_type(endian) == format::PT_INTERP && segment.p_filesz(endian).into() <= PATH_MAX {
            let path = segment.interpreter(endian, data).ok()??;
            loader = Some(PathBuf::from(OsString::from_vec(path.to_vec())));
        }
    }
    let target = Target {
        machine: header.e_machine(endian).0,
        is_64: header.is_class_64(),
        is_big_endian: header.is_big_endian(),
    };
    Some(Elf { target, is_shared: header.e_type(endian) == format::ET_DYN, loader })
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.is_64 { 64 } else { 32 };
        let order = if self.is_big_endian { ", big-endian" } else { "" };
        match format::Machine(self.machine) {
            format::EM_386 => write!(f, "x86 ({bits} bit{order})"),
            format::EM_X86_64 => write!(f, "x86-64 ({bits} bit{order})"),
            format::EM_ARM => write!(f, "ARM ({bits} bit{order})"),
            format::EM_AARCH64 => write!(f, "AArch64 ({bits} bit{order})"),
            format::EM_RISCV => write!(f, "RISC-V ({bits} bit{order})"),
            format::EM_PPC64 => write!(f, "PowerPC ({bits} bit{order})"),
            format::EM_S390 => write!(f, "S/390 ({bits} bit{order})"),
            format::Machine(other) => write!(f, "ELF machine {other} ({bits} bit{order})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[u8]) -> Option<(String, String)> {
        let Script { interpreter, argument } = script(line)?;
        Some((interpreter.display().to_string(), argument.display().to_string()))
    }

    #[test]
    fn a_script_names_its_interpreter_and_at_most_one_argument() {
        let line = |interpreter: &str, argument: &str| Some((interpreter.to_owned(), argument.to_owned()));
        assert_eq!(parsed(b"/bin/sh\necho\n"), line("/bin/sh", ""));
        assert_eq!(parsed(b" \t/bin/sh  -e -u \necho\n"), line("/bin/sh", "-e -u"));
        assert_eq!(parsed(b"/usr/bin/env\tpython3"), line("/usr/bin/env", "python3"));
        assert_eq!(parsed(b"  \n/bin/sh\n"), None);
        assert_eq!(parsed(b""), None);
    }

    #[test]
    fn a_carriage_return_belongs_to_the_interpreter() {
        assert_eq!(parsed(b"/bin/sh\r\necho\r\n"), Some(("/bin/sh\r".to_owned(), String::new())));
    }
}
