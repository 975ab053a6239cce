//! How the interpreter's memory is read.
//!
//! One walk serves with the GIL and without it: it is generic over [`Memory`]. [`Held`] reads directly and is only to
//! be had where the interpreter stands still; [`Checked`] asks the kernel (`process_vm_readv` on our own pid), so that
//! memory that is gone gives a [`Fault`] and never a signal. Neither allocates in the interpreter nor writes to it.
//!
//! Callers never trust what they read: counts are bounded, chains are cut off, pointers are checked by reading.
#![allow(unsafe_code)]

/// The address could not be read, or what stood there made no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault;

/// An address in the process, never dereferenced but through a [`Memory`].
pub type Address = usize;

/// The lowest address that can be anything but a null pointer plus an offset.
const LOWEST: Address = 0x1000;

/// Bytes that stand at an address.
pub trait Memory: Copy {
    /// Fills `into` from `address`.
    ///
    /// # Errors
    /// [`Fault`] where some of it cannot be read; `into` then holds anything.
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault>;

    /// Reads a plain integer of `N` bytes.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn array<const N: usize>(self, address: Address) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// A pointer or `size_t`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn word(self, address: Address) -> Result<usize, Fault> {
        Ok(usize::from_ne_bytes(self.array(address)?))
    }

    /// A `Py_ssize_t`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn signed(self, address: Address) -> Result<isize, Fault> {
        Ok(isize::from_ne_bytes(self.array(address)?))
    }

    /// A pointer that must not be null.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read or is null.
    #[inline]
    fn pointer(self, address: Address) -> Result<Address, Fault> {
        match self.word(address)? {
            pointer if pointer >= LOWEST => Ok(pointer),
            _ => Err(Fault),
        }
    }

    /// An `unsigned int`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn u32(self, address: Address) -> Result<u32, Fault> {
        Ok(u32::from_ne_bytes(self.array(address)?))
    }

    /// An `int`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn i32(self, address: Address) -> Result<i32, Fault> {
        Ok(i32::from_ne_bytes(self.array(address)?))
    }

    /// A `char`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    #[inline]
    fn u8(self, address: Address) -> Result<u8, Fault> {
        Ok(self.array::<1>(address)?[0])
    }

    /// Appends `count` bytes from `address` to `into`.
    ///
    /// # Errors
    /// [`Fault`] where some of it cannot be read; `into` is then as it was.
    fn append(self, address: Address, count: usize, into: &mut Vec<u8>) -> Result<(), Fault> {
        let start = into.len();
        into.resize(start + count, 0);
        let read = self.read(address, &mut into[start..]);
        if read.is_err() {
            into.truncate(start);
        }
        read
    }

    /// A C string of at most `limit` bytes, without its NUL.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read or is longer.
    fn c_string(self, address: Address, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        while text.len() < limit {
            match self.u8(address.wrapping_add(text.len()))? {
                0 => return Ok(text),
                byte => text.push(byte),
            }
        }
        Err(Fault)
    }
}

/// Direct reads, while nothing that is read can go away.
#[derive(Clone, Copy, Debug)]
pub struct Held(());

impl Held {
    /// # Safety
    /// For as long as the value (or a copy) is used, the GIL of every interpreter whose objects are read is held by the
    /// calling thread, or the world is stopped; and every address that is read was found by following a layout that is
    /// true of this interpreter from a live object.
    pub unsafe fn new() -> Held {
        Held(())
    }
}

impl Memory for Held {
    #[inline]
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
        if address < LOWEST || address.checked_add(into.len()).is_none() {
            return Err(Fault);
        }
        // SAFETY: by the contract of `Held::new` the bytes belong to a live object that nothing changes meanwhile, and
        // `into` is ours alone, so that the two cannot overlap.
        unsafe { std::ptr::copy_nonoverlapping(address as *const u8, into.as_mut_ptr(), into.len()) };
        Ok(())
    }
}

/// Reads that may fail: a system call each, some 200 ns.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    pid: libc::pid_t,
}

impl Checked {
    /// For the memory of the calling process.
    pub fn new() -> Checked {
        // SAFETY: `getpid` has no preconditions.
        Checked { pid: unsafe { libc::getpid() } }
    }
}

impl Default for Checked {
    fn default() -> Self {
        Checked::new()
    }
}

impl Memory for Checked {
    fn read(self, address: Address, into: &mut [u8]) -> Result<(), Fault> {
        if address < LOWEST {
            return Err(Fault);
        }
        if into.is_empty() {
            return Ok(());
        }
        let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
        let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: into.len() };
        // SAFETY: `local` describes memory that is ours to write; the kernel checks `remote` itself and answers EFAULT.
        let count = unsafe { libc::process_vm_readv(self.pid, &local, 1, &remote, 1, 0) };
        if usize::try_from(count) == Ok(into.len()) { Ok(()) } else { Err(Fault) }
    }
}

const _: () = assert!(size_of::<usize>() == 8, "only 64-bit interpreters are read");
