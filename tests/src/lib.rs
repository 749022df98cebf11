//! What tests share that take the whole system: where its programs are found, and how much effort to spend.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// How the variables begin by which `cargo test` names the package of a test.
const PACKAGE_VARIABLES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// How much longer than usual tests may take, for those that can use the time: `LATCH_TEST_EFFORT`, 1 unless it is set.
#[must_use]
pub fn effort() -> u32 {
    let asked = env::var("LATCH_TEST_EFFORT").ok();
    asked
        .and_then(|factor| factor.parse().ok())
        .unwrap_or(1)
        .max(1)
}

/// Shows what a test that passes has to tell: a table, an account. What `println!` prints is kept to itself by the test harness.
///
/// # Panics
///
/// When standard output is closed.
pub fn show(account: impl Display) {
    // One write, so that lines of tests beside each other stay whole.
    let lines = format!("{account}\n");
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes())
        .and_then(|()| out.flush())
        .expect("standard output is open");
}

/// The path of one of the workspace's programs (`latch`, `latch-agent`, `latch-sim`), built from the tree as it is now.
///
/// The first call of a process builds all of them, in the profile and the folder of the test that asks; so a test never
/// runs an older program than the tree holds.
///
/// # Panics
///
/// When the programs do not build, or none has this name.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(build_programs);
    let program = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "no program `{name}` in {}: see [[bin]] in the manifests",
        folder.display()
    );
    program
}

/// Builds every program of the workspace, and tells in which folder they lie.
fn build_programs() -> PathBuf {
    let test = env::current_exe().expect("a running test has a path");
    // Cargo puts tests at <build folder>/<profile>/deps/<test>, programs at <build folder>/<profile>/<program>.
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep")
        .to_owned();
    let target = folder
        .parent()
        .expect("a profile's folder lies in the build folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--bins",
            "--locked",
            "--target-dir",
        ])
        .arg(target);
    if folder
        .file_name()
        .is_some_and(|profile| profile == "release")
    {
        cargo.arg("--release");
    }
    // `cargo test` tells a test which package it is of. Build scripts that look at such variables (ring's does) take this
    // for a change: they and all that hangs on them would be built again, here and in the next build outside a test.
    let about_us = |name: &&OsString| {
        let name = name.to_string_lossy();
        PACKAGE_VARIABLES
            .iter()
            .any(|start| name.starts_with(start))
    };
    let variables: Vec<OsString> = env::vars_os().map(|(name, _)| name).collect();
    for name in variables.iter().filter(about_us) {
        cargo.env_remove(name);
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent folder");
    let status = cargo
        .current_dir(top)
        .status()
        .expect("cargo starts, since it built this test");
    assert!(
        status.success(),
        "the programs do not build: run `cargo build --workspace --bins` to see why"
    );
    folder
}

#[test]
fn a_program_lies_beside_the_test_that_asks() {
    let latch = program("latch");
    assert!(
        latch.is_absolute() && latch.is_file(),
        "{}",
        latch.display()
    );
}

#[test]
#[should_panic(expected = "no program `latched`")]
fn a_program_that_nobody_builds_is_refused() {
    let _ = program("latched");
}
