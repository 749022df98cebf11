//! CONTRIBUTING.md and these checks name the same rules: what is called a rule is checked, what is checked is told.

use super::tree::{Finding, Tree};

const BOOK: &str = "CONTRIBUTING.md";
const HEADING: &str = "## Rules";

/// Rules stand as rows `` | `name` | … | `` under their heading.
pub(crate) fn matches(tree: &Tree, rules: &[&str]) -> Vec<Finding> {
    let Some(book) = tree.get(BOOK) else {
        return vec![Finding::new(
            BOOK,
            0,
            "the rules have no document: write it",
        )];
    };
    let mut findings = Vec::new();
    let mut told = Vec::new();
    let lines = book
        .text
        .lines()
        .enumerate()
        .skip_while(|(_, line)| *line != HEADING)
        .skip(1);
    for (index, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        let Some((name, _)) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split_once('`'))
        else {
            continue;
        };
        if !rules.contains(&name) {
            findings.push(Finding::new(
                BOOK,
                index + 1,
                format!("`{name}` is called a rule but not checked: check it"),
            ));
        }
        told.push(name);
    }
    for rule in rules.iter().filter(|rule| !told.contains(*rule)) {
        findings.push(Finding::new(
            BOOK,
            0,
            format!("`{rule}` is checked but not told: add it under `{HEADING}`"),
        ));
    }
    findings
}

#[test]
fn a_rule_on_one_side_only_is_found() {
    let check = |text: &str| matches(&Tree::planted(&[(BOOK, text)]), &["a", "b"]).len();
    assert_eq!(
        check("## Rules\n| `a` | x |\n| `b` | y |\n## Habits\n| `c` | z |\n"),
        0
    );
    assert_eq!(check("## Rules\n| `a` | x |\n"), 1);
    assert_eq!(
        check("## Rules\n| `a` | x |\n| `b` | y |\n| `c` | z |\n"),
        1
    );
    assert_eq!(check("| `a` | x |\n"), 2);
}
