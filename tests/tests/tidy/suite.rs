//! What the house must hold: its documents, scripts that can be run, and vectors that some test reads.

use super::modules::{self, Reach};
use super::tree::{File, Finding, Tree};

/// Documents that people look for.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "firmware-verify/WIRE.md",
];

/// Commands that people and machines start by name.
const COMMANDS: &[&str] = &["tests/run", "tests/nightly", ".ci/run"];

const VECTORS: &str = "tests/vectors/";

pub(crate) fn house_documents(tree: &Tree) -> Vec<Finding> {
    let missing = DOCUMENTS.iter().filter(|path| {
        tree.get(path)
            .is_none_or(|file| file.text.trim().is_empty())
    });
    missing
        .map(|path| Finding::new(path, 0, "missing or empty: write it"))
        .collect()
}

pub(crate) fn executable_scripts(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in COMMANDS.iter().filter(|path| tree.get(path).is_none()) {
        findings.push(Finding::new(path, 0, "no such command: restore it"));
    }
    for file in tree.files().filter(|file| !file.is_rust()) {
        if file.text.starts_with("#!") && !file.executable {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("a script that cannot be run: chmod +x {}", file.path),
            ));
        }
        if COMMANDS.contains(&file.path.as_str()) && !file.text.starts_with("#!") {
            findings.push(Finding::new(
                &file.path,
                1,
                "a command without `#!`: say what runs it",
            ));
        }
    }
    findings
}

pub(crate) fn tested_vectors(tree: &Tree) -> Vec<Finding> {
    let reached = modules::reach(tree);
    let is_test = |file: &&File| {
        reached.get(file.path.as_str()) == Some(&Reach::Test) || file.text.contains("#[cfg(test)]")
    };
    let tests: Vec<&File> = tree.rust().filter(is_test).collect();
    let is_vector = |file: &&File| file.path.starts_with(VECTORS) && file.path.ends_with(".json");
    let unread = tree.files().filter(is_vector).filter(|file| {
        let named = format!("{}\"", file.name());
        // The name ends a string, and begins it or a part of its path.
        let names = |test: &&File| {
            test.text.contains(&format!("\"{named}")) || test.text.contains(&format!("/{named}"))
        };
        !tests.iter().any(names)
    });
    unread
        .map(|file| {
            Finding::new(
                &file.path,
                0,
                "no test names this file: read it in one, or remove it",
            )
        })
        .collect()
}

#[test]
fn a_missing_or_empty_document_is_found() {
    let full: Vec<(&str, &str)> = DOCUMENTS.iter().map(|path| (*path, "text")).collect();
    assert_eq!(house_documents(&Tree::planted(&full)), []);
    assert_eq!(house_documents(&Tree::planted(&full[1..])).len(), 1);
    assert_eq!(
        house_documents(&Tree::planted(&[("README.md", "\n")])).len(),
        DOCUMENTS.len()
    );
}

#[test]
fn a_command_that_cannot_be_run_is_found() {
    let run = "#!/usr/bin/env bash\n";
    let house = [("tests/run", run), ("tests/nightly", run), (".ci/run", run)];
    assert_eq!(executable_scripts(&Tree::planted(&house)), []);
    assert_eq!(executable_scripts(&Tree::planted(&house[1..])).len(), 1);
    assert_eq!(
        executable_scripts(&Tree::planted(&[house[0], house[1], (".ci/run", "x")])).len(),
        1
    );
}

#[test]
fn a_script_without_its_mode_is_found() {
    let mut tree = Tree::planted(&[
        ("tests/run", "#!/usr/bin/env bash\n"),
        ("tests/nightly", "#!x"),
        (".ci/run", "#!x"),
    ]);
    tree.take_modes();
    assert_eq!(executable_scripts(&tree).len(), 3);
}

#[test]
fn a_vector_that_no_test_reads_is_found() {
    let check = |test: &str| {
        let files = [
            ("tests/Cargo.toml", ""),
            ("tests/tests/vectors.rs", test),
            ("tests/vectors/codes.json", "{}"),
        ];
        tested_vectors(&Tree::planted(&files)).len()
    };
    assert_eq!(check("include_str!(\"../vectors/codes.json\")"), 0);
    assert_eq!(check("read(\"codes.json\")"), 0);
    assert_eq!(check("read(\"barcodes.json\")"), 1);
}
