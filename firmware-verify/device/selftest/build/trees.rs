//! Trees of pages, patches of twins, and cohorts.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    Outcome,
    source::{
        array, array_of, bytes, digest, each, list, number, read, slice, slice_of, text, unhex,
        write_group,
    },
};

pub(crate) fn write(tables: &mut String) -> Outcome<()> {
    let file = read("merkle.json")?;
    write_group(
        tables,
        ("MERKLE", "Pages"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let mut root = bytes(vector, "root")?;
            root[0] ^= u8::from(turned);
            let strings = |list: &[Value], write: fn(&[u8]) -> String| -> Outcome<String> {
                let bytes: Vec<Vec<u8>> = list.iter().map(unhex).collect::<Outcome<_>>()?;
                let written: Vec<String> = bytes.iter().map(|bytes| write(bytes)).collect();
                Ok(written.join(", "))
            };
            let leaves = list(vector, "leaves")?;
            let proofs = list(vector, "proofs")?
                .iter()
                .map(|proof| -> Outcome<String> {
                    let digests = strings(proof.as_array().ok_or("proof")?, array_of)?;
                    Ok(format!("&[{digests}]"))
                });
            let proofs: Vec<String> = proofs.collect::<Outcome<_>>()?;
            let fields = format!(
                "leaves: &[{}], root: {}, proofs: &[{}]",
                strings(leaves, slice_of)?,
                array_of(&root),
                proofs.join(", ")
            );
            Ok((format!("a tree of {}", leaves.len()), fields))
        },
    )?;

    let file = read("patches.json")?;
    write_group(
        tables,
        ("PATCHES", "Change"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let mut fields = String::new();
            for side in ["twin", "patch", "after"] {
                let shown = vector[side].to_string();
                let shown = if turned {
                    shown.replacen('{', "{ ", 1)
                } else {
                    shown
                };
                let leaves = slice(vector, &format!("{side}_bytes"))?;
                write!(
                    fields,
                    "{side}: Leaves {{ leaves: {leaves}, shown: {} }}, ",
                    digest(&shown)
                )?;
            }
            Ok((
                format!("{} with {}", vector["twin"], vector["patch"]),
                fields,
            ))
        },
    )?;

    let file = read("cohorts.json")?;
    write_group(
        tables,
        ("COHORTS", "Part"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let (device, part) = (text(vector, "device")?, number(vector, "part")?);
            let (salt, part) = (array(vector, "salt")?, part + u64::from(turned));
            let fields = format!("salt: {salt}, device: {device:?}, part: {part}");
            Ok((format!("{device} with {}", text(vector, "salt")?), fields))
        },
    )
}
