//! The Ed25519 cases of Project Wycheproof, each as published.

use serde::Deserialize;

use crate::files::{Verdict, array, judge, read, unhex};

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    public_key: String,
    message: String,
    signature: String,
    result: Published,
}

/// Wycheproof knows `acceptable` too; no case of this file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Published {
    Valid,
    Invalid,
}

impl Published {
    fn verdict(self) -> Verdict {
        match self {
            Self::Valid => Verdict::Accepted,
            // Every key of the file is sound.
            Self::Invalid => Verdict::SignatureRefused,
        }
    }
}

#[test]
fn every_case_is_judged_as_published() {
    let File { cases } = read("wycheproof-ed25519.json");
    assert!(
        (1..=151).eq(cases.iter().map(|case| case.id)),
        "a case is missing"
    );
    let of = |result| cases.iter().filter(|case| case.result == result).count();
    assert_eq!((of(Published::Valid), of(Published::Invalid)), (88, 63));

    let mut disagreements = Vec::new();
    let mut not_64_bytes = Vec::new();
    for case in &cases {
        // The verifier's type holds 64 bytes: a signature of another length never gets there.
        let Ok(signature) = unhex(&case.signature).try_into() else {
            assert_eq!(case.result, Published::Invalid, "case {}", case.id);
            not_64_bytes.push(case.id);
            continue;
        };
        let verdict = judge(array(&case.public_key), &unhex(&case.message), &signature);
        if verdict != case.result.verdict() {
            disagreements.push(format!(
                "case {} ({}): {:?}, but {verdict:?}",
                case.id, case.comment, case.result
            ));
        }
    }
    assert_eq!(disagreements, [""; 0]);
    assert!((30..=41).eq(not_64_bytes));
}
