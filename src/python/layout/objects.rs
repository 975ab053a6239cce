//! Placeholder.

use super::{Offset, Refusal, Version};
use crate::python::memory::{Address, Memory};

/// Offsets.
#[derive(Clone, Debug)]
pub struct Objects {}

impl Objects {
    /// None yet.
    ///
    /// # Errors
    /// None yet.
    pub fn find<M: Memory>(_: M, _: Address, _: Version) -> Result<Objects, Refusal> {
        Ok(Objects {})
    }

    /// None yet.
    pub fn members(&self, _: &mut dyn FnMut(&'static str, Offset)) {}
}
