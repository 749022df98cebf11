//! Signatures, and keys by themselves.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    Outcome,
    source::{array, array_of, bytes, each, list, number, read, slice, text, write_group},
};

pub(crate) fn write(tables: &mut String) -> Outcome<()> {
    let file = read("rfc8032.json")?;
    write_group(
        tables,
        ("RFC8032", "Signing"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let mut signature = bytes(vector, "signature")?;
            signature[0] ^= u8::from(turned);
            let fields = format!(
                "seed: {}, key: {}, message: {}, signature: {}",
                array(vector, "seed")?,
                array(vector, "public_key")?,
                slice(vector, "message")?,
                array_of(&signature),
            );
            Ok((text(vector, "name")?.to_owned(), fields))
        },
    )?;

    let file = read("wycheproof-ed25519.json")?;
    write_group(
        tables,
        ("WYCHEPROOF", "Signed"),
        list(&file, "cases")?,
        |case| case["result"] == "valid",
        |vector, turned| {
            // Every key of the file is sound.
            let verdict = match text(vector, "result")? {
                "valid" => "Accepted",
                "invalid" => "SignatureRefused",
                other => return Err(other.into()),
            };
            let name = format!(
                "case {} ({})",
                number(vector, "tcId")?,
                text(vector, "comment")?
            );
            Ok((name, signed(vector, verdict, turned)?))
        },
    )?;

    let file = read("mixed-order.json")?;
    let vectors = list(&file, "vectors")?;
    write_group(
        tables,
        ("MIXED_ORDER", "Signed"),
        vectors,
        |vector| vector["verdict"] == "accepted",
        judged,
    )?;
    // The messages of these, which are the last, are those of envelopes.
    let is_mixed = |vector: &Value| vector["set"] == "mixed";
    let others = vectors
        .iter()
        .take_while(|vector| !is_mixed(vector))
        .count();
    if !vectors.iter().skip(others).all(is_mixed) {
        return Err("the sets of mixed-order.json lie among each other".into());
    }
    writeln!(
        tables,
        "pub(crate) static ENVELOPES: &[Case<Signed>] = MIXED_ORDER.split_at({others}).1;"
    )?;
    write_group(
        tables,
        ("SMALL_ORDER", "Point"),
        list(&file, "small_order")?,
        each,
        |point, turned| {
            let mut encoding = bytes(point, "encoding")?;
            if turned {
                // The base point, which is a sound key (RFC 8032, 5.1).
                encoding = [&[0x58][..], &[0x66; 31]].concat();
            }
            let name = format!(
                "order {}, {}",
                number(point, "order")?,
                text(point, "encoding")?
            );
            Ok((name, format!("encoding: {}", array_of(&encoding))))
        },
    )
}

/// One of the mixed-order vectors, whose verdict this verifier has been pinned to.
fn judged(vector: &Value, turned: bool) -> Outcome<(String, String)> {
    let verdict = match text(vector, "verdict")? {
        "accepted" => "Accepted",
        "key refused" => "KeyRefused",
        "signature refused" => "SignatureRefused",
        other => return Err(other.into()),
    };
    let (set, note) = (text(vector, "set")?, text(vector, "note")?);
    let name = format!("{set} {} ({note})", number(vector, "number")?);
    Ok((name, signed(vector, verdict, turned)?))
}

fn signed(vector: &Value, verdict: &str, turned: bool) -> Outcome<String> {
    let verdict = if turned {
        // Those that are accepted can be turned: the program has to find an unexpected success.
        "SignatureRefused"
    } else {
        verdict
    };
    Ok(format!(
        "key: {}, message: {}, signature: {}, verdict: Verdict::{verdict}",
        array(vector, "public_key")?,
        slice(vector, "message")?,
        slice(vector, "signature")?,
    ))
}
