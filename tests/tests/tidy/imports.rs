//! Libraries that stay behind one crate or one file, and role keys that stay in the issuer.

use super::modules::{self, Reach};
use super::rust;
use super::tree::{File, Finding, Tree};

/// A library, and the only place that may name it.
struct Rim {
    dependency: &'static str,
    folder: &'static str,
    /// Most files in that folder that may name it.
    files: usize,
}

const RIMS: &[Rim] = &[
    Rim {
        dependency: "rumqttc",
        folder: "agent/mqtt/",
        files: usize::MAX,
    },
    Rim {
        dependency: "mqtt5",
        folder: "simulator/",
        files: 1,
    },
    Rim {
        dependency: "tokio_serial",
        folder: "agent/line/",
        files: 1,
    },
];

/// Where product code may hold a private key, and in how many files: role keys in the issuer; a device's own key in the
/// file of the verifier that signs receipts, and in one adapter of the agent.
const KEY_HOLDERS: &[(&str, usize)] = &[
    ("firmware-verify/issue/", usize::MAX),
    ("firmware-verify/src/wire/keys.rs", 1),
    ("agent/src/", 1),
];

const PRIVATE_KEY: &str = "SigningKey";

pub(crate) fn one_importer(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rim in RIMS {
        let mut inside = 0;
        for file in tree.rust() {
            let Some(at) = rust::words(&rust::code(&file.text), rim.dependency).next() else {
                continue;
            };
            if !file.path.starts_with(rim.folder) {
                let advice = format!(
                    "only `{}` may import `{}`: go through it",
                    rim.folder, rim.dependency
                );
                findings.push(Finding::at(file, at, advice));
                continue;
            }
            inside += 1;
            if inside > rim.files {
                let advice = format!(
                    "`{}` stays behind {} file: go through that one",
                    rim.dependency, rim.files
                );
                findings.push(Finding::at(file, at, advice));
            }
        }
    }
    findings
}

/// Tests may make keys where they like; the product may not.
pub(crate) fn role_keys(tree: &Tree) -> Vec<Finding> {
    let reached = modules::reach(tree);
    let mut findings = Vec::new();
    let mut holders = vec![0_usize; KEY_HOLDERS.len()];
    let product = |file: &&File| reached.get(file.path.as_str()) == Some(&Reach::Product);
    for file in tree.rust().filter(product) {
        let (code, _) = rust::split_tests(&file.text);
        let Some(at) = rust::words(&code, PRIVATE_KEY).next() else {
            continue;
        };
        let holder = KEY_HOLDERS
            .iter()
            .position(|(folder, _)| file.path.starts_with(folder));
        let within = holder.is_some_and(|holder| {
            holders[holder] += 1;
            holders[holder] <= KEY_HOLDERS[holder].1
        });
        if !within {
            let advice = format!(
                "`{PRIVATE_KEY}`: role keys are held by the issuer, a device's own by the verifier's keys.rs and one adapter of the agent"
            );
            findings.push(Finding::at(file, at, advice));
        }
    }
    findings
}

#[test]
fn a_second_importer_is_found() {
    let tree = Tree::planted(&[
        ("agent/mqtt/src/session.rs", "use rumqttc::Client;"),
        ("agent/src/lib.rs", "// not rumqttc\nuse rumqttc::Client;"),
        ("simulator/src/broker.rs", "use mqtt5::Broker;"),
        ("simulator/src/world.rs", "use mqtt5::Broker;"),
    ]);
    let found: Vec<String> = one_importer(&tree)
        .into_iter()
        .map(|finding| finding.path)
        .collect();
    assert_eq!(found, ["agent/src/lib.rs", "simulator/src/world.rs"]);
}

#[test]
fn a_private_key_outside_the_issuer_is_found() {
    let tree = Tree::planted(&[
        ("agent/Cargo.toml", ""),
        (
            "agent/src/lib.rs",
            "mod key; mod other;\n#[cfg(test)]\nmod tests { use ed25519_dalek::SigningKey; }",
        ),
        ("agent/src/key.rs", "use ed25519_dalek::SigningKey;"),
        ("agent/src/other.rs", "\nuse ed25519_dalek::SigningKey;"),
        ("agent/tests/it.rs", "use ed25519_dalek::SigningKey;"),
        ("firmware-verify/issue/Cargo.toml", ""),
        (
            "firmware-verify/issue/src/lib.rs",
            "use ed25519_dalek::SigningKey;",
        ),
        ("firmware-verify/Cargo.toml", ""),
        (
            "firmware-verify/src/lib.rs",
            "use ed25519_dalek::SigningKey;",
        ),
    ]);
    let found: Vec<String> = role_keys(&tree)
        .into_iter()
        .map(|finding| finding.path)
        .collect();
    assert_eq!(found, ["agent/src/other.rs", "firmware-verify/src/lib.rs"]);
}
