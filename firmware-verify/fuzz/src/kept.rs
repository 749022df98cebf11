//! What is kept of every corpus, played once more.

use std::{fs, path::Path};

use latch_verify::wire::Kind;

use crate::{device, journal, link, page, statement};

/// The inputs of a target, one a line in hexadecimal digits.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let text = fs::read_to_string(folder.join(target).with_extension("hex"));
    let byte = |line: &str, at: usize| u8::from_str_radix(&line[2 * at..2 * at + 2], 16);
    let input = |line: &str| -> Vec<u8> {
        let bytes: Result<_, _> = (0..line.len() / 2).map(|at| byte(line, at)).collect();
        bytes.expect("hexadecimal digits")
    };
    let inputs: Vec<Vec<u8>> = text.expect("a corpus").lines().map(input).collect();
    assert!(!inputs.is_empty(), "an empty corpus");
    inputs
}

#[test]
fn statements_hold() {
    for (target, kind) in [
        ("code", Kind::Code),
        ("root", Kind::Root),
        ("manifest", Kind::Manifest),
        ("time", Kind::Time),
        ("revocation", Kind::Revocation),
        ("stop_slip", Kind::StopSlip),
        ("receipt", Kind::Receipt),
        ("state", Kind::State),
        ("enrolment", Kind::Enrolment),
    ] {
        for input in kept(target) {
            statement(kind, &input);
        }
    }
}

#[test]
fn pages_hold() {
    kept("page").iter().for_each(|input| page(input));
}

#[test]
fn journals_hold() {
    kept("journal").iter().for_each(|input| journal(input));
}

#[test]
fn devices_hold() {
    kept("device").iter().for_each(|input| device(input));
}

#[test]
fn links_hold() {
    kept("link").iter().for_each(|input| link(input));
}
