//! A structure read in one piece, its members picked out afterwards.
//!
//! Reading with [`Checked`](super::memory::Checked) costs a system call, so a structure is fetched once; with
//! [`Held`](super::memory::Held) it is a short copy. Allocates nothing.

use super::layout::{NONE, Offset};
use super::memory::{Address, Fault, Memory};

/// The first bytes of a structure, at most `N`.
pub(crate) struct Block<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Block<N> {
    /// Reads from `address` on as much as it takes to hold `members`, of 8 bytes each; those that are [`NONE`] do not
    /// count.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be read or is more than `N` bytes.
    #[inline]
    pub(crate) fn read<M: Memory>(
        memory: M,
        address: Address,
        members: &[Offset],
    ) -> Result<Block<N>, Fault> {
        let length =
            members.iter().filter(|offset| **offset != NONE).map(|offset| usize::from(*offset) + 8).max();
        let mut block = Block { bytes: [0; N], length: length.unwrap_or(0) };
        memory.read(address, block.bytes.get_mut(..block.length).ok_or(Fault)?)?;
        Ok(block)
    }

    #[inline]
    fn member<const S: usize>(&self, offset: Offset) -> Result<[u8; S], Fault> {
        let start = usize::from(offset);
        let member = self.bytes[..self.length].get(start..start + S).ok_or(Fault)?;
        member.try_into().map_err(|_| Fault)
    }

    /// A pointer, which may be null, or a `size_t`.
    ///
    /// # Errors
    /// [`Fault`] where it was not read.
    #[inline]
    pub(crate) fn word(&self, offset: Offset) -> Result<usize, Fault> {
        Ok(usize::from_ne_bytes(self.member(offset)?))
    }

    /// A pointer that must not be null.
    ///
    /// # Errors
    /// [`Fault`] where it was not read or is null.
    #[inline]
    pub(crate) fn pointer(&self, offset: Offset) -> Result<Address, Fault> {
        match self.word(offset)? {
            0 => Err(Fault),
            pointer => Ok(pointer),
        }
    }

    /// An `int`.
    ///
    /// # Errors
    /// [`Fault`] where it was not read.
    #[inline]
    pub(crate) fn i32(&self, offset: Offset) -> Result<i32, Fault> {
        Ok(i32::from_ne_bytes(self.member(offset)?))
    }

    /// A `char`.
    ///
    /// # Errors
    /// [`Fault`] where it was not read.
    #[inline]
    pub(crate) fn u8(&self, offset: Offset) -> Result<u8, Fault> {
        Ok(self.member::<1>(offset)?[0])
    }
}
