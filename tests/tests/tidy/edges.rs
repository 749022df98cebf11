//! Imports flow one way: which crate of the workspace may use which, and who alone may use what.

use super::manifests::{crates, dependencies, line_of};
use super::tree::{Finding, Tree};

/// Crates of the workspace that a crate may use.
struct Edges {
    name: &'static str,
    product: &'static [&'static str],
    /// In tests, over and above.
    tests: &'static [&'static str],
}

const LIBRARIES: &[&str] = &[
    "latch-agent",
    "latch-board",
    "latch-device-board",
    "latch-flash",
    "latch-issue",
    "latch-line",
    "latch-link",
    "latch-mqtt",
    "latch-operator",
    "latch-verify",
];

/// The whole map. A crate that is not on it is a finding, so that a new one is placed before it is built.
const EDGES: &[Edges] = &[
    Edges {
        name: "latch-flash",
        product: &[],
        tests: &[],
    },
    Edges {
        name: "latch-verify",
        product: &[],
        tests: &["latch-flash"],
    },
    Edges {
        name: "latch-link",
        product: &["latch-verify"],
        tests: &[],
    },
    Edges {
        name: "latch-fuzz",
        product: &["latch-verify", "latch-flash", "latch-link"],
        tests: &[],
    },
    Edges {
        name: "latch-budget",
        product: &[],
        tests: &[],
    },
    Edges {
        name: "latch-budget-device",
        product: &["latch-verify", "latch-issue"],
        tests: &[],
    },
    Edges {
        name: "latch-skips",
        product: &[],
        tests: &[],
    },
    Edges {
        name: "latch-skips-device",
        product: &["latch-verify", "latch-issue", "latch-budget-device"],
        tests: &[],
    },
    Edges {
        name: "latch-skips-monitor",
        product: &[],
        tests: &[],
    },
    Edges {
        name: "latch-issue",
        product: &["latch-verify"],
        tests: &[],
    },
    Edges {
        name: "latch-device-board",
        product: &["latch-verify", "latch-link"],
        tests: &[],
    },
    Edges {
        name: "latch-bootloader",
        product: &["latch-verify", "latch-link", "latch-device-board"],
        tests: &[],
    },
    Edges {
        name: "latch-application",
        product: &["latch-verify", "latch-link", "latch-device-board"],
        tests: &[],
    },
    Edges {
        name: "latch-selftest",
        product: &["latch-verify"],
        tests: &[],
    },
    Edges {
        name: "latch-capi",
        product: &["latch-verify", "latch-link"],
        tests: &["latch-issue"],
    },
    Edges {
        name: "latch-mqtt",
        product: &["latch-verify"],
        tests: &[],
    },
    Edges {
        name: "latch-line",
        product: &["latch-verify", "latch-link"],
        tests: &["latch-board"],
    },
    Edges {
        name: "latch-agent",
        product: &["latch-verify", "latch-link", "latch-mqtt", "latch-line"],
        tests: &["latch-issue", "latch-flash", "latch-board"],
    },
    Edges {
        name: "latch-operator",
        product: &[
            "latch-issue",
            "latch-verify",
            "latch-link",
            "latch-mqtt",
            "latch-line",
        ],
        tests: &["latch-flash", "latch-board"],
    },
    Edges {
        name: "latch-board",
        product: &["latch-verify", "latch-link", "latch-flash"],
        tests: &[],
    },
    Edges {
        name: "latch-sim",
        product: LIBRARIES,
        tests: &[],
    },
    Edges {
        name: "latch-tests",
        product: &["latch-sim"],
        tests: LIBRARIES,
    },
];

/// Outside crates that one crate alone may use.
const SOLE_USERS: &[(&str, &str)] = &[
    ("rumqttc", "latch-mqtt"),
    ("mqtt5", "latch-sim"),
    ("tokio-serial", "latch-line"),
];

pub(crate) fn crate_edges(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, manifest, name) in crates(tree) {
        let Some(edges) = EDGES.iter().find(|edges| edges.name == name) else {
            let advice = format!(
                "`{name}` is not on the map of crate edges: place it there, and in ARCHITECTURE.md"
            );
            findings.push(Finding::new(&file.path, 0, advice));
            continue;
        };
        for dependency in dependencies(&manifest) {
            let used = dependency.package.as_str();
            let ours = EDGES.iter().any(|edges| edges.name == used);
            // A crate's tests may use whatever the crate itself may.
            let allowed = edges.product.contains(&used)
                || (dependency.for_tests && edges.tests.contains(&used));
            if ours && !allowed {
                let advice = format!(
                    "`{name}` may not use `{used}`: imports flow one way, turn the edge around"
                );
                findings.push(Finding::new(
                    &file.path,
                    line_of(file, &dependency.key),
                    advice,
                ));
            }
            for (outside, user) in SOLE_USERS {
                if used.starts_with(outside) && name != *user {
                    let advice = format!("only `{user}` may use `{used}`: go through it");
                    findings.push(Finding::new(
                        &file.path,
                        line_of(file, &dependency.key),
                        advice,
                    ));
                }
            }
        }
    }
    for edges in EDGES {
        if !crates(tree).any(|(_, _, name)| name == edges.name) {
            let advice = format!(
                "`{}` is on the map of crate edges, but not in the tree: take it off",
                edges.name
            );
            findings.push(Finding::new("Cargo.toml", 0, advice));
        }
    }
    findings
}

#[cfg(test)]
mod planted {
    use super::super::manifests::planted::manifest;
    use super::*;

    /// All crates of the map, with one of them as given.
    fn house(name: &str, rest: &str) -> Tree {
        let texts: Vec<(String, String)> = EDGES
            .iter()
            .map(|edges| {
                (
                    format!("{}/Cargo.toml", edges.name),
                    manifest(edges.name, if edges.name == name { rest } else { "" }),
                )
            })
            .collect();
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        Tree::planted(&files)
    }

    #[test]
    fn an_edge_against_the_flow_is_found() {
        assert_eq!(
            crate_edges(&house(
                "latch-agent",
                "[dependencies]\nlatch-verify.workspace = true\n"
            )),
            []
        );
        let findings = crate_edges(&house(
            "latch-agent",
            "[dependencies]\nlatch-issue.workspace = true\n",
        ));
        assert_eq!((findings.len(), findings[0].line), (1, 6));
        assert_eq!(
            crate_edges(&house(
                "latch-agent",
                "[dev-dependencies]\nlatch-issue.workspace = true\n"
            )),
            []
        );
        let renamed = "[target.'cfg(unix)'.build-dependencies]\nx = { package = \"latch-issue\", path = \"y\" }\n";
        assert_eq!(crate_edges(&house("latch-agent", renamed)).len(), 1);
    }

    #[test]
    fn a_second_user_of_a_kept_apart_crate_is_found() {
        assert_eq!(
            crate_edges(&house(
                "latch-mqtt",
                "[dependencies]\nrumqttc.workspace = true\n"
            )),
            []
        );
        assert_eq!(
            crate_edges(&house(
                "latch-agent",
                "[dependencies]\nrumqttc.workspace = true\n"
            ))
            .len(),
            1
        );
        assert_eq!(
            crate_edges(&house(
                "latch-tests",
                "[dev-dependencies]\nmqtt5.workspace = true\n"
            ))
            .len(),
            1
        );
    }

    #[test]
    fn a_crate_off_the_map_is_found() {
        let text = manifest("latch-new", "");
        let findings = crate_edges(&Tree::planted(&[("new/Cargo.toml", &text)]));
        // Itself, and every crate of the map that this tree lacks.
        assert_eq!(findings.len(), 1 + EDGES.len());
    }
}
