//! From JSON to Rust: what is read of a file, and how it is written as a constant.

use std::{env, fmt::Write as _, fs, path::Path};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Outcome, VECTORS};

pub(crate) fn read(name: &str) -> Outcome<Value> {
    let text =
        fs::read_to_string(Path::new(VECTORS).join(name)).map_err(|e| format!("{name}: {e}"))?;
    Ok(serde_json::from_str(&text).map_err(|e| format!("{name}: {e}"))?)
}

/// One group: its vectors, in the order of the file, as items of a type. With the feature `naive` the last that can be turned
/// into its opposite is written so.
pub(crate) fn write_group(
    tables: &mut String,
    (name, item): (&str, &str),
    vectors: &[Value],
    can_turn: impl Fn(&Value) -> bool,
    write: impl Fn(&Value, bool) -> Outcome<(String, String)>,
) -> Outcome<()> {
    let is_naive = env::var_os("CARGO_FEATURE_NAIVE").is_some();
    let turned = vectors.iter().rposition(can_turn).filter(|_| is_naive);
    writeln!(
        tables,
        "pub(crate) static {name}: [Case<{item}>; {}] = [",
        vectors.len()
    )?;
    for (place, vector) in vectors.iter().enumerate() {
        let (name, fields) =
            write(vector, turned == Some(place)).map_err(|e| format!("{name} {place}: {e}"))?;
        writeln!(
            tables,
            "Case {{ name: {name:?}, of: {item} {{ {fields} }} }},"
        )?;
    }
    writeln!(tables, "];")?;
    Ok(())
}

/// Whether a vector can be turned into its opposite, where each can.
pub(crate) fn each(_: &Value) -> bool {
    true
}

fn field<'a>(vector: &'a Value, name: &str) -> Outcome<&'a Value> {
    Ok(vector.get(name).ok_or_else(|| format!("no {name}"))?)
}

pub(crate) fn list<'a>(vector: &'a Value, name: &str) -> Outcome<&'a [Value]> {
    let list = field(vector, name)?.as_array();
    Ok(list.ok_or_else(|| format!("{name} is no list"))?)
}

pub(crate) fn text<'a>(vector: &'a Value, name: &str) -> Outcome<&'a str> {
    let text = field(vector, name)?.as_str();
    Ok(text.ok_or_else(|| format!("{name} is no text"))?)
}

pub(crate) fn number(vector: &Value, name: &str) -> Outcome<u64> {
    let number = field(vector, name)?.as_u64();
    Ok(number.ok_or_else(|| format!("{name} is no number"))?)
}

pub(crate) fn bytes(vector: &Value, name: &str) -> Outcome<Vec<u8>> {
    unhex(field(vector, name)?)
}

pub(crate) fn unhex(value: &Value) -> Outcome<Vec<u8>> {
    let digits = value.as_str().ok_or("bytes that are no text")?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("half a byte".into());
    }
    let byte =
        |pair: &[u8; 2]| -> Outcome<u8> { Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?) };
    pairs.iter().map(byte).collect()
}

/// A field as a constant array, whose length its type checks.
pub(crate) fn array(vector: &Value, name: &str) -> Outcome<String> {
    Ok(array_of(&bytes(vector, name)?))
}

pub(crate) fn array_of(bytes: &[u8]) -> String {
    format!("*{}", slice_of(bytes))
}

/// A field as a constant slice.
pub(crate) fn slice(vector: &Value, name: &str) -> Outcome<String> {
    Ok(slice_of(&bytes(vector, name)?))
}

pub(crate) fn slice_of(bytes: &[u8]) -> String {
    let mut literal = String::from("b\"");
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(literal, "\\x{byte:02x}");
    }
    literal.push('"');
    literal
}

/// SHA-256 of a text, as a constant array.
pub(crate) fn digest(text: &str) -> String {
    array_of(&Sha256::digest(text))
}
