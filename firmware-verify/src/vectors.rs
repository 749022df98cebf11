//! Statements of tests/vectors, for unit tests.

use std::vec::Vec;

/// A root with rules for paths and commands, signed by one key of its own.
pub(crate) fn root() -> Vec<u8> {
    let vectors = include_str!("../../tests/vectors/statements.json");
    let (_, found) = vectors.split_once("\"name\": \"a trust root\"").unwrap();
    let (_, found) = found.split_once("\"envelope\": \"").unwrap();
    let (digits, _) = found.split_once('"').unwrap();
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(byte).collect()
}
