//! Limits on depth, count and size of what is shown, and the one place that says "truncated".
//!
//! Pure: the clock is passed in.

/// The limits of one dump, each a `TRIPOD_MAX_*` variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of text for one variable (`TRIPOD_MAX_CHARS`).
    pub chars: u32,
    /// Items shown of one container, attributes of one object (`TRIPOD_MAX_ITEMS`).
    pub items: u32,
    /// How deep containers and objects are followed; 1 shows a variable's own items as leaves (`TRIPOD_MAX_DEPTH`).
    pub depth: u32,
    /// Bytes of all values of one dump (`TRIPOD_MAX_BYTES`).
    pub bytes: u64,
    /// Frames shown of one thread: half of them outermost, half innermost (`TRIPOD_MAX_FRAMES`).
    pub frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chars: 1000, items: 20, depth: 4, bytes: 16 << 20, frames: 200 }
    }
}
