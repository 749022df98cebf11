//! The tree tests itself: every rule that CONTRIBUTING.md names is checked here, one test a rule.
//!
//! A rule is a function from a [`Tree`](tidy::tree::Tree) to findings, so that each is also seen to fail on a planted
//! example, beside its code. A finding says where, which rule, and what to do.

mod tidy {
    pub(crate) mod edges;
    pub(crate) mod imports;
    pub(crate) mod links;
    pub(crate) mod manifests;
    pub(crate) mod modules;
    pub(crate) mod names;
    pub(crate) mod refusals;
    pub(crate) mod rulebook;
    pub(crate) mod rust;
    pub(crate) mod size;
    pub(crate) mod suite;
    pub(crate) mod tree;
    pub(crate) mod verifier;
    pub(crate) mod words;
}

use tidy::tree::{Finding, Tree};
use tidy::{
    edges, imports, links, manifests, modules, names, refusals, rulebook, size, suite, verifier,
    words,
};

/// Makes one test of each rule, and the list of their names that CONTRIBUTING.md must match.
macro_rules! rules {
    ($($name:ident: $check:expr,)*) => {
        const RULES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                report(stringify!($name), $check);
            }
        )*
    };
}

rules! {
    banned_crates: manifests::banned_crates,
    crate_edges: edges::crate_edges,
    dead_links: links::dead_links,
    documented_limits: verifier::documented_limits,
    documented_refusals: refusals::documented,
    executable_scripts: suite::executable_scripts,
    file_length: |tree| size::file_length(tree, size::EXCEPTIONS),
    finished_work: words::finished_work,
    guarded_verifier: verifier::guarded,
    house_documents: suite::house_documents,
    machine_paths: words::machine_paths,
    module_names: names::module_names,
    no_stray_files: modules::no_stray_files,
    no_unsafe: words::no_unsafe,
    one_importer: imports::one_importer,
    one_version: manifests::one_version,
    panic_free_verifier: verifier::panic_free,
    role_keys: imports::role_keys,
    rulebook: |tree| rulebook::matches(tree, RULES),
    tested_refusals: refusals::tested,
    tested_vectors: suite::tested_vectors,
}

fn report(rule: &str, check: impl Fn(&Tree) -> Vec<Finding>) {
    let findings = check(Tree::of_this_repository());
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| finding.sentence(rule))
        .collect();
    assert!(
        lines.is_empty(),
        "{} finding(s)\n{}\n",
        lines.len(),
        lines.join("\n")
    );
}
