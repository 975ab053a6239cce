//! Every `TRIPOD_*` variable: name, meaning, default, parse. Pure.

use crate::budget::Limits;

/// What the variables say.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `TRIPOD_MAX_*`.
    pub limits: Limits,
}
