//! Placeholder.
/// Offsets.
#[derive(Clone, Debug)]
pub struct Objects {}
