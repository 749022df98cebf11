//! Every reason for which the verifier refuses is told to implementers, and is made by some test.

use super::modules::{self, Reach};
use super::rust;
use super::tree::{File, Finding, Tree};

const REASONS: &str = "firmware-verify/src/reject.rs";
const WIRE: &str = "firmware-verify/WIRE.md";

/// One reason, as it stands in its list.
struct Reason {
    name: String,
    number: u32,
    line: usize,
}

pub(crate) fn documented(tree: &Tree) -> Vec<Finding> {
    let reasons = match reasons(tree) {
        Ok(reasons) => reasons,
        Err(finding) => return vec![finding],
    };
    let Some(wire) = tree.get(WIRE) else {
        return vec![Finding::new(
            WIRE,
            0,
            "the wire format has no document: write it, with every reason and its number",
        )];
    };
    let mut findings = Vec::new();
    for reason in &reasons {
        let (number, snake) = (reason.number.to_string(), snake(&reason.name));
        let names = |line: &str, word: &str| rust::words(line, word).next().is_some();
        let told =
            |line: &str| names(line, &number) && (names(line, &reason.name) || names(line, &snake));
        if !wire.text.lines().any(told) {
            let advice = format!(
                "`{}` = {number} is not in {WIRE}: add a line with both",
                reason.name
            );
            findings.push(Finding::new(REASONS, reason.line, advice));
        }
    }
    findings
}

pub(crate) fn tested(tree: &Tree) -> Vec<Finding> {
    let reasons = match reasons(tree) {
        Ok(reasons) => reasons,
        Err(finding) => return vec![finding],
    };
    let reached = modules::reach(tree);
    let test_code = |file: &File| match reached.get(file.path.as_str()) {
        Some(Reach::Test) => rust::code(&file.text),
        _ => rust::split_tests(&file.text).1,
    };
    let tests: Vec<String> = tree.rust().map(test_code).collect();
    let is_tested = |reason: &Reason| {
        let variant = format!("Reason::{}", reason.name);
        tests
            .iter()
            .any(|code| rust::words(code, &variant).next().is_some())
    };
    let advice = |reason: &Reason| {
        format!(
            "no test names `Reason::{}`: write one that provokes it",
            reason.name
        )
    };
    let untested = reasons.iter().filter(|reason| !is_tested(reason));
    untested
        .map(|reason| Finding::new(REASONS, reason.line, advice(reason)))
        .collect()
}

/// Every `Name = number` that begins a line.
fn reasons(tree: &Tree) -> Result<Vec<Reason>, Finding> {
    let lost = || {
        Finding::new(
            REASONS,
            0,
            "no list of `Name = number`, one a line: the refusal reasons live here",
        )
    };
    let file = tree.get(REASONS).ok_or_else(lost)?;
    let read = |(index, line): (usize, &str)| {
        let (name, rest) = line.split_once('=')?;
        let name = name.trim();
        let is_name =
            name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
        let digits: String = rest
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let number = digits.parse().ok().filter(|_| is_name)?;
        Some(Reason {
            name: name.to_owned(),
            number,
            line: index + 1,
        })
    };
    let reasons: Vec<Reason> = rust::code(&file.text)
        .lines()
        .enumerate()
        .filter_map(read)
        .collect();
    if reasons.is_empty() {
        Err(lost())
    } else {
        Ok(reasons)
    }
}

/// `BelowFloor` as `below_floor`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod planted {
    use super::*;

    const LIST: &str = "reasons! {\n/// Not ours.\nNotLatch = 101, \"a = b\";\n/// Used.\nAlreadyUsed = 102, \"used\";\n}\nlet x = 3;\n";

    #[test]
    fn a_reason_without_a_line_in_the_wire_document_is_found() {
        let check = |source: &str, wire: &str| {
            documented(&Tree::planted(&[(REASONS, source), (WIRE, wire)]))
        };
        assert_eq!(
            check(LIST, "| 101 | `NotLatch` |\n| 102 | `already_used` |\n"),
            []
        );
        assert_eq!(
            check(LIST, "| 101 | `NotLatch` |\n| 1020 | `already_used` |\n")[0].line,
            5
        );
        assert_eq!(documented(&Tree::planted(&[(REASONS, LIST)])).len(), 1);
        assert_eq!(check("pub enum Other {}", "").len(), 1);
    }

    #[test]
    fn a_reason_that_no_test_provokes_is_found() {
        let check = |test: &str| {
            let manifest = ("firmware-verify/Cargo.toml", "");
            let product = (
                "firmware-verify/src/lib.rs",
                "mod reject; fn f() { Reason::AlreadyUsed; }",
            );
            tested(&Tree::planted(&[
                manifest,
                product,
                (REASONS, LIST),
                ("firmware-verify/tests/refusals.rs", test),
            ]))
        };
        assert_eq!(check("Reason::NotLatch; Reason::AlreadyUsed;"), []);
        assert_eq!(check("Reason::NotLatch; // Reason::AlreadyUsed").len(), 1);
        assert_eq!(check("Reason::NotLatch; Reason::AlreadyUsedTwice").len(), 1);
    }
}
