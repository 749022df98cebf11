//! The pump in C, compiled with the host's compiler against the static library: warnings are errors, and what sanitizers
//! find ends it.

#[path = "../examples/inputs/issued.rs"]
mod issued;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use issued::{DEVICE, OPERATOR, key};
use latch_issue::{DeviceState, EnrolmentRequest, ReceiptChain, SignedReceipt};
use latch_verify::statement::Outcome;

/// What a static library of Rust with std asks of a system with glibc or musl.
const SYSTEM: &[&str] = &["-lpthread", "-lm", "-ldl"];
const STRICT: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-O1"];
const SANITIZED: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn compiler() -> String {
    env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

/// The static library of this very build: Cargo makes it beside the tests.
fn library() -> PathBuf {
    let programs = env::current_exe().unwrap();
    let found = fs::read_dir(programs.parent().unwrap()).unwrap();
    found
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("liblatch_capi") && name.ends_with(".a")
        })
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).unwrap())
        .expect("Cargo builds the static library with the tests")
}

fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compiles and links a program.
fn link(program: &Path, sources: &[PathBuf], flags: &[&str]) {
    run(Command::new(compiler())
        .args(STRICT)
        .args(flags)
        .arg("-I")
        .arg(here("include"))
        .args(sources)
        .arg(library())
        .args(SYSTEM)
        .arg("-o")
        .arg(program));
}

/// Lets the pump run among its inputs, and returns what it has printed.
fn pump(folder: &Path, flags: &[&str]) -> String {
    let program = folder.join("pump");
    let sources = [here("tests/pump/pump.c"), here("tests/pump/board.c")];
    link(&program, &sources, flags);
    let output = run(Command::new(&program).current_dir(folder));
    String::from_utf8(output.stdout).unwrap()
}

fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    issued::write(folder.path()).unwrap();
    folder
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The lines that begin with a word, without it, as bytes.
fn hex_lines(printed: &str, word: &str) -> Vec<Vec<u8>> {
    let rest = |line: &str| {
        line.strip_prefix(word)
            .and_then(|line| line.strip_prefix(' ').map(unhex))
    };
    printed.lines().filter_map(rest).collect()
}

#[test]
fn what_the_pump_says_is_what_was_recorded() {
    let folder = inputs();
    let printed = pump(folder.path(), &[]);
    let is_signed = |line: &&str| {
        let words = ["receipt ", "again ", "state ", "request "];
        words.iter().any(|word| line.starts_with(word))
    };
    let lines = printed.lines().filter(|line| !is_signed(line));
    let told: String = lines.flat_map(|line| [line, "\n"]).collect();
    let place = here("tests/pump/expected.txt");
    if env::var_os("LATCH_REGENERATE").is_some_and(|value| value == "1") {
        fs::write(&place, &told).unwrap();
    }
    let expected = fs::read_to_string(&place).unwrap_or_default();
    assert!(
        told == expected,
        "the pump says something else than tests/pump/expected.txt:\n{told}"
    );
}

#[test]
fn what_it_signs_is_genuine() {
    let folder = inputs();
    let printed = pump(folder.path(), &[]);
    let device = key(DEVICE).public();
    let told = |word| {
        let verify = |bytes| SignedReceipt::verify(bytes, &device).unwrap();
        let lines = hex_lines(&printed, word);
        lines.into_iter().map(verify).collect::<Vec<_>>()
    };
    let receipts = told("receipt");
    let outcomes: Vec<Outcome> = receipts
        .iter()
        .map(|signed| signed.receipt().outcome)
        .collect();
    let applied = Outcome::Applied { twin_version: 1 };
    assert_eq!(
        outcomes,
        [
            applied,
            Outcome::ActuatorFailed { code: 5 },
            // The replay.
            applied,
            Outcome::Opened { seconds: 30 },
            Outcome::InstallStarted,
            Outcome::InstallConfirmed,
        ]
    );
    assert_eq!(
        receipts[0].receipt(),
        receipts[2].receipt(),
        "a replay is answered by the first receipt"
    );
    let mut chain = ReceiptChain::new("acme".parse().unwrap(), "pump-7".parse().unwrap());
    // What a boot has told of: that the open latch is closed.
    let again = told("again");
    let mut all: Vec<&SignedReceipt> = receipts.iter().chain(&again).collect();
    all.sort_by_key(|signed| signed.receipt().number);
    all.dedup_by_key(|signed| signed.receipt().number);
    for receipt in all {
        chain.push(receipt).unwrap();
    }
    let request = hex_lines(&printed, "request").remove(0);
    let request = EnrolmentRequest::from_bytes(request).unwrap();
    let enrolment = request.countersign(&key(OPERATOR)).unwrap();
    assert_eq!(enrolment.bytes(), issued::file("enrolment"));
    let state = hex_lines(&printed, "state").remove(0);
    let state = DeviceState::verify(state, &device).unwrap();
    chain.check_state(&state).unwrap();
}

#[test]
fn sanitizers_find_nothing() {
    let folder = inputs();
    let probe = folder.path().join("probe.c");
    fs::write(&probe, "int main(void) { return 0; }\n").unwrap();
    let linked = Command::new(compiler())
        .args(SANITIZED)
        .arg(&probe)
        .arg("-o")
        .arg(folder.path().join("probe"))
        .output()
        .unwrap();
    // A compiler without the sanitizers' libraries has nothing to say here; the pump itself has run above.
    if linked.status.success() {
        let printed = pump(folder.path(), SANITIZED);
        assert!(printed.ends_with("done, commands run: 0\n"), "{printed}");
    } else {
        println!("{} has no sanitizers here", compiler());
    }
}

#[test]
fn the_readmes_example_and_a_bootloader_link() {
    let readme = fs::read_to_string(here("README.md")).unwrap();
    // One program, as tests/capi takes it: a device, then its line.
    let blocks = readme.split("```c\n").skip(1);
    let example: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(example.len(), 2, "a device, and its line");
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("example.c");
    fs::write(&source, example.concat()).unwrap();
    let stubs = here("tests/pump/stubs.c");
    link(
        &folder.path().join("example"),
        &[source, stubs.clone()],
        &[],
    );
    link(
        &folder.path().join("loader"),
        &[here("tests/pump/loader.c"), stubs],
        &[],
    );
}
