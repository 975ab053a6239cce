//! Interpreters that are started in other ways than by a script's name.

use std::process::Command;

use super::pestered;
use crate::harness::{Outcome, Run, Victim, newest, on_each, pester, scripts};

/// A dump or more showed the script at work.
#[track_caller]
fn assert_shown(outcome: &Outcome) {
    let main = outcome.dumps.iter().find(|dump| dump.text.contains("main(argument='an argument')"));
    assert!(
        main.is_some() || outcome.dumps.iter().all(|dump| !dump.text.contains("Arguments:")),
        "{}",
        outcome.log
    );
    assert!(outcome.dumps.len() >= 2, "{}", outcome.log);
}

fn script() -> String {
    std::fs::read_to_string(scripts().join("modes.py")).unwrap()
}

#[test]
fn options() {
    on_each(|python| {
        for options in [
            &["-X", "dev"][..],
            &["-W", "error"],
            &["-I", "-B"],
            &["-S"],
            &["-E", "-s", "-B", "-u"],
            &["-O", "-q"],
        ] {
            let mut run = Run::new(python, "modes.py");
            for option in options {
                run = run.option(option);
            }
            if options.contains(&"-E") {
                // The script's own directory is on the path all the same.
                run = run.arg("isolated");
            }
            assert_shown(&pestered(run));
        }
    });
}

#[test]
fn the_debugging_allocator() {
    on_each(|python| {
        for allocator in ["debug", "malloc_debug", "malloc"] {
            assert_shown(&pestered(Run::new(python, "modes.py").env_always("PYTHONMALLOC", allocator)));
        }
    });
}

#[test]
fn a_command() {
    on_each(|python| {
        assert_shown(&pestered(Run::interpreter(python).option("-c").option(script()).arg("argument")));
    });
}

#[test]
fn a_module() {
    on_each(|python| {
        assert_shown(&pestered(Run::interpreter(python).option("-m").option("modes").arg("argument")));
    });
}

#[test]
fn standard_input() {
    let tell = |victim: &mut Victim| {
        victim.tell(&script());
        victim.hang_up();
    };
    on_each(|python| {
        for options in [&["-"][..], &[]] {
            let mut run = Run::interpreter(python).env("TRIPOD_INTERVAL", "0.01");
            for option in options {
                run = run.option(option);
            }
            let mut bare = run.start_bare();
            tell(&mut bare);
            let bare = bare.finish();
            assert_eq!(bare.status.code(), Some(0), "{}", bare.stderr);
            let mut victim = run.start();
            tell(&mut victim);
            pester(&mut victim);
            let outcome = victim.finish();
            outcome.assert_like(&bare);
            assert_shown(&outcome);
        }
    });
}

#[test]
fn a_zipped_application() {
    let directory = tempfile::tempdir().unwrap();
    let (source, zipped) = (directory.path().join("source"), directory.path().join("app.pyz"));
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("__main__.py"), script()).unwrap();
    let made = Command::new(&newest().path).args(["-m", "zipapp", "-o"]).arg(&zipped).arg(&source).status();
    assert!(made.unwrap().success());
    on_each(|python| {
        assert_shown(&pestered(Run::interpreter(python).option(&zipped)));
    });
}
