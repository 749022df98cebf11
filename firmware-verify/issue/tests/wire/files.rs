//! Files of vectors: compared byte for byte, or written anew when asked to.

use std::{env, fs, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};

const REGENERATE: &str = "LATCH_REGENERATE";

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")).join(name)
}

/// Checks that a committed file holds these vectors.
pub(crate) fn pin(name: &str, vectors: &impl Serialize) {
    let mut expected = serde_json::to_string_pretty(vectors).unwrap();
    expected.push('\n');
    let path = path(name);
    if env::var_os(REGENERATE).is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &expected).unwrap();
    }
    let found =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let same = found
        .lines()
        .zip(expected.lines())
        .take_while(|(found, expected)| found == expected);
    let line = same.count() + 1;
    assert!(
        found == expected,
        "tests/vectors/{name} differs from line {line} on: the wire format has changed. Set {REGENERATE}=1 if that is meant"
    );
}

/// Reads a file of vectors that comes from elsewhere.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}
