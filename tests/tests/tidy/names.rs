//! Names say what a module is about: no drawers for everything.

use super::rust;
use super::tree::{Finding, Tree};

/// Names that say nothing of what is inside.
const DRAWERS: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "manager", "misc",
];

pub(crate) fn module_names(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let stem = file.path.trim_end_matches(".rs");
        for part in stem.split('/').filter(|part| DRAWERS.contains(part)) {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("`{part}` names no concept: name what is inside"),
            ));
        }
        let code = rust::code(&file.text);
        for name in DRAWERS {
            for at in rust::words(&code, &format!("mod {name}")) {
                findings.push(Finding::at(
                    file,
                    at,
                    format!("`{name}` names no concept: name what is inside"),
                ));
            }
        }
    }
    findings
}

#[test]
fn drawers_are_found_as_files_folders_and_modules() {
    let drawer = DRAWERS[0];
    let inline = format!("mod {drawer} {{}}\n// mod {drawer}\nmod {drawer}ity {{}}\n");
    let file = format!("a/{drawer}.rs");
    let folder = format!("a/{drawer}/b.rs");
    let tree = Tree::planted(&[
        (&file, ""),
        (&folder, ""),
        ("lib.rs", &inline),
        ("a/good.rs", ""),
    ]);
    assert_eq!(module_names(&tree).len(), 3);
}
