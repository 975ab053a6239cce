//! Children, by every way to have one: each Python among them has dumps of its own, and everything else is let alone.

use super::harness::{DEADLINE, Outcome, Python, Run, on_each, pester, pester_for, scripts};

fn forks(python: &Python, way: &str) -> Run {
    // `os.fork` warns of threads from 3.12 on, and of none that is ours.
    Run::new(python, "forks.py").arg(way).option("-W").option("error").family()
}

/// The ways that `forks.py` knows, past its own tools.
fn ways() -> Vec<String> {
    let source = std::fs::read_to_string(scripts().join("forks.py")).unwrap();
    let function = |line: &str| Some(line.strip_prefix("def ")?.strip_suffix("():")?.to_owned());
    let ways: Vec<String> = source.lines().filter_map(function).collect();
    assert!(ways.len() > 9, "{ways:?}");
    ways
}

/// Runs the script with the interval, and without it. Each process that has told of itself must have been dumped as often by its
/// own signal, and no more: none was woken by another's.
#[track_caller]
fn each_has_its_own(run: Run) {
    for interval in [None, Some("0.01")] {
        let run = interval.iter().fold(run.clone(), |run, interval| run.env("TRIPOD_INTERVAL", interval));
        let outcome = run.check(|_| {});
        assert_own_dumps(&outcome, interval.is_some());
    }
}

#[track_caller]
fn assert_own_dumps(outcome: &Outcome, interval: bool) {
    let told = |word: &str, pid: u32| {
        let pid = pid.to_string();
        outcome.says.lines.iter().filter(|line| line[0] == word && line[1] == pid).count()
    };
    let mut pids: Vec<u32> = outcome
        .says
        .lines
        .iter()
        .filter(|line| line[0] == "process")
        .map(|line| line[1].parse().unwrap())
        .collect();
    pids.extend(outcome.family.keys());
    assert!(!outcome.family.is_empty(), "no dump at all; {}", outcome.stderr);
    for pid in pids {
        let dumps = outcome.family.get(&pid).map_or(&[][..], Vec::as_slice);
        let of = |word: &str| dumps.iter().filter(|dump| dump.trigger.contains(word)).count();
        assert_eq!(of("SIGUSR2"), told("dump", pid), "dumps on demand of {pid}; {}", outcome.stderr);
        assert!(of("interval") >= told("tick", pid), "dumps by the interval of {pid}");
        assert!(interval || of("interval") == 0, "dumps by no interval of {pid}");
        for dump in dumps.iter().filter(|dump| dump.trigger.contains("SIGUSR2")) {
            let frames = dump.threads.iter().flat_map(|thread| &thread.short);
            let waits = frames.clone().any(|frame| frame.name == "dump" || frame.name == "wait");
            assert!(waits, "{pid} stands elsewhere:\n{}", dump.text);
        }
    }
}

#[test]
fn each_process_of_a_fork_has_its_own_dumps() {
    let ways = ways();
    on_each(|python| {
        for way in ways.iter().filter(|way| *way != "during_a_dump" && *way != "without_dumps") {
            // Without a GIL nothing tells such a child of a pending call.
            if !(python.free_threaded && way == "in_a_thread") {
                each_has_its_own(forks(python, way));
            }
        }
    });
}

#[test]
fn forks_in_the_middle_of_dumps() {
    on_each(|python| {
        for variables in ["all", "none"] {
            let run = forks(python, "during_a_dump").env("TRIPOD_LOCALS", variables);
            let outcome = run.env("TRIPOD_INTERVAL", "0.01").check(|_| {});
            assert!(outcome.dumps.len() > 1, "{}", outcome.stderr);
            let children = outcome.says.lines.iter().filter(|line| line[0] == "process");
            for pid in children.map(|line| line[1].parse::<u32>().unwrap()) {
                assert!(outcome.family.get(&pid).is_some_and(|dumps| dumps.len() >= 2), "no dumps of {pid}");
            }
        }
    });
}

#[test]
fn forks_that_nobody_asks_of() {
    on_each(|python| {
        forks(python, "without_dumps").check(|_| {});
        forks(python, "without_dumps").env("TRIPOD_INTERVAL", "0.001").check(pester);
    });
}

#[test]
fn hundreds_of_forks() {
    // The 10,000 are scripts/stress-forks.
    let forks = std::env::var("TRIPOD_TEST_FORKS").map_or(200, |forks| forks.parse().unwrap());
    // Far above what it takes.
    let limit = DEADLINE + DEADLINE * (forks / 500);
    on_each(|python| {
        let run =
            Run::new(python, "fork_stress.py").option("-W").option("error").arg(forks.to_string()).family();
        // Its thousands of logs are read at the end.
        let run = run.env("TRIPOD_INTERVAL", "0.001").env("TRIPOD_LOG_MAX", "100K");
        let mut victim = run.start();
        pester_for(&mut victim, limit);
        let outcome = victim.finish();
        assert_eq!((outcome.status.code(), outcome.stderr.as_str()), (Some(0), ""));
        assert_eq!(outcome.stdout, format!("{forks} children, none left\n"), "{}", outcome.stderr);
        assert!(outcome.family.len() > 2, "{}", outcome.log);
    });
}

#[test]
fn children_of_multiprocessing() {
    on_each(|python| {
        for method in ["fork", "spawn", "forkserver"] {
            let run = Run::new(python, "processes.py").arg(method).family();
            each_has_its_own(run);
        }
    });
}

#[test]
fn children_that_are_programs() {
    on_each(|python| {
        for way in ["pythons", "spawned", "shells", "others", "replaced", "replaced_by_a_child"] {
            each_has_its_own(Run::new(python, "programs.py").arg(way).option("-W").option("error").family());
        }
        let run = Run::new(python, "programs.py").arg("replaced_at_once").env("TRIPOD_INTERVAL", "0.001");
        run.check(|_| {});
    });
}
