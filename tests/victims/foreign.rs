//! Programs that are no Python, or one too old: nothing may change, and nothing may be left.

use std::process::{Command, Output, Stdio};

use super::harness::{foreign, left_in, library};

/// Runs a command with the library in front and without; both runs must look the same and leave no file.
#[track_caller]
fn unchanged(command: &[&str]) -> Output {
    let run = |preload: bool, bind_now: bool| {
        let home = tempfile::tempdir().unwrap();
        let mut process = Command::new(command[0]);
        process.args(&command[1..]).stdin(Stdio::null()).current_dir(home.path()).env("TMPDIR", home.path());
        process.env_remove("LD_PRELOAD").env_remove("LD_BIND_NOW");
        if preload {
            process.env("LD_PRELOAD", library());
        }
        if bind_now {
            process.env("LD_BIND_NOW", "1");
        }
        let output = process.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(left_in(home.path()).is_empty(), "{command:?} left files");
        output
    };
    let bare = run(false, false);
    for bind_now in [false, true] {
        let output = run(true, bind_now);
        assert_eq!(output.status, bare.status, "{command:?} {}", String::from_utf8_lossy(&output.stderr));
        for (found, expected) in [(&output.stdout, &bare.stdout), (&output.stderr, &bare.stderr)] {
            assert_eq!(String::from_utf8_lossy(found), String::from_utf8_lossy(expected), "{command:?}");
        }
    }
    bare
}

/// Whether a command is there to be tested.
fn have(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(command).is_file())
}

#[test]
fn small_programs() {
    unchanged(&["/bin/true"]);
    assert_eq!(unchanged(&["/bin/false"]).status.code(), Some(1));
    unchanged(&["sh", "-c", "echo $0 $#; trap; exit 7"]);
    unchanged(&["env", "-i", "echo", "text"]);
    unchanged(&["cat", "/does/not/exist"]);
}

#[test]
fn large_programs() {
    for command in [
        &["git", "--version"][..],
        &["node", "-e", "console.log(process.argv.length, 6 * 7)"],
        &["perl", "-e", "print 6 * 7"],
        &["bash", "-c", "echo $((6 * 7))"],
        &["cargo", "--version"],
        &["go", "version"],
    ] {
        if have(command[0]) {
            unchanged(command);
        }
    }
}

#[test]
fn no_thread_and_no_handler() {
    // A program that shows its own threads, handlers, descriptors: what Tripod would have added shows as a difference.
    let signals = unchanged(&["sed", "-nE", "/^(Threads|Sig...|ShdPnd):/p", "/proc/self/status"]);
    let signals = String::from_utf8_lossy(&signals.stdout).into_owned();
    assert!(
        signals.contains("Threads:\t1\n") && signals.contains("SigCgt:\t0000000000000000\n"),
        "{signals}"
    );
    unchanged(&["ls", "/proc/self/fd"]);
}

#[test]
fn children_of_a_shell() {
    unchanged(&["sh", "-c", "(exit 3); echo $?; sh -c 'kill -USR2 $$'; echo $?; true | cat; echo done"]);
}

#[test]
fn pythons_that_are_too_old() {
    for python in foreign() {
        let path = python.path.to_str().unwrap();
        let output = unchanged(&[path, "-c", "import sys; print(sys.argv); sys.exit(5)", "argument"]);
        assert_eq!(output.status.code(), Some(5), "{python}");
    }
}
