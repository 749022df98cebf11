use serde_json::json;

use super::*;

fn patch(value: &Value) -> Result<Vec<(String, String)>, PatchError> {
    let patch = Patch::from_json(value)?;
    let leaves = patch.entries();
    Ok(leaves
        .iter()
        .map(|entry| (entry.path.as_str().to_owned(), format!("{:?}", entry.value)))
        .collect())
}

fn path(path: &str) -> String {
    path.to_owned()
}

#[test]
fn leaves_come_out_sorted_key_by_key() {
    let value = json!({
        "b": {"c": {"d": null}, "c-": 1, "a": {}},
        "a.b": "text", "a": {"$bytes": "00fF"}, "z": -5, "y": true,
    });
    let expected = [
        ("a", "Bytes(00ff)"),
        ("a.b", "Text(\"text\")"),
        ("b/a", "Empty"),
        ("b/c/d", "Null"),
        ("b/c-", "Int(1)"),
        ("y", "Bool(true)"),
        ("z", "Int(-5)"),
    ];
    let expected = expected.map(|(path, value)| (path.to_owned(), value.to_owned()));
    assert_eq!(patch(&value).unwrap(), expected);
}

#[test]
fn what_the_twin_cannot_hold_is_refused_where_it_stands() {
    let at = |value: &Value| patch(value).unwrap_err();
    let not_whole = |number: &str| PatchError::NotWhole {
        path: path("a/b"),
        number: number.to_owned(),
    };
    assert_eq!(at(&json!({"a": {"b": 1.5}})), not_whole("1.5"));
    assert_eq!(at(&json!({"a": {"b": 1.0}})), not_whole("1.0"));
    let big = u64::try_from(i64::MAX).unwrap() + 1;
    assert_eq!(
        at(&json!({"a": {"b": big}})),
        not_whole("9223372036854775808")
    );
    assert_eq!(
        at(&json!({"a": {"b": [1]}})),
        PatchError::Array { path: path("a/b") }
    );
    assert_eq!(at(&json!([1])), PatchError::NotAnObject);
    assert_eq!(at(&json!(null)), PatchError::NotAnObject);
    for key in ["", "a b", "a/b", "$x", "ü", &"k".repeat(33)] {
        let expected = PatchError::BadKey {
            path: format!("a/{key}"),
        };
        assert_eq!(at(&json!({"a": {key: 1}})), expected);
    }
    let deep = json!({"a": {"b": {"c": {"d": {"e": 1}}}}});
    assert_eq!(
        at(&deep),
        PatchError::TooDeep {
            path: path("a/b/c/d/e")
        }
    );
    for bad in [json!("0"), json!("0g"), json!(5), json!(null)] {
        let expected = PatchError::BadBytes { path: path("a") };
        assert_eq!(at(&json!({"a": {"$bytes": bad}})), expected);
    }
    let beside = json!({"a": {"$bytes": "00", "b": 1}});
    assert_eq!(at(&beside), PatchError::BadBytes { path: path("a") });
}

#[test]
fn the_widest_numbers_and_the_deepest_paths_fit() {
    let value = json!({"k".repeat(32): {"b": {"c": {"d": i64::MIN, "e": i64::MAX}}}});
    let document = Document::from_json(&value).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), value);
}

#[test]
fn null_deletes_in_a_patch_and_nowhere_else() {
    let value = json!({"a": {"b": null}});
    assert!(Patch::from_json(&value).is_ok());
    let null = PatchError::Null { path: path("a/b") };
    assert_eq!(Document::from_json(&value), Err(null.clone()));
    assert_eq!(Arguments::from_json(&value), Err(null));
}

#[test]
fn what_is_too_large_names_its_longest_value() {
    let value = json!({"a": 1, "b": {"c": "x".repeat(600)}, "d": "y".repeat(500)});
    let expected = PatchError::TooLarge {
        bound: 1024,
        found: (1 + 1 + 1 + 1) + (1 + 3 + 1 + 2 + 600) + (1 + 1 + 1 + 2 + 500),
        longest: path("b/c"),
    };
    assert_eq!(Patch::from_json(&value), Err(expected.clone()));
    assert!(expected.to_string().contains("b/c"));
    assert!(Document::from_json(&value).is_ok());
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let error = Patch::from_text("{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}}").unwrap_err();
    assert!(matches!(&error, PatchError::NotJson(why) if why.contains("\"c\" stands twice")));
    assert!(Patch::from_text("{\"a\": {\"c\": 1}, \"b\": {\"c\": 2}}").is_ok());
    assert!(matches!(Patch::from_text("{"), Err(PatchError::NotJson(_))));
    assert!(matches!(
        Patch::from_text("{} {}"),
        Err(PatchError::NotJson(_))
    ));
}

#[test]
fn assignments_are_read_as_people_mean_them() {
    let patch = Patch::from_assignments([
        "pump/limit=5",
        "pump/name=two words",
        "pump/quoted=\"5\"",
        "address=10.0.0.1",
        "on=true",
        "old=null",
        "formula=a=b",
        "nested={\"x\": {\"y\": -1}}",
        "raw={\"$bytes\": \"ff\"}",
        "none={}",
        "nothing=\"\"",
    ])
    .unwrap();
    let expected = json!({
        "pump": {"limit": 5, "name": "two words", "quoted": "5"},
        "address": "10.0.0.1", "on": true, "old": null, "formula": "a=b",
        "nested": {"x": {"y": -1}}, "raw": {"$bytes": "ff"}, "none": {}, "nothing": "",
    });
    assert_eq!(serde_json::to_value(&patch).unwrap(), expected);
    assert_eq!(patch, Patch::from_json(&expected).unwrap());
}

#[test]
fn assignments_that_could_mean_two_things_are_refused() {
    let at = |assignments: &[&str]| Patch::from_assignments(assignments).unwrap_err();
    for pair in [
        ["a=1", "a=1"],
        ["a=1", "a/b=2"],
        ["a/b=2", "a=1"],
        ["a/b/c=1", "a={}"],
    ] {
        let last = pair[1].split('=').next().unwrap();
        assert_eq!(
            at(&pair),
            PatchError::Conflict { path: path(last) },
            "{pair:?}"
        );
    }
    assert!(Patch::from_assignments(["a/b=1", "a/c={\"d\":1}", "a/c/e=1", "a-=1"]).is_ok());
    for text in ["007", "+7", "-0", "a "] {
        let error = at(&[&format!("a={text}")]);
        assert!(
            matches!(error, PatchError::Ambiguous { .. }),
            "{text}: {error:?}"
        );
    }
    for number in ["1.5", "1e3", "9223372036854775808", "-.5"] {
        let error = at(&[&format!("a={number}")]);
        assert!(
            matches!(error, PatchError::NotWhole { .. }),
            "{number}: {error:?}"
        );
    }
    for text in ["a", "=1", "a=", ""] {
        assert_eq!(at(&[text]), PatchError::NotAssignment { text: path(text) });
    }
    assert!(matches!(at(&["a=\"x"]), PatchError::NotJson(why) if why.starts_with("a: ")));
    assert_eq!(at(&["a=[1]"]), PatchError::Array { path: path("a") });
    assert_eq!(at(&["a//b=1"]), PatchError::BadKey { path: path("a/") });
}
