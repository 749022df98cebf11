//! Which Rust files are compiled at all, and which of them only in tests: a file that no `mod` reaches tests nothing.

use std::collections::BTreeMap;

use super::rust;
use super::tree::{File, Finding, Tree};

/// How Cargo reaches a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Only through tests, examples, benches or `#[cfg(test)]`.
    Test,
    /// Part of a library or a program.
    Product,
}

/// Folders in which Cargo takes each `*.rs` and each `*/main.rs` as a target of its own.
const TARGET_FOLDERS: &[&str] = &["tests", "benches", "examples", "src/bin"];

pub(crate) fn no_stray_files(tree: &Tree) -> Vec<Finding> {
    let reached = reach(tree);
    let mut findings: Vec<Finding> = tree
        .rust()
        .filter(|file| !reached.contains_key(file.path.as_str()))
        .map(|file| {
            Finding::new(
                &file.path,
                0,
                "no `mod` reaches this file: declare it, or remove it",
            )
        })
        .collect();
    for file in tree.files().filter(|file| file.is_manifest()) {
        for switch in ["autotests", "autobins", "autoexamples", "autobenches"] {
            for at in rust::words(&file.text, switch) {
                let advice = format!("`{switch}` hides files from Cargo: leave it out");
                findings.push(Finding::at(file, at, advice));
            }
        }
    }
    findings
}

/// Every Rust file that a target reaches, by its path.
pub(crate) fn reach(tree: &Tree) -> BTreeMap<&str, Reach> {
    let mut reached = BTreeMap::new();
    let mut open: Vec<(&File, Reach)> = targets(tree);
    while let Some((file, how)) = open.pop() {
        // Product outweighs test: a file reached both ways is held to the product's rules.
        if reached
            .get(file.path.as_str())
            .is_some_and(|known| *known >= how)
        {
            continue;
        }
        reached.insert(file.path.as_str(), how);
        let (product, tests) = rust::split_tests(&file.text);
        for (code, how) in [(product, how), (tests, Reach::Test)] {
            for name in declared(&code) {
                open.extend(places(tree, file, &name).map(|child| (child, how)));
            }
        }
    }
    reached
}

/// The files at which Cargo starts: those with a usual place, and those that a manifest names.
fn targets(tree: &Tree) -> Vec<(&File, Reach)> {
    let mut targets = Vec::new();
    for manifest in tree.files().filter(|file| file.is_manifest()) {
        let inside = |path: &str| match manifest.folder() {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        };
        for (path, how) in [
            ("src/lib.rs", Reach::Product),
            ("src/main.rs", Reach::Product),
            ("build.rs", Reach::Product),
        ] {
            targets.extend(tree.get(&inside(path)).map(|file| (file, how)));
        }
        for folder in TARGET_FOLDERS {
            let how = if *folder == "src/bin" {
                Reach::Product
            } else {
                Reach::Test
            };
            let start = format!("{}/", inside(folder));
            let is_target = |file: &&File| {
                let rest = file.path.strip_prefix(&start);
                rest.is_some_and(|rest| {
                    !rest.contains('/') || rest.split('/').skip(1).eq(["main.rs"])
                })
            };
            targets.extend(tree.rust().filter(is_target).map(|file| (file, how)));
        }
        targets.extend(
            named_targets(manifest)
                .iter()
                .filter_map(|(path, how)| Some((tree.get(&inside(path))?, *how))),
        );
    }
    targets
}

/// Paths under `[lib]`, `[[bin]]`, `[[test]]`, `[[bench]]` and `[[example]]`.
fn named_targets(manifest: &File) -> Vec<(String, Reach)> {
    // A manifest that cannot be parsed is what Cargo itself reports.
    let table: toml::Table = manifest.text.parse().unwrap_or_default();
    let mut paths = Vec::new();
    for (key, how) in [
        ("lib", Reach::Product),
        ("bin", Reach::Product),
        ("test", Reach::Test),
        ("bench", Reach::Test),
        ("example", Reach::Test),
    ] {
        let sections = match table.get(key) {
            Some(toml::Value::Array(sections)) => sections.as_slice(),
            Some(section) => std::slice::from_ref(section),
            None => &[],
        };
        let path = |section: &toml::Value| section.get("path")?.as_str().map(str::to_owned);
        paths.extend(sections.iter().filter_map(path).map(|path| (path, how)));
    }
    paths
}

/// The names in `mod name;`.
fn declared(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for at in rust::words(code, "mod") {
        let rest = code[at + 3..].trim_start();
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        if rest[end..].trim_start().starts_with(';') {
            names.push(rest[..end].to_owned());
        }
    }
    names
}

/// Where a module that a file declares may lie: beside it, or in the folder that carries its name.
fn places<'t>(tree: &'t Tree, parent: &File, name: &str) -> impl Iterator<Item = &'t File> {
    let beside = parent.folder().to_owned();
    let own = parent.path.trim_end_matches(".rs").to_owned();
    let candidates = [
        format!("{beside}/{name}.rs"),
        format!("{beside}/{name}/mod.rs"),
        format!("{own}/{name}.rs"),
        format!("{own}/{name}/mod.rs"),
    ];
    candidates.into_iter().filter_map(|path| tree.get(&path))
}

#[test]
fn a_file_that_nothing_declares_is_found() {
    let tree = Tree::planted(&[
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n[[bin]]\nname = \"b\"\npath = \"elsewhere.rs\"\n",
        ),
        ("a/elsewhere.rs", ""),
        (
            "a/src/lib.rs",
            "mod b;\n#[cfg(test)]\nmod tests;\n// mod stray;\n",
        ),
        ("a/src/b/mod.rs", "pub mod c;"),
        ("a/src/b/c.rs", ""),
        ("a/src/tests.rs", ""),
        ("a/src/stray.rs", ""),
        ("a/tests/it.rs", "mod it { mod inner; }"),
        ("a/tests/it/inner.rs", ""),
        ("a/tests/left/forgotten.rs", ""),
    ]);
    let found: Vec<String> = no_stray_files(&tree)
        .into_iter()
        .map(|finding| finding.path)
        .collect();
    assert_eq!(found, ["a/src/stray.rs", "a/tests/left/forgotten.rs"]);
    let reached = reach(&tree);
    assert_eq!(reached["a/src/b/c.rs"], Reach::Product);
    assert_eq!(reached["a/src/tests.rs"], Reach::Test);
    assert_eq!(reached["a/tests/it/inner.rs"], Reach::Test);
}

#[test]
fn a_manifest_that_hides_tests_is_found() {
    let tree = Tree::planted(&[("a/Cargo.toml", "[package]\nautotests = false\n")]);
    assert_eq!(no_stray_files(&tree).len(), 1);
}
