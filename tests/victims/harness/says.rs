//! What a victim tells the test through the file `$VICTIM_SAYS` (see `tests/scripts/victim.py`).

use std::collections::BTreeMap;

use super::scripts;

/// All that it said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Says {
    /// Every line, as its fields.
    pub(crate) lines: Vec<Vec<String>>,
}

/// A thread's stack as Python tells it, outermost frame first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stack {
    pub(crate) ident: u64,
    /// 0 where the thread is unknown to `threading`.
    pub(crate) native_id: u32,
    pub(crate) daemon: String,
    pub(crate) name: String,
    pub(crate) frames: Vec<StackFrame>,
}

/// A frame as Python tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackFrame {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) name: String,
    /// Stripped; empty where there is no source.
    pub(crate) source: String,
}

impl Says {
    pub(crate) fn read(text: &str) -> Says {
        // A last line without an end is still being written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        Says { lines: whole.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect() }
    }

    /// How many lines begin with `word`.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.lines.iter().filter(|line| line[0] == word).count()
    }

    /// The values that the victim expects to be shown, by their variables' names.
    pub(crate) fn values(&self) -> BTreeMap<&str, &str> {
        let values = self.lines.iter().filter(|line| line[0] == "value");
        values.map(|line| (line[1].as_str(), line[2].as_str())).collect()
    }

    /// The stacks that the victim told after its `step`-th step, counted from 0.
    pub(crate) fn stacks(&self, step: usize) -> Vec<Stack> {
        let mut stacks: Vec<Stack> = Vec::new();
        for line in self.lines.split(|line| line[0] == "told").nth(step).unwrap_or_default() {
            match line[0].as_str() {
                "thread" => stacks.push(Stack {
                    ident: line[1].parse().unwrap(),
                    native_id: line[2].parse().unwrap(),
                    daemon: line[3].clone(),
                    name: line[4].clone(),
                    frames: Vec::new(),
                }),
                "frame" => stacks.last_mut().unwrap().frames.push(StackFrame {
                    file: line[1].clone(),
                    line: line[2].parse().unwrap(),
                    name: line[3].clone(),
                    source: line[4].clone(),
                }),
                _ => {}
            }
        }
        stacks
    }
}

/// The number of the line of a script that ends in `# <mark>`.
#[track_caller]
pub(crate) fn line_of(script: &str, mark: &str) -> u32 {
    let source = std::fs::read(scripts().join(script)).unwrap();
    let source = String::from_utf8_lossy(&source).into_owned();
    let mark = format!("# {mark}");
    let line = source.lines().position(|line| line.ends_with(&mark));
    u32::try_from(line.unwrap_or_else(|| panic!("{script} has no line marked {mark}")) + 1).unwrap()
}
