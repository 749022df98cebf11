//! The builder gives places in one order, which all of its process share: alone in its program, so that nothing signs
//! beside it at another time.

use std::collections::BTreeSet;

use latch_issue::{Change, CodeBuilder};
use latch_verify::{
    statement::{Audience, Code},
    types::{LatchId, Sequence, TimeMs},
};

/// Codes that are signed in one millisecond: of so many, random places alone would give some twice but once in two
/// thousand runs (the birthday bound over 16 bits).
const AT_ONCE: usize = 1000;

fn place(now: TimeMs) -> Sequence {
    let audience = Audience::Device("pump-7".parse().unwrap());
    let issuer = "0123456789abcdef".parse().unwrap();
    let tenant = "acme".parse().unwrap();
    let latch = LatchId::TWIN;
    let draft = CodeBuilder::new(tenant, 3, issuer, audience, latch, Change::Probe)
        .incarnation(1)
        .build(now)
        .unwrap();
    draft.body::<Code<'_>>().unwrap().sequence
}

#[test]
fn each_code_of_a_millisecond_has_a_place_of_its_own() {
    let now = TimeMs::new(1_800_000_000_000).unwrap();
    let places: BTreeSet<Sequence> = (0..AT_ONCE).map(|_| place(now)).collect();
    assert_eq!(places.len(), AT_ONCE);
}
