//! Twins before and after a patch, as trees and as the bytes that are signed.

use latch_issue::{Document, Patch};
use latch_verify::{limits::MAX_TWIN, twin::apply};
use serde::Serialize;
use serde_json::json;

use crate::files::{hex, pin};

#[derive(Serialize)]
struct File {
    about: &'static str,
    vectors: Vec<Vector>,
}

#[derive(Serialize)]
struct Vector {
    // Not JSON values: these show their keys in one order, however JSON objects are kept.
    twin: Document,
    patch: Patch,
    after: Document,
    twin_bytes: String,
    patch_bytes: String,
    after_bytes: String,
}

const ABOUT: &str = "A twin, a merge patch (RFC 7396), and the twin after it; as JSON, and as encoded leaves. \
{\"$bytes\": \"00ff\"} stands for bytes.";

#[test]
fn patches_are_pinned() {
    let pairs = [
        (json!({}), json!({})),
        (json!({}), json!({"a": 1})),
        (json!({"a": 1}), json!({"a": null})),
        (json!({"a": "b"}), json!({"a": "c", "b": true, "c": false})),
        (json!({"a": {"b": 1}}), json!({"a": {"b": null}})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}})),
        (json!({"a": 1}), json!({"a": {"b": {"c": {"d": -1}}}})),
        (
            json!({"a": {"b": {"c": {"d": -1}}}}),
            json!({"a": "scalar"}),
        ),
        (json!({"a": {"b": 1}}), json!({"a": {}})),
        (json!({"a": 1}), json!({"a": {}})),
        (
            json!({"a": {"z": 1}, "a.b": 3}),
            json!({"a-": 2, "a": {"0": {"$bytes": "00ff"}}}),
        ),
        (
            json!({"n": i64::MIN, "x": i64::MAX}),
            json!({"n": 63, "x": -65, "y": 64, "z": 8191}),
        ),
        (
            json!({"t": "\u{e9}\u{1f511}", "e": ""}),
            json!({"t": "\u{65e5}", "b": {"$bytes": ""}}),
        ),
    ];
    let vectors = pairs.map(|(twin, patch)| {
        let before = Document::from_json(&twin).unwrap();
        let change = Patch::from_json(&patch).unwrap();
        let mut buffer = [0; MAX_TWIN];
        let after = apply(before.entries(), change.entries(), &mut buffer).unwrap();
        Vector {
            after: Document::from_entries(after).unwrap(),
            twin_bytes: hex(before.entries().bytes()),
            patch_bytes: hex(change.entries().bytes()),
            after_bytes: hex(after.bytes()),
            twin: before,
            patch: change,
        }
    });
    pin(
        "patches.json",
        &File {
            about: ABOUT,
            vectors: vectors.into(),
        },
    );
}
