//! The device's merge patch, on sorted leaves, against RFC 7396 written down as the RFC has
//! it, on trees.

use latch_issue::{Document, Patch, PatchError};
use latch_verify::{
    Reason,
    limits::MAX_TWIN,
    twin::{Tree, apply, check_document},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// RFC 7396, section 2, line by line.
fn merge_patch(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let before = target.remove(name).unwrap_or(Value::Null);
            target.insert(name.clone(), merge_patch(before, value));
        }
    }
    Value::Object(target)
}

/// What the device makes of a twin and a patch, shown as a tree.
fn applied(twin: &Value, patch: &Value) -> Value {
    let twin = Document::from_json(&with_bytes(twin)).unwrap();
    let patch = Patch::from_json(&with_bytes(patch)).unwrap();
    let mut buffer = [0; MAX_TWIN];
    let after = apply(twin.entries(), patch.entries(), &mut buffer).unwrap();
    assert_eq!(
        check_document(&after),
        Ok(()),
        "the result is a twin itself"
    );
    without_bytes(serde_json::to_value(Tree::new(after)).unwrap())
}

/// To the RFC, bytes are a value like others: in its trees they stand as text with this mark.
const MARK: &str = "bytes:";

fn with_bytes(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(MARK) {
            Some(digits) => json!({"$bytes": digits}),
            None => value.clone(),
        },
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), with_bytes(value)))
            .collect(),
        _ => value.clone(),
    }
}

fn without_bytes(value: Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$bytes").and_then(Value::as_str) {
            Some(digits) => format!("{MARK}{digits}").into(),
            None => members
                .into_iter()
                .map(|(key, value)| (key, without_bytes(value)))
                .collect(),
        },
        other => other,
    }
}

/// The cases of RFC 7396, appendix A, that a twin can hold: no arrays, no null in a target.
#[test]
fn the_cases_of_the_rfc() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        ),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
    ];
    for (twin, patch, after) in cases {
        assert_eq!(
            merge_patch(twin.clone(), &patch),
            after,
            "our own reading of the RFC"
        );
        assert_eq!(applied(&twin, &patch), after, "{twin} + {patch}");
    }
}

#[test]
fn where_trees_and_lists_of_leaves_could_differ() {
    let cases = [
        // A deletion makes the objects above it, and leaves them behind empty.
        (
            json!({"a": {"b": 1}}),
            json!({"a": {"b": null}}),
            json!({"a": {}}),
        ),
        (json!({"a": 1}), json!({"a": {"b": null}}), json!({"a": {}})),
        (
            json!({}),
            json!({"a": {"b": {"c": null}, "d": 1}}),
            json!({"a": {"b": {}, "d": 1}}),
        ),
        (
            json!({"a": {"b": 1}}),
            json!({"a": {"b": null, "c": {"d": null}}}),
            json!({"a": {"c": {}}}),
        ),
        // An empty object keeps an object, and replaces anything else.
        (
            json!({"a": {"b": 1}}),
            json!({"a": {}}),
            json!({"a": {"b": 1}}),
        ),
        (json!({"a": {}}), json!({"a": {}}), json!({"a": {}})),
        (json!({"a": 1}), json!({"a": {}}), json!({"a": {}})),
        (json!({}), json!({"a": {}}), json!({"a": {}})),
        // Scalars and branches take each other's place.
        (
            json!({"a": {"b": {"c": 1}}}),
            json!({"a": 2}),
            json!({"a": 2}),
        ),
        (
            json!({"a": 2}),
            json!({"a": {"b": {"c": 1}}}),
            json!({"a": {"b": {"c": 1}}}),
        ),
        (
            json!({"a": {}}),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1}}),
        ),
        (
            json!({"a": "bytes:00"}),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1}}),
        ),
        // Keys whose order around the separator differs from that of plain text.
        (
            json!({"a": {"z": 1}}),
            json!({"a-": 2, "a.": 3}),
            json!({"a": {"z": 1}, "a-": 2, "a.": 3}),
        ),
        (
            json!({"a-": 2, "a": {"z": 1}}),
            json!({"a": null}),
            json!({"a-": 2}),
        ),
        (json!({"a": 1}), json!({}), json!({"a": 1})),
    ];
    for (twin, patch, after) in cases {
        assert_eq!(
            merge_patch(twin.clone(), &patch),
            after,
            "our own reading of the RFC"
        );
        assert_eq!(applied(&twin, &patch), after, "{twin} + {patch}");
    }
}

/// Few keys, so that patches meet the twin, and such that sort differently with a separator.
fn any_key() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "a-", "a.b", "ab", "b", "B"]).prop_map(str::to_owned)
}

fn any_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z\u{e9}]{0,4}".prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..3).prop_map(|bytes| bytes
            .iter()
            .fold(MARK.to_owned(), |text, byte| format!("{text}{byte:02x}"))
            .into()),
    ]
}

/// An object of at most four levels.
fn any_tree(leaf: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    let members = |value: BoxedStrategy<Value>| {
        proptest::collection::btree_map(any_key(), value, 0..4)
            .prop_map(|members| members.into_iter().collect::<Value>())
            .boxed()
    };
    let mut level = leaf.clone().boxed();
    for _ in 0..3 {
        level = prop_oneof![2 => leaf.clone(), 3 => members(level)].boxed();
    }
    members(level)
}

fn any_twin() -> impl Strategy<Value = Value> {
    any_tree(any_leaf().boxed())
}

fn any_patch() -> impl Strategy<Value = Value> {
    any_tree(prop_oneof![1 => Just(Value::Null), 2 => any_leaf()].boxed())
}

/// How many times more cases than usual are asked for.
fn effort() -> u32 {
    let effort = std::env::var("LATCH_TEST_EFFORT").ok();
    effort.map_or(1, |effort| {
        effort.parse().expect("LATCH_TEST_EFFORT is a number")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000 * effort()))]

    #[test]
    fn a_device_applies_patches_as_the_rfc_says(
        twin in any_twin(),
        patches in proptest::collection::vec(any_patch(), 1..4),
    ) {
        prop_assume!(patches.iter().all(|patch| Patch::from_json(&with_bytes(patch)).is_ok()));
        let (mut expected, mut found) = (twin.clone(), twin);
        for patch in &patches {
            expected = merge_patch(expected, patch);
            prop_assume!(Document::from_json(&with_bytes(&expected)).is_ok());
            found = applied(&found, patch);
            prop_assert_eq!(&found, &expected);
        }
    }

    #[test]
    fn a_twin_is_shown_as_it_was_written(twin in any_twin()) {
        let written = with_bytes(&twin);
        let document = match Document::from_json(&written) {
            Ok(document) => document,
            Err(error) => {
                prop_assert!(matches!(error, PatchError::TooLarge { .. }), "{error:?}");
                return Ok(());
            }
        };
        let shown = serde_json::to_value(&document).unwrap();
        prop_assert_eq!(&shown, &written);
        // As text, where a key that stood twice would show.
        let text = serde_json::to_string(&document).unwrap();
        prop_assert_eq!(Document::from_text(&text), Ok(document));
    }
}

#[test]
fn a_twin_that_would_outgrow_its_bound_is_refused() {
    let twin = Document::from_json(&json!({"a": "x".repeat(1500)})).unwrap();
    let patch = Patch::from_json(&json!({"b": "y".repeat(600)})).unwrap();
    let mut buffer = [0; MAX_TWIN];
    let refusal = apply(twin.entries(), patch.entries(), &mut buffer).unwrap_err();
    assert_eq!(refusal.reason, Reason::TwinTooLarge);
}
