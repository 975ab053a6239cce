//! How programs end, and begin: with Tripod as without it.

mod embedding;
mod modes;

use super::harness::{Outcome, Python, Run, on_each, pester, scripts};

/// Takes its dumps every so often.
const INTERVAL: &str = "0.01";

/// The ends that `endings.py` knows: all its functions without arguments.
fn endings() -> Vec<String> {
    let source = std::fs::read_to_string(scripts().join("endings.py")).unwrap();
    let function = |line: &str| Some(line.strip_prefix("def ")?.strip_suffix("():")?.to_owned());
    let endings: Vec<String> = source.lines().filter_map(function).filter(|name| name != "main").collect();
    assert!(endings.len() > 15, "{endings:?}");
    endings
}

/// Runs the script with a dump at every tick of the interval and signals at random moments, and once without Tripod.
/// Both must look the same.
#[track_caller]
fn pestered(run: Run) -> Outcome {
    run.env("TRIPOD_INTERVAL", INTERVAL).check(pester)
}

fn each_ending(test: impl Fn(&Python, &str) + Sync) {
    let endings = endings();
    on_each(|python| {
        for ending in &endings {
            test(python, ending);
        }
    });
}

#[test]
fn every_end_is_its_own_after_dumps() {
    each_ending(|python, ending| {
        let outcome = pestered(Run::new(python, "endings.py").arg(ending));
        assert!(outcome.dumps.len() >= 2, "{ending}: {}", outcome.log);
        // Dumps before the end, while all is still there, show where the script stands.
        let shown = outcome.dumps.iter().any(|dump| {
            dump.threads.iter().any(|thread| thread.short.iter().any(|frame| frame.name == "wait"))
        });
        assert!(shown, "{ending}: {}", outcome.log);
    });
}

#[test]
fn every_end_is_its_own_at_once() {
    each_ending(|python, ending| {
        pestered(Run::new(python, "endings.py").arg(ending).arg("at_once"));
    });
}

#[test]
fn ends_while_a_dump_is_tried_every_millisecond() {
    // The 1,000 are scripts/stress-exit.
    let cycles = std::env::var("TRIPOD_TEST_CYCLES").map_or(25, |cycles| cycles.parse().unwrap());
    let quick =
        |name: &&String| !name.contains("long") && !name.contains("sleeps") && !name.contains("outlives");
    let endings = endings();
    let endings: Vec<&String> = endings.iter().filter(quick).collect();
    on_each(|python| {
        let run = |ending: &str| Run::new(python, "endings.py").arg(ending).arg("at_once");
        let bare: Vec<Outcome> = endings.iter().map(|ending| run(ending).run_bare()).collect();
        for cycle in 0..cycles {
            let which = cycle % endings.len();
            let mut victim = run(endings[which]).env("TRIPOD_INTERVAL", "0.001").start();
            pester(&mut victim);
            victim.finish().assert_like(&bare[which]);
        }
    });
}
