//! Values as every interpreter at hand holds them, read by the probe (`tests/probes/values.rs`) and judged by the
//! interpreter itself: `tests/scripts/values_*.py`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The interpreters of `TRIPOD_PYTHONS` (paths, separated by colons), else those of pyenv and of the system.
fn interpreters() -> Vec<PathBuf> {
    if let Some(list) = std::env::var_os("TRIPOD_PYTHONS") {
        return std::env::split_paths(&list).filter(|path| path.exists()).collect();
    }
    let mut found = Vec::new();
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
    let mut places: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    places.push("/usr/bin".into());
    for place in places {
        for minor in 8..=15 {
            found.extend(Some(place.join(format!("python3.{minor}"))).filter(|path| path.exists()));
        }
    }
    found.sort();
    found
}

/// The probe, built anew: `cargo test --test values` alone would not build it.
fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let this = std::env::current_exe().expect("the path of this test");
        let profile = this.ancestors().nth(2).expect("target/<profile>/deps/<test>");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "values-probe", "--target-dir"]);
        build.arg(profile.parent().expect("target/<profile>"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "the probe cannot be built");
        profile.join("examples/libvalues_probe.so")
    })
}

/// Runs a script with every interpreter; all of them have to be content.
fn run(script: &str) {
    let interpreters = interpreters();
    assert!(!interpreters.is_empty(), "no Python to test with");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(script);
    let mut failed = Vec::new();
    for python in interpreters {
        let output = Command::new(&python)
            .arg("-B")
            .arg(&script)
            .arg(probe())
            .env_remove("PYTHONPATH")
            .output()
            .expect("the interpreter starts");
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{}: {} {}", python.display(), output.status, said.lines().last().unwrap_or(""));
        if !output.status.success() || !said.ends_with("failures: 0\n") {
            failed.push(format!(
                "{}: {}\n{said}{}",
                python.display(),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn builtins_are_shown_as_their_repr() {
    run("values_exact.py");
}

#[test]
fn objects_are_shown_by_their_attributes() {
    run("values_objects.py");
}

#[test]
fn limits_and_secrets_cut_where_they_should() {
    run("values_limits.py");
}

#[test]
fn nothing_of_the_scripts_runs_and_nothing_is_left() {
    run("values_untouched.py");
}

#[test]
fn what_a_thread_waits_for_is_told() {
    run("values_waiting.py");
}

#[test]
fn the_standard_library_is_shown_as_its_repr() {
    run("values_library.py");
}

#[test]
fn memory_that_changes_while_it_is_read_does_no_harm() {
    run("values_racing.py");
}
