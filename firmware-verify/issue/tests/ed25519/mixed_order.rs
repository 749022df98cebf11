//! Points of small and mixed order, on which implementations disagree: what this verifier
//! accepts is pinned vector by vector (Chalkias et al. 2020, <https://eprint.iacr.org/2020/1244>).
//!
//! A key with a part of small order is accepted, and so is an R with one, where the parts
//! cancel: only who holds the key can make such a signature, and none of the keys that a
//! root may list is of small order itself.

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use serde::Deserialize;

use crate::files::{Verdict, array, judge, read, unhex};

#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) small_order: Vec<Encoding>,
    pub(crate) vectors: Vec<Vector>,
}

impl File {
    pub(crate) fn read() -> Self {
        read("mixed-order.json")
    }

    pub(crate) fn of(&self, set: Set) -> impl Iterator<Item = &Vector> {
        self.vectors.iter().filter(move |vector| vector.set == set)
    }
}

/// One of the ways to write a point of small order.
#[derive(Deserialize)]
pub(crate) struct Encoding {
    pub(crate) order: u8,
    pub(crate) canonical: bool,
    pub(crate) encoding: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Set {
    Chalkias,
    /// Of this project, over messages that are envelopes.
    Mixed,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) set: Set,
    pub(crate) number: usize,
    pub(crate) note: String,
    pub(crate) public_key: String,
    pub(crate) message: String,
    pub(crate) signature: String,
    /// Whether a verifier accepts it that asks for the equation alone.
    loose: bool,
    pub(crate) verdict: Verdict,
}

impl Vector {
    pub(crate) fn name(&self) -> String {
        format!("{:?} {} ({})", self.set, self.number, self.note)
    }

    fn judge(&self) -> Verdict {
        let message = unhex(&self.message);
        judge(array(&self.public_key), &message, &array(&self.signature))
    }

    fn judge_loosely(&self) -> bool {
        let key = VerifyingKey::from_bytes(&array(&self.public_key)).unwrap();
        let signature = Signature::from_bytes(&array(&self.signature));
        key.verify(&unhex(&self.message), &signature).is_ok()
    }
}

/// How many vectors of a set there are, are accepted, and have their key refused.
const SETS: [(Set, usize, usize, usize); 2] = [(Set::Chalkias, 12, 1, 4), (Set::Mixed, 161, 43, 0)];

#[test]
fn what_is_accepted_is_pinned() {
    let file = File::read();
    for (set, count, accepted, keys_refused) in SETS {
        let numbers = file.of(set).map(|vector| vector.number);
        assert!((0..count).eq(numbers), "{set:?}: a vector is missing");
        let said = |verdict| {
            let alike = |vector: &&Vector| vector.judge() == verdict;
            file.of(set).filter(alike).count()
        };
        assert_eq!(said(Verdict::Accepted), accepted, "{set:?}");
        assert_eq!(said(Verdict::KeyRefused), keys_refused, "{set:?}");
    }
    let disagreements: Vec<String> = file
        .vectors
        .iter()
        .filter(|vector| vector.judge() != vector.verdict)
        .map(|vector| {
            let found = vector.judge();
            format!("{}: {:?}, but {found:?}", vector.name(), vector.verdict)
        })
        .collect();
    assert_eq!(disagreements, [""; 0]);
}

/// Otherwise a refusal would say nothing of the strict checks, and an acceptance nothing
/// of the equation.
#[test]
fn the_vectors_are_what_they_are_said_to_be() {
    let file = File::read();
    let disagreements: Vec<String> = file
        .vectors
        .iter()
        .filter(|vector| vector.judge_loosely() != vector.loose)
        .map(Vector::name)
        .collect();
    assert_eq!(disagreements, [""; 0]);
    // What the strict checks alone refuse, by the key and by R.
    let strictly = |verdict| {
        let alike = |vector: &&Vector| vector.loose && vector.verdict == verdict;
        file.vectors.iter().filter(alike).count()
    };
    assert_eq!(strictly(Verdict::Accepted), 44);
    assert_eq!(strictly(Verdict::KeyRefused), 3);
    assert_eq!(strictly(Verdict::SignatureRefused), 44);
}
