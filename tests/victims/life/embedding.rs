//! Interpreters that a program makes and ends.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{INTERVAL, pestered};
use crate::harness::{Python, Run, on_each, on_each_that, scripts};

/// How often the program finalises the interpreter and initialises it again.
const ROUNDS: u64 = 4;

/// Builds `tests/probes/embed.c` against the interpreter's shared library; or says why it cannot be.
fn build(python: &Python, directory: &Path) -> Result<PathBuf, String> {
    const QUESTION: &str = "import sysconfig as s; print(s.get_path('include'), s.get_config_var('LIBDIR'), \
        s.get_config_var('LDVERSION'), s.get_config_var('Py_ENABLE_SHARED'), sep='\\n')";
    let output = Command::new(&python.path).args(["-S", "-c", QUESTION]).output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let [include, libraries, version, shared] = answer.lines().collect::<Vec<_>>()[..] else {
        return Err("sysconfig has no answer".to_owned());
    };
    if shared != "1" || !Path::new(libraries).join(format!("libpython{version}.so")).exists() {
        return Err("no shared libpython".to_owned());
    }
    if !Path::new(include).join("Python.h").exists() {
        return Err("no headers".to_owned());
    }
    let program = directory.join("embed");
    let built = Command::new("cc")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/probes/embed.c"))
        .args([&format!("-I{include}"), &format!("-L{libraries}"), &format!("-Wl,-rpath,{libraries}")])
        .args([&format!("-lpython{version}"), "-o"])
        .arg(&program)
        .output()
        .map_err(|error| format!("no cc: {error}"))?;
    assert!(built.status.success(), "{python}: {}", String::from_utf8_lossy(&built.stderr));
    Ok(program)
}

#[test]
fn an_interpreter_that_is_finalised_and_initialised_again() {
    on_each(|python| {
        let directory = tempfile::tempdir().unwrap();
        let program = match build(python, directory.path()) {
            Ok(program) => program,
            Err(reason) => return eprintln!("not embedded: {python}: {reason}"),
        };
        for pace in [None, Some("at-once")] {
            let mut run = Run::program(python, &program).arg(ROUNDS.to_string());
            run = run.arg(scripts().join("reinitialised.py"));
            run = pace.iter().fold(run, |run, pace| run.arg(pace));
            // The script's own signals alone: each of them is answered where it was sent.
            let outcome = run.env("TRIPOD_INTERVAL", INTERVAL).check(|_| {});
            assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
            for round in 0..ROUNDS {
                assert!(outcome.stdout.contains(&format!("round {round}\n")), "{}", outcome.stdout);
                if python.shows_values() {
                    let shown =
                        |function: &str| outcome.log.contains(&format!("Arguments: {function}={round})"));
                    assert!(
                        shown("main(round_") && shown("worker(number"),
                        "round {round} in\n{}",
                        outcome.log
                    );
                }
            }
        }
    });
}

#[test]
fn interpreters_that_come_and_go() {
    on_each_that(
        |python| !python.free_threaded,
        |python| {
            let outcome = pestered(Run::new(python, "subinterpreters.py").arg("shared"));
            assert_eq!(outcome.stdout, "interpreters left: 1\n", "{}", outcome.stderr);
            assert!(outcome.dumps.len() >= 4, "{}", outcome.log);
        },
    );
}

#[test]
fn interpreters_with_a_gil_of_their_own_that_come_and_go() {
    on_each_that(
        |python| python.at_least(12),
        |python| {
            let outcome = pestered(Run::new(python, "subinterpreters.py").arg("own"));
            assert_eq!(outcome.stdout, "interpreters left: 1\n", "{}", outcome.stderr);
            assert!(outcome.dumps.len() >= 4, "{}", outcome.log);
        },
    );
}
