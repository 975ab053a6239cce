//! What the command gets: arguments, environment, descriptors, signals, and the library in `LD_PRELOAD`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use tripod::config::VARIABLES;

use crate::{ONE_AT_A_TIME, Run as _, WRAPPER, c_library, clean, directory, wrapper, write_program};

#[test]
fn exit_status_and_process_id_are_the_commands() {
    for status in [0, 1, 3, 255] {
        let output = wrapper().args(["sh", "-c", &format!("exit {status}")]).run();
        assert_eq!(output.status.code(), Some(status));
    }
    assert_eq!(wrapper().args(["sh", "-c", "kill -TERM $$"]).run().status.signal(), Some(libc::SIGTERM));

    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let child = wrapper().args(["sh", "-c", "echo $$"]).stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim_end(), pid);
}

#[test]
fn arguments_are_passed_untouched() {
    let show = ["printf", "[%s]"];
    let mut raw = wrapper();
    raw.args(show).arg(OsStr::from_bytes(b"\xff*")).args([
        "a b",
        "",
        "--",
        "-h",
        "--interval",
        "x",
        "--help",
        "$HOME",
    ]);
    assert_eq!(raw.run().stdout, b"[\xff*][a b][][--][-h][--interval][x][--help][$HOME]");
    assert_eq!(wrapper().arg("--").args(show).arg("--").succeed(), "[--]");
    assert_eq!(wrapper().arg("--quiet").args(show).arg("--quiet").succeed(), "[--quiet]");
    // The name is the command's own, not the path that it was found under.
    assert_eq!(
        wrapper().args(["sh", "-c", "tr '\\0' '\\n' </proc/$$/cmdline | head -n 1"]).succeed(),
        "sh\n"
    );
}

#[test]
fn the_last_of_an_option_counts() {
    let mut command = wrapper();
    command.args([
        "--interval",
        "1",
        "--interval=2",
        "--quiet",
        "--quiet",
        "sh",
        "-c",
        "echo $TRIPOD_INTERVAL",
    ]);
    assert_eq!(command.succeed(), "2\n");
}

#[test]
fn each_option_sets_its_variable() {
    let library = c_library();
    let values = [
        ("interval", "0.5"),
        ("signal", "rtmin+1"),
        ("log", "-"),
        ("locals", "args"),
        ("max-pause", "7.5"),
        ("lib", library.to_str().unwrap()),
    ];
    let mut command = wrapper();
    command.env("TRIPOD_INTERVAL", "bad, but replaced").env("TRIPOD_MAX_CHARS", "12");
    for (option, value) in values {
        command.args([format!("--{option}"), value.to_owned()]);
    }
    let environment = command.args(["--quiet", "env"]).succeed();
    let has = |line: &str| environment.lines().any(|known| known == line);
    for variable in VARIABLES {
        let Some(option) = variable.option else { continue };
        let value = values.iter().find(|(name, _)| *name == option.name).map_or("1", |(_, value)| value);
        assert!(has(&format!("{}={value}", variable.name)), "{environment}");
    }
    assert!(has("TRIPOD_MAX_CHARS=12"), "{environment}");
}

#[test]
fn nothing_else_changes_in_the_environment() {
    let lines = |mut command: Command| {
        let text = command.env("TRIPOD_TEST", " =a\n").succeed();
        text.lines().filter(|line| !line.starts_with("_=")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut with = wrapper();
    with.arg("env");
    let (with, without) = (lines(with), lines(clean("env")));
    let added: Vec<_> = with.iter().filter(|line| !without.contains(line)).collect();
    assert_eq!(added.len(), 3, "{added:?}");
    for (line, name) in added.iter().zip(["TRIPOD_LIB=", "LD_PRELOAD=", "TRIPOD_WRAPPER="]) {
        assert!(line.starts_with(name), "{added:?}");
    }
    assert_eq!(with.len(), without.len() + 3);
}

#[test]
fn descriptors_signals_and_limits_are_the_callers() {
    let state = "grep -e '^Sig[BIC]' -e '^Shd' /proc/self/status; ulimit -a; umask; ls /proc/self/fd";
    for setup in
        ["", "exec <&-;", "exec 0<&- 2>&-;", "trap '' PIPE;", "trap '' HUP PIPE; umask 077; ulimit -n 99;"]
    {
        let run = |wrapped: &str| {
            let script = format!("{setup} exec {wrapped} sh -c \"$STATE\"");
            let command = clean("sh")
                .arg("-c")
                .arg(script)
                .env("STATE", state)
                .env("TRIPOD_LIB", c_library())
                .stdin(Stdio::null())
                .run();
            assert!(command.status.success(), "{command:?}");
            String::from_utf8(command.stdout).unwrap()
        };
        assert_eq!(run(&format!("{WRAPPER} --signal none")), run(""), "{setup}");
    }
}

#[test]
fn the_library_is_first_in_ld_preload_and_only_once() {
    let library = c_library().to_str().unwrap().to_owned();
    let directory = directory();
    let link = directory.path().join("link.so");
    std::os::unix::fs::symlink(&library, &link).unwrap();
    let link = link.to_str().unwrap();
    let preload = |existing: Option<&str>| {
        let mut command = wrapper();
        if let Some(existing) = existing {
            command.env("LD_PRELOAD", existing);
        }
        // Libraries that are not there make every program of the pipeline complain, so the shell says it itself.
        let output = command.args(["sh", "-c", "echo \"$LD_PRELOAD\""]).run();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(preload(None), library);
    assert_eq!(preload(Some("")), library);
    assert_eq!(preload(Some("/no/a.so")), format!("{library}:/no/a.so"));
    assert_eq!(preload(Some("/no/a.so  /no/b.so:")), format!("{library}:/no/a.so:/no/b.so"));
    assert_eq!(preload(Some(&format!("/no/a.so {library}:{link}"))), format!("{library}:/no/a.so"));
}

#[test]
fn the_librarys_path_is_made_absolute() {
    let library = c_library();
    let mut command = wrapper();
    command.current_dir(library.parent().unwrap()).args([
        "--lib",
        "libc.so.6",
        "sh",
        "-c",
        "echo $LD_PRELOAD",
    ]);
    assert_eq!(command.succeed().trim_end(), library.to_str().unwrap());
}

#[test]
fn the_library_is_found_beside_the_wrapper_or_in_lib() {
    for place in ["bin/libtripod.so", "lib/libtripod.so", "lib/tripod/libtripod.so"] {
        let directory = directory();
        let root = directory.path();
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(root.join("lib/tripod")).unwrap();
        let installed = root.join("bin/tripod-preload");
        write_program(&installed, fs::read(WRAPPER).unwrap(), 0o755);

        let message = clean(&installed).arg("true").refusal(2);
        assert!(message.starts_with("no library found; looked for "), "{message}");
        for place in ["bin/libtripod.so", "lib/libtripod.so", "lib/tripod/libtripod.so"] {
            assert!(message.contains(root.join(place).to_str().unwrap()), "{message}");
        }

        fs::copy(c_library(), root.join(place)).unwrap();
        let found = clean(&installed).args(["sh", "-c", "echo $LD_PRELOAD"]).succeed();
        assert_eq!(found.trim_end(), root.join(place).to_str().unwrap());
    }
}

#[test]
fn a_library_that_cannot_be_preloaded_is_refused() {
    let directory = directory();
    let missing = directory.path().join("no.so");
    let message = clean(WRAPPER).arg("--lib").arg(&missing).arg("true").refusal(2);
    assert_eq!(message, format!("no library found; looked for {}", missing.display()));
    let message = clean(WRAPPER).env("TRIPOD_LIB", &missing).arg("true").refusal(2);
    assert_eq!(message, format!("no library found; looked for {}", missing.display()));

    for name in ["a b.so", "a:b.so"] {
        let path = directory.path().join(name);
        fs::copy(c_library(), &path).unwrap();
        let message = clean(WRAPPER).arg("--lib").arg(&path).arg("true").refusal(2);
        assert!(message.contains("LD_PRELOAD takes the space or colon"), "{message}");
    }

    let text = directory.path().join("text.so");
    fs::write(&text, "no library").unwrap();
    let message = clean(WRAPPER).arg("--lib").arg(&text).arg("true").refusal(2);
    assert_eq!(message, format!("'{}' is not a shared library", text.display()));
}

#[test]
fn the_signal_does_not_kill_before_the_constructor_has_run() {
    let killed = ["sh", "-c", "kill -USR2 $$; echo alive"];
    assert_eq!(wrapper().args(killed).succeed(), "alive\n");
    // The same without the wrapper's doing, to know that the signal comes.
    let output = wrapper().args(["--signal", "none"]).args(killed).run();
    assert_eq!(output.status.signal(), Some(libc::SIGUSR2));
    // Only the signal that was asked for.
    let output = wrapper().args(["--signal", "USR1"]).args(killed).run();
    assert_eq!(output.status.signal(), Some(libc::SIGUSR2));
    assert_eq!(wrapper().env("TRIPOD_SIGNAL", "12").args(killed).succeed(), "alive\n");
}

/// The set of ignored signals and what the constructor is told, `<pid>` being the right process id.
fn handed_over(mut command: Command) -> (u64, String) {
    let text = command.succeed();
    let [pid, ignored, handover] = text.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
    (u64::from_str_radix(ignored, 16).unwrap(), handover.replacen(pid, "<pid>", 1))
}

#[test]
fn the_constructor_is_told_what_to_undo() {
    let show = "echo $$; sed -n 's/^SigIgn://p' /proc/$$/status; echo $TRIPOD_WRAPPER";
    let bit = |signal: i32| 1_u64 << (signal - 1);
    let run = |setup: &str, options: &[&str]| {
        let mut command = clean("sh");
        command
            .env("TRIPOD_LIB", c_library())
            .arg("-c")
            .arg(format!("{setup} exec \"$@\""))
            .arg("sh")
            .arg(WRAPPER);
        command.args(options).args(["sh", "-c", show]);
        handed_over(command)
    };
    let (before, _) = run("", &["--signal", "none"]);
    assert_eq!(run("", &["--signal", "none"]), (before, "<pid>:0".to_owned()));
    assert_eq!(run("", &[]), (before | bit(libc::SIGUSR2), "<pid>:1".to_owned()));
    assert_eq!(run("", &["--signal", "RTMAX"]), (before | bit(libc::SIGRTMAX()), "<pid>:1".to_owned()));
    assert_eq!(run("trap '' USR2;", &[]), (before | bit(libc::SIGUSR2), "<pid>:0".to_owned()));
}
