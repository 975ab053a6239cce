//! What is refused, with which status and which words.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use tripod::config::VARIABLES;

use crate::crafted_elf::Elf;
use crate::{Run as _, WRAPPER, c_library, clean, directory, wrapper, write_program};

#[test]
fn a_bad_option_is_one_line_and_nothing_is_run() {
    let bad = [
        (["--interval", "abc"], "--interval 'abc' is not a number of seconds"),
        (["--interval", "-5"], "--interval '-5' is not a number of seconds"),
        (["--signal", "KILL"], "--signal 'KILL' cannot be caught by any program"),
        (["--log", "/tmp/%q"], "--log '/tmp/%q' has a percent sign that is neither %p nor %%"),
        (["--locals", "some"], "--locals 'some' is none of its values (accepted: all, args or none)"),
        (["--max-pause", "0"], "--max-pause '0' is not a number of milliseconds"),
        (["--quiet", "--colour"], "unexpected argument '--colour' found (see tripod-preload --help)"),
        (["--quiet=2", "--"], "unexpected value '2' for '--quiet'"),
    ];
    for (arguments, expected) in bad {
        let message = wrapper().args(arguments).args(["echo", "run"]).refusal(2);
        assert!(message.starts_with(expected), "{message}");
    }
    let message = wrapper().arg("--interval").refusal(2);
    assert!(message.starts_with("a value is required for '--interval"), "{message}");
    for arguments in [&[][..], &["--quiet"], &["--"]] {
        let message = wrapper().args(arguments).refusal(2);
        assert_eq!(message, "no COMMAND given (see tripod-preload --help)");
    }
}

#[test]
fn a_bad_variable_is_one_line_and_nothing_is_run() {
    for variable in VARIABLES {
        if matches!(variable.name, "TRIPOD_LOG" | "TRIPOD_REDACT" | "TRIPOD_LIB") {
            continue;
        }
        let message = wrapper().env(variable.name, "?").args(["echo", "run"]).refusal(2);
        assert!(message.starts_with(&format!("{}='?' is ", variable.name)), "{message}");
        assert!(message.ends_with(&format!("(accepted: {})", variable.accepted)), "{message}");
        assert_eq!(wrapper().env(variable.name, "").args(["echo", "run"]).succeed(), "run\n");
    }
}

#[test]
fn a_command_that_is_not_there_or_not_executable() {
    let directory = directory();
    let plain = directory.path().join("plain");
    write_program(&plain, "#!/bin/sh\n", 0o644);
    let path = |path: &Path| format!("'{}'", path.display());

    assert_eq!(wrapper().arg("no-such-command").refusal(127), "'no-such-command': command not found");
    assert_eq!(wrapper().arg("/no/such/command").refusal(127), "'/no/such/command': command not found");
    assert_eq!(wrapper().arg("").refusal(127), "'': command not found");
    assert_eq!(
        wrapper().arg(plain.join("x")).refusal(127),
        format!("{}: command not found", path(&plain.join("x")))
    );
    assert_eq!(wrapper().arg(&plain).refusal(126), format!("{} is not executable", path(&plain)));
    assert_eq!(
        wrapper().arg("plain").env("PATH", directory.path()).refusal(126),
        "'plain' is not executable"
    );
    assert_eq!(
        wrapper().arg(directory.path()).refusal(126),
        format!("{} is a directory", path(directory.path()))
    );
}

#[test]
fn the_command_is_looked_for_as_a_shell_does() {
    let directory = directory();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    fs::create_dir(&first).unwrap();
    fs::create_dir_all(second.join("third")).unwrap();
    write_program(&first.join("both"), "not executable", 0o644);
    write_program(&second.join("both"), "#!/bin/sh\necho second", 0o755);
    write_program(&first.join("here"), "#!/bin/sh\necho here", 0o755);
    let path = std::env::join_paths([&first, &second]).unwrap();
    assert_eq!(wrapper().arg("both").env("PATH", &path).succeed(), "second\n");
    // A directory is no command.
    wrapper().arg("third").env("PATH", &path).refusal(126);
    // An empty entry is the current directory, which is not looked at otherwise.
    assert_eq!(wrapper().arg("here").env("PATH", "/no:").current_dir(&first).succeed(), "here\n");
    wrapper().arg("here").env("PATH", "/no").current_dir(&first).refusal(127);
    assert_eq!(wrapper().arg("./here").env("PATH", "/no").current_dir(&first).succeed(), "here\n");
    // Without PATH, where the C library looks.
    assert_eq!(wrapper().args(["sh", "-c", "echo found"]).env_remove("PATH").succeed(), "found\n");
}

#[test]
fn a_program_that_the_library_does_not_fit_is_refused() {
    let native = Elf::native();
    let musl = Elf { loader: Some("/lib/ld-musl-x86_64.so.1"), ..Elf::native() };
    let cases = [
        (Elf { loader: None, ..Elf::native() }, "it is linked statically"),
        (musl, "it is built for musl, the library for glibc"),
        (Elf { machine: 8, ..Elf::native() }, "it is built for ELF machine 8"),
        (Elf { is_64: !native.is_64, ..Elf::native() }, "it is built for "),
        (Elf { is_64: !native.is_64, machine: 3, ..Elf::native() }, "it is built for x86 ("),
    ];
    for (elf, reason) in cases {
        let directory = directory();
        let program = directory.path().join("program");
        elf.write(&program);
        let message = wrapper().arg(&program).refusal(2);
        assert!(message.starts_with(&format!("cannot watch '{}': {reason}", program.display())), "{message}");

        let script = directory.path().join("script");
        write_program(&script, format!("#!{}\n", program.display()), 0o755);
        let message = wrapper().arg(&script).refusal(2);
        let expected =
            format!("cannot watch '{}', which is run by '{}': {reason}", script.display(), program.display());
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn an_elf_file_that_is_broken_is_not_executable() {
    let directory = directory();
    let program = directory.path().join("program");
    for bytes in [&b"\x7fELF"[..], b"\x7fELF\x02\x01\x01", b"\x7fELF\x09", &Elf::native().bytes()[..70]] {
        write_program(&program, bytes, 0o755);
        let message = wrapper().arg(&program).refusal(126);
        assert_eq!(message, format!("'{}' is not a valid program", program.display()));
    }
    // Headers that are right, and nothing behind them: the kernel says no.
    Elf { loader: Some("/no/such/loader"), ..Elf::native() }.write(&program);
    let message = wrapper().arg(&program).refusal(126);
    assert!(message.starts_with(&format!("cannot run '{}': ", program.display())), "{message}");
}

#[test]
fn scripts_are_followed_to_their_interpreter() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    let static_program = path("static-program");
    Elf { loader: None, ..Elf::native() }.write(&static_program);
    let search = std::env::join_paths([directory.path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();

    write_program(&path("good"), "#!/bin/sh\necho $1\n", 0o755);
    assert_eq!(wrapper().arg(path("good")).arg("ran").succeed(), "ran\n");
    write_program(&path("chain"), format!("#!{}\n", path("good").display()), 0o755);
    assert_eq!(wrapper().arg(path("chain")).succeed().trim_end(), path("chain").to_str().unwrap());
    write_program(&path("by-env"), "#!/usr/bin/env sh\necho by env\n", 0o755);
    assert_eq!(wrapper().arg(path("by-env")).succeed(), "by env\n");
    write_program(&path("shell"), "echo by shell\n", 0o755);
    assert_eq!(wrapper().arg(path("shell")).succeed(), "by shell\n");

    let bad = [
        format!("#! {} -x\n", static_program.display()),
        "#!/usr/bin/env static-program\n".to_owned(),
        "#!/usr/bin/env -S A=1 -i static-program -u\n".to_owned(),
        "#!/usr/bin/env -Sstatic-program -u\n".to_owned(),
        "#!/usr/bin/env --split-string=static-program\n".to_owned(),
        format!("#!{}\n", path("bad-0").display()),
    ];
    for (number, line) in bad.iter().enumerate() {
        let script = path(&format!("bad-{number}"));
        write_program(&script, line, 0o755);
        let message = wrapper().arg(&script).env("PATH", &search).refusal(2);
        assert!(
            message.contains(&format!("run by '{}': it is linked", static_program.display())),
            "{message}"
        );
    }

    write_program(&path("dos"), "#!/bin/sh\r\n", 0o755);
    let message = wrapper().arg(path("dos")).refusal(126);
    assert_eq!(
        message,
        format!("'/bin/sh\\r', the interpreter of '{}', does not exist", path("dos").display())
    );
    // env says itself what it does not find, and the kernel that a script runs itself.
    write_program(&path("no-env"), "#!/usr/bin/env no-such-command\n", 0o755);
    assert_eq!(wrapper().arg(path("no-env")).run().status.code(), Some(127));
    write_program(&path("loop"), format!("#!{}\n", path("loop").display()), 0o755);
    let message = wrapper().arg(path("loop")).refusal(126);
    assert!(message.starts_with(&format!("cannot run '{}': ", path("loop").display())), "{message}");
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_set_user_id_program_is_refused_if_it_changes_the_user() {
    let directory = directory();
    let program = directory.path().join("program");
    let copy_of_env = |owner: u32| {
        write_program(&program, fs::read("/usr/bin/env").unwrap(), 0o755);
        if is_root() {
            chown(&program, Some(owner), Some(0)).unwrap();
        }
        fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    };
    // One's own program: nothing changes, and the loader keeps LD_PRELOAD.
    copy_of_env(0);
    assert!(wrapper().arg(&program).succeed().contains("LD_PRELOAD="));

    let other = if is_root() {
        copy_of_env(65534);
        program
    } else {
        let known = ["/usr/bin/su", "/bin/su", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/sudo"];
        let set_id =
            |path: &&str| fs::metadata(path).is_ok_and(|file| file.uid() == 0 && file.mode() & 0o4000 != 0);
        PathBuf::from(known.into_iter().find(set_id).expect("a set-user-id program on this system"))
    };
    let message = wrapper().arg(&other).refusal(2);
    let reason = "it is set-user-id, so the dynamic loader would not load the library";
    assert_eq!(message, format!("cannot watch '{}': {reason}", other.display()));
}

#[test]
fn a_program_with_file_capabilities_is_refused_for_all_but_root() {
    if !is_root() {
        eprintln!("only root can give a file capabilities; the rule itself is tested in privilege.rs");
        return;
    }
    // Where nobody else can go, this user could not run the wrapper. The build directory may be such a place.
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (program, wrapper) = (directory.path().join("program"), directory.path().join("tripod-preload"));
    write_program(&program, fs::read("/usr/bin/env").unwrap(), 0o755);
    write_program(&wrapper, fs::read(WRAPPER).unwrap(), 0o755);
    let run = |uid: u32| {
        let mut command = clean(&wrapper);
        command.env("TRIPOD_LIB", c_library()).uid(uid).gid(uid).arg(&program).current_dir("/");
        command
    };
    run(65534).succeed();
    // VFS_CAP_REVISION_2 with the effective flag, CAP_NET_RAW permitted (capabilities(7)).
    let capabilities = [0x0200_0001_u32, 1 << 13, 0, 0, 0].map(u32::to_le_bytes).concat();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&program, "security.capability", &capabilities, flags).unwrap();
    let message = run(65534).refusal(2);
    assert!(
        message.ends_with("its file has capabilities, so the dynamic loader would not load the library"),
        "{message}"
    );
    run(0).succeed();
}
