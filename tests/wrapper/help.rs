//! `--help` and `--version`.

use tripod::config::VARIABLES;

use crate::{Run as _, WRAPPER, clean, wrapper};

#[test]
fn help_tells_everything_in_a_hundred_columns() {
    let help = clean(WRAPPER).arg("--help").succeed();
    for variable in VARIABLES {
        assert!(help.contains(&format!("  {}={}  (", variable.name, variable.value)), "{}", variable.name);
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(variable.meaning), "{}", variable.name);
        if let Some(option) = variable.option {
            assert!(
                help.contains(&format!("      --{}", option.name)) && help.contains(option.help),
                "{help}"
            );
        }
    }
    assert!(help.contains("Usage: tripod-preload [OPTION]... [--] COMMAND [ARG]..."), "{help}");
    assert!(help.contains("\nExamples:\n") && help.contains("\nExit status:\n"), "{help}");
    for line in help.lines() {
        assert!(line.chars().count() <= 100 && line == line.trim_end(), "{line}");
    }
}

#[test]
fn help_and_version_run_nothing() {
    let version = format!("tripod-preload {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(clean(WRAPPER).args(["--version", "echo", "run"]).succeed(), version);
    assert!(!clean(WRAPPER).args(["--interval", "5", "-h", "echo", "run"]).succeed().contains("\nrun"));
    assert_eq!(wrapper().args(["sh", "-c", "echo $1", "sh", "--version"]).succeed(), "--version\n");
}
