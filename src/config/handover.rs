//! What `tripod-preload` tells the library's constructor.
//!
//! Between `exec` and the constructor, the trigger signal would end the process. So the wrapper ignores the signal
//! before `exec`, which `exec` keeps, and says in a variable in which process it did so and what the disposition was.
//! Allocates only in [`Handover::to_value`], which the wrapper calls.

/// The variable that carries a [`Handover`]: `<pid>:<1 or 0>`. Not for users, so it is not in the table.
pub const HANDOVER_VARIABLE: &str = "TRIPOD_WRAPPER";

/// What the wrapper did before `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The wrapper's process id, kept over `exec`: in this process, and in its Python children by way of a shell,
    /// the banner is due.
    pub pid: u32,
    /// The wrapper changed the trigger signal's disposition from default to ignored: the constructor in process `pid`
    /// must put the default back, or install its handler. If false, nothing was changed: the signal was ignored
    /// before, or there is none.
    pub was_default: bool,
}

impl Handover {
    /// Reads the variable's value; `None` if it is not one that a wrapper wrote. Allocates nothing.
    pub fn parse(value: &[u8]) -> Option<Handover> {
        let (pid, was_default) = std::str::from_utf8(value).ok()?.split_once(':')?;
        let was_default = match was_default {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let pid = super::number::count(pid).filter(|pid| *pid != 0)?;
        Some(Handover { pid, was_default })
    }

    /// The variable's value.
    pub fn to_value(self) -> String {
        format!("{}:{}", self.pid, u8::from(self.was_default))
    }
}
