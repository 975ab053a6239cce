//! Which names tell that their value is a secret.
//!
//! Pure. Matching is by substring and ignores the case of ASCII letters; it is asked for every variable of a dump, so
//! that most names are turned down by looking at each pair of their bytes once.

/// What a telling name contains, unless it is turned off.
pub const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "private_key",
    "session",
];

/// A set of telling names.
#[derive(Clone, Debug)]
pub struct Redact {
    patterns: Vec<Box<[u8]>>,
    /// A bit for each first pair of bytes that a pattern may begin with, by [`pair`].
    first: [u64; 4],
    /// A pattern of one byte, which no pair can find.
    single: bool,
}

/// A number below 256 for two bytes, the same for both cases of a letter.
#[inline]
fn pair(one: u8, two: u8) -> u8 {
    (one & 0x1f).wrapping_mul(37) ^ (two & 0x1f)
}

impl Redact {
    /// The names of [`NAMES`] and `extra` ones; empty ones are passed over.
    pub fn new(extra: &[String]) -> Redact {
        let mut redact = Redact::off();
        for name in NAMES.iter().copied().chain(extra.iter().map(String::as_str)) {
            match *name.to_ascii_lowercase().as_bytes() {
                [] => continue,
                [_] => redact.single = true,
                [one, two, ..] => {
                    let bit = pair(one, two);
                    redact.first[usize::from(bit / 64)] |= 1 << (bit % 64);
                }
            }
            redact.patterns.push(name.to_ascii_lowercase().into_bytes().into());
        }
        redact
    }

    /// No name is telling.
    pub fn off() -> Redact {
        Redact { patterns: Vec::new(), first: [0; 4], single: false }
    }

    /// Whether the value of that name is to be masked.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let may = |two: &[u8]| {
            let bit = pair(two[0], two[1]);
            self.first[usize::from(bit / 64)] >> (bit % 64) & 1 != 0
        };
        let mut at = 0;
        while let Some(two) = name.get(at..at + 2) {
            if may(two) && self.begins(&name[at..]) {
                return true;
            }
            at += 1;
        }
        self.single && (0..name.len()).any(|at| self.begins(&name[at..]))
    }

    fn begins(&self, name: &[u8]) -> bool {
        self.patterns
            .iter()
            .any(|pattern| name.get(..pattern.len()).is_some_and(|start| start.eq_ignore_ascii_case(pattern)))
    }
}

impl Default for Redact {
    fn default() -> Self {
        Redact::new(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_matches_anywhere_and_in_any_case() {
        let redact = Redact::default();
        for name in NAMES {
            assert!(redact.matches(name), "{name}");
            assert!(redact.matches(&format!("my_{}2", name.to_uppercase())), "{name}");
        }
        for name in ["", "p", "pass", "tok", "key", "sess_ion", "ключ"] {
            assert!(!redact.matches(name), "{name}");
        }
    }

    #[test]
    fn names_can_be_added_or_turned_off() {
        let redact = Redact::new(&["Iban".into(), String::new(), "é".into(), "#".into()]);
        for name in ["customer_iban", "caf\u{e9}", "a#", "password"] {
            assert!(redact.matches(name), "{name}");
        }
        assert!(!redact.matches("caf"));
        assert!(!Redact::off().matches("password"));
    }
}
