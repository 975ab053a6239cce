//! Where dumps are written, and where they never are. The sink knows nothing of Python, so most tests run one.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::harness::{END, Outcome, Run, Stderr, Victim, left_in, newest, on_each, parse, wait_for};

/// The script most tests here run, under one interpreter.
fn stand() -> Run {
    Run::new(newest(), "stand.py")
}

/// What the script itself writes to standard error.
const OWN: &str = "err\n";

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}

#[test]
fn by_default_a_file_in_tmpdir_for_its_user_alone() {
    on_each(|python| {
        let outcome = Run::new(python, "stand.py").check(|victim| {
            victim.ready();
            assert_eq!(left_in(&victim.home().tmp()).len(), 0, "a process without a dump has no file");
            victim.dump();
            let log = victim.log().unwrap();
            let name = log.file_name().unwrap().to_str().unwrap();
            let random = name.strip_prefix(&format!("slow_process_{}_", victim.pid())).unwrap();
            assert_eq!(random.strip_suffix(".log").unwrap().len(), 6);
            assert_eq!(mode(&log), 0o600);
        });
        assert_eq!(outcome.dumps.len(), 1);
    });
}

#[test]
fn no_dump_no_file() {
    on_each(|python| {
        let outcome = Run::new(python, "stand.py").check(Victim::ready);
        assert_eq!(outcome.log, "");
    });
}

#[test]
fn a_path_of_ones_own() {
    let written_to = |value: &str, path: &dyn Fn(&Victim) -> PathBuf| {
        stand().env("TRIPOD_LOG", value).check(|victim| {
            victim.ready();
            let path = path(victim);
            victim.dump_to(&path);
            assert_eq!(mode(&path), 0o600);
            // Those in the directory it runs in would count as left behind.
            fs::remove_file(&path).unwrap();
        });
    };
    written_to("{home}/my.log", &|victim| victim.home().path().join("my.log"));
    written_to("relative.log", &|victim| victim.home().cwd().join("relative.log"));
    written_to("{home}/%p-100%%.log", &|v| v.home().path().join(format!("{}-100%.log", v.pid())));
}

#[test]
fn a_directory_of_ones_own() {
    stand().env("TRIPOD_LOG", "{home}").check(|victim| {
        victim.ready();
        victim.signal(libc::SIGUSR2);
        let prefix = format!("slow_process_{}_", victim.pid());
        let is_log = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.as_bytes().starts_with(prefix.as_bytes()))
        };
        let log = wait_for("the log", || left_in(victim.home().path()).into_iter().find(is_log));
        victim.wait_for_dumps_in(&log, 1);
    });
}

#[test]
fn standard_error() {
    for stderr in [Stderr::Pipe, Stderr::File] {
        let run = stand().env("TRIPOD_LOG", "-").stderr(stderr);
        let mut victim = run.start();
        victim.ready();
        victim.signal(libc::SIGUSR2);
        victim.wait_for_stderr(END);
        let outcome = victim.finish();
        let own = outcome.stderr.strip_suffix(OWN).expect("the script's own line comes last");
        assert_eq!(parse(own).len(), 1, "{}", outcome.stderr);
        assert_eq!(outcome.stdout, run.run_bare().stdout);
    }
}

/// A log is asked for at `{home}/x.log`, where `put` has put something meanwhile. The dump must go elsewhere, which is
/// told with the reason, and what was there must be as it was.
#[track_caller]
fn never_written_to(reason: &str, put: impl Fn(&Path)) {
    let mut victim = stand().env("TRIPOD_LOG", "{home}/x.log").start();
    victim.ready();
    let path = victim.home().path().join("x.log");
    put(&path);
    let about = |path: &Path| {
        let about = fs::symlink_metadata(path).unwrap();
        (about.ino(), about.len(), about.mtime_nsec(), about.mode(), about.uid())
    };
    let before = about(&path);
    let other = victim.home().path().join(format!("x.log.{}", victim.pid()));
    victim.dump_to(&other);
    assert_eq!(about(&path), before, "{reason}");
    let outcome = victim.finish();
    let told = format!("[Tripod] {} {reason}; writing to {}\n{OWN}", path.display(), other.display());
    assert_eq!(outcome.stderr, told);
    assert_eq!(fs::read_dir(outcome.home().path()).unwrap().count(), 5, "tmp, cwd, says, x.log and the log");
}

#[test]
fn what_is_in_the_place_of_a_log_is_never_written_to() {
    never_written_to("is a link", |path| symlink(path.with_file_name("says"), path).unwrap());
    never_written_to("is a link", |path| symlink("/nowhere/at/all", path).unwrap());
    never_written_to("is not a regular file", |path| fs::create_dir(path).unwrap());
    never_written_to("is not a regular file", |path| {
        make_fifo(path);
        assert!(fs::symlink_metadata(path).unwrap().file_type().is_fifo());
    });
    never_written_to("has another name", |path| fs::hard_link(path.with_file_name("says"), path).unwrap());
    if rustix::process::geteuid().is_root() {
        never_written_to("belongs to another user", |path| {
            fs::write(path, "theirs").unwrap();
            std::os::unix::fs::chown(path, Some(65534), None).unwrap();
        });
    }
}

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn a_device_is_no_log() {
    let beside = || fs::read_dir("/dev").unwrap().count();
    let before = beside();
    let mut victim = stand().env("TRIPOD_LOG", "/dev/full").stderr(Stderr::File).start();
    victim.ready();
    victim.signal(libc::SIGUSR2);
    let told = victim.wait_for_stderr("/dev/full");
    assert!(told.starts_with("[Tripod] ") && told.contains("is not a regular file"), "{told}");
    let outcome = victim.finish();
    assert_eq!(outcome.stderr, format!("{told}{OWN}"));
    assert_eq!(beside(), before, "nothing is made in /dev");
}

#[test]
fn a_deleted_log_is_made_anew_and_told_once() {
    let mut victim = stand().start();
    victim.ready();
    victim.dump();
    let log = victim.log().unwrap();
    fs::remove_file(&log).unwrap();
    victim.dump_to(&log);
    assert_eq!(mode(&log), 0o600);
    victim.dump();
    let outcome = victim.finish();
    assert_eq!(
        outcome.stderr,
        format!("[Tripod] {} was deleted or replaced; made anew\n{OWN}", log.display())
    );
    let sequences: Vec<u64> = outcome.dumps.iter().map(|dump| dump.sequence).collect();
    assert_eq!(sequences, [2, 3]);
}

#[test]
fn a_log_replaced_by_a_link_is_not_followed() {
    let mut victim = stand().env("TRIPOD_LOG", "{home}/x.log").start();
    victim.ready();
    let log = victim.home().path().join("x.log");
    victim.dump_to(&log);
    let says = fs::read(victim.home().path().join("says")).unwrap();
    fs::remove_file(&log).unwrap();
    symlink(victim.home().path().join("says"), &log).unwrap();
    victim.dump_to(&victim.home().path().join(format!("x.log.{}", victim.pid())));
    assert_eq!(fs::read(victim.home().path().join("says")).unwrap(), says);
    let outcome = victim.finish();
    assert!(outcome.stderr.contains(" is a link; writing to "), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 2, "{}", outcome.stderr);
}

#[test]
fn each_process_has_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("shared.log");
    let start = || {
        let mut victim = stand().env("TRIPOD_LOG", &log).start();
        victim.ready();
        victim
    };
    let (mut first, mut second) = (start(), start());
    first.dump_to(&log);
    let own = directory.path().join(format!("shared.log.{}", second.pid()));
    second.dump_to(&own);
    first.signal(libc::SIGUSR2);
    first.wait_for_dumps_in(&log, 2);
    assert_eq!(first.finish().stderr, OWN);
    assert!(second.finish().stderr.contains(" is the log of another process; writing to "));
}

#[test]
fn a_full_log_is_renamed() {
    let directory = tempfile::tempdir().unwrap();
    let (log, old) = (directory.path().join("x.log"), directory.path().join("x.log.1"));
    let outcome = stand().env("TRIPOD_LOG", &log).env("TRIPOD_LOG_MAX", "4K").check(|victim| {
        victim.ready();
        let mut asked = 0;
        while !old.exists() {
            asked += 1;
            assert!(asked < 100, "never renamed");
            victim.dump_numbered(&log, asked);
        }
    });
    assert_eq!(outcome.stdout, "out\n");
    let numbers = |path: &Path| -> Vec<u64> {
        assert_eq!(mode(path), 0o600);
        assert!(fs::metadata(path).unwrap().len() <= 4096);
        parse(&fs::read_to_string(path).unwrap()).iter().map(|dump| dump.sequence).collect()
    };
    let mut all = numbers(&old);
    all.extend(numbers(&log));
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    assert!(all.len() > 1);
}

/// Takes dumps that are lost until one line says so, puts things right, and takes one that is not.
#[track_caller]
fn lost_and_found(
    run: Run,
    log: impl Fn(&Victim) -> PathBuf,
    break_it: impl Fn(&Path),
    mend: impl Fn(&Path),
) -> Outcome {
    let mut victim = run.stderr(Stderr::File).start();
    victim.ready();
    let log = log(&victim);
    break_it(&log);
    victim.signal(libc::SIGUSR2);
    let told = victim.wait_for_stderr("Dump lost");
    assert!(told.starts_with(&format!("[Tripod] Dump lost: {}: ", log.display())), "{told}");
    mend(&log);
    victim.dump_to(&log);
    let outcome = victim.finish();
    assert_eq!(outcome.stderr, format!("{told}{OWN}"), "told once");
    outcome
}

#[test]
fn a_vanished_directory_costs_the_dump_and_one_line() {
    let run = stand().env("TRIPOD_LOG", "{home}/sub/x.log");
    let directory = |log: &Path| log.parent().unwrap().to_owned();
    let log = |victim: &Victim| victim.home().path().join("sub/x.log");
    lost_and_found(run, log, |_| (), |log| fs::create_dir(directory(log)).unwrap());
}

#[test]
fn a_directory_that_may_not_be_written_to_costs_the_dump() {
    if rustix::process::geteuid().is_root() {
        // Root may write to any; but nobody may to this one.
        let mut victim = stand().env("TRIPOD_LOG", "/sys/tripod-test.log").stderr(Stderr::File).start();
        victim.ready();
        victim.signal(libc::SIGUSR2);
        let told = victim.wait_for_stderr("Dump lost");
        assert_eq!(victim.finish().stderr, format!("{told}{OWN}"));
        return;
    }
    let run = stand().env("TRIPOD_LOG", "{home}/sub/x.log");
    let allow = |log: &Path, mode: u32| {
        let directory = log.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
    };
    let log = |victim: &Victim| victim.home().path().join("sub/x.log");
    lost_and_found(run, log, |log| allow(log, 0o500), |log| allow(log, 0o700));
}

#[test]
fn a_full_disk_costs_the_dump_and_leaves_whole_ones() {
    // A limit on the size of files stands for it: writing fails half way through a dump.
    let run = stand().behind(&["sh", "-c", "ulimit -f 8; exec \"$@\"", "sh"]).stderr(Stderr::File);
    let mut victim = run.env("TRIPOD_LOG", "{home}/x.log").start();
    victim.ready();
    let log = victim.home().path().join("x.log");
    let mut asked = 0;
    while !victim.stderr_so_far().contains("Dump lost") {
        asked += 1;
        assert!(asked < 1000, "the limit has no effect");
        let before = fs::metadata(&log).map_or(0, |about| about.len());
        victim.signal(libc::SIGUSR2);
        wait_for("the dump or its loss", || {
            let longer = fs::metadata(&log).map_or(0, |about| about.len()) > before;
            (longer || victim.stderr_so_far().contains("Dump lost")).then_some(())
        });
    }
    let outcome = victim.finish();
    let text = fs::read_to_string(outcome.home().path().join("x.log")).unwrap_or_default();
    let whole: usize = parse(&text).iter().map(|dump| dump.text.len() + 1).sum();
    assert_eq!(whole, text.len(), "half a dump is left in {}", log.display());
    assert_eq!(outcome.stderr.lines().count(), 2, "{}", outcome.stderr);
}

#[test]
fn closed_standard_error_changes_nothing() {
    on_each(|python| {
        let run = Run::new(python, "stand.py").behind(&["sh", "-c", "exec \"$@\" 2>&-", "sh"]);
        let outcome = run.check(|victim| {
            victim.ready();
            victim.dump();
            fs::remove_file(victim.log().unwrap()).unwrap();
            victim.signal(libc::SIGUSR2);
            victim.wait_for_dumps(1);
        });
        assert_eq!(outcome.dumps.len(), 1);
    });
}
