//! ELF files made byte by byte, for machines and C libraries that are not here.

use std::fs;
use std::path::Path;

use crate::write_program;

/// `PT_INTERP` and nothing else: an ELF file that looks like a program to whoever reads its headers.
pub(crate) struct Elf<'a> {
    pub(crate) machine: u16,
    pub(crate) is_64: bool,
    /// The dynamic loader; `None` for a static program.
    pub(crate) loader: Option<&'a str>,
}

impl Elf<'_> {
    /// A program for glibc on the machine that the tests are built for.
    pub(crate) fn native() -> Self {
        let own = fs::read("/proc/self/exe").unwrap();
        let machine = u16::from_ne_bytes([own[18], own[19]]);
        Elf { machine, is_64: own[4] == 2, loader: Some("/lib64/ld-linux-x86-64.so.2") }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let loader = self.loader.map(|path| [path.as_bytes(), b"\0"].concat());
        let (header, segment) = if self.is_64 { (64_u16, 56_u16) } else { (52, 32) };
        let segments = u16::from(loader.is_some());
        let mut bytes = vec![0x7f, b'E', b'L', b'F', 1 + u8::from(self.is_64)];
        bytes.push(if cfg!(target_endian = "big") { 2 } else { 1 });
        bytes.resize(16, 0);
        bytes[6] = 1; // EV_CURRENT
        bytes.extend(2_u16.to_ne_bytes()); // ET_EXEC
        bytes.extend(self.machine.to_ne_bytes());
        bytes.extend(1_u32.to_ne_bytes());
        let word = |value: u16| match self.is_64 {
            true => u64::from(value).to_ne_bytes().to_vec(),
            false => u32::from(value).to_ne_bytes().to_vec(),
        };
        // e_entry, e_phoff, e_shoff, e_flags, e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
        bytes.extend([word(0), word(header), word(0), vec![0; 4]].concat());
        bytes.extend([header, segment, segments, 0, 0, 0].map(u16::to_ne_bytes).concat());
        if let Some(loader) = loader {
            let (offset, size) = (word(header + segment), word(u16::try_from(loader.len()).unwrap()));
            bytes.extend(3_u32.to_ne_bytes()); // PT_INTERP
            if self.is_64 {
                bytes.extend(4_u32.to_ne_bytes()); // p_flags is here in 64 bits, further down in 32
            }
            bytes.extend([offset, word(0), word(0), size.clone(), size].concat());
            bytes.resize(usize::from(header + segment), 0);
            bytes.extend(loader);
        }
        bytes
    }

    pub(crate) fn write(&self, path: &Path) {
        write_program(path, self.bytes(), 0o755);
    }
}
