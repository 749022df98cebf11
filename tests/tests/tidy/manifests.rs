//! What the manifests say: dependencies, versions, lints; and which outside crates never come in.

use toml::Table;

use super::tree::{File, Finding, Tree};

/// Crates that cannot take the workspace's lints as they are: theirs are the same, but for those named here and more.
const OWN_LINTS: &[(&str, &[&str])] = &[("latch-capi", &["unsafe_code"])];

/// Versions and lints are set in the top manifest only; crates outside the workspace look after themselves.
pub(crate) fn one_version(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let top = tree.get("Cargo.toml").map(parsed).unwrap_or_default();
    let all = top
        .get("workspace")
        .and_then(|workspace| workspace.get("lints"));
    for (file, manifest, name) in
        crates(tree).filter(|(_, manifest, _)| !manifest.contains_key("workspace"))
    {
        for dependency in dependencies(&manifest)
            .into_iter()
            .filter(|dependency| !dependency.from_workspace)
        {
            let advice = format!(
                "`{}`: set its version in [workspace.dependencies]",
                dependency.key
            );
            findings.push(Finding::new(
                &file.path,
                line_of(file, &dependency.key),
                advice,
            ));
        }
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        if let Some((_, but)) = OWN_LINTS.iter().find(|(own, _)| *own == name) {
            let missing = lacking(all, manifest.get("lints"), but);
            findings.extend(missing.into_iter().map(|lint| {
                let advice =
                    format!("`{name}` has another `{lint}` than the workspace: set it alike");
                Finding::new(&file.path, 0, advice)
            }));
        } else if inherits != Some(true) {
            let advice = format!(
                "`{name}` does not take the workspace's lints: add `[lints] workspace = true`"
            );
            findings.push(Finding::new(&file.path, 0, advice));
        }
    }
    findings
}

/// The workspace's lints that a crate's own do not repeat.
fn lacking(all: Option<&toml::Value>, own: Option<&toml::Value>, but: &[&str]) -> Vec<String> {
    let mut lints = Vec::new();
    for (tool, levels) in all.and_then(toml::Value::as_table).into_iter().flatten() {
        for (lint, level) in levels.as_table().into_iter().flatten() {
            let found = own
                .and_then(|own| own.get(tool))
                .and_then(|own| own.get(lint));
            if found != Some(level) && !but.contains(&lint.as_str()) {
                lints.push(lint.clone());
            }
        }
    }
    lints
}

/// What deny.toml bans is not in Cargo.lock; so the ban holds on machines without cargo-deny too.
pub(crate) fn banned_crates(tree: &Tree) -> Vec<Finding> {
    let (Some(deny), Some(lock)) = (tree.get("deny.toml"), tree.get("Cargo.lock")) else {
        return vec![Finding::new(
            "deny.toml",
            0,
            "deny.toml and Cargo.lock belong in the tree: add what is missing",
        )];
    };
    let names = |table: Option<&toml::Value>, key: &str| -> Vec<String> {
        let entries = table.and_then(toml::Value::as_array).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.get(key)?.as_str()?.to_owned()))
            .collect()
    };
    let banned = names(
        parsed(deny).get("bans").and_then(|bans| bans.get("deny")),
        "crate",
    );
    if banned.is_empty() {
        return vec![Finding::new(
            &deny.path,
            0,
            "the list `bans.deny` is empty or cannot be read: restore it",
        )];
    }
    let locked = names(parsed(lock).get("package"), "name");
    let found = banned.iter().filter(|name| locked.contains(name));
    let advice = |name: &String| {
        format!("`{name}` is banned, deny.toml says why: leave out what brings it in")
    };
    found
        .map(|name| {
            Finding::new(
                &lock.path,
                line_of(lock, &format!("name = \"{name}\"")),
                advice(name),
            )
        })
        .collect()
}

/// One entry of a manifest.
pub(crate) struct Dependency {
    pub(crate) key: String,
    pub(crate) package: String,
    pub(crate) for_tests: bool,
    pub(crate) from_workspace: bool,
}

/// Every crate of the tree: its manifest as a file and as a table, and its name.
pub(crate) fn crates(tree: &Tree) -> impl Iterator<Item = (&File, Table, String)> {
    tree.files()
        .filter(|file| file.is_manifest())
        .filter_map(|file| {
            let manifest = parsed(file);
            let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
            Some((file, manifest, name))
        })
}

/// All sections, those of one target included. A key that was renamed counts as the crate behind it.
pub(crate) fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let tables = std::iter::once(manifest).chain(targets.filter_map(toml::Value::as_table));
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (key, value) in table
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let package = value
                    .get("package")
                    .and_then(toml::Value::as_str)
                    .unwrap_or(key);
                let from_workspace =
                    value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                found.push(Dependency {
                    key: key.clone(),
                    package: package.to_owned(),
                    for_tests: section == "dev-dependencies",
                    from_workspace,
                });
            }
        }
    }
    found
}

/// A file that cannot be parsed is empty here; Cargo itself reports it.
fn parsed(file: &File) -> Table {
    file.text.parse().unwrap_or_default()
}

pub(crate) fn line_of(file: &File, text: &str) -> usize {
    file.text
        .lines()
        .position(|line| line.starts_with(text))
        .map_or(0, |line| line + 1)
}

#[cfg(test)]
pub(crate) mod planted {
    use super::*;

    pub(crate) fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{rest}")
    }

    #[test]
    fn a_version_or_a_lint_of_its_own_is_found() {
        let check = |text: &str| one_version(&Tree::planted(&[("a/Cargo.toml", text)])).len();
        let dependency = |entry: &str| manifest("a", &format!("[dependencies]\n{entry}\n"));
        assert_eq!(check(&dependency("serde.workspace = true")), 0);
        assert_eq!(check(&dependency("serde = \"1\"")), 1);
        let bare = "[package]\nname = \"a\"\n";
        assert_eq!(check(bare), 1);
        assert_eq!(check(&format!("[workspace]\n{bare}")), 0);
    }

    #[test]
    fn a_crate_with_lints_of_its_own_repeats_the_others() {
        let (own, but) = OWN_LINTS[0];
        let top = format!(
            "[workspace.lints.rust]\n{} = \"forbid\"\na = \"warn\"\n",
            but[0]
        );
        let check = |lints: &str| {
            let text = format!("[package]\nname = \"{own}\"\n[lints.rust]\n{lints}");
            one_version(&Tree::planted(&[
                ("Cargo.toml", &top),
                ("a/Cargo.toml", &text),
            ]))
            .len()
        };
        assert_eq!(check(&format!("{} = \"allow\"\na = \"warn\"\n", but[0])), 0);
        assert_eq!(check("a = \"allow\"\n"), 1);
        assert_eq!(check(""), 1);
    }

    #[test]
    fn a_banned_crate_is_found() {
        let deny = "[bans]\ndeny = [{ crate = \"b\", reason = \"old\" }]\n";
        let lock = "[[package]]\nname = \"b\"\n";
        let findings = banned_crates(&Tree::planted(&[("deny.toml", deny), ("Cargo.lock", lock)]));
        assert_eq!((findings.len(), findings[0].line), (1, 2));
        let clean = "[[package]]\nname = \"bb\"\n";
        assert_eq!(
            banned_crates(&Tree::planted(&[
                ("deny.toml", deny),
                ("Cargo.lock", clean)
            ])),
            []
        );
        assert_eq!(
            banned_crates(&Tree::planted(&[
                ("deny.toml", "[bans]\n"),
                ("Cargo.lock", lock)
            ]))
            .len(),
            1
        );
        assert_eq!(
            banned_crates(&Tree::planted(&[("Cargo.lock", lock)])).len(),
            1
        );
    }
}
