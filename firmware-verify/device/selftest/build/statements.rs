//! Statements: the keys that sign them, those that are taken, those that are refused, and those of the release before.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{
    Outcome,
    source::{
        array, array_of, bytes, digest, each, list, number, read, slice_of, text, write_group,
    },
};

/// Who signs in refusals, and is in nobody's root.
const STRANGER: &str = "stranger";
/// Behind the message of a device: the number of signatures, the key's id, its signature.
const TAIL: usize = 1 + 8 + 64;

pub(crate) fn write(tables: &mut String) -> Outcome<()> {
    let file = read("statements.json")?;
    let keys = list(&file, "keys")?;
    write_group(tables, ("KEYS", "Known"), keys, each, |key, turned| {
        let mut id = bytes(key, "key_id")?;
        id[0] ^= u8::from(turned);
        // The device's own stands in the ring as if it had a role, so that one ring serves every kind.
        let role = match &key["role"] {
            _ if key["name"] == STRANGER => "None".to_owned(),
            Value::Null => "Some(Role::Time)".to_owned(),
            role => format!("Some(Role::{})", role_name(role)?),
        };
        let fields = format!(
            "role: {role}, seed: {}, key: {}, id: {}",
            array(key, "seed")?,
            array(key, "public_key")?,
            array_of(&id),
        );
        Ok((text(key, "name")?.to_owned(), fields))
    })?;
    let id_of = |name: &Value| -> Outcome<Vec<u8>> {
        let key = keys.iter().find(|key| key["name"] == *name);
        bytes(key.ok_or("a signer without a key")?, "key_id")
    };
    let statements = list(&file, "vectors")?;
    write_group(
        tables,
        ("STATEMENTS", "Spoken"),
        statements,
        each,
        |vector, turned| {
            let signers: Vec<Vec<u8>> = list(vector, "signers")?
                .iter()
                .map(id_of)
                .collect::<Outcome<_>>()?;
            let mut body = vector["body"].to_string();
            if turned {
                // Another name of the same length: the rest of the text is right.
                body = body.replacen("acme", "acne", 1);
            }
            let version = number(vector, "body_version")?;
            let fields = spoken(
                vector,
                version,
                &bytes(vector, "message")?,
                &signers,
                &body,
                false,
            )?;
            Ok((text(vector, "name")?.to_owned(), fields))
        },
    )?;
    let code = bytes(&statements[0], "envelope")?;

    let file = read("before.json")?;
    writeln!(
        tables,
        "pub(crate) static BEFORE_KEY: [u8; 32] = {};",
        array(&file, "device_key")?
    )?;
    write_group(
        tables,
        ("BEFORE", "Spoken"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let envelope = bytes(vector, "envelope")?;
            let signed = envelope.len() - TAIL;
            let id = envelope[signed + 1..][..8].to_vec();
            let body = with_news(&vector["body"])?.to_string();
            let fields = spoken(vector, 0, &envelope[..signed], &[id], &body, turned)?;
            Ok((text(vector, "name")?.to_owned(), fields))
        },
    )?;

    let file = read("refusals.json")?;
    write_group(
        tables,
        ("REFUSALS", "Refused"),
        list(&file, "vectors")?,
        each,
        |vector, turned| {
            let (message, kind) = if turned {
                (code.clone(), 1)
            } else {
                (bytes(vector, "message")?, number(vector, "kind_number")?)
            };
            let fields = format!(
                "kind: {kind}, message: {}, reason: {}",
                slice_of(&message),
                number(vector, "reason_number")?
            );
            Ok((text(vector, "name")?.to_owned(), fields))
        },
    )
}

fn spoken(
    vector: &Value,
    version: u64,
    message: &[u8],
    signers: &[Vec<u8>],
    body: &str,
    turned: bool,
) -> Outcome<String> {
    let mut envelope = bytes(vector, "envelope")?;
    if !envelope.starts_with(message) {
        return Err("the envelope does not begin with the message".into());
    }
    // The top byte of S.
    *envelope.last_mut().ok_or("an empty envelope")? ^= u8::from(turned);
    let signers: Vec<String> = signers.iter().map(|id| array_of(id)).collect();
    Ok(format!(
        "kind: {}, version: {version}, envelope: {}, message_len: {}, id: {}, signers: &[{}], body: {}",
        number(vector, "kind_number")?,
        slice_of(&envelope),
        message.len(),
        array(vector, "statement_id")?,
        signers.join(", "),
        digest(body),
    ))
}

/// What the release before said, as this one shows it: what it did not know stands at what it is by default.
fn with_news(body: &Value) -> Outcome<Value> {
    let mut shown = Map::new();
    for (name, value) in body.as_object().ok_or("body")? {
        let mut value = value.clone();
        if name == "status" {
            let mut status = Map::new();
            for (name, value) in value.as_object().ok_or("status")? {
                status.insert(name.clone(), value.clone());
                if name == "challenge" {
                    status.insert("pulse".to_owned(), json!("0".repeat(32)));
                    status.insert("locked_down".to_owned(), json!(false));
                    status.insert("open".to_owned(), json!(0));
                }
            }
            value = status.into();
        }
        shown.insert(name.clone(), value);
    }
    shown.insert("more".to_owned(), json!([]));
    Ok(shown.into())
}

/// The verifier's name of a role.
fn role_name(role: &Value) -> Outcome<&'static str> {
    Ok(match role.as_str() {
        Some("root") => "Root",
        Some("operator") => "Operator",
        Some("release") => "Release",
        Some("approver") => "Approver",
        Some("time") => "Time",
        Some("break-glass") => "BreakGlass",
        _ => return Err(format!("no role {role}").into()),
    })
}
