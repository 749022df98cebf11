//! Words that must not stand in the tree: marks of unfinished work, `unsafe`, and paths of one machine.
//!
//! The words are put together here, so that this file does not hold what it looks for.

use super::rust;
use super::tree::{Finding, Tree};

/// Marks that say work is left over. Unfinished work is written as an issue, not as a comment.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Macros and attributes that stand for work not done, or for a look inside while working.
const STAND_INS: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// Where `unsafe` may stand, each block with why it is sound: where pointers from C become references, and where the
/// microcontroller's programs touch the hardware.
const UNSAFE_PLACES: &[&str] = &[
    "firmware-verify/capi/",
    "firmware-verify/device/board/src/registers.rs",
    "firmware-verify/device/board/src/semihosting.rs",
    "firmware-verify/device/bootloader/src/image_ram.rs",
];

/// The first folder of paths that lead to somebody's own machine.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "Users", "work"];

pub(crate) fn finished_work(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.name() != "Cargo.lock") {
        for mark in MARKS {
            for at in rust::words(&file.text, mark) {
                findings.push(Finding::at(
                    file,
                    at,
                    format!("`{mark}`: finish it, or say it outside the tree"),
                ));
            }
        }
    }
    for file in tree.rust() {
        let code = rust::code(&file.text);
        for stand_in in STAND_INS {
            for at in rust::words(&code, stand_in) {
                findings.push(Finding::at(
                    file,
                    at,
                    format!("`{stand_in}` stands for work not done: do it"),
                ));
            }
        }
    }
    findings
}

pub(crate) fn no_unsafe(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| {
        !UNSAFE_PLACES
            .iter()
            .any(|place| file.path.starts_with(place))
    }) {
        for at in rust::words(&rust::code(&file.text), "unsafe") {
            findings.push(Finding::at(
                file,
                at,
                "`unsafe` has no place here: use a safe interface of a kept library",
            ));
        }
    }
    findings
}

pub(crate) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for folder in MACHINE_FOLDERS {
            let start = format!("/{folder}/");
            for (at, _) in file.text.match_indices(&start) {
                // Inside a longer path or a topic the same letters mean something else.
                let before = file.text[..at].chars().next_back();
                if before
                    .is_none_or(|before| !before.is_alphanumeric() && !"./}*_-".contains(before))
                {
                    let advice = format!(
                        "`{start}…` is a path of one machine: write it relative to the repository"
                    );
                    findings.push(Finding::at(file, at, advice));
                }
            }
        }
    }
    findings
}

#[test]
fn unfinished_work_is_found() {
    let mark = MARKS[0];
    let text = format!(
        "// {mark}: later\nfn a() {{ todo!() }}\n#[ignore = \"slow\"]\nfn b() {{ dbg!(1); }}\n"
    );
    let tree = Tree::planted(&[
        ("a.rs", &text),
        ("b.md", &format!("{mark} this\n")),
        ("c.rs", "// todo!() is banned\n"),
    ]);
    let findings = finished_work(&tree);
    assert_eq!(findings.len(), 5);
    assert_eq!(findings[0].line, 1);
    let mktemp = format!("mktemp {0}{0}\n", MARKS[2]);
    assert_eq!(finished_work(&Tree::planted(&[("run", &mktemp)])), []);
}

#[test]
fn unsafe_code_is_found_but_not_its_lint() {
    let text = "#![forbid(unsafe_code)]\n// unsafe\nfn a() { unsafe {} }\n";
    let kept = format!("{}src/lib.rs", UNSAFE_PLACES[0]);
    let tree = Tree::planted(&[("a.rs", text), (&kept, text)]);
    let found: Vec<(String, usize)> = no_unsafe(&tree)
        .into_iter()
        .map(|finding| (finding.path, finding.line))
        .collect();
    assert_eq!(found, [("a.rs".to_owned(), 3)]);
}

#[test]
fn paths_of_one_machine_are_found() {
    let folder = MACHINE_FOLDERS[0];
    let text =
        format!("see `/{folder}/me/x` and https://example.org/{folder}/x and ../{folder}/x\n");
    let tree = Tree::planted(&[("a.md", &text)]);
    assert_eq!(machine_paths(&tree).len(), 1);
}
