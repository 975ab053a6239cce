//! The walk of threads, frames and code in every interpreter at hand: the probe (`tests/probes/walk.rs`) says what it
//! saw, and the interpreter itself judges (`tests/probes/walk.py`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The interpreters of `TRIPOD_PYTHONS` (paths, separated by colons), else those of pyenv and of the system.
fn interpreters() -> Vec<PathBuf> {
    if let Some(list) = std::env::var_os("TRIPOD_PYTHONS") {
        return std::env::split_paths(&list).collect();
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
    let mut places: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    places.push("/usr/bin".into());
    let mut found = Vec::new();
    for place in places {
        for minor in 8..=15 {
            found.extend(Some(place.join(format!("python3.{minor}"))).filter(|path| path.exists()));
        }
    }
    found.sort();
    found
}

/// The probe, built anew: `cargo test --test walk` alone would not build it.
fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let this = std::env::current_exe().expect("the path of this test");
        let profile = this.ancestors().nth(2).expect("target/<profile>/deps/<test>");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "walk-probe", "--target-dir"]);
        build.arg(profile.parent().expect("target/<profile>"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "the probe cannot be built");
        profile.join("examples/libwalk_probe.so")
    })
}

/// Has every interpreter compare that part; all of them have to agree.
fn compare(part: &str) {
    let interpreters = interpreters();
    assert!(!interpreters.is_empty(), "no Python to test with");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes/walk.py");
    let mut failed = Vec::new();
    for python in interpreters {
        let output = Command::new(&python)
            .arg("-B")
            .args([&script, probe(), Path::new(part)])
            .env_remove("PYTHONPATH")
            // Where there is a compiler that traces (3.14+), its frames are to be walked too.
            .env("PYTHON_JIT", "1")
            .output()
            .expect("the interpreter starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let last = said.lines().last().unwrap_or("").to_string();
        println!("{} {part}: {last}", python.display());
        if !output.status.success() || !last.contains(" agree") {
            let complaint = String::from_utf8_lossy(&output.stderr);
            failed.push(format!("{} {part}: {}\n{said}{complaint}", python.display(), output.status));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn stacks_and_variables_are_those_that_python_shows() {
    compare("stacks");
}

#[test]
fn threads_that_lost_the_gil_anywhere_are_seen_where_they_stand() {
    compare("busy");
}

#[test]
fn other_interpreters_are_seen() {
    compare("interpreters");
}

#[test]
fn every_instruction_has_the_position_that_python_gives_it() {
    compare("positions");
}
