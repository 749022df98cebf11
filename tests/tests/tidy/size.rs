//! A file answers one question: Rust files stay short enough to be read in one sitting.

use super::tree::{Finding, Tree};

/// Longest Rust file, in lines. Past about 250 a file is asked to split by concept; at 400 it must.
const LONGEST_FILE_LINES: usize = 400;

/// Files that may be longer, each with its reason. One that is no longer needed is a finding too.
pub(crate) const EXCEPTIONS: &[(&str, &str)] = &[];

pub(crate) fn file_length(tree: &Tree, exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        let excepted = exceptions.iter().any(|(path, _)| *path == file.path);
        if lines > LONGEST_FILE_LINES && !excepted {
            let advice =
                format!("{lines} lines, {LONGEST_FILE_LINES} at most: split the file by concept");
            findings.push(Finding::new(&file.path, lines, advice));
        } else if lines <= LONGEST_FILE_LINES && excepted {
            findings.push(Finding::new(
                &file.path,
                0,
                "short enough now: take it off the list of exceptions",
            ));
        }
    }
    for (path, reason) in exceptions {
        if tree.get(path).is_none() {
            findings.push(Finding::new(
                path,
                0,
                "excepted, but no such file: take it off the list of exceptions",
            ));
        }
        if reason.len() < 10 {
            findings.push(Finding::new(path, 0, "excepted without a reason: give one"));
        }
    }
    findings
}

#[test]
fn a_long_file_is_found_unless_excepted() {
    let long = "//\n".repeat(LONGEST_FILE_LINES + 1);
    let tree = Tree::planted(&[("long.rs", &long), ("short.rs", "//\n"), ("long.md", &long)]);
    assert_eq!(file_length(&tree, &[]).len(), 1);
    assert_eq!(
        file_length(&tree, &[("long.rs", "one table, generated")]),
        []
    );
}

#[test]
fn a_needless_exception_is_found() {
    let tree = Tree::planted(&[("short.rs", "//\n")]);
    assert_eq!(
        file_length(&tree, &[("short.rs", "was long once")]).len(),
        1
    );
    assert_eq!(file_length(&tree, &[("gone.rs", "was long once")]).len(), 1);
    assert_eq!(file_length(&tree, &[("gone.rs", "")]).len(), 2);
}
