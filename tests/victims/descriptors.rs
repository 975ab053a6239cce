//! Descriptors, files and identity: nothing of the program's is ever written to, closed or taken, whatever it does to its
//! descriptors, its file system and itself while dumps are taken.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::harness::{END, Outcome, Python, Run, Stderr, Victim, left_in, newest, on_each, parse, wait_for};

/// Whether tests run as root, which some need. Says so where they do not.
fn root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("{test} is skipped: it needs root");
    }
    root
}

#[test]
fn every_low_number_is_the_programs_while_dumps_run() {
    on_each(|python| {
        let outcome = Run::new(python, "closes_all.py").check_pestered();
        assert_eq!(outcome.stdout, "True\n");
        assert!(outcome.dumps.len() > 1, "{}", outcome.log);
        assert!(outcome.dumps.iter().any(|dump| dump.main().short[0].file.ends_with("closes_all.py")));
    });
}

#[test]
fn dumps_need_no_descriptor_of_the_programs() {
    on_each(|python| {
        let outcome = Run::new(python, "uses_up_descriptors.py").arg("20").check(|victim| {
            victim.ready();
            let dump = victim.dump();
            let frame = dump.main().frame("<module>");
            assert!(frame.source.starts_with("victim.step("), "{frame:#?}");
            victim.go_on();
            victim.ready();
            victim.dump();
        });
        assert!(outcome.stdout.ends_with("18, 19] Too many open files\n"), "{}", outcome.stdout);
        assert_eq!(outcome.dumps.len(), 2);
    });
}

#[test]
fn where_nothing_may_be_opened_the_dump_is_lost_and_the_next_is_not() {
    on_each(|python| {
        // Not even standard error can be reached: there is nobody to tell.
        let outcome = Run::new(python, "uses_up_descriptors.py").arg("0").check(|victim| {
            victim.ready();
            victim.signal(libc::SIGUSR2);
            victim.go_on();
            victim.ready();
            victim.dump();
        });
        assert_eq!(outcome.stdout, "[] Too many open files\n");
        assert!(outcome.dumps.len() <= 2, "{}", outcome.log);
    });
}

#[test]
fn what_has_taken_standard_errors_number_is_not_written_to() {
    on_each(|python| {
        for how in ["data", "append"] {
            let files = tempfile::tempdir().unwrap();
            let run = Run::new(python, "takes_standard_numbers.py").arg(how).arg(files.path());
            // The log cannot be written, which would be told on standard error.
            let run = run.env("TRIPOD_LOG", "/sys/tripod-test.log");
            let outcome = run.check(|victim| {
                victim.ready();
                for _ in 0..3 {
                    let before = turns(victim);
                    victim.signal(libc::SIGUSR2);
                    wait_for("the agent to have been awake", || (turns(victim) > before).then_some(()));
                }
                victim.go_on();
            });
            assert!(outcome.stdout.ends_with("mine\nmine\nmine\n"), "{}", outcome.stdout);
        }
    });
}

/// How often the agent's thread has gone to sleep. It is the one besides the main thread.
fn turns(victim: &Victim) -> u64 {
    let tasks = left_in(&PathBuf::from(format!("/proc/{}/task", victim.pid())));
    let own = victim.pid().to_string();
    let agent = tasks.iter().find(|task| task.file_name().is_some_and(|name| *name != *own)).unwrap();
    let status = fs::read_to_string(agent.join("status")).unwrap();
    let field = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    field.unwrap().trim().parse().unwrap()
}

#[test]
fn standard_streams_that_the_program_closes() {
    on_each(|python| {
        let run = Run::new(python, "closes_streams.py");
        let outcome = run.check_pestered();
        assert!(!outcome.dumps.is_empty());
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    });
}

#[test]
fn a_program_that_moves_keeps_its_log() {
    on_each(|python| {
        let outcome =
            Run::new(python, "changes_identity.py").arg("chdir:/usr").arg("chdir:/").check(|victim| {
                for _ in 0..3 {
                    victim.ready();
                    victim.dump();
                    victim.go_on();
                }
            });
        assert_eq!(outcome.dumps.len(), 3);
        assert_eq!(outcome.stdout, "chdir 0 usr\nchdir 0 \n".replace('0', &user()));
    });
}

fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

/// Has the script do `changes`, with a dump at each step; then as [`Run::check`], but for what is told on standard error.
#[track_caller]
fn changed(python: &Python, changes: &[&str], told: impl Fn(&Victim) -> String) -> Outcome {
    let run = changes.iter().fold(Run::new(python, "changes_identity.py"), |run, change| run.arg(change));
    let bare = run.run_bare();
    let mut victim = run.start();
    victim.ready();
    victim.dump();
    let mut expected = String::new();
    for _ in changes {
        victim.go_on();
        victim.ready();
        victim.signal(libc::SIGUSR2);
        expected = told(&victim);
        victim.wait_for_stderr(&expected);
    }
    let outcome = victim.finish();
    assert_eq!((outcome.status, &outcome.stdout), (bare.status, &bare.stdout));
    assert_eq!(outcome.stderr, expected);
    outcome
}

#[test]
fn in_a_chroot_without_its_directory_the_dump_is_lost_and_told() {
    if !root("chroot") {
        return;
    }
    on_each(|python| {
        let empty = tempfile::tempdir().unwrap();
        let there = format!("chroot:{}", empty.path().display());
        let outcome = changed(python, &[&there], |victim| {
            let log = victim.log().unwrap();
            format!("[Tripod] Dump lost: {}: No such file or directory (os error 2)\n", log.display())
        });
        assert_eq!(outcome.dumps.len(), 1);
        assert_eq!(left_in(empty.path()), [""; 0].map(PathBuf::from));
    });
}

#[test]
fn another_user_cannot_write_to_the_log_and_does_not() {
    if !root("setuid") {
        return;
    }
    on_each(|python| {
        let outcome = changed(python, &["setuid"], |victim| {
            let log = victim.log().unwrap();
            format!("[Tripod] Dump lost: {}: Permission denied (os error 13)\n", log.display())
        });
        assert_eq!(outcome.dumps.len(), 1);
    });
}

#[test]
fn another_user_gets_a_log_of_its_own_where_it_may_write() {
    if !root("setuid") {
        return;
    }
    on_each(|python| {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let log = directory.path().join("x.log");
        let run = Run::new(python, "changes_identity.py").arg("setuid").env("TRIPOD_LOG", &log);
        let bare = run.run_bare();
        let mut victim = run.start();
        victim.ready();
        victim.dump_to(&log);
        victim.go_on();
        victim.ready();
        let own = directory.path().join(format!("x.log.{}", victim.pid()));
        victim.dump_to(&own);
        let about = fs::metadata(&own).unwrap();
        assert_eq!((about.uid(), about.mode() & 0o7777), (65534, 0o600));
        let told = format!("[Tripod] {} belongs to another user; writing to ", log.display());
        let outcome = victim.finish();
        assert_eq!(outcome.stderr, format!("{told}{}\n", own.display()));
        assert_eq!((outcome.status, outcome.stdout), (bare.status, bare.stdout));
        assert_eq!(parse(&fs::read_to_string(&log).unwrap()).len(), 1);
    });
}

#[test]
fn a_tmpdir_that_is_removed_costs_the_dump() {
    on_each(|python| {
        let mut victim = Run::new(python, "changes_identity.py").stderr(Stderr::File).start();
        victim.ready();
        let tmp = victim.home().tmp();
        fs::remove_dir(&tmp).unwrap();
        victim.signal(libc::SIGUSR2);
        let told = victim.wait_for_stderr("Dump lost: ");
        fs::create_dir(&tmp).unwrap();
        victim.dump();
        let outcome = victim.finish();
        assert_eq!(outcome.stderr, told);
        assert_eq!(outcome.dumps.len(), 1);
    });
}

/// Has the script's `TMPDIR` be a file system of 64 KiB, in a mount namespace of its own, after which `command` is run.
/// `None` where nothing may be mounted here.
fn with_small_tmpdir(run: Run, command: &str) -> Option<Run> {
    const MOUNT: &str = "mount -t tmpfs -o size=64k none \"$TMPDIR\"";
    let mut attempt = Command::new("unshare");
    attempt.args(["-m", "sh", "-c", MOUNT]).env("TMPDIR", "/mnt").stderr(Stdio::null());
    if !attempt.status().is_ok_and(|status| status.success()) {
        println!("a small TMPDIR is skipped: nothing may be mounted here");
        return None;
    }
    let script = format!("{MOUNT} && {command} && exec \"$@\"");
    Some(run.behind(&["unshare", "-m", "sh", "-c", &script, "sh"]).stderr(Stderr::File))
}

#[test]
fn a_full_tmpdir_costs_the_dump_and_no_byte_of_the_programs() {
    on_each(|python| {
        let Some(run) = with_small_tmpdir(Run::new(python, "fills_tmpdir.py"), "true") else { return };
        let bare = run.run_bare();
        let mut victim = run.start();
        victim.ready();
        // Seen as the victim sees it.
        let tmp = victim.home().tmp();
        let there =
            PathBuf::from(format!("/proc/{}/root", victim.pid())).join(tmp.strip_prefix("/").unwrap());
        victim.signal(libc::SIGUSR2);
        let log = wait_for("the log", || left_in(&there).pop());
        victim.wait_for_dumps_in(&log, 1);
        victim.go_on();
        victim.ready();
        // The log's last page may have room for some more.
        let lost = |victim: &Victim| victim.stderr_so_far().contains("Dump lost: ");
        let size = || fs::metadata(&log).unwrap().len();
        while !lost(&victim) {
            let before = size();
            victim.signal(libc::SIGUSR2);
            wait_for("the dump or its loss", || (size() > before || lost(&victim)).then_some(()));
        }
        victim.go_on();
        victim.ready();
        let before = size();
        victim.signal(libc::SIGUSR2);
        wait_for("a whole dump", || {
            (size() > before && fs::read_to_string(&log).unwrap().ends_with(&format!("{END}\n")))
                .then_some(())
        });
        let text = fs::read_to_string(&log).unwrap();
        let whole: usize = parse(&text).iter().map(|dump| dump.text.len() + 1).sum();
        assert_eq!(whole, text.len(), "half a dump is left in {text}");
        let outcome = victim.finish();
        assert_eq!((outcome.status, &outcome.stdout), (bare.status, &bare.stdout));
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(outcome.stderr.ends_with(": No space left on device (os error 28)\n"), "{}", outcome.stderr);
    });
}

#[test]
fn a_read_only_tmpdir_costs_the_dump() {
    on_each(|python| {
        let run = Run::new(python, "changes_identity.py");
        let Some(run) = with_small_tmpdir(run, "mount -o remount,ro \"$TMPDIR\"") else { return };
        let mut victim = run.start();
        victim.ready();
        victim.signal(libc::SIGUSR2);
        let told = victim.wait_for_stderr("Dump lost: ");
        assert!(told.ends_with(": Read-only file system (os error 30)\n"), "{told}");
        assert_eq!(victim.finish().stderr, told);
    });
}

/// What stands in the log's place from one moment to the next, while dumps are written.
#[test]
fn a_log_that_is_replaced_again_and_again_harms_nothing() {
    const ROUNDS: usize = 60;
    let home = tempfile::tempdir().unwrap();
    let precious = home.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let logs = home.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let run =
        Run::new(newest(), "changes_identity.py").env("TRIPOD_LOG", &logs).env("TRIPOD_INTERVAL", "0.001");
    let mut victim = run.stderr(Stderr::File).start();
    victim.ready();
    let fresh = home.path().join("fresh");
    for round in 0..ROUNDS {
        let is_log = |path: &PathBuf| {
            fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.nlink() == 1)
        };
        let log = wait_for("a log", || left_in(&logs).into_iter().find(is_log));
        match round % 4 {
            0 => symlink(&precious, &fresh).unwrap(),
            1 => fs::hard_link(&precious, &fresh).unwrap(),
            2 => assert!(Command::new("mkfifo").arg(&fresh).status().unwrap().success()),
            _ => {
                // A directory does not take a file's place in one step.
                fs::remove_file(&log).unwrap();
                let _ = fs::create_dir(&log);
                continue;
            }
        }
        fs::rename(&fresh, &log).unwrap();
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    let outcome = victim.finish();
    assert!(outcome.stderr.lines().all(|line| line.starts_with("[Tripod] ")), "{}", outcome.stderr);
    for log in left_in(&logs) {
        let about = fs::symlink_metadata(&log).unwrap();
        if about.is_file() && about.nlink() == 1 {
            assert_eq!(about.mode() & 0o7777, 0o600);
            assert!(!parse(&fs::read_to_string(&log).unwrap()).is_empty(), "{}", log.display());
        } else if about.is_dir() {
            assert!(left_in(&log).is_empty());
        }
    }
}
