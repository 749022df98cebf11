//! Codes with patches and arguments that no twin takes.

use latch_verify::{
    Reason,
    statement::{Action, Code},
    twin::{Entry, Path, Value},
    wire::Run,
};
use serde::Serialize;

use super::{Case, bodies::case, lists::run};
use crate::{fixtures::plain_code, keys::OPERATOR};

/// A leaf at any path, also one that no path may be.
#[derive(Serialize)]
struct Leaf<'a>(&'a str, Value<'a>);

pub(super) fn cases() -> Vec<Case> {
    let code = plain_code();
    let code: Code<'_> = code.body().unwrap();
    let patch = |name, leaves: &[Leaf<'_>], reason| {
        let bytes = run(leaves);
        let action = Action::SetTwin(Run::from_bytes(&bytes));
        case(
            name,
            &Code {
                action,
                ..code.clone()
            },
            OPERATOR,
            reason,
        )
    };
    let one = Value::Int(1);
    let long_key = "k".repeat(33);
    let long_text = "x".repeat(1024);
    // 257 leaves in fewer bytes than a patch may have.
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut keys: Vec<String> = letters.chars().map(String::from).collect();
    let pairs = letters.chars().flat_map(|first| {
        letters
            .chars()
            .map(move |second| format!("{first}{second}"))
    });
    keys.extend(pairs.take(257 - keys.len()));
    keys.sort();
    let many: Vec<Leaf<'_>> = keys.iter().map(|key| Leaf(key, Value::Null)).collect();
    let arguments = run(&[Leaf("a", Value::Null)]);
    let arguments = Run::from_bytes(&arguments);
    let action = Action::Command {
        name: "restart",
        arguments,
    };
    let deleting = Code {
        action,
        ..code.clone()
    };
    vec![
        patch(
            "leaves out of order",
            &[Leaf("b", one), Leaf("a", one)],
            Reason::PathOrder,
        ),
        patch(
            "one path twice",
            &[Leaf("a", one), Leaf("a", one)],
            Reason::PathOrder,
        ),
        patch(
            "a leaf below another",
            &[Leaf("a", one), Leaf("a/b", one)],
            Reason::PathOrder,
        ),
        patch(
            "leaves in the order of plain text",
            &[Leaf("a-", one), Leaf("a/b", one)],
            Reason::PathOrder,
        ),
        patch("an empty path", &[Leaf("", one)], Reason::BadPath),
        patch("an empty key", &[Leaf("a//b", one)], Reason::BadPath),
        patch(
            "a path with a slash at its end",
            &[Leaf("a/", one)],
            Reason::BadPath,
        ),
        patch("five levels", &[Leaf("a/b/c/d/e", one)], Reason::BadPath),
        patch(
            "a key of 33 characters",
            &[Leaf(&long_key, one)],
            Reason::BadPath,
        ),
        patch("a key with a space", &[Leaf("a b", one)], Reason::BadPath),
        patch(
            "a patch past 1 KiB",
            &[Leaf("a", Value::Text(&long_text))],
            Reason::PatchTooLarge,
        ),
        patch("257 leaves", &many, Reason::TooManyEntries),
        case(
            "a deletion in the arguments of a command",
            &deleting,
            OPERATOR,
            Reason::BadValue,
        ),
    ]
}

#[test]
fn a_leaf_is_encoded_as_the_verifiers_own() {
    let path = Path::new("a/b").unwrap();
    let value = Value::Int(1);
    assert_eq!(run(&[Leaf("a/b", value)]), run(&[Entry { path, value }]));
}
