//! Every variable, good and bad, and the texts that are made from the table.
#![allow(clippy::unwrap_used)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use tripod::budget::Limits;
use tripod::config::{
    Config, Globals, Handover, Locals, LogTarget, Quoted, RedactSetting, SignalRange, VARIABLES,
    markdown_table, output_line, signal, trigger_line,
};

const SIGNALS: SignalRange = SignalRange { min: 34, max: 64 };

/// What one variable makes of the configuration, and the warnings.
fn read_raw(name: &str, value: &OsStr) -> (Config, Vec<String>) {
    assert!(VARIABLES.iter().any(|variable| variable.name == name), "no variable {name}");
    let get = |asked: &str| (asked == name).then(|| value.to_owned());
    let (config, warnings) = Config::from_env(get, SIGNALS);
    (config, warnings.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn good(name: &str, value: &str) -> Config {
    let (config, warnings) = read_raw(name, value.as_ref());
    assert_eq!(warnings, [""; 0], "{name}={value}");
    config
}

/// The one warning, after it was checked that the variable had no effect.
#[track_caller]
fn bad(name: &str, value: &str) -> String {
    let (config, warnings) = read_raw(name, value.as_ref());
    assert_eq!(config, Config::default(), "{name}={value}");
    let [warning] = warnings.try_into().expect("one warning");
    warning
}

#[test]
fn nothing_set_is_the_default() {
    let (config, warnings) = Config::from_env(|_| None, SIGNALS);
    assert_eq!(config, Config::default());
    assert!(warnings.is_empty());
}

#[test]
fn an_empty_variable_is_not_set() {
    for variable in VARIABLES {
        assert_eq!(good(variable.name, ""), Config::default(), "{}", variable.name);
    }
}

#[test]
fn the_defaults_of_the_table_are_the_defaults() {
    let in_words = ["TRIPOD_LOG", "TRIPOD_REDACT", "TRIPOD_LIB"];
    for variable in VARIABLES.iter().filter(|variable| !in_words.contains(&variable.name)) {
        assert_eq!(good(variable.name, variable.default), Config::default(), "{}", variable.name);
    }
}

#[test]
fn what_is_not_utf8_is_refused_except_in_paths() {
    for variable in VARIABLES {
        let (config, warnings) = read_raw(variable.name, OsStr::from_bytes(b"\xff"));
        match variable.name {
            "TRIPOD_LOG" => assert_ne!(config.log, LogTarget::NewFile),
            "TRIPOD_LIB" => assert!(warnings.is_empty()),
            name => {
                assert_eq!(config, Config::default(), "{name}");
                assert!(warnings[0].starts_with(&format!("{name}='\u{fffd}' is ")), "{warnings:?}");
            }
        }
    }
}

#[test]
fn several_bad_variables_give_one_warning_each() {
    let get = |name: &str| {
        (name != "TRIPOD_LOG" && name != "TRIPOD_REDACT" && name != "TRIPOD_LIB").then(|| OsString::from("?"))
    };
    let (config, warnings) = Config::from_env(get, SIGNALS);
    assert_eq!(config, Config::default());
    assert_eq!(warnings.len(), VARIABLES.len() - 3);
}

#[test]
fn interval() {
    let interval = |value: &str| good("TRIPOD_INTERVAL", value).interval;
    assert_eq!(interval("5"), Some(Duration::from_secs(5)));
    assert_eq!(interval("0.001"), Some(Duration::from_millis(1)));
    assert_eq!(interval("0.25"), Some(Duration::from_millis(250)));
    assert_eq!(interval(".5"), Some(Duration::from_millis(500)));
    assert_eq!(interval("5."), Some(Duration::from_secs(5)));
    assert_eq!(interval("007"), Some(Duration::from_secs(7)));
    assert_eq!(interval("0.1234567899"), Some(Duration::from_nanos(123_456_789)));
    assert_eq!(interval("1000000000"), Some(Duration::from_secs(1_000_000_000)));
    assert_eq!(interval("off"), None);
    assert_eq!(interval("OFF"), None);

    assert_eq!(
        bad("TRIPOD_INTERVAL", "abc"),
        "TRIPOD_INTERVAL='abc' is not a number of seconds (accepted: a decimal of at least 0.001, or off); \
         not sampling"
    );
    for value in ["nan", "inf", "-1", "+1", "1e3", "1,5", " 1", "1 ", ".", "1.2.3", "0x10", "٣", "5s"] {
        assert!(bad("TRIPOD_INTERVAL", value).contains("is not a number of seconds"), "{value}");
    }
    for value in ["1000000000.000000001", "1000000001", "99999999999999999999999", "18446744073709551616"] {
        assert!(bad("TRIPOD_INTERVAL", value).contains("is not a number of seconds"), "{value}");
    }
    for value in ["0", "0.0", "0.0009999999999", "0.000"] {
        assert!(bad("TRIPOD_INTERVAL", value).contains("is too short an interval"), "{value}");
    }
}

#[test]
fn signal_names_and_numbers() {
    let number = |value: &str| good("TRIPOD_SIGNAL", value).signal;
    for value in ["SIGUSR2", "USR2", "usr2", "sigUsr2", &libc::SIGUSR2.to_string()] {
        assert_eq!(number(value), Some(libc::SIGUSR2), "{value}");
    }
    assert_eq!(number("HUP"), Some(libc::SIGHUP));
    assert_eq!(number("RTMIN"), Some(34));
    assert_eq!(number("SIGRTMIN+0"), Some(34));
    assert_eq!(number("rtmin+3"), Some(37));
    assert_eq!(number("RTMAX"), Some(64));
    assert_eq!(number("SIGRTMAX-2"), Some(62));
    assert_eq!(number("64"), Some(64));
    assert_eq!(number("none"), None);
    assert_eq!(number("None"), None);
}

#[test]
fn signals_that_are_refused() {
    for value in ["KILL", "SIGSTOP", "9"] {
        assert!(bad("TRIPOD_SIGNAL", value).contains("cannot be caught by any program"), "{value}");
    }
    for value in ["SEGV", "BUS", "FPE", "ILL", "11"] {
        assert!(bad("TRIPOD_SIGNAL", value).contains("says that the program has crashed"), "{value}");
    }
    for value in ["ABRT", "IOT"] {
        assert!(bad("TRIPOD_SIGNAL", value).contains("ends itself on a failure"), "{value}");
    }
    for value in ["TRAP", "SYS"] {
        assert!(bad("TRIPOD_SIGNAL", value).contains("debuggers and sandboxes"), "{value}");
    }
    for value in ["32", "33"] {
        assert!(bad("TRIPOD_SIGNAL", value).contains("is reserved by the C library"), "{value}");
    }
    let nonsense =
        ["0", "65", "-1", "USR3", "SIG", "SIGSIGUSR2", "RTMIN+", "RTMIN-1", "RTMIN+31", "RTMAX-31"];
    for value in
        nonsense.into_iter().chain(["RTMAX+1", "RTMIN+99999999999", "RTMIN++1", "USR2 ", "ÜSR", "1.0"])
    {
        assert!(bad("TRIPOD_SIGNAL", value).contains("is not a signal"), "{value}");
    }
    assert_eq!(
        bad("TRIPOD_SIGNAL", "KILL"),
        "TRIPOD_SIGNAL='KILL' cannot be caught by any program (accepted: a name such as USR2, a number, RTMIN+n, \
         RTMAX-n, or none); using SIGUSR2"
    );
}

#[test]
fn a_signal_has_a_name_that_means_it_again() {
    assert_eq!(signal::name(libc::SIGUSR2, SIGNALS), "SIGUSR2");
    assert_eq!(signal::name(libc::SIGCHLD, SIGNALS), "SIGCHLD");
    assert_eq!(signal::name(libc::SIGABRT, SIGNALS), "SIGABRT");
    assert_eq!(signal::name(34, SIGNALS), "SIGRTMIN");
    assert_eq!(signal::name(37, SIGNALS), "SIGRTMIN+3");
    assert_eq!(signal::name(33, SIGNALS), "signal 33");
    assert_eq!(signal::name(65, SIGNALS), "signal 65");
    assert_eq!(signal::name(0, SIGNALS), "signal 0");
    for number in 1..=64 {
        if let Ok(Some(number)) = signal::parse(&number.to_string(), SIGNALS) {
            let name = signal::name(number, SIGNALS);
            assert!(
                name.starts_with("signal ") || signal::parse(&name, SIGNALS) == Ok(Some(number)),
                "{name}"
            );
        }
    }
}

#[test]
fn log() {
    let path = |value: &str| match good("TRIPOD_LOG", value).log {
        LogTarget::Path(pattern) => pattern.path(42),
        other => panic!("{other:?}"),
    };
    assert_eq!(good("TRIPOD_LOG", "-").log, LogTarget::Stderr);
    assert_eq!(path("/var/log/app.log"), Path::new("/var/log/app.log"));
    assert_eq!(path("-x"), Path::new("-x"));
    assert_eq!(path("a-%p-%p.log"), Path::new("a-42-42.log"));
    assert_eq!(path("%%p-%%%p%%"), Path::new("%p-%42%"));
    for value in ["%", "a%", "%q", "%P", "%%%"] {
        assert!(bad("TRIPOD_LOG", value).contains("neither %p nor %%"), "{value}");
    }
    let (config, _) = read_raw("TRIPOD_LOG", OsStr::from_bytes(b"/tmp/\xff-%p"));
    let LogTarget::Path(pattern) = config.log else { panic!("{:?}", config.log) };
    assert_eq!(pattern.path(7).as_os_str().as_bytes(), b"/tmp/\xff-7");
}

#[test]
fn log_max() {
    let most = |value: &str| good("TRIPOD_LOG_MAX", value).log_max;
    assert_eq!(most("1000"), Some(1000));
    assert_eq!(most("4k"), Some(4096));
    assert_eq!(most("3M"), Some(3 << 20));
    assert_eq!(most("2G"), Some(2 << 30));
    assert_eq!(most("0"), None);
    assert_eq!(most("0K"), None);
    for value in
        ["K", "1KB", "1.5M", "-1", "+1", "1 M", "1T", "99999999999999999999", "18446744073709551615K", "é"]
    {
        assert!(bad("TRIPOD_LOG_MAX", value).ends_with("using 256M"), "{value}");
    }
}

#[test]
fn locals_and_globals() {
    assert_eq!(good("TRIPOD_LOCALS", "args").locals, Locals::Args);
    assert_eq!(good("TRIPOD_LOCALS", "NONE").locals, Locals::None);
    assert_eq!(good("TRIPOD_GLOBALS", "all").globals, Globals::All);
    assert_eq!(good("TRIPOD_GLOBALS", "none").globals, Globals::None);
    assert_eq!(
        bad("TRIPOD_LOCALS", "some"),
        "TRIPOD_LOCALS='some' is none of its values (accepted: all, args or none); using all"
    );
    bad("TRIPOD_GLOBALS", "args");
}

#[test]
fn max_pause() {
    let pause = |value: &str| good("TRIPOD_MAX_PAUSE", value).max_pause;
    assert_eq!(pause("5"), Duration::from_millis(5));
    assert_eq!(pause("0.5"), Duration::from_micros(500));
    assert_eq!(pause("0.000001"), Duration::from_nanos(1));
    for value in ["0", "0.0000001", "-1", "inf", "1e3", "1000000000001", "off"] {
        assert!(bad("TRIPOD_MAX_PAUSE", value).contains("is not a number of milliseconds"), "{value}");
    }
}

#[test]
fn limits() {
    let with = |name: &str, value: &str| good(name, value).limits;
    let limits = Limits::default();
    assert_eq!(with("TRIPOD_MAX_CHARS", "77"), Limits { chars: 77, ..limits });
    assert_eq!(with("TRIPOD_MAX_ITEMS", "1"), Limits { items: 1, ..limits });
    assert_eq!(with("TRIPOD_MAX_DEPTH", "32"), Limits { depth: 32, ..limits });
    assert_eq!(with("TRIPOD_MAX_BYTES", "1M"), Limits { bytes: 1 << 20, ..limits });
    assert_eq!(with("TRIPOD_MAX_FRAMES", "2"), Limits { frames: 2, ..limits });
    for name in
        ["TRIPOD_MAX_CHARS", "TRIPOD_MAX_ITEMS", "TRIPOD_MAX_DEPTH", "TRIPOD_MAX_BYTES", "TRIPOD_MAX_FRAMES"]
    {
        for value in ["0", "-1", "x", "1.5", "99999999999999999999"] {
            bad(name, value);
        }
    }
    assert!(bad("TRIPOD_MAX_DEPTH", "33").contains("is too deep (accepted: a number from 1 to 32)"));
    assert!(bad("TRIPOD_MAX_FRAMES", "1").contains("is too small (accepted: a number of at least 2)"));
    bad("TRIPOD_MAX_CHARS", "4294967296");
}

#[test]
fn redact() {
    let names = |value: &str| match good("TRIPOD_REDACT", value).redact {
        RedactSetting::BuiltInAnd(names) => names,
        RedactSetting::Off => panic!("off"),
    };
    assert_eq!(names("pin"), ["pin"]);
    assert_eq!(names(" pin, ,iban ,,off"), ["pin", "iban", "off"]);
    assert_eq!(names(","), [""; 0]);
    assert_eq!(good("TRIPOD_REDACT", "Off").redact, RedactSetting::Off);
}

#[test]
fn quiet() {
    assert!(good("TRIPOD_QUIET", "1").quiet);
    assert!(!good("TRIPOD_QUIET", "0").quiet);
    bad("TRIPOD_QUIET", "2");
}

#[test]
fn a_warning_is_one_harmless_line() {
    let warning = bad("TRIPOD_INTERVAL", "1\n\u{1b}[31m");
    assert!(warning.starts_with("TRIPOD_INTERVAL='1\\n\\u{1b}[31m' is not"), "{warning}");
    let warning = bad("TRIPOD_INTERVAL", &"x".repeat(1_000_000));
    assert!(warning.len() < 400 && warning.contains("xxx…' is not"), "{}", warning.len());
    assert_eq!(Quoted("a b".as_ref()).to_string(), "'a b'");
}

#[test]
fn the_handover_is_read_as_it_was_written() {
    for handover in
        [Handover { pid: 4242, was_default: true }, Handover { pid: u32::MAX, was_default: false }]
    {
        assert_eq!(Handover::parse(handover.to_value().as_bytes()), Some(handover));
    }
    assert_eq!(Handover { pid: 4242, was_default: true }.to_value(), "4242:1");
    for value in
        ["", ":", "1", "1:", ":1", "1:2", "1:01", "0:1", "-1:1", "+1:1", "4294967296:1", "1:1:1", "a:1"]
    {
        assert_eq!(Handover::parse(value.as_bytes()), None, "{value}");
    }
    assert_eq!(Handover::parse(b"1\xff:1"), None);
}

#[test]
fn the_banner() {
    let line = |name: &str, value: &str| trigger_line(&good(name, value), 4242, SIGNALS);
    assert_eq!(line("TRIPOD_INTERVAL", "5"), "[Tripod] Sampling every 5.000000 seconds");
    assert_eq!(line("TRIPOD_INTERVAL", "0.001"), "[Tripod] Sampling every 0.001000 seconds");
    assert_eq!(line("TRIPOD_SIGNAL", "USR2"), "[Tripod] Dump on demand: kill -USR2 4242");
    assert_eq!(line("TRIPOD_SIGNAL", "RTMIN+3"), "[Tripod] Dump on demand: kill -37 4242");
    assert_eq!(
        line("TRIPOD_SIGNAL", "none"),
        "[Tripod] Nothing asks for dumps: TRIPOD_INTERVAL is off, TRIPOD_SIGNAL is none"
    );
    assert_eq!(output_line(Some(Path::new("/tmp/a.log"))), "[Tripod] Writing output to: /tmp/a.log");
    assert_eq!(output_line(Some(Path::new("/tmp/\u{1b}c"))), "[Tripod] Writing output to: /tmp/\\u{1b}c");
    assert_eq!(output_line(None), "[Tripod] Writing output to: standard error");
}

#[test]
fn the_readme_has_the_table() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("<!-- variables -->\n").expect("the table's start");
    let (table, _) = rest.split_once("<!-- end of variables -->").expect("the table's end");
    assert_eq!(table, markdown_table(), "put this into README.md:\n{}", markdown_table());
}
