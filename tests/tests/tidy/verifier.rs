//! What the verifier and the link promise of themselves: no panic, no `unsafe`, no standard library; and the verifier a
//! reason for every bound.

use super::modules::{self, Reach};
use super::rust;
use super::tree::{Finding, Tree};

/// What runs on a device.
const SOURCES: &[&str] = &[
    "firmware-verify/src/",
    "firmware-verify/link/src/",
    "firmware-verify/capi/src/",
];
const ROOTS: &[&str] = &[
    "firmware-verify/src/lib.rs",
    "firmware-verify/link/src/lib.rs",
];
const LIMITS: &str = "firmware-verify/src/limits.rs";

/// Ways to panic on purpose.
const PANICS: &[&str] = &[".unwrap()", ".expect(", "panic!", "unreachable!"];

/// Lints that the crate root denies, so that the compiler sees what this file cannot.
const DENIED: &[&str] = &[
    "clippy::unwrap_used",
    "clippy::expect_used",
    "clippy::panic",
    "clippy::indexing_slicing",
    "clippy::as_conversions",
];

pub(crate) fn panic_free(tree: &Tree) -> Vec<Finding> {
    let reached = modules::reach(tree);
    let mut findings = Vec::new();
    let on_device = |path: &str| SOURCES.iter().any(|source| path.starts_with(source));
    for file in tree.rust().filter(|file| on_device(&file.path)) {
        if reached.get(file.path.as_str()) == Some(&Reach::Test) {
            continue;
        }
        let (product, _) = rust::split_tests(&file.text);
        for panic in PANICS {
            for at in rust::words(&product, panic) {
                let advice = format!("`{panic}` can stop a device: return a reason");
                findings.push(Finding::at(file, at, advice));
            }
        }
    }
    findings
}

pub(crate) fn guarded(tree: &Tree) -> Vec<Finding> {
    ROOTS
        .iter()
        .flat_map(|path| guarded_root(tree, path))
        .collect()
}

fn guarded_root(tree: &Tree, path: &str) -> Vec<Finding> {
    let Some(root) = tree.get(path) else {
        return vec![Finding::new(path, 0, "no crate root: restore it")];
    };
    let head = inner_attributes(&rust::code(&root.text));
    // Within `cfg_attr(not(test), ...)` too: tests may panic.
    let listed = |level: &str, lint: &str| {
        let mut lists = head
            .split(level)
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        lists.any(|list| list.split(',').any(|name| name == lint))
    };
    let mut findings = Vec::new();
    if !listed("forbid(", "unsafe_code") {
        findings.push(Finding::new(path, 1, "add `#![forbid(unsafe_code)]`"));
    }
    if !head.contains("#![no_std]") && !head.contains("#![cfg_attr(not(test),no_std)]") {
        findings.push(Finding::new(path, 1, "add `#![no_std]`"));
    }
    for lint in DENIED {
        if !listed("deny(", lint) && !listed("forbid(", lint) {
            findings.push(Finding::new(
                path,
                1,
                format!("add `{lint}` to `#![deny(...)]`"),
            ));
        }
    }
    findings
}

/// The attributes of the crate itself, without blanks.
fn inner_attributes(code: &str) -> String {
    let code: String = code.split_whitespace().collect();
    let mut head = String::new();
    for (at, _) in code.match_indices("#![") {
        let mut depth = 0_usize;
        let closes = |letter: char| {
            depth += usize::from(letter == '[');
            depth -= usize::from(letter == ']');
            letter == ']' && depth == 0
        };
        let end = code[at..]
            .find(closes)
            .map_or(code.len(), |end| at + end + 1);
        head.push_str(&code[at..end]);
    }
    head
}

pub(crate) fn documented_limits(tree: &Tree) -> Vec<Finding> {
    let Some(limits) = tree.get(LIMITS) else {
        return vec![Finding::new(
            LIMITS,
            0,
            "the verifier's bounds live in this file: restore it",
        )];
    };
    let mut findings = Vec::new();
    let mut documented = false;
    for (index, line) in limits.text.lines().map(str::trim_start).enumerate() {
        let item = line
            .strip_prefix("pub")
            .map_or(line, |rest| rest.trim_start_matches("(crate)").trim_start());
        if item.starts_with("const ") && !item.starts_with("const _") && !documented {
            findings.push(Finding::new(
                LIMITS,
                index + 1,
                "a bound without its reason: say in a doc comment why it is so",
            ));
        }
        // Attributes may stand between a comment and its item.
        documented = line.starts_with("///") || (documented && line.starts_with("#["));
    }
    findings
}

#[test]
fn a_panic_in_the_product_is_found_and_one_in_a_test_is_not() {
    let tree = Tree::planted(&[
        ("firmware-verify/Cargo.toml", ""),
        (
            "firmware-verify/src/lib.rs",
            "mod a;\n#[cfg(test)]\nmod tests;\nfn f() { g().unwrap_or(1); }\n#[cfg(test)]\nmod inner { fn f() { g().unwrap(); } }",
        ),
        (
            "firmware-verify/src/a.rs",
            "// panic!\nfn f() {\n g().unwrap();\n g().expect(\"h\");\n unreachable!();\n panic!(); }",
        ),
        ("firmware-verify/src/tests.rs", "fn f() { panic!() }"),
        ("agent/src/lib.rs", "fn f() { panic!() }"),
        ("firmware-verify/capi/Cargo.toml", ""),
        ("firmware-verify/capi/src/lib.rs", "fn f() { panic!() }"),
    ]);
    let found: Vec<(String, usize)> = panic_free(&tree)
        .into_iter()
        .map(|finding| (finding.path, finding.line))
        .collect();
    let verifier = [3, 4, 6, 5].map(|line| ("firmware-verify/src/a.rs".to_owned(), line));
    let boundary = ("firmware-verify/capi/src/lib.rs".to_owned(), 1);
    let (mut found, mut expected) = (found, Vec::from(verifier));
    expected.push(boundary);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_guard_that_is_missing_is_found() {
    let full = format!(
        "#![no_std]\n#![forbid(unsafe_code)]\n#![deny({})]\n",
        DENIED.join(", ")
    );
    // One of the two is planted with something missing, the other whole.
    let [other, root] = [ROOTS[0], ROOTS[1]];
    let plant = |text: &str| guarded(&Tree::planted(&[(other, &full), (root, text)]));
    assert_eq!(plant(&full), []);
    assert_eq!(guarded(&Tree::planted(&[(other, &full)])).len(), 1);
    for guard in ["#![no_std]", "unsafe_code"].iter().chain(DENIED) {
        let without = full.replace(guard, "other");
        assert_eq!(plant(&without).len(), 1, "{guard}");
    }
    let outer = full.replace("#![deny", "#[deny");
    assert_eq!(plant(&outer).len(), DENIED.len());
    let conditional = full.replace("#![deny(", "#![cfg_attr(\n    not(test),\n    deny(");
    let conditional = format!("{})]\n", conditional.trim_end().trim_end_matches(']'));
    assert_eq!(plant(&conditional), []);
    let commented = full.replace("#![forbid", "// #![forbid");
    assert_eq!(plant(&commented).len(), 1);
}

#[test]
fn a_bound_without_a_reason_is_found() {
    let text = "/// Two, since the third is never read.\n#[cfg(x)]\npub const A: usize = 2;\npub const B: usize = 3;\nconst _: () = ();\n";
    let lines: Vec<usize> = documented_limits(&Tree::planted(&[(LIMITS, text)]))
        .iter()
        .map(|finding| finding.line)
        .collect();
    assert_eq!(lines, [4]);
}
